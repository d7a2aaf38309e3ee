"""Extents of glaciers as rasters: gaps filled from other years, owners of the ice, length of the margin."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rasterio.crs import CRS

from climate_indicators.cogs import BYTE_NODATA, strips
from climate_indicators.grids import Grid
from climate_indicators.logs import InputError
from climate_indicators.rasters.guard import opened

UNNAMED = "unnamed"
STRIP_ROWS = 512
_STEPS = ((-1, 0), (0, -1), (0, 1), (1, 0))


def pixel_size_m(grid: Grid) -> float:
    """Side of a square with the area of one pixel, in metres.

    Raises
    ------
    InputError
        If the grid's reference system is not projected, or its unit is not the metre: pixels of a geographic system
        have no one area.
    """
    crs = CRS.from_string(grid.crs)
    if not crs.is_projected or crs.linear_units_factor[1] != 1.0:
        unit = crs.linear_units if crs.is_projected else "degrees"
        raise InputError(
            f"the grid's reference system {grid.crs} is in {unit}, but areas need a projected one in metres. Set the "
            "site's crs to one, such as its UTM zone, or to null, which takes that zone."
        )
    return float(abs(grid.transform.a * grid.transform.e) ** 0.5)


def nearest_years(years: Sequence[int], index: int) -> list[int]:
    """Places of the other years, the nearest in time first; of two equally near ones the earlier first."""
    others = [place for place in range(len(years)) if place != index]
    return sorted(others, key=lambda place: (abs(years[place] - years[index]), years[place]))


def filled_extent(
    paths: Sequence[str | Path], years: Sequence[int], index: int, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Extent of one year, its gaps filled from the nearest year that shows the pixel.

    Read strip by strip; another year is opened for a strip only as long as pixels are missing there.

    Parameters
    ----------
    paths : extents of all years on one grid: 1 glacier, 0 not, 255 not seen.
    years : their years, in the same order.
    index : place of the year wanted.
    inside : uint8, shape (rows, columns): 1 inside the area of interest.

    Returns
    -------
    extent : uint8, shape (rows, columns): 1 glacier, 0 not, 255 outside or seen in no year.
    filled : bool, same shape: true where the value comes from another year.
    """
    extent = np.full(inside.shape, BYTE_NODATA, "uint8")
    filled = np.zeros(inside.shape, bool)
    with ExitStack() as stack:
        rasters = [stack.enter_context(opened(path)) for path in paths]
        grid = Grid(rasters[index].crs.to_string(), rasters[index].transform, inside.shape[1], inside.shape[0])
        for window in strips(grid, STRIP_ROWS):
            rows = slice(window.row_off, window.row_off + window.height)
            strip = rasters[index].read(1, window=window)
            own = strip != BYTE_NODATA
            for other in nearest_years(years, index):
                missing = (strip == BYTE_NODATA) & (inside[rows] == 1)
                if not missing.any():
                    break
                np.copyto(strip, rasters[other].read(1, window=window), where=missing)
            strip[inside[rows] != 1] = BYTE_NODATA
            extent[rows] = strip
            filled[rows] = ~own & (strip != BYTE_NODATA)
    return extent, filled


