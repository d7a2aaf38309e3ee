"""Extents of glaciers as rasters: gaps filled from other years, owners of the ice, length of the margin."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.guard import opened

UNASSIGNED = "unnamed"
STRIP_ROWS = 512
_STEPS = ((-1, 0), (0, -1), (0, 1), (1, 0))


def years_by_distance(years: Sequence[int], index: int) -> list[list[int]]:
    """Places of the other years, the nearest in time first; years before and after that are equally near together."""
    distances = sorted({abs(year - years[index]) for place, year in enumerate(years) if place != index})
    return [
        [place for place, year in enumerate(years) if place != index and abs(year - years[index]) == distance]
        for distance in distances
    ]


@dataclass(frozen=True)
class FilledExtent:
    """Extent of a year, its gaps filled from other years; arrays of shape (rows, columns).

    Attributes
    ----------
    extent : uint8: 1 glacier, 0 not, 255 outside, seen in no year, or undecided.
    filled : bool: true where the value comes from another year.
    undecided : bool: true where the nearest years that show the pixel are equally near and disagree.
    """

    extent: np.ndarray
    filled: np.ndarray
    undecided: np.ndarray


def gap_filled_extent(
    paths: Sequence[str | Path], years: Sequence[int], index: int, inside: np.ndarray
) -> FilledExtent:
    """Extent of one year, its gaps filled from the nearest year that shows the pixel, before or after.

    Of two equally near years that disagree neither is taken: the earlier one would make glaciers too large where they
    shrink, the later one too small. Read strip by strip; another year is opened for a strip only as long as pixels are
    missing there.

    Parameters
    ----------
    paths : extents of all years on one grid: 1 glacier, 0 not, 255 not seen.
    years : their years, in the same order.
    index : place of the year wanted.
    inside : uint8, shape (rows, columns): 1 inside the area of interest.
    """
    result = FilledExtent(
        np.full(inside.shape, BYTE_NODATA, "uint8"), np.zeros(inside.shape, bool), np.zeros(inside.shape, bool)
    )
    with ExitStack() as stack:
        rasters = [stack.enter_context(opened(path)) for path in paths]
        grid = Grid(rasters[index].crs.to_string(), rasters[index].transform, inside.shape[1], inside.shape[0])
        for window in strips(grid, STRIP_ROWS):
            rows = slice(window.row_off, window.row_off + window.height)
            strip = rasters[index].read(1, window=window)
            own = strip != BYTE_NODATA
            undecided = np.zeros(strip.shape, bool)
            for others in years_by_distance(years, index):
                missing = (strip == BYTE_NODATA) & (inside[rows] == 1) & ~undecided
                if not missing.any():
                    break
                undecided |= missing & _fill(
                    strip, missing, [rasters[other].read(1, window=window) for other in others]
                )
            strip[inside[rows] != 1] = BYTE_NODATA
            result.extent[rows] = strip
            result.filled[rows] = ~own & (strip != BYTE_NODATA)
            result.undecided[rows] = undecided
    return result


def _fill(strip: np.ndarray, missing: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """Fill missing pixels of a strip in place from one or two years, and return where two valid years disagree."""
    first, last = others[0], others[-1]
    disagree = (first != BYTE_NODATA) & (last != BYTE_NODATA) & (first != last)
    np.copyto(strip, np.where(first == BYTE_NODATA, last, first), where=missing & ~disagree)
    return disagree


def assign_glacier_ids(extent: np.ndarray, glacier_ids: np.ndarray, unnamed: int) -> np.ndarray:
    """Number of the glacier that each pixel of the extent belongs to.

    Ice inside a reference outline keeps that outline's number. Ice outside all of them goes to the glacier that is
    nearest along the ice (steps to the four neighbors; the smaller number of two equally near ones); ice that hangs
    together with no outline is unnamed. Only the ice outside the outlines is walked: memory stays at the rasters'. The
    watershed of scikit-image takes twice that memory, and leaves ties to the order of its queue.

    Parameters
    ----------
    extent : uint8, shape (rows, columns): 1 glacier.
    glacier_ids : uint16, same shape: number of the reference outline, 0 outside all.
    unnamed : number given to unnamed ice, above every other.

    Returns
    -------
    uint16 array, same shape: 0 where there is no glacier.
    """
    # an ice-free border, so that every pixel has four neighbors
    owner = np.zeros((extent.shape[0] + 2, extent.shape[1] + 2), "uint16")
    np.copyto(owner[1:-1, 1:-1], glacier_ids, where=extent == 1)
    homeless = np.zeros(owner.shape, bool)
    homeless[1:-1, 1:-1] = (extent == 1) & (glacier_ids == 0)
    numbers, waiting = owner.ravel(), homeless.ravel()
    offsets = np.array([row * owner.shape[1] + col for row, col in _STEPS])
    frontier = np.flatnonzero(binary_dilation(owner > 0) & homeless)
    while frontier.size:
        around = numbers[frontier[:, None] + offsets]
        # minus one, "no number" becomes 65535, the largest value, so every other number is preferred
        numbers[frontier] = (around - np.uint16(1)).min(axis=1) + np.uint16(1)
        waiting[frontier] = False
        neighbors = (frontier[:, None] + offsets).ravel()
        frontier = np.unique(neighbors[waiting[neighbors]])
    numbers[waiting] = unnamed
    return owner[1:-1, 1:-1]


def count_numbers(numbers: np.ndarray, where: np.ndarray, length: int) -> np.ndarray:
    """Count of each number where ``where`` is true, int64, shape (length,); in strips of rows."""
    counts = np.zeros(length, "int64")
    for start in range(0, len(numbers), STRIP_ROWS):
        rows = slice(start, start + STRIP_ROWS)
        counts += np.bincount(numbers[rows][where[rows]], minlength=length)
    return counts


def perimeter_m(owner: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
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
