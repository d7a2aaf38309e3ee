"""Radar scenes on the site's grid: warped and filtered in linear power, written in decibels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window, from_bounds
from rasterio.windows import transform as window_transform

from climate_indicators.cogs import cog_writer, strips
from climate_indicators.grids import Grid
from climate_indicators.logs import InputError
from climate_indicators.snow.scene_headers import RADAR_BANDS, scene_bands, window_on
from climate_indicators.snow.scene_table import RADAR
from climate_indicators.snow.speckle import SpeckleLevel, check_filter, filtered

DB_SCALE = 0.01
DB_NODATA = -32768
TABLE = ["scene", "date", "orbit", "valid_fraction", "mean_vv_db", "mean_vh_db", "n_minus_inf"]
UNITS = ("db", "linear", "auto")
# share of negative values above which numbers are decibels: linear power is negative only where noise was subtracted
_MANY_NEGATIVE = 0.01


@dataclass(frozen=True)
class Backscatter:
    """How radar rasters are read.

    Attributes
    ----------
    unit : ``db``, ``linear`` (power), or ``auto``: decibels if more than one value in a hundred is negative.
    filter : speckle filter: ``none``, ``mean`` or ``lee``.
    filter_px : side of its window, odd.
    bands : names of the rasters' bands in file order, where they have none.
    """

    unit: str = "auto"
    filter: str = "none"
    filter_px: int = 5
    bands: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InputError(f"the unit of radar scenes is '{self.unit}'; expected one of {', '.join(UNITS)}.")
        check_filter(self.filter, self.filter_px)


def write_radar_scene(
    path: str | Path,
    source: str,
    grid: Grid,
    area: np.ndarray,
    reading: Backscatter,
    tags: dict[str, str],
    strip_rows: int = 256,
) -> dict[str, float]:
    """Put one radar scene on the grid and write it as a COG: int16, 0.01 dB, nodata −32768, bands VV, VH.

    A pixel has a value where both bands do: not where one is nodata, NaN, −inf (the logarithm of 0) or not above 0 in
    linear power. Outside the area nothing is written. Works in strips.

    Parameters
    ----------
    path : file to write.
    source : raster with VV and VH.
    grid, area : the site's grid and area of interest, uint8 of ``grid.shape``.
    reading : unit, filter and bands.
    tags : text tags of the output, such as `ORBIT_TAG`.
    strip_rows : rows of a strip.

    Returns
    -------
    ``valid_fraction`` (of the area), ``mean_vv_db``, ``mean_vh_db`` (means of decibels; NaN without a valid pixel) and
    ``n_minus_inf``: the raster's own pixels around the grid that are −inf, or 0 in linear power, in a band.

    Raises
    ------
    InputError
        If the unit is not the one that the numbers are in.
    """
    margin = 0 if reading.filter == "none" else reading.filter_px // 2
    n_valid, sums = 0, np.zeros(2)
    with rasterio.open(source) as raster:
        scene = _Scene(raster, grid, reading)
        levels = _speckle_levels(scene, reading, margin, strip_rows)
        with cog_writer(path, grid, "int16", RADAR_BANDS, DB_NODATA, DB_SCALE, tags) as output:
            for window, power, rows in _padded_strips(scene, margin, strip_rows):
                calm = [
                    filtered(band, reading.filter, reading.filter_px, level)[rows]
                    for band, level in zip(power, levels, strict=True)
                ]
                inside = area[window.row_off : window.row_off + window.height] == 1
                numbers = decibel_numbers(np.stack(calm), inside)
                valid = numbers[0] != DB_NODATA
                n_valid += int(valid.sum())
                sums += numbers[:, valid].sum(axis=1, dtype="int64")
                output.write(numbers, window=window)
    means = sums * DB_SCALE / n_valid if n_valid else np.full(2, np.nan)
    return {
        "valid_fraction": n_valid / int((area == 1).sum()),
        "mean_vv_db": means[0],
        "mean_vh_db": means[1],
        "n_minus_inf": scene.n_minus_inf,
    }


def decibel_numbers(power: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Linear power as whole hundredths of a decibel, int16, shape (bands, rows, columns).

    −32768 in all bands where one is missing (NaN) or not above 0, and where ``inside`` (rows, columns) is false.
    """
    valid = (power > 0).all(axis=0) & inside
    decibels = 10 * np.log10(power, out=np.zeros(power.shape), where=valid)
    return np.where(valid, np.clip(np.rint(decibels / DB_SCALE), -32767, 32767), DB_NODATA).astype("int16")


