"""Which settings of the carbon study go together: rules that span several keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from climate_indicators.config.segmentation_checks import pool_problems, share_problems

STRIDE = 32
RESNET50_WIDTH = 64
FROM_FILES = (
    "images", "masks", "dates", "place_pattern", "ground_truth", "pixel_area_m2", "full_scale", "nodata",
    "vegetation_values", "unknown_values",
)  # fmt: skip
NEEDED_BANDS = {
    "hsv": ("red", "green", "blue"),
    "excess_green": ("red", "green", "blue"),
    "ndvi": ("red", "near_infrared"),
}


def carbon_problems(study: Mapping[str, Any]) -> Iterator[str]:
    """Problems of the carbon study's settings, one line each."""
    yield from _image_problems(study["images"])
    yield from _training_problems(study)
    yield from pool_problems("carbon", study, ("band_names",))
    low, high = study["labels"]["hue"]
    if low > high:
        yield f"carbon.labels.hue: found {low:g} to {high:g}; the lower one comes first."
    if study["factors"]["carbon_fraction"]["value"] > 1:
        found = study["factors"]["carbon_fraction"]["value"]
        yield f"carbon.factors.carbon_fraction.value: found {found:g}; a share is at most 1."
    for name, site in study["sites"].items():
        yield from _site_problems(f"carbon.sites.{name}", site, study)


def _image_problems(images: Mapping[str, Any]) -> Iterator[str]:
    size = images["size_px"]
    if size % STRIDE:
        lower = size - size % STRIDE
        yield (
            f"carbon.images.size_px: {size} is not a multiple of {STRIDE}, the network's stride. Nearest: {lower} or "
            f"{lower + STRIDE}."
        )
    yield from share_problems("carbon.images", images)


def _training_problems(study: Mapping[str, Any]) -> Iterator[str]:
    training, network = study["training"], study["network"]
    for key in ("warmup_epochs", "frozen_epochs"):
        if training[key] >= training["epochs"]:
            yield (
                f"carbon.training.{key}: found {training[key]}, but training has {training['epochs']} epochs in all; "
                "make it smaller."
            )
    if network["encoder_weights"] == "none":
        if training["frozen_epochs"]:
            yield (
                f"carbon.training.frozen_epochs: found {training['frozen_epochs']}, but network.encoder_weights is "
                "none: an encoder that has learnt nothing must not be frozen. Set it to 0, or name weights."
            )
    elif network["width"] != RESNET50_WIDTH:
        yield (
            f"carbon.network.width: found {network['width']}; the weights '{network['encoder_weights']}' are those of "
            f"a ResNet-50 of width {RESNET50_WIDTH}. Set it to {RESNET50_WIDTH}, or encoder_weights to none."
        )


def _site_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    source = site["source"]
    if source != "simulate" and "simulate" in site:
        yield f"{path}.simulate: has no effect with source: {source}; remove it, or set source: simulate."
    if source == "table":
        if not site["table"]:
            yield f"{path}.table: missing; source: table needs it."
        yield from _without_effect(path, site, FROM_FILES)
        return
    if site["table"]:
        yield f"{path}.table: has no effect with source: {source}; remove it, or set source: table."
    if source == "simulate":
        yield from _without_effect(path, site, FROM_FILES)
    else:
        yield from _files_problems(path, site, study["labels"])
    yield from _band_problems(path, site, study)


def _without_effect(path: str, site: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        if site[key] is not None:
            yield f"{path}.{key}: has no effect with source: {site['source']}; remove it, or set source: files."


def _files_problems(path: str, site: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[str]:
    if not site["images"]:
        yield f"{path}.images: missing; source: files needs the folder of the images."
    if labels["source"] == "masks" and not site["masks"]:
        yield (
            f"{path}.masks: missing; carbon.labels.source is masks. Name their folder, or let labels come from hsv, "
            "excess_green or ndvi."
        )
    if labels["source"] != "masks" and site["masks"]:
        yield f"{path}.masks: has no effect with carbon.labels.source: {labels['source']}; remove one of the two."
    yield from _mask_value_problems(path, site, labels)
    dates = site["dates"]
    if dates and bool(dates["pattern"]) == bool(dates["table"]):
        yield f"{path}.dates: needs either a pattern or a table."
    if dates and dates["pattern"]:
        yield from _pattern_problems(f"{path}.dates.pattern", dates["pattern"], ("year", "month"))
    if site["place_pattern"]:
        yield from _pattern_problems(f"{path}.place_pattern", site["place_pattern"], ("place",))


def _mask_value_problems(path: str, site: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[str]:
    vegetation, unknown = site["vegetation_values"] or [], site["unknown_values"] or []
    for key in ("vegetation_values", "unknown_values"):
        if site[key] and labels["source"] != "masks":
            yield f"{path}.{key}: has no effect with carbon.labels.source: {labels['source']}; remove it."
    both = ", ".join(f"{value:g}" for value in vegetation if value in unknown)
    if both:
        yield f"{path}.unknown_values: {both} is also in vegetation_values; a number has one meaning."


def _pattern_problems(path: str, pattern: str, groups: tuple[str, ...]) -> Iterator[str]:
    try:
        found = re.compile(pattern).groupindex
    except re.error as error:
        yield f"{path}: {pattern!r} is no regular expression ({error})."
        return
    for group in groups:
        if group not in found:
            yield f"{path}: {pattern!r} has no group named {group}; write it as (?P<{group}>…)."


def _band_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    bands, names = site["bands"], site["band_names"]
    if len(bands) != len(names):
        yield f"{path}.band_names: found {len(names)} names for {len(bands)} bands; name each band."
    if site["source"] == "simulate" and (bands != [1, 2, 3] or names != ["red", "green", "blue"]):
        yield f"{path}.bands: simulated images have the bands 1, 2, 3: red, green, blue; remove bands and band_names."
    if study["network"]["encoder_weights"] != "none" and len(bands) != 3:
        yield (
            f"{path}.bands: found {len(bands)}; the weights '{study['network']['encoder_weights']}' are for three "
            "bands. Name three, or set carbon.network.encoder_weights to none."
        )
    if study["network"]["encoder_weights"] != "none" and len(bands) == 3 and names != ["red", "green", "blue"]:
        yield (
            f"{path}.band_names: found {', '.join(names)}; the weights '{study['network']['encoder_weights']}' are for "
            "red, green, blue in this order. List bands and names so, such as bands: [3, 2, 1]."
        )
    needed = ("red", "green", "blue", *NEEDED_BANDS.get(study["labels"]["source"], ()))
    missing = [name for name in dict.fromkeys(needed) if name not in names]
    if missing:
        yield (
            f"{path}.band_names: {', '.join(missing)} missing; figures, and labels from {study['labels']['source']}, "
            "need the bands of these names."
        )
