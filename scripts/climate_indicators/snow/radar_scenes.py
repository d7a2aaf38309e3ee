"""Radar scenes on the site's grid: warped and filtered in linear power, written in decibels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
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
from climate_indicators.snow.radar_units import (
    DB,
    LOG_OF_ZERO_DB,
    UNITS,
    Survey,
    check_level,
    declared_unit,
    find_unit,
    to_power,
)
from climate_indicators.snow.scene_headers import RADAR_BANDS, scene_bands, window_on
from climate_indicators.snow.scene_table import RADAR
from climate_indicators.snow.speckle import SpeckleLevel, check_filter, filtered

DB_SCALE = 0.01
DB_NODATA = -32768
TABLE = [
    "scene", "date", "orbit", "valid_fraction", "mean_vv_db", "mean_vh_db", "median_vv_db", "n_minus_inf", "unit",
]  # fmt: skip
# numbers of a raster that its unit is found from
_SURVEYED = 2**20
# share of the area below which a scene shows little of it, and scenes that a warning names
_LITTLE, _NAMED = 0.5, 5


@dataclass(frozen=True)
class Backscatter:
    """How radar rasters are read.

    Attributes
    ----------
    unit : ``db``, ``linear`` (power), ``amplitude``, or ``auto``, see `radar_units.find_unit`.
    filter : speckle filter: ``none``, ``mean`` or ``lee``.
    filter_px : side of its window, odd.
    bands : names of the rasters' bands in file order, where they have none.
    nodata : number of missing pixels, besides those that the rasters declare; None if there is none.
    """

    unit: str = "auto"
    filter: str = "none"
    filter_px: int = 5
    bands: Sequence[str] | None = None
    nodata: float | None = None

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

    The file's scale and offset are applied. A pixel has a value where both bands do: not where one is nodata, NaN, −inf
    or −100 dB (the logarithm of 0) or not above 0 in power or amplitude. Outside the area nothing is written. Works in
    strips.

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
    ``valid_fraction`` (of the area), ``mean_vv_db``, ``mean_vh_db``, ``median_vv_db`` (of decibels; NaN without a valid
    pixel), ``n_minus_inf``: the raster's own pixels around the grid that are the logarithm of 0 in a band, and ``unit``
    of the raster.

    Raises
    ------
    InputError
        If the unit is not the one that the numbers are in, is not known, or some numbers are undeclared fill; see
        `radar_units.find_unit`. Nothing is written then.
    """
    margin = 0 if reading.filter == "none" else reading.filter_px // 2
    n_valid, sums, vv_counts = 0, np.zeros(2), np.zeros(2**16, "int64")
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
                vv_counts += np.bincount(numbers[0, valid].astype("int32") - DB_NODATA, minlength=2**16)
                output.write(numbers, window=window)
            median = _median(vv_counts)
            check_level(source, median, scene.unit)  # before the file takes its name: on an error nothing is left
    means = sums * DB_SCALE / n_valid if n_valid else np.full(2, np.nan)
    return {
        "valid_fraction": n_valid / int((area == 1).sum()),
        "mean_vv_db": means[0],
        "mean_vh_db": means[1],
        "median_vv_db": median,
        "n_minus_inf": scene.n_minus_inf,
        "unit": scene.unit,
    }


def coverage_warnings(table: pd.DataFrame) -> Iterator[str]:
    """One warning of scenes that show less than half of the area of interest, for a table with the columns `TABLE`."""
    little = table[table["valid_fraction"] < _LITTLE]
    if len(little):
        shown = [f"{row.scene} ({100 * row.valid_fraction:.0f} %)" for row in little.itertuples()]
        more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
        yield (
            f"{len(little)} of {len(table)} radar scenes have values in less than {_LITTLE:.0%} of the area of "
            f"interest: {', '.join(shown[:_NAMED])}{more}."
        )


