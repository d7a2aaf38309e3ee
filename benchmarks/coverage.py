"""Size, power and coverage of the trend test and its interval, on series that do not share its assumptions.

python benchmarks/coverage.py --series 2000

Prints one table: how often a series without trend is called significant at 5 % (size), how often the 95 % interval
contains the true slope (coverage), and how often a given trend is found (power), each with its 95 % binomial interval
(Clopper and Pearson 1934), next to the size of the plain Mann-Kendall test and of the Hamed-Rao correction used before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pymannkendall
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from climate_indicators.trend_tests import monotonic_trend  # noqa: E402

BURN_IN = 200
# total change over the series, in standard deviations of its noise, that the power is measured for
CHANGE_SD = 3.0


def autoregression(*coefficients: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Maker of Gaussian autoregressive series."""

    def make(rng: np.random.Generator, n: int) -> np.ndarray:
        noise = rng.standard_normal(n + BURN_IN)
        values = np.zeros(n + BURN_IN)
        for place in range(len(coefficients), n + BURN_IN):
            past = sum(weight * values[place - lag] for lag, weight in enumerate(coefficients, start=1))
            values[place] = past + noise[place]
        return values[BURN_IN:]

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


def measure(make: Callable, n: int, series: int, rng: np.random.Generator) -> dict[str, object]:
    """One line of the table."""
    times = np.arange(n, dtype="float64")
    rejected = covered = found = plain = corrected = 0
    deviation = np.std(np.concatenate([make(rng, n) for _ in range(50)]))
    for _ in range(series):
        values = make(rng, n)
        trend = monotonic_trend(times, values)
        rejected += trend.p_value < 0.05
        covered += trend.lower <= 0 <= trend.upper
        found += monotonic_trend(times, values + CHANGE_SD * deviation * times / (n - 1)).p_value < 0.05
        p_plain = pymannkendall.original_test(values).p
        plain += p_plain < 0.05
        with np.errstate(all="ignore"):
            corrected += np.nanmax([p_plain, pymannkendall.hamed_rao_modification_test(values).p]) < 0.05
    return {
        "size": percent(rejected, series),
        "coverage": percent(covered, series),
        f"power ({CHANGE_SD:g} sd)": percent(found, series),
        "size, plain": percent(plain, series),
        "size, Hamed-Rao": percent(corrected, series),
    }


def percent(count: int, of: int) -> str:
    """A rate in percent with its binomial interval."""
    low, high = stats.binomtest(int(count), of).proportion_ci(method="exact")
    return f"{100 * count / of:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Measure all series and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--lengths", type=int, nargs="+", default=[8, 10, 20, 40])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    rows = [
        {"series": name, "n": n} | measure(make, n, arguments.series, rng)
        for n in arguments.lengths
        for name, make in WORLDS.items()
    ]
    table = pd.DataFrame(rows)
    print("| " + " | ".join(table.columns) + " |")
    print("|" + "---|" * len(table.columns))
    for row in table.itertuples(index=False):
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
