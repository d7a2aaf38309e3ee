# Snow study: radar and optical scenes on one grid, pairs, and triplets of radar, color image and mask.


rule snow_scenes:
    """Check the header of every scene of a site, and define the grid of the site."""
    input:
        table=snow_scenes_table,
        files=snow_files(),
        aoi=snow_aoi,
    output:
        scenes=reported("results/snow/{site}/scenes.csv", "scenes", "snow_scenes"),
        grid="results/snow/{site}/grid.json",
        aoi="results/snow/{site}/aoi.tif",
        inputs="results/snow/{site}/inputs/aoi.csv",
    log:
        "logs/snow/{site}/snow_scenes.log",
    wildcard_constraints:
        site=sites_from("snow", "simulate", "files", "archive"),
    conda:
        "../../envs/raster.yaml"
    params:
        content=content_of(snow_scenes_table, snow_files(), snow_aoi),
        scenes=with_module_prefix(lambda wildcards: snow_scenes_of(wildcards.site)),
        aoi_layer=aoi_layer("snow"),
        site=lambda wildcards: {
            key: sites("snow")[wildcards.site][key] for key in ("mixed_orbits", "radar_bands", "optical_bands")
        },
    script:
        "../../scripts/snow/snow_scenes.py"


rule snow_optical:
    """Optical scenes of a year on the grid as reflectance, and their snow masks."""
    input:
        scenes="results/snow/{site}/scenes.csv",
        grid="results/snow/{site}/grid.json",
        aoi="results/snow/{site}/aoi.tif",
        files=snow_files("optical"),
    output:
        folder=directory("results/snow/{site}/optical/{year}"),
        table="results/snow/{site}/optical/{year}.csv",
        inputs="results/snow/{site}/inputs/optical_{year}.csv",
    log:
        "logs/snow/{site}/snow_optical_{year}.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        content=content_of(snow_files("optical")),
        site=snow_optical_site,
        masks=snow_settings("masks"),
    script:
        "../../scripts/snow/snow_optical.py"


rule snow_radar:
    """Radar scenes of a year on the grid in dB, filtered, without infinite values."""
    input:
        scenes="results/snow/{site}/scenes.csv",
        grid="results/snow/{site}/grid.json",
        aoi="results/snow/{site}/aoi.tif",
        files=snow_files("radar"),
    output:
        folder=directory("results/snow/{site}/radar/{year}"),
        table="results/snow/{site}/radar/{year}.csv",
        inputs="results/snow/{site}/inputs/radar_{year}.csv",
    log:
        "logs/snow/{site}/snow_radar_{year}.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        content=content_of(snow_files("radar")),
        site=lambda wildcards: {"radar_bands": sites("snow")[wildcards.site]["radar_bands"]},
        radar=snow_radar_reading,
    script:
        "../../scripts/snow/snow_radar.py"


rule snow_reference:
    """Median of the snow-free scenes of each orbit, the reference for backscatter change."""
    input:
        scenes="results/snow/{site}/scenes.csv",
        radar=snow_by_year("radar", "radar/{year}"),
    output:
        folder=directory("results/snow/{site}/reference"),
        table="results/snow/{site}/references.csv",
    log:
        "logs/snow/{site}/snow_reference.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60, per_input_gb=20),
    params:
        reference=snow_keys("radar", "reference_months", "reference_scenes"),
    script:
        "../../scripts/snow/snow_reference.py"


rule snow_change:
    """Change of each radar scene of a year relative to the reference of its orbit."""
    input:
        scenes="results/snow/{site}/scenes.csv",
        radar="results/snow/{site}/radar/{year}",
        reference="results/snow/{site}/reference",
    output:
        folder=directory("results/snow/{site}/change/{year}"),
    log:
        "logs/snow/{site}/snow_change_{year}.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    script:
        "../../scripts/snow/snow_change.py"


rule snow_pairs:
    """Pairs of radar and optical scenes with close dates, one orbit per pair, and checks of single scenes."""
    input:
        scenes="results/snow/{site}/scenes.csv",
        optical=snow_by_year("optical", "optical/{year}"),
        radar=snow_by_year("radar", "radar/{year}"),
        reference="results/snow/{site}/reference",
        references="results/snow/{site}/references.csv",
        weather=snow_weather_file,
    output:
        pairs=reported("results/snow/{site}/pairs.csv", "pairs", "snow_curation"),
        scene_checks="results/snow/{site}/scene_checks.csv",
    log:
        "logs/snow/{site}/snow_pairs.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        content=content_of(snow_weather_file),
        pairs=snow_settings("pairs"),
        columns=snow_weather_columns,
    script:
        "../../scripts/snow/snow_pairs.py"


rule snow_triplets:
    """Select triplets of radar, color image and mask, with reasons for rejection, and split by place and year."""
    input:
        pairs="results/snow/{site}/pairs.csv",
        scene_checks="results/snow/{site}/scene_checks.csv",
        grid="results/snow/{site}/grid.json",
        aoi="results/snow/{site}/aoi.tif",
        optical=snow_by_year("optical", "optical/{year}"),
        radar=snow_by_year("radar", "radar/{year}"),
        change=snow_by_year("radar", "change/{year}"),
    output:
        curation="results/snow/{site}/curation.csv",
        counts=reported("results/snow/{site}/curation_counts.csv", "curation", "snow_curation"),
        figure=reported("results/snow/{site}/curation.png", "curation", "snow_curation"),
        triplets="results/snow/{site}/triplets.csv",
        patches="results/snow/{site}/patches.h5",
    log:
        "logs/snow/{site}/snow_triplets.log",
    wildcard_constraints:
        site=ONE_SITE,
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        triplets=snow_settings("triplets"),
        split_seed=lambda wildcards: sites("snow")[wildcards.site]["split_seed"],
    script:
        "../../scripts/snow/snow_triplets.py"


rule snow_triplet_sheet:
    """Contact sheet of triplets: radar, its change, color image, mask."""
    input:
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
        grid="results/snow/{site}/grid.json",
    output:
        figure=reported("results/snow/{site}/triplets.png", "triplets", "snow_triplets"),
    log:
        "logs/snow/{site}/snow_triplet_sheet.log",
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/snow/snow_triplet_sheet.py"
