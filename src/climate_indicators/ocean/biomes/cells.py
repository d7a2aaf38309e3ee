"""The cells of the globe in which the study regresses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from climate_indicators.core.errors import InputError

# a step between longitudes this many times the usual one is a gap in the data, not a wide spacing
_GAP = 3.0


@dataclass(frozen=True)
class Cells:
    """Rectangles in latitude and longitude, without gap or overlap, each within its window.

    The number of a cell is ``row * n_lon + column``, south-west first. Cells and windows are half-open: they hold their
    southern and western border, not the northern and eastern one; only the North Pole itself belongs to the last row.

    Attributes
    ----------
    lat_edges : float64, shape (n_lat + 1,), ascending, degrees north.
    lon_edges : float64, shape (n_lon + 1,), ascending, degrees east, within −180 to 180.
    lat_window, lon_window : float64, shape (n_lat, 2) and (n_lon, 2): borders of the windows; those of longitude go
        beyond ±180 where a window crosses the date line.
    """

    lat_edges: np.ndarray
    lon_edges: np.ndarray
    lat_window: np.ndarray
    lon_window: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self.lat_edges) - 1, len(self.lon_edges) - 1

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.shape[0] * self.shape[1]

    @property
    def lat(self) -> np.ndarray:
        """Latitude of the rows' centers, float64, shape (n_lat,)."""
        return (self.lat_edges[:-1] + self.lat_edges[1:]) / 2

    @property
    def lon(self) -> np.ndarray:
        """Longitude of the columns' centers, float64, shape (n_lon,)."""
        return (self.lon_edges[:-1] + self.lon_edges[1:]) / 2


def degree_cells(size: float, margin: float = 0.0) -> Cells:
    """Cells of ``size`` by ``size`` degrees over the globe, from −90 and −180 on.

    Where the size does not divide the globe, what is left over in the north and east is a smaller cell if it is at
    least half a size wide, else it widens the last one.

    Parameters
    ----------
    size : degrees, above 0 and at most 90.
    margin : degrees by which a window outgrows its cell on every side; 0 is the published method.

    Raises
    ------
    InputError
        If size or margin cannot be.
    """
    if not 0 < size <= 90:
        raise InputError(f"cells.size is {size:g} degrees; it must be above 0 and at most 90.")
    if margin < 0 or size + 2 * margin > 180:
        raise InputError(
            f"cells.margin is {margin:g} degrees; it must not be negative, and windows "
            f"({size:g} + 2 × margin) must not be wider than 180 degrees."
        )
    lat_edges, lon_edges = (np.append(np.arange(_groups(2 * end, size)) * size - end, end) for end in (90.0, 180.0))
    spread = np.array([-margin, margin])
    return Cells(
        lat_edges,
        lon_edges,
        np.stack([lat_edges[:-1], lat_edges[1:]], axis=1) + spread,
        np.stack([lon_edges[:-1], lon_edges[1:]], axis=1) + spread,
    )


def point_cells(lat: np.ndarray, lon: np.ndarray, size: int, margin: int = 0) -> Cells:
    """Cells of ``size`` by ``size`` grid points, with borders half-way between points.

    Counted from the south and from −180 on; points left over in the north and east form a smaller cell if they are at
    least half a size, else they join the last one. Longitudes that go round the globe end at ±180; those of a regional
    grid end half a spacing outside the last point, and a gap between longitudes is a separate column without points.

    Parameters
    ----------
    lat, lon : float, shape (y, x): coordinates of a rectilinear grid, degrees, longitudes in −180 to 180.
    size : points along a side of a cell, at least 1.
    margin : points by which a window outgrows its cell on every side; 0 is the published method.

    Raises
    ------
    InputError
        If size or margin are no whole numbers in range.
    """
    if size != int(size) or size < 1 or margin != int(margin) or margin < 0:
        raise InputError(
            f"cells.size is {size:g} points with a margin of {margin:g} (cells.margin); with the "
            "unit points both must be whole numbers, the size at least 1."
        )
    size, margin = int(size), int(margin)
    rows, columns = np.unique(lat[:, 0]), np.unique(lon[0])
    if len(rows) < 2 or len(columns) < 2:
        raise InputError(f"a grid of {len(rows)} by {len(columns)} points is too small to be cut into cells of points.")
    if size + 2 * margin > len(columns):
        raise InputError(
            f"windows of {size} + 2 × {margin} points (cells.size, cells.margin) are wider than the grid, which has "
            f"{len(columns)} longitudes."
        )
    lat_edges, lat_window = _grouped(np.clip(_half_way(rows), -90, 90), size, margin)
    beyond = 360 - (columns[-1] - columns[0])
    steps = np.append(np.diff(columns), beyond)
    if steps.max() < _GAP * np.median(steps):
        lon_edges, lon_window = _grouped(_half_way(columns, beyond), size, margin, period=360.0)
        lon_edges[[0, -1]] = -180.0, 180.0
    else:
        lon_edges, lon_window = _regional(columns, size, margin)
    return Cells(lat_edges, lon_edges, lat_window, lon_window)


