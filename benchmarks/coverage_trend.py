"""Size, power and coverage of the trend test and its interval, on series that do not share its assumptions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pymannkendall
from coverage_series import WORLDS, rate

from climate_indicators.stats.trend_tests import monotonic_trend

LENGTHS = (8, 10, 20, 40)
# total change over the series, in standard deviations of its noise, that the power is measured for
CHANGE_SD = 3.0
# the earlier methods are measured with fewer series: they take most of the time
MOST_BEFORE = 500


def rows(repeats: int, seed: int) -> pd.DataFrame:
    """All series and lengths; ``before`` is the Hamed-Rao correction for the size, the plain test for the power.

    At most ``MOST_BEFORE`` series are tested with these.
    """
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {"quantity": "slope of yearly values", "world": name, "n": n} | row
            for n in LENGTHS
            for name, make in WORLDS.items()
            for row in _measure(make, n, repeats, rng)
        ]
    )


def _measure(make: Callable, n: int, repeats: int, rng: np.random.Generator) -> list[dict[str, object]]:
    times = np.arange(n, dtype="float64")
    rejected = covered = found = found_plain = corrected = 0
    deviation = np.std(np.concatenate([make(rng, n) for _ in range(50)]))
    before = min(repeats, MOST_BEFORE)
    for run in range(repeats):
        values = make(rng, n)
        trend = monotonic_trend(times, values)
        rejected += trend.p_value < 0.05
        covered += trend.lower <= 0 <= trend.upper
        changed = values + CHANGE_SD * deviation * times / (n - 1)
        found += monotonic_trend(times, changed).p_value < 0.05
        if run >= before:
            continue
        found_plain += pymannkendall.original_test(changed).p < 0.05
        with np.errstate(all="ignore"):
            hamed_rao = pymannkendall.hamed_rao_modification_test(values).p
        corrected += np.nanmax([hamed_rao, pymannkendall.original_test(values).p]) < 0.05
    return [
        {"measure": "size"} | rate(rejected, repeats) | {"before": 100 * corrected / before},
        {"measure": "coverage"} | rate(covered, repeats) | {"before": np.nan},
        {"measure": "power"} | rate(found, repeats) | {"before": 100 * found_plain / before},
    ]
