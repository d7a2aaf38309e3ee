# Look-ups in the settings of the snow study.
from climate_indicators.snow.foundation_models.presets import check_preset_folder, is_own_folder
from climate_indicators.core.errors import InputError
from climate_indicators.synthetic.snow.dates import snow_scene_dates
from climate_indicators.snow.scenes.years import scene_years

SNOW_MODELS = ["sam", "clip", "dinov2", "deeplab"]


def snow_settings(group):
    """Settings of a group of the snow study; empty if the study is not configured."""
    return config.get("snow", {}).get(group, {})


def snow_keys(group, *keys):
    """Some settings of a group of the snow study."""
    return {key: snow_settings(group).get(key) for key in keys}


def snow_scenes_of(site):
    """Scenes of a site with images: the path of a table, or a list with paths."""
    settings = sites("snow")[site]
    if settings["source"] in ("simulate", "archive"):
        return f"resources/snow/{site}/scenes.csv"
    if settings["scenes_table"]:
        return data_path(settings["scenes_table"])
    paths = ("path", "cloud_mask")
    return [scene | {key: data_paths(scene[key]) for key in paths} for scene in settings["scenes"]]


def snow_scene_files(site):
    """Sensor, year and files of each scene of a site with images, read before any job."""
    settings = sites("snow")[site]
    if settings["source"] == "simulate":
        folder = f"resources/snow/{site}"
        scenes = snow_scene_dates(settings["simulate"])
        radar = [("radar", str(scene.date.year), [f"{folder}/radar"]) for scene in scenes.radar]
        optical = [f"{folder}/optical", f"{folder}/clouds"]
        return radar + [("optical", str(date.year), optical) for date in scenes.optical]
    if settings["source"] == "archive":
        years = archive_years(settings["archive"])
        folders = [(str(year), [f"resources/snow/{site}/archive/{year}"]) for year in years]
        return [(sensor, year, folder) for sensor in ("radar", "optical") for year, folder in folders]
    try:
        found = scene_years(snow_scenes_of(site))
    except InputError as error:
        raise WorkflowError(f"snow site '{site}': {error}") from error
    return [
        (sensor, year, [inner for path in paths for inner in files_below(literal(path))])
        for sensor, year, paths in found
    ]


SNOW_FILES = Known(
    {name: snow_scene_files(name) for name, site in sites("snow").items() if has_images(site)},
    "snow site with images",
)


def snow_input_parts(site):
    """Names of the tables of a site's inputs, one per sensor and year."""
    return [f"{sensor}_{year}" for sensor in ("optical", "radar") for year in snow_years(site, sensor)]


def snow_years(site, sensor):
    """Years with scenes of a sensor."""
    return sorted({year for kind, year, _ in SNOW_FILES[site] if kind == sensor})


def snow_files(sensor=None):
    """Input function: files of a site's scenes, of one sensor and the wildcard's year if there is one."""

    def paths(wildcards):
        year = wildcards.get("year")
        found = [
            files for kind, of, files in SNOW_FILES[wildcards.site] if sensor in (None, kind) and year in (None, of)
        ]
        return list(dict.fromkeys(path for files in found for path in files))

    return paths


def snow_scenes_table(wildcards):
    """Scene table of a site as a list; empty if the scenes are listed in the configuration."""
    scenes = snow_scenes_of(wildcards.site)
    return [scenes] if isinstance(scenes, str) else []


def snow_aoi(wildcards):
    """File of the area of interest as a list; empty if it is the whole first optical scene."""
    if is_simulated("snow", wildcards.site):
        return [f"resources/snow/{wildcards.site}/aoi.gpkg"]
    path = sites("snow")[wildcards.site]["aoi"]
    return [] if path is None else [data_path(path)]


def snow_optical_site(wildcards):
    """Settings for reading optical scenes; downloaded ones have band names and no offset."""
    site = sites("snow")[wildcards.site]
    offset = {"sentinel2_baseline": False, "offset_dn": 0} if site["source"] == "archive" else {}
    return {"optical_bands": site["optical_bands"], "radiometry": site["radiometry"] | offset}


def snow_radar_reading(wildcards):
    """Settings for reading radar scenes; downloaded ones are linear power with declared nodata."""
    reading = snow_keys("radar", "unit", "nodata", "filter", "filter_px")
    fetched = {"unit": "linear", "nodata": None}
    return reading | (fetched if sites("snow")[wildcards.site]["source"] == "archive" else {})


