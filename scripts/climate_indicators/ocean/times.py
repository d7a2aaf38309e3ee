"""Months: text such as "2009-01", read from whatever time axis a file has."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cftime
import numpy as np

from climate_indicators.logs import InputError
from climate_indicators.ocean.months import month_text

# cftime refuses months as a unit in most calendars, for their lengths differ; here only their number counts
_MONTHS_SINCE = re.compile(r"\s*months?\s+since\s+(\d+)-(\d+)", re.IGNORECASE)


def months_of(values: np.ndarray, units: str, calendar: str, where: str) -> list[str]:
    """Year and month of every time; the day does not matter.

    Parameters
    ----------
    values : float, shape (times,), as the file holds them.
    units : "days since 1850-01-01", "months since …", "day as %Y%m%d.%f" or any other of CF.
    calendar : of CF: "standard", "noleap", "360_day" …
    where : file and variable, for the message.

    Raises
    ------
    InputError
        If the times cannot be read.
    """
    values = np.asarray(values, "float64")
    if not np.isfinite(values).all():
        raise InputError(f"{where}: {int((~np.isfinite(values)).sum())} of {len(values)} times are missing.")
    if since := _MONTHS_SINCE.match(units):
        start = 12 * int(since[1]) + int(since[2]) - 1
        return [month_text(start + int(np.floor(value))) for value in values]
    if " as %Y%m" in units:
        digits = values // 100 if "%d" in units else values
        return [f"{int(number) // 100:04d}-{int(number) % 100:02d}" for number in digits]
    try:
        dates = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{where}: times in {units!r}, calendar {calendar!r}, cannot be read ({error}). They should be such as "
            "'days since 1850-01-01' in a calendar of CF."
        ) from error
    return [f"{date.year:04d}-{date.month:02d}" for date in np.atleast_1d(dates)]


def calendar_month(month: str) -> int:
    """1 to 12 of "YYYY-MM"."""
    return int(month[-2:])


def listed(months: Sequence[str], most: int = 4) -> str:
    """Months for a message: the first few, and how many more."""
    more = len(months) - most
    return ", ".join(months[:most]) + (f" and {more} more" if more > 0 else "")
