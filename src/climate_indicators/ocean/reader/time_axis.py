"""Months as text such as "2009-01", read from any time axis."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cftime
import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.months import month_text

# cftime refuses months as a unit in most calendars, for their lengths differ; here only their number counts
_MONTHS_SINCE = re.compile(r"\s*months?\s+since\s+(\d+)-(\d+)(?:-(\d+))?", re.IGNORECASE)
# "01-JAN-1982", as Ferret writes the day from which it counts
_NAMED_MONTH = re.compile(r"(\d{1,2})[-\s]([A-Za-z]{3})[A-Za-z]*[-\s](\d{4})")
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_TEXT = re.compile(r"\s*(\d{4})-?(\d{2})(?:-?(\d{2})(?:[T_ ](\d{2}):?(\d{2})(?::?(\d{2}(?:\.\d*)?))?)?)?Z?\s*")
_DAYS = 30.0
# months of the years 0 to 9999
_END = 120_000
# times closer than this, in months, are the same instant: a quarter of a second
INSTANT = 1e-7


def is_time_unit(units: object) -> bool:
    """Whether an attribute ``units`` is one of time: "days since …" or "day as %Y%m%d.%f"."""
    text = str(units).lower()
    return " since " in text or " as %y%m" in text


def month_places(values: np.ndarray, units: str, calendar: str, where: str) -> np.ndarray:
    """Times as months since January of the year 0 with the part of the month that has passed, in any calendar.

    2009-01-16 12:00 is 12 · 2009 + 0.5. Such numbers can be compared between calendars and units.

    Parameters
    ----------
    values : float, any shape, as the file holds them.
    units : "days since 1850-01-01", "months since …", "day as %Y%m%d.%f" or any other of CF.
    calendar : of CF: "standard", "noleap", "360_day" …
    where : file and variable, for the message.

    Returns
    -------
    float64, same shape; NaN where a value is missing.

    Raises
    ------
    InputError
        If the times cannot be read.
    """
    values = np.asarray(values, "float64")
    places = np.full(values.shape, np.nan)
    known = np.isfinite(values)
    if since := _MONTHS_SINCE.match(units):
        start = 12 * int(since[1]) + int(since[2]) - 1 + (int(since[3] or 1) - 1) / _DAYS
        places[known] = start + values[known]
    elif " as %y%m" in units.lower():
        places[known] = [_place_of_digits(value, "%d" in units.lower()) for value in values[known]]
    elif known.any():
        places[known] = _places_of_dates(values[known], units, calendar, where)
    if (outside := (places < 0) | (places >= _END)).any():
        raise InputError(
            f"{where}: {int(outside.sum())} times, in {units!r}, lie outside the years 0 to 9999; the first is "
            f"{values[outside][0]:g}. Correct the times or their units."
        )
    return places


def _places_of_dates(values: np.ndarray, units: str, calendar: str, where: str) -> list[float]:
    try:
        plain = _NAMED_MONTH.sub(_plain_date, units)
        dates = cftime.num2date(values, plain, calendar, only_use_cftime_datetimes=True)
    except (ValueError, OverflowError, TypeError, KeyError) as error:
        raise InputError(
            f"{where}: times in {units!r}, calendar {calendar!r}, cannot be read ({error}). They should be such as "
            "'days since 1850-01-01' in a calendar of CF."
        ) from error
    return [_place(date) for date in dates]


def _place(date: cftime.datetime) -> float:
    seconds = 3600 * date.hour + 60 * date.minute + date.second + date.microsecond / 1e6
    return 12 * date.year + date.month - 1 + (date.day - 1 + seconds / 86400) / date.daysinmonth


def _plain_date(match: re.Match) -> str:
    day, name, year = match.groups()
    return (
        f"{year}-{_MONTH_NAMES.index(name.lower()) + 1:02d}-{int(day):02d}"
        if name.lower() in _MONTH_NAMES
        else match[0]
    )


def _place_of_digits(value: float, has_day: bool) -> float:
    month, day = divmod(value, 100) if has_day else (value, 1.0)
    return 12 * (int(month) // 100) + int(month) % 100 - 1 + (day - 1) / 31


def places_of_text(texts: Sequence[str | bytes], where: str) -> np.ndarray:
    """`month_places` of dates as text: "2009-01", "20090116", "2009-01-16T12:00:00", "2009-01-16_12:00:00".

    Raises
    ------
    InputError
        If one of them is no such date.
    """
    places = []
    for text in texts:
        plain = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        found = _TEXT.fullmatch(plain.strip("\0"))
        if not found or not 1 <= int(found[2]) <= 12:
            raise InputError(
                f"{where}: the time {plain!r} is text, and no date such as '2009-01-16' or '2009-01-16T12:00'. Write "
                "times as numbers, such as 'days since 1850-01-01'."
            )
        year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
        seconds = 3600 * int(found[4] or 0) + 60 * int(found[5] or 0) + float(found[6] or 0)
        places.append(12 * year + month - 1 + (day - 1 + seconds / 86400) / 31)
    return np.array(places, "float64")


def months_at(places: np.ndarray) -> list[str]:
    """Months "YYYY-MM" of `month_places`, none missing."""
    # seconds lost to rounding must not move the first instant of a month into the month before
    return [month_text(int(np.floor(place + INSTANT))) for place in places]


def calendar_month(month: str) -> int:
    """1 to 12 of "YYYY-MM"."""
    return int(month[-2:])


def listed(months: Sequence[str], most: int = 4) -> str:
    """Months for a message: the first few, and how many more."""
    more = len(months) - most
    return ", ".join(months[:most]) + (f" and {more} more" if more > 0 else "")
