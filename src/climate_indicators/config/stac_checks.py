"""Which settings of an archive go together; standard library only, since they are checked before any job."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import CLASSES, OPTICAL, OTHER, RADAR, find_catalogue

NO_EFFECT = ("scenes", "band_names", "simulate")
# a leap year: every day of the calendar is one of its days
_LEAP = 2000


def archive_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """Problems of a site whose images come from an archive, one line each."""
    for key in NO_EFFECT:
        if site.get(key):
            yield f"{path}.{key}: has no effect with source: archive; remove it, or set source: files."
    if not site["outlines"]:
        yield f"{path}.outlines: missing; source: archive needs the outlines of the reference year."
    elif site["aoi"] is None and not site["outlines"]["archive"]:
        yield f"{path}.aoi: missing; without it only outlines of an inventory (outlines.archive) tell the area."
    settings = site["archive"]
    if settings is None or None in (settings["first_year"], settings["last_year"]):
        yield f"{path}.archive: missing; source: archive needs it, at least first_year and last_year."
        return
    yield from _year_problems(path, site, settings)
    for key in ("season_first", "season_last"):
        try:
            datetime.date.fromisoformat(f"{_LEAP}-{settings[key]}")
        except ValueError as error:
            yield f"{path}.archive.{key}: found {settings[key]}, which is no day of the calendar ({error})."
    if 0 not in settings["masked"]:
        yield f"{path}.archive.masked: 0, the class without data, must be one of them."
    yield from _catalogue_problems(path, site["bands"], settings)


def snow_archive_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """Problems of a snow site whose scenes come from archives, one line each."""
    if not site["aoi"]:
        yield f"{path}.aoi: missing; source: archive needs an area of interest."
    settings = site["archive"]
    if settings is None or None in (settings["first_year"], settings["last_year"]):
        yield f"{path}.archive: missing; source: archive needs it, at least first_year and last_year."
        return
    if settings["first_year"] > settings["last_year"]:
        first, last = settings["first_year"], settings["last_year"]
        yield f"{path}.archive.first_year: found {first}, later than last_year ({last}); exchange them."
    elif not archive_years(settings):
        yield f"{path}.archive.skip_years: all years are left out; keep one."
    if 0 not in settings["masked"]:
        yield f"{path}.archive.masked: 0, the class without data, must be one of them."
    for sensor, prefix in ((OPTICAL, ""), (RADAR, "radar_")):
        options = {key: settings[f"{prefix}{key}"] for key in ("endpoint", "collection", "assets", "tokens")}
        try:
            find_catalogue(settings[f"{prefix}catalogue"], sensor, **options)
        except InputError as error:
            yield f"{path}.archive.{prefix}catalogue: {error}"


def archive_years(settings: Mapping[str, Any]) -> list[int]:
    """Years of a site's images."""
    years = range(settings["first_year"], settings["last_year"] + 1)
    return [year for year in years if year not in settings["skip_years"]]


def season_days(year: int, first: str, last: str) -> tuple[str, str]:
    """First and last day of a season, ISO; one over new year ends in ``year``.

    Parameters
    ----------
    first, last : ``MM-DD``. In a year without a 29 February it is the 28th.

    Raises
    ------
    InputError
        If one is no day of the calendar.
    """
    begins = year - 1 if first > last else year
    return _season_day(begins, "season_first", first), _season_day(year, "season_last", last)


def _season_day(year: int, key: str, day: str) -> str:
    try:
        datetime.date.fromisoformat(f"{_LEAP}-{day}")
    except ValueError as error:
        raise InputError(f"archive.{key}: found {day}, which is no day of the calendar ({error}).") from error
    return f"{year}-02-28" if day == "02-29" and not calendar.isleap(year) else f"{year}-{day}"


def _year_problems(path: str, site: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    first, last = settings["first_year"], settings["last_year"]
    years = archive_years(settings)
    if first > last:
        yield f"{path}.archive.first_year: found {first}, later than last_year ({last}); exchange them."
    elif not years:
        yield f"{path}.archive.skip_years: all years from {first} to {last} are left out; keep one."
    elif site["reference_year"] not in years:
        yield (
            f"{path}.reference_year: found {site['reference_year']}, but the archive's years are "
            f"{', '.join(map(str, years))}; choose one of them, the one that the outlines show best."
        )


def _catalogue_problems(path: str, bands: list[str], settings: Mapping[str, Any]) -> Iterator[str]:
    options = {key: settings[key] for key in ("endpoint", "collection", "assets", "tokens")}
    try:
        catalogue = find_catalogue(settings["catalogue"], OPTICAL, **options)
    except InputError as error:
        yield f"{path}.archive.catalogue: {error}"
        return
    unknown = [band for band in (*bands, CLASSES) if band not in catalogue.assets]
    if settings["catalogue"] != OTHER and unknown:
        known = [band for band in catalogue.assets if band != CLASSES]
        yield (
            f"{path}.bands: found {', '.join(unknown)}; {settings['catalogue']} has {', '.join(known)}. Take bands of "
            f"that list, or name their assets in {path}.archive.assets."
        )
