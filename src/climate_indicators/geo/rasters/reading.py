"""Bands of a raster on a site's grid: every band warped by itself, missing where it is missing in that band."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform
from rasterio.windows import Window
from rasterio.windows import transform as window_transform

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import Reader
from climate_indicators.geo.rasters.understanding import Band, RasterInfo, declares_missing, missing_by

# positions that differ by less than this share of a pixel are the same
_SAME_PLACE_PX = 1e-3
# pixels of a band that are held at once while a strip of the grid is warped
_MAX_PIXELS = 1 << 24
# a ratio of pixel sizes this near to a whole number is that number: pixels differ a little over a scene
_NEAR_WHOLE = 0.05
ZERO_IN_ALL, ZERO_IN_ANY = "all", "any"


class GridReader:
    """Bands of one open raster on the grid, window by window, NaN where a band has no value.

    Each band is warped by itself, so that a pixel without one band keeps the others, independent of the versions of
    rasterio and GDAL. Missing is what the file's nodata of that band, its internal mask or its alpha band says,
    and what ``nodata`` and ``zero`` say.

    Parameters
    ----------
    raster, info : open raster and what it says about itself.
    bands : bands to read, in this order.
    grid : the site's grid.
    resampling : method. Where the raster's pixels are the grid's own, they are read as they are.
    nodata : number of missing pixels in bands that declare none.
    zero : whether 0 is missing in bands of whole numbers: ``all`` where all bands are 0, ``any`` in each band by
        itself, None nowhere.
    nan : whether NaN that the file does not declare is missing (true) or refused (false).
    infinite : whether infinite numbers are read as they are (true), such as the logarithm of 0, or refused (false).
    convert : applied to what is read, float32 (bands, rows, columns) with NaN where missing, before it is warped, such
        as decibels to power.

    Raises
    ------
    InputError
        While reading: for infinite numbers, or NaN, that the file does not declare as missing.
    """

    def __init__(
        self,
        raster: Reader,
        info: RasterInfo,
        bands: Sequence[Band],
        grid: Grid,
        resampling: Resampling = Resampling.bilinear,
        nodata: float | None = None,
        zero: str | None = None,
        nan: bool = True,
        convert: Callable[[np.ndarray], np.ndarray] | None = None,
        infinite: bool = False,
    ) -> None:
        self.raster, self.info, self.bands, self.grid = raster, info, list(bands), grid
        self._resampling, self._nodata, self._zero, self._nan, self._convert = resampling, nodata, zero, nan, convert
        self._infinite = infinite
        self._same = window_on(info, grid)

    @property
    def path(self) -> str:
        """File that is read."""
        return self.info.path

    @property
    def takes_zero_as_data(self) -> bool:
        """Whether 0 in one band of whole numbers is data while the others have numbers."""
        return self._whole_numbers and self._zero != ZERO_IN_ANY

    @property
    def declares_missing(self) -> bool:
        """Whether the file or ``nodata`` says which pixels are missing."""
        return declares_missing(self.info, self.bands) or self._nodata is not None

    @property
    def missing_by(self) -> str:
        """How missing pixels are known, for the table of inputs."""
        ways = [text for text in [missing_by(self.info, self.bands)] if text]
        if self._nodata is not None and any(band.nodata is None for band in self.bands):
            ways.append(f"nodata {self._nodata:g} of the settings")
        zero_is_nodata = all(band.nodata == 0 for band in self.bands)
        if self._whole_numbers and self._zero and not zero_is_nodata:
            ways.append("0 in all bands" if self._zero == ZERO_IN_ALL else "0 in any band")
        return ", ".join(ways) or "nothing"

    @property
    def _whole_numbers(self) -> bool:
        return not any(np.dtype(band.dtype).kind == "f" for band in self.bands)

    def read(self, window: Window) -> np.ndarray:
        """Numbers of a window of the grid, float32 (bands, rows, columns), NaN where a band has none."""
        if self._same is not None:
            place = Window(
                self._same.col_off + window.col_off, self._same.row_off + window.row_off, window.width, window.height
            )
            return self._placed(place)
        source = self.source_window(window)
        if source is None:
            return np.full((len(self.bands), int(window.height), int(window.width)), np.nan, "float32")
        if source.width * source.height > _MAX_PIXELS and window.height > 1:
            upper = int(window.height) // 2
            parts = [
                Window(window.col_off, window.row_off, window.width, upper),
                Window(window.col_off, window.row_off + upper, window.width, window.height - upper),
            ]
            return np.concatenate([self.read(part) for part in parts], axis=1)
        return self._warped(source, window)

    def native(self, window: Window) -> np.ndarray:
        """Numbers of a window of the raster itself, float32 (bands, rows, columns), NaN where a band has none."""
        numbers = self.raster.read([band.index for band in self.bands], window=window)
        missing = np.stack([self._missing(part, band) for part, band in zip(numbers, self.bands, strict=True)])
        if self._zero and self._whole_numbers:
            missing |= numbers == 0 if self._zero == ZERO_IN_ANY else (numbers == 0).all(axis=0)
        if self.info.alpha is not None:
            missing |= self.raster.read(self.info.alpha, window=window) == 0
        if self.info.masked:
            missing |= self.raster.read_masks(self.bands[0].index, window=window) == 0
        self._check_finite(numbers, missing)
        values = numbers.astype("float32")
        values[missing] = np.nan
        return values if self._convert is None else self._convert(values)

    def source_window(self, window: Window | None = None) -> Window | None:
        """Part of the raster that a window of the grid (all of it if None) shows, with room to resample.

        None if they do not meet.
        """
        window = Window(0, 0, self.grid.width, self.grid.height) if window is None else window
        cols, rows = self._source_positions(window)
        if not cols.size:
            return None
        room = [3 * math.ceil(max(ratio, 1)) for ratio in self._pixels_per_cell()]
        first_col = max(math.floor(cols.min()) - room[0], 0)
        first_row = max(math.floor(rows.min()) - room[1], 0)
        last_col = min(math.ceil(cols.max()) + room[0], self.info.width)
        last_row = min(math.ceil(rows.max()) + room[1], self.info.height)
        if first_col >= last_col or first_row >= last_row:
            return None
        return Window(first_col, first_row, last_col - first_col, last_row - first_row)

    def source_windows(self, rows: int = 512) -> Iterator[Window]:
        """Strips of the part of the raster that the grid shows."""
        whole = self.source_window()
        if whole is None:
            return
        for start in range(0, int(whole.height), rows):
            yield Window(
                whole.col_off, whole.row_off + start, whole.width, min(rows, int(whole.height) - start)
            )  # fmt: skip

    def _missing(self, numbers: np.ndarray, band: Band) -> np.ndarray:
        missing = np.isnan(numbers) if numbers.dtype.kind == "f" else np.zeros(numbers.shape, bool)
        nodata = self._nodata if band.nodata is None else band.nodata
        if numbers.dtype.kind == "f" and not self._nan and not (nodata is not None and math.isnan(nodata)):
            missing[:] = False
        if nodata is not None and not math.isnan(nodata):
            missing |= numbers == _as_type(nodata, numbers.dtype)
        return missing

    def _check_finite(self, numbers: np.ndarray, missing: np.ndarray) -> None:
        if numbers.dtype.kind != "f":
            return
        bad = (np.isnan(numbers) if self._infinite else ~np.isfinite(numbers)) & ~missing
        if bad.any():
            raise InputError(
                f"{self.info.path} holds {int(bad.sum())} NaN or infinite values that are not declared as nodata "
                f"(missing by: {self.missing_by}). If NaN means missing, set radiometry.nodata: .nan, or write it into "
                "the file (gdal_edit -a_nodata nan); correct infinite values."
            )

    def _placed(self, place: Window) -> np.ndarray:
        """Window of the raster whose pixels are the grid's, NaN where it leaves the raster."""
        result = np.full((len(self.bands), int(place.height), int(place.width)), np.nan, "float32")
        part = within(place, self.info.width, self.info.height)
        if part is not None:
            row, col = int(part.row_off - place.row_off), int(part.col_off - place.col_off)
            result[:, row : row + int(part.height), col : col + int(part.width)] = self.native(part)
        return result

    def _warped(self, source: Window, window: Window) -> np.ndarray:
        values = self.native(source)
        result = np.full((len(values), int(window.height), int(window.width)), np.nan, values.dtype)
        across, down = self._pixels_per_cell()
        for numbers, target in zip(values, result, strict=True):
            # the number of pixels averaged per cell is given, because GDAL would estimate it separately for each strip
            reproject(
                numbers, target, src_transform=window_transform(source, self.info.transform), src_crs=self.info.crs,
                src_nodata=np.nan, dst_transform=window_transform(window, self.grid.transform), dst_crs=self.grid.crs,
                dst_nodata=np.nan, resampling=self._resampling, XSCALE=_ratio(across), YSCALE=_ratio(down),
            )  # fmt: skip
        return result

    def _source_positions(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Columns and rows of the raster at points all over a window of the grid; those that have none are left out."""
        cols, rows = np.meshgrid(
            np.linspace(window.col_off, window.col_off + window.width, 21),
            np.linspace(window.row_off, window.row_off + window.height, 21),
        )
        x, y = _apply(self.grid.transform, cols.ravel(), rows.ravel())
        x, y = (np.asarray(axis) for axis in transform(CRS.from_string(self.grid.crs), self.info.crs, x, y))
        known = np.isfinite(x) & np.isfinite(y)
        return _apply(~self.info.transform, x[known], y[known])

    def _pixels_per_cell(self) -> tuple[float, float]:
        """Pixels of the raster along the width and the height of one of the grid's, in the middle of the grid."""
        middle = Window((self.grid.width - 1) / 2, (self.grid.height - 1) / 2, 1, 1)
        cols, rows = self._source_positions(middle)
        return (float(np.ptp(cols)), float(np.ptp(rows))) if cols.size else (1.0, 1.0)


def window_on(raster: RasterInfo | rasterio.io.DatasetReader, grid: Grid) -> Window | None:
    """Window of a raster that is the grid, if its pixels are the grid's pixels; else None.

    The window may reach beyond the raster.
    """
    own, wanted = raster.transform, grid.transform
    if own.b or own.d or own.a <= 0 or own.e >= 0 or not raster.crs:
        return None
    sizes = np.array([own.a / wanted.a, own.e / wanted.e])
    # over the whole grid, pixels may drift apart by no more than the tolerance
    drift = np.abs(sizes - 1).max() * max(grid.shape)
    if drift > _SAME_PLACE_PX or CRS.from_user_input(raster.crs) != CRS.from_string(grid.crs):
        return None
    col, row = (wanted.c - own.c) / own.a, (wanted.f - own.f) / own.e
    if max(abs(col - round(col)), abs(row - round(row))) > _SAME_PLACE_PX:
        return None
    return Window(round(col), round(row), grid.width, grid.height)


def within(window: Window, width: int, height: int) -> Window | None:
    """Part of a window that lies in a raster of this size; None if there is none."""
    first_row, first_col = max(window.row_off, 0), max(window.col_off, 0)
    last_row = min(window.row_off + window.height, height)
    last_col = min(window.col_off + window.width, width)
    if first_row >= last_row or first_col >= last_col:
        return None
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _apply(matrix: Affine, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return matrix.a * x + matrix.b * y + matrix.c, matrix.d * x + matrix.e * y + matrix.f


def _ratio(pixels: float) -> float:
    """Cells of the grid per pixel of the raster, at most 1, as GDAL's options XSCALE and YSCALE want it."""
    whole = max(round(pixels), 1)
    return 1 / (whole if abs(pixels - whole) < _NEAR_WHOLE * whole else max(pixels, 1.0))


def _as_type(nodata: float, dtype: np.dtype) -> float:
    """Nodata as a pixel of this type has it: float32 rounds it."""
    return float(dtype.type(nodata)) if dtype.kind == "f" else nodata