def owners(extent: np.ndarray, glacier_ids: np.ndarray, unnamed: int) -> np.ndarray:
    """Number of the glacier that each pixel of the extent belongs to.

    Ice inside a reference outline keeps that outline's number. Ice outside all of them goes to the glacier that is
    nearest along the ice (steps to the four neighbours; the smaller number of two equally near ones); ice that hangs
    together with no outline is unnamed. Only the ice outside the outlines is walked: memory stays at the rasters'.

    Parameters
    ----------
    extent : uint8, shape (rows, columns): 1 glacier.
    glacier_ids : uint16, same shape: number of the reference outline, 0 outside all.
    unnamed : number given to unnamed ice, above every other.

    Returns
    -------
    uint16 array, same shape: 0 where there is no glacier.
    """
    # a border of no ice, so that every pixel has four neighbours
    owner = np.zeros((extent.shape[0] + 2, extent.shape[1] + 2), "uint16")
    np.copyto(owner[1:-1, 1:-1], glacier_ids, where=extent == 1)
    homeless = np.zeros(owner.shape, bool)
    homeless[1:-1, 1:-1] = (extent == 1) & (glacier_ids == 0)
    numbers, waiting = owner.ravel(), homeless.ravel()
    offsets = np.array([row * owner.shape[1] + col for row, col in _STEPS])
    frontier = _beside_named(owner, homeless)
    while frontier.size:
        around = numbers[frontier[:, None] + offsets]
        # less one, "no number" becomes 65535, the largest, and loses against every number
        numbers[frontier] = (around - np.uint16(1)).min(axis=1) + np.uint16(1)
        waiting[frontier] = False
        neighbours = (frontier[:, None] + offsets).ravel()
        frontier = np.unique(neighbours[waiting[neighbours]])
    numbers[waiting] = unnamed
    return owner[1:-1, 1:-1]


def _beside_named(owner: np.ndarray, homeless: np.ndarray) -> np.ndarray:
    """Flat places of the homeless pixels, in arrays with a border, that have a neighbour with a number."""
    beside = np.zeros(owner.shape, bool)
    for row, col in _STEPS:
        beside[1:-1, 1:-1] |= owner[1 + row : owner.shape[0] - 1 + row, 1 + col : owner.shape[1] - 1 + col] > 0
    return np.flatnonzero(beside & homeless)


def count_numbers(numbers: np.ndarray, where: np.ndarray, length: int) -> np.ndarray:
    """How often each number stands where ``where`` is true, int64, shape (length,); counted in strips of rows."""
    counts = np.zeros(length, "int64")
    for start in range(0, len(numbers), STRIP_ROWS):
        rows = slice(start, start + STRIP_ROWS)
        counts += np.bincount(numbers[rows][where[rows]], minlength=length)
    return counts


def margin_lengths(owner: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    """Length of each glacier's margin, in pixels, by the Cauchy–Crofton formula in four directions.

    Counting crossings along rows, columns and both diagonals measures a slanting margin without the excess of its pixel
    stairs, within about 5 %. Only ice against ground that was seen counts: neither the edge of the area of interest,
    nor a gap, nor the divide between two glaciers is a mapped margin.

    Parameters
    ----------
    owner : uint16, shape (rows, columns): number of the glacier, 0 none.
    known : bool, same shape: true where the extent is known.
    count : the largest number.

    Returns
    -------
    float64, shape (count + 1,), pixels; the first is 0. The formula is π/2 times the mean over the directions of
    crossings times the distance of the lines.
    """
    lengths = np.zeros(count + 1)
    for start in range(0, len(owner), STRIP_ROWS):
        # one row more than the strip: the pairs that reach into the next one
        rows = slice(start, start + STRIP_ROWS + 1)
        lengths += _crossings(owner[rows], known[rows], count, min(STRIP_ROWS, len(owner) - start))
    return lengths * np.pi / 8


def _crossings(owner: np.ndarray, known: np.ndarray, count: int, rows: int) -> np.ndarray:
    """Crossings times line distance, summed over directions, of pairs whose upper pixel is in the first ``rows``."""
    lengths, (height, width) = np.zeros(count + 1), owner.shape
    for row, col in ((0, 1), (1, 0), (1, 1), (1, -1)):
        spacing = 1.0 if 0 in (row, col) else 0.5**0.5
        left, right = slice(max(0, -col), width - max(0, col)), slice(max(0, col), width + min(0, col))
        last = min(rows, height - row)
        first, second = (slice(0, last), left), (slice(row, last + row), right)
        both = known[first] & known[second]
        for ice, ground in ((first, second), (second, first)):
            crossing = both & (owner[ice] > 0) & (owner[ground] == 0)
            lengths += spacing * np.bincount(owner[ice][crossing], minlength=count + 1)
    return lengths
