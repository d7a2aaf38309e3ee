"""How far optical scenes are shifted against each other, found by orientation correlation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.windows import Window

from climate_indicators.geo.rasters.guard import opened
from climate_indicators.stats.image_shifts import Orientations, Shift, find_shift, orientations

PARTNERS = 4  # number of neighboring dates that a scene is compared with
SURE = 7.0  # correlation peak, in standard deviations of the rest, above which a shift is accepted
WHOLE_PX, WINDOW_PX = 1024, 512  # longest side of an image that is compared whole; side of the windows of larger ones


def scene_shifts(
    paths: Mapping[str, Path], dates: Mapping[str, pd.Timestamp], band: str, wanted: Collection[str],
    progress: Callable[[], None] = lambda: None,
) -> pd.DataFrame:  # fmt: skip
    """Shift of optical scenes against the scenes next to it in time.

    Scenes next in time have nearly the same snow and light. Of the shifts against ``PARTNERS`` of them, the one that
    most of the others agree with counts, so that a scene is not blamed for a shifted neighbor. With two scenes alone,
    it is unknown which of them is shifted, so both get the shift.

    Parameters
    ----------
    paths : raster of each scene, on one grid.
    dates : date of each scene.
    band : description of the band that is compared.
    wanted : scenes to measure; the others only serve for comparison.
    progress : called once per measured scene.

    Returns
    -------
    ``scene, shift_px, shift_rows, shift_cols, partners``: pixels down and right; ``partners`` is the number of sure
    comparisons, where it is 0 the shift is NaN.
    """
    names = sorted(paths, key=lambda name: (dates[name], name))
    reader = _Reader(paths, band)
    rows = []
    for place, name in enumerate(names):
        if name not in wanted:
            continue
        days = sorted(
            (number for number in range(max(0, place - PARTNERS), min(len(names), place + PARTNERS + 1))),
            key=lambda number: (abs((dates[names[number]] - dates[name]).days), number),
        )
        others = [names[number] for number in days if number != place][:PARTNERS]
        found = [reader.shift(name, other) for other in others]
        sure = np.array([[shift.rows, shift.cols] for shift in found if shift.peak_snr >= SURE])
        rows.append([name, *_agreed(sure), len(sure)])
        progress()
    table = pd.DataFrame(rows, columns=["scene", "shift_rows", "shift_cols", "partners"])
    table.insert(1, "shift_px", np.hypot(table["shift_rows"], table["shift_cols"]))
    return table


def _agreed(shifts: np.ndarray) -> tuple[float, float]:
    """Of shifts, shape (n, 2), the one nearest to all others; of two equally near, the shorter."""
    if not len(shifts):
        return np.nan, np.nan
    apart = np.hypot(*(shifts[:, None] - shifts[None]).transpose(2, 0, 1)).sum(axis=1)
    best = np.lexsort([np.hypot(*shifts.T), np.round(apart, 6)])[0]
    return float(shifts[best, 0]), float(shifts[best, 1])


class _Reader:
    """Shifts between scenes; caches the orientations of recent scenes, which neighbors in time need again."""

    def __init__(self, paths: Mapping[str, Path], band: str) -> None:
        self._paths, self._band = paths, band
        self._kept: OrderedDict[str, list[Orientations]] = OrderedDict()
        self._known: dict[tuple[str, str], Shift] = {}

    def shift(self, moved: str, fixed: str) -> Shift:
        """Shift of one scene against another, which is that of the other against the one turned round."""
        if (fixed, moved) in self._known:
            back = self._known[fixed, moved]
            return Shift(-back.rows, -back.cols, back.peak_snr)
        self._known[moved, fixed] = find_shift(self._read(moved), self._read(fixed))
        return self._known[moved, fixed]

    def _read(self, name: str) -> list[Orientations]:
        if name not in self._kept:
            with opened(self._paths[name]) as raster:
                index = raster.descriptions.index(self._band) + 1
                parts = [raster.read(index, window=window) for window in _windows(raster.shape)]
                self._kept[name] = [orientations(part, part != raster.nodata) for part in parts]
            if len(self._kept) > 2 * PARTNERS + 2:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        return self._kept[name]


def _windows(shape: tuple[int, int]) -> Iterator[Window]:
    """The whole of a small image, else four windows spread over it."""
    if max(shape) <= WHOLE_PX:
        yield Window(0, 0, shape[1], shape[0])
        return
    high, wide = min(WINDOW_PX, shape[0]), min(WINDOW_PX, shape[1])
    for row in (shape[0] // 3, 2 * shape[0] // 3):
        for col in (shape[1] // 3, 2 * shape[1] // 3):
            top = int(np.clip(row - high // 2, 0, shape[0] - high))
            left = int(np.clip(col - wide // 2, 0, shape[1] - wide))
            yield Window(left, top, wide, high)
