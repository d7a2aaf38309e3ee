"""The offset added to the numbers of a tile: what settings or metadata state, corrected by the tile's pixels."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rasterio.enums import Resampling

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import CLASSES
from climate_indicators.download.stac.dark_pixels import carries_offset, count_dark, describe_dark
from climate_indicators.download.stac.search import Tile
from climate_indicators.download.stac.sentinel2_offset import carries_by_date, may_be_wrong, offset_dn
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.radiometry import SENTINEL2_OFFSET_DN

SETTINGS, ITEM, CONFIRMED, PIXELS = "settings", "item", "item, confirmed by pixels", "pixels"
UNCONFIRMED = "item, not confirmed by pixels"
# so many pixels below a reflectance of −0.03 after the offset mean that it was taken off twice
IMPOSSIBLE_SHARE = 0.05
# tiles of a year that are warned of one by one
MAX_WARNED = 5
_KEY = "archive.offset_applied"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Settled:
    """What holds for a tile: ``offset_dn`` of each band, who states it, and the counts of dark pixels."""

    offset_dn: Mapping[str, float]
    source: str
    counts: Mapping[str, np.ndarray]


class TileOffsets:
    """Offsets of tiles, each settled once.

    Parameters
    ----------
    windows : where pixels come from.
    bands : bands that are read.
    masked : classes that show no ground.
    grid, class_grid : grid of the bands, and of the classes.
    applied : what the settings say: whether the archive took the offset off; None follows the items and the pixels.
    """

    def __init__(
        self,
        windows: Windows,
        bands: Sequence[str],
        masked: Sequence[int],
        grid: Grid,
        class_grid: Grid,
        applied: bool | None,
    ) -> None:
        self._windows, self._bands, self._masked, self._applied = windows, bands, masked, applied
        self._grid, self._class_grid = grid, class_grid
        self._settled: dict[str, _Settled] = {}
        self._warned = 0

    def offset(self, tile: Tile, band: str) -> float:
        """Offset in digital numbers: the settled one, else the stated one."""
        settled = self._settled.get(tile.name)
        return self._stated(tile, band) if settled is None else settled.offset_dn[band]

    def source(self, tile: Tile) -> str:
        """Who states a tile's offset; "" where it is not settled."""
        settled = self._settled.get(tile.name)
        return "" if settled is None else settled.source

    def settle(self, tile: Tile) -> str:
        """Compare the stated offset with the pixels, which decide; each disagreement is a warning.

        Returns
        -------
        Why the tile cannot be used: the settings state an offset that was taken off already. "" if it can.
        """
        if tile.name not in self._settled:
            self._settled[tile.name] = self._compared(tile)
        settled = self._settled[tile.name]
        for band, counts in settled.counts.items():
            share = counts[1] / max(1, counts[0])
            if settled.offset_dn[band] <= SENTINEL2_OFFSET_DN and share > IMPOSSIBLE_SHARE:
                return (
                    f"its offset was taken off already ({100 * share:.0f} % of {band} would be below −0.03); remove "
                    f"{_KEY}: false"
                )
        return ""

    def _stated(self, tile: Tile, band: str) -> float:
        return offset_dn(tile.item, self._windows.catalog.asset(band), self._applied)

    def _compared(self, tile: Tile) -> _Settled:
        stated = {band: self._stated(tile, band) for band in self._bands}
        if not all(may_be_wrong(tile.item, offset) for offset in stated.values()):
            return _Settled(stated, SETTINGS if self._applied is not None else ITEM, {})
        counts = self._counts(tile)
        carries = carries_offset(counts)
        found = None if carries is None else dict.fromkeys(stated, float(SENTINEL2_OFFSET_DN if carries else 0))
        place = f"tile {tile.name} of {tile.date}: {describe_dark(counts)}"
        words = " and ".join(sorted({f"{offset:g}" for offset in stated.values()}))
        if self._applied is not None:
            if found not in (None, stated):
                given = str(self._applied).lower()
                self._warn(
                    f"{place}: the pixels contradict {_KEY}: {given}, which is followed; remove that key to follow them"
                )
            return _Settled(stated, SETTINGS, counts)
        if found is None and not any(stated.values()) and not carries_by_date(tile.item):
            return _Settled(stated, ITEM, counts)
        if found is None:
            self._warn(
                f"{place}: too few dark pixels show whether the offset of baseline 04.00 is in the numbers; the item's "
                f"{words} is used. If the image is 0.1 too dark or too bright, set {_KEY}"
            )
            return _Settled(stated, UNCONFIRMED, counts)
        if found == stated:
            return _Settled(stated, CONFIRMED, counts)
        shown = SENTINEL2_OFFSET_DN if carries else 0
        self._warn(
            f"{place}: the item states the offset {words}, its pixels show {shown}, which is used; set {_KEY}: "
            f"{str(not carries).lower()} to state it yourself"
        )
        return _Settled(found, PIXELS, counts)

    def _warn(self, text: str) -> None:
        """Warn of a tile; of a year with many only of the first ones; the others are in the log."""
        self._warned += 1
        if self._warned > MAX_WARNED:
            _log.info("%s", text)
        elif self._warned == MAX_WARNED:
            _log.warning("%s. Further tiles are in the log, and in the column offset_source of the candidates", text)
        else:
            _log.warning("%s", text)

    def _counts(self, tile: Tile) -> dict[str, np.ndarray]:
        classes = self._windows.read(tile, CLASSES, self._class_grid, self._grid, Resampling.nearest)
        seen = ~np.isin(classes, self._masked)
        return {band: count_dark(self.numbers(tile, band), seen) for band in self._bands}

    def numbers(self, tile: Tile, band: str) -> np.ndarray:
        """Numbers of a band on the grid as the archive has them, 0 where missing.

        Raises
        ------
        InputError
            If they are no whole numbers.
        """
        numbers = self._windows.read(tile, band, self._grid)
        if numbers.dtype.kind == "f":
            raise InputError(
                f"tile {tile.name} of {tile.date}, band {band}: found numbers of type {numbers.dtype}, expected whole "
                "ones, reflectance times 10,000 as Sentinel-2 L2A has it. Set collection to such a one."
            )
        return numbers
