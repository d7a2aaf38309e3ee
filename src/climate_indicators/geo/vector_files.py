"""Vector files of users: one layer of polygons, read, checked and repaired; every error names the file."""

from __future__ import annotations

import logging
import os
import struct
import xml.parsers.expat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS

from climate_indicators.core.errors import InputError
from climate_indicators.geo.vector_zips import vector_source

# features of a file up to which those without a geometry are looked for
MAX_COUNTED = 200_000
# degrees beyond which coordinates are no longitudes, whether these are counted to 180 or to 360
MAX_LONGITUDE, MAX_LATITUDE = 361.0, 90.5
# relative change of the areas of repaired polygons that is rounding: rings that touch themselves enclose what they did
SAME_AREA = 1e-6

_log = logging.getLogger(__name__)


def read_layer(
    path: str | Path,
    what: str,
    layer: str | None = None,
    where: str | None = None,
    bounds: tuple[gpd.GeoSeries, float] | None = None,
    needed: Sequence[str] = (),
    drivers: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Features of one layer of a vector file, in its own reference system, geometries as they are.

    Parameters
    ----------
    path : file of any OGR format, or a zip that holds one.
    what : what the file is to the user, such as ``outlines``; the start of every message.
    layer : name of the layer; None uses the only one.
    where : OGR attribute filter.
    bounds : area and margin in its units: only features whose box meets that of the area are read. None reads all.
    needed : columns that the layer must have, in any case.
    drivers : formats that are read, by GDAL's names; None uses all.

    Returns
    -------
    Features in the file's order, with the columns of the layer, and as index the numbers that the file gives them.
    May be empty.

    Raises
    ------
    InputError
        If the file cannot be read, is truncated, has several layers and none is named, lacks a column, or has no
        geometries, no reference system, or coordinates that are none of its reference system.
    """
    name = f"{what} {path}"
    with guarded(name, where):
        source = _source(path, layer)
        _check_format(source, drivers, name)
        _check_complete(Path(path))
        layer = _only_layer(source, layer, name)
        info = pyogrio.read_info(source, layer=layer, force_total_bounds=True)
        if info["crs"] is None:
            raise InputError(f"{name}: no coordinate reference system. Write it into the file (.prj of a shapefile).")
        _check_columns(list(info["fields"]), needed, name)
        crs = CRS.from_user_input(info["crs"])
        if not (crs.is_geographic or crs.is_projected):
            raise InputError(
                f"{name}: its reference system {_short(crs)} has no place on earth. Write the true one into the file."
            )
        _check_coordinates(info["total_bounds"], crs, name)
        box = None if bounds is None else _box_in(info["crs"], *bounds)
        features = pyogrio.read_dataframe(source, layer=layer, where=where, bbox=box, fid_as_index=True)
        if box is not None and info["features"] <= MAX_COUNTED:
            _warn_of_shapeless(pyogrio.read_bounds(source, layer=layer, where=where)[1], name)
    return features


@dataclass(frozen=True)
class LayerHeader:
    """Name and reference system of a layer, as text."""

    name: str
    crs: str


def layer_header(path: str | Path, what: str, layer: str | None = None) -> LayerHeader:
    """Name and reference system of the layer that `read_layer` reads with the same arguments."""
    name = f"{what} {path}"
    with guarded(name):
        source = _source(path, layer)
        layer = _only_layer(source, layer, name)
        crs = pyogrio.read_info(source, layer=layer)["crs"]
    return LayerHeader(layer, _short(CRS.from_user_input(crs)) if crs else "")


def polygons(features: gpd.GeoDataFrame, name: str, level: int = logging.WARNING) -> gpd.GeoDataFrame:
    """The polygons among features, flat and valid; what was repaired or dropped is logged.

    Parameters
    ----------
    features : of any geometry.
    name : of the file, the start of every message.
    level : of the log lines.

    Returns
    -------
    Rows whose geometry is a polygon or multipolygon with an area, other columns and the index as they were. A polygon
    that crosses or touches itself becomes the area that its rings enclose; where no area changes by that, the line is
    information only.

    Raises
    ------
    InputError
        If there are features but no polygon, or coordinates are not finite.
    """
    shapes = features.geometry.to_numpy().copy()
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if not np.isfinite(shapely.get_coordinates(shapes[present])).all():
        raise InputError(f"{name}: it has coordinates that are not finite. Remove or correct these features.")
    kinds = Counter(shape.geom_type for shape in shapes[present])
    shapes[present] = shapely.force_2d([_polygon_part(shape) for shape in shapes[present]])
    broken = present & ~shapely.is_valid(shapes)
    if broken.any():
        before = shapely.area(shapes[broken])
        shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        change = float(np.abs(shapely.area(shapes[broken]) - before).sum() / max(before.sum(), 1e-300))
        reason = shapely.is_valid_reason(features.geometry.to_numpy()[broken][0])
        _log.log(
            level if change > SAME_AREA else min(level, logging.INFO),
            "%s: %d of %d polygons were not valid (the first: %s) and were repaired; areas changed by %.3g %%.",
            name, broken.sum(), len(features), reason, min(100 * change, 1e6),
        )  # fmt: skip
        shapes[broken] = [_polygon_part(shape) for shape in shapes[broken]]
    usable = present & (shapely.area(shapes) > 0)
    dropped = int((~usable).sum())
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "no geometry"
    if dropped and not usable.any():
        raise InputError(
            f"{name}: none of its {len(features)} features is a polygon with an area; found {found}. Name a file, or a "
            "layer, of polygons."
        )
    if dropped:
        _log.log(
            level, "%s: %d of %d features are no polygons with an area and were left out (found %s).",
            name, dropped, len(features), found,
        )  # fmt: skip
    return features.set_geometry(gpd.GeoSeries(shapes, index=features.index, crs=features.crs))[usable]


@contextmanager
def guarded(name: str, where: str | None = None) -> Iterator[None]:
    """Turn an error of the reader into an `InputError` that names the file and, if there is one, the filter.

    The reader raises errors of many kinds; each means that the user's file, or the filter, is at fault.
    """
    try:
        yield
    except InputError as error:
        raise error if str(error).startswith(name) else InputError(f"{name}: {error}") from error
    except Exception as error:
        chosen = f" with where: {where}" if where else ""
        advice = ", the condition" if where else ""
        raise InputError(
            f"{name} cannot be read as a vector file{chosen}: {error}. Check the path{advice} and whether the file "
            "is whole."
        ) from error


def _source(path: str | Path, layer: str | None) -> str | bytes:
    """What the reader is given; GML as bytes, since GDAL would write a file next to it."""
    source = vector_source(path, layer)
    return Path(path).read_bytes() if source.lower().endswith(".gml") and os.path.isfile(source) else source


def _check_format(source: str | bytes, drivers: Sequence[str] | None, name: str) -> None:
    found = None if drivers is None else pyogrio.read_info(source)["driver"]
    if found is not None and found not in drivers:
        raise InputError(f"{name} has the format {found}; expected one of {', '.join(drivers)}. Convert it.")


def _only_layer(source: str | bytes, layer: str | None, name: str) -> str:
    found = [str(one) for one, kind in pyogrio.list_layers(source) if kind is not None]
    if not found:
        columns = ", ".join(pyogrio.read_info(source)["fields"]) or "none"
        raise InputError(
            f"{name} has no geometry, only the columns {columns}. Name a file of polygons; a shapefile needs its .shp "
            "and .shx next to the .dbf."
        )
    if layer is None and len(found) > 1:
        raise InputError(f"{name}: it has {len(found)} layers: {', '.join(found)}. Name the one that is meant (layer).")
    # in a zip, the name of the file chose it
    by_file = isinstance(source, str) and source.startswith("/vsizip/") and Path(source).stem == layer
    if layer is None or (len(found) == 1 and by_file):
        return found[0]
    if layer not in found:
        raise InputError(f"{name}: it has no layer '{layer}'; its layers: {', '.join(found)}. Correct the name.")
    return layer


def _warn_of_shapeless(boxes: np.ndarray, name: str) -> None:
    """Warn of features without a geometry, which no box can find; a damaged index of a shapefile loses shapes so."""
    missing = int(np.isnan(boxes).all(axis=0).sum())
    if missing:
        _log.warning("%s: %d of %d features have no geometry and were left out.", name, missing, boxes.shape[1])


def _check_columns(found: Sequence[str], needed: Sequence[str], name: str) -> None:
    known = [column.lower() for column in found]
    lacking = [column for column in needed if column.lower() not in known]
    if lacking:
        raise InputError(f"{name} has no column {' and '.join(lacking)}; it has {', '.join(found)}.")


def _check_complete(path: Path) -> None:
    """Reject truncated files that the reader would read in part, or as empty, without an error."""
    suffix = path.suffix.lower()
    for part in [path] if path.is_file() else sorted(path.glob("*.[sS][hH][pP]")):
        if part.suffix.lower() == ".shp":
            _check_shapefile(part)
    if suffix == ".gml":
        parser = xml.parsers.expat.ParserCreate()
        try:
            parser.Parse(path.read_bytes(), True)
        except xml.parsers.expat.ExpatError as error:
            raise InputError(f"it is truncated or no XML: {error}. Copy it again.") from error


def _check_shapefile(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(28)
    # bytes 24 to 27 of the header: length of the file in 16-bit words
    length = 2 * struct.unpack(">i", header[24:])[0] if len(header) == 28 else 100
    if path.stat().st_size < length:
        raise InputError(
            f"{path.name} is truncated: its header says {length} bytes, found are {path.stat().st_size}. Copy it again."
        )


def _box_in(crs: str, area: gpd.GeoSeries, margin: float) -> tuple[float, float, float, float] | None:
    """Box of an area with a margin in another reference system; None, so that all is read, where it has none there."""
    left, bottom, right, top = area.total_bounds
    box = shapely.box(left - margin, bottom - margin, right + margin, top + margin)
    outline = gpd.GeoSeries([box], crs=area.crs).segmentize(max(right - left, top - bottom) / 20)
    try:
        found = outline.to_crs(crs).total_bounds
    except Exception as error:  # no way from one system to the other: the reader's own message comes later
        _log.info("no box in %s: %s", crs, error)
        return None
    west, _, east, _ = found
    geographic = CRS.from_user_input(crs).is_geographic
    return None if not np.isfinite(found).all() or (geographic and east - west > 180) else tuple(map(float, found))


def _check_coordinates(bounds: Sequence[float] | None, crs: CRS, name: str) -> None:
    """Reject coordinates that cannot be of the file's reference system, as of a GeoJSON in meters."""
    if bounds is None or not np.isfinite(bounds).all():
        return
    west, south, east, north = bounds
    found = f"{west:.6g} {south:.6g} {east:.6g} {north:.6g}"
    in_degrees = max(abs(west), abs(east)) <= MAX_LONGITUDE and max(abs(south), abs(north)) <= MAX_LATITUDE
    if crs.is_geographic and not in_degrees:
        raise InputError(
            f"{name}: its reference system {_short(crs)} is in degrees, but its coordinates are {found} (west "
            "south east north). Write the reference system of these coordinates into the file."
        )
    if crs.is_projected and in_degrees and max(east - west, north - south) > 0:
        raise InputError(
            f"{name}: its reference system {_short(crs)} is in meters or feet, but its coordinates are "
            f"{found}, which look like degrees. Write the reference system of these coordinates into the file."
        )


def _short(crs: CRS) -> str:
    return crs.to_string() if len(crs.to_string()) < 30 else crs.name


def _polygon_part(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a collection as one geometry; a geometry of another kind as an empty one."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    if shape.geom_type != "GeometryCollection":
        return shapely.MultiPolygon()
    parts = [_polygon_part(part) for part in shape.geoms]
    return shapely.union_all([part for part in parts if not part.is_empty]) if parts else shapely.MultiPolygon()