def snow_by_year(sensor, pattern):
    """Input function: a file or folder for each year of a sensor, for example `radar/{year}`."""
    return lambda wildcards: expand(f"results/snow/{wildcards.site}/{pattern}", year=snow_years(wildcards.site, sensor))


def snow_weather_file(wildcards):
    """Daily weather of a site as a list; empty if it has none."""
    path = sites("snow")[wildcards.site]["weather"]
    if is_simulated("snow", wildcards.site) or isinstance(path, dict):
        return [f"resources/snow/{wildcards.site}/weather.csv"]
    return [] if path is None else [data_path(path)]


def snow_weather_columns(wildcards):
    """Column names in the user's weather file, if they differ from ours."""
    return sites("snow")[wildcards.site]["columns"]


def snow_tables(wildcards):
    """Inputs of the climate analyses: one table of snow and weather, or snow per date and daily weather."""
    site = sites("snow")[wildcards.site]
    if site["source"] == "table":
        return {"table": data_path(site["table"])}
    if site["source"] == "series":
        return {"snow": data_path(site["snow"]), "weather": snow_weather_file(wildcards)[0]}
    return {"snow": f"results/snow/{wildcards.site}/snow_cover.csv", "weather": snow_weather_file(wildcards)[0]}


def foundation_folder(kind):
    """Folder of a third-party model; None if it is not configured."""
    name = snow_settings("foundation").get(kind)
    if name is None or name == "demo":
        return name and f"resources/models/demo_{kind}"
    return data_path(name) if is_own_folder(name) else f"resources/models/{name}"


def sam_threads():
    """Processor threads of Segment Anything; the small model of the demo needs only one."""
    return 1 if foundation_folder("sam") == "resources/models/demo_sam" else config["network_threads"]


def foundation_presets():
    """Wildcard pattern of the presets to download."""
    names = {snow_settings("foundation").get(kind) for kind in SNOW_MODELS} - {None, "demo"}
    return pattern_of(sorted(name for name in names if not is_own_folder(name)))


def foundation_models(*kinds):
    """Configured third-party models."""
    return [kind for kind in kinds if foundation_folder(kind) is not None]


# a damaged folder stops the run before any job; a folder that is still to be made or downloaded does not exist yet
for _kind in foundation_models(*SNOW_MODELS):
    _name = snow_settings("foundation")[_kind]
    _folder = with_module_prefix(foundation_folder(_kind))
    if is_own_folder(_name) or Path(_folder, "config.json").exists():
        try:
            check_preset_folder(_folder, _kind)
        except InputError as error:
            raise WorkflowError(f"snow.foundation.{_kind}: {error}") from error


def snow_results():
    """Final tables and figures of the snow study."""
    maps = [f"activation_maps_{kind}.png" for kind in foundation_models("clip", "dinov2", "deeplab")]
    images = """
        inputs.csv scenes.csv references.csv pairs.csv curation.csv curation_counts.csv curation.png triplets.csv
        triplets.png augmentation.png model history.csv learning_curve.png calibration.json metrics.csv
        reliability.csv reliability.png block_confusion.csv triplet_metrics.csv season_metrics.csv benchmark.csv
        benchmark_notes.csv benchmark.png snow_gallery.png cover.csv snow_cover.csv radar_cover.csv snow_cover.png
        encoder_history.csv retrieval.csv domain_shift.csv embeddings_tsne.png embeddings_pca.png
        embeddings_retrieval.png embedding_geometry.csv domain_shift.png
    """.split()
    climate = """
        snow_weather.csv weather.csv weather_checks.csv snow_series.png season_years.csv season_trends.csv
        snow_seasons.png regressions.csv multiple_regression.csv regressions.png partial_regressions.png
        conclusions.csv
    """.split()
    truth = ["truth_check.csv", "truth_check.png"]
    results = []
    for site, settings in sites("snow").items():
        has_images = settings["source"] in ("simulate", "files", "archive")
        names = [*images, *maps] if has_images else []
        if has_images and (settings["source"] == "simulate" or settings["weather"]):
            names = [*names, "weather_summary.csv"]
        if not has_images or settings["source"] == "simulate" or settings["weather"]:
            names = [*names, *climate]
        names = [*names, *truth] if settings["source"] == "simulate" else names
        results += expand("results/snow/{site}/{name}", site=site, name=names)
    return with_one_network("snow", results)
