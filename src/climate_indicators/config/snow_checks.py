"""Which settings of the snow study go together: rules that span several keys."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from climate_indicators.config.download_checks import aoi_problems, weather_problems
from climate_indicators.config.segmentation_checks import (
    not_multiple,
    pool_problems,
    share_problems,
    warmup_problems,
    window_problems,
)
from climate_indicators.config.stac_checks import snow_archive_problems
from climate_indicators.core.scene_paths import repeated, scene_paths

NEEDED = {"table": ("table",), "series": ("snow", "weather")}
FROM_FILES = ("scenes_table", "scenes", "aoi", "aoi_layer", "mixed_orbits", "radar_bands", "optical_bands")
# sources that may have a file of weather, and name columns of it
WITH_WEATHER = ("series", "files", "archive")


def snow_problems(study: Mapping[str, Any]) -> Iterator[str]:
    """Problems of the snow study's settings, one line each."""
    for name, site in study["sites"].items():
        yield from _site_problems(f"snow.sites.{name}", site, study)
    yield from _study_problems(study)


def _study_problems(study: Mapping[str, Any]) -> Iterator[str]:
    triplets = study["triplets"]
    yield from not_multiple("snow.triplets.size_px", triplets["size_px"], study["network"])
    yield from share_problems("snow.triplets", triplets)
    yield from window_problems("snow", study["prediction"], study["network"])
    yield from warmup_problems("snow", study["training"])
    yield from pool_problems("snow", study)
    if triplets["min_snow"] >= triplets["max_snow"]:
        yield (
            f"snow.triplets.min_snow: found {triplets['min_snow']:g}, not less than max_snow "
            f"({triplets['max_snow']:g}); no triplet could be kept."
        )
    width = study["radar"]["filter_px"]
    if width % 2 == 0:
        yield f"snow.radar.filter_px: found {width}; a window has a middle, so make it odd, {width - 1} or {width + 1}."


def _site_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    source = site["source"]
    for other, keys in NEEDED.items():
        for key in keys:
            if other == source and not site[key]:
                yield f"{path}.{key}: missing; source: {source} needs it."
            if other != source and site[key] and not (key == "weather" and source in WITH_WEATHER):
                yield f"{path}.{key}: has no effect with source: {source}; remove it, or set source: {other}."
    if source != "files":
        for key in FROM_FILES:
            if site[key] and not (key in ("aoi", "aoi_layer") and source == "archive"):
                yield f"{path}.{key}: has no effect with source: {source}; remove it, or set source: files."
    else:
        yield from _files_problems(path, site)
    yield from weather_problems(path, site)
    yield from aoi_problems(path, site)
    if source == "archive":
        yield from snow_archive_problems(path, site)
    elif site["archive"] is not None:
        yield f"{path}.archive: has no effect with source: {source}; remove it, or set source: archive."
    if source != "simulate" and "simulate" in site:
        yield f"{path}.simulate: has no effect with source: {source}; remove it, or set source: simulate."
    radar_series = source in NEEDED or study["cover"]["source"] == "radar"
    if site["measure"] == "corrected_fraction" and not radar_series:
        yield f"{path}.measure: found corrected_fraction, which only radar maps have; set snow.cover.source: radar."
    known = {"date", "place", site["measure"], *study["climate"]["variables"]}
    for key in site["columns"]:
        if key not in known:
            yield f"{path}.columns.{key}: no such column is used; those that are: {', '.join(sorted(known))}."


def _files_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    if bool(site["scenes"]) == bool(site["scenes_table"]):
        found = "both are given" if site["scenes"] else "neither is given"
        yield f"{path}.scenes: {found}; source: files needs either scenes_table, a CSV, or scenes, a list."
    for sensor in ("radar", "optical"):
        if site["scenes"] and sensor not in {scene["sensor"] for scene in site["scenes"]}:
            yield f"{path}.scenes: no {sensor} scene; radar is learnt from optical masks, so name some of each."
    for position, scene in enumerate(site["scenes"]):
        place, other = f"{path}.scenes[{position}]", "optical" if scene["sensor"] == "radar" else "radar"
        key = "cloud_mask" if scene["sensor"] == "radar" else "orbit"
        if scene[key] is not None:
            yield f"{place}.{key}: has no effect with sensor: {scene['sensor']}; remove it, or set sensor: {other}."
        try:
            datetime.date.fromisoformat(scene["date"])
        except ValueError as error:
            yield f"{place}.date: found {scene['date']}, which is no day of the calendar ({error})."
    yield from repeated(scene_paths(f"{path}.scenes", site["scenes"], "path", "cloud_mask"))
