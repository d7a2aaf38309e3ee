# The library on the path of the scripts, the checked configuration, and look-ups in it.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.current_basedir) / ".." / "scripts"
SCRIPTS = SCRIPTS.resolve()
if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))

from climate_indicators.provenance import code_digest
from climate_indicators.settings import SettingsError, check
from climate_indicators.simulation.dates import date_of_year

try:
    config = check(
        config,
        SCRIPTS.parent / "config" / "schema.yaml",
        workflow.configfiles or workflow.overwrite_configfiles,
    )
except SettingsError as error:
    raise WorkflowError(str(error)) from error


# studies whose images become patches; those of them whose patches are cut from a scene are the default
IMAGE_STUDIES = "glacier|snow|carbon"


wildcard_constraints:
    study="glacier",
    site="[a-z][a-z0-9_]*",
    scene="[0-9]{4}",


def code(script):
    """Digest of the project modules that a script imports: an edit of one re-runs the rules that use it."""
    return code_digest(SCRIPTS / script, SCRIPTS / "climate_indicators")


def input_mb(paths):
    """Size of a job's inputs, folders with what is in them; an input that is yet to be made leaves it open (`<TBD>`)."""
    size = 0
    for path in paths:
        size += os.stat(path).st_size
        size += sum(os.lstat(Path(folder, name)).st_size for folder, _, names in os.walk(path) for name in names)
    return size / 1e6


def memory(base_mb, per_input_mb=0):
    """Resource function: megabytes of a job, more with each attempt.

    Images, fields and patches are read strip by strip, window by window and month by month: memory stays the same
    however large they are (docs/benchmarks.md). Masks and outlines of a whole scene take up to 13 bytes a pixel, for which
    `base_mb` is enough up to a Sentinel-2 tile. `per_input_mb`, for each megabyte of the inputs, is for the rules that
    hold such masks and are given the scene itself, whose size tells that of the masks.
    """
    return lambda wildcards, input, attempt: attempt * round(
        base_mb + (per_input_mb and per_input_mb * input_mb(input))
    )


def minutes(base, per_input_gb=0):
    """Resource function: minutes of a job, more with each attempt.

    `per_input_gb`, for each gigabyte of the inputs, is for the rules that read all of them: three to ten times what two
    slow cores need (docs/benchmarks.md), since nodes and their disks are shared; for training, of all its epochs.
    """
    return lambda wildcards, input, attempt: attempt * round(
        base + (per_input_gb and per_input_gb * input_mb(input) / 1000)
    )


def tensorflow_env(path):
    """The environment file for the build of TensorFlow that the settings ask for; `path` names that for processors."""
    return path.replace(".yaml", {"cpu": ".yaml", "gpu": "-gpu.yaml"}[config["deep_learning_env"]])


def sites(study):
    return config.get(study, {}).get("sites", {})


def data_path(name):
    """Path of a user's file, relative to `data_dir`."""
    return None if name is None else str(Path(config["data_dir"]) / name)


def is_simulated(study, site):
    return sites(study)[site]["source"] == "simulate"


def simulated(site, names):
    """Paths under the folder of a simulated site; `{year}` in a name stands for each of its years."""
    return expand(f"resources/glacier/{site}/{names}", year=simulated_years(site))


def simulated_years(site):
    world = sites("glacier")[site]["simulate"]
    return range(world["first_year"], world["last_year"] + 1)


def site_inputs(study, site):
    """Scenes (name, date, tiles, cloud mask), area of interest, outlines and grid settings of a site."""
    settings = sites(study)[site]
    if settings["source"] == "simulate":
        folder = f"resources/glacier/{site}/"
        world = settings["simulate"]
        scenes = [
            {
                "name": str(year),
                "date": date_of_year(year, world["seed"]).isoformat(),
                "tiles": [f"{folder}tiles/{year}_{side}.tif" for side in ("west", "east")],
                "cloud_mask": f"{folder}clouds/{year}.tif",
                "boa_offset_applied": False,
            }
            for year in simulated_years(site)
        ]
        outlines = {"path": f"{folder}outlines.gpkg", "id_field": "glacier_id", "where": None}
        return {
            "scenes": scenes,
            "aoi": f"{folder}aoi.gpkg",
            "outlines": outlines,
            "dem": f"{folder}dem.tif",
            "crs": "EPSG:32644",
            "resolution_m": world["resolution_m"],
        }
    scenes = [
        {
            "name": str(scene["year"]),
            "date": scene["date"],
            "tiles": [data_path(tile) for tile in scene["tiles"]],
            "cloud_mask": data_path(scene["cloud_mask"]),
            "boa_offset_applied": scene["boa_offset_applied"],
        }
        for scene in settings["scenes"]
    ]
    return {
        "scenes": scenes,
        "aoi": data_path(settings["aoi"]),
        "outlines": settings["outlines"] | {"path": data_path(settings["outlines"]["path"])},
        "dem": data_path(settings["dem"]),
        "crs": settings["crs"],
        "resolution_m": settings["resolution_m"],
    }


