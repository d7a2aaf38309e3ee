"""Areas on the ground: conversion from areas in a reference system to areas on the ellipsoid."""

from __future__ import annotations

import numpy as np
from pyproj import Geod, Transformer
from rasterio.crs import CRS

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid

# largest relative difference between the true area of a pixel and the mean over the site
MAX_VARIATION = 0.005
_CELLS = 12


def ground_factor(grid: Grid) -> float:
    """Area on the ellipsoid over area in the grid's reference system, mean over the grid.

    The factor is 0.999 to 1.001 within a UTM zone, and 0.47 for a web map at 46.5 degrees. Areas in the reference
    system times the factor are areas on the ground. Cells of a lattice are measured as geodesic polygons (Karney 2013,
    doi:10.1007/s00190-012-0578-z).

    Raises
    ------
    InputError
        If the reference system is not projected in meters: pixels of a geographic system differ in area; or if the
        factor varies by more than ``MAX_VARIATION`` within the grid.
    """
    crs = CRS.from_string(grid.crs)
    if not crs.is_projected or crs.linear_units_factor[1] != 1.0:
        unit = crs.linear_units if crs.is_projected else "degrees"
        raise InputError(
            f"the grid's reference system {grid.crs} is in {unit}, but areas need a projected one in meters. Set the "
            "site's crs to one, such as its UTM zone, or to null, which selects that zone."
        )
    factors = _factors(grid)
    mean = float(factors.mean())
    variation = float(np.abs(factors / mean - 1).max())
    if not variation <= MAX_VARIATION:
        left, bottom, right, top = grid.bounds
        longitude, latitude = _to_degrees(grid).transform((left + right) / 2, (bottom + top) / 2)
        raise InputError(
            f"the true area of a pixel in {grid.crs} differs by {100 * variation:.2g} % within the site; expected at "
            f"most {100 * MAX_VARIATION:g} %. Set the site's crs to an equal-area one, such as '+proj=laea "
            f"+lat_0={latitude:.1f} +lon_0={longitude:.1f} +datum=WGS84 +units=m', or make the site smaller."
        )
    return mean


def pixel_km2(grid: Grid) -> float:
    """Mean area of a pixel on the ground, km²; errors as for `ground_factor`."""
    return abs(grid.transform.a * grid.transform.e) * ground_factor(grid) / 1e6


def pixel_size_m(grid: Grid) -> float:
    """Side of a square with the area of a pixel on the ground, in meters; errors as for `ground_factor`."""
    return 1e3 * pixel_km2(grid) ** 0.5


def _factors(grid: Grid) -> np.ndarray:
    """Factor of each cell of a lattice over the grid, float64, shape (cells, cells)."""
    left, bottom, right, top = grid.bounds
    xs, ys = np.linspace(left, right, _CELLS + 1), np.linspace(bottom, top, _CELLS + 1)
    lon, lat = _to_degrees(grid).transform(*np.meshgrid(xs, ys))
    planar = (xs[1] - xs[0]) * (ys[1] - ys[0])
    geod, areas = Geod(ellps="WGS84"), np.empty((_CELLS, _CELLS))
    for row, column in np.ndindex(areas.shape):
        rows, columns = [row, row, row + 1, row + 1], [column, column + 1, column + 1, column]
        areas[row, column] = abs(geod.polygon_area_perimeter(lon[rows, columns], lat[rows, columns])[0])
    return areas / planar


def _to_degrees(grid: Grid) -> Transformer:
    return Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
