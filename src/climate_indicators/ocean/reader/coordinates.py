"""Latitudes and longitudes of a data set, with any names and order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.time_coordinates import TIMES

_NAMES = {
    "lat": ("lat", "latitude", "nav_lat", "gphit", "tlat", "ylat", "geolat", "geolat_t", "lat_rho", "lats"),
    "lon": ("lon", "longitude", "nav_lon", "glamt", "tlong", "tlon", "xlon", "geolon", "geolon_t", "lon_rho", "lons"),
}
_STANDARD = {"lat": "latitude", "lon": "longitude"}
_UNITS = {
    "lat": ("degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"),
    "lon": ("degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"),
}
# axes of MOM6 and its relatives, true on a grid of latitude and longitude only
_NOMINAL = ("xh", "yh", "xq", "yq", "xt_ocean", "yt_ocean", "grid_xt", "grid_yt", "grid_x_t", "grid_y_t")
# points closer than this, in degrees, are the same point stored twice
_SAME = 1e-3
# times that a bent grid has one place, at most
_MAX_TIMES = 4
# places looked at that may fill areas
_FILLS = 10
# width of a point by its bounds, in spacings of the points
_WIDTHS = (0.75, 1.33)


@dataclass(frozen=True)
class Grid:
    """Positions of the points of a data set.

    Attributes
    ----------
    lat, lon : float64, shape (y, x), degrees, longitudes in −180 to 180 (180 excluded); may be NaN on land.
    rectilinear : latitude depends on the row alone, longitude on the column alone.
    lat_bounds, lon_bounds : float64, shape (y, 2) and (x, 2), borders of the points as the file gives them, or None.
    unusable_bounds : names of bounds in the file that cannot be the borders of these points.
    """

    lat: np.ndarray
    lon: np.ndarray
    rectilinear: bool
    lat_bounds: np.ndarray | None = None
    lon_bounds: np.ndarray | None = None
    unusable_bounds: tuple[str, ...] = ()


def wrap_longitude(lon: np.ndarray) -> np.ndarray:
    """Longitudes of any convention in −180 to 180 degrees east, 180 excluded."""
    wrapped = (np.asarray(lon, "float64") + 180) % 360 - 180
    return np.where(wrapped >= 180, -180.0, wrapped)


def find_coordinates(
    dataset: xr.Dataset,
    variable: xr.DataArray | None,
    configured: Mapping[str, str | None],
    like: xr.DataArray | None = None,
) -> tuple[xr.DataArray, xr.DataArray] | None:
    """Latitude and longitude of a variable, or None if the file has none for it.

    By the configured names; else those that the variable's attribute ``coordinates`` names, then any whose standard
    name, units or name say so; of several the ones with two dimensions, then those along the variable's dimensions (a
    staggered grid has others for other places in its cells), then those of a usual name.

    Parameters
    ----------
    dataset : the file.
    variable : the field; None if it lies in another file.
    configured : names by "lat" and "lon", None if not configured.
    like : the field in another file for which positions are looked for in this one.

    Returns
    -------
    Two arrays with one dimension each (rectilinear) or with the same two.

    Raises
    ------
    InputError
        If positions change with time.
    """
    field = like if variable is None else variable
    listed = str(_listed_coordinates(field)).split()
    found = []
    for axis in ("lat", "lon"):
        if name := configured.get(axis):
            candidates = [name] if name in dataset.variables else []
        else:
            candidates = [name for name, values in dataset.variables.items() if _is_axis(axis, name, values)]
        arrays = [_on_map(dataset[name], field) for name in candidates]
        # corners of points have a dimension more
        fitting = [
            array for array in arrays if array.ndim <= 2 and (variable is None or set(array.dims) <= set(variable.dims))
        ]
        if not fitting:
            return None
        along = set() if field is None else set(field.dims)
        fitting.sort(
            key=lambda array: (
                array.name not in listed,
                -array.ndim,
                not set(array.dims) <= along,
                str(array.name).lower() not in _NAMES[axis],
            )
        )
        found.append(fitting[0])
    lat, lon = found
    if lat.ndim == 2 and set(lat.dims) == set(lon.dims):
        return lat, lon.transpose(*lat.dims)
    return (lat, lon) if lat.ndim == lon.ndim == 1 else None


def is_nominal(axis: xr.DataArray) -> bool:
    """Whether a one-dimensional coordinate only names the rows or columns of a bent grid, as MOM6 writes them."""
    said = f"{axis.attrs.get('long_name', '')} {axis.attrs.get('comment', '')}".lower()
    return axis.ndim == 1 and ("nominal" in said or str(axis.name).lower() in _NOMINAL)


def _listed_coordinates(variable: xr.DataArray | None) -> object:
    if variable is None:
        return ""
    return variable.encoding.get("coordinates", variable.attrs.get("coordinates", ""))


def _is_axis(axis: str, name: Hashable, values: xr.Variable) -> bool:
    """Whether a variable is a latitude (axis "lat") or a longitude ("lon")."""
    if values.ndim == 0 or values.dtype.kind not in "fiu":
        return False
    standard = str(values.attrs.get("standard_name", "")).lower()
    if standard:
        return standard == _STANDARD[axis]
    units = str(values.attrs.get("units", "")).lower().replace(" ", "_")
    return str(name).lower() in _NAMES[axis] or units in _UNITS[axis]


def _on_map(array: xr.DataArray, field: xr.DataArray | None) -> xr.DataArray:
    """Without dimensions of length 1 and without time, as long as more than two are there: ``nav_lat(time, y, x)``."""
    if array.ndim <= 2:
        return array
    single = [dim for dim in array.dims if array.sizes[dim] == 1]
    array = array.squeeze(single[: array.ndim - 2], drop=True)
    times = [dim for dim in array.dims if str(dim).lower() in TIMES or str(dim).lower() == "ntime"]
    for dim in times[: max(0, array.ndim - 2)]:
        first, last = (array.isel({dim: place}, drop=True) for place in (0, -1))
        if not np.allclose(first.values, last.values, atol=_SAME, equal_nan=True):
            raise InputError(
                f"{array.name}: the positions of the points change along {dim!r}; the study needs a grid that does not "
                "move. Regrid the files, for instance with cdo remapcon."
            )
        array = first
    return array


def make_grid(lat: xr.DataArray, lon: xr.DataArray, dataset: xr.Dataset, where: str) -> Grid:
    """Grid from the result of `find_coordinates`.

    Raises
    ------
    InputError
        If both are given along one and the same dimension: an unstructured grid.
    """
    lat_values, lon_values = _degrees(lat), _degrees(lon)
    if lat.ndim == 2:
        product = _is_product(lat, lon)
        lat_values, lon_values = _without_fill(lat_values, lon_values)
        return Grid(lat_values, wrap_longitude(lon_values), product)
    if lat.dims == lon.dims:
        raise InputError(
            f"{where} has an unstructured grid: latitude and longitude both lie along {lat.dims[0]!r}. The study needs "
            "rows and columns: regrid the files, for instance with cdo remapcon."
        )
    grid = np.broadcast_arrays(lat_values[:, None], wrap_longitude(lon_values)[None])
    bounds = [_bounds(dataset, axis) for axis in (lat, lon)]
    points = lat_values, lon_values
    wrong = [one is not None and not _are_borders(one, at) for one, at in zip(bounds, points, strict=True)]
    names = tuple(str(_bounds_name(axis)) for axis, is_wrong in zip((lat, lon), wrong, strict=True) if is_wrong)
    usable = [None if is_wrong else one for one, is_wrong in zip(bounds, wrong, strict=True)]
    return Grid(grid[0].copy(), grid[1].copy(), True, *usable, names)


def _degrees(axis: xr.DataArray) -> np.ndarray:
    values = np.asarray(axis.values, "float64")
    return np.degrees(values) if str(axis.attrs.get("units", "")).lower().startswith("rad") else values


def _without_fill(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions with NaN for invalid ones: an undeclared 1e20, or a position shared by many points.

    NEMO writes 0 (or -1) for both in parts of its grid that are all land. A grid that is folded or wrapped has a place
    twice, or three times where both meet.
    """
    known = (np.abs(lat) < 1e3) & (np.abs(lon) < 1e3)
    # only a place next to itself can be one that fills an area; to count all places of a large grid would take long
    repeated = np.zeros(lat.shape, bool)
    repeated[:, 1:] |= (lat[:, 1:] == lat[:, :-1]) & (lon[:, 1:] == lon[:, :-1])
    repeated[1:] |= (lat[1:] == lat[:-1]) & (lon[1:] == lon[:-1])
    repeated &= known
    places, counts = np.unique(lat[repeated] + 1j * lon[repeated], return_counts=True)
    for place in places[np.argsort(-counts)[:_FILLS]]:
        there = (lat == place.real) & (lon == place.imag)
        if there.sum() > _MAX_TIMES:
            known &= ~there
    return np.where(known, lat, np.nan), np.where(known, lon, np.nan)


