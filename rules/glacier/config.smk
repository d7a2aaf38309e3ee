# Scenes, files and results of glacier sites, and settings shared by the studies on images.
def is_simulated(study, site):
    return sites(study)[site].get("source") == "simulate"


def is_fetched(site):
    return sites("glacier")[site]["source"] == "archive"


def simulated_years(site):
    world = sites("glacier")[site]["simulate"]
    return range(world["first_year"], world["last_year"] + 1)


@cache
def site_inputs(study, site):
    """Scenes (name, date, tiles, cloud mask), area of interest, outlines and grid settings of a site.

    Cached, because it is called many times while thousands of jobs are planned. Do not change the returned object.
    """
    settings = sites(study)[site]
    if settings["source"] == "simulate":
        folder = f"resources/glacier/{site}/"
        world = settings["simulate"]
        scenes = [
            {
                "name": str(year),
                "date": date_of_year(year, world["seed"]).isoformat(),
                "tiles": [f"{folder}tiles/{year}_{side}.tif" for side in ("west", "east")],
                "cloud_mask": [f"{folder}clouds/{year}.tif"],
                "offset_dn": None,
                "processing_baseline": None,
                "boa_offset_applied": False,
            }
            for year in simulated_years(site)
        ]
        outlines = {"path": f"{folder}outlines.gpkg", "id_field": "glacier_id", "where": None, "layer": None}
        return {
            "scenes": scenes,
            "aoi": f"{folder}aoi.gpkg",
            "outlines": outlines,
            "dem": f"{folder}dem.tif",
            "crs": "EPSG:32644",
            "resolution_m": world["resolution_m"],
        }
    if settings["source"] == "archive":
        return archive_inputs(site, settings)
    scenes = [
        {
            "name": str(scene["year"]),
            "date": scene["date"],
            "tiles": [data_paths(tile) for tile in scene["tiles"]],
            "cloud_mask": [data_path(mask) for mask in paths_in(scene["cloud_mask"] or [])],
        }
        | {key: scene[key] for key in ("offset_dn", "processing_baseline", "boa_offset_applied")}
        for scene in settings["scenes"]
    ]
    return {
        "scenes": scenes,
        "aoi": data_path(settings["aoi"]),
        "outlines": site_outlines(site),
        "dem": data_path(settings["dem"]),
        "crs": settings["crs"],
        "resolution_m": settings["resolution_m"],
    }


@cache
def scenes_by_name(study, site):
    scenes = {scene["name"]: scene for scene in site_inputs(study, site)["scenes"]}
    return Known(scenes, f"scene of {study} site '{site}'")


def archive_inputs(site, settings):
    """The same for a site with downloaded images; the date of an image is read from its tag after the download."""
    folder = f"resources/glacier/{site}"
    scenes = [
        {
            "name": str(year),
            "date": None,
            "date_in_tile": True,
            "tiles": [f"{folder}/archive/{year}.tif"],
            "cloud_mask": [f"{folder}/archive/{year}_clouds.tif"],
            "offset_dn": 0,  # set when the image is downloaded
            "processing_baseline": None,
            "boa_offset_applied": True,
        }
        for year in archive_years(settings["archive"])
    ]
    return {
        "scenes": scenes,
        "aoi": data_path(settings["aoi"]) or f"{folder}/aoi.gpkg",
        "outlines": site_outlines(site),
        "dem": data_path(settings["dem"]),
        "crs": settings["crs"],
        "resolution_m": settings["resolution_m"] or 10,
    }


def site_outlines(site):
    """File of a site's outlines, name column and condition; a rule selects those from an inventory."""
    outlines = sites("glacier")[site]["outlines"]
    if outlines["archive"]:
        return {
            "path": f"resources/glacier/{site}/outlines.gpkg",
            "id_field": "glacier_id",
            "where": None,
            "layer": None,
        }
    return {"path": data_path(outlines["path"]), **{key: outlines[key] for key in ("id_field", "where", "layer")}}


def scene_names(study, site):
    return list(scenes_by_name(study, site))


def scene_files(study, site, scene):
    """Input files of a scene: its tiles and cloud mask or, for a synthetic site, their folders."""
    if is_simulated(study, site):
        return {"tiles": [f"resources/glacier/{site}/tiles"], "cloud_mask": [f"resources/glacier/{site}/clouds"]}
    found = scenes_by_name(study, site)[scene]
    tiles = [path for tile in paths_in(found["tiles"]) for path in files_below(tile)]
    return {"tiles": list(dict.fromkeys(tiles)), "cloud_mask": found["cloud_mask"]}


def first_scene(study, site):
    """Name of the scene that defines the grid and the training data; adding a year changes neither."""
    return str(sites(study)[site]["reference_year"])


def first_tiles(wildcards):
    study = wildcards.get("study", "glacier")
    return scenes_by_name(study, wildcards.site)[first_scene(study, wildcards.site)]["tiles"]


