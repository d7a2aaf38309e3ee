"""Monotonic trend of a series with memory: the Mann–Kendall test and Sen's interval with one variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

TEST = "Mann-Kendall test with AR(1) variance"
# lag-1 correlations that are considered possible; alternating series beyond −0.6 are not known from climate
LAG1_GRID = np.linspace(-0.6, 0.98, 80)
# pairs of more values need too much memory: the bounds are then found by bisection
MAX_PAIRED = 2000
_MIN_INFLATION = 0.05


@dataclass(frozen=True)
class MonotonicTrend:
    """Sen's slope with its interval, and the p-value of the test that the interval inverts.

    Attributes
    ----------
    slope, lower, upper : change per unit of time; a bound is NaN where the series is too short to give one.
    start : value of the line at the first time.
    p_value : two-sided.
    lag1 : expected lag-1 correlation of the series without its line.
    effective_n : number of independent values with the same variance of the Mann–Kendall statistic.
    """

    slope: float
    lower: float
    upper: float
    start: float
    p_value: float
    lag1: float
    effective_n: float


def monotonic_trend(
    times: Sequence[float], values: Sequence[float], confidence: float = 0.95, removed: int = 0
) -> MonotonicTrend:
    """Trend of a series with autoregressive errors of order 1 and unknown coefficient.

    The Mann–Kendall statistic has the variance of Hamed and Rao (1998, doi:10.1016/S0022-1694(97)00125-X, equation 20)
    for the rank correlations of a Gaussian AR(1) process, 6/π · asin(φ^k / 2). A single estimate of φ makes the test
    too bold in short series, so the p-value is averaged over the posterior distribution of φ (`lag1_weights`). The
    interval contains the slopes that the same test does not reject (Sen 1968, doi:10.1080/01621459.1968.10480934): it
    excludes 0 exactly where p < 1 − confidence, ties aside. Measured size and coverage: docs/statistics.md.

    Parameters
    ----------
    times : float, shape (n,), increasing, n ≥ 3; gaps count as several steps of the usual length.
    values : float, shape (n,), finite.
    confidence : of the interval, in (0, 1).
    removed : coefficients that a regression with a line took from the values before, such as those of a season. What is
        left scatters less than the errors, and the variance is enlarged by (n − 2) / (n − 2 − removed).

    Raises
    ------
    ValueError
        If no more values than coefficients are there.
    """
    times, values = np.asarray(times, "float64"), np.asarray(values, "float64")
    if len(values) - 2 <= removed:
        raise ValueError(f"{len(values)} values are too few for a line and {removed} coefficients that were removed")
    weights = lag1_weights(times, values)
    inflation = variance_inflation(times) * (len(values) - 2) / (len(values) - 2 - removed)
    deviations = np.sqrt(_independent_variance(values) * inflation)
    score = _score(times, values)
    p_value = _p_value(abs(score) - 1, weights, deviations)
    slope = theil_sen_slope(times, values)
    lower, upper = _bounds(times, values, _critical(1 - confidence, weights, deviations))
    return MonotonicTrend(
        slope,
        lower,
        upper,
        float(np.median(values) + slope * (times[0] - np.median(times))),
        p_value,
        float(weights @ LAG1_GRID),
        float(len(values) / (weights @ inflation)),
    )


def lag1_weights(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Posterior probabilities of the lag-1 correlations `LAG1_GRID` of a series around a straight line.

    Restricted likelihood of the AR(1) model (line and variance integrated out) with equal prior probabilities.

    Returns
    -------
    float64, shape of `LAG1_GRID`, sum 1.
    """
    steps, place = np.unique(_steps(times), return_inverse=True)
    design = np.column_stack([np.ones(len(times)), (times - times.mean()) / np.ptp(times)])
    # without their least-squares line, so that the sums of products below lose no digits
    rest = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    columns = np.column_stack([design, rest])
    before, after, across = (np.zeros((len(steps), 3, 3)) for _ in range(3))
    for sums, first, second in (
        (before, columns[:-1], columns[:-1]),
        (after, columns[1:], columns[1:]),
        (across, columns[:-1], columns[1:]),
    ):
        np.add.at(sums, place, first[:, :, None] * second[:, None, :])
    decay = LAG1_GRID[:, None] ** steps
    scale = (1 - LAG1_GRID[:, None] ** 2) / (1 - decay**2)
    # sums of products of the columns without their memory, shape (correlations, 3, 3)
    products = (1 - LAG1_GRID[:, None, None] ** 2) * np.outer(columns[0], columns[0])
    for weight, sums in ((scale, after), (-scale * decay, across + across.swapaxes(1, 2)), (scale * decay**2, before)):
        products = products + np.tensordot(weight, sums, 1)
    cross = products[:, :2, 2]
    squares = products[:, 2, 2] - (cross * np.linalg.solve(products[:, :2, :2], cross[..., None])[..., 0]).sum(axis=1)
    determinant = np.log(1 - LAG1_GRID**2) + np.log(scale) @ np.bincount(place)
    # if the scatter around the line is only rounding, every correlation fits equally well
    floor = max((16 * np.finfo("float64").eps) ** 2 * float(values @ values), np.finfo("float64").tiny)
    logs = 0.5 * (determinant - np.linalg.slogdet(products[:, :2, :2])[1]) - (len(values) - 2) / 2 * np.log(
        np.maximum(squares, floor)
    )
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def variance_inflation(times: np.ndarray) -> np.ndarray:
    """Variance of the Mann–Kendall statistic relative to independent values, for each correlation of `LAG1_GRID`."""
    return _variance_inflation(_steps(times).tobytes()).copy()


