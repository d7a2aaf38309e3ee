# Inputs of simulated sites, and small models.


rule simulate_glacier:
    """Tiles and cloud masks of a simulated valley, a scene a year, with its outlines, and the truth of all."""
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
        site=glacier_sites("simulate"),
    conda:
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("inputs/simulate_glacier.py"),
        world=lambda wildcards: sites("glacier")[wildcards.site]["simulate"]
        | {"reference_year": sites("glacier")[wildcards.site]["reference_year"]},
    script:
        "../scripts/inputs/simulate_glacier.py"


rule simulate_ocean:
    """Monthly fields of a simulated ocean, and the true regime of every point."""
    output:
        fields="resources/ocean/{site}/fields/{part}.nc",
        truth="resources/ocean/{site}/truth/{part}.nc",
    log:
        "logs/ocean/{site}/simulate_ocean_{part}.log",
    wildcard_constraints:
        site=simulated_ocean_sites(),
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("inputs/simulate_ocean.py"),
        world=lambda wildcards: sites("ocean")[wildcards.site]["simulate"],
        first_month=lambda wildcards: sites("ocean")[wildcards.site]["first_month"],
    script:
        "../scripts/inputs/simulate_ocean.py"


rule simulate_carbon:
    """Monthly pictures of simulated landscapes, masks of some, measured carbon, and the truth of all."""
    output:
        images=directory("resources/carbon/{site}/images"),
        masks=directory("resources/carbon/{site}/masks"),
        ground_truth="resources/carbon/{site}/ground_truth.csv",
        truth=directory("resources/carbon/{site}/truth"),
    log:
        "logs/carbon/{site}/simulate_carbon.log",
    wildcard_constraints:
        site=carbon_sites("simulate"),
    conda:
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("inputs/simulate_carbon.py"),
        world=lambda wildcards: sites("carbon")[wildcards.site]["simulate"],
    script:
        "../scripts/inputs/simulate_carbon.py"


rule simulate_snow:
    """Radar and optical scenes of a simulated mountain with its weather, and the truth of its snow."""
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
        site=snow_sites("simulate"),
    conda:
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("inputs/simulate_snow.py"),
        world=lambda wildcards: sites("snow")[wildcards.site]["simulate"],
    script:
        "../scripts/inputs/simulate_snow.py"


rule tiny_presets:
    """Small untrained models of the kinds of the large ones, for runs without a network."""
    output:
        [directory(f"resources/models/demo_{kind}") for kind in SNOW_MODELS],
    log:
        "logs/tiny_presets.log",
    conda:
        tensorflow_env("../envs/foundation-models.yaml")
    params:
        code=code("inputs/tiny_presets.py"),
        kinds=SNOW_MODELS,
    script:
        "../scripts/inputs/tiny_presets.py"
