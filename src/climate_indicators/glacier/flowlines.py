"""Main flowlines of glaciers, from their outlines and elevations, and as a vector layer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
from rasterio.transform import xy
from scipy import ndimage
from shapely.geometry import LineString
from skimage.graph import MCP_Geometric

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid

# Kienholz et al. (2014), equation 1, with the values of OGGM: the path avoids the margin and prefers low ground
_DISTANCE_FACTOR, _DISTANCE_POWER = 1000.0, 4.25
_ELEVATION_FACTOR, _ELEVATION_POWER = 3000.0, 3.7
# heads are looked for among outline pixels in the upper part of the elevation range
_HEAD_QUANTILE = 0.5
_HEAD_RADIUS_PX = 5
_SMOOTHING_PX = 3.0
MIN_PIXELS = 9
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Flowline:
    """A line from the head of a glacier to its terminus.

    Attributes
    ----------
    points : float64, shape (n, 2): row and column, in pixels of the site's grid; pixel centers are whole numbers.
    distance_m : float64, shape (n,): along the line, 0 at the head.
    cut : whether the terminus lies next to ground outside the area of interest, or to another glacier, so that the
        true end of the ice is not known.
    """

    points: np.ndarray
    distance_m: np.ndarray
    cut: bool

    @property
    def length_m(self) -> float:
        """Length of the line in meters."""
        return float(self.distance_m[-1])

    @classmethod
    def of(cls, points: np.ndarray, pixel_m: float, cut: bool = False) -> Flowline:
        """The line through ``points``, pixels of ``pixel_m``."""
        steps = np.hypot(*np.diff(points, axis=0).T) * pixel_m
        return cls(points, np.concatenate([[0.0], np.cumsum(steps)]), cut)


def main_flowline(ice: np.ndarray, elevation: np.ndarray, pixel_m: float, open_ground: np.ndarray) -> Flowline:
    """Main flowline of one glacier: the longest least-cost path from its heads to its terminus.

    The terminus is the lowest pixel of the outline, the heads are local maxima of the elevation along the outline.
    The cost of a pixel falls with its distance from the margin and rises with its elevation (Kienholz et al. 2014,
    doi:10.5194/tc-8-503-2014, equation 1; parameters as in OGGM, Maussion et al. 2019, doi:10.5194/gmd-12-909-2019).

    Parameters
    ----------
    ice : bool, shape (rows, columns): the glacier. Of several parts the largest is taken.
    elevation : float, same shape, m; finite on the ice.
    pixel_m : side of a pixel, m.
    open_ground : bool, same shape: ground that is known to be no ice.

    Raises
    ------
    InputError
        If the glacier has fewer than `MIN_PIXELS` pixels, or ice without elevation.
    """
    ice = largest_part(ice)
    if ice.sum() < MIN_PIXELS:
        raise InputError(f"the glacier has {int(ice.sum())} pixels; a flowline needs {MIN_PIXELS}.")
    if not np.isfinite(elevation[ice]).all():
        missing = int((~np.isfinite(elevation[ice])).sum())
        raise InputError(f"{missing} of {int(ice.sum())} pixels of the glacier have no elevation (dem).")
    top, left = np.argwhere(ice).min(axis=0) - 1
    bottom, right = np.argwhere(ice).max(axis=0) + 2
    ice, elevation = _window(ice, top, left, bottom, right), _window(elevation, top, left, bottom, right)
    outside = _window(open_ground, top, left, bottom, right)
    heights = _smoothed(elevation, ice)
    margin = ice & ~ndimage.binary_erosion(ice)
    # the ice ends above open ground; without open ground, the glacier is cut on all sides
    free = margin & ndimage.binary_dilation(outside & ~ice, np.ones((3, 3), bool))
    terminus = _lowest(heights, free if free.any() else margin)
    lowest = _lowest(heights, margin)
    cut = bool(heights[lowest] < heights[terminus]) or not free.any()
    graph = MCP_Geometric(_cost(ice, heights))
    graph.find_costs([terminus])
    lines = [
        Flowline.of(_smooth_line(np.array(graph.traceback(head), "float64")[::-1]), pixel_m, cut)
        for head in _heads(heights, margin)
        if head != terminus
    ]
    if not lines:
        raise InputError("the outline of the glacier has no head other than its lowest pixel.")
    longest = max(lines, key=lambda line: line.length_m)
    return Flowline(longest.points + (top, left), longest.distance_m, cut)


def find_flowlines(
    glacier_ids: np.ndarray, names: Sequence[str], elevation: np.ndarray, inside: np.ndarray, pixel_m: float
) -> dict[str, Flowline]:
    """Flowline of every glacier of the reference outlines, by name, on the site's grid.

    Parameters
    ----------
    glacier_ids : uint16, shape (rows, columns): number of the glacier, from 1; 0 none.
    names : of the glaciers, number 1 first.
    elevation : float, same shape, m; NaN where unknown.
    inside : bool, same shape: inside the area of interest.
    pixel_m : side of a pixel, m.

    Returns
    -------
    Those that have a flowline. Others are named in a warning.
    """
    lines, without = {}, []
    open_ground = inside & (glacier_ids == 0)
    for number, window in enumerate(ndimage.find_objects(glacier_ids, len(names)), start=1):
        if window is None:
            continue
        # a pixel around the glacier shows whether its margin borders open ground
        rows, columns = (slice(max(part.start - 1, 0), part.stop + 1) for part in window)
        ice = glacier_ids[rows, columns] == number
        try:
            line = main_flowline(ice, elevation[rows, columns], pixel_m, open_ground[rows, columns])
        except InputError as error:
            without.append(f"{names[number - 1]}: {error}")
            continue
        lines[names[number - 1]] = replace(line, points=line.points + (rows.start, columns.start))
    if without:
        more = f" and {len(without) - 5} more" if len(without) > 5 else ""
        _log.warning(
            "%d glaciers have no flowline and no terminus change: %s%s", len(without), "; ".join(without[:5]), more
        )
    return lines


def flowline_layer(lines: Mapping[str, Flowline], grid: Grid) -> gpd.GeoDataFrame:
    """Flowlines as lines with ``glacier_id, length_m, cut``, from head to terminus."""
    shapes = [LineString(np.column_stack(pixel_coordinates(grid, *line.points.T))) for line in lines.values()]
    columns = {
        "glacier_id": list(lines),
        "length_m": [line.length_m for line in lines.values()],
        "cut": [line.cut for line in lines.values()],
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=grid.crs))


def read_flowlines(path: str, grid: Grid, pixel_m: float) -> dict[str, Flowline]:
    """Flowlines by name of the glacier, from a file of `flowline_layer`."""
    layer = gpd.read_file(path)
    lines = {}
    for row in layer.itertuples():
        columns, rows = ~grid.transform @ np.array(row.geometry.coords).T
        lines[row.glacier_id] = Flowline.of(np.column_stack([rows, columns]) - 0.5, pixel_m, bool(row.cut))
    return lines


def pixel_coordinates(grid: Grid, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of pixel centers, rows and columns may be fractions."""
    x, y = xy(grid.transform, rows, columns)
    return np.asarray(x, "float64"), np.asarray(y, "float64")