def _groups(total: float, size: float) -> int:
    """How many cells of a size a length is cut into; a rest of half a size or more is one of them."""
    return max(1, int(total / size + 0.5 + 1e-9))


def _half_way(points: np.ndarray, beyond: float | None = None) -> np.ndarray:
    """Borders of points: half-way between them; outside the ends half of ``beyond``, None for half the last step."""
    steps = np.diff(points)
    first, last = (steps[0], steps[-1]) if beyond is None else (beyond, beyond)
    inner = (points[:-1] + points[1:]) / 2
    return np.concatenate([[points[0] - first / 2], inner, [points[-1] + last / 2]])


def _grouped(borders: np.ndarray, size: int, margin: int, period: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Edges, and borders of the windows, of groups of ``size`` points; a window ends where the points do.

    With a period the points go round, and so do the windows.
    """
    n_points = len(borders) - 1
    edges = np.append(np.arange(_groups(n_points, size)) * size, n_points)
    low, high = edges[:-1] - margin, edges[1:] + margin
    if period is None:
        low, high = np.maximum(low, 0), np.minimum(high, n_points)
        return borders[edges], np.stack([borders[low], borders[high]], axis=1)
    turned = [borders[:-1][place % n_points] + period * (place // n_points) for place in (low, high)]
    return borders[edges], np.stack(turned, axis=1)


def _regional(columns: np.ndarray, size: int, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges and windows of longitudes that do not go round the globe; each side of a gap is cut on its own."""
    steps = np.diff(columns)
    usual = float(np.median(steps))
    edges, windows = [], []
    for run in np.split(columns, np.flatnonzero(steps > _GAP * usual) + 1):
        borders = np.clip(_half_way(run, usual), -180, 180)
        run_edges, run_windows = _grouped(borders, size, margin)
        if edges:
            windows.append(np.array([[edges[-1][-1], run_edges[0]]]))
        edges.append(run_edges)
        windows.append(run_windows)
    return np.concatenate(edges), np.concatenate(windows)


def make_cells(
    lat: np.ndarray, lon: np.ndarray, rectilinear: bool, size: float, unit: str = "degrees", margin: float = 0.0
) -> Cells:
    """Cells for a grid: `degree_cells` or, with the unit "points", `point_cells`.

    Parameters
    ----------
    lat, lon : float, shape (y, x), degrees.
    rectilinear : whether latitude depends on the row alone and longitude on the column alone.
    size, margin : in ``unit``.
    unit : "degrees" or "points".

    Raises
    ------
    InputError
        If points are asked for on a curvilinear grid, or size or margin are out of range.
    """
    if unit == "degrees":
        return degree_cells(size, margin)
    if not rectilinear:
        raise InputError(
            "cells.unit is points, but the grid is curvilinear (latitude and longitude vary along rows and columns), "
            "where so many points are no rectangle. Set cells.unit to degrees, with a cells.size of several points."
        )
    return point_cells(lat, lon, size, margin)
