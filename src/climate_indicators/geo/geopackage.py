"""Deterministic GeoPackages: equal layers give equal bytes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from climate_indicators.core.atomic_files import atomic_path

# GDAL writes the current time into a GeoPackage, so equal layers would give different files
_NO_DATE = "1970-01-01T00:00:00.000Z"


def write_geopackage(layer: gpd.GeoDataFrame, path: str | Path, name: str, geometry: str | None = None) -> None:
    """Write a layer, atomically; the same layer gives the same bytes.

    Parameters
    ----------
    layer : features with a coordinate reference system.
    path : file to write.
    name : of the layer in it.
    geometry : type of the features, such as ``MultiPolygon``; None derives it from the features.
    """
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _NO_DATE})
    try:
        with atomic_path(path) as temporary:
            layer.to_file(temporary, driver="GPKG", layer=name, engine="pyogrio", geometry_type=geometry)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
