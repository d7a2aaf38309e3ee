"""How deep the valley of density between two groups of cells is."""

from __future__ import annotations

import math

import numpy as np

from climate_indicators.ocean.biomes.ward import Tree

# density is that of a third of the smaller group: fewer cells are noisy, more blur a valley
PART = 3
MIN_NEIGHBORS = 5
# Ward borders are often placed where cells are sparse, and the deepest of several lines is used. Of 105 clouds without
# a valley (normal, uniform, correlated, heavy-tailed, long; 300 to 10,000 cells) 3 standard errors split 27 at a
# max_density_ratio of 0.9 and 8 at 0.8; 3.5 split 1 and none.
SURE = 3.5


class DensitySeparation:
    """Valleys between groups of a tree's nodes, each computed once.

    Parameters
    ----------
    tree : whose nodes are asked about.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}

    def between(self, first: tuple[int, ...], second: tuple[int, ...]) -> float:
        """Valley between two groups of nodes, as `valley` gives it; the groups' order does not matter."""
        key = (first, second) if first <= second else (second, first)
        if key not in self._known:
            self._known[key] = valley(*(self._values(group) for group in key))
        return self._known[key]

    def distance(self, first: tuple[int, ...], second: tuple[int, ...]) -> float:
        """Distance of the means of two groups, in standard deviations of the slopes."""
        means = [self._tree.sums[list(g)].sum(axis=0) / self._tree.size[list(g)].sum() for g in (first, second)]
        return float(np.linalg.norm(means[0] - means[1]))

    def _values(self, group: tuple[int, ...]) -> np.ndarray:
        return self._tree.values[np.concatenate([self._tree.members(node) for node in group])]


def valley(first: np.ndarray, second: np.ndarray) -> float:
    """Density between two groups over that of the lower of their two peaks: near 0 divided, 1 one cloud.

    Cells are put on a line, and density along it is that of their k nearest: k over the length that holds them, with k
    a third of the smaller group, so that groups of any size and spread are seen alike. Lines are the direction that
    best divides the two (Fisher's discriminant), that from mean to mean, and each feature; the deepest valley counts.
    Its ratio is raised by ``SURE`` standard errors, √(2/k) of its logarithm: a gap between few cells may be chance.

    Parameters
    ----------
    first, second : float64, shapes (n1, features) and (n2, features).

    Returns
    -------
    Ratio in [0, 1]; scale-free, and about the same for any number of cells from some hundreds on.
    """
    k = max(MIN_NEIGHBORS, min(len(first), len(second)) // PART)
    lines = _lines(first, second)
    lowest = min(_along(a, b, k) for a, b in zip((first @ lines).T, (second @ lines).T, strict=True))
    return min(1.0, lowest * math.exp(SURE * math.sqrt(2 / k)))


def _lines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Directions to look along, shape (features, features + 2), each from the first group to the second."""
    n_features = first.shape[1]
    apart = second.mean(axis=0) - first.mean(axis=0)
    within = (np.cov(first, rowvar=False) + np.cov(second, rowvar=False)) / 2
    # dependent slopes leave the matrix singular
    within += 1e-9 * max(float(np.trace(within)), 1e-300) * np.eye(n_features)
    features = np.where(apart < 0, -1.0, 1.0) * np.eye(n_features)
    return np.column_stack([np.linalg.solve(within, apart), apart, features])


def _along(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Valley between the medians of two groups on a line."""
    both = np.sort(np.concatenate([first, second]))
    if len(both) <= k:
        return 1.0
    length, middle = both[k:] - both[:-k], (both[k:] + both[:-k]) / 2
    low, high = np.searchsorted(middle, (np.median(first), np.median(second)))
    if high <= low:
        return 1.0
    deepest = low + int(length[low:high].argmax())
    peaks = max(length[: deepest + 1].min(), length[deepest:].min())
    return float(peaks / length[deepest]) if length[deepest] > 0 else 1.0