def decibel_numbers(power: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Linear power as whole hundredths of a decibel, int16, shape (bands, rows, columns).

    −32768 in all bands where one is missing (NaN) or not above 0, and where ``inside`` (rows, columns) is false.
    """
    valid = (power > 0).all(axis=0) & inside
    decibels = 10 * np.log10(power, out=np.zeros(power.shape), where=valid)
    return np.where(valid, np.clip(np.rint(decibels / DB_SCALE), -32767, 32767), DB_NODATA).astype("int16")


def _median(counts: np.ndarray) -> float:
    """Median in dB of numbers counted from `DB_NODATA` on; NaN if there is none."""
    n_below = np.cumsum(counts)
    n = int(n_below[-1])
    if not n:
        return float("nan")
    pair = np.searchsorted(n_below, [(n - 1) // 2, n // 2], side="right")
    return float((pair.mean() + DB_NODATA) * DB_SCALE)


class _Scene:
    """A radar raster as linear power on the grid, piece by piece.

    ``unit`` is that of the raster; ``n_minus_inf`` counts its own pixels around the grid that are the logarithm of 0.
    """

    def __init__(self, raster: DatasetReader, grid: Grid, reading: Backscatter) -> None:
        self.raster, self.grid, self._nodata = raster, grid, reading.nodata
        self._indexes = scene_bands(raster, RADAR, reading.bands)
        scales, offsets = ([values[index - 1] for index in self._indexes] for values in (raster.scales, raster.offsets))
        self._scale, self._offset = (np.array(values)[:, None, None] for values in (scales, offsets))
        self._aligned = window_on(raster, grid)
        around = self._aligned if self._aligned is not None else self._source_window(grid.bounds)
        self.unit, self.n_minus_inf = self._survey(_within(around, raster), reading)

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
        power = to_power(self._physical(self._numbers(part)), self.unit)
        row, col = int(part.row_off - window.row_off), int(part.col_off - window.col_off)
        target = result[:, row : row + int(part.height), col : col + int(part.width)]
        np.copyto(target, power, where=np.isfinite(power).all(axis=0))
        return result

    def _numbers(self, window: Window) -> np.ma.MaskedArray:
        """The raster's own numbers of both bands, masked where it or the settings declare them missing, or NaN."""
        numbers = self.raster.read(self._indexes, window=window)
        missing = (self.raster.read_masks(self._indexes, window=window) == 0) | np.isnan(numbers)
        if self._nodata is not None:
            kind = numbers.dtype.type
            missing |= numbers == (kind(self._nodata) if numbers.dtype.kind == "f" else self._nodata)
        return np.ma.masked_array(numbers, missing)

    def _physical(self, numbers: np.ma.MaskedArray) -> np.ndarray:
        """Numbers with scale and offset applied, float64, NaN where masked."""
        return (numbers.astype("float64") * self._scale + self._offset).filled(np.nan)

    def _survey(self, window: Window | None, reading: Backscatter) -> tuple[str, int]:
        """The raster's unit, and how many of its pixels in the window are the logarithm of 0 in decibels, or 0."""
        parts, n_log, n_zero = [], 0, 0
        step = 1 if window is None else max(1, math.ceil(math.sqrt(window.width * window.height / _SURVEYED)))
        for part in _source_strips(window, 512 * step):
            numbers = self._numbers(part)
            values = self._physical(numbers)
            n_log += int((values <= LOG_OF_ZERO_DB).any(axis=0).sum())
            n_zero += int(((values == 0) | np.isneginf(values)).any(axis=0).sum())
            parts.append([band[::step, ::step].compressed() for band in numbers])
        bands = [np.concatenate([part[number] for part in parts] or [np.empty(0)]) for number in (0, 1)]
        raster = self.raster
        words = [raster.units[index - 1] for index in self._indexes] + [raster.tags().get("units", "")]
        survey = Survey(
            raster.name, *bands, self._scale.ravel().tolist(), self._offset.ravel().tolist(), raster.dtypes[0],
            declared_unit(words),
        )  # fmt: skip
        unit = find_unit(survey, reading.unit)
        return unit, n_log if unit == DB else n_zero

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
