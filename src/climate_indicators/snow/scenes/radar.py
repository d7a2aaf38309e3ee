"""Radar scenes on the site's grid: warped and filtered in linear power, written in decibels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.windows import Window

from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.snow.scenes.headers import RADAR_BANDS
from climate_indicators.snow.scenes.radar_reader import Backscatter, RadarScene
from climate_indicators.snow.scenes.radar_units import check_level
from climate_indicators.snow.scenes.speckle import SpeckleLevel, filtered

DB_SCALE = 0.01
DB_NODATA = -32768
TABLE = [
    "scene", "date", "orbit", "valid_fraction", "mean_vv_db", "mean_vh_db", "median_vv_db", "n_minus_inf", "unit",
]  # fmt: skip
# share of the area below which a scene shows little of it, and scenes that a warning names
_LITTLE, _NAMED = 0.5, 5


def write_radar_scene(
    path: str | Path,
    source: str,
    grid: Grid,
    area: np.ndarray,
    reading: Backscatter,
    tags: dict[str, str],
    strip_rows: int = 256,
) -> tuple[dict[str, object], InputRow]:
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
    of the raster; and its row of ``inputs.csv``.

    Raises
    ------
    InputError
        If the unit is not the one that the numbers are in, is not known, or some numbers are undeclared fill; see
        `radar_units.find_unit`. Nothing is written then.
    """
    margin = 0 if reading.filter == "none" else reading.filter_px // 2
    sums, counts = np.zeros(2), np.zeros((2, 2**16), "int64")
    with ExitStack() as stack:
        scene = RadarScene(stack, source, grid, reading)
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
                sums += numbers[:, valid].sum(axis=1, dtype="int64")
                for of_band, band in zip(counts, numbers, strict=True):
                    of_band += np.bincount(band[valid].astype("int32") - DB_NODATA, minlength=2**16)
                output.write(numbers, window=window)
            n_valid, median = int(counts[0].sum()), _median(counts[0])
            check_level(source, median, scene.unit)  # before the final file exists
        means = sums * DB_SCALE / n_valid if n_valid else np.full(2, np.nan)
        share = n_valid / int((area == 1).sum())
        row = {
            "valid_fraction": share, "mean_vv_db": means[0], "mean_vh_db": means[1], "median_vv_db": median,
            "n_minus_inf": scene.n_minus_inf, "unit": scene.unit,
        }  # fmt: skip
        both = counts.sum(axis=0)
        found = np.flatnonzero(both)
        ends = (found[[0, -1]] + DB_NODATA) * DB_SCALE if n_valid else np.full(2, np.nan)
        return row, scene.input_row(share, ends[0], _median(both), ends[1])


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


def _speckle_levels(scene: RadarScene, reading: Backscatter, margin: int, strip_rows: int) -> list[float]:
    if reading.filter != "lee":
        return [0.0, 0.0]
    levels = [SpeckleLevel(reading.filter_px), SpeckleLevel(reading.filter_px)]
    for _, power, rows in _padded_strips(scene, margin, strip_rows):
        for level, band in zip(levels, power, strict=True):
            level.add(band, rows)
    return [level.variance for level in levels]


def _padded_strips(scene: RadarScene, margin: int, strip_rows: int) -> Iterator[tuple[Window, np.ndarray, slice]]:
    """Strips of the grid: window, power with ``margin`` extra rows on both sides, and the strip's position in it."""
    for window in strips(scene.grid, strip_rows):
        first = max(window.row_off - margin, 0)
        last = min(window.row_off + window.height + margin, scene.grid.height)
        start = window.row_off - first
        yield window, scene.read(first, last), slice(start, start + window.height)
