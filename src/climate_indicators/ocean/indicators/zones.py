"""Zones of the ocean, given as boxes of latitude and longitude or as polygons of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from climate_indicators.core.errors import InputError
from climate_indicators.geo.vector_files import polygons, read_layer

GLOBAL = {"name": "global", "title": "Global ocean", "lat": [-90, 90], "lon": None}


def zone_masks(
    zones: Sequence[Mapping[str, Any]], cell_lat: np.ndarray, cell_lon: np.ndarray, area_km2: np.ndarray
) -> dict[str, np.ndarray]:
    """Cells of every zone, the whole ocean first.

    Parameters
    ----------
    zones : see `zone_mask`; ``global`` is added where it is not among them.
    cell_lat : float, shape (n_lat,), centers, degrees north.
    cell_lon : float, shape (n_lon,), centers, degrees east.
    area_km2 : float, shape (n_lat, n_lon), ocean area of each cell, 0 on land.

    Returns
    -------
    Bool arrays of shape (n_lat, n_lon) by the name of the zone; true for ocean cells only.

    Raises
    ------
    InputError
        If two zones have one name, or a zone has no ocean cell.
    """
    masks: dict[str, np.ndarray] = {}
    for zone in with_global(zones):
        name = zone["name"]
        if name in masks:
            raise InputError(f"two zones are called '{name}'. Give each zone a unique name.")
        masks[name] = zone_mask(zone, cell_lat, cell_lon) & (area_km2 > 0)
        if not masks[name].any():
            raise InputError(
                f"zone '{name}' ({_described(zone)}) holds the center of no ocean cell; the data have ocean cells at "
                f"{_extent(cell_lat, cell_lon, area_km2)}. Mend the zone or remove it from the list."
            )
    return masks


def zone_titles(zones: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Title of every zone by its name in tables, the whole ocean first; by default the name."""
    return {zone["name"]: zone.get("title") or zone["name"].replace("_", " ") for zone in with_global(zones)}


def with_global(zones: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Zones with the whole ocean before them, unless one of them is called ``global``."""
    return list(zones) if any(zone["name"] == "global" for zone in zones) else [GLOBAL, *zones]


def zone_mask(zone: Mapping[str, Any], cell_lat: np.ndarray, cell_lon: np.ndarray) -> np.ndarray:
    """Cells with their center in a zone.

    Parameters
    ----------
    zone : a box: ``name, lat, lon``, with ``lat`` as [south, north] and ``lon`` as a list of [west, east] in degrees
        of any convention; an interval whose east is less than its west crosses the date line; null is all longitudes.
        Centers on a bound are inside. Or polygons: ``name, file`` and, as needed, ``layer`` and ``where``, an SQL
        condition that picks features; together they make the zone.
    cell_lat : float, shape (n_lat,), degrees north.
    cell_lon : float, shape (n_lon,), degrees east.

    Returns
    -------
    bool, shape (n_lat, n_lon).

    Raises
    ------
    InputError
        If the box is none, or the file cannot be read, has no polygon or no reference system.
    """
    if zone.get("file"):
        return _inside_polygons(zone, cell_lat, cell_lon)
    south, north = zone.get("lat") or (-90, 90)
    if not -90 <= south < north <= 90:
        raise InputError(
            f"zone '{zone['name']}': lat is [{south:g}, {north:g}]; expected [south, north] in degrees, from −90 to 90."
        )
    rows = (cell_lat >= south) & (cell_lat <= north)
    intervals = zone.get("lon")
    columns = np.full(len(cell_lon), intervals is None)
    for west, east in intervals or ():
        span = east - west if east > west else east - west + 360
        if west == east or span <= 0:
            raise InputError(f"zone '{zone['name']}': lon interval [{west:g}, {east:g}] is empty; give [west, east].")
        columns |= np.mod(cell_lon - west, 360) <= span
    return rows[:, None] & columns


def _inside_polygons(zone: Mapping[str, Any], cell_lat: np.ndarray, cell_lon: np.ndarray) -> np.ndarray:
    area = _polygons(zone)
    shapely.prepare(area)
    lon, lat = np.meshgrid(np.mod(cell_lon + 180, 360) - 180, cell_lat)
    # the file may count longitudes from −180 or from 0
    return shapely.contains_xy(area, lon, lat) | shapely.contains_xy(area, lon + 360, lat)


def _polygons(zone: Mapping[str, Any]) -> shapely.Geometry:
    path, name = Path(zone["file"]), zone["name"]
    if not path.exists():
        raise InputError(f"zone '{name}': there is no file {path}. Correct the path, or give the zone by lat and lon.")
    found = f"zone '{name}': polygons"
    features = read_layer(path, found, zone.get("layer"), zone.get("where"))
    if features.empty:
        chosen = f" where {zone['where']}" if zone.get("where") else ""
        raise InputError(f"{found} {path}: it has no polygon{chosen}. Correct layer and where, or give another file.")
    shapes = polygons(features, f"{found} {path}").to_crs("EPSG:4326").geometry
    return shapes.make_valid().union_all()


def _described(zone: Mapping[str, Any]) -> str:
    if zone.get("file"):
        return f"file {zone['file']}"
    lon = "all longitudes" if zone.get("lon") is None else f"lon {zone['lon']}"
    return f"lat {zone['lat']}, {lon}"


def _extent(cell_lat: np.ndarray, cell_lon: np.ndarray, area_km2: np.ndarray) -> str:
    rows, columns = np.nonzero(area_km2 > 0)
    if not rows.size:
        return "no place at all"
    lat, lon = cell_lat[rows], cell_lon[columns]
    return f"latitudes {lat.min():.4g} to {lat.max():.4g} and longitudes {lon.min():.4g} to {lon.max():.4g}"
