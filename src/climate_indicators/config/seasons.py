"""Years and seasons of a site's downloaded images; standard library only."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Mapping
from typing import Any

from climate_indicators.core.errors import InputError

# a leap year has every day of the calendar
_LEAP = 2000


def archive_years(archive: Mapping[str, Any]) -> list[int]:
    """Years of a site's images: ``first_year`` to ``last_year`` without ``skip_years``."""
    years = range(archive["first_year"], archive["last_year"] + 1)
    return [year for year in years if year not in archive["skip_years"]]


def check_day(day: str) -> None:
    """Raise a ValueError if ``MM-DD`` is no day of the calendar."""
    datetime.date.fromisoformat(f"{_LEAP}-{day}")


def season_days(year: int, first: str, last: str) -> tuple[str, str]:
    """First and last day of a season, ISO; a season that includes the new year ends in ``year``.

    Parameters
    ----------
    first, last : ``MM-DD``. 02-29 is 02-28 in a year without this day.

    Raises
    ------
    InputError
        If one is no day of the calendar.
    """
    begins = year - 1 if first > last else year
    return _season_day(begins, "season_first", first), _season_day(year, "season_last", last)


def _season_day(year: int, key: str, day: str) -> str:
    try:
        check_day(day)
    except ValueError as error:
        raise InputError(f"archive.{key}: found {day}, which is no day of the calendar ({error}).") from error
    return f"{year}-02-28" if day == "02-29" and not calendar.isleap(year) else f"{year}-{day}"
