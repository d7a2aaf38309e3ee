"""Arrays on a coarser or finer grid of the same extent."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array


def resample(array: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Area average along sides that get fewer cells, linear between the middles of cells along the others.

    The average is exact: cells that lie in two of the new ones count in each by their share.

    Parameters
    ----------
    array : numbers, shape (rows, columns) or (rows, columns, bands).
    shape : rows and columns of the new grid.

    Returns
    -------
    float32, of that shape, with the bands of ``array`` behind it.
    """
    rows, cols, *bands = array.shape
    down = _weights(rows, shape[0]) @ array.reshape(rows, -1).astype("float32")
    across = np.moveaxis(down.reshape(shape[0], cols, -1), 1, 0).reshape(cols, -1)
    both = (_weights(cols, shape[1]) @ across).reshape(shape[1], shape[0], *bands)
    return np.ascontiguousarray(np.swapaxes(both, 0, 1))


@lru_cache(maxsize=64)
def _weights(before: int, after: int) -> csr_array:
    """Weights from cells of one line to those of another, float32, shape (after, before), each row summing to 1.

    Shares of covered length if the cells become larger, else linear between their middles.
    """
    if before >= after:
        edges = np.unique(np.concatenate([np.arange(before + 1) * after, np.arange(after + 1) * before]))
        middles, weight = (edges[:-1] + edges[1:]) / 2, np.diff(edges) / before
        target, source = (middles // before).astype(int), (middles // after).astype(int)
        return csr_array((weight.astype("float32"), (target, source)), shape=(after, before))
    place = np.clip((np.arange(after) + 0.5) * before / after - 0.5, 0, before - 1)
    lower = np.minimum(place.astype(int), max(before - 2, 0))
    upper = np.minimum(lower + 1, before - 1)
    weight = np.concatenate([1 - (place - lower), place - lower]).astype("float32")
    target = np.tile(np.arange(after), 2)
    return csr_array((weight, (target, np.concatenate([lower, upper]))), shape=(after, before))
