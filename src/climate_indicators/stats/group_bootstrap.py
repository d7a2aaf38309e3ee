"""Bootstrap intervals from few independent groups, such as places, blocks or images of one place."""

from __future__ import annotations

import numpy as np
from scipy import stats

# the spread of two groups has one degree of freedom, so its interval is not informative
MIN_GROUPS = 3


def t_over_normal(n: int, confidence: float) -> float:
    """Quantile of Student's t for n values (n − 1 degrees of freedom) over the normal quantile; n ≥ 2."""
    tail = (1 + confidence) / 2
    return float(stats.t.ppf(tail, n - 1) / stats.norm.ppf(tail))


def expansion(groups: int, confidence: float) -> float:
    """Factor by which the bootstrap of few groups is too narrow.

    √(g / (g − 1)), since the variance of a resample is that of the sample with divisor g, and Student's t with g − 1
    degrees of freedom over the normal quantile (Hesterberg 2015, doi:10.1080/00031305.2015.1089789). Hesterberg takes
    quantiles further out; of fewer than about seven groups there are no such quantiles, so the distances are enlarged.

    Parameters
    ----------
    groups : number of independent groups, at least 2.
    confidence : in (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than two groups.
    """
    if groups < 2:
        raise ValueError(f"a bootstrap of groups needs at least 2 groups, found {groups}")
    return float(np.sqrt(groups / (groups - 1)) * t_over_normal(groups, confidence))


def group_weights(groups: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group is in each resample (Efron 1979, doi:10.1214/aos/1176344552): int, shape (draws, groups)."""
    return rng.multinomial(groups, np.full(groups, 1 / groups), draws)


def expanded_interval(
    value: float | np.ndarray, draws: np.ndarray, groups: int, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Interval from bootstrap draws of groups, its distance from the value enlarged by `expansion`.

    Parameters
    ----------
    value : statistic of all groups, shape (...).
    draws : its values of the resamples, shape (draws, ...). Undefined draws are NaN and are left out.
    groups : number of independent groups that were resampled.
    confidence : in (0, 1).

    Returns
    -------
    Lower and upper bound, float64, shape (...). NaN with fewer than ``MIN_GROUPS`` groups, and where the value or all
    draws are NaN. Bounds can lie outside the possible values of the statistic: callers clip them.
    """
    value, draws = np.asarray(value, "float64"), np.asarray(draws, "float64")
    missing = np.isnan(value) | np.isnan(draws).all(axis=0)
    if groups < MIN_GROUPS:
        missing = np.ones_like(missing)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    ends = np.nanquantile(np.where(missing, 0.0, draws), tails, axis=0)
    bounds = value + (expansion(groups, confidence) if groups >= MIN_GROUPS else 1.0) * (ends - value)
    lower, upper = np.where(missing, np.nan, bounds)
    return lower, upper
