"""Glacier outlines of the Randolph Glacier Inventory and of GLIMS: the inventories' files read, and some chosen."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from shapely.geometry import box

from climate_indicators.archives.identifiers import RGI_IDS
from climate_indicators.logs import InputError
from climate_indicators.vector_layers import with_geometry

GLIMS_COLUMNS = ("glac_id", "src_date", "line_type")
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
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
# how a layer of a zip begins: formats are told by it, not by names
_FIRST_BYTES = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00", ".geojson": b"{"}


def vector_of(path: str | Path) -> str:
    """Name by which GDAL reads a vector file, also the one inside a zip, which is read in place and never unpacked.

    Raises
    ------
    InputError
        If the zip is damaged, has names that lead out of it, or not exactly one layer.
    """
    path = Path(path)
    if path.suffix.lower() != ".zip":
        return str(path)
    names = _checked_names(path)
    layers = [name for name in names if name.lower().endswith((".shp", ".gpkg", ".geojson"))]
    if len(layers) != 1:
        found = ", ".join(sorted(layers)[:10]) or "none"
        raise InputError(f"{path} holds the vector layers: {found}; expected is exactly one. Unpack it and name one.")
    _check_begin(path, layers[0])
    stem = layers[0][:-4]
    parts = {name.lower() for name in names}
    if layers[0].lower().endswith(".shp"):
        lacking = [end for end in (".dbf", ".shx") if f"{stem}{end}".lower() not in parts]
        if lacking:
            raise InputError(f"{path}: {layers[0]} comes without {' and '.join(lacking)}. Fetch the file again.")
    return f"/vsizip/{path.resolve()}/{layers[0]}"


def check_zip(path: str | Path) -> None:
    """Read a zip to its end and compare every checksum.

    Raises
    ------
    InputError
        If it is damaged, or `vector_of` refuses it.
    """
    vector_of(path)
    with zipfile.ZipFile(path) as archive:
        try:
            broken = archive.testzip()
        except _DAMAGE as error:
            raise InputError(f"{path} is damaged: {error}") from error
    if broken is not None:
        raise InputError(f"{path} is damaged: the checksum of {broken} is wrong.")


def select_rgi(
    path: str | Path, inventory: str, ids: Sequence[str], area: gpd.GeoSeries | None = None
) -> gpd.GeoDataFrame:
    """Outlines of the Randolph Glacier Inventory by identifier, or those that meet an area.

    Parameters
    ----------
    path : the archive's file of a region, zipped or not.
    inventory : ``rgi6`` or ``rgi7``.
    ids : identifiers; empty takes all that meet ``area``.
    area : polygons in any reference system.

    Returns
    -------
    Polygons in longitude and latitude with a text column ``glacier_id``, sorted by it.

    Raises
    ------
    InputError
        If the file is unreadable or of another kind, an identifier is not in it, or no outline meets the area.
    """
    column = RGI_IDS[inventory][1]
    wanted = {"where": _one_of(column, ids)} if ids else {"bbox": tuple(area.to_crs(WGS84).total_bounds)}
    layer = _read(path, (column,), **wanted)
    lacking = sorted(set(ids) - set(layer[column].astype(str)))
    if lacking:
        raise InputError(
            f"{path} has no {', '.join(lacking[:5])}{' …' if len(lacking) > 5 else ''} in its column {column}. Look "
            f"the identifiers up in that version of the inventory: they change from one to the next."
        )
    return _chosen(layer, layer[column], None if ids else area, path)


def select_glims(
    path: str | Path, ids: Sequence[str], area: gpd.GeoSeries | None, reference_year: int
) -> gpd.GeoDataFrame:
    """Outlines of GLIMS by identifier, or those that meet an area, each glacier's nearest in time to a year.

    A glacier has as many outlines as it was mapped times. Rocks inside, features of their own, are cut out.

    Parameters
    ----------
    path : outlines as the GLIMS database gives them, of any OGR format.
    ids : identifiers such as ``G079064E30878N``; empty takes all that meet ``area``.
    area : polygons in any reference system.
    reference_year : outlines of the date nearest to its middle are taken; of two as near, the later one.

    Returns, Raises
    ---------------
    As `select_rgi`.
    """
    layer = _read(path, GLIMS_COLUMNS)
    if ids:
        lacking = sorted(set(ids) - set(layer["glac_id"]))
        if lacking:
            raise InputError(f"{path} has no {', '.join(lacking)} in its column glac_id. Look the identifiers up.")
        layer = layer[layer["glac_id"].isin(ids)]
    dates = pd.to_datetime(layer["src_date"].astype(str).str.slice(0, 10), errors="coerce")
    gap = (dates - pd.Timestamp(reference_year, 7, 1)).abs().dt.days.fillna(10**6)
    layer = layer.assign(gap=gap, day=dates.astype(str)).sort_values(["glac_id", "gap", "day"], ascending=[1, 1, 0])
    first = layer[layer["line_type"] == "glac_bound"].groupby("glac_id", sort=True)["day"].first()
    layer = layer[layer["day"] == layer["glac_id"].map(first)]
    polygons = layer.assign(geometry=layer.geometry.make_valid())
    outer = polygons[polygons["line_type"] == "glac_bound"].dissolve("glac_id")
    rocks = polygons[polygons["line_type"] == "intrnl_rock"].dissolve("glac_id").geometry.reindex(outer.index)
    shapes = outer.geometry.where(rocks.isna(), outer.geometry.difference(rocks, align=False))
    found = gpd.GeoDataFrame(geometry=shapes, crs=layer.crs).reset_index(names="glac_id")
    return _chosen(found, found["glac_id"], None if ids else area, path)


def area_around(outlines: gpd.GeoDataFrame, margin_m: float) -> gpd.GeoDataFrame:
    """Rectangle around outlines with a margin in metres, in the UTM zone of their middle.

    Raises
    ------
    InputError
        If they lie near a pole, where no zone is.
    """
    try:
        zone = outlines.estimate_utm_crs()
    except RuntimeError as error:
        raise InputError(
            "no area of interest can be made around outlines so near to a pole, where no UTM zone is. Give one (aoi), "
            "and a crs."
        ) from error
    left, bottom, right, top = outlines.to_crs(zone).total_bounds
    rectangle = box(left - margin_m, bottom - margin_m, right + margin_m, top + margin_m)
    return gpd.GeoDataFrame(geometry=[rectangle], crs=zone)


def _read(path: str | Path, columns: Sequence[str], **wanted: object) -> gpd.GeoDataFrame:
    source = vector_of(path)
    try:
        info = pyogrio.read_info(source)
        if info["driver"] not in DRIVERS:
            raise InputError(
                f"{path} has the format {info['driver']}; expected one of {', '.join(DRIVERS)}. Convert it."
            )
        known = {name.lower(): name for name in info["fields"]}
        lacking = [column for column in columns if column.lower() not in known]
        if lacking:
            raise InputError(
                f"{path} has no column {' and '.join(lacking)}; it has {', '.join(known.values())}. Name a file of "
                "the inventory that the settings name, or another inventory."
            )
        layer = with_geometry(gpd.read_file(source, **wanted), str(path))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read as a vector file: {error}") from error
    if layer.crs is None:
        raise InputError(f"{path} has no coordinate reference system. Fetch it again, with its .prj.")
    layer = layer.rename(columns={known[column.lower()]: column for column in columns})
    return layer[layer.geometry.notna()].to_crs(WGS84)


def _chosen(
    layer: gpd.GeoDataFrame, names: pd.Series, area: gpd.GeoSeries | None, path: str | Path
) -> gpd.GeoDataFrame:
    outlines = gpd.GeoDataFrame(
        {"glacier_id": names.astype(str).to_numpy()}, geometry=layer.geometry.make_valid().to_numpy(), crs=layer.crs
    )
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


def _check_begin(path: Path, name: str) -> None:
    """Refuse a layer whose first bytes are not those of its format."""
    expected = next(begin for end, begin in _FIRST_BYTES.items() if name.lower().endswith(end))
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            begin = stream.read(256)
    except _DAMAGE as error:
        raise InputError(f"{path} is damaged: {error}") from error
    if expected == b"{":
        begin = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin.startswith(expected):
        raise InputError(
            f"{path}: {name} begins with {begin[:16]!r}, not as a file of its kind does. Fetch it again, from the "
            "inventory's own address."
        )


def _checked_names(path: Path) -> list[str]:
    """Names in a zip, none of which leads out of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise InputError(f"{path} is no zip file that can be read ({error}). Fetch it again.") from error
    for name in names:
        parts = re.split(r"[/\\]", name)
        if name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name):
            raise InputError(f"{path} holds the name {name!r}, which leads out of it: it is no file of an inventory.")
    return names
