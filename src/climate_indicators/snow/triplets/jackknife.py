"""Intervals over places, each left out in turn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import stdtrit

from climate_indicators.core.constants import CONFIDENCE

Statistic = Callable[[np.ndarray], float]


def jackknife(parts: np.ndarray, statistic: Statistic, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """A statistic of all places together, with its interval over places.

    Triplets of a place show the same ground, so that the places, not triplets or pixels, are the independent samples.
    The jackknife variance (Efron and Stein 1981, doi:10.1214/aos/1176345462) with the t quantile of one degree of
    freedom less than there are places, which keeps the interval wide where places are few.

    Parameters
    ----------
    parts : float, shape (places, numbers): sums of each place.
    statistic : from sums over places, shape (numbers,), to a number.
    confidence : in (0, 1).

    Returns
    -------
    Value, lower and upper bound; bounds are NaN with fewer than two places, or where the statistic is not defined
    without one of them.
    """
    parts = np.asarray(parts, "float64")
    n, total = len(parts), parts.sum(axis=0)
    value = statistic(total)
    without = np.array([statistic(total - part) for part in parts])
    if n < 2 or not np.isfinite(without).all():
        return value, np.nan, np.nan
    error = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    reach = float(stdtrit(n - 1, (1 + confidence) / 2) * error)
    return value, value - reach, value + reach