def _is_product(lat: xr.DataArray, lon: xr.DataArray) -> bool:
    """Whether two-dimensional coordinates are those of a rectilinear grid, written out."""
    lat_values, lon_values = lat.values, lon.values
    return bool((lat_values == lat_values[:, :1]).all() and (lon_values == lon_values[:1]).all())


def _bounds(dataset: xr.Dataset, axis: xr.DataArray) -> np.ndarray | None:
    name = _bounds_name(axis)
    if name not in dataset.variables:
        return None
    values = np.asarray(dataset[name].values, "float64")
    return values if values.shape == (axis.size, 2) and np.isfinite(values).all() else None


def _bounds_name(axis: xr.DataArray) -> str | None:
    return axis.attrs.get("bounds", axis.encoding.get("bounds"))


def _are_borders(bounds: np.ndarray, points: np.ndarray) -> bool:
    """Whether bounds enclose their points and are contiguous, or are about as wide as the point distance.

    Where a mean over neighboring points was taken of the bounds too, they are those of a single point.
    """
    sides = wrap_longitude(bounds - points[:, None])
    low, high = sides.min(axis=1), sides.max(axis=1)
    width, enclosed = high - low, (low <= _SAME) & (high >= -_SAME)
    if not (width > 0).all() or not enclosed[[0, -1]].all():
        return False
    steps = wrap_longitude(np.diff(points))
    gaps = [steps + low[1:] - high[:-1], steps + high[1:] - low[:-1]]
    if min(np.abs(wrap_longitude(gap)).max(initial=0) for gap in gaps) < _SAME:
        return True
    return bool(enclosed.all() and _WIDTHS[0] < np.median(width) / np.median(np.abs(steps)) < _WIDTHS[1])