def scene_of(wildcards):
    return next(
        scene for scene in site_inputs(wildcards.study, wildcards.site)["scenes"] if scene["name"] == wildcards.scene
    )


def scene_names(study, site):
    return [scene["name"] for scene in site_inputs(study, site)["scenes"]]


def study_settings(wildcards, group, keys):
    """Named settings of a group, such as `patches`, that all sites of a study share."""
    return {key: config[wildcards.study][group][key] for key in keys}


def shown_bands(wildcards):
    """Bands that pictures show as red, green and blue."""
    default = {"snow": ["VV", "VV", "VV"]}.get(wildcards.study, ["red", "green", "blue"])
    return config[wildcards.study].get("figures", {}).get("rgb", default)


def channels(wildcards, scene):
    """Rasters whose bands are together the channels of a scene."""
    folder = f"results/{wildcards.study}/{wildcards.site}"
    terrain = [f"{folder}/terrain.tif"] if sites(wildcards.study)[wildcards.site]["terrain_bands"] else []
    return [f"{folder}/scenes/{scene}.tif", *terrain]


def scene_channels(wildcards):
    return channels(wildcards, wildcards.scene)


def labelled_stack(wildcards):
    """Channels of the scene that the labels stand for."""
    return channels(wildcards, sites(wildcards.study)[wildcards.site]["reference_year"])


def aoi_of(wildcards):
    """The area of interest's file as a list: empty where it is the extent of the tiles."""
    path = site_inputs(wildcards.get("study", "glacier"), wildcards.site)["aoi"]
    return [] if path is None else [path]


def glacier_site(wildcards):
    return site_inputs("glacier", wildcards.site)


def glacier_results():
    """Tables, figures and maps that a run of the glacier study is for."""
    names = [
        "scenes.csv",
        "glacier_scenes.png",
        "labels.tif",
        "glacier_ids.csv",
        "blocks.png",
        "patches.png",
        "model",
        "history.csv",
        "learning_curve.png",
        "calibration.json",
        "metrics.csv",
        "reliability.csv",
        "reliability.png",
        "block_confusion.csv",
        "glacier_area_by_year.csv",
        "glacier_area_by_glacier.csv",
        "trend.csv",
        "glacier_retreat_graph.png",
        "glacier_retreat_timelapse.gif",
        "glacier_retreat_timelapse.html",
        "glacier_gallery.png",
    ]
    maps = ["scenes/{scene}.tif", "probability/{scene}.tif", "extent/{scene}.tif", "outlines/{scene}.gpkg"]
    results = ["results/glacier/skill_summary.csv"] if len(sites("glacier")) > 1 else []
    for site in sites("glacier"):
        truth = ["truth_check.csv", "truth_check.png"] if is_simulated("glacier", site) else []
        results += expand("results/glacier/{site}/{name}", site=site, name=[*names, *truth])
        results += expand(f"results/glacier/{site}/{{name}}", name=expand(maps, scene=scene_names("glacier", site)))
    return with_one_network("glacier", results)


def glacier_scene_files(pattern):
    """Input function: files of all scenes of a glacier site, in the order of its settings."""
    return lambda wildcards: expand(pattern, site=wildcards.site, scene=scene_names("glacier", wildcards.site))


def glacier_gallery_years(wildcards):
    """Year of the outlines and, if there is another, the year that is furthest from it."""
    reference = sites("glacier")[wildcards.site]["reference_year"]
    others = sorted(int(scene) for scene in scene_names("glacier", wildcards.site) if int(scene) != reference)
    return [reference, *sorted(others, key=lambda year: abs(year - reference))[-1:]]


def glacier_gallery_files(pattern):
    """Input function: files of the years that the gallery shows."""
    return lambda wildcards: expand(pattern, site=wildcards.site, scene=glacier_gallery_years(wildcards))


def glacier_settings(group):
    """Settings of a group of the glacier study; none where the study is not configured."""
    return config.get("glacier", {}).get(group, {})
