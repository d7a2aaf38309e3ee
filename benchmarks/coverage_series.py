"""Series for the simulations of `coverage.py`, and rates with their binomial intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal, stats

BURN_IN = 200


def autoregression(*coefficients: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Maker of Gaussian autoregressive series."""

    def make(rng: np.random.Generator, n: int) -> np.ndarray:
        noise = rng.standard_normal(n + BURN_IN)
        return signal.lfilter([1.0], [1.0, *(-weight for weight in coefficients)], noise)[BURN_IN:]

    return make


def fractional_noise(order: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Maker of fractionally integrated noise: its memory falls as a power of the lag."""

    def make(rng: np.random.Generator, n: int) -> np.ndarray:
        lags = np.arange(1, n + BURN_IN)
        weights = np.concatenate([[1.0], np.cumprod((lags - 1 + order) / lags)])
        return np.convolve(rng.standard_normal(n + BURN_IN), weights)[: n + BURN_IN][BURN_IN:]

    return make


def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Noise with memory and a long tail."""
    return np.exp(autoregression(0.4)(rng, n) * 0.7)


WORLDS = {
    "independent": autoregression(0.0),
    "AR(1) 0.2": autoregression(0.2),
    "AR(1) 0.4": autoregression(0.4),
    "AR(1) 0.6": autoregression(0.6),
    "AR(1) 0.8": autoregression(0.8),
    "AR(2) 0.3, 0.3": autoregression(0.3, 0.3),
    "AR(2) 0.7, −0.4": autoregression(0.7, -0.4),
    "fractional noise, d = 0.3": fractional_noise(0.3),
    "log-normal AR(1) 0.4": skewed,
}


def rate(count: int, of: int) -> dict[str, float]:
    """A rate in percent and its 95 % interval (Clopper and Pearson 1934): ``percent, lower, upper``."""
    low, high = stats.binomtest(int(count), of).proportion_ci(method="exact")
    return {"percent": 100 * count / of, "lower": 100 * low, "upper": 100 * high}
