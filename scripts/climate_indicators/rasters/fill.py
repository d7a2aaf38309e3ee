"""Undeclared fill: one number in all bands of many pixels of a raster that declares no missing pixels."""

from __future__ import annotations

import logging
from collections import Counter

import numpy as np

from climate_indicators.logs import InputError
from climate_indicators.rasters.reading import GridReader

# share of a raster's pixels above which one number in all bands is taken for fill
MOST_ONE_VALUE = 1e-3
# a grey picture has many numbers that are the same in all bands; fill stands out among them
_STANDS_OUT = 10
# numbers that mean missing in single bands, where every number is "the same in all bands"
_USUAL_FILL = (-9999.0, -999.0, -32768.0, -32767.0)
# share of the pixels above which 0 in some bands of 16 bits, not in all, is worth a warning
_MOST_ZERO_IN_SOME = 0.01
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
        If more than 0.1 % of the pixels have one number, other than 0 and 1 in whole numbers, in all bands.
    """
    if reader.declares_missing:
        return ""
    counts, n_zero, n_pixels = _same_in_all_bands(reader)
    kind = np.dtype(reader.bands[0].dtype)
    zero = n_zero / n_pixels
    # the darkest ground has 0 in pictures of 8 bits, and in numbers that were cut at 0
    note = f"0 in some bands of {100 * zero:.1f} % of the pixels, taken as data"
    note = note if reader.takes_zero_as_data and kind.itemsize > 1 and zero > _MOST_ZERO_IN_SOME else ""
    if note:
        _LOG.warning("%s: %s; if it means missing, set %s: 0.", reader.path, note, key)
    if kind.kind in "iu":
        counts.pop(0.0, None)
        counts.pop(1.0, None)  # Sentinel-2 cut its numbers at 1, in shadow in all bands
    if len(reader.bands) == 1:
        usual = {*_USUAL_FILL, float(np.iinfo(kind).max) if kind.kind in "iu" else 0.0}
        counts = Counter({value: count for value, count in counts.items() if value in usual})
    (value, count), (_, second) = [*counts.most_common(2), (0.0, 0), (0.0, 0)][:2]
    if count <= MOST_ONE_VALUE * n_pixels or count < _STANDS_OUT * second:
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


def _same_in_all_bands(reader: GridReader) -> tuple[Counter[float], int, int]:
    """How many pixels have one number in all bands, by that number; 0 in some bands, not in all; and are there."""
    counts: Counter[float] = Counter()
    n_zero = n_pixels = 0
    indexes = [band.index for band in reader.bands]
    for window in reader.source_windows():
        numbers = reader.raster.read(indexes, window=window)
        same = numbers[0][(numbers == numbers[:1]).all(axis=0)]
        values, found = np.unique(same[np.isfinite(same)] if same.dtype.kind == "f" else same, return_counts=True)
        counts.update({float(value): int(count) for value, count in zip(values, found, strict=True)})
        zero = numbers == 0
        n_zero += int((zero.any(axis=0) & ~zero.all(axis=0)).sum())
        n_pixels += numbers[0].size
    return counts, n_zero, max(n_pixels, 1)
