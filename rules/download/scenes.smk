# Scenes from archives, in the form that the rules for files need. Run on a machine with network access.


rule fetch_glacier_year:
    """Download a glacier site's image of one year (least cloudy of the season, or median) and list all candidates."""
    input:
        aoi=aoi_of,
    output:
        image="resources/glacier/{site}/archive/{year}.tif",
        clouds="resources/glacier/{site}/archive/{year}_clouds.tif",
        table="resources/glacier/{site}/archive/{year}.csv",
        picture="resources/glacier/{site}/archive/{year}.png",
    log:
        "logs/glacier/{site}/fetch_glacier_year_{year}.log",
    wildcard_constraints:
        site=online(sites_from("glacier", "archive")),
        year="[0-9]{4}",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        content=content_of(aoi_of),
        catalog=glacier_catalog,
        season=lambda wildcards: [archive_settings(wildcards)[key] for key in ("season_first", "season_last")],
        grid=lambda wildcards: {key: glacier_site(wildcards)[key] for key in ("crs", "resolution_m")},
        wanted=glacier_image_wanted,
        kept=with_module_prefix(lambda wildcards: f"resources/glacier/{wildcards.site}/archive/kept/{wildcards.year}"),
        shown=shown_bands,
        aoi_layer=aoi_layer("glacier"),
    script:
        "../../scripts/inputs/fetch_glacier_year.py"


rule fetched_years:
    """List the candidate scenes of all years of a site, with the reason for selection or rejection."""
    input:
        tables=lambda wildcards: expand(
            "resources/glacier/{site}/archive/{year}.csv",
            site=wildcards.site,
            year=scene_names("glacier", wildcards.site),
        ),
    output:
        table=reported("resources/glacier/{site}/scenes.csv", "candidates of the archive", "fetched_years"),
    log:
        "logs/glacier/{site}/fetched_years.log",
    wildcard_constraints:
        site=sites_from("glacier", "archive"),
    conda:
        "../../envs/raster.yaml"
    script:
        "../../scripts/inputs/fetched_years.py"


rule fetch_snow_year:
    """Download radar and optical scenes of one year of a snow site, and list all candidates."""
    input:
        aoi=snow_aoi,
    output:
        folder=directory("resources/snow/{site}/archive/{year}"),
        scenes="resources/snow/{site}/archive/{year}_scenes.csv",
        candidates="resources/snow/{site}/archive/{year}_candidates.csv",
    log:
        "logs/snow/{site}/fetch_snow_year_{year}.log",
    wildcard_constraints:
        site=online(sites_from("snow", "archive")),
        year="[0-9]{4}",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        content=content_of(snow_aoi),
        catalogs=snow_catalogs,
        grid=snow_archive_grid,
        wanted=snow_images_wanted,
        radar=lambda wildcards: {"orbits": snow_archive(wildcards)["orbits"]},
        optical_per_month=lambda wildcards: snow_archive(wildcards)["optical_per_month"],
        kept=with_module_prefix(lambda wildcards: f"resources/snow/{wildcards.site}/archive/kept/{wildcards.year}"),
        aoi_layer=aoi_layer("snow"),
    script:
        "../../scripts/inputs/fetch_snow_year.py"


rule fetched_snow_scenes:
    """List all downloaded scenes of a snow site, in the format of a user's scene table, and all candidates."""
    input:
        folders=lambda wildcards: expand(
            "resources/snow/{site}/archive/{year}", site=wildcards.site, year=archive_years(snow_archive(wildcards))
        ),
        scenes=lambda wildcards: expand(
            "resources/snow/{site}/archive/{year}_scenes.csv",
            site=wildcards.site,
            year=archive_years(snow_archive(wildcards)),
        ),
        candidates=lambda wildcards: expand(
            "resources/snow/{site}/archive/{year}_candidates.csv",
            site=wildcards.site,
            year=archive_years(snow_archive(wildcards)),
        ),
    output:
        scenes="resources/snow/{site}/scenes.csv",
        candidates="resources/snow/{site}/candidates.csv",
    log:
        "logs/snow/{site}/fetched_snow_scenes.log",
    wildcard_constraints:
        site=sites_from("snow", "archive"),
    conda:
        "../../envs/raster.yaml"
    script:
        "../../scripts/inputs/fetched_snow_scenes.py"


rule size_glacier_year:
    """Estimate the download size of a glacier site's image of one year from the search result."""
    input:
        aoi=aoi_of,
    output:
        table="resources/glacier/{site}/archive/{year}_size.csv",
    log:
        "logs/glacier/{site}/size_glacier_year_{year}.log",
    wildcard_constraints:
        site=online(sites_from("glacier", "archive")),
        year="[0-9]{4}",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        content=content_of(aoi_of),
        catalog=glacier_catalog,
        season=lambda wildcards: [archive_settings(wildcards)[key] for key in ("season_first", "season_last")],
        grid=lambda wildcards: {key: glacier_site(wildcards)[key] for key in ("crs", "resolution_m")},
        wanted=glacier_image_wanted,
        kept=with_module_prefix(lambda wildcards: f"resources/glacier/{wildcards.site}/archive/kept/{wildcards.year}"),
        aoi_layer=aoi_layer("glacier"),
    script:
        "../../scripts/inputs/size_glacier_year.py"


rule size_snow_year:
    """Estimate the download size of one year of a snow site from the search results."""
    input:
        aoi=snow_aoi,
    output:
        table="resources/snow/{site}/archive/{year}_size.csv",
    log:
        "logs/snow/{site}/size_snow_year_{year}.log",
    wildcard_constraints:
        site=online(sites_from("snow", "archive")),
        year="[0-9]{4}",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        content=content_of(snow_aoi),
        catalogs=snow_catalogs,
        grid=snow_archive_grid,
        wanted=snow_images_wanted,
        radar=lambda wildcards: {"orbits": snow_archive(wildcards)["orbits"]},
        optical_per_month=lambda wildcards: snow_archive(wildcards)["optical_per_month"],
        kept=with_module_prefix(lambda wildcards: f"resources/snow/{wildcards.site}/archive/kept/{wildcards.year}"),
        aoi_layer=aoi_layer("snow"),
    script:
        "../../scripts/inputs/size_snow_year.py"


rule fetch_sizes:
    """Estimate the download size of `fetch_all` by site and year; only the catalogs are queried."""
    input:
        tables=[f"resources/{study}/{site}/archive/{year}_size.csv" for study, site, year in archive_images()],
    output:
        table=f"{DOWNLOAD_CACHE}/sizes.csv",
    log:
        "logs/fetch_sizes.log",
    localrule: True
    conda:
        "../../envs/archive.yaml"
    params:
        places=archive_images(),
    script:
        "../../scripts/inputs/fetch_sizes.py"
