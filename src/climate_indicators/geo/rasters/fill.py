"""Undeclared fill of a raster that declares no missing pixels: one number in all bands, or 0 where one band lacks."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.reading import GridReader

# share of a raster's pixels above which one number in all bands is treated as fill
MAX_ONE_VALUE = 1e-3
# a gray picture has many numbers that are the same in all bands; fill is much more frequent
_STANDS_OUT = 10
# numbers that mean missing in single bands, where every number is "the same in all bands"
_USUAL_FILL = (-9999.0, -999.0, -32768.0, -32767.0)
# share of the pixels above which 0 in some bands of 16 bits, not in all, is worth a warning
_MAX_ZERO_IN_SOME = 0.01
# Numbers that were cut at 0 have low ones next to them, such as 0.01 of Sentinel-2. A missing part of a band ends
# anywhere: fewer than this share of the pixels next to its 0 are low.
_LOW, _MIN_LOW, _MIN_EDGES = 100, 0.05, 20
_LOG = logging.getLogger(__name__)


def check_fill(reader: GridReader, key: str = "radiometry.nodata") -> str:
    """Look for undeclared fill in what the grid shows of a raster, before anything is warped.

    Does nothing where the file or the settings say which pixels are missing. 0 in whole numbers is not looked for: the
    reader takes it as missing.

    Parameters
    ----------
    reader : reader of the bands.
    key : setting that declares the number of missing pixels, for the message.

    Returns
    -------
    Note for the table of inputs, "" if there is nothing to say.

    Raises
    ------
    InputError
        If more than 0.1 % of the pixels have one number, other than 0 and 1 in whole numbers, in all bands; or more
        than 1 % have 0 in one band of 16 bits and not in all, and hardly a pixel next to them is low.
    """
    if reader.declares_missing:
        return ""
    counts, zeros, n_pixels = _same_in_all_bands(reader)
    kind = np.dtype(reader.bands[0].dtype)
    note = ""
    # the darkest ground has 0 in pictures of 8 bits, and in numbers that were cut at 0
    if reader.takes_zero_as_data and kind.itemsize > 1 and zeros.n_pixels > _MAX_ZERO_IN_SOME * n_pixels:
        _check_zeros(reader, zeros, n_pixels, key)
        note = f"0 in some bands of {100 * zeros.n_pixels / n_pixels:.1f} % of the pixels, taken as data"
        _LOG.warning("%s: %s; if it means missing, set %s: 0.", reader.path, note, key)
    if kind.kind in "iu":
        counts.pop(0.0, None)
        counts.pop(1.0, None)  # Sentinel-2 cut its numbers at 1, in shadow in all bands
    if len(reader.bands) == 1:
        usual = {*_USUAL_FILL, float(np.iinfo(kind).max) if kind.kind in "iu" else 0.0}
        counts = Counter({value: count for value, count in counts.items() if value in usual})
    (value, count), (_, second) = [*counts.most_common(2), (0.0, 0), (0.0, 0)][:2]
    if count <= MAX_ONE_VALUE * n_pixels or count < _STANDS_OUT * second:
        return note
    found = f"{100 * count / n_pixels:.1f} % of the pixels have the number {value:g} in all bands"
    if kind == np.uint8 and value == np.iinfo(kind).max:
        # eight bits saturate over snow and cloud, so that this may be ground
        _LOG.warning("%s: %s: taken as bright ground; if they are missing, set %s: %g", reader.path, found, key, value)
        return f"{found}, taken as saturated"
    raise InputError(
        f"{reader.path}: {found}, and the file does not say which pixels are missing. If they are, set {key}: "
        f"{value:g} (or write nodata into the file: gdal_edit -a_nodata {value:g}); if all are data, set {key}: none."
    )


@dataclass
class _Zeros:
    """Pixels with 0 in some bands, not in all.

    Attributes
    ----------
    n_pixels : how many.
    by_band : how many by band, int64 (bands,).
    edges, low : how many of their neighbors have another number in the band, and how many of these a low one, alike.
    """

    n_pixels: int
    by_band: np.ndarray
    edges: np.ndarray
    low: np.ndarray

    def add(self, numbers: np.ndarray) -> None:
        """Count those of a window, (bands, rows, columns)."""
        zero = numbers == 0
        some = zero & ~zero.all(axis=0)
        self.n_pixels += int(some.any(axis=0).sum())
        self.by_band += some.sum(axis=(1, 2))
        if not some.any():
            return
        for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:, :, :-1], np.s_[:, :, 1:])):
            for one, other in ((here, there), (there, here)):
                edge = some[one] & ~zero[other]
                self.edges += edge.sum(axis=(1, 2))
                self.low += (edge & (np.abs(numbers[other].astype("int64")) < _LOW)).sum(axis=(1, 2))


def _check_zeros(reader: GridReader, zeros: _Zeros, n_pixels: int, key: str) -> None:
    """Reject 0 in one band that ends as a missing part does, or has no end."""
    many = zeros.by_band > _MAX_ZERO_IN_SOME * n_pixels
    whole = zeros.edges == 0
    abrupt = (zeros.edges >= _MIN_EDGES) & (zeros.low < _MIN_LOW * zeros.edges)
    found = np.flatnonzero(many & (whole | abrupt))
    if found.size:
        band = reader.bands[found[0]]
        raise InputError(
            f"{reader.path}: {100 * zeros.by_band[found[0]] / n_pixels:.1f} % of the pixels have 0 in band "
            f"{band.name or band.index}, not in all bands, and hardly a low number next to it, as where a band is "
            "missing; the file does not say which pixels are missing. If these are, set "
            f"{key}: 0 (or write nodata into the file: gdal_edit -a_nodata 0); if all are data, set {key}: none."
        )


def _same_in_all_bands(reader: GridReader) -> tuple[Counter[float], _Zeros, int]:
    """How many pixels have one number in all bands, by that number; 0 in some bands, not in all; and are there."""
    counts: Counter[float] = Counter()
    zeros, n_pixels = _Zeros(0, *(np.zeros(len(reader.bands), "int64") for _ in range(3))), 0
    indexes = [band.index for band in reader.bands]
    for window in reader.source_windows():
        numbers = reader.raster.read(indexes, window=window)
        same = numbers[0][(numbers == numbers[:1]).all(axis=0)]
        values, found = np.unique(same[np.isfinite(same)] if same.dtype.kind == "f" else same, return_counts=True)
        counts.update({float(value): int(count) for value, count in zip(values, found, strict=True)})
        if reader.takes_zero_as_data:
            zeros.add(numbers)
        n_pixels += numbers[0].size
    return counts, zeros, max(n_pixels, 1)
