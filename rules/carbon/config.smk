# Functions that read the configuration of the carbon study.
from climate_indicators.carbon.images.filenames import list_images

CARBON_MODELS = {"imagenet": "resources/models/resnet50_notop.h5"}


# settings used by each source of labels
CARBON_RULES = {"hsv": ("hue", "min_saturation", "min_value"), "excess_green": ("min_index",), "ndvi": ("min_index",)}


def carbon_settings(group):
    """Settings of a group of the carbon study; empty if the study is not configured."""
    return config.get("carbon", {}).get(group, {})


def carbon_site(key):
    """Input function: one setting of a carbon site."""
    return lambda wildcards: sites("carbon")[wildcards.site][key]


def carbon_folder(key):
    """Input function: folder of a site's images or masks; None if there are no masks."""

    def path(wildcards):
        if is_simulated("carbon", wildcards.site):
            return f"resources/carbon/{wildcards.site}/{key}"
        return data_path(sites("carbon")[wildcards.site][key])

    return path


def carbon_files(key):
    """Input function: a site's images or masks as inputs: the files or, for a synthetic site, their folder."""

    def paths(wildcards):
        folder = carbon_folder(key)(wildcards)
        if folder is None or is_simulated("carbon", wildcards.site):
            return [folder] if folder else []
        return [literal(str(Path(folder) / name)) for name in list_images(folder)]

    return paths


def carbon_dates(wildcards):
    """Settings for the dates of a site's images; synthetic images have dates in their names."""
    if is_simulated("carbon", wildcards.site):
        return {"pattern": r"_(?P<year>\d{4})-(?P<month>\d{2})", "table": None}
    dates = sites("carbon")[wildcards.site]["dates"]
    return dates and dates | {"table": data_path(dates["table"])}


def carbon_dates_table(wildcards):
    """The user's table of dates as a list."""
    dates = carbon_dates(wildcards)
    return [dates["table"]] if dates and dates["table"] else []


def carbon_place_pattern(wildcards):
    if is_simulated("carbon", wildcards.site):
        return "^(?P<place>[a-z0-9]+)_"
    return sites("carbon")[wildcards.site]["place_pattern"]


def carbon_reading(wildcards):
    """Settings for the pixel values of a site's images."""
    site = sites("carbon")[wildcards.site]
    return {key: site[key] for key in ("bands", "full_scale", "nodata")} | {
        "black_is_missing": config["carbon"]["images"]["black_is_missing"]
    }


def carbon_mask_values(wildcards):
    """Meaning of the values in a site's masks."""
    return {key: sites("carbon")[wildcards.site][key] for key in ("vegetation_values", "unknown_values")}


def carbon_pixel_area(wildcards):
    site = sites("carbon")[wildcards.site]
    return site["simulate"]["pixel_area_m2"] if is_simulated("carbon", wildcards.site) else site["pixel_area_m2"]


def carbon_ground_truth(wildcards):
    """Measured carbon of a site: path and columns; None if there is none."""
    if is_simulated("carbon", wildcards.site):
        path = f"resources/carbon/{wildcards.site}/ground_truth.csv"
        return {"path": path, "image": "image", "carbon": "carbon_kg", "unit": "kg"}
    truth = sites("carbon")[wildcards.site]["ground_truth"]
    return truth and truth | {"path": data_path(truth["path"])}


def carbon_image_settings(*keys):
    """Settings of a group of images that all sites share."""
    return {key: carbon_settings("images").get(key) for key in keys}


def carbon_labels(*keys):
    """Source of the labels and its settings."""
    return {key: carbon_settings("labels").get(key) for key in ("source", *keys)}


def encoder_weights(wildcards):
    """File of the initial encoder weights, as a list; empty for random weights."""
    name = config[wildcards.study]["network"].get("encoder_weights", "none")
    if name == "none":
        return []
    return [CARBON_MODELS.get(name) or data_path(name)]


def carbon_series(wildcards):
    """Path and format of the table of carbon values of a site."""
    site = sites("carbon")[wildcards.site]
    if site["source"] == "table":
        return {key: site[key] for key in ("value", "date", "place", "quantity", "unit")} | {
            "table": data_path(site["table"])
        }
    dated = carbon_dates(wildcards) is not None
    return {
        "table": f"results/carbon/{wildcards.site}/CO2_seq.csv",
        "value": "carbon_whole_kg" if dated else "carbon_kg",
        "date": "date" if dated else None,
        "place": "place" if dated else None,
        "quantity": "carbon per image",
        "unit": "kg",
    }


def carbon_table(wildcards):
    return carbon_series(wildcards)["table"]


def carbon_of_images(name):
    """Input function: a result of a site with images, as a list; empty for a table of values."""

    def path(wildcards):
        from_images = sites("carbon")[wildcards.site]["source"] != "table"
        return [f"results/carbon/{wildcards.site}/{name}"] if from_images else []

    return path


def carbon_series_key(key):
    """Input function: format of the table of carbon values."""
    return lambda wildcards: carbon_series(wildcards)[key]


def carbon_results():
    """Final tables and figures of the carbon study."""
    series = ["trend_analysis.csv", "carbon_series.png", "forecast.csv", "forecast_skill.csv", "carbon_forecast.png"]
    images = """
        images.csv duplicates.csv rejected.csv patches.png augmentation.png model training_metrics.csv
        learning_curve.png calibration.json metrics.csv reliability.csv reliability.png block_confusion.csv
        image_metrics.csv protocol.csv vegetation.csv masks CO2_seq.csv carbon_total.csv carbon_gallery.png
    """.split()
    comparison = ["measurements.csv", "carbon_comparison.csv", "comparison_skill.csv", "carbon_comparison.png"]
    truth = ["truth_check.csv", "truth_check.png"]
    results = []
    for site, settings in sites("carbon").items():
        names = series if settings["source"] == "table" else [*images, *series]
        if settings["source"] == "simulate" or settings["ground_truth"]:
            names = [*names, *comparison]
        names = [*names, *truth] if settings["source"] == "simulate" else names
        results += expand("results/carbon/{site}/{name}", site=site, name=names)
    return with_one_network("carbon", results)
