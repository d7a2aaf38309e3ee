"""Area of every point of a grid on the sphere."""

from __future__ import annotations

import numpy as np

from climate_indicators.ocean.indicators.coast import EARTH_RADIUS_M, unit_vectors
from climate_indicators.ocean.reader.coordinates import Grid, wrap_longitude


def point_areas(grid: Grid) -> np.ndarray:
    """Area of every point, float64, shape (y, x), m², from its borders or its neighbors.

    On a rectilinear grid the exact area of the zone between the borders: those of the file, else half-way between
    points. On a curvilinear one the parallelogram spanned by half the way from the previous to the next point along
    the row and along the column; at a border or next to a missing coordinate, the single available step. Within about
    1 % for grids of 2 degrees and finer; give the model's own edge lengths where they are known.
    """
    return _zones(grid) if grid.rectilinear else _parallelograms(unit_vectors(grid.lat, grid.lon))


def _zones(grid: Grid) -> np.ndarray:
    south_north = grid.lat_bounds if grid.lat_bounds is not None else _borders(grid.lat[:, 0])
    # longitudes grow or fall by less than half a turn from point to point, wherever the date line is
    lon = np.degrees(np.unwrap(np.radians(grid.lon[0])))
    west_east = grid.lon_bounds if grid.lon_bounds is not None else _borders(lon)
    height = np.abs(np.diff(np.sin(np.radians(np.clip(south_north, -90, 90))), axis=1)[:, 0])
    width = np.radians(np.abs(wrap_longitude(np.diff(west_east, axis=1)[:, 0])))
    return EARTH_RADIUS_M**2 * height[:, None] * width[None]


def _borders(points: np.ndarray) -> np.ndarray:
    """Borders half-way between points, and as far outside the ends; shape (n, 2)."""
    if len(points) == 1:
        return points[:, None] + [[-0.5, 0.5]]
    middle = (points[:-1] + points[1:]) / 2
    edges = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _parallelograms(places: np.ndarray) -> np.ndarray:
    along_row, along_column = _step(places, axis=1), _step(places, axis=0)
    area = EARTH_RADIUS_M**2 * np.linalg.norm(np.cross(along_row, along_column), axis=-1)
    known = np.isfinite(area)
    return np.where(known, area, np.median(area[known]) if known.any() else np.nan)


def _step(places: np.ndarray, axis: int) -> np.ndarray:
    """Mean of the steps to the next and from the previous point along an axis, or the one of them that is known."""
    step = np.diff(places, axis=axis)
    missing = np.full_like(np.take(places, [0], axis=axis), np.nan)
    both = np.stack([np.concatenate([step, missing], axis=axis), np.concatenate([missing, step], axis=axis)])
    known = np.isfinite(both)
    count = known.sum(axis=0)
    total = np.where(known, both, 0).sum(axis=0)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
