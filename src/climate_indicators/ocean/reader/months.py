"""Months as text such as "2009-01", and parts, runs of months that one job works on; standard library only."""

from __future__ import annotations

import re

from climate_indicators.core.errors import InputError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_range(first: str, last: str) -> list[str]:
    """All months from ``first`` to ``last``, both "YYYY-MM" and both included.

    Raises
    ------
    InputError
        If one is not of that form, or the last lies before the first.
    """
    for name, month in (("first_month", first), ("last_month", last)):
        if not _MONTH.fullmatch(str(month)):
            raise InputError(f"{name} is {month!r}; it must be a year and a month, such as '2009-01'.")
    start, end = month_number(first), month_number(last)
    if end < start:
        raise InputError(f"last_month {last} lies before first_month {first}.")
    return [month_text(number) for number in range(start, end + 1)]


def parts(first: str, last: str, months_per_part: int) -> list[str]:
    """Parts that cover all months: ``200901-200912``; the last one may be shorter."""
    months = month_range(first, last)
    runs = [months[start : start + months_per_part] for start in range(0, len(months), months_per_part)]
    return ["-".join(month.replace("-", "") for month in (run[0], run[-1])) for run in runs]


def months_of_part(part: str) -> list[str]:
    """Months of a part such as ``200901-200912``."""
    first, last = (f"{text[:4]}-{text[4:]}" for text in part.split("-"))
    return month_range(first, last)


def month_number(month: str) -> int:
    """Months since January of the year 0."""
    return 12 * int(month[:4]) + int(month[5:]) - 1


def month_text(number: int) -> str:
    """The month of a number of `month_number`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
