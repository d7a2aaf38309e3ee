"""Glacier outlines of the Randolph Glacier Inventory and of GLIMS: the inventories' files read, and some chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.core.glacier_identifiers import RGI_IDS
from climate_indicators.geo.glims import GLIMS_COLUMNS, glims_outlines, warn_of_dates
from climate_indicators.geo.grid import utm_zone
from climate_indicators.geo.vector_files import polygons, read_layer

WGS84 = "EPSG:4326"
# formats of inventories by GDAL's names; a format that names other files and addresses, as OGR's VRT does, is none
DRIVERS = (
    "ESRI Shapefile",
    "GPKG",
    "GeoJSON",
    "GeoJSONSeq",
    "FlatGeobuf",
    "GML",
    "KML",
    "LIBKML",
    "SQLite",
    "OpenFileGDB",
)


def select_rgi(
    path: str | Path,
    inventory: str,
    ids: Sequence[str],
    area: gpd.GeoSeries | None = None,
    layer: str | None = None,
    reference_year: int | None = None,
) -> gpd.GeoDataFrame:
    """Outlines of the Randolph Glacier Inventory by identifier, or those that meet an area.

    Parameters
    ----------
    path : the archive's file of a region, zipped or not.
    inventory : ``rgi6`` or ``rgi7``.
    ids : identifiers; empty takes all that meet ``area``.
    area : polygons in any reference system.
    layer : name of the layer; None takes the only one.
    reference_year : year that the outlines stand for; much older or younger ones are told. None compares no dates.

    Returns
    -------
    Polygons in longitude and latitude with a text column ``glacier_id``, sorted by it.

    Raises
    ------
    InputError
        If the file is unreadable or of another kind, an identifier is not in it, or no outline meets the area.
    """
    column = RGI_IDS[inventory][1]
    wanted = {"where": _one_of(column, ids)} if ids else {"bounds": (area, 0.0)}
    features = _read(path, [column], layer, **wanted)
    lacking = sorted(set(ids) - set(features[column].astype(str)))
    if lacking:
        raise InputError(
            f"{path} has no {', '.join(lacking[:5])}{' …' if len(lacking) > 5 else ''} in its column {column}. Look "
            f"the identifiers up in that version of the inventory: they change from one to the next."
        )
    features = polygons(features, str(path))
    outlines = _chosen(features, column, None if ids else area, path)
    if reference_year is not None:
        warn_of_dates(features[features[column].isin(outlines["glacier_id"])], reference_year, str(path))
    return outlines


def select_glims(
    path: str | Path,
    ids: Sequence[str],
    area: gpd.GeoSeries | None,
    reference_year: int,
    layer: str | None = None,
) -> gpd.GeoDataFrame:
    """Outlines of GLIMS by identifier, or those that meet an area, each glacier's nearest in time to a year.

    A glacier has as many outlines as it was mapped times. Rocks inside, features of their own, are cut out.

    Parameters
    ----------
    path : outlines as the GLIMS database gives them, of any OGR format.
    ids : identifiers such as ``G079064E30878N``; empty takes all that meet ``area``.
    area : polygons in any reference system.
    reference_year : outlines of the date nearest to its middle are taken; of two as near, the later one.
    layer : name of the layer; None takes the only one.

    Returns, Raises
    ---------------
    As `select_rgi`.
    """
    features = _read(path, GLIMS_COLUMNS, layer)
    if ids:
        lacking = sorted(set(ids) - set(features["glac_id"]))
        if lacking:
            raise InputError(f"{path} has no {', '.join(lacking)} in its column glac_id. Look the identifiers up.")
        features = features[features["glac_id"].isin(ids)]
    return _chosen(glims_outlines(features, reference_year, str(path)), "glac_id", None if ids else area, path)


def area_around(outlines: gpd.GeoDataFrame, margin_m: float) -> gpd.GeoDataFrame:
    """Rectangle around outlines with a margin in meters, in the UTM zone of their middle.

    Raises
    ------
    InputError
        If they lie near a pole, where no zone is.
    """
    try:
        zone = utm_zone(outlines.geometry)
    except InputError as error:
        raise InputError(
            "no area of interest can be made around outlines so near to a pole, where no UTM zone is. Give one (aoi), "
            "and a crs."
        ) from error
    left, bottom, right, top = outlines.to_crs(zone).total_bounds
    rectangle = box(left - margin_m, bottom - margin_m, right + margin_m, top + margin_m)
    return gpd.GeoDataFrame(geometry=[rectangle], crs=zone)


def _read(path: str | Path, columns: Sequence[str], layer: str | None, **wanted: object) -> gpd.GeoDataFrame:
    """Features in longitude and latitude, with the columns in lower or upper case as they are asked for."""
    features = read_layer(path, "inventory", layer, needed=columns, drivers=DRIVERS, **wanted)
    known = {name.lower(): name for name in features.columns}
    return features.rename(columns={known[column.lower()]: column for column in columns}).to_crs(WGS84)


def _chosen(found: gpd.GeoDataFrame, column: str, area: gpd.GeoSeries | None, path: str | Path) -> gpd.GeoDataFrame:
    """Outlines that meet the area, one row an identifier."""
    outlines = found[[column, "geometry"]].astype({column: "str"}).dissolve(column)
    outlines = outlines.rename_axis("glacier_id").reset_index()
    if area is not None:
        outlines = outlines[outlines.intersects(area.to_crs(WGS84).union_all())]
    if outlines.empty:
        raise InputError(
            f"none of the outlines of {path} meets the area of interest. Look at its place, and at the region of the "
            "inventory."
        )
    return outlines.sort_values("glacier_id", ignore_index=True)


def _one_of(column: str, values: Sequence[str]) -> str:
    """SQL condition; the values were checked against the form of identifiers, which has no quotation mark."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
