"""Extents as polygons: one feature per glacier, written as GeoPackage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
from rasterio.features import shapes
from shapely.geometry import MultiPolygon, shape

from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import ground_factor
from climate_indicators.glacier.extents import UNASSIGNED, assign_glacier_ids


def extent_outlines(
    extent: np.ndarray, glacier_ids: np.ndarray, names: Sequence[str], grid: Grid, min_km2: float
) -> gpd.GeoDataFrame:
    """Outlines of an extent, along its pixels' edges, one feature per glacier.

    Parameters
    ----------
    extent : uint8, shape ``grid.shape``: 1 glacier; anything else is not, or was not seen.
    glacier_ids : uint16, same shape: number of the reference outline, 0 outside all.
    names : names of the glaciers, number 1 first.
    grid : grid in a projected reference system in meters.
    min_km2 : polygons smaller than this are left out.

    Returns
    -------
    Multipolygons with ``glacier_id, area_km2`` (on the ground), sorted by name; glaciers without ice have no line.
    """
    on_ground = ground_factor(grid) / 1e6
    unnamed = len(names) + 1
    owner = assign_glacier_ids(extent, glacier_ids, unnamed)
    parts: dict[int, list] = {}
    for geometry, number in shapes(
        np.ascontiguousarray(owner), mask=owner > 0, connectivity=4, transform=grid.transform
    ):
        polygon = shape(geometry)
        if polygon.area * on_ground >= min_km2:
            parts.setdefault(int(number), []).append(polygon)
    numbers = sorted(parts)
    outlines = gpd.GeoDataFrame(
        {"glacier_id": [[*names, UNASSIGNED][number - 1] for number in numbers]},
        geometry=gpd.GeoSeries([MultiPolygon(parts[number]) for number in numbers], crs=grid.crs),
    )
    outlines["area_km2"] = outlines.area * on_ground
    return outlines.sort_values("glacier_id", ignore_index=True)


def write_outlines(outlines: gpd.GeoDataFrame, year: int, date: str, path: str | Path) -> None:
    """Write outlines as GeoPackage, layer ``outlines``, with the columns ``glacier_id, year, date, area_km2``.

    The same outlines give the same bytes. ``date`` may be empty.
    """
    table = outlines.assign(year=np.full(len(outlines), year, "int32"), date=[date] * len(outlines))
    table = table.astype({"glacier_id": "str", "date": "str", "area_km2": "float64"})
    columns = ["glacier_id", "year", "date", "area_km2", "geometry"]
    write_geopackage(table[columns], path, "outlines", "MultiPolygon")