@lru_cache(maxsize=32)
def _variance_inflation(steps: bytes) -> np.ndarray:
    """Series of one table mostly have the same times; ``steps`` are the bytes of int64 numbers."""
    places = np.concatenate([[0], np.cumsum(np.frombuffer(steps, "int64"))])
    n = len(places)
    lags = np.zeros(places[-1] + 1)
    for distance in range(1, n - 2):
        lags += np.bincount(places[distance:] - places[:-distance], minlength=len(lags)) * float(
            (n - distance - 1) * (n - distance - 2)
        )
    present = np.flatnonzero(lags)
    ranks = 6 / np.pi * np.arcsin(LAG1_GRID[:, None] ** present / 2)
    return np.maximum(1 + 2 / (n * (n - 1) * (n - 2)) * (ranks @ lags[present]), _MIN_INFLATION)


def theil_sen_slope(times: np.ndarray, values: np.ndarray) -> float:
    """Median of the slopes of all pairs of values; by bisection where there are too many pairs for the memory."""
    if len(values) <= MAX_PAIRED:
        return float(np.median(_pair_slopes(times, values)))
    return 0.5 * (_crossing(times, values, 0.0) + _crossing(times, values, -0.5))


def _steps(times: np.ndarray) -> np.ndarray:
    """Distances between neighbors in units of the usual distance, whole numbers of at least 1."""
    distances = np.diff(times)
    return np.maximum(np.rint(distances / np.median(distances)), 1).astype("int64")


def _score(times: np.ndarray, values: np.ndarray) -> float:
    """Mann–Kendall's S: pairs that rise less pairs that fall; in n log n steps where there are too many pairs."""
    if len(values) <= MAX_PAIRED:
        return float(np.sign(_pair_slopes(times, values)).sum())
    different = len(np.unique(values))
    if different < 2:
        return 0.0
    n, fewer = len(values), min(different, len(values))
    # Kendall's tau c is S · 2 m / (n² (m − 1))
    return round(float(stats.kendalltau(times, values, variant="c").statistic) * n**2 * (fewer - 1) / (2 * fewer))


def _independent_variance(values: np.ndarray) -> float:
    n, ties = len(values), np.unique(values, return_counts=True)[1]
    return (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18


def _p_value(excess: float, weights: np.ndarray, deviations: np.ndarray) -> float:
    if excess <= 0 or not deviations.any():
        return 1.0
    return float(weights @ (2 * special.ndtr(-excess / deviations)))


def _critical(level: float, weights: np.ndarray, deviations: np.ndarray) -> float:
    """Excess of the statistic at which the p-value is ``level``."""
    if not deviations.any():
        return np.inf
    most = -deviations.max() * special.ndtri(level / 2) + 1
    return optimize.brentq(lambda excess: weights @ (2 * special.ndtr(-excess / deviations)) - level, 0.0, most)


def _bounds(times: np.ndarray, values: np.ndarray, critical: float) -> tuple[float, float]:
    """Smallest and largest slope whose removal leaves an excess of less than ``critical``."""
    if np.ptp(values) == 0:
        return 0.0, 0.0
    pairs = len(values) * (len(values) - 1) // 2
    below = np.floor((pairs - critical - 1) / 2) + 1  # pairs that are less steep than the lower bound, and that pair
    if below < 1:
        return np.nan, np.nan
    if len(values) > MAX_PAIRED:
        return _crossing(times, values, pairs - 2 * below + 0.5), _crossing(times, values, 2 * below - pairs - 0.5)
    slopes = np.sort(_pair_slopes(times, values))
    return float(slopes[int(below) - 1]), float(slopes[-int(below)])


def _pair_slopes(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    first, second = np.triu_indices(len(values), 1)
    return (values[second] - values[first]) / (times[second] - times[first])


def _crossing(times: np.ndarray, values: np.ndarray, score: float) -> float:
    """Slope at which the statistic of the values less that slope falls below ``score``; it falls as the slope grows."""
    reach = np.ptp(values) / np.diff(times).min()
    low, high = -reach, reach
    while high - low > 1e-12 * reach:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if _score(times, values - middle * times) > score else (low, middle)
    return 0.5 * (low + high)
