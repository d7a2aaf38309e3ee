"""Where the surface is along a dimension of depth."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.time_coordinates import TIMES

_ROMS = ("s_rho", "s_w", "sc_r", "cs_r")
_TERRAIN_FOLLOWING = ("ocean_s_coordinate", "ocean_sigma_coordinate")
_LEVELS = ("depth deptht depthu depthv depthw lev level olevel nav_lev z z_t z_l zl st_ocean sigma layer").split()
_LEVELS += ["gdept_1d", "gdept_0"]
# variables or attributes that only the model ROMS writes
_ROMS_MARKS = ("cs_w", "sc_w", "s_w", "hc", "theta_s", "theta_b", "vtransform", "vstretching")
# share of the points by which the surface must have more water than the bottom to be known by it
_MORE_WATER = 0.01
# depth in meters of the uppermost level from which it is no surface
_DEEP_M = 100.0
_IN_METERS = {"m": 1.0, "metres": 1.0, "meters": 1.0, "meter": 1.0, "cm": 0.01, "centimeters": 0.01, "km": 1e3}
DEEP = "no surface"
BY_WATER = "which has more water than the other end"


def is_level(dataset: xr.Dataset, dim: Hashable) -> bool:
    """Whether a dimension is one of depth, by its name or the attributes of its variable."""
    if str(dim).lower() in (*_LEVELS, *_ROMS):
        return True
    return dim in dataset.variables and _is_vertical(dataset[dim])


def _is_vertical(axis: xr.DataArray) -> bool:
    attrs = axis.attrs
    standard = str(attrs.get("standard_name", ""))
    return (
        attrs.get("axis") == "Z"
        or "positive" in attrs
        or "depth" in standard
        or standard.startswith(_TERRAIN_FOLLOWING)
    )


def surface_place(
    dataset: xr.Dataset, variable: xr.DataArray, dim: Hashable, configured: str | None, where: str
) -> tuple[int, str]:
    """Index of the surface along a non-horizontal dimension, and how it was determined.

    By the setting; else by the level nearest to zero among the values along the dimension; else, in a file of ROMS, the
    last, since ROMS counts from the bottom; else the end with more water, since the deep ocean has fewer points.

    Parameters
    ----------
    dataset : the file.
    variable : the field.
    dim : one of its dimensions.
    configured : "first" or "last" for where the surface is along levels; None for what the file says.
    where : file and variable, for messages.

    Raises
    ------
    InputError
        If the dimension is none of depth or time, or nothing says which of its ends is the surface.
    """
    size = variable.sizes[dim]
    if size == 1:
        return 0, "single level"
    if not is_level(dataset, dim):
        what = "a second one of time" if str(dim).lower() in TIMES else "neither time nor depth nor one of the map"
        raise InputError(
            f"{where}: the dimension {dim!r} of length {size} is {what}. "
            f"Extract one of its indices into a separate file, for instance with ncks -d {dim},0."
        )
    if configured:
        return (0 if configured == "first" else size - 1), f"{configured} of {size} levels, as set"
    if (axis := _values_along(dataset, dim)) is not None:
        place = _nearest_to_surface(axis)
        depth = abs(float(axis.values[place]))
        is_deep = depth * _IN_METERS.get(str(axis.attrs.get("units", "")).strip().lower(), 0.0) > _DEEP_M
        return place, f"level {place + 1} of {size}, {axis.name} = {depth:.4g}{f', {DEEP}' if is_deep else ''}"
    if str(dim).lower() in _ROMS and _is_roms(dataset):
        return size - 1, f"last of {size} levels, as in all files of ROMS"
    place = _end_with_more_water(variable, dim)
    if place is None:
        raise InputError(
            f"{where}: nothing in the file says whether the first or the last of the {size} places along {dim!r} is "
            "the surface: the dimension has no values, and both ends have as much water. Set coordinates.surface of "
            "this site to first or last (ROMS has it last, most other models first)."
        )
    return place, f"{'last' if place else 'first'} of {size} levels, {BY_WATER}"


def _values_along(dataset: xr.Dataset, dim: Hashable) -> xr.DataArray | None:
    """Numbers of the levels along a dimension: its own variable, else another one of depth, such as ``Cs_r``."""
    along = [
        dataset[name]
        for name, values in dataset.variables.items()
        if values.dims == (dim,) and values.dtype.kind in "fiu" and (name == dim or is_level(dataset, name))
    ]
    # level numbers are less reliable than depths
    along.sort(key=lambda axis: ("positive" not in axis.attrs and "units" not in axis.attrs, axis.name != dim))
    usable = [axis for axis in along if np.isfinite(axis.values).all() and np.ptp(axis.values) > 0]
    return usable[0] if usable else None


def _nearest_to_surface(axis: xr.DataArray) -> int:
    values = np.asarray(axis.values, "float64")
    # terrain-following coordinates run from −1 at the bottom to 0; other numbers are ROMS's count from the bottom
    is_roms = str(axis.name).lower() in _ROMS or str(axis.attrs.get("standard_name", "")).startswith(_TERRAIN_FOLLOWING)
    is_counted_up = axis.attrs.get("positive") == "up" and (values >= 0).all()
    if is_counted_up or (is_roms and not ((values >= -1) & (values <= 0)).all()):
        return int(np.argmax(values))
    return int(np.argmin(np.abs(values)))


def _is_roms(dataset: xr.Dataset) -> bool:
    names = {str(name).lower() for name in (*dataset.variables, *dataset.attrs)}
    described = " ".join(str(dataset.attrs.get(key, "")) for key in ("type", "title", "source", "history"))
    return bool(names & set(_ROMS_MARKS)) or "ROMS" in described


def _end_with_more_water(variable: xr.DataArray, dim: Hashable) -> int | None:
    """First or last place along a dimension, whichever has clearly more points that are not 0; None if neither."""
    others = {other: 0 for other in variable.dims if other != dim and str(other).lower() in TIMES}
    ends = variable.isel(others)
    water = [np.asarray(ends.isel({dim: place}).values, "float64") for place in (0, variable.sizes[dim] - 1)]
    first, last = (int((np.isfinite(field) & (field != 0) & (np.abs(field) < 1e15)).sum()) for field in water)
    if np.array_equal(*water, equal_nan=True):
        return 0
    if abs(first - last) <= _MORE_WATER * water[0].size:
        return None
    return 0 if first > last else variable.sizes[dim] - 1
