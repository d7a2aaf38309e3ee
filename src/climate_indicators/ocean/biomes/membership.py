"""Assignment of data points to cells, and the file of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from climate_indicators.ocean.biomes.cells import Cells
from climate_indicators.ocean.indicators.coast import coast_grid

_NORTH = {"standard_name": "latitude", "units": "degrees_north"}
_EAST = {"standard_name": "longitude", "units": "degrees_east"}
_COAST = {
    "long_name": "ocean of the data",
    "flag_values": np.array([0, 1], "int8"),
    "flag_meanings": "land ocean",
}


@dataclass(frozen=True)
class Membership:
    """Which points belong to which cells.

    Attributes
    ----------
    own_cell : int32, shape (points,): cell that the point lies in, −1 for land and for points outside all cells.
    point : int64, shape (pairs,): place of a point in the flattened grid …
    cell : int32, shape (pairs,): … and an ocean cell whose window holds it, ascending; within a cell points ascend.
    """

    own_cell: np.ndarray
    point: np.ndarray
    cell: np.ndarray


def membership(
    cells: Cells, lat: np.ndarray, lon: np.ndarray, ocean: np.ndarray, min_points: int | None = None
) -> Membership:
    """Cell of every ocean point, and the windows that hold it; windows may cross the date line.

    Parameters
    ----------
    cells : the cells.
    lat, lon : float, shape (y, x), degrees, longitudes in −180 to 180 (180 excluded).
    ocean : bool, shape (y, x): the points to place.
    min_points : a cell with at least so many points of its own does without its margin; None gives every cell its
        margin.
    """
    places = np.flatnonzero(ocean)
    # the pole has no cell north of it
    lat = np.minimum(np.asarray(lat, "float64").ravel()[places], np.nextafter(90.0, 0.0))
    lon = np.asarray(lon, "float64").ravel()[places]
    n_lat, n_lon = cells.shape
    row = np.searchsorted(cells.lat_edges, lat, "right") - 1
    column = np.searchsorted(cells.lon_edges, lon, "right") - 1
    inside = (row >= 0) & (row < n_lat) & (column >= 0) & (column < n_lon)
    own_cell = np.full(ocean.size, -1, "int32")
    own_cell[places[inside]] = (row * n_lon + column)[inside]

    rows = _windows_around(cells.lat_window, lat)
    keys = []
    for turn in (-360.0, 0.0, 360.0):
        turned = lon + turn
        if not ((turned >= cells.lon_window.min()) & (turned < cells.lon_window.max())).any():
            continue
        columns = _windows_around(cells.lon_window, turned)
        keys += [_keys(rows, columns, n_lon, i, j, len(lat)) for i in range(_most(rows)) for j in range(_most(columns))]
    # one number for cell and point sorts faster than two
    pairs = np.sort(np.concatenate(keys)) if keys else np.empty(0, "int64")
    cell, point = np.divmod(pairs, max(len(lat), 1))
    point = places[point]
    own_count = np.bincount(own_cell[own_cell >= 0], minlength=cells.count)
    # a cell without ocean has no slopes, even if its window contains ocean
    used = own_count[cell] > 0
    if min_points is not None:
        used &= (own_count[cell] < min_points) | (own_cell[point] == cell)
    return Membership(own_cell, point[used], cell[used].astype("int32"))


def _windows_around(windows: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First window that holds each value, and the one after the last; both borders of windows ascend."""
    return np.searchsorted(windows[:, 1], values, "right"), np.searchsorted(windows[:, 0], values, "right")


def _most(ranges: tuple[np.ndarray, np.ndarray]) -> int:
    """Largest number of windows that hold one value."""
    return max(0, int((ranges[1] - ranges[0]).max(initial=0)))


def _keys(rows: tuple, columns: tuple, n_lon: int, i: int, j: int, n_points: int) -> np.ndarray:
    """``cell * n_points + point`` for the i-th row and the j-th column of the windows that hold each point."""
    row, column = rows[0] + i, columns[0] + j
    held = np.flatnonzero((row < rows[1]) & (column < columns[1]))
    return (row[held] * n_lon + column[held]) * n_points + held


def cells_dataset(
    cells: Cells, lat: np.ndarray, lon: np.ndarray, ocean: np.ndarray, area_m2: np.ndarray, coast_step: float = 1.0
) -> xr.Dataset:
    """Cells with their ocean areas, and the coast, as a CF dataset.

    Parameters
    ----------
    cells : the cells.
    lat, lon : float, shape (y, x), degrees.
    ocean : bool, shape (y, x).
    area_m2 : float, shape (y, x), m².
    coast_step : spacing of the coast grid, degrees; divides 180.

    Returns
    -------
    Dataset with coordinates ``lat``, ``lon``, ``coast_lat``, ``coast_lon`` and variables ``lat_bnds``, ``lon_bnds``,
    ``lat_window``, ``lon_window`` (borders of the windows, degrees), ``area_km2`` (float64, ocean area of a cell, 0 on
    land), ``n_points`` (int32), ``ocean`` (int8, 1 ocean, 0 land).
    """
    own = membership(cells, lat, lon, ocean).own_cell
    held = own >= 0
    area = np.bincount(own[held], area_m2.ravel()[held], cells.count).reshape(cells.shape) / 1e6
    n_points = np.bincount(own[held], minlength=cells.count).reshape(cells.shape)
    coast_lat, coast_lon, coast = coast_grid(lat, lon, ocean, area_m2, coast_step)
    window = "borders of what the regression of the cell takes in"
    bounds = {
        "lat_bnds": (("lat", "bounds"), np.stack([cells.lat_edges[:-1], cells.lat_edges[1:]], axis=1)),
        "lon_bnds": (("lon", "bounds"), np.stack([cells.lon_edges[:-1], cells.lon_edges[1:]], axis=1)),
        "lat_window": (("lat", "bounds"), cells.lat_window, {"long_name": window, "units": "degrees_north"}),
        "lon_window": (("lon", "bounds"), cells.lon_window, {"long_name": window, "units": "degrees_east"}),
    }
    return xr.Dataset(
        bounds
        | {
            "area_km2": (("lat", "lon"), area, {"long_name": "ocean area of the cell", "units": "km2"}),
            "n_points": (
                ("lat", "lon"),
                n_points.astype("int32"),
                {"long_name": "ocean points of the data in the cell", "units": "1"},
            ),
            "ocean": (("coast_lat", "coast_lon"), coast, _COAST),
        },
        coords={
            "lat": ("lat", cells.lat, _NORTH | {"axis": "Y", "bounds": "lat_bnds"}),
            "lon": ("lon", cells.lon, _EAST | {"axis": "X", "bounds": "lon_bnds"}),
            "coast_lat": ("coast_lat", coast_lat, _NORTH | {"long_name": "latitude of the coast grid"}),
            "coast_lon": ("coast_lon", coast_lon, _EAST | {"long_name": "longitude of the coast grid"}),
        },
        attrs={"Conventions": "CF-1.11", "title": "Cells of the ocean study, and the coast of its data"},
    )


def cells_of_dataset(dataset: xr.Dataset) -> Cells:
    """Cells from the data set of `cells_dataset`, or from its file."""
    borders = {name: dataset[name].values for name in ("lat_bnds", "lon_bnds", "lat_window", "lon_window")}
    lat_edges, lon_edges = (np.append(borders[name][:, 0], borders[name][-1, 1]) for name in ("lat_bnds", "lon_bnds"))
    return Cells(lat_edges, lon_edges, borders["lat_window"], borders["lon_window"])
