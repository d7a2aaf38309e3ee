"""Glacier outlines: read, selected and drawn onto the site's grid."""

from __future__ import annotations

import logging

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.features import rasterize
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.geo.glims import glims_outlines, is_glims, warn_of_dates, with_rocks
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import ground_factor
from climate_indicators.geo.vector_files import polygons, read_layer
from climate_indicators.glacier.extents import UNASSIGNED

# outlines beyond this distance from the grid do not reach it in any year
MARGIN_M = 20_000.0
# share of the outlines' area that more than one of them has; inventories have some ten-thousandths along divides
OVERLAP_WARNED, OVERLAP_REFUSED = 0.005, 0.05
# share of the area of interest above which there is too little other ground for training
MAX_GLACIER = 0.95
# numbers of outlines are 16 bits, with one for none and one for ice without an outline
MAX_OUTLINES = 65_534

_log = logging.getLogger(__name__)


def read_outlines(
    path: str,
    grid: Grid,
    id_field: str | None = None,
    where: str | None = None,
    layer: str | None = None,
    year: int | None = None,
) -> gpd.GeoDataFrame:
    """Outlines that meet the grid, in its reference system, one row per glacier.

    A layer with the columns of GLIMS is understood as such: of each glacier the outline nearest to ``year``, its rocks
    cut out. Rows of other layers that have one name are parts of one glacier.

    Parameters
    ----------
    path : vector file of any OGR format, or a zip with one.
    grid : the site's grid.
    id_field : column of the glaciers' names; None numbers the features, or takes the identifiers of GLIMS.
    where : OGR attribute filter.
    layer : name of the layer; None uses the only one.
    year : year that the outlines represent; needed for GLIMS. None compares no dates.

    Returns
    -------
    Valid polygons with a text column ``glacier_id``, sorted by it.

    Raises
    ------
    InputError
        If the file is unreadable, has several layers and none is named, has no reference system or no such column,
        holds no polygon, no outline meets the grid, or outlines lie on top of each other, as those of several dates do.
    """
    name = f"outlines {path}"
    near = gpd.GeoSeries([box(*grid.bounds)], crs=grid.crs)
    features = read_layer(path, "outlines", layer, where, bounds=(near, MARGIN_M))
    if id_field is not None and id_field not in features.columns.drop("geometry"):
        found = ", ".join(features.columns.drop("geometry"))
        raise InputError(f"{name} have no column {id_field!r}; columns: {found}. Set outlines.id_field to one of them.")
    of_glims = is_glims(features.columns)
    if of_glims:
        if where is not None:
            features = with_rocks(features, read_layer(path, "outlines", layer, bounds=(near, MARGIN_M)))
        features = glims_outlines(features, year, name)
        id_field = id_field or "glac_id"
    outlines = polygons(features.to_crs(grid.crs), name)
    outlines = outlines[outlines.intersects(near.iloc[0])]
    if outlines.empty:
        chosen = f" that fulfill {where}" if where else ""
        everywhere = read_layer(path, "outlines", layer)
        raise InputError(
            f"{name}: no outlines{chosen} meet the area of interest. Those of the file (in {everywhere.crs.name}) "
            f"span {_span(everywhere.geometry)}; the area spans {_span(near)}. Give outlines of this area, or correct "
            "the coordinate reference system of the file or outlines.where."
        )
    _check_overlap(outlines, name)
    if year is not None and not of_glims:
        warn_of_dates(outlines, year, name)
    outlines = outlines.assign(glacier_id=_names(outlines, id_field, name))[["glacier_id", "geometry"]]
    merged = outlines.dissolve("glacier_id").reset_index()
    if len(merged) < len(outlines):
        _log.info("%s: %d polygons are parts of %d glaciers, by %s", name, len(outlines), len(merged), id_field)
    return merged


def _span(geometry: gpd.GeoSeries) -> str:
    """Extent in degrees, for messages."""
    west, south, east, north = geometry.to_crs("EPSG:4326").total_bounds
    return f"{south:.2f} to {north:.2f} °N, {west:.2f} to {east:.2f} °E"