class _Scene:
    """A radar raster as linear power on the grid, piece by piece.

    ``n_minus_inf`` counts the raster's own pixels around the grid that are −inf, or 0 in linear power.
    """

    def __init__(self, raster: DatasetReader, grid: Grid, reading: Backscatter) -> None:
        self.raster, self.grid = raster, grid
        self._indexes = scene_bands(raster, RADAR, reading.bands)
        self._aligned = window_on(raster, grid)
        around = self._aligned if self._aligned is not None else self._source_window(grid.bounds)
        self._in_db, self.n_minus_inf = self._survey(_within(around, raster), reading.unit)

    def read(self, first: int, last: int) -> np.ndarray:
        """Rows ``first`` to before ``last`` of the grid: float64 (2, rows, columns), NaN where missing."""
        shape = (2, last - first, self.grid.width)
        if self._aligned is not None:
            window = Window(self._aligned.col_off, self._aligned.row_off + first, self.grid.width, last - first)
            return self._power(window, shape)
        transform = window_transform(Window(0, first, 1, 1), self.grid.transform)
        bounds = rasterio.transform.array_bounds(*shape[1:], transform)
        window = self._source_window(bounds)
        result = np.full(shape, np.nan)
        part = _within(window, self.raster)
        if part is None:
            return result
        # how many pixels a cell averages is said, or it would be guessed anew from each strip
        across, down = self._pixels_per_cell()
        reproject(
            self._power(part, (2, int(part.height), int(part.width))), result,
            src_transform=self.raster.window_transform(part), src_crs=self.raster.crs, src_nodata=np.nan,
            dst_transform=transform, dst_crs=self.grid.crs, dst_nodata=np.nan, resampling=Resampling.bilinear,
            XSCALE=min(1 / across, 1), YSCALE=min(1 / down, 1),
        )  # fmt: skip
        return result

    def _power(self, window: Window, shape: tuple[int, int, int]) -> np.ndarray:
        """Linear power of a window of the raster, NaN where a band is missing or the window leaves the raster."""
        result = np.full(shape, np.nan)
        part = _within(window, self.raster)
        if part is None:
            return result
        values, known = self._numbers(part)
        if self._in_db:
            values = np.power(10.0, values / 10, out=np.zeros(values.shape), where=known)
        known &= (values > 0) & np.isfinite(values)
        row, col = int(part.row_off - window.row_off), int(part.col_off - window.col_off)
        target = result[:, row : row + int(part.height), col : col + int(part.width)]
        np.copyto(target, values, where=known.all(axis=0))
        return result

    def _numbers(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """The raster's own numbers, float64, and where it does not declare them missing (NaN or nodata)."""
        values = self.raster.read(self._indexes, window=window)
        known = ~np.isnan(values)
        if self.raster.nodata is not None:
            known &= values != values.dtype.type(self.raster.nodata)
        return values.astype("float64"), known

    def _survey(self, window: Window | None, unit: str) -> tuple[bool, int]:
        """Whether the raster is in decibels, and how many of its pixels in the window are the logarithm of 0."""
        n_finite = n_negative = n_minus_inf = n_zero = 0
        for part in _source_strips(window):
            values, known = self._numbers(part)
            finite = known & np.isfinite(values)
            n_finite += int(finite.sum())
            n_negative += int((values[finite] < 0).sum())
            n_minus_inf += int((known & np.isneginf(values)).any(axis=0).sum())
            n_zero += int((finite & (values == 0)).any(axis=0).sum())
        many = n_negative > _MANY_NEGATIVE * n_finite
        in_db = many if unit == "auto" and n_finite else unit != "linear"
        if unit != "auto" and n_finite and in_db != many:
            raise InputError(
                f"{self.raster.name} is to be read as {'decibels' if in_db else 'linear power'}, but {n_negative} of "
                f"its {n_finite} values are negative, as in {'linear power' if in_db else 'decibels'}. Set the unit of "
                f"radar scenes to {'linear' if in_db else 'db'}, or to auto."
            )
        return in_db, n_minus_inf if in_db else n_zero + n_minus_inf

    def _source_window(self, bounds: tuple[float, float, float, float]) -> Window:
        """Window of the raster around bounds in the grid's system, with room for the resampling."""
        own = transform_bounds(CRS.from_string(self.grid.crs), self.raster.crs, *bounds, densify_pts=21)
        window = from_bounds(*own, transform=self.raster.transform)
        room = 2 + 2 * math.ceil(max(*self._pixels_per_cell(), 1))
        first_col, first_row = math.floor(window.col_off) - room, math.floor(window.row_off) - room
        last_col = math.ceil(window.col_off + window.width) + room
        last_row = math.ceil(window.row_off + window.height) + room
        return Window(first_col, first_row, last_col - first_col, last_row - first_row)

    def _pixels_per_cell(self) -> tuple[float, float]:
        """Pixels of the raster along the width and the height of one of the grid's."""
        own = transform_bounds(CRS.from_string(self.grid.crs), self.raster.crs, *self.grid.bounds, densify_pts=21)
        size = self.raster.transform.a, -self.raster.transform.e
        return (own[2] - own[0]) / size[0] / self.grid.width, (own[3] - own[1]) / size[1] / self.grid.height


def _speckle_levels(scene: _Scene, reading: Backscatter, margin: int, strip_rows: int) -> list[float]:
    if reading.filter != "lee":
        return [0.0, 0.0]
    levels = [SpeckleLevel(reading.filter_px), SpeckleLevel(reading.filter_px)]
    for _, power, rows in _padded_strips(scene, margin, strip_rows):
        for level, band in zip(levels, power, strict=True):
            level.add(band, rows)
    return [level.variance for level in levels]


def _padded_strips(scene: _Scene, margin: int, strip_rows: int) -> Iterator[tuple[Window, np.ndarray, slice]]:
    """Strips of the grid: window, power with ``margin`` more rows on both sides, and where the strip lies in it."""
    for window in strips(scene.grid, strip_rows):
        first = max(window.row_off - margin, 0)
        last = min(window.row_off + window.height + margin, scene.grid.height)
        start = window.row_off - first
        yield window, scene.read(first, last), slice(start, start + window.height)


def _within(window: Window, raster: DatasetReader) -> Window | None:
    """Part of a window that the raster has; None if there is none."""
    first_row, first_col = max(window.row_off, 0), max(window.col_off, 0)
    last_row = min(window.row_off + window.height, raster.height)
    last_col = min(window.col_off + window.width, raster.width)
    if first_row >= last_row or first_col >= last_col:
        return None
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _source_strips(window: Window | None, rows: int = 512) -> Iterator[Window]:
    if window is None:
        return
    for start in range(0, int(window.height), rows):
        height = min(rows, int(window.height) - start)
        yield Window(window.col_off, window.row_off + start, window.width, height)
