# Where a site's inputs come from. Later rules ask `site_inputs` and do not see the source.
from climate_indicators.simulation.dates import date_of_year

SIMULATED = "resources/glacier/{site}/"
TRUTH = SIMULATED + "truth/"


def simulated_years(site):
    world = sites("glacier")[site]["simulate"]
    return range(world["first_year"], world["last_year"] + 1)


def site_inputs(study, site):
    """Scenes (name, date, tiles, cloud mask), area of interest, outlines and grid settings of a site."""
    settings = sites(study)[site]
    if settings["source"] == "simulate":
        folder = SIMULATED.format(site=site)
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
        "crs": settings["crs"],
        "resolution_m": settings["resolution_m"],
    }


def scene_of(wildcards):
    return next(
        scene for scene in site_inputs(wildcards.study, wildcards.site)["scenes"] if scene["name"] == wildcards.scene
    )


def scene_names(study, site):
    return [scene["name"] for scene in site_inputs(study, site)["scenes"]]


def aoi_of(wildcards):
    """The area of interest's file as a list: empty where it is the extent of the tiles."""
    path = site_inputs(wildcards.get("study", "glacier"), wildcards.site)["aoi"]
    return [] if path is None else [path]


for _site, _settings in sites("glacier").items():
    if _settings["source"] == "simulate":

        rule:
            name:
                f"simulate_glacier_{_site}"
            output:
                tiles=[
                    f"{SIMULATED.format(site=_site)}tiles/{year}_{side}.tif"
                    for year in simulated_years(_site)
                    for side in ("west", "east")
                ],
                clouds=[f"{SIMULATED.format(site=_site)}clouds/{year}.tif" for year in simulated_years(_site)],
                aoi=SIMULATED.format(site=_site) + "aoi.gpkg",
                outlines=SIMULATED.format(site=_site) + "outlines.gpkg",
                dem=SIMULATED.format(site=_site) + "dem.tif",
                truth_extents=[f"{TRUTH.format(site=_site)}extent/{year}.tif" for year in simulated_years(_site)],
                truth_areas=TRUTH.format(site=_site) + "areas.csv",
                forcing=TRUTH.format(site=_site) + "forcing.csv",
            log:
                f"logs/glacier/{_site}/simulate_glacier.log",
            conda:
                "../envs/raster.yaml"
            resources:
                mem_mb=2000,
            params:
                code=code("inputs/simulate_glacier.py"),
                world=_settings["simulate"] | {"reference_year": _settings["reference_year"]},
            script:
                "../scripts/inputs/simulate_glacier.py"