def _names(outlines: gpd.GeoDataFrame, id_field: str | None, name: str) -> pd.Series:
    """Name of each outline as text; one without a name is called after its place in the file, never merged."""
    numbers = outlines.index.astype(str)
    if id_field is None:
        return pd.Series(numbers, index=outlines.index)
    column = outlines[id_field]
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")  # whole numbers, of which some are missing
    names = column.astype("string").str.strip()
    # name of ice without an outline
    without = (names.isna() | names.isin(["", UNASSIGNED])).to_numpy(bool)
    if without.any():
        _log.warning("%s: %d outlines have no name in %s; they are called feature N.", name, without.sum(), id_field)
    return names.where(~without, "feature " + pd.Series(numbers, index=outlines.index)).astype("str")


def _check_overlap(outlines: gpd.GeoDataFrame, name: str) -> None:
    """Reject strongly overlapping outlines; warn about partial overlap."""
    shapes = outlines.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    twice = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    total = shapely.area(shapes).sum()
    if twice.sum() <= OVERLAP_WARNED * total:
        return
    worst = int(twice.argmax())
    text = (
        f"{name}: outlines lie on top of each other with {twice.sum() / 1e6:.3g} of their {total / 1e6:.4g} km² (most "
        f"the features {outlines.index[first[worst]]} and {outlines.index[second[worst]]}), as those of several dates "
        "do."
    )
    if twice.sum() > OVERLAP_REFUSED * total:
        raise InputError(f"{text} Select one outline per glacier with outlines.where, such as where: year = 2020.")
    _log.warning("%s Where two overlap, the later one in the order of names gets the pixels.", text)


def outlines_inside(outlines: gpd.GeoDataFrame, area: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Outlines that meet an area, of those that meet the grid around it.

    Raises
    ------
    InputError
        If none does.
    """
    found = outlines[outlines.intersects(area.to_crs(outlines.crs).union_all())]
    if found.empty:
        raise InputError(
            f"none of the {len(outlines)} outlines near the area of interest meets it: they lie beyond its edge. Give "
            "outlines of the glaciers there, or another area."
        )
    return found.reset_index(drop=True)


def draw_outlines(outlines: gpd.GeoDataFrame, grid: Grid, inside: np.ndarray) -> np.ndarray:
    """Number, from 1, of the outline over each pixel's center; 0 where none or outside.

    Parameters
    ----------
    outlines : polygons in the grid's reference system; number 1 is the first row. A later one wins where two overlap.
    grid : the site's grid.
    inside : uint8, shape ``grid.shape``: 1 inside the area of interest.

    Returns
    -------
    uint16 array, shape ``grid.shape``.

    Raises
    ------
    InputError
        If there are more outlines than numbers, or they cover no pixel inside the area.
    """
    if len(outlines) > MAX_OUTLINES:
        raise InputError(f"found {len(outlines)} outlines; a site has at most {MAX_OUTLINES}. Make several sites.")
    pairs = zip(outlines.geometry, range(1, len(outlines) + 1), strict=True)
    numbers = rasterize(pairs, out_shape=grid.shape, transform=grid.transform, dtype="uint16")
    numbers = np.where(inside == 1, numbers, 0).astype("uint16")
    share = np.count_nonzero(numbers) / max(np.count_nonzero(inside == 1), 1)
    if share == 0:
        raise InputError(
            "the outlines cover no pixel's center inside the area of interest, so there is no glacier for training. "
            "Give outlines of the glaciers there, or another area."
        )
    if share > MAX_GLACIER:
        _log.warning(
            "the outlines cover %.1f %% of the area of interest, which leaves too little other ground for training; "
            "are they those of glaciers?", 100 * share,
        )  # fmt: skip
    return numbers


def outline_areas(outlines: gpd.GeoDataFrame, numbers: np.ndarray, grid: Grid, area: gpd.GeoSeries) -> pd.DataFrame:
    """Area of each outline inside the area of interest: as drawn in pixels, and of the polygon itself.

    Returns
    -------
    Table ``value, glacier_id, area_km2, polygon_km2``, one row an outline. Areas on the ground (`ground_areas`).
    """
    on_ground = ground_factor(grid) / 1e6
    pixels = np.bincount(numbers.ravel(), minlength=len(outlines) + 1)[1:]
    clipped = outlines.geometry.intersection(area.to_crs(grid.crs).union_all())
    clipped = clipped.intersection(box(*grid.bounds))
    return pd.DataFrame(
        {
            "value": np.arange(1, len(outlines) + 1),
            "glacier_id": outlines["glacier_id"],
            "area_km2": pixels * abs(grid.transform.a * grid.transform.e) * on_ground,
            "polygon_km2": clipped.area * on_ground,
        }
    )
