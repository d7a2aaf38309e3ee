"""Glacier outlines: read, selected and drawn onto the site's grid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from rasterio.features import rasterize
from shapely.geometry import box

from climate_indicators.grids import Grid
from climate_indicators.logs import InputError
from climate_indicators.vector_layers import with_geometry


def read_outlines(path: str, grid: Grid, id_field: str | None = None, where: str | None = None) -> gpd.GeoDataFrame:
    """Outlines that meet the grid, in its reference system.

    Parameters
    ----------
    path : vector file of any OGR format.
    grid : the site's grid.
    id_field : column of the glaciers' names; None numbers the features.
    where : OGR attribute filter.

    Returns
    -------
    Polygons with a text column ``glacier_id``, sorted by it.

    Raises
    ------
    InputError
        If the file is unreadable, has no geometry, reference system or such column, or no outline meets the grid.
    """
    try:
        layer = gpd.read_file(path, where=where)
    except Exception as error:  # pyogrio raises many kinds; all mean the same to the user
        raise InputError(f"outlines {path} cannot be read as a vector file: {error}") from error
    layer = with_geometry(layer, f"the file of outlines {path}")
    if layer.crs is None:
        raise InputError(f"outlines {path} have no coordinate reference system; write it into the file.")
    if id_field is not None and id_field not in layer.columns:
        raise InputError(f"outlines {path} have no column {id_field!r}; columns: {', '.join(layer.columns)}")
    layer = layer[layer.geometry.notna()].to_crs(grid.crs)
    names = layer[id_field].astype(str) if id_field else pd.Series(layer.index.astype(str), index=layer.index)
    layer = gpd.GeoDataFrame({"glacier_id": names}, geometry=layer.geometry.make_valid(), crs=grid.crs)
    near = layer[layer.intersects(box(*grid.bounds))]
    if near.empty:
        raise InputError(
            f"none of the {len(layer)} outlines of {path} meets the area of interest; check their CRS and filter."
        )
    return near.sort_values("glacier_id", ignore_index=True)


def draw_outlines(outlines: gpd.GeoDataFrame, grid: Grid, inside: np.ndarray) -> np.ndarray:
    """Number, from 1, of the outline over each pixel's centre; 0 where none or outside.

    Parameters
    ----------
    outlines : polygons in the grid's reference system; number 1 is the first row. A later one wins where two overlap.
    grid : the site's grid.
    inside : uint8, shape ``grid.shape``: 1 inside the area of interest.

    Returns
    -------
    uint16 array, shape ``grid.shape``.
    """
    pairs = zip(outlines.geometry, range(1, len(outlines) + 1), strict=True)
    numbers = rasterize(pairs, out_shape=grid.shape, transform=grid.transform, dtype="uint16")
    return np.where(inside == 1, numbers, 0).astype("uint16")


def outline_areas(outlines: gpd.GeoDataFrame, numbers: np.ndarray, grid: Grid, area: gpd.GeoSeries) -> pd.DataFrame:
    """Area of each outline inside the area of interest: as drawn in pixels, and of the polygon itself.

    Returns
    -------
    Table ``value, glacier_id, area_km2, polygon_km2``, one row an outline. Planar areas of the grid's projection.
    """
    pixels = np.bincount(numbers.ravel(), minlength=len(outlines) + 1)[1:]
    clipped = outlines.geometry.intersection(area.to_crs(grid.crs).union_all())
    clipped = clipped.intersection(box(*grid.bounds))
    return pd.DataFrame(
        {
            "value": np.arange(1, len(outlines) + 1),
            "glacier_id": outlines["glacier_id"],
            "area_km2": pixels * abs(grid.transform.a * grid.transform.e) / 1e6,
            "polygon_km2": clipped.area / 1e6,
        }
    )