def first_tile_files(wildcards):
    """Input files for the tiles of that scene."""
    study = wildcards.get("study", "glacier")
    return scene_files(study, wildcards.site, first_scene(study, wildcards.site))["tiles"]


def scene_batches():
    """Scenes per job, from `scenes_per_job`: a suffix for rule names, the scene names, and the sites with these scenes.

    Outputs of rules contain scene names but must not depend on a site. Therefore a batch is a fixed block of years that
    several sites share, and each batch has its own rules. With one scene per job, the name is the wildcard.
    """
    per_job = config.get("glacier", {}).get("scenes_per_job", 1)
    if per_job == 1:
        return [("", ["{scene}"], "[a-z][a-z0-9_]*")]
    found = {}
    for site in sites("glacier"):
        years = sorted(scene_names("glacier", site), key=int)
        for _, block in groupby(years, lambda year: int(year) // per_job):
            found.setdefault(tuple(block), []).append(site)
    return [("_" + batch_label(scenes), list(scenes), "|".join(names)) for scenes, names in found.items()]


def batch_label(scenes):
    """Short label of the years of a batch: `2016_2019`, or `2016_2018_and_2020` if one is missing; else the wildcard.

    Labels are unique, because they are part of rule names.
    """
    if scenes == ["{scene}"]:
        return "{scene}"
    runs = [
        [year for _, year in run] for _, run in groupby(enumerate(map(int, scenes)), lambda item: item[1] - item[0])
    ]
    return "_and_".join(str(run[0]) if len(run) == 1 else f"{run[0]}_{run[-1]}" for run in runs)


def batch_files(pattern, scenes):
    """Files of the scenes of a batch; other wildcards remain."""
    return [pattern.replace("{scene}", scene) for scene in scenes]


def scenes_of_batch(scenes):
    """Input function: settings of the scenes of a batch."""
    return lambda wildcards: [scenes_by_name("glacier", wildcards.site)[scene.format(**wildcards)] for scene in scenes]


def tiles_of_batch(kind, scenes):
    """Input function: input files of the scenes of a batch, `tiles` or `cloud_mask`."""

    def paths(wildcards):
        found = (scene_files("glacier", wildcards.site, scene.format(**wildcards))[kind] for scene in scenes)
        return list(dict.fromkeys(path for files in found for path in files))

    return paths


def study_settings(wildcards, group, keys):
    """Named settings of a group, for example `patches`, that all sites of a study share."""
    return {key: config[wildcards.study][group][key] for key in keys}


def shown_bands(wildcards):
    """Bands that figures of a site, or of pooled sites, show as red, green and blue."""
    study = wildcards.get("study", "glacier")
    if study != "glacier":
        return ["VV"] * 3 if study == "snow" else ["red", "green", "blue"]
    site = POOLS[study][0] if wildcards.site == POOLED else wildcards.site
    return bands_to_show(sites(study)[site]["bands"], glacier_settings("figures")["rgb"])


def baseline_settings(wildcards):
    """Settings of the baselines of a study with scenes at a site."""
    settings = study_settings(wildcards, "baselines", ("ratio", "forest_trees", "forest_samples"))
    bands = sites(wildcards.study)[wildcards.site]["bands"]
    return settings | {"ratio": ratio_of(bands, settings["ratio"])}


def terrain_channels(wildcards):
    """Raster of additional channels as a list; empty if a site has none."""
    has_terrain = sites(wildcards.study)[wildcards.site]["terrain_bands"]
    return [f"results/{wildcards.study}/{wildcards.site}/terrain.tif"] if has_terrain else []


def labeled_stack(wildcards):
    """Rasters with the channels of the labeled scene."""
    scene = first_scene(wildcards.study, wildcards.site)
    return [f"results/{wildcards.study}/{wildcards.site}/scenes/{scene}.tif", *terrain_channels(wildcards)]


def input_parts(wildcards):
    """Tables of the interpretation of a site's inputs, one per job; joined into `inputs.csv`."""
    study, site = wildcards.study, wildcards.site
    names = (
        ["aoi", *snow_input_parts(site)]
        if study == "snow"
        else [*scene_names(study, site), *glacier_input_parts(wildcards)]
    )
    return expand("results/{study}/{site}/inputs/{name}.csv", study=study, site=site, name=names)


def glacier_input_parts(wildcards):
    """Names of the input tables other than those of scenes; the job that reads an input writes its row."""
    dem = "terrain" if terrain_channels(wildcards) else "elevation" if has_elevation(wildcards.site) else None
    return ["aoi", "outlines", *([dem] if dem else [])]


def aoi_of(wildcards):
    """File of the area of interest as a list; empty if it is the extent of the tiles."""
    path = site_inputs(wildcards.get("study", "glacier"), wildcards.site)["aoi"]
    return [] if path is None else [path]


def aoi_layer(study=None):
    """Parameter function: layer of the user's area of interest; None if it is downloaded, synthetic or not given."""
    return lambda wildcards: sites(study or wildcards.study)[wildcards.site]["aoi_layer"]


def glacier_site(wildcards):
    return site_inputs("glacier", wildcards.site)


def latest_scene(site):
    """Name of the last scene in time."""
    return max(scene_names("glacier", site), key=int)


def has_elevation(site):
    """Whether a glacier site has an elevation model, which flowlines and terminus change need."""
    return site_inputs("glacier", site)["dem"] is not None


def checked_glaciers():
    """Sites with inputs that `check` opens; downloads are checked when they arrive."""
    return [name for name, site in sites("glacier").items() if site["source"] != "archive"]


def checked_tiles(site):
    """Files of all scenes of a glacier site, each once."""
    paths = [
        path
        for scene in scene_names("glacier", site)
        for files in scene_files("glacier", site, scene).values()
        for path in files
    ]
    return list(dict.fromkeys(paths))


def checked_files(site):
    """All files of a glacier site that `check` opens, each once."""
    settings = site_inputs("glacier", site)
    named = [settings["aoi"], settings["outlines"]["path"], settings["dem"]]
    return [*checked_tiles(site), *(path for path in named if isinstance(path, str))]


def checked_scenes(wildcards):
    """Scenes of a glacier site; the first is that of the reference year, which defines the grid."""
    scenes = site_inputs("glacier", wildcards.site)["scenes"]
    first = first_scene("glacier", wildcards.site)
    return sorted(scenes, key=lambda scene: (scene["name"] != first, scene["name"]))


def checked_inputs(wildcards):
    """Inputs of a glacier site other than its scenes."""
    inputs = glacier_site(wildcards)
    return {key: inputs[key] for key in ("aoi", "dem", "crs", "resolution_m")} | {
        "aoi_layer": sites("glacier")[wildcards.site]["aoi_layer"],
        "outlines": inputs["outlines"] | {"year": sites("glacier")[wildcards.site]["reference_year"]},
    }


# results of sites with an elevation model
ELEVATION_RESULTS = """
    glacier_retreat.csv glacier_retreat_rate.csv flowlines.gpkg termini.gpkg area_by_elevation.csv
    glacier_topography.csv glacier_termini.png glacier_terminus_change.png glacier_hypsometry.png
""".split()


def glacier_results():
    """Final tables, figures and maps of the glacier study."""
    pictures = """
        glacier_scenes.png blocks.png patches.png learning_curve.png reliability.png glacier_retreat_graph.png
        glacier_retreat_timelapse.gif glacier_retreat_timelapse.html glacier_gallery.png
    """.split()
    tables = """
        inputs.csv scenes.csv labels.tif glacier_ids.csv model history.csv calibration.json metrics.csv
        reliability.csv block_confusion.csv glacier_area_by_year.csv glacier_area_by_glacier.csv trend.csv
    """.split()
    names = [*tables, *(pictures if glacier_settings("figures").get("each_site") else [])]
    maps = ["scenes/{scene}.tif", "probability/{scene}.tif", "extent/{scene}.tif", "outlines/{scene}.gpkg"]
    summaries = ["skill_summary.csv", "glacier_summary.csv"] if len(sites("glacier")) > 1 else []
    results = [f"results/glacier/{name}" for name in summaries]
    results += expand(
        "resources/glacier/{site}/scenes.csv", site=[name for name in sites("glacier") if is_fetched(name)]
    )
    for site in sites("glacier"):
        truth = ["truth_check.csv", "truth_check.png"] if is_simulated("glacier", site) else []
        by_elevation = ELEVATION_RESULTS if has_elevation(site) else []
        if not glacier_settings("figures")["each_site"]:
            by_elevation = [name for name in by_elevation if not name.endswith(".png")]
        results += expand("results/glacier/{site}/{name}", site=site, name=[*names, *truth, *by_elevation])
        results += expand(f"results/glacier/{site}/{{name}}", name=expand(maps, scene=scene_names("glacier", site)))
    return with_one_network("glacier", results)


def glacier_scene_files(pattern):
    """Input function: files of all scenes of a glacier site, in the order of the configuration."""
    return lambda wildcards: expand(pattern, site=wildcards.site, scene=scene_names("glacier", wildcards.site))


def glacier_gallery_years(wildcards):
    """Year of the outlines and, if there are others, the year farthest from it."""
    reference = sites("glacier")[wildcards.site]["reference_year"]
    others = sorted(int(scene) for scene in scene_names("glacier", wildcards.site) if int(scene) != reference)
    return [reference, *sorted(others, key=lambda year: abs(year - reference))[-1:]]


def glacier_gallery_files(pattern):
    """Input function: files of the years that the gallery shows."""
    return lambda wildcards: expand(pattern, site=wildcards.site, scene=glacier_gallery_years(wildcards))


def glacier_settings(group):
    """Settings of a group of the glacier study; empty if the study is not configured."""
    return config.get("glacier", {}).get(group, {})