def largest_part(ice: np.ndarray) -> np.ndarray:
    """The largest 8-connected component of a mask; bool, same shape."""
    parts, count = ndimage.label(ice, np.ones((3, 3), int))
    if count <= 1:
        return np.asarray(ice, bool)
    return parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))


def _window(values: np.ndarray, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """Part of an array that may reach beyond its edges by a pixel: false or NaN there."""
    rows, columns = values.shape
    inner = values[max(top, 0) : bottom, max(left, 0) : right]
    pad = ((max(-top, 0), max(bottom - rows, 0)), (max(-left, 0), max(right - columns, 0)))
    return np.pad(inner, pad, constant_values=False if values.dtype == bool else np.nan)


def _smoothed(elevation: np.ndarray, ice: np.ndarray, sigma_px: float = 1.0) -> np.ndarray:
    """Elevations of the ice without the noise of single pixels; NaN outside."""
    weight = ndimage.gaussian_filter(ice.astype("float64"), sigma_px)
    mean = ndimage.gaussian_filter(np.where(ice, elevation, 0.0).astype("float64"), sigma_px)
    return np.where(ice, mean / np.maximum(weight, 1e-12), np.nan)


def _lowest(heights: np.ndarray, where: np.ndarray) -> tuple[int, int]:
    place = int(np.argmin(np.where(where, heights, np.inf)))
    return tuple(int(index) for index in np.unravel_index(place, heights.shape))


def _cost(ice: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Cost of each pixel, at least 1; −1, impassable, outside the ice."""
    distance = ndimage.distance_transform_edt(ice)
    low, high = np.nanmin(heights), np.nanmax(heights)
    near = (distance.max() - distance) / distance.max()
    raised = (heights - low) / max(high - low, 1e-9)
    cost = (near * _DISTANCE_FACTOR) ** _DISTANCE_POWER + (raised * _ELEVATION_FACTOR) ** _ELEVATION_POWER
    return np.where(ice, np.maximum(cost, 1.0), -1.0)


def _heads(heights: np.ndarray, margin: np.ndarray) -> list[tuple[int, int]]:
    """Local maxima of the elevation along the outline, in the upper part of its range; the highest pixel at least."""
    along = np.where(margin, heights, -np.inf)
    highest = ndimage.maximum_filter(along, 2 * _HEAD_RADIUS_PX + 1)
    level = np.quantile(heights[margin], _HEAD_QUANTILE)
    return [tuple(int(index) for index in head) for head in np.argwhere(margin & (along == highest) & (along >= level))]


def _smooth_line(points: np.ndarray) -> np.ndarray:
    """A path without the stairs of its pixels; its ends stay."""
    smooth = ndimage.gaussian_filter1d(points, _SMOOTHING_PX, axis=0, mode="nearest")
    return np.concatenate([points[:1], smooth[1:-1], points[-1:]])
