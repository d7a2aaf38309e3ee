# Glacier study, sites with an elevation model: flowlines, terminus change, area by elevation.


use rule terrain as glacier_elevation with:
    output:
        terrain="results/{study}/{site}/elevation.tif",
        inputs="results/{study}/{site}/inputs/elevation.csv",
    log:
        "logs/{study}/{site}/glacier_elevation.log",
    params:
        content=content_of(lambda wildcards: site_inputs(wildcards.study, wildcards.site)["dem"]),
        bands=["elevation"],


rule glacier_flowlines:
    """Main flowline of every glacier of the reference outlines."""
    input:
        elevation="results/glacier/{site}/elevation.tif",
        glacier_ids="results/glacier/{site}/glacier_ids.tif",
        glaciers="results/glacier/{site}/glacier_ids.csv",
        aoi="results/glacier/{site}/aoi.tif",
        grid="results/glacier/{site}/grid.json",
    output:
        flowlines="results/glacier/{site}/flowlines.gpkg",
    log:
        "logs/glacier/{site}/glacier_flowlines.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    script:
        "../../scripts/glacier/glacier_flowlines.py"


rule glacier_retreat:
    """Termini of all years, retreat in meters and its rate, for every glacier."""
    input:
        extents=glacier_scene_files("results/glacier/{site}/extent/{scene}.tif"),
        probabilities=glacier_scene_files("results/glacier/{site}/probability/{scene}.tif"),
        flowlines="results/glacier/{site}/flowlines.gpkg",
        elevation="results/glacier/{site}/elevation.tif",
        glacier_ids="results/glacier/{site}/glacier_ids.tif",
        glaciers="results/glacier/{site}/glacier_ids.csv",
        aoi="results/glacier/{site}/aoi.tif",
        grid="results/glacier/{site}/grid.json",
        calibration="results/glacier/{site}/calibration.json",
    output:
        table=reported("results/glacier/{site}/glacier_retreat.csv", "terminus retreat", "glacier_retreat"),
        rates=reported(
            "results/glacier/{site}/glacier_retreat_rate.csv", "rate of terminus retreat", "glacier_retreat_rate"
        ),
        termini="results/glacier/{site}/termini.gpkg",
    log:
        "logs/glacier/{site}/glacier_retreat.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        years=lambda wildcards: [int(scene) for scene in scene_names("glacier", wildcards.site)],
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
        confidence=glacier_settings("area").get("confidence"),
        significance=glacier_settings("trend").get("significance"),
    script:
        "../../scripts/glacier/glacier_retreat.py"


rule glacier_termini:
    """Draw the termini of all years on the latest image, and the retreat of every glacier by year."""
    input:
        table="results/glacier/{site}/glacier_retreat.csv",
        rates="results/glacier/{site}/glacier_retreat_rate.csv",
        flowlines="results/glacier/{site}/flowlines.gpkg",
        termini="results/glacier/{site}/termini.gpkg",
        image=lambda wildcards: f"results/glacier/{wildcards.site}/scenes/{latest_scene(wildcards.site)}.tif",
    output:
        map=reported("results/glacier/{site}/glacier_termini.png", "ice fronts", "glacier_termini"),
        change=reported(
            "results/glacier/{site}/glacier_terminus_change.png", "terminus retreat", "glacier_terminus_change"
        ),
    log:
        "logs/glacier/{site}/glacier_termini.log",
    conda:
        "../../envs/figures.yaml"
    params:
        rgb=shown_bands,
        latest_year=lambda wildcards: int(latest_scene(wildcards.site)),
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
        confidence=glacier_settings("area").get("confidence"),
    script:
        "../../scripts/glacier/glacier_termini.py"


rule glacier_hypsometry:
    """Glacier area by elevation band and year, and topographic attributes of every glacier."""
    input:
        extents=glacier_scene_files("results/glacier/{site}/extent/{scene}.tif"),
        elevation="results/glacier/{site}/elevation.tif",
        flowlines="results/glacier/{site}/flowlines.gpkg",
        glacier_ids="results/glacier/{site}/glacier_ids.tif",
        glaciers="results/glacier/{site}/glacier_ids.csv",
        aoi="results/glacier/{site}/aoi.tif",
        grid="results/glacier/{site}/grid.json",
    output:
        bands=reported("results/glacier/{site}/area_by_elevation.csv", "area by elevation", "glacier_hypsometry"),
        topography=reported(
            "results/glacier/{site}/glacier_topography.csv", "topographic attributes", "glacier_topography"
        ),
    log:
        "logs/glacier/{site}/glacier_hypsometry.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        years=lambda wildcards: [int(scene) for scene in scene_names("glacier", wildcards.site)],
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
        band_m=glacier_settings("area").get("band_m"),
    script:
        "../../scripts/glacier/glacier_hypsometry.py"


rule glacier_hypsometry_figure:
    """Draw glacier area by elevation in the first and last year."""
    input:
        bands="results/glacier/{site}/area_by_elevation.csv",
    output:
        figure=reported("results/glacier/{site}/glacier_hypsometry.png", "area by elevation", "glacier_hypsometry"),
    log:
        "logs/glacier/{site}/glacier_hypsometry_figure.log",
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/glacier/glacier_hypsometry_figure.py"
