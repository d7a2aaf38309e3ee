"""Where to cut the Ward tree into biomes: the published adaptive cut, and a repaired one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans

from climate_indicators.ocean.biomes.density_separation import DensitySeparation
from climate_indicators.ocean.biomes.ward import Tree, labels_from_nodes

PAPER_CELLS = 10_725
PAPER_DELTA_DIST = 25.0
# fewer cells show neither a peak nor a spread
MIN_GROUP = 20


@dataclass(frozen=True)
class Cut:
    """A partition of the cells along branches of the tree.

    Attributes
    ----------
    labels : int16, shape (n,), 1 to k.
    nodes : int64, shape (m,), m ≥ k: nodes that together hold each cell once.
    node_labels : int16, shape (m,), label of each node.
    """

    labels: np.ndarray
    nodes: np.ndarray
    node_labels: np.ndarray

    @property
    def k(self) -> int:
        """Number of clusters."""
        return int(self.node_labels.max())


def scaled_delta_dist(n_cells: int, delta_dist: float = PAPER_DELTA_DIST) -> float:
    """Published height threshold for another number of cells: Ward heights grow with its square root."""
    return delta_dist * math.sqrt(n_cells / PAPER_CELLS)


def published_cut(tree: Tree, delta_dist: float, delta_var: float) -> Cut:
    """Cut by the published rules, quirks included (Ocean Science 21, 587, 2025, doi:10.5194/os-21-587-2025).

    From the root down, left child before right child: a child that is a cell is a cluster; a child whose height and
    variance (`Tree.variance`) both differ from those of its parent by more than the thresholds is put on the stack of
    its side, to be split later; any other child is a cluster. The next node to split is the top of the left stack, then
    of the right one. So the root is always split, a compact child is split once more, and a loose child that lies just
    below its parent is not split at all.

    Parameters
    ----------
    tree : of at least two cells.
    delta_dist : smallest difference of Ward heights; 25 published, for 10,725 cells: see `scaled_delta_dist`.
    delta_var : smallest difference of variances of the standardized slopes; 0.1 published.

    Returns
    -------
    Cut with labels in the order in which clusters are accepted.
    """
    height, variance = tree.height, tree.variance
    stacks: tuple[list[int], list[int]] = ([], [])
    clusters: list[int] = []
    head: int | None = tree.root
    while head is not None:
        for child, stack in zip(tree.children(head), stacks, strict=True):
            far = abs(height[head] - height[child]) > delta_dist
            loose = abs(variance[head] - variance[child]) > delta_var
            (stack if child >= tree.n_cells and far and loose else clusters).append(child)
        head = next((stack.pop() for stack in stacks if stack), None)
    return _as_cut(tree, clusters, range(1, len(clusters) + 1))


def density_cut(
    tree: Tree,
    max_density_ratio: float,
    compactness: float,
    min_share: float = 0.01,
    valleys: DensitySeparation | None = None,
) -> Cut:
    """Cut into groups of cells that are divided by a valley of low density.

    1. Down from the root a node is split if its children are divided by a valley, or if a split further down is: a
       merge of two loose groups does not hide what lies below. A node that is compact in every feature is left whole,
       and so is one with no valley in it, the root included: one cloud of cells is one biome.
    2. The tree divides where sums of squares say, often across a cloud. Groups that no valley divides are joined again,
       those with the shallowest valley first.
    3. Branches with less than the smallest share, such as outliers, neither block nor count: each goes to the group
       with the nearest mean.

    Valleys and spreads are ratios, so the thresholds mean the same for any number of cells and any unit of the slopes.
    Joining groups until a valley divides them follows Hennig (2010, doi:10.1007/s11634-010-0058-3), there for the
    components of mixtures.

    Parameters
    ----------
    tree : of at least two cells.
    max_density_ratio : in (0, 1], see `density_separation`: largest density between two groups, as a share of the
        lower of their two peaks. With 1 no valley is asked for: a continuum is divided until its parts are compact.
    compactness : a group is compact if the standard deviation of each feature is at most this share of that of all
        cells. 0 to look into every group.
    min_share : smallest share of the cells that a biome may have; never fewer than ``MIN_GROUP`` cells.
    valleys : of the same tree, to share work among cuts.

    Returns
    -------
    Cut with labels by falling number of cells; a biome may be made of several nodes.
    """
    valleys = valleys or DensitySeparation(tree)
    min_size = max(min_share * tree.n_cells, MIN_GROUP)
    pieces, small = _divide(tree, valleys, max_density_ratio, compactness, min_size)
    groups = _join([(piece,) for piece in pieces], valleys, max_density_ratio)
    groups.sort(key=lambda group: (-sum(tree.size[list(group)]), group))
    label_of = {node: label for label, group in enumerate(groups, 1) for node in group}
    means = np.array([tree.sums[list(group)].sum(axis=0) / tree.size[list(group)].sum() for group in groups])
    for node in small:
        away = ((tree.sums[node] / tree.size[node] - means) ** 2).sum(axis=1)
        label_of[node] = 1 + int(away.argmin())
    nodes = sorted(label_of, key=lambda node: tree.start[node])
    return _as_cut(tree, nodes, [label_of[node] for node in nodes])


def consolidate(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Labels after k-means iterations started from the clusters of a cut.

    A tree never takes a merge back, so where clusters touch its border depends on early merges; this draws the border
    half-way between the means (Husson et al. 2010, "Principal component methods - hierarchical clustering - partitional
    clustering").

    Parameters
    ----------
    values : float64, shape (n, features), standardized slopes.
    labels : int, shape (n,), 1 to k.

    Returns
    -------
    int16, shape (n,), the same numbers for the same clusters.
    """
    means = np.array([values[labels == label].mean(axis=0) for label in range(1, labels.max() + 1)])
    moved = KMeans(len(means), init=means, n_init=1, max_iter=1000, tol=0).fit_predict(values)
    return (moved + 1).astype("int16")


