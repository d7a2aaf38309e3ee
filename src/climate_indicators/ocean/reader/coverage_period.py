"""The months that a study of a data set covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.months import month_range
from climate_indicators.ocean.reader.sources import MONTHLY, Source
from climate_indicators.ocean.reader.time_axis import listed

# a climatology belongs to no year; without one in the config it is written with this one
_NOMINAL_YEAR = 2001


def study_months(settings: Mapping[str, Any], sources: Mapping[str, Source]) -> list[str]:
    """Months from ``first_month`` to ``last_month``, or those that all variables have; checked to be there.

    Raises
    ------
    InputError
        If a variable lacks one, or the files have no years and ``climatology`` is not set.
    """
    first, last = settings.get("first_month"), settings.get("last_month")
    monthly = [source for source in sources.values() if source.cadence == MONTHLY]
    if settings.get("climatology"):
        months = month_range(first or f"{_NOMINAL_YEAR}-01", last or f"{(first or str(_NOMINAL_YEAR))[:4]}-12")
        if len({month[:4] for month in months}) > 1:
            raise InputError(
                f"climatology: true, but first_month {months[0]} and last_month {months[-1]} lie in different years. A "
                "climatology has twelve months; repeated over years it would look like a series without a trend."
            )
    elif not monthly:
        raise InputError(
            f"{sources['sst'].layouts[0].where}: the files know months or no time at all, but no year. Set "
            "climatology: true for this site if they are the mean months of many years."
        )
    else:
        known = [sorted(source.places) for source in monthly]
        months = month_range(first or max(keys[0] for keys in known), last or min(keys[-1] for keys in known))
    for source in sources.values():
        _check_months(source, months)
    return months


def _check_months(source: Source, months: Sequence[str]) -> None:
    missing = [month for month in months if source.key(month) not in source.places]
    if not missing:
        return
    keys = sorted(source.places)
    span = f"{keys[0]} to {keys[-1]} ({len(keys)} months)"
    name = f"variables.{source.quantity} ({source.layouts[0].where})"
    hint = _hint(source)
    if len(missing) == len(months):
        raise InputError(
            f"{name}: no time lies in {months[0]} to {months[-1]} (first_month, last_month of this site); there is "
            f"{span}.{hint}"
        )
    raise InputError(
        f"{name}: no field for {listed(missing)}; there is {span}. Add the file that has it to files, or move "
        f"first_month or last_month of this site.{hint}"
    )


def _hint(source: Source) -> str:
    """That all months may be one late, where the time stamps leave it open."""
    if not any("coordinates.time_stamp: end" in warning for layout in source.layouts for warning in layout.warnings):
        return ""
    return (
        " All time stamps are the first instant of a month: if they mark the end of the month before, set "
        "coordinates.time_stamp: end."
    )
