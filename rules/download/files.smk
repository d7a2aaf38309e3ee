# One rule per downloaded product; run on a machine with network access. `snakemake fetch_all` downloads everything.


rule fetch_weather:
    """Download daily weather of a place from the Open-Meteo archive, year by year."""
    input:
        aoi=weather_aoi,
    output:
        table="resources/snow/{site}/weather.csv",
    log:
        "logs/snow/{site}/fetch_weather.log",
    wildcard_constraints:
        site=online(pattern_of(fetched_weather_sites())),
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        content=content_of(weather_aoi),
        url=config["archives"]["open_meteo"],
        weather=lambda wildcards: sites("snow")[wildcards.site]["weather"],
        variables=weather_variables(),
        aoi_layer=aoi_layer("snow"),
        kept=with_module_prefix(f"{DOWNLOAD_CACHE}/weather"),
    script:
        "../../scripts/inputs/fetch_weather.py"


rule fetch_inventory:
    """Download outlines of all glaciers of a region from the Randolph Glacier Inventory."""
    output:
        file=f"{DOWNLOAD_CACHE}/outlines/{{inventory}}_{{region}}.zip",
    log:
        "logs/fetch_inventory_{inventory}_{region}.log",
    wildcard_constraints:
        inventory=online("rgi6|rgi7"),
        region="[0-9]{2}",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        urls=inventory_addresses,
        sha256=inventory_sha256,
        kept=with_module_prefix(f"{DOWNLOAD_CACHE}/files"),
    script:
        "../../scripts/inputs/fetch_inventory.py"


rule fetch_glims:
    """Download outlines of glaciers or of an area from the GLIMS database, for all dates."""
    input:
        aoi=outlines_aoi,
    output:
        file="resources/glacier/{site}/archive/glims.geojson",
    log:
        "logs/glacier/{site}/fetch_glims.log",
    wildcard_constraints:
        site=online(pattern_of(fetched_outline_sites("glims"))),
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        content=content_of(outlines_aoi),
        urls=as_list(config["archives"]["glims"]),
        ids=lambda wildcards: sites("glacier")[wildcards.site]["outlines"]["ids"],
        aoi_layer=aoi_layer("glacier"),
    script:
        "../../scripts/inputs/fetch_glims.py"


rule archive_outlines:
    """Select the outlines of a site from an inventory; without an area of interest, make a rectangle around them."""
    input:
        inventory=lambda wildcards: inventory_file(wildcards.site),
        aoi=outlines_aoi,
    output:
        outlines="resources/glacier/{site}/outlines.gpkg",
        aoi="resources/glacier/{site}/aoi.gpkg",
    log:
        "logs/glacier/{site}/archive_outlines.log",
    wildcard_constraints:
        site=pattern_of(fetched_outline_sites("rgi6", "rgi7", "glims")),
    conda:
        "../../envs/raster.yaml"
    params:
        content=content_of(lambda wildcards: inventory_file(wildcards.site), outlines_aoi),
        inventory=lambda wildcards: sites("glacier")[wildcards.site]["outlines"]["archive"],
        ids=lambda wildcards: sites("glacier")[wildcards.site]["outlines"]["ids"],
        aoi_layer=aoi_layer("glacier"),
        layer=lambda wildcards: sites("glacier")[wildcards.site]["outlines"]["layer"],
        margin_m=lambda wildcards: sites("glacier")[wildcards.site]["outlines"]["margin_m"],
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
    script:
        "../../scripts/inputs/archive_outlines.py"


rule fetch_ocean_file:
    """Download a file of an ocean data set."""
    output:
        file="resources/ocean/{site}/files/{name}",
    log:
        "logs/ocean/{site}/fetch_ocean_file_{name}.log",
    wildcard_constraints:
        site=online(pattern_of(sites("ocean"))),
        name="[^/]+",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        urls=lambda wildcards: as_list(ocean_download(wildcards)["url"]),
        sha256=lambda wildcards: ocean_download(wildcards)["sha256"],
        kept=with_module_prefix(f"{DOWNLOAD_CACHE}/files"),
    script:
        "../../scripts/inputs/fetch_ocean_file.py"


rule encoder_weights:
    """Download weights of a ResNet-50 trained on ImageNet."""
    output:
        weights="resources/models/{weights}.h5",
    log:
        "logs/encoder_weights_{weights}.log",
    wildcard_constraints:
        weights=online("resnet50_notop"),
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        kept=with_module_prefix(f"{DOWNLOAD_CACHE}/files"),
    script:
        "../../scripts/inputs/encoder_weights.py"


rule fetch_preset:
    """Download a third-party model; needs network access once."""
    output:
        folder=directory("resources/models/{preset}"),
    log:
        "logs/fetch_preset_{preset}.log",
    wildcard_constraints:
        preset=online(foundation_presets()),
    retries: 2
    localrule: True
    conda:
        tensorflow_env("../../envs/foundation-models.yaml")
    script:
        "../../scripts/inputs/fetch_preset.py"


rule fetch_all:
    """Download everything that a configuration needs; all other rules work without network access."""
    input:
        lambda wildcards: list(DOWNLOADS),
    localrule: True


if config["offline"] and missing_files():
    raise WorkflowError(
        "The configuration has offline: true, but these downloads are missing:\n"
        + "\n".join(missing_files())
        + "\nRun `snakemake fetch_all` with offline: false on a machine with network access, then copy resources/."
    )
