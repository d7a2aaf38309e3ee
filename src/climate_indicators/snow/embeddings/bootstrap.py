"""Intervals of means and ratios over pairs; pairs of one place are similar and are resampled together."""

from __future__ import annotations

import numpy as np

from climate_indicators.core.constants import CONFIDENCE
from climate_indicators.stats.group_bootstrap import expanded_interval, group_weights

DRAWS = 2000


def ratio_interval(
    numerator: np.ndarray, denominator: np.ndarray, places: np.ndarray, confidence: float = CONFIDENCE, seed: int = 0
) -> tuple[float, float]:
    """Interval of the ratio of two sums over pairs, by a bootstrap of places, enlarged for few places.

    Cluster bootstrap (Davison and Hinkley 1997, section 3.8), see `group_bootstrap.expanded_interval`.

    Parameters
    ----------
    numerator, denominator : float, shape (pairs,).
    places : shape (pairs,): place of each pair.
    confidence : 0 to 1.
    seed : of the draws.

    Returns
    -------
    Lower and upper end; both NaN with fewer than `group_bootstrap.MIN_GROUPS` places, and where all places have the
    same ratio, which contains no information about differences between places.
    """
    names, own = np.unique(places, return_inverse=True)
    sums = np.stack([np.bincount(own, weights=values) for values in (numerator, denominator)], axis=1)
    count = len(names)
    value = sums[:, 0].sum() / sums[:, 1].sum()
    if np.ptp(sums[:, 0] - value * sums[:, 1]) <= 1e-12 * np.abs(sums).max():
        return np.nan, np.nan
    top, bottom = (group_weights(count, DRAWS, np.random.default_rng([seed, count])) @ sums).T
    lower, upper = expanded_interval(value, top / bottom, count, confidence)
    return float(lower), float(upper)


def mean_interval(values: np.ndarray, places: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Interval of the mean over pairs of shares from 0 to 1, see `ratio_interval`; clipped to 0 to 1."""
    ends = ratio_interval(np.asarray(values, "float64"), np.ones(len(values)), places, seed=seed)
    lower, upper = np.clip(ends, 0, 1)
    return float(lower), float(upper)
