# Downloads: functions that read their configuration, the list of downloads, and the setting `offline`.
# Timeouts and retries are not parameters of rules, because they change no result and must not invalidate results.
# Scripts read them from the configuration.
from climate_indicators.core.addresses import as_list, in_folders
from climate_indicators.core.glacier_identifiers import region_file, region_of

# cached by URL and digest, shared by all sites; not declared as output, so that Snakemake does not delete unfinished
# files
DOWNLOAD_CACHE = "resources/archive"
# files made by download rules, with descriptions; `fetch_all` makes them, and with `offline` all must exist
DOWNLOADS = {}


def online(pattern):
    """Wildcard pattern of a download rule; matches nothing if `offline`, so that no job uses the network."""
    return "(?!)" if config["offline"] else pattern


def missing_files():
    """Descriptions of downloads that do not exist yet, one per line."""
    return [f"- {path}: {words}" for path, words in DOWNLOADS.items() if not Path(with_module_prefix(path)).exists()]


def fetched_weather_sites():
    """Snow sites whose weather comes from an archive."""
    return [name for name, site in sites("snow").items() if isinstance(site["weather"], dict)]


def weather_variables():
    """Daily variables that the climate analyses and the wetness of snow use."""
    return list(dict.fromkeys([*snow_settings("climate").get("variables", []), "temperature_2m_max"]))


def weather_aoi(wildcards):
    """File of the area that has the place of the weather at its center, as a list; empty if the place is given."""
    weather = sites("snow")[wildcards.site]["weather"]
    return snow_aoi(wildcards) if None in (weather["latitude"], weather["longitude"]) else []


def fetched_outline_sites(*inventories):
    """Glacier sites with outlines from one of these inventories."""
    found = {name: site["outlines"] for name, site in sites("glacier").items() if site["outlines"]}
    return [name for name, outlines in found.items() if outlines["archive"] in inventories]


def inventory_region(site):
    """Region of the Randolph Glacier Inventory that contains a site, two digits."""
    outlines = sites("glacier")[site]["outlines"]
    return f"{outlines['region'] or region_of(outlines['archive'], outlines['ids']):02d}"


def inventory_file(site):
    """Inventory file with the outlines of a site: the user's copy or a download."""
    outlines = sites("glacier")[site]["outlines"]
    if outlines["file"]:
        return data_path(outlines["file"])
    if outlines["archive"] == "glims":
        return f"resources/glacier/{site}/archive/glims.geojson"
    return f"{DOWNLOAD_CACHE}/outlines/{outlines['archive']}_{inventory_region(site)}.zip"


def outlines_aoi(wildcards):
    """The user's area of interest as a list; empty if it is made from the outlines."""
    path = sites("glacier")[wildcards.site]["aoi"]
    return [] if path is None else [data_path(path)]


def inventory_addresses(wildcards):
    """URLs of the file of a region, in the order in which they are tried."""
    return in_folders(config["archives"][wildcards.inventory], region_file(wildcards.inventory, int(wildcards.region)))


def inventory_sha256(wildcards):
    return config["archives"]["sha256"].get(region_file(wildcards.inventory, int(wildcards.region)))


def ocean_download(wildcards):
    """URLs and digest of a file of an ocean data set."""
    downloads = sites("ocean")[wildcards.site]["downloads"]
    return next(one for one in downloads if download_name(one) == wildcards.name)


def archive_settings(wildcards):
    return sites("glacier")[wildcards.site]["archive"]


def snow_archive(wildcards):
    return sites("snow")[wildcards.site]["archive"]


def snow_catalog(wildcards, prefix=""):
    """Catalog of the optical scenes or, with the prefix `radar_`, of the radar scenes."""
    settings = snow_archive(wildcards)
    keys = ("endpoint", "collection", "assets", "tokens")
    return {"name": settings[f"{prefix}catalog"], **{key: settings[f"{prefix}{key}"] for key in keys}}


def glacier_catalog(wildcards):
    """Catalog of the scenes of a glacier site."""
    keys = ("endpoint", "collection", "assets", "tokens")
    settings = archive_settings(wildcards)
    return {"name": settings["catalog"], **{key: settings[key] for key in keys}}


def glacier_image_wanted(wildcards):
    """Selection criteria of the annual image of a glacier site."""
    keys = ("max_cloud", "min_valid", "tolerance", "composite", "composite_scenes", "masked", "offset_applied")
    settings = archive_settings(wildcards)
    return {
        "bands": sites("glacier")[wildcards.site]["bands"],
        "take_best": settings["missing_years"] == "best",
        **{key: settings[key] for key in keys},
    }


def snow_catalogs(wildcards):
    """Catalogs of the scenes of a snow site by sensor."""
    return {"optical": snow_catalog(wildcards), "radar": snow_catalog(wildcards, "radar_")}


def snow_archive_grid(wildcards):
    """Grid of a snow site's scenes."""
    return {"resolution": snow_archive(wildcards)["resolution_m"], "crs": snow_archive(wildcards)["crs"]}


def snow_images_wanted(wildcards):
    """Selection criteria of the optical scenes of a snow site."""
    keys = ("max_cloud", "min_valid", "masked", "offset_applied")
    return {"bands": ["B02", "B03", "B04", "B08", "B11"], **{key: snow_archive(wildcards)[key] for key in keys}}


def archive_images():
    """Study, site and year of all images from archives."""
    return [
        (study, name, year)
        for study in ("glacier", "snow")
        for name, site in sites(study).items()
        if site["source"] == "archive"
        for year in archive_years(site["archive"])
    ]


for _site in fetched_weather_sites():
    DOWNLOADS[f"resources/snow/{_site}/weather.csv"] = f"daily weather of snow site '{_site}' from Open-Meteo's archive"
for _site in fetched_outline_sites("rgi6", "rgi7", "glims"):
    if not sites("glacier")[_site]["outlines"]["file"]:
        _name = sites("glacier")[_site]["outlines"]["archive"]
        DOWNLOADS[inventory_file(_site)] = f"outlines of {_name} for glacier site '{_site}'"
for _site, _settings in sites("ocean").items():
    for _one in _settings["downloads"]:
        _name = download_name(_one)
        DOWNLOADS[f"resources/ocean/{_site}/files/{_name}"] = f"file {_name} of ocean data set '{_site}'"
if config.get("carbon", {}).get("network", {}).get("encoder_weights") == "imagenet":
    DOWNLOADS["resources/models/resnet50_notop.h5"] = "ImageNet weights of ResNet-50, for the carbon study"
for _kind in SNOW_MODELS:
    _name = snow_settings("foundation").get(_kind)
    if _name not in (None, "demo") and not is_own_folder(_name):
        DOWNLOADS[f"resources/models/{_name}"] = f"preset {_name} of keras-hub, for the snow study"
for _study, _file in (("glacier", "{year}.tif"), ("snow", "{year}")):
    for _site, _settings in sites(_study).items():
        if _settings["source"] == "archive":
            for _year in archive_years(_settings["archive"]):
                _name = _file.format(year=_year)
                DOWNLOADS[f"resources/{_study}/{_site}/archive/{_name}"] = (
                    f"images of {_year} for {_study} site '{_site}'"
                )
