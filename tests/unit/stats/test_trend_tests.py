"""Trend of series with memory: variance of the statistic, agreement of test and interval, size, power and coverage."""

import tracemalloc

import numpy as np
import pymannkendall
import pytest
from scipy import stats

from climate_indicators.stats import trend_tests
from climate_indicators.stats.trend_tests import (
    LAG1_GRID,
    lag1_weights,
    monotonic_trend,
    theil_sen_slope,
    variance_inflation,
)
from refusals import raises_naming


def autoregression(rng, n, lag1, burn_in=100):
    """Series of order 1 with standard normal innovations."""
    values = np.zeros(n + burn_in)
    for place in range(1, n + burn_in):
        values[place] = lag1 * values[place - 1] + rng.standard_normal()
    return values[burn_in:]


@pytest.mark.parametrize("n", [6, 25, 60])
def test_slope_and_statistic_equal_those_of_the_reference_packages(n):
    rng = np.random.default_rng(n)
    times, values = np.sort(rng.choice(200, n, replace=False)) * 1.0, rng.standard_normal(n).round(1)
    expected = pymannkendall.original_test(values)
    assert trend_tests._score(times, values) == expected.s
    assert trend_tests._independent_variance(values) == pytest.approx(expected.var_s)
    line = stats.theilslopes(values, times)
    trend = monotonic_trend(times, values)
    assert trend.slope == pytest.approx(line.slope) and theil_sen_slope(times, values) == pytest.approx(line.slope)
    assert trend.start == pytest.approx(line.intercept + line.slope * times[0])


def test_variance_of_the_statistic_is_that_of_simulated_series():
    rng = np.random.default_rng(3)
    n, lag1 = 25, LAG1_GRID[np.abs(LAG1_GRID - 0.5).argmin()]
    scores = [trend_tests._score(np.arange(n) * 1.0, autoregression(rng, n, lag1)) for _ in range(1500)]
    expected = variance_inflation(np.arange(n) * 1.0)[LAG1_GRID == lag1][0] * n * (n - 1) * (2 * n + 5) / 18
    assert np.var(scores) == pytest.approx(expected, rel=0.12)


def test_the_lag_1_correlation_is_found_and_does_not_depend_on_a_line():
    rng = np.random.default_rng(4)
    times = np.arange(400.0)
    values = autoregression(rng, 400, 0.6)
    weights = lag1_weights(times, values)
    assert weights.sum() == pytest.approx(1) and weights @ LAG1_GRID == pytest.approx(0.6, abs=0.08)
    np.testing.assert_allclose(lag1_weights(times, values + 5 - 0.3 * times), weights, atol=1e-6)


def test_gaps_weaken_the_memory():
    rng = np.random.default_rng(5)
    values = autoregression(rng, 400, 0.8)
    chosen = np.arange(0, 400, 8)
    evenly = variance_inflation(np.arange(50.0))
    gaps = np.concatenate([np.arange(25.0), np.arange(45.0, 70.0)])
    assert (variance_inflation(gaps)[LAG1_GRID > 0.5] < evenly[LAG1_GRID > 0.5]).all()
    # every eighth value: what remains of 0.8 is 0.17
    assert abs(lag1_weights(chosen * 1.0, values[chosen]) @ LAG1_GRID) < 0.45


@pytest.mark.parametrize("n", [8, 20])
def test_interval_excludes_zero_exactly_where_the_test_rejects(n):
    rng = np.random.default_rng(n)
    rejected = 0
    for _ in range(150):
        values = autoregression(rng, n, 0.4) + 0.12 * np.arange(n)
        trend = monotonic_trend(np.arange(n), values)
        assert trend.lower <= trend.slope <= trend.upper
        assert (trend.p_value < 0.05) == (not trend.lower <= 0 <= trend.upper)
        rejected += trend.p_value < 0.05
    assert 5 < rejected < 150


@pytest.mark.parametrize(("n", "lag1"), [(10, 0.6), (20, 0.0), (20, 0.4), (20, 0.6), (40, 0.6)])
def test_size_and_coverage_hold_with_memory(n, lag1):
    """Of 300 series without trend, fewer than 9 % are called significant (nominal 5; without correction 19 to 32 %)."""
    rng = np.random.default_rng(100 * n + int(10 * lag1))
    trends = [monotonic_trend(np.arange(n), autoregression(rng, n, lag1)) for _ in range(300)]
    assert np.mean([trend.p_value < 0.05 for trend in trends]) < 0.09
    assert np.mean([trend.lower <= 0 <= trend.upper for trend in trends]) > 0.91


def test_a_clear_trend_is_found():
    rng = np.random.default_rng(6)
    found = [monotonic_trend(np.arange(20), autoregression(rng, 20, 0.3) + 0.4 * np.arange(20)) for _ in range(100)]
    assert np.mean([trend.p_value < 0.05 for trend in found]) > 0.9
    assert np.median([trend.slope for trend in found]) == pytest.approx(0.4, abs=0.02)


def test_long_series_need_no_table_of_pairs_and_give_the_same(monkeypatch):
    rng = np.random.default_rng(7)
    times, values = np.arange(300.0), autoregression(rng, 300, 0.5) + 0.01 * np.arange(300)
    expected = monotonic_trend(times, values)
    monkeypatch.setattr(trend_tests, "MAX_PAIRED", 10)
    found = monotonic_trend(times, values)
    for name in ("slope", "lower", "upper", "p_value", "start"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-7)


def test_values_that_do_not_change_have_no_trend_and_a_line_without_scatter_has_one():
    flat = monotonic_trend(np.arange(9), np.full(9, 3.0))
    assert (flat.slope, flat.lower, flat.upper, flat.p_value) == (0, 0, 0, 1)
    line = monotonic_trend(np.arange(9), 50 - 2.0 * np.arange(9))
    assert line.slope == line.lower == line.upper == pytest.approx(-2) and line.p_value < 0.05


def test_too_short_a_series_has_no_bounds():
    trend = monotonic_trend([0, 1, 2, 3], [5.0, 4.0, 3.5, 1.0])
    assert np.isnan(trend.lower) and np.isnan(trend.upper) and trend.p_value > 0.05


def test_memory_does_not_grow_with_the_number_of_pairs():
    """16,000 rows took 2.1 GB, for a table of all pairs."""
    n = 2500
    values = np.random.default_rng(0).normal(size=n) + 1e-3 * np.arange(n)
    tracemalloc.start()
    try:
        found = monotonic_trend(np.arange(n), values)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * n * (n - 1) / 2, "half a number a pair"
    assert found.slope == pytest.approx(1e-3, rel=0.05) and found.lower < found.slope < found.upper
    assert found.p_value < 1e-10


def test_a_season_that_was_removed_before_widens_the_interval_and_leaves_the_slope():
    """Eleven coefficients of 60 values: variance × 58 / 47."""
    rng = np.random.default_rng(0)
    times, values = np.arange(60.0), rng.normal(size=60)
    whole, removed = monotonic_trend(times, values), monotonic_trend(times, values, removed=11)
    assert removed.slope == whole.slope and removed.p_value > whole.p_value
    assert removed.effective_n == pytest.approx(whole.effective_n * 47 / 58)
    assert removed.lower < whole.lower and removed.upper > whole.upper
    with raises_naming(ValueError, "13 values", "11 coefficients"):
        monotonic_trend(times[:13], values[:13], removed=11)
