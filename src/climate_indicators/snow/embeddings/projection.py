"""Embeddings of both kinds on a plane, by principal components and by t-SNE."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from climate_indicators.snow.embeddings.modalities import RADAR, RGB

PERPLEXITY = 30.0
# maximum number of pairs shown: t-SNE of more takes minutes and adds no information
SHOWN = 1500
LEAST = 5


def projection_table(radar: np.ndarray, rgb: np.ndarray, numbers: np.ndarray, seed: int) -> pd.DataFrame:
    """Both kinds of embeddings of some pairs on two planes.

    Principal components are of both kinds together. t-SNE (van der Maaten & Hinton 2008) has a fixed perplexity of
    ``PERPLEXITY``, less for few pairs, and starts from the principal components.

    Parameters
    ----------
    radar, rgb : float32, shape (n, dimensions).
    numbers : int, shape (n,): number of each pair in the table of triplets.
    seed : of the sample, where there are more than ``SHOWN`` pairs, and of t-SNE.

    Returns
    -------
    ``number, modality`` (radar, rgb), ``pca_1, pca_2, tsne_1, tsne_2, pca_1_share, pca_2_share`` (of the variance, the
    same in all rows), ``perplexity`` (the same in all rows); no row where there are fewer than ``LEAST`` pairs.
    """
    if len(numbers) > SHOWN:
        kept = np.sort(np.random.default_rng(seed).choice(len(numbers), SHOWN, replace=False))
        radar, rgb, numbers = radar[kept], rgb[kept], numbers[kept]
    columns = [
        "number", "modality", "pca_1", "pca_2", "tsne_1", "tsne_2", "pca_1_share", "pca_2_share", "perplexity",
    ]  # fmt: skip
    if len(numbers) < LEAST:
        return pd.DataFrame(columns=columns)
    points = np.concatenate([radar, rgb]).astype("float64")
    pca = PCA(2, svd_solver="full")
    first = pca.fit_transform(points)
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    # a start of small spread, as scikit-learn's own from principal components
    start = first / first[:, 0].std() * 1e-4
    # t-SNE uses all processors despite n_jobs; if other processes use them too, it is ten times slower
    with threadpool_limits(1):
        second = TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(points)
    table = {"number": np.tile(numbers, 2), "modality": np.repeat([RADAR, RGB], len(numbers))}
    for name, plane in {"pca": first, "tsne": second}.items():
        table |= {f"{name}_{axis + 1}": plane[:, axis] for axis in range(2)}
    table |= {f"pca_{axis + 1}_share": float(pca.explained_variance_ratio_[axis]) for axis in range(2)}
    return pd.DataFrame(table | {"perplexity": perplexity})[columns]
