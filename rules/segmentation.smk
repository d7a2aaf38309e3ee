# The spine of the image studies, as far as it stands: one grid a site, scenes on it.


rule grid:
    """The one grid of a site, after its tiles were checked."""
    input:
        tiles=lambda wildcards: [
            tile for scene in site_inputs(wildcards.study, wildcards.site)["scenes"] for tile in scene["tiles"]
        ],
        aoi=aoi_of,
    output:
        grid="results/{study}/{site}/grid.json",
        aoi="results/{study}/{site}/aoi.tif",
    log:
        "logs/{study}/{site}/grid.log",
    conda:
        "../envs/raster.yaml"
    params:
        code=code("segmentation/grid.py"),
        site=lambda wildcards: {key: sites(wildcards.study)[wildcards.site][key] for key in ("bands", "band_names")}
        | {key: site_inputs(wildcards.study, wildcards.site)[key] for key in ("crs", "resolution_m")},
        scenes=lambda wildcards: [
            {"name": scene["name"], "tiles": scene["tiles"]}
            for scene in site_inputs(wildcards.study, wildcards.site)["scenes"]
        ],
    script:
        "../scripts/segmentation/grid.py"


rule scene:
    """Tiles of one scene merged, warped and clipped to the grid, as reflectance without clouds."""
    input:
        tiles=lambda wildcards: scene_of(wildcards)["tiles"],
        cloud_mask=lambda wildcards: scene_of(wildcards)["cloud_mask"] or [],
        grid="results/{study}/{site}/grid.json",
        aoi="results/{study}/{site}/aoi.tif",
    output:
        scene="results/{study}/{site}/scenes/{scene}.tif",
        row="results/{study}/{site}/scenes/{scene}.csv",
    log:
        "logs/{study}/{site}/scene_{scene}.log",
    conda:
        "../envs/raster.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("segmentation/scene.py"),
        site=lambda wildcards: {
            key: sites(wildcards.study)[wildcards.site][key] for key in ("bands", "band_names", "radiometry")
        },
        scene=scene_of,
        resampling=lambda wildcards: config[wildcards.study]["scenes"]["resampling"],
    script:
        "../scripts/segmentation/scene.py"


rule scenes:
    """Dates and valid shares of a site's scenes."""
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
    params:
        code=code("segmentation/scenes.py"),
    script:
        "../scripts/segmentation/scenes.py"
