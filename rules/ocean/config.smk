# Functions that read the configuration of the ocean study.
from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.months import months_of_part, parts
from climate_indicators.config.downloads import download_name
from climate_indicators.core.patterns import expand_patterns

SCALERS = ["frozen", "monthly"]


wildcard_constraints:
    part="[0-9]{6}-[0-9]{6}",
    scaler="|".join(SCALERS),


def ocean_settings(group):
    """Settings of a group of the ocean study; empty if the study is not configured."""
    return config.get("ocean", {}).get(group, {})


def ocean_parts(site):
    """Parts of a site, each a range of months."""
    settings = sites("ocean")[site]
    return parts(settings["first_month"], settings["last_month"], ocean_settings("months_per_job"))


def ocean_part_files(pattern, **more):
    """Input function: files of all parts of a site, ordered by time."""
    return lambda wildcards: expand(pattern, site=wildcards.site, part=ocean_parts(wildcards.site), **more)


def reference_part(pattern):
    """Input function: the file that contains the reference month."""

    def path(wildcards):
        month = reference_month(wildcards)
        part = next(part for part in ocean_parts(wildcards.site) if month in months_of_part(part))
        return expand(pattern, site=wildcards.site, part=part)

    return path


def reference_month(wildcards):
    return sites("ocean")[wildcards.site]["reference_month"]


def ocean_zones():
    """Zones with the paths of their files."""
    return [zone | {"file": data_path(zone["file"])} for zone in ocean_settings("zones")]


def ocean_zone_files(wildcards):
    return [zone["file"] for zone in ocean_zones() if zone["file"]]


def ocean_data(wildcards):
    """Settings for reading the data set, for all months or those of one part.

    A synthetic site has one file per part, and a job uses its own. Properties of all months are read from the first
    part.
    """
    settings = sites("ocean")[wildcards.site]
    if settings["source"] == "simulate":
        part = wildcards.get("part", ocean_parts(wildcards.site)[0])
        months = months_of_part(part)
        names = ("sst", "salinity", "dic", "alk", "mld", "ice")
        return {
            "files": [f"resources/ocean/{wildcards.site}/fields/{part}.nc"],
            "variables": {name: {"name": name, "files": [], "unit": None} for name in names},
            "coordinates": {"time_stamp": "start", "files": []},
            "first_month": months[0],
            "last_month": months[-1],
        }
    months = months_of_part(wildcards.part) if "part" in wildcards.keys() else None
    site = wildcards.site
    variables = {name: with_paths(site, variable) for name, variable in settings["variables"].items()}
    keys = ("climatology", "density_kg_m3")
    return {
        "files": ocean_paths(site, settings["files"]),
        "variables": variables,
        "mask": with_paths(site, settings["mask"]),
        "cell_edges": with_paths(site, settings["cell_edges"]),
        "coordinates": with_paths(site, settings["coordinates"]),
        "first_month": months[0] if months else settings["first_month"],
        "last_month": months[-1] if months else settings["last_month"],
        **{key: settings[key] for key in keys},
    }


def with_paths(site, group):
    """Group of settings with the paths of its `files`."""
    return None if group is None else group | {"files": ocean_paths(site, group["files"])}


def ocean_paths(site, names):
    """Paths of downloaded or user files; patterns are expanded to all matching files."""
    fetched = {
        download_name(one): f"resources/ocean/{site}/files/{download_name(one)}"
        for one in sites("ocean")[site]["downloads"]
    }
    try:
        paths = expand_patterns(names, data_path, fetched)
    except InputError as error:
        raise WorkflowError(f"ocean.sites.{site}: {error}") from error
    own = set(fetched.values())
    return [path if path in own else literal(path) for path in paths]


def ocean_files(wildcards):
    """All files of `ocean_data`, each once."""
    data = ocean_data(wildcards)
    groups = [data, *data["variables"].values(), *(data.get(key) for key in ("mask", "cell_edges", "coordinates"))]
    return list(dict.fromkeys(name for group in groups if group for name in group["files"]))


def ocean_truth(pattern):
    """Input function: the truth of the reference month for synthetic sites; otherwise empty."""
    return lambda wildcards: (reference_part(pattern)(wildcards) if is_simulated("ocean", wildcards.site) else [])


def ocean_results():
    """Final tables, figures and fields of the ocean study."""
    names = """
        inputs.csv cells.nc ocean_slope_maps.png linkage.nc cuts.csv biomes.nc biomes.csv ocean_biome_map.png
        ocean_dendrogram.png ocean_cut_grid.png ocean_biome_profile.png agreement.csv model tuning.csv history.csv
        metrics.csv confusion.csv reliability.csv ocean_classifier.png coverage.csv trend.csv seasonal_trend.csv
        ocean_coverage.png seasonal_cycle.csv ocean_seasonal_cycle.png sensitivity.csv midlatitude_balance.csv
        ocean_midlatitude_balance.png frequency.nc core.csv ocean_frequency.png ocean_core.png drivers.csv
        drivers_by_biome.csv ocean_drivers.png ocean_drivers_season.png ocean_animation.gif ocean_animation.html
    """.split()
    results = []
    for site in sites("ocean"):
        truth = ["truth_check.csv", "coverage_check.csv", "truth_check.png"] if is_simulated("ocean", site) else []
        results += expand("results/ocean/{site}/{name}", site=site, name=[*names, *truth])
        results += expand("results/ocean/{site}/slopes/{part}.nc", site=site, part=ocean_parts(site))
        results += expand(
            "results/ocean/{site}/labels/{scaler}/{part}.nc", site=site, scaler=SCALERS, part=ocean_parts(site)
        )
    return results