def first_of_each(lat: np.ndarray, lon: np.ndarray, ocean: np.ndarray) -> np.ndarray:
    """Ocean without points stored twice, such as the wrapped columns and the folded row of ORCA grids.

    Two ocean points whose coordinates differ by less than about 100 m are one; the first in the order of storage stays.

    Parameters
    ----------
    lat, lon : float, shape (y, x), degrees.
    ocean : bool, shape (y, x).

    Returns
    -------
    bool, shape (y, x).
    """
    keep = np.flatnonzero(ocean)
    # a pair may fall on two sides of a rounding border, but not on both of two lattices half a step apart
    for shift_lat, shift_lon in ((0, 0), (0, 0.5), (0.5, 0), (0.5, 0.5)):
        row = np.floor(lat.ravel()[keep] / _SAME + shift_lat).astype("int64")
        turn = round(360 / _SAME)
        column = np.floor(lon.ravel()[keep] / _SAME + shift_lon).astype("int64") % turn
        _, first = np.unique(row * turn + column, return_index=True)
        keep = keep[np.sort(first)]
    once = np.zeros(ocean.shape, bool)
    once.ravel()[keep] = True
    return once


def matching_order(own: Grid, references: Sequence[Grid], where: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Places of rows and columns that bring a variable's own grid to the reference; None if they agree already.

    Parameters
    ----------
    own : grid by the variable's own coordinates.
    references : grids of the same points, one of which it must be: the true positions, and the axes of the first file.
    where : file and variable, for the message.

    Raises
    ------
    InputError
        If the points are others.
    """
    for reference in references:
        if own.lat.shape != reference.lat.shape:
            continue
        if np.mean(apart(own, reference) > 0.01) < 0.1:
            return None, None
        if own.rectilinear and reference.rectilinear:
            orders = [
                _order(own.lat[:, 0], reference.lat[:, 0]),
                _order(own.lon[0], reference.lon[0]),
            ]
            if all(order is not None for order in orders):
                return orders[0], orders[1]
    shape = references[0].lat.shape
    raise InputError(
        f"{where} has another grid than the other variables ({own.lat.shape[0]} × {own.lat.shape[1]} points against "
        f"{shape[0]} × {shape[1]}, or shifted). Regrid it to the same points first, for instance with cdo remapcon."
    )


def apart(one: Grid, other: Grid) -> np.ndarray:
    """How far the points of two grids are apart: float64, shape (y, x), degrees; 0 where one is unknown."""
    distance = np.maximum(np.abs(one.lat - other.lat), np.abs(wrap_longitude(one.lon - other.lon)))
    return np.nan_to_num(distance)


def _order(own: np.ndarray, reference: np.ndarray) -> np.ndarray | None:
    """Places in ``own`` of the values of ``reference``, or None if they differ by more than 0.01 degrees."""
    ascending = np.argsort(own, kind="stable")
    places = np.empty(len(reference), "int64")
    places[np.argsort(reference, kind="stable")] = ascending
    return places if np.abs(own[places] - reference).max() <= 0.01 else None
