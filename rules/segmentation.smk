# Rules shared by studies on images: grid, scenes, patches, network, whole-scene prediction.


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
        "../envs/raster.yaml"
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
        "../scripts/segmentation/grid.py"


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
            "../envs/raster.yaml"
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
            "../scripts/segmentation/scene.py"


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
        table=report(
            "results/{study}/{site}/scenes.csv",
            category="{study}",
            subcategory="{site}",
            labels={"table": "scenes"},
            caption="../report/scenes.rst",
        ),
    log:
        "logs/{study}/{site}/scenes.log",
    conda:
        "../envs/raster.yaml"
    script:
        "../scripts/segmentation/scenes.py"


rule input_table:
    """Interpretation of every input of a site: units, missing pixels, location, range."""
    input:
        parts=input_parts,
    output:
        table=report(
            "results/{study}/{site}/inputs.csv",
            category="{study}",
            subcategory="{site}",
            labels={"table": "inputs"},
            caption="../report/inputs.rst",
        ),
    log:
        "logs/{study}/{site}/input_table.log",
    wildcard_constraints:
        study="glacier|snow",
    conda:
        "../envs/raster.yaml"
    script:
        "../scripts/segmentation/input_table.py"


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
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        content=content_of(lambda wildcards: site_inputs(wildcards.study, wildcards.site)["dem"]),
        bands=lambda wildcards: sites(wildcards.study)[wildcards.site]["terrain_bands"],
    script:
        "../scripts/segmentation/terrain.py"


rule blocks:
    """Assign spatial blocks of the labeled scene to training, validation and test."""
    input:
        channels=labelled_stack,
        labels="results/{study}/{site}/labels.tif",
    output:
        blocks="results/{study}/{site}/blocks.csv",
        splits="results/{study}/{site}/splits.tif",
    log:
        "logs/{study}/{site}/blocks.log",
    conda:
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000, per_input_mb=4),
        runtime=minutes(60, per_input_gb=20),
    params:
        patches=lambda wildcards: study_settings(
            wildcards, "patches", ("size_px", "block_px", "gap_px", "train", "validation", "test")
        ),
        split_seed=lambda wildcards: sites(wildcards.study)[wildcards.site]["split_seed"],
    script:
        "../scripts/segmentation/blocks.py"


rule patches:
    """Patches of the labeled scene; waits for all scenes, so that bad input is found before training."""
    input:
        channels=labelled_stack,
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
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000, per_input_mb=4),
        runtime=minutes(60, per_input_gb=60),
    params:
        patches=lambda wildcards: study_settings(wildcards, "patches", ("size_px", "stride_px")),
    script:
        "../scripts/segmentation/patches.py"


rule train:
    """Train the U-Net; write the inference model, model card and training history."""
    input:
        patches="results/{study}/{site}/patches.h5",
        encoder_weights=encoder_weights,
    output:
        model=directory("results/{study}/{site}/model"),
        history="results/{study}/{site}/history.csv",
    log:
        "logs/{study}/{site}/train.log",
    benchmark:
        "benchmarks/output/{study}/{site}/train.tsv"
    conda:
        tensorflow_env("../envs/deep-learning.yaml")
    threads: config["network_threads"]
    resources:
        gpu=1,
        mem_mb=memory(6000),
        runtime=minutes(240, per_input_gb=240),
    params:
        content=content_of(encoder_weights),
        network=lambda wildcards: config[wildcards.study]["network"],
        training=training_settings,
        seed=config["seed"],
        threads=config["network_threads"],
        constant_bands=constant_bands,
    script:
        "../scripts/segmentation/train.py"


rule check_network:
    """Compare the skill on validation patches in training and in inference; stops the run if they differ."""
    input:
        model="results/{study}/{site}/model",
        patches="results/{study}/{site}/patches.h5",
        history="results/{study}/{site}/history.csv",
    output:
        table="results/{study}/{site}/network_check.csv",
    log:
        "logs/{study}/{site}/check_network.log",
    conda:
        tensorflow_env("../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=lambda wildcards: {
            key: config[wildcards.study]["prediction"][key] for key in ("engine", "precision")
        },
    script:
        "../scripts/segmentation/check_network.py"


rule held_out:
    """Scores of the network on the validation and test blocks."""
    input:
        model=network_of(),
        check=network_check_of(),
        channels=labelled_stack,
        labels="results/{study}/{site}/labels.tif",
        splits="results/{study}/{site}/splits.tif",
        blocks="results/{study}/{site}/blocks.csv",
    output:
        scores="results/{study}/{site}/unet_scores.h5",
    log:
        "logs/{study}/{site}/held_out.log",
    conda:
        tensorflow_env("../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=lambda wildcards: config[wildcards.study]["prediction"],
    script:
        "../scripts/segmentation/held_out.py"


# Calibrated probability and extent of a whole scene, or of a batch of scenes.
for _suffix, _scenes, _sites in scene_batches():

    rule:
        name:
            f"predict{_suffix}"
        input:
            model=network_of(),
            calibration="results/{study}/{site}/calibration.json",
            scenes=batch_files("results/{study}/{site}/scenes/{scene}.tif", _scenes),
            terrain=terrain_channels,
        output:
            probabilities=batch_files("results/{study}/{site}/probability/{scene}.tif", _scenes),
            extents=batch_files("results/{study}/{site}/extent/{scene}.tif", _scenes),
        log:
            f"logs/{{study}}/{{site}}/predict_{batch_label(_scenes)}.log",
        benchmark:
            f"benchmarks/output/{{study}}/{{site}}/predict_{batch_label(_scenes)}.tsv"
        wildcard_constraints:
            site=_sites,
        conda:
            tensorflow_env("../envs/deep-learning.yaml")
        threads: 8
        resources:
            mem_mb=memory(3000),
            runtime=minutes(60, per_input_gb=60),
        params:
            prediction=lambda wildcards: config[wildcards.study]["prediction"],
        script:
            "../scripts/segmentation/predict.py"
