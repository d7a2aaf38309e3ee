"""Vector files as users bring them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from climate_indicators.logs import InputError


def with_geometry(layer: pd.DataFrame, name: str) -> gpd.GeoDataFrame:
    """A layer as it was read, if it has shapes at all.

    Parameters
    ----------
    layer : what ``geopandas.read_file`` returned: a plain table where the file holds attributes alone.
    name : the file and what it is for, in words; begins the message.

    Raises
    ------
    InputError
        If it has no geometry, such as a lone ``.dbf`` or a CSV table.
    """
    if isinstance(layer, gpd.GeoDataFrame) and layer.active_geometry_name is not None:
        return layer
    columns = ", ".join(map(str, layer.columns)) or "none"
    raise InputError(
        f"{name} has no geometry, only the columns {columns}. Name a file with shapes; a shapefile needs its .shp "
        "and .shx beside the .dbf."
    )
