# Scenes of the image studies: one grid a site, scenes on it, blocks and patches.


rule grid:
    """Define the grid of a site from the scene of its reference year."""
    input:
        tiles=first_tile_files,
        aoi=aoi_of,
    output:
        grid="results/{study}/{site}/grid.json",
        aoi="results/{study}/{site}/aoi.tif",
        inputs="results/{study}/{site}/inputs/aoi.csv",
    log:
        "logs/{study}/{site}/grid.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        content=content_of(first_tile_files, aoi_of),
        site=lambda wildcards: {key: sites(wildcards.study)[wildcards.site][key] for key in ("bands", "band_names")}
        | {key: site_inputs(wildcards.study, wildcards.site)[key] for key in ("crs", "resolution_m")},
        tiles=with_module_prefix(first_tiles),
        aoi_layer=aoi_layer(),
    script:
        "../../scripts/segmentation/grid.py"


# Merge, warp and clip the tiles of a scene, or of a batch of scenes, to the grid, as reflectance without clouds.
for _suffix, _scenes, _sites in scene_batches():

    rule:
        name:
            f"scene{_suffix}"
        input:
            tiles=tiles_of_batch("tiles", _scenes),
            cloud_mask=tiles_of_batch("cloud_mask", _scenes),
            area=aoi_of,
            terrain=terrain_channels,
            grid="results/{study}/{site}/grid.json",
            aoi="results/{study}/{site}/aoi.tif",
        output:
            scenes=batch_files("results/{study}/{site}/scenes/{scene}.tif", _scenes),
            rows=batch_files("results/{study}/{site}/scenes/{scene}.csv", _scenes),
            inputs=batch_files("results/{study}/{site}/inputs/{scene}.csv", _scenes),
        log:
            f"logs/{{study}}/{{site}}/scene_{batch_label(_scenes)}.log",
        wildcard_constraints:
            site=_sites,
        conda:
            "../../envs/raster.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=minutes(60, per_input_gb=20),
        params:
            content=content_of(tiles_of_batch("tiles", _scenes), tiles_of_batch("cloud_mask", _scenes), aoi_of),
            site=lambda wildcards: {
                key: sites(wildcards.study)[wildcards.site][key] for key in ("bands", "band_names", "radiometry")
            },
            scenes=with_module_prefix(scenes_of_batch(_scenes)),
            resampling=lambda wildcards: config[wildcards.study]["scenes"]["resampling"],
            aoi_layer=aoi_layer(),
        script:
            "../../scripts/segmentation/scene.py"


rule scenes:
    """Dates and valid fractions of a site's scenes."""
    input:
        rows=lambda wildcards: expand(
            "results/{study}/{site}/scenes/{scene}.csv",
            study=wildcards.study,
            site=wildcards.site,
            scene=scene_names(wildcards.study, wildcards.site),
        ),
    output:
        table=reported("results/{study}/{site}/scenes.csv", "scenes", "scenes"),
    log:
        "logs/{study}/{site}/scenes.log",
    conda:
        "../../envs/raster.yaml"
    script:
        "../../scripts/segmentation/scenes.py"


rule input_table:
    """Interpretation of every input of a site: units, missing pixels, location, range."""
    input:
        parts=input_parts,
    output:
        table=reported("results/{study}/{site}/inputs.csv", "inputs", "inputs"),
    log:
        "logs/{study}/{site}/input_table.log",
    wildcard_constraints:
        study="glacier|snow",
    conda:
        "../../envs/raster.yaml"
    script:
        "../../scripts/segmentation/input_table.py"


rule terrain:
    """Elevation and slope on the grid, for sites that use them as channels."""
    input:
        dem=lambda wildcards: site_inputs(wildcards.study, wildcards.site)["dem"],
        aoi="results/{study}/{site}/aoi.tif",
        grid="results/{study}/{site}/grid.json",
    output:
        terrain="results/{study}/{site}/terrain.tif",
        inputs="results/{study}/{site}/inputs/terrain.csv",
    log:
        "logs/{study}/{site}/terrain.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        content=content_of(lambda wildcards: site_inputs(wildcards.study, wildcards.site)["dem"]),
        bands=lambda wildcards: sites(wildcards.study)[wildcards.site]["terrain_bands"],
    script:
        "../../scripts/segmentation/terrain.py"


rule blocks:
    """Assign spatial blocks of the labeled scene to training, validation and test."""
    input:
        channels=labeled_stack,
        labels="results/{study}/{site}/labels.tif",
    output:
        blocks="results/{study}/{site}/blocks.csv",
        splits="results/{study}/{site}/splits.tif",
    log:
        "logs/{study}/{site}/blocks.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000, per_input_mb=4),
        runtime=minutes(60, per_input_gb=20),
    params:
        patches=lambda wildcards: study_settings(
            wildcards, "patches", ("size_px", "block_px", "gap_px", "train", "validation", "test")
        ),
        split_seed=lambda wildcards: sites(wildcards.study)[wildcards.site]["split_seed"],
    script:
        "../../scripts/segmentation/blocks.py"


rule patches:
    """Patches of the labeled scene; waits for all scenes, so that bad input is found before training."""
    input:
        channels=labeled_stack,
        labels="results/{study}/{site}/labels.tif",
        splits="results/{study}/{site}/splits.tif",
        blocks="results/{study}/{site}/blocks.csv",
        all_scenes=ancient("results/{study}/{site}/scenes.csv"),  # adding a year does not repeat the training
    output:
        patches="results/{study}/{site}/patches.h5",
    log:
        "logs/{study}/{site}/patches.log",
    wildcard_constraints:
        site=ONE_SITE,
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000, per_input_mb=4),
        runtime=minutes(60, per_input_gb=60),
    params:
        patches=lambda wildcards: study_settings(wildcards, "patches", ("size_px", "stride_px")),
    script:
        "../../scripts/segmentation/patches.py"
