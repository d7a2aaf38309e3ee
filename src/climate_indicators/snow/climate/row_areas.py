"""True area of the pixels of a grid, row by row."""

from __future__ import annotations

import numpy as np
import pyproj
from pyproj.exceptions import ProjError
from rasterio.crs import CRS

from climate_indicators.geo.grid import Grid

M2_PER_KM2 = 1e6


def row_areas(grid: Grid) -> np.ndarray:
    """Area on the ground of one pixel of each row, m², float64, shape (rows,).

    Pixels in degrees: the part of the WGS84 ellipsoid between two parallels, exactly (Snyder 1987,
    doi:10.3133/pp1395, equation 3-12). Projected pixels: the map's area divided by its enlargement of areas at the
    middle of the row, by which a web map (Mercator) at 60° is four times too large and a UTM map at most 0.2 %.

    Parameters
    ----------
    grid : north-up grid.
    """
    crs = pyproj.CRS(grid.crs)
    if crs.is_geographic:
        unit = float(crs.axis_info[0].unit_conversion_factor)
        edges = (grid.transform.f + grid.transform.e * np.arange(grid.height + 1)) * unit
        zones = _area_from_equator(edges)
        return np.abs(np.diff(zones)) * abs(grid.transform.a) * unit
    mapped = abs(grid.transform.a * grid.transform.e) * CRS.from_string(grid.crs).linear_units_factor[1] ** 2
    return mapped / _enlargement(crs, grid)


def _area_from_equator(latitude: np.ndarray) -> np.ndarray:
    """Area between the equator and a latitude in radians, m² a radian of longitude."""
    ellipsoid = pyproj.Geod(ellps="WGS84")
    e = np.sqrt(ellipsoid.es)
    sine = np.sin(latitude)
    q = (1 - ellipsoid.es) * (sine / (1 - ellipsoid.es * sine**2) + np.arctanh(e * sine) / e)
    return ellipsoid.a**2 * q / 2


def _enlargement(crs: pyproj.CRS, grid: Grid) -> np.ndarray:
    """Area in the projection over area on the ground at the center of each row; 1 where it is undefined."""
    cols, rows = np.full(grid.height, grid.width / 2), np.arange(grid.height) + 0.5
    x = grid.transform.c + grid.transform.a * cols
    y = grid.transform.f + grid.transform.e * rows
    projection = pyproj.Proj(crs)
    try:
        # the map's own coordinates are in its unit, the projection's in meters
        meters = CRS.from_string(grid.crs).linear_units_factor[1] if projection.crs.is_projected else 1.0
        longitude, latitude = projection(x * meters, y * meters, inverse=True)
        found = np.asarray(projection.get_factors(longitude, latitude).areal_scale)
    except ProjError:
        return np.ones(grid.height)
    return np.where(np.isfinite(found) & (found > 0), found, 1.0)
