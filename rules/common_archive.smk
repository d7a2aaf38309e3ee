# What is fetched from the network: look-ups in its settings, the list of it, and the switch that forbids it.
# How patiently one asks is no parameter of any rule: it changes no result, and so must make none stale. Scripts take it
# from the configuration.
from climate_indicators.core.addresses import as_list, in_folders
from climate_indicators.core.glacier_identifiers import region_file, region_of

# kept by address and digest, shared by all sites; undeclared, so that no rule removes what it did not finish
KEPT = "resources/archive"
# files that fetching rules make, and in words what each is; `fetch_all` makes them, and offline all must be there
FETCHED = {}


def online(pattern):
    """Pattern of a wildcard of a fetching rule; offline one that nothing matches, so that no job reaches out."""
    return "(?!)" if config["offline"] else pattern


def missing_files():
    """Lines for people of files that are fetched and are not there."""
    return [f"- {path}: {words}" for path, words in FETCHED.items() if not Path(with_module_prefix(path)).exists()]


def pattern_of(names):
    """Pattern of a wildcard that has one of these names; one that nothing matches if there are none."""
    return "|".join(names) or "(?!)"


def fetched_weather_sites():
    """Snow sites whose weather comes from an archive."""
    return [name for name, site in sites("snow").items() if isinstance(site["weather"], dict)]


def weather_variables():
    """Daily variables that the climate part and the regimes of snow read."""
    return list(dict.fromkeys([*snow_settings("climate").get("variables", []), "temperature_2m_max"]))


def weather_aoi(wildcards):
    """The area whose middle is the place of the weather, as a list: empty where the place is given."""
    weather = sites("snow")[wildcards.site]["weather"]
    return snow_aoi(wildcards) if None in (weather["latitude"], weather["longitude"]) else []


def fetched_outline_sites(*inventories):
    """Glacier sites whose outlines come from one of these inventories."""
    found = {name: site["outlines"] for name, site in sites("glacier").items() if site["outlines"]}
    return [name for name, outlines in found.items() if outlines["archive"] in inventories]


def inventory_region(site):
    """Region of the Randolph Glacier Inventory that a site lies in, two digits."""
    outlines = sites("glacier")[site]["outlines"]
    return f"{outlines['region'] or region_of(outlines['archive'], outlines['ids']):02d}"


def inventory_file(site):
    """The inventory's file that a site's outlines are chosen from: the user's copy, or one that is fetched."""
    outlines = sites("glacier")[site]["outlines"]
    if outlines["file"]:
        return data_path(outlines["file"])
    if outlines["archive"] == "glims":
        return f"resources/glacier/{site}/archive/glims.geojson"
    return f"{KEPT}/outlines/{outlines['archive']}_{inventory_region(site)}.zip"


def outlines_aoi(wildcards):
    """The user's area of interest as a list: empty where it is made from the outlines."""
    path = sites("glacier")[wildcards.site]["aoi"]
    return [] if path is None else [data_path(path)]


def inventory_addresses(wildcards):
    """Addresses of the file of a region, in the order in which they are tried."""
    return in_folders(config["archives"][wildcards.inventory], region_file(wildcards.inventory, int(wildcards.region)))


def inventory_sha256(wildcards):
    return config["archives"]["sha256"].get(region_file(wildcards.inventory, int(wildcards.region)))


def ocean_download(wildcards):
    """Addresses and digest of a file of an ocean data set."""
    downloads = sites("ocean")[wildcards.site]["downloads"]
    return next(one for one in downloads if download_name(one) == wildcards.name)


def archive_sites(study):
    """Sites of a study whose scenes come from an archive, as a pattern of the wildcard."""
    return pattern_of(name for name, site in sites(study).items() if site["source"] == "archive")


def archive_settings(wildcards):
    return sites("glacier")[wildcards.site]["archive"]


def snow_archive(wildcards):
    return sites("snow")[wildcards.site]["archive"]


def snow_catalogue(wildcards, prefix=""):
    """Catalogue of the optical scenes, or with the prefix `radar_` of the radar scenes."""
    settings = snow_archive(wildcards)
    keys = ("endpoint", "collection", "assets", "tokens")
    return {"name": settings[f"{prefix}catalogue"], **{key: settings[f"{prefix}{key}"] for key in keys}}


def glacier_catalogue(wildcards):
    """Catalogue of a glacier site's scenes."""
    keys = ("endpoint", "collection", "assets", "tokens")
    settings = archive_settings(wildcards)
    return {"name": settings["catalogue"], **{key: settings[key] for key in keys}}


def glacier_image_wanted(wildcards):
    """What is wanted of a glacier site's yearly image."""
    keys = ("max_cloud", "min_valid", "tolerance", "composite", "composite_scenes", "masked", "offset_applied")
    settings = archive_settings(wildcards)
    return {
        "bands": sites("glacier")[wildcards.site]["bands"],
        "take_best": settings["missing_years"] == "best",
        **{key: settings[key] for key in keys},
    }


def snow_catalogues(wildcards):
    """Catalogues of a snow site's scenes by sensor."""
    return {"optical": snow_catalogue(wildcards), "radar": snow_catalogue(wildcards, "radar_")}


def snow_archive_grid(wildcards):
    """Grid of a snow site's scenes."""
    return {"resolution": snow_archive(wildcards)["resolution_m"], "crs": snow_archive(wildcards)["crs"]}


def snow_images_wanted(wildcards):
    """What is wanted of a snow site's optical scenes."""
    keys = ("max_cloud", "min_valid", "masked", "offset_applied")
    return {"bands": ["B02", "B03", "B04", "B08", "B11"], **{key: snow_archive(wildcards)[key] for key in keys}}


def archive_images():
    """Study, site and year of all images that come from archives."""
    return [
        (study, name, year)
        for study in ("glacier", "snow")
        for name, site in sites(study).items()
        if site["source"] == "archive"
        for year in archive_years(site["archive"])
    ]


for _site in fetched_weather_sites():
    FETCHED[f"resources/snow/{_site}/weather.csv"] = f"daily weather of snow site '{_site}' from Open-Meteo's archive"
for _site in fetched_outline_sites("rgi6", "rgi7", "glims"):
    if not sites("glacier")[_site]["outlines"]["file"]:
        _name = sites("glacier")[_site]["outlines"]["archive"]
        FETCHED[inventory_file(_site)] = f"outlines of {_name} for glacier site '{_site}'"
for _site, _settings in sites("ocean").items():
    for _one in _settings["downloads"]:
        _name = download_name(_one)
        FETCHED[f"resources/ocean/{_site}/files/{_name}"] = f"file {_name} of ocean data set '{_site}'"
if config.get("carbon", {}).get("network", {}).get("encoder_weights") == "imagenet":
    FETCHED["resources/models/resnet50_notop.h5"] = "ImageNet weights of ResNet-50, for the carbon study"
for _kind in SNOW_MODELS:
    _name = snow_settings("foundation").get(_kind)
    if _name not in (None, "demo") and not is_own_folder(_name):
        FETCHED[f"resources/models/{_name}"] = f"preset {_name} of keras-hub, for the snow study"
for _study, _file in (("glacier", "{year}.tif"), ("snow", "{year}")):
    for _site, _settings in sites(_study).items():
        if _settings["source"] == "archive":
            for _year in archive_years(_settings["archive"]):
                _name = _file.format(year=_year)
                FETCHED[f"resources/{_study}/{_site}/archive/{_name}"] = (
                    f"images of {_year} for {_study} site '{_site}'"
                )
