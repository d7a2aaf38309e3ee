# Inputs of synthetic sites, and small models.


rule simulate_glacier:
    """Simulate tiles and cloud masks of a glacier valley, one scene per year, with outlines and the truth."""
    output:
        tiles=directory("resources/glacier/{site}/tiles"),
        clouds=directory("resources/glacier/{site}/clouds"),
        aoi="resources/glacier/{site}/aoi.gpkg",
        outlines="resources/glacier/{site}/outlines.gpkg",
        dem="resources/glacier/{site}/dem.tif",
        truth_extents=directory("resources/glacier/{site}/truth/extent"),
        truth_areas="resources/glacier/{site}/truth/areas.csv",
        forcing="resources/glacier/{site}/truth/forcing.csv",
    log:
        "logs/glacier/{site}/simulate_glacier.log",
    wildcard_constraints:
        site=sites_from("glacier", "simulate"),
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        site=lambda wildcards: sites("glacier")[wildcards.site]["simulate"]
        | {"reference_year": sites("glacier")[wildcards.site]["reference_year"]},
    script:
        "../../scripts/inputs/simulate_glacier.py"


rule simulate_ocean:
    """Simulate monthly ocean fields, and the true province of every point."""
    output:
        fields="resources/ocean/{site}/fields/{part}.nc",
        truth="resources/ocean/{site}/truth/{part}.nc",
    log:
        "logs/ocean/{site}/simulate_ocean_{part}.log",
    wildcard_constraints:
        site=sites_from("ocean", "simulate"),
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        site=lambda wildcards: sites("ocean")[wildcards.site]["simulate"],
        first_month=lambda wildcards: sites("ocean")[wildcards.site]["first_month"],
    script:
        "../../scripts/inputs/simulate_ocean.py"


rule simulate_carbon:
    """Simulate monthly images of landscapes, masks of some images, measured carbon, and the truth."""
    output:
        images=directory("resources/carbon/{site}/images"),
        masks=directory("resources/carbon/{site}/masks"),
        ground_truth="resources/carbon/{site}/ground_truth.csv",
        truth=directory("resources/carbon/{site}/truth"),
    log:
        "logs/carbon/{site}/simulate_carbon.log",
    wildcard_constraints:
        site=sites_from("carbon", "simulate"),
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        site=lambda wildcards: sites("carbon")[wildcards.site]["simulate"],
    script:
        "../../scripts/inputs/simulate_carbon.py"


rule simulate_snow:
    """Simulate radar and optical scenes of a mountain with its weather, and the true snow."""
    output:
        radar=directory("resources/snow/{site}/radar"),
        optical=directory("resources/snow/{site}/optical"),
        clouds=directory("resources/snow/{site}/clouds"),
        scenes="resources/snow/{site}/scenes.csv",
        weather="resources/snow/{site}/weather.csv",
        aoi="resources/snow/{site}/aoi.gpkg",
        truth=directory("resources/snow/{site}/truth"),
    log:
        "logs/snow/{site}/simulate_snow.log",
    wildcard_constraints:
        site=sites_from("snow", "simulate"),
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        site=lambda wildcards: sites("snow")[wildcards.site]["simulate"],
    script:
        "../../scripts/inputs/simulate_snow.py"


rule tiny_presets:
    """Small untrained models with the architectures of the large ones, for runs without network access."""
    output:
        [directory(f"resources/models/demo_{kind}") for kind in SNOW_MODELS],
    log:
        "logs/tiny_presets.log",
    conda:
        tensorflow_env("../../envs/foundation-models.yaml")
    params:
        kinds=SNOW_MODELS,
    script:
        "../../scripts/inputs/tiny_presets.py"
