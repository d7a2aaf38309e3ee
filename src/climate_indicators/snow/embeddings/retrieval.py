"""Retrieval of the matching embedding of the other sensor, and geometry of both embedding distributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist

from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.snow.embeddings.bootstrap import mean_interval

PARTS = ("test", "validation", "train")
RECALLS = (1, 5)
BLOCK = 1024
# pairs of points of one kind are counted among so many points at most
SAMPLED = 4000


def partner_ranks(queries: np.ndarray, candidates: np.ndarray, views: np.ndarray) -> np.ndarray:
    """Rank of the best right candidate of each query by cosine, from 1.

    A candidate is right if it shows the query's view. A wrong candidate that is as near as the right one stands
    before it: embeddings that are all the same find nothing.

    Parameters
    ----------
    queries, candidates : float, shape (n, dimensions), length 1, pair by pair.
    views : int, shape (n,): pairs of one number share their color chip.

    Returns
    -------
    int64, shape (n,).
    """
    ranks = np.empty(len(queries), "int64")
    for start in range(0, len(queries), BLOCK):
        part = slice(start, start + BLOCK)
        cosine = queries[part].astype("float64") @ candidates.T.astype("float64")
        right = views[part, None] == views[None]
        best = np.where(right, cosine, -np.inf).max(axis=1, keepdims=True)
        # rounding errors of the products must not separate equal candidates
        ranks[part] = 1 + ((cosine >= best - 1e-9) & ~right).sum(axis=1)
    return ranks


def chance_recall(views: np.ndarray, k: int) -> float:
    """Mean chance that one of ``k`` candidates drawn without replacement is right: hypergeometric."""
    n = len(views)
    _, own, sizes = np.unique(views, return_inverse=True, return_counts=True)
    right = sizes[own]
    missed = np.ones(n)
    for drawn in range(min(k, n)):
        missed *= np.clip(n - right - drawn, 0, None) / (n - drawn)
    return float(1 - missed.mean())


def retrieval_table(
    radar: np.ndarray, rgb: np.ndarray, views: np.ndarray, places: np.ndarray, split: np.ndarray, seed: int = 0
) -> pd.DataFrame:
    """Recall of the partner in both directions, for each part, among all pairs of the part.

    Parameters
    ----------
    radar, rgb : float32, shape (n, dimensions), on the unit sphere.
    views : int, shape (n,): number of the color chip.
    places : int, shape (n,).
    split : uint8, shape (n,): value of ``SPLIT_VALUES``, 0 unused.
    seed : of the bootstrap.

    Returns
    -------
    One row per part and direction: ``direction, part, n, n_views, n_places, recall_at_1, recall_at_1_lower,
    recall_at_1_upper, chance_at_1``, the same at 5, ``median_rank``. The intervals (95 %) are over places, the
    candidates held; NaN where there are fewer than 3 places, or all have the same recall. Parts without a pair are
    left out.
    """
    rows = []
    for part in PARTS:
        own = np.flatnonzero(split == SPLIT_VALUES[part])
        if not len(own):
            continue
        for direction, (queries, candidates) in {"radar->rgb": (radar, rgb), "rgb->radar": (rgb, radar)}.items():
            ranks = partner_ranks(queries[own], candidates[own], views[own])
            row = {"direction": direction, "part": part, "n": len(own)}
            row |= {"n_views": len(np.unique(views[own])), "n_places": len(np.unique(places[own]))}
            for k in RECALLS:
                name, hits = f"recall_at_{k}", ranks <= k
                lower, upper = mean_interval(hits, places[own], seed)
                row |= {name: hits.mean(), f"{name}_lower": lower, f"{name}_upper": upper}
                row[f"chance_at_{k}"] = chance_recall(views[own], k)
            rows.append(row | {"median_rank": float(np.median(ranks))})
    return pd.DataFrame(rows)


def geometry_table(radar: np.ndarray, rgb: np.ndarray, split: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Geometry of the two embedding distributions on the sphere, for each part.

    Parameters
    ----------
    radar, rgb, split : as in `retrieval_table`.
    seed : of the sample of points in large parts.

    Returns
    -------
    ``part, n``; ``alignment``, mean squared distance of partners, and ``uniformity_radar, uniformity_rgb``, the
    logarithm of the mean of exp(−2 squared distance) within a kind (Wang & Isola 2020, arXiv:2005.10242; both better
    when lower); ``modality_gap``, distance of the two means (Liang et al. 2022, arXiv:2203.02053);
    ``cosine_partners, cosine_others``, mean cosines of partners and of all other pairs of radar and color.
    """
    rows = []
    for part in PARTS:
        own = np.flatnonzero(split == SPLIT_VALUES[part])
        if len(own) < 2:
            continue
        x, y, n = radar[own].astype("float64"), rgb[own].astype("float64"), len(own)
        partners = np.einsum("ij,ij->i", x, y)
        rows.append(
            {
                "part": part,
                "n": n,
                "alignment": float(((x - y) ** 2).sum(axis=1).mean()),
                "uniformity_radar": uniformity(x, seed),
                "uniformity_rgb": uniformity(y, seed),
                "modality_gap": float(np.linalg.norm(x.mean(axis=0) - y.mean(axis=0))),
                "cosine_partners": float(partners.mean()),
                "cosine_others": float((x.sum(axis=0) @ y.sum(axis=0) - partners.sum()) / (n * (n - 1))),
            }
        )
    return pd.DataFrame(rows)


def uniformity(points: np.ndarray, seed: int = 0) -> float:
    """Logarithm of the mean of exp(−2 d²) over pairs of points, Wang & Isola (2020), equation 2 with t = 2.

    0 for points that are all the same; lower is more even.
    """
    if len(points) > SAMPLED:
        points = points[np.random.default_rng(seed).choice(len(points), SAMPLED, replace=False)]
    return float(np.log(np.exp(-2 * pdist(points, "sqeuclidean")).mean()))
