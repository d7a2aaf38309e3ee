"""Rows of ``inputs.csv`` for vector files: outlines and areas of interest."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.geo.vector_files import layer_header


def area_row(path: str | Path, layer: str | None, area: gpd.GeoSeries, grid: Grid) -> InputRow:
    """Interpretation of the file of an area of interest; its size in the grid's projection."""
    km2 = area.to_crs(grid.crs).union_all().area / 1e6
    return _row("aoi", path, layer, f"{len(area)} polygons, {km2:.4g} km²")


def outlines_row(path: str | Path, layer: str | None, table: pd.DataFrame) -> InputRow:
    """Interpretation of the file of outlines; ``table`` as `outlines.outline_areas` gives it."""
    note = f"{len(table)} glaciers, {table['polygon_km2'].sum():.4g} km² inside the area of interest"
    return _row("outlines", path, layer, note)


def _row(role: str, path: str | Path, layer: str | None, note: str) -> InputRow:
    header = layer_header(path, role, layer)
    return InputRow(file=str(path), role=role, bands=header.name, crs=header.crs, note=note)
