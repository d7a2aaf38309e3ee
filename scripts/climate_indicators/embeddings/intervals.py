"""Intervals of means and ratios over pairs: pairs of one place are alike and are drawn together."""

from __future__ import annotations

import numpy as np

from climate_indicators.comparisons import CONFIDENCE

DRAWS = 2000


def ratio_interval(
    numerator: np.ndarray, denominator: np.ndarray, places: np.ndarray, confidence: float = CONFIDENCE, seed: int = 0
) -> tuple[float, float]:
    """Interval of the ratio of two sums over pairs, by a bootstrap of places.

    Cluster bootstrap with percentiles (Davison and Hinkley 1997, sections 3.8 and 5.3).

    Parameters
    ----------
    numerator, denominator : float, shape (pairs,).
    places : shape (pairs,): place of each pair.
    confidence : 0 to 1.
    seed : of the draws.

    Returns
    -------
    Lower and upper end; both NaN with fewer than 2 places.
    """
    names, own = np.unique(places, return_inverse=True)
    if len(names) < 2:
        return np.nan, np.nan
    sums = np.stack([np.bincount(own, weights=values) for values in (numerator, denominator)], axis=1)
    count = len(names)
    times = np.random.default_rng([seed, count]).multinomial(count, np.full(count, 1 / count), DRAWS)
    top, bottom = (times @ sums).T
    lower, upper = np.quantile(top / bottom, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(lower), float(upper)


def mean_interval(values: np.ndarray, places: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Interval of the mean over pairs, see `ratio_interval`."""
    return ratio_interval(np.asarray(values, "float64"), np.ones(len(values)), places, seed=seed)
