"""How much is read from an archive, estimated before anything is: by the items that a search found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from climate_indicators.core.stac_catalogs import CLASSES, Catalog
from climate_indicators.download.stac.search import Tile
from climate_indicators.download.stac.selection import Candidate
from climate_indicators.geo.grid import Grid

COLUMNS = ["step", "overpasses", "tiles", "bands", "megabytes"]
# bytes of a pixel in compressed files. Measured on files of Earth Search and the Planetary Computer whose items state
# the file's size: 0.8 to 1.7 for bands of Sentinel-2, 0.06 for its classes, 3.1 for radar in float32
BYTES_A_PIXEL, BYTES_A_CLASS, BYTES_A_RADAR_PIXEL = 1.6, 0.1, 3.1
# pixel sizes of Sentinel-2's bands where no item states them
COARSE_M = {"B01": 60, "B09": 60, "B05": 20, "B06": 20, "B07": 20, "B8A": 20, "B11": 20, "B12": 20, CLASSES: 20}
FINE_M = 10
# files are read in blocks: at each side of the area half a block more, on average
BLOCK_PX = 512


@dataclass(frozen=True)
class Step:
    """One step of a fetch: what is read, of how many overpasses and tiles, which bands, and about how many bytes."""

    name: str
    overpasses: int
    tiles: int
    bands: tuple[str, ...]
    size: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {', '.join(self.bands)} of {self.overpasses} overpasses ({self.tiles} tiles), about "
            f"{megabytes(self.size)}"
        )


def step(
    name: str,
    candidates: Sequence[Candidate],
    catalog: Catalog,
    bands: Sequence[str],
    grid: Grid,
    most: int | None = None,
) -> Step:
    """Estimate of what is read of candidates.

    Parameters
    ----------
    name : of the step.
    candidates : overpasses that may be read.
    catalog : names of assets.
    bands : bands of each.
    grid : what of them is read, and in pixels of what size.
    most : most candidates that are read, where not all are; the largest ones are counted. None for all.
    """
    sizes = [sum(_bytes(tile, catalog, band, grid) for tile in one.tiles for band in bands) for one in candidates]
    order = sorted(range(len(sizes)), key=lambda at: -sizes[at])[: len(sizes) if most is None else most]
    tiles = sum(len(candidates[at].tiles) for at in order)
    return Step(name, len(order), tiles, tuple(bands), float(sum(sizes[at] for at in order)))


def total_of(steps: Sequence[Step]) -> str:
    """The bytes of all steps in words."""
    return megabytes(sum(one.size for one in steps))


def megabytes(size: float) -> str:
    """A number of bytes for people."""
    return f"{size / 1e6:.1f} MB" if size < 1e7 else f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def step_table(steps: Sequence[Step]) -> pd.DataFrame:
    """Steps as a table, `COLUMNS`."""
    rows = [(one.name, one.overpasses, one.tiles, " ".join(one.bands), round(one.size / 1e6, 2)) for one in steps]
    return pd.DataFrame(rows, columns=COLUMNS)


def _bytes(tile: Tile, catalog: Catalog, band: str, grid: Grid) -> float:
    """Bytes of one file over a grid: its bounds and the blocks around, in pixels of the file or of an overview."""
    asset = (tile.item.get("assets") or {}).get(catalog.asset(band)) or {}
    pixel = _pixel_m(asset, band)
    # an overview is read where its pixels are as fine as the grid's
    read = pixel * max(1, 2 ** int(math.log2(max(1.0, grid.transform.a / pixel))))
    sides = [size * grid.transform.a / read + BLOCK_PX for size in grid.shape]
    rows, cols = (asset.get("proj:shape") or tile.item["properties"].get("proj:shape") or [None, None])[:2]
    if rows and cols:
        sides = [min(side, size * pixel / read) for side, size in zip(sides, (rows, cols), strict=True)]
    return sides[0] * sides[1] * _bytes_a_pixel(asset, band, rows, cols)


def _bytes_a_pixel(asset: Mapping[str, Any], band: str, rows: int | None, cols: int | None) -> float:
    size = asset.get("file:size")
    if size and rows and cols:
        return float(size) / (rows * cols)
    if band in ("VV", "VH"):
        return BYTES_A_RADAR_PIXEL
    return BYTES_A_CLASS if band == CLASSES else BYTES_A_PIXEL


def _pixel_m(asset: Mapping[str, Any], band: str) -> float:
    """Size of a file's pixels as its asset states it, else as the band has it."""
    first = (asset.get("raster:bands") or [{}])[0]
    transform = asset.get("proj:transform") or []
    for told in (transform[0] if transform else None, first.get("spatial_resolution"), asset.get("gsd")):
        if isinstance(told, int | float) and told >= 1:
            return float(told)
    return float(COARSE_M.get(band, FINE_M))
