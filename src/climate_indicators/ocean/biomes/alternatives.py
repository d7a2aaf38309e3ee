"""Other ways to group the same slopes, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster
from scipy.special import xlogy
from sklearn.cluster import HDBSCAN
from sklearn.metrics.cluster import expected_mutual_information
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier

from climate_indicators.ocean.biomes.ward import Tree

NOISE = 0
MIN_CLUSTER = 10


def fixed_cut(tree: Tree, clusters: int) -> np.ndarray:
    """Cut of the tree at one height into a given number of clusters: int16, shape (n,), 1 is the largest."""
    return by_size(fcluster(tree.merges, clusters, "maxclust"))


def gaussian_mixture(values: np.ndarray, max_clusters: int = 8, sample: int = 2500, seed: int = 0) -> np.ndarray:
    """Gaussian mixture with full covariances and the number of components of the lowest BIC (Schwarz 1978).

    Parameters
    ----------
    values : float64, shape (n, features).
    max_clusters : largest number of components tried.
    sample : cells, drawn at random, that mixtures are fitted to; all cells then get their likeliest component.
    seed : of the sample and of the starts.

    Returns
    -------
    int16, shape (n,), 1 the largest.
    """
    part = _sample(values, sample, seed)
    fits = [
        GaussianMixture(count, covariance_type="full", random_state=seed, reg_covar=1e-5).fit(part)
        for count in range(1, min(max_clusters, len(part) - 1) + 1)
    ]
    best = min(fits, key=lambda fit: fit.bic(part))
    return by_size(best.predict(values) + 1)


def hdbscan(values: np.ndarray, min_share: float = 0.01, sample: int = 4000, seed: int = 0) -> np.ndarray:
    """HDBSCAN (Campello et al. 2013, doi:10.1007/978-3-642-37456-2_14), with noise.

    Parameters
    ----------
    values : float64, shape (n, features).
    min_share : smallest share of the cells that a cluster may have, never fewer than ``MIN_CLUSTER`` cells.
    sample : cells, drawn at random, that are clustered; another cell goes with its nearest among them, to noise too.
    seed : of the sample.

    Returns
    -------
    int16, shape (n,), 1 the largest cluster, 0 noise.
    """
    part = _sample(values, sample, seed)
    size = min(max(int(min_share * len(part)), MIN_CLUSTER), len(part))
    found = HDBSCAN(min_cluster_size=size, copy=True).fit_predict(part)
    nearest = KNeighborsClassifier(1).fit(part, found)
    return by_size(nearest.predict(values) + 1)


def by_size(labels: np.ndarray) -> np.ndarray:
    """Labels from 1 by decreasing number of cells, 0 unchanged: int16; clusters of equal size in order of label."""
    names, counts = np.unique(labels[labels != NOISE], return_counts=True)
    result = np.zeros(len(labels), "int16")
    for place, name in enumerate(names[np.argsort(-counts, kind="stable")], 1):
        result[labels == name] = place
    return result


def agreement_table(
    labelings: Mapping[str, np.ndarray],
    reference: np.ndarray,
    area_km2: np.ndarray,
    truth: np.ndarray | None = None,
) -> pd.DataFrame:
    """How far other groupings agree with the biomes, and with the truth where it is known.

    Parameters
    ----------
    labelings : name of a method → int, shape (n,), 0 for cells that it leaves out.
    reference : int, shape (n,), the biomes.
    area_km2 : float, shape (n,), ocean area of the cells, km².
    truth : int, shape (n,), true classes, 0 or less unknown.

    Returns
    -------
    ``method, k, share_labeled, ami_with_biomes`` and with a truth ``ami_with_truth``: clusters, share of the area that
    the method labels, and `weighted_ami` over the cells that both label.
    """
    rows = []
    for method, labels in labelings.items():
        seen = labels > NOISE
        row = {
            "method": method,
            "k": len(np.unique(labels[seen])),
            "share_labeled": float(area_km2[seen].sum() / area_km2.sum()),
            "ami_with_biomes": weighted_ami(labels, reference, area_km2),
        }
        rows.append(row | ({} if truth is None else {"ami_with_truth": weighted_ami(labels, truth, area_km2)}))
    return pd.DataFrame(rows)


def weighted_ami(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> float:
    """Adjusted mutual information of two labelings with weights (Vinh et al. 2010, arithmetic mean of the entropies).

    Mutual information and entropies are those of the table of summed weights. What chance would give is the expectation
    over tables of counts with fixed margins; the counts are the weights' table, scaled to the effective number of cells
    (Kish 1965: squared sum of the weights over the sum of their squares) and rounded so that their sum is kept. With
    equal weights this is scikit-learn's ``adjusted_mutual_info_score``.

    Parameters
    ----------
    first, second : int, shape (n,); cells with 0 or less in either are left out.
    weight : float, shape (n,), ≥ 0.

    Returns
    -------
    1 for the same groups, about 0 for unrelated ones; 1 also if both are a single group; NaN without a common cell.
    """
    seen = (first > NOISE) & (second > NOISE) & (weight > 0)
    first, second, weight = first[seen], second[seen], np.asarray(weight, "float64")[seen]
    if not seen.any():
        return np.nan
    rows, columns = (np.unique(each, return_inverse=True)[1] for each in (first, second))
    shape = rows.max() + 1, columns.max() + 1
    table = np.bincount(rows * shape[1] + columns, weight, shape[0] * shape[1]).reshape(shape)
    if max(shape) == 1:
        return 1.0
    effective = max(round(weight.sum() ** 2 / (weight**2).sum()), 1)
    share = table / table.sum()
    entropies = [-float(xlogy(margin, margin).sum()) for margin in (share.sum(axis=1), share.sum(axis=0))]
    mutual = sum(entropies) + float(xlogy(share, share).sum())
    chance = expected_mutual_information(_whole_numbers(share * effective, effective), effective)
    above = np.mean(entropies) - chance
    # as scikit-learn does: rounding must not turn the sign where chance explains all
    above = min(above, -np.finfo("float64").eps) if above < 0 else max(above, np.finfo("float64").eps)
    return float((mutual - chance) / above)


def _whole_numbers(table: np.ndarray, total: int) -> np.ndarray:
    """Integer counts nearest to a table with sum ``total``, with the same sum; empty rows and columns are removed."""
    counts = np.floor(table)
    missing = total - int(counts.sum())
    order = np.argsort(-(table - counts), axis=None, kind="stable")
    counts.flat[order[:missing]] += 1
    return counts[counts.any(axis=1)][:, counts.any(axis=0)].astype("int64")


def _sample(values: np.ndarray, sample: int, seed: int) -> np.ndarray:
    if len(values) <= sample:
        return values
    return values[np.sort(np.random.default_rng(seed).choice(len(values), sample, replace=False))]
