"""Elevation models: detection of voids; small voids are interpolated, large ones remain missing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from rasterio.enums import Resampling
from rasterio.fill import fillnodata
from rasterio.windows import Window
from scipy.ndimage import maximum_filter, minimum_filter

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import Reader
from climate_indicators.geo.rasters.reading import GridReader, within
from climate_indicators.geo.rasters.understanding import RasterInfo, check_place

# elevations on land, in meters: from below the Dead Sea's shore to above Mount Everest
MIN_ELEVATION_M, MAX_ELEVATION_M = -500.0, 9000.0
# voids up to twice this wide, in pixels of the elevation model, are interpolated
REACH_PX = 5
# a value in more than this share of the pixels may be fill; 0 may be fill at any frequency
_COMMON = 0.01
# fill differs from adjacent ground by more than both of these; shores of seas and lakes do not
_FILL_JUMP_M, _FILL_SLOPE_DEG = 100.0, 60.0
_MAX_PIXELS = 1 << 22
_FEET = ("ft", "foot", "feet", "us survey foot", "ussft", "us-ft", "ftus")


@dataclass(frozen=True)
class Survey:
    """Survey of the part of an elevation model inside a grid.

    Attributes
    ----------
    ground : lowest and highest elevation of the ground, in meters; numbers beyond are voids.
    fill : values between them that mark voids but are not declared as nodata, in meters.
    n_pixels, n_missing, n_outside, n_fill : number of pixels; declared missing; outside the range of the ground; fill.
    lowest, highest : of the values not declared as missing, in meters; NaN if there are none.
    """

    ground: tuple[float, float]
    fill: tuple[float, ...]
    n_pixels: int
    n_missing: int
    n_outside: int
    n_fill: int
    lowest: float
    highest: float

    @property
    def n_void(self) -> int:
        """Pixels without an elevation."""
        return self.n_missing + self.n_outside + self.n_fill

    @property
    def note(self) -> str:
        """Description of the undeclared voids; "" if there are none."""
        parts = []
        if self.n_outside:
            low, high = self.ground
            parts.append(f"{self.n_outside} pixels outside {low:g} to {high:g} m, the range of the ground, are voids")
        if self.fill:
            listed = ", ".join(f"{value:g}" for value in self.fill)
            parts.append(f"{self.n_fill} pixels of {listed} m, unlike the ground around them, are voids")
        return "; ".join(parts)


class Elevations(GridReader):
    """Elevations in meters on a grid, NaN where unknown.

    Parameters
    ----------
    raster, info : open elevation model and its header; one band, with its scale and offset.
    grid : the site's grid.
    found : result of its survey; with None, only values outside the range of elevations on Earth are voids.
    interpolate : whether voids up to twice `REACH_PX` wide are interpolated from the ground on both sides.
    """

    def __init__(
        self, raster: Reader, info: RasterInfo, grid: Grid, found: Survey | None = None, interpolate: bool = True
    ) -> None:
        super().__init__(raster, info, info.bands, grid, Resampling.bilinear)
        self._ground = found.ground if found else (MIN_ELEVATION_M, MAX_ELEVATION_M)
        self._fill = np.array(found.fill if found else (), "float32")
        self._interpolate = interpolate

    def native(self, window: Window) -> np.ndarray:
        """Elevations of a window of the raster itself, float32 (1, rows, columns), NaN where unknown."""
        if not self._interpolate:
            return self._known(window)
        # margin in pixels within which closing and interpolation influence a pixel
        room = 4 * REACH_PX + 2
        larger = Window(window.col_off - room, window.row_off - room, window.width + 2 * room, window.height + 2 * room)
        larger = within(larger, self.info.width, self.info.height)
        values = interpolated(self._known(larger)[0])
        row, col = int(window.row_off - larger.row_off), int(window.col_off - larger.col_off)
        return values[None, row : row + int(window.height), col : col + int(window.width)]

    def meters(self, window: Window) -> np.ndarray:
        """Values of a window of the raster in meters, NaN where the file declares them missing."""
        values = super().native(window)
        band = self.bands[0]
        return values if band.scale is None else (values * band.scale + band.offset).astype("float32")

    def _known(self, window: Window) -> np.ndarray:
        values = self.meters(window)
        low, high = self._ground
        values[(values < low) | (values > high) | np.isin(values, self._fill)] = np.nan
        return values


class Knowledge(Elevations):
    """1 where `Elevations` has ground and 0 elsewhere, warped in the same way: below 1 next to a void, NaN outside."""

    def native(self, window: Window) -> np.ndarray:
        """1 or 0 for a window of the raster itself, float32 (1, rows, columns)."""
        return np.isfinite(super().native(window)).astype("float32")


def interpolated(values: np.ndarray) -> np.ndarray:
    """Elevations with voids up to twice `REACH_PX` wide filled from the ground on both sides, by inverse distance.

    Wider voids, and pixels beyond the edge of the known ground, remain NaN.

    Parameters
    ----------
    values : float32, shape (rows, columns), NaN where unknown.
    """
    known = np.isfinite(values)
    if known.all() or not known.any():
        return values
    size = 2 * REACH_PX + 1
    closed = minimum_filter(maximum_filter(known, size, mode="constant", cval=0), size, mode="constant", cval=0)
    small = closed & ~known
    if not small.any():
        return values
    filled = fillnodata(np.where(known, values, 0), known, max_search_distance=size, smoothing_iterations=0)
    return np.where(small, filled, values).astype("float32")


def check_elevation_model(info: RasterInfo) -> None:
    """Check the header of an elevation model.

    Raises
    ------
    InputError
        If it is not georeferenced, or has several bands, 8 bits (a shaded relief), or elevations in feet.
    """
    check_place(info)
    path = info.path
    if len(info.bands) != 1:
        raise InputError(
            f"{path} has {len(info.bands)} bands; an elevation model (dem) has one, with elevations in meters. Use a "
            "file with only that band (gdal_translate -b extracts one)."
        )
    (band,) = info.bands
    if np.dtype(band.dtype).kind == "c":
        raise InputError(f"{path} has complex numbers; expected elevations in meters. Use an elevation model.")
    if np.dtype(band.dtype).itemsize == 1 and band.scale is None:
        raise InputError(
            f"{path} has 8 bits per pixel, not elevations in meters (shaded relief?). Use an elevation model."
        )
    if band.unit.strip().lower() in _FEET:
        raise InputError(f"{path} has the unit {band.unit}; expected meters. Convert it (gdal_calc --calc A*0.3048).")


def survey(model: Elevations) -> Survey:
    """Search the part of an elevation model inside its grid, strip by strip, for undeclared voids.

    The distribution of elevations in a landscape has no large gaps. Values beyond a gap of 100 m, or of the height
    difference of one pixel at a slope of 60 degrees, are not ground. Between them, fill is a value in more than 1 % of
    the pixels, or 0, with a median difference from adjacent pixels of at least this size. Shores of seas and lakes do
    not have such a step.
    """
    counts: Counter[float] = Counter()
    levels = np.zeros(int(MAX_ELEVATION_M - MIN_ELEVATION_M) + 1, "int64")
    n_pixels = n_missing = 0
    lowest, highest = math.inf, -math.inf
    for window in model.source_windows(_rows(model)):
        values = model.meters(window)
        finite = values[np.isfinite(values)]
        inside = finite[(finite >= MIN_ELEVATION_M) & (finite <= MAX_ELEVATION_M)]
        n_pixels, n_missing = n_pixels + values.size, n_missing + values.size - finite.size
        levels += np.bincount((inside - MIN_ELEVATION_M).astype("int64"), minlength=len(levels))
        if finite.size:
            lowest, highest = min(lowest, float(finite.min())), max(highest, float(finite.max()))
        numbers, found = np.unique(inside, return_counts=True)
        # a value that is common in the whole raster is common in some strip
        usual = (found > _COMMON / 2 * values.size) | (numbers == 0)
        counts.update({float(value): int(count) for value, count in zip(numbers[usual], found[usual], strict=True)})
    ground = _ground(levels, model)
    common = [value for value, count in counts.items() if value == 0 or count > _COMMON * n_pixels]
    common = [value for value in common if ground[0] <= value <= ground[1]]
    fill = tuple(sorted(value for value in common if _is_fill(model, value)))
    n_fill = sum(counts[value] for value in fill)
    if lowest > highest:
        lowest = highest = math.nan
    n_ground = int(levels[int(ground[0] - MIN_ELEVATION_M) : int(ground[1] - MIN_ELEVATION_M)].sum())
    return Survey(ground, fill, n_pixels, n_missing, n_pixels - n_missing - n_ground, n_fill, lowest, highest)


def _ground(levels: np.ndarray, model: Elevations) -> tuple[float, float]:
    """Range of elevations without large gaps that contains most pixels, from counts per meter."""
    found = np.flatnonzero(levels)
    if not found.size:
        return MIN_ELEVATION_M, MAX_ELEVATION_M
    groups = np.split(found, np.flatnonzero(np.diff(found) > _fill_jump(model)) + 1)
    most = max(groups, key=lambda group: int(levels[group].sum()))
    return float(most[0] + MIN_ELEVATION_M), float(most[-1] + MIN_ELEVATION_M + 1)


def _is_fill(model: Elevations, value: float) -> bool:
    jumps = []
    for window in model.source_windows(_rows(model)):
        values = model.meters(window)[0]
        values[~((values >= MIN_ELEVATION_M) & (values <= MAX_ELEVATION_M))] = np.nan
        fill = values == np.float32(value)
        if not fill.any():
            continue
        for axis in (0, 1):
            edge = np.diff(fill.astype("int8"), axis=axis) != 0
            steps = np.abs(np.diff(values, axis=axis)[edge])
            jumps.append(steps[np.isfinite(steps)])
    found = np.concatenate(jumps) if jumps else np.zeros(0)
    if not found.size:
        return False
    return float(np.median(found)) > _fill_jump(model)


def _fill_jump(model: Elevations) -> float:
    return max(_FILL_JUMP_M, pixel_m(model) * math.tan(math.radians(_FILL_SLOPE_DEG)))


def _rows(model: Elevations) -> int:
    """Number of rows of the elevation model that are read at once."""
    whole = model.source_window()
    return max(_MAX_PIXELS // int(whole.width), 8) if whole else 1


def pixel_m(model: Elevations) -> float:
    """Approximate height of a pixel of the elevation model in meters; NaN if it does not overlap the grid."""
    whole, grid = model.source_window(), model.grid
    if whole is None:
        return math.nan
    # the window extends the grid by up to three pixels on each side
    return float(grid.height * abs(grid.transform.e) / max(whole.height - 6, 1))
