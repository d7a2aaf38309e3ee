"""The time axis of a variable: which month each of its places belongs to, and by which rule."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.time_axis import INSTANT, is_time_unit, month_places, months_at, places_of_text

TIMES = ("time", "time_counter", "ocean_time", "t", "month", "months", "record")
# how far a time stamp is from the middle of its month, in months
_TO_MIDDLE = {"start": 0.5, "middle": 0.0, "end": -0.5}
_BOUNDS = ("time_bnds", "time_bounds", "bounds_time", "time_bound", "bnds_time", "time_edges")
# "about a month", in months: a file may count from the first day of a month to the last
_MONTH_LONG = (0.85, 1.2)
_CLOSE = 0.02
# parts of a month between which a stamp marks neither its start nor its end
_INSIDE = (0.25, 0.75)
# bounds at least this long, in months, are those of mean months of several years
_YEARS = 11


@dataclass(frozen=True)
class TimeAxis:
    """Months along a dimension of time.

    Attributes
    ----------
    dim : name of the dimension, None if the variable has none.
    months : of each place along it: "YYYY-MM", or "01" to "12" where the file knows no years; () without time.
    rule : how the months were found, for the table of inputs.
    warnings : what in it may be wrong, and how to set it right.
    of_series : the same, but only in a series of years, not in a climatology.
    """

    dim: Hashable | None = None
    months: tuple[str, ...] = ()
    rule: str = "no time"
    warnings: tuple[str, ...] = ()
    of_series: tuple[str, ...] = ()


def find_time_axis(
    dataset: xr.Dataset, variable: xr.DataArray, configured: str | None, time_stamp: str | None, where: str
) -> TimeAxis:
    """Time axis of a variable.

    A month is that of the middle of the time's bounds, if they contain the time stamp and are about a month long; else
    that of the time stamp. Bounds of many years, as those of mean months of many years, say nothing about the month.

    Parameters
    ----------
    dataset : the file.
    variable : the field.
    configured : name of the variable of time, None to look for it.
    time_stamp : "start", "middle" or "end" for what the time stamps mark; None for what the file says.
    where : file and variable, for messages.

    Raises
    ------
    InputError
        If the times are not understood.
    """
    if configured and configured in dataset.variables:
        axis = dataset[configured]
        dim = axis.dims[0] if axis.ndim == 1 else configured
        return _axis(dataset, axis, dim, time_stamp, where) if dim in variable.dims else TimeAxis()
    for dim in variable.dims:
        along = [dataset[name] for name, values in dataset.variables.items() if values.dims == (dim,)]
        along.sort(key=lambda axis: axis.name != dim)
        if dated := [axis for axis in along if is_time_unit(axis.attrs.get("units", ""))]:
            return _axis(dataset, dated[0], dim, time_stamp, where)
        if str(dim).lower() not in TIMES:
            continue
        if usable := [axis for axis in along if axis.dtype.kind in "SUO" or axis.name == dim]:
            return _axis(dataset, usable[0], dim, time_stamp, where)
        if variable.sizes[dim] > 1:
            raise InputError(
                f"{where}: the dimension {dim!r} of length {variable.sizes[dim]} has no values; its times are needed, "
                "such as 'days since 1850-01-01', or months 1 to 12. Name them under coordinates.time of this site."
            )
    return TimeAxis()


def _axis(dataset: xr.Dataset, axis: xr.DataArray, dim: Hashable, time_stamp: str | None, where: str) -> TimeAxis:
    where = f"{where}, {axis.name}"
    values = np.atleast_1d(axis.values)
    if not values.size:
        raise InputError(f"{where}: there are no times, the dimension has the length 0. Write the file again.")
    units = str(axis.attrs.get("units", ""))
    if values.dtype.kind in "SUO":
        stamps, certain = places_of_text(values.tolist(), where), False
    elif is_time_unit(units):
        stamps = month_places(values, units, _calendar(axis), where)
        lower = units.lower()
        certain = lower.lstrip().startswith("month") or (" as %y%m" in lower and "%d" not in lower)
    else:
        return TimeAxis(dim, _calendar_months(values, where), "months 1 to 12")
    if not np.isfinite(stamps).all():
        raise InputError(f"{where}: {int((~np.isfinite(stamps)).sum())} of {len(stamps)} times are missing.")
    name, middles, unusable, of_series = _middles(dataset, axis, stamps, where)
    if time_stamp:
        _check_stamps(stamps, time_stamp, where)
        months = months_at(stamps + _TO_MIDDLE[time_stamp])
        warnings = []
        if middles is not None and months_at(middles) != months:
            warnings.append(
                f"the months by coordinates.time_stamp: {time_stamp} are others than those by the bounds {name}; the "
                "setting counts."
            )
        return TimeAxis(dim, tuple(months), f"time stamp at the {time_stamp} of the month, as set", tuple(warnings))
    if middles is not None:
        return TimeAxis(dim, tuple(months_at(middles)), f"middle of the bounds {name}")
    warnings = [unusable] if unusable else []
    if not certain and (np.abs(stamps - np.round(stamps)) < INSTANT).all():
        warnings.append(
            "all time stamps are the first instant of a month, and no bounds say whether that month begins or the "
            "month before ends; they are interpreted as its start. If they mark the end, set coordinates.time_stamp: "
            "end, else start, which ends this warning."
        )
    series = (of_series,) if of_series else ()
    return TimeAxis(dim, tuple(months_at(stamps)), "month that holds the time stamp", tuple(warnings), series)


def _check_stamps(stamps: np.ndarray, time_stamp: str, where: str) -> None:
    """Reject a setting that the stamps contradict: it would move every month."""
    parts = (stamps + INSTANT) % 1
    inside = (parts > _INSIDE[0]) & (parts < _INSIDE[1])
    if time_stamp != "middle" and inside.any():
        raise InputError(
            f"{where}: {int(inside.sum())} of {len(stamps)} time stamps lie well inside a month, not at its "
            f"{time_stamp}, as coordinates.time_stamp says. Set it to middle, or leave it out."
        )


def _calendar(axis: xr.DataArray, otherwise: str = "standard") -> str:
    return str(axis.attrs.get("calendar", otherwise))


def _calendar_months(values: np.ndarray, where: str) -> tuple[str, ...]:
    if not np.isin(values, np.arange(1, 13)).all():
        raise InputError(
            f"{where} has no units such as 'days since 1850-01-01', and its values ({values[0]:g} …) are not months 1 "
            "to 12. Give it such units."
        )
    return tuple(f"{int(value):02d}" for value in values)


def _middles(
    dataset: xr.Dataset, axis: xr.DataArray, stamps: np.ndarray, where: str
) -> tuple[str, np.ndarray | None, str, str]:
    """Name of the bounds, the center of each pair (None without usable bounds), and the reason if they are unusable.

    The last two: in any case, and in a series of years only.
    """
    bounds = _bounds_of(dataset, axis)
    if bounds is None:
        return "", None, "", ""
    # CF lets bounds go without units and calendar; those of the time then count
    units = next((text for one in (bounds, axis) if is_time_unit(text := str(one.attrs.get("units", "")))), None)
    if units is None:
        return str(bounds.name), None, "", ""
    calendar = _calendar(bounds, _calendar(axis))
    pairs = np.sort(month_places(bounds.values, units, calendar, f"{where}, {bounds.name}"), axis=1)
    if not np.isfinite(pairs).any():
        return str(bounds.name), None, "", ""
    length = pairs[:, 1] - pairs[:, 0]
    about_a_month = (length > _MONTH_LONG[0]) & (length < _MONTH_LONG[1])
    contained = (pairs[:, 0] - _CLOSE <= stamps) & (stamps <= pairs[:, 1] + _CLOSE)
    if (about_a_month & contained).all():
        return str(bounds.name), pairs.mean(axis=1), "", ""
    reason = "do not contain the time stamps" if about_a_month.all() else "are not about a month long"
    text = f"the bounds {bounds.name} {reason} and are not used; each month is that of its time stamp."
    inside, years = _agreement(pairs, stamps)
    return str(bounds.name), None, "" if inside or years else text, text if years else ""


def _agreement(pairs: np.ndarray, stamps: np.ndarray) -> tuple[bool, bool]:
    """Whether bounds that are no months lead to the same months as the stamps: each within its month, or over years.

    Within are those of a mean of five-day fields; over years, from one month to the same one, those of the mean months
    of many years.
    """
    ends = stamps + INSTANT, pairs[:, 0] + INSTANT, pairs[:, 1] - INSTANT
    months, first, last = (np.floor(places).astype("int64") for places in ends)
    years = (pairs[:, 1] - pairs[:, 0] >= _YEARS) & ((first - months) % 12 == 0) & ((last - months) % 12 == 0)
    return bool(((first == months) & (last == months)).all()), bool(years.all())


def _bounds_of(dataset: xr.Dataset, axis: xr.DataArray) -> xr.DataArray | None:
    """Bounds of a time: those that it names, else those of a usual name."""
    named = [axis.attrs.get(key, axis.encoding.get(key)) for key in ("bounds", "climatology")]
    lower = str(axis.name).lower()
    usual = {*_BOUNDS, *(f"{lower}_{end}" for end in ("bnds", "bounds", "bound", "edges")), f"bounds_{lower}"}
    candidates = [name for name in named if name in dataset.variables]
    candidates += [name for name in dataset.variables if str(name).lower() in usual]
    for name in candidates:
        if dataset[name].shape == (axis.size, 2) and dataset[name].dtype.kind in "fiu":
            return dataset[name]
    return None
