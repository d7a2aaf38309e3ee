"""Ward tree of the cells' slopes, with the spread of every branch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import fastcluster
import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError

MIN_CELLS = 2


@dataclass(frozen=True)
class Tree:
    """Merges of n cells. Nodes 0 to n − 1 are the cells, node n + i is made by merge i, the last node is the root.

    Attributes
    ----------
    values : float64, shape (n, features), the standardized slopes.
    merges : float64, shape (n − 1, 4), scipy's convention: left node, right node, Ward height, number of cells.
    left, right : int64, shape (n − 1,), children of the merges.
    size : int64, shape (2n − 1,), cells below each node.
    height : float64, shape (2n − 1,), Ward height, the square root of twice the growth of the sum of squares; cells: 0.
    order : int64, shape (n,), the cells from left to right below the root.
    start : int64, shape (2n − 1,), place in ``order`` of a node's first cell; its others follow.
    sums, squares : float64, shape (2n − 1, features), sums of the values and of their squares.
    """

    values: np.ndarray
    merges: np.ndarray
    left: np.ndarray
    right: np.ndarray
    size: np.ndarray
    height: np.ndarray
    order: np.ndarray
    start: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.values)

    @property
    def root(self) -> int:
        """Node that holds all cells."""
        return 2 * self.n_cells - 2

    @cached_property
    def variance(self) -> np.ndarray:
        """Variance (ddof = 0) of all values below a node, features together: float64, shape (2n − 1,).

        The published measure; offsets between the features count in it.
        """
        count = self.size * self.values.shape[1]
        return np.maximum(self.squares.sum(axis=1) / count - (self.sums.sum(axis=1) / count) ** 2, 0)

    @cached_property
    def feature_variance(self) -> np.ndarray:
        """Variance (ddof = 0) of each feature below a node: float64, shape (2n − 1, features)."""
        count = self.size[:, None]
        return np.maximum(self.squares / count - (self.sums / count) ** 2, 0)

    def children(self, node: int) -> tuple[int, int]:
        """Left and right child of a merge's node."""
        return int(self.left[node - self.n_cells]), int(self.right[node - self.n_cells])

    def members(self, node: int) -> np.ndarray:
        """Cells below a node, from left to right: int64, shape (size of the node,)."""
        return self.order[self.start[node] : self.start[node] + self.size[node]]


def standardize(slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes less their mean, over their standard deviation (ddof = 1, as published).

    Parameters
    ----------
    slopes : float, shape (n, features), of the kept cells; no NaN.

    Returns
    -------
    The standardized slopes, float64, shape (n, features), and means and standard deviations, shape (features,).

    Raises
    ------
    InputError
        If there are fewer than two cells, or a slope is the same in all cells.
    """
    slopes = np.asarray(slopes, "float64")
    if len(slopes) < MIN_CELLS:
        raise InputError(
            f"biomes need at least {MIN_CELLS} cells with a regression, found {len(slopes)}: "
            "take larger cells, a wider window or a higher max_p"
        )
    if not np.isfinite(slopes).all():
        raise ValueError("slopes hold NaN or infinity: use only cells with an accepted regression")
    mean, sd = slopes.mean(axis=0), slopes.std(axis=0, ddof=1)
    if not (sd > 0).all():
        number = int(np.flatnonzero(~(sd > 0))[0]) + 1
        raise InputError(f"slope {number} of {len(sd)} is {slopes[0, number - 1]:g} in every cell: nothing to cluster")
    return (slopes - mean) / sd, mean, sd


def ward(values: np.ndarray) -> Tree:
    """Ward tree with Euclidean distances, in memory that grows with n and not n² (fastcluster, Müllner 2013).

    Parameters
    ----------
    values : float64, shape (n, features), n ≥ 2, standardized slopes.
    """
    values = np.ascontiguousarray(values, "float64")
    # a copy, because fastcluster may modify its input
    return tree_of(values, fastcluster.linkage_vector(values.copy(), method="ward"))


def tree_of(values: np.ndarray, merges: np.ndarray) -> Tree:
    """Tree with the statistics of its nodes, from a linkage.

    Cells are sorted by their position below the root, where every node is a contiguous range of cells; sums over all
    nodes then are differences of one running sum.

    Parameters
    ----------
    values : float64, shape (n, features), standardized, so that differences of running sums keep their digits.
    merges : float64, shape (n − 1, 4), scipy's convention.
    """
    n = len(values)
    if n < MIN_CELLS or merges.shape != (n - 1, 4):
        raise ValueError(f"a tree of {n} cells needs {max(n - 1, 1)} merges of 4 numbers, found shape {merges.shape}")
    left, right = merges[:, 0].astype("int64"), merges[:, 1].astype("int64")
    size = np.concatenate([np.ones(n, "int64"), merges[:, 3].astype("int64")])
    start = _starts(left, right, size)
    order = np.empty(n, "int64")
    order[start[:n]] = np.arange(n)
    running = np.zeros((n + 1, 2 * values.shape[1]))
    np.cumsum(np.hstack([values[order], values[order] ** 2]), axis=0, out=running[1:])
    sums, squares = np.hsplit(running[start + size] - running[start], 2)
    height = np.concatenate([np.zeros(n), merges[:, 2]])
    return Tree(values, merges, left, right, size, height, order, start, sums, squares)


def labels_from_nodes(tree: Tree, nodes: Iterable[int], labels: Iterable[int] | None = None) -> np.ndarray:
    """Label of each cell: int16, shape (n,).

    Parameters
    ----------
    nodes : nodes of the tree that hold each cell once.
    labels : label of each node; None numbers them from 1.

    Raises
    ------
    ValueError
        If a cell is in none or in two of the nodes.
    """
    nodes = list(nodes)
    labels = range(1, len(nodes) + 1) if labels is None else labels
    result = np.zeros(tree.n_cells, "int16")
    covered = 0
    for node, label in zip(nodes, labels, strict=True):
        result[tree.members(node)] = label
        covered += int(tree.size[node])
    if covered != tree.n_cells or not result.all():
        raise ValueError(f"{len(nodes)} nodes hold {covered} cells, not each of the {tree.n_cells} once")
    return result


def linkage_dataset(tree: Tree) -> xr.Dataset:
    """Linkage and its values, to be written as NetCDF; `tree_from_dataset` reads it back."""
    merge, node = ("merge", "field"), ("cell", "feature")
    return xr.Dataset(
        {
            "merges": (merge, tree.merges, {"long_name": "left node, right node, Ward height, number of cells"}),
            "values": (node, tree.values, {"long_name": "standardized slopes", "units": "1"}),
        }
    )


def tree_from_dataset(data: xr.Dataset) -> Tree:
    """Tree that `linkage_dataset` stored."""
    return tree_of(data["values"].values, data["merges"].values)


def _starts(left: np.ndarray, right: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Place of each node's first cell among the cells from left to right."""
    start = [0] * len(size)
    n, sizes = len(left) + 1, size.tolist()
    children = list(zip(left.tolist(), right.tolist(), strict=True))
    for number in range(n - 2, -1, -1):
        first, second = children[number]
        start[first] = start[n + number]
        start[second] = start[first] + sizes[first]
    return np.array(start, "int64")
