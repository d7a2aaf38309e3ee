"""How much of an area the tiles of an overpass cover: by their outlines, and by their pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
from pyproj.exceptions import CRSError
from shapely import Polygon, get_coordinates, make_valid, segmentize, transform, union_all
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from climate_indicators.download.stac.search import Tile
from climate_indicators.geo.grid import in_degrees

DEGREES = pyproj.CRS.from_epsg(4326)
# between vertices an outline is straight in one reference system only; so short pieces are straight in all
_PIECES = 64
# pixels without a value inside a scene, as in radar shadow, do not count against its coverage in cells of this size
CELL_M, CELLS_A_SIDE = 500.0, 20


def covered_share(tiles: Sequence[Tile], area: gpd.GeoSeries) -> float:
    """Share of an area under the outlines of tiles, 0 to 1.

    Archives write the corners of a tile in degrees, while its edges are straight in its own projection. Between the
    corners of a radar slice of 250 km the two differ by hundreds of meters, which would part consecutive slices.
    Outlines are therefore laid out in the item's projection (``proj:geometry``, else the corners); of an item that
    states none, what either way of drawing covers counts, and the pixels decide later.

    Parameters
    ----------
    tiles : tiles of one overpass, at least one.
    area : polygons in any reference system.
    """
    flat = _flat(area)
    outline = flat.union_all()
    parts = [_laid_over(one, crs, outline, flat.crs) for tile in tiles for one, crs in _outlines(tile, flat.crs)]
    return float(min(1.0, union_all(parts).area / outline.area))


def share_with_values(known: np.ndarray, inside: np.ndarray, pixel_m: float) -> float:
    """Share of an area that has values, 0 to 1, in cells of `CELL_M` or of a 20th of the raster, whichever is less.

    Parameters
    ----------
    known : bool, shape (rows, columns): where a raster has a value.
    inside : bool, same shape: inside the area.
    pixel_m : size of a pixel in meters.
    """
    cell = max(1, min(int(CELL_M / pixel_m), min(known.shape) // CELLS_A_SIDE))
    rows, cols = (-(-size // cell) * cell for size in known.shape)

    def cells(mask: np.ndarray) -> np.ndarray:
        padded = np.zeros((rows, cols), bool)
        padded[: mask.shape[0], : mask.shape[1]] = mask
        return padded.reshape(rows // cell, cell, cols // cell, cell).sum(axis=(1, 3))

    weight, seen = cells(inside), cells(known & inside) > 0
    return float(weight[seen].sum() / max(1, weight.sum()))


def _flat(area: gpd.GeoSeries) -> gpd.GeoSeries:
    """The area in an equal-area projection around its middle."""
    west, south, east, north = in_degrees(area).total_bounds
    return area.to_crs(f"+proj=laea +lat_0={(south + north) / 2:.6f} +lon_0={(west + east) / 2:.6f} +datum=WGS84")


def _outlines(tile: Tile, fallback: pyproj.CRS) -> list[tuple[BaseGeometry, pyproj.CRS]]:
    """Outlines of a tile, each with the reference system in which its edges are straight."""
    crs = _projection(tile.item)
    if crs is None:
        return [(tile.footprint, DEGREES), (_corners_in(tile.footprint, fallback), fallback)]
    drawn = _stated_outline(tile.item["properties"].get("proj:geometry"))
    if drawn is None:
        drawn = tile.footprint if crs.is_geographic else _corners_in(tile.footprint, crs)
    return [(drawn, crs)]


def _stated_outline(geometry: Any) -> BaseGeometry | None:
    """Outline of ``proj:geometry``; None where an item has none that can be read."""
    if not isinstance(geometry, Mapping):
        return None
    try:
        outline = make_valid(shape(geometry))
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError):
        return None
    return outline if outline.area > 0 else None


def _projection(item: Mapping[str, Any]) -> pyproj.CRS | None:
    """Reference system that an item states for its pixels, itself or at an asset."""
    assets = [one for one in (item.get("assets") or {}).values() if isinstance(one, Mapping)]
    for place in (item["properties"], *assets):
        code = place.get("proj:code") or place.get("proj:epsg")
        if code:
            try:
                return pyproj.CRS.from_user_input(code)
            except CRSError:
                continue
    return None


def _corners_in(footprint: BaseGeometry, crs: pyproj.CRS) -> BaseGeometry:
    """An outline in degrees with its corners in another system, the edges straight there."""
    turn = pyproj.Transformer.from_crs(DEGREES, crs, always_xy=True)
    moved = transform(footprint, turn.transform, interleaved=False)
    return make_valid(moved) if np.isfinite(get_coordinates(moved)).all() else Polygon()


def _laid_over(outline: BaseGeometry, crs: pyproj.CRS, area: BaseGeometry, area_crs: pyproj.CRS) -> BaseGeometry:
    """What of an area lies under an outline."""
    if crs != area_crs:
        if outline.is_empty:
            return outline
        left, bottom, right, top = outline.bounds
        turn = pyproj.Transformer.from_crs(crs, area_crs, always_xy=True)
        fine = segmentize(outline, max(right - left, top - bottom) / _PIECES)
        outline = make_valid(transform(fine, turn.transform, interleaved=False))
    return outline.intersection(area)
