"""How good a cut is, and which cut of a grid to take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.biomes.cuts import Cut, density_cut, published_cut, scaled_delta_dist
from climate_indicators.ocean.biomes.density_separation import DensitySeparation
from climate_indicators.ocean.biomes.ward import Tree, ward

PUBLISHED, DENSITY = "published", "density"
PARAMETERS = {PUBLISHED: ("delta_dist", "delta_var"), DENSITY: ("max_density_ratio", "compactness")}
GRIDS = {
    PUBLISHED: {"delta_dist": (20, 25, 28, 30), "delta_var": (0.1, 0.5, 0.8, 1.0)},
    DENSITY: {"max_density_ratio": (0.7, 0.8, 0.9, 1.0), "compactness": (0.2, 0.4, 0.6, 0.8)},
}
CRITERIA = ("silhouette", "gap", "stability")
# another sample of cells changes scores by about this much, so closer ones are a tie, which fewer clusters win
TIE = 0.02


def cut_table(
    tree: Tree,
    mode: str,
    grid: Mapping[str, Sequence[float]] | None = None,
    *,
    criterion: str = "silhouette",
    min_share: float = 0.01,
    scale_by_cells: bool = False,
    sample: int = 2000,
    references: int = 5,
    bootstraps: int = 5,
    bootstrap_cells: int = 3000,
    seed: int = 0,
) -> tuple[pd.DataFrame, Cut]:
    """Every cut of a grid with its scores, and the cut that the criterion chooses.

    By silhouette or stability the largest wins. A single cluster has no silhouette and nothing to be unstable: it is
    chosen by these two only if the grid holds no other cut. The gap is defined for it and may choose it: the smallest
    number of clusters wins whose gap is no smaller than that of the next larger number of the grid, less its standard
    error (Tibshirani's rule). Of cuts within ``TIE`` of the best score the one with the fewest clusters is chosen, of
    these the first of the grid.

    Parameters
    ----------
    tree : Ward tree of the cells.
    mode : ``published`` or ``density``.
    grid : values of the two parameters of the mode; None uses ``GRIDS``.
    criterion : ``silhouette`` (`silhouettes`), ``gap`` (`gap_statistic`) or ``stability`` (`stabilities`).
    min_share : of `density_cut`.
    scale_by_cells : scale delta_dist to the number of cells, see `scaled_delta_dist`; the table holds it unscaled.
    sample : cells for the silhouette and for the references of the gap.
    references : uniform data sets for the gap.
    bootstraps, bootstrap_cells : subsets of the cells for the stability, and their size; 0 subsets leave it NaN.
    seed : of all random numbers.

    Returns
    -------
    Table with ``mode``, the two parameters, ``k, silhouette, gap, gap_sd, calinski_harabasz, stability, published_bic,
    published_aic, smallest_share`` and ``chosen``, true in one row; and the chosen cut.

    Raises
    ------
    InputError
        If the mode, a parameter of the grid or the criterion is unknown, or the criterion is switched off.
    """
    if (criterion == "gap" and not references) or (criterion == "stability" and not bootstraps):
        raise InputError(f"the criterion for the cut is '{criterion}', which has 0 resamples to be computed from")
    points = _points(mode, GRIDS[mode] if grid is None and mode in GRIDS else grid, criterion)
    settings = {"mode": mode, "points": points, "min_share": min_share, "scale_by_cells": scale_by_cells}
    cuts = list(_cuts(tree, **settings))
    rng = np.random.default_rng(seed)
    labels = [cut.labels for cut in cuts]
    spread = [_within(tree, cut) for cut in cuts]
    gap, gap_sd = gap_statistic(tree, [cut.k for cut in cuts], spread, references, sample, rng)
    table = pd.DataFrame(points).assign(
        k=[cut.k for cut in cuts],
        silhouette=silhouettes(tree.values, labels, sample, rng),
        gap=gap,
        gap_sd=gap_sd,
        calinski_harabasz=[calinski_harabasz(tree, cut.k, within) for cut, within in zip(cuts, spread, strict=True)],
        stability=stabilities(tree, labels, settings, bootstraps, bootstrap_cells, rng),
        published_bic=[published_criteria(each)[0] for each in labels],
        published_aic=[published_criteria(each)[1] for each in labels],
        smallest_share=[np.bincount(each)[1:].min() / tree.n_cells for each in labels],
    )
    table.insert(0, "mode", mode)
    chosen = choose(table, criterion)
    table["chosen"] = np.arange(len(table)) == chosen
    return table, cuts[chosen]


def choose(table: pd.DataFrame, criterion: str) -> int:
    """Place of the row that the criterion chooses: see `cut_table`.

    Parameters
    ----------
    table : ``k`` and the criterion's column; for the gap ``gap_sd`` too.
    criterion : name of a column, largest best.
    """
    score = table[criterion].to_numpy("float64").copy()
    clusters = table["k"].to_numpy()
    if criterion == "gap":
        score[clusters != _smallest_enough(table)] = np.nan
    else:
        score[clusters == 1] = np.nan
    if np.isnan(score).all():
        return int(clusters.argmin())
    good = np.flatnonzero(score >= np.nanmax(score) - TIE)
    return int(good[clusters[good].argmin()])


def _smallest_enough(table: pd.DataFrame) -> int:
    """Smallest number of clusters with a gap not clearly exceeded by the next larger number in the table."""
    best = table.loc[table.groupby("k")["gap"].idxmax()] if table["gap"].notna().all() else table.head(0)
    rows = best.sort_values("k")[["k", "gap", "gap_sd"]].to_numpy()
    for (k, gap, _), (_, next_gap, next_sd) in pairwise(rows):
        if gap >= next_gap - next_sd:
            return int(k)
    return int(table["k"].max())


def silhouettes(values: np.ndarray, labels: Sequence[np.ndarray], sample: int, rng: np.random.Generator) -> list[float]:
    """Mean silhouette (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7) of several labelings on one sample of cells.

    Parameters
    ----------
    values : float64, shape (n, features).
    labels : int, shape (n,) each.
    sample : number of cells; distances between all of them are computed once.

    Returns
    -------
    One number a labeling, −1 to 1; NaN where the sample holds one cluster only. A cell alone in its cluster counts 0.
    """
    cells = _some(len(values), sample, rng)
    distances = squareform(pdist(values[cells]))
    known: dict[bytes, float] = {}
    result = []
    for each in labels:
        part = each[cells]
        key = part.tobytes()
        if key not in known:
            enough = 2 <= len(np.unique(part)) < len(part)
            known[key] = float(silhouette_samples(distances, part, metric="precomputed").mean()) if enough else np.nan
        result.append(known[key])
    return result


def gap_statistic(
    tree: Tree,
    clusters: Sequence[int],
    within: Sequence[float],
    references: int,
    sample: int,
    rng: np.random.Generator,
) -> tuple[list[float], list[float]]:
    """Gap statistic of Tibshirani et al. (2001, doi:10.1111/1467-9868.00293) of several cuts.

    How much smaller the logarithm of the sum of squares within clusters is than that of as many clusters of data
    without any. References are uniform in the box along the data's principal axes (their choice b), and are cut by Ward
    at a fixed number of clusters, as the adaptive rules may find none in them.

    Parameters
    ----------
    tree : Ward tree of the cells.
    clusters, within : number of clusters of each cut, and its sum of squares within them.
    references : number of reference sets; with 0 there is no gap.
    sample : cells of a reference set; sums of squares are compared per cell.

    Returns
    -------
    Gap of each cut and its standard error (their s_k); NaN without references.
    """
    if references == 0:
        return [np.nan] * len(clusters), [np.nan] * len(clusters)
    count = min(sample, tree.n_cells)
    axes = np.linalg.svd(tree.values, full_matrices=False)[2].T
    rotated = tree.values @ axes
    low, high = rotated.min(axis=0), rotated.max(axis=0)
    logs = np.empty((references, len(clusters)))
    for row in logs:
        heights = ward(rng.uniform(low, high, (count, len(low)))).merges[:, 2]
        # Ward's height is the square root of twice the growth of the sum of squares
        spread = np.concatenate([[0.0], np.cumsum(heights**2 / 2)])
        row[:] = np.log(spread[count - np.minimum(clusters, count - 1)] / count)
    gap = logs.mean(axis=0) - np.log(np.maximum(within, 1e-300) / tree.n_cells)
    return gap.tolist(), (logs.std(axis=0) * math.sqrt(1 + 1 / references)).tolist()


def calinski_harabasz(tree: Tree, clusters: int, within: float) -> float:
    """Variance between clusters over that within (Caliński and Harabasz 1974); NaN for one cluster."""
    if not 1 < clusters < tree.n_cells or within == 0:
        return np.nan
    between = _squares(tree, [tree.root]) - within
    return between / (clusters - 1) / (within / (tree.n_cells - clusters))


def stabilities(
    tree: Tree,
    labels: Sequence[np.ndarray],
    settings: Mapping[str, object],
    bootstraps: int,
    cells: int,
    rng: np.random.Generator,
) -> list[float]:
    """Mean adjusted Rand index between each cut and the same cut of resampled cells, on the cells of both.

    Cells are drawn without replacement: a cell drawn twice would be a separate tight cluster. Each resample is linked
    anew; `published` thresholds of height shrink with the square root of its size.

    Parameters
    ----------
    tree : Ward tree of all cells.
    labels : of the cuts, in the order of the points.
    settings : of `_cuts`.
    bootstraps, cells : resamples, and cells in each, at most four fifths of all.

    Returns
    -------
    One number per cut, 1 for the same clusters every time; NaN without resamples.
    """
    count = min(cells, int(0.8 * tree.n_cells))
    if bootstraps == 0 or count < 2:
        return [np.nan] * len(labels)
    scores = np.empty((bootstraps, len(labels)))
    for row in scores:
        chosen = _some(tree.n_cells, count, rng)
        part = ward(tree.values[chosen])
        shrunk = math.sqrt(count / tree.n_cells)
        for place, cut in enumerate(_cuts(part, **settings, height_scale=shrunk)):
            row[place] = adjusted_rand_score(labels[place][chosen], cut.labels)
    return scores.mean(axis=0).tolist()


def published_criteria(labels: np.ndarray) -> tuple[float, float]:
    """The study's "BIC" and "AIC" of a cut, −2 Σ ln(n_k / N) + 3 ln N and the same sum + 6.

    Neither is a likelihood, and both grow with every cluster: they always favor the fewest.
    """
    counts = np.bincount(labels)
    total = -2 * float(np.log(counts[counts > 0] / len(labels)).sum())
    return total + 3 * math.log(len(labels)), total + 6


def _points(mode: str, grid: Mapping[str, Sequence[float]] | None, criterion: str) -> list[dict[str, float]]:
    """Points of the grid, the last parameter running fastest."""
    if mode not in PARAMETERS:
        raise InputError(f"unknown mode of the cut '{mode}': take one of {', '.join(PARAMETERS)}")
    if criterion not in CRITERIA:
        raise InputError(f"unknown criterion for the cut '{criterion}': take one of {', '.join(CRITERIA)}")
    names = PARAMETERS[mode]
    if set(grid or {}) != set(names) or not all(len(grid[name]) for name in names):
        found = ", ".join(f"{name} ({len(values)} values)" for name, values in (grid or {}).items()) or "nothing"
        raise InputError(f"the grid of mode '{mode}' needs values of {' and '.join(names)}, found {found}")
    return [dict(zip(names, values, strict=True)) for values in product(*(grid[name] for name in names))]


def _cuts(
    tree: Tree,
    mode: str,
    points: Sequence[Mapping[str, float]],
    min_share: float,
    scale_by_cells: bool,
    height_scale: float = 1.0,
) -> Iterator[Cut]:
    """Cuts at the points of a grid, sharing their work."""
    valleys = DensitySeparation(tree)
    if scale_by_cells:
        height_scale = scaled_delta_dist(tree.n_cells, 1.0)
    for point in points:
        if mode == PUBLISHED:
            yield published_cut(tree, point["delta_dist"] * height_scale, point["delta_var"])
        else:
            yield density_cut(tree, **point, min_share=min_share, valleys=valleys)


def _within(tree: Tree, cut: Cut) -> float:
    """Sum of squares within the clusters."""
    return sum(_squares(tree, cut.nodes[cut.node_labels == label]) for label in range(1, cut.k + 1))


def _squares(tree: Tree, nodes: Sequence[int] | np.ndarray) -> float:
    """Sum of squares about the mean of a group of nodes."""
    nodes = np.asarray(nodes)
    sums = tree.sums[nodes].sum(axis=0)
    return max(float((tree.squares[nodes].sum(axis=0) - sums**2 / tree.size[nodes].sum()).sum()), 0.0)


def _some(count: int, sample: int, rng: np.random.Generator) -> np.ndarray:
    """Different places among ``count``, in ascending order."""
    return np.sort(rng.choice(count, min(count, sample), replace=False))
