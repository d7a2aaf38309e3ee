"""Which settings of what is fetched go together; standard library only, since they are checked before any job."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.core.glacier_identifiers import GLIMS_ID, region_of

OF_PATH, OF_ARCHIVE = ("id_field", "where"), ("ids", "region", "file")


def outline_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """Problems of a glacier site's outlines, one line each."""
    outlines = site["outlines"]
    if not outlines:
        return
    here, archive = f"{path}.outlines", outlines["archive"]
    if bool(outlines["path"]) == bool(archive):
        found = "both are given" if archive else "neither is given"
        yield f"{here}: path and archive: {found}; name a file (path) or an inventory (archive)."
        return
    for key in OF_PATH if archive else OF_ARCHIVE:
        if outlines[key]:
            yield f"{here}.{key}: has no effect with {'archive' if archive else 'path'}; remove it."
    if not archive:
        return
    if outlines["layer"] and not outlines["file"]:
        yield f"{here}.layer: has no effect without path or file; remove it."
    if not outlines["ids"] and site["aoi"] is None:
        yield f"{here}.ids: empty, and {path}.aoi is null; name glaciers, or an area whose glaciers are taken."
    fetched = archive in ("rgi6", "rgi7") and not outlines["file"]
    if fetched and not outlines["ids"] and outlines["region"] is None:
        yield f"{here}.region: missing; without ids the region tells which file of {archive} is fetched."
    if outlines["region"] is not None and (archive == "glims" or outlines["ids"]):
        yield f"{here}.region: has no effect with {'archive: glims' if archive == 'glims' else 'ids'}; remove it."
    yield from _id_problems(here, outlines)


def aoi_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """A layer of an area of interest that is not given."""
    if site["aoi_layer"] and site["aoi"] is None:
        yield f"{path}.aoi_layer: has no effect without {path}.aoi; remove it, or name the file of the area."


def _id_problems(here: str, outlines: Mapping[str, Any]) -> Iterator[str]:
    """Identifiers that are none of the inventory, or of several regions."""
    if outlines["archive"] == "glims":
        for one in outlines["ids"]:
            if GLIMS_ID.fullmatch(one) is None:
                yield f"{here}.ids: '{one}' is no identifier of GLIMS; they are such as G079064E30878N."
    elif outlines["ids"]:
        try:
            region_of(outlines["archive"], outlines["ids"])
        except InputError as error:
            yield f"{here}.ids: {error}"


def weather_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """Problems of a snow site's weather that is fetched, one line each."""
    weather = site["weather"]
    if not isinstance(weather, Mapping):
        return
    here = f"{path}.weather"
    days = {}
    for key in ("first", "last"):
        try:
            days[key] = datetime.date.fromisoformat(weather[key])
        except ValueError as error:
            yield f"{here}.{key}: found {weather[key]}, which is no day of the calendar ({error})."
    if len(days) == 2 and days["first"] > days["last"]:
        yield f"{here}.first: found {weather['first']}, later than last ({weather['last']}); exchange them."
    if None in (weather["latitude"], weather["longitude"]) and site["aoi"] is None:
        yield f"{here}.latitude, longitude: missing, and {path}.aoi is null, whose middle they would be; add them."
    if site["columns"]:
        yield f"{path}.columns: has no effect with weather that is fetched; remove it."