def _divide(
    tree: Tree, valleys: DensitySeparation, max_density_ratio: float, compactness: float, min_size: float
) -> tuple[list[int], list[int]]:
    """Nodes that are left whole, those large enough to be a biome and the others, each from left to right."""
    loose = (tree.feature_variance > compactness**2 * tree.feature_variance[tree.root]).any(axis=1)
    split = np.zeros(len(tree.size), bool)
    # children have lower numbers than their parent
    for node in np.flatnonzero(loose & (tree.size >= 2 * min_size)):
        first, second = tree.children(node)
        split[node] = split[first] or split[second]
        if not split[node] and min(tree.size[first], tree.size[second]) >= min_size:
            split[node] = valleys.between((first,), (second,)) <= max_density_ratio
    whole, small, waiting = [], [], [tree.root]
    while waiting:
        node = waiting.pop()
        if split[node]:
            waiting.extend(reversed(tree.children(node)))
        else:
            (whole if tree.size[node] >= min_size else small).append(node)
    # all cells in branches below the smallest share cannot be: a split node has a child that is large enough
    return whole or [tree.root], small if whole else []


def _join(groups: list[tuple[int, ...]], valleys: DensitySeparation, max_density_ratio: float) -> list[tuple[int, ...]]:
    """Join the two groups with the shallowest valley, again and again until a valley divides every two."""
    groups = list(groups)
    while len(groups) > 1:
        pairs = [(first, second) for place, second in enumerate(groups) for first in groups[:place]]
        first, second = max(pairs, key=lambda pair: (valleys.between(*pair), -valleys.distance(*pair)))
        if valleys.between(first, second) <= max_density_ratio:
            break
        groups = [group for group in groups if group not in (first, second)] + [tuple(sorted(first + second))]
    return groups


def _as_cut(tree: Tree, nodes: list[int], labels: Iterable[int]) -> Cut:
    node_labels = np.fromiter(labels, "int16")
    return Cut(labels_from_nodes(tree, nodes, node_labels), np.array(nodes, "int64"), node_labels)
