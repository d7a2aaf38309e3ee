"""Slopes, tests and sentences of yearly series."""

import numpy as np
import pymannkendall
import pytest
from scipy import stats

from climate_indicators.slopes import theil_sen
from climate_indicators.trends import CORRECTED, PLAIN, mann_kendall, trend_row

YEARS = np.arange(2016, 2025)
FALLING = 53.0 - 1.05 * (YEARS - 2016) + 0.1 * np.array([0, 1, -1, 2, 0, -2, 1, 0, -1])
NONE = np.zeros(9, bool)


def test_slope_of_a_line_with_one_outlier():
    values = 10.0 + 2.0 * (YEARS - 2016)
    values[8] = 900
    slope = theil_sen(YEARS, values)
    assert slope.per_year == pytest.approx(2.0)
    assert slope.start == pytest.approx(10.0)
    assert slope.lower <= 2.0 <= slope.upper


def test_slope_interval_covers():
    """Theil–Sen intervals hold the true slope about as often as they say."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        slope = theil_sen(YEARS, -1.0 * YEARS + rng.normal(0, 2, 9), 0.9)
        inside += slope.lower <= -1.0 <= slope.upper
    assert 0.86 < inside / 400 < 0.97


def test_short_series_have_the_plain_test():
    values = [5.0, 4.0, 4.5, 3.0, 2.0]
    p_value, name = mann_kendall(values)
    assert name == PLAIN
    # S = -8; variance n (n-1) (2n+5) / 18; continuity-corrected
    assert p_value == pytest.approx(2 * stats.norm.sf(7 / np.sqrt(5 * 4 * 15 / 18)))


def autocorrelated(seed, n=40):
    rng = np.random.default_rng(seed)
    values = np.zeros(n)
    for place in range(1, n):
        values[place] = 0.8 * values[place - 1] + rng.normal()
    return values


def test_correction_raises_p_of_autocorrelated_series_and_never_lowers_it():
    plain, corrected = [], []
    for seed in range(60):
        values = autocorrelated(seed)
        p_value, name = mann_kendall(values)
        assert name == CORRECTED
        plain.append(float(pymannkendall.original_test(values).p))
        corrected.append(p_value)
    assert (np.array(corrected) >= plain).all()
    assert np.mean(np.array(corrected) < 0.05) < 0.7 * np.mean(np.array(plain) < 0.05)


def test_series_that_does_not_change_has_no_trend():
    row = trend_row("glacier area", "km²", YEARS, np.full(9, 3.0), NONE)
    assert row["p_value"] == 1 and not row["significant"]
    assert row["slope_per_year"] == 0 and "no significant trend" in row["sentence"]


def test_significant_fall_is_said():
    row = trend_row("glacier area", "km²", YEARS, FALLING, NONE)
    assert row["n_years"] == 9 and row["significant"] and row["slope_per_year"] == pytest.approx(-1.05, abs=0.03)
    assert row["lower_per_year"] <= row["slope_per_year"] <= row["upper_per_year"] < 0
    assert row["sentence"].startswith("Glacier area fell by 1.0")
    assert "2016 to 2024: significant (Mann-Kendall test with Hamed-Rao correction, p = 0.000" in row["sentence"]
    low, high = row["sentence"].split("interval ")[1].split(")")[0].split(" to ")
    assert 0 < float(low) < float(high)


def test_rise_is_said_with_the_confidence_asked_for():
    row = trend_row("glacier area", "km²", YEARS, -FALLING, NONE, confidence=0.9)
    assert row["sentence"].startswith("Glacier area rose by 1.0")
    assert "(90 % interval" in row["sentence"]


def test_no_trend_is_said():
    values = [50.0, 51.0, 49.5, 50.5, 50.2, 49.8, 50.9, 49.9, 50.4]
    row = trend_row("glacier area", "km²", YEARS, values, NONE)
    assert not row["significant"] and row["p_value"] > 0.05
    assert row["sentence"].startswith("Glacier area has no significant trend, 2016 to 2024: ")
    assert "interval −" in row["sentence"], "a true minus sign"


def test_limit_of_significance_counts():
    p_value = trend_row("glacier area", "km²", YEARS, FALLING, NONE)["p_value"]
    assert not trend_row("glacier area", "km²", YEARS, FALLING, NONE, significance=p_value / 2)["significant"]


def test_flagged_years_are_left_out():
    values, flagged = FALLING.copy(), NONE.copy()
    values[0], flagged[0] = 500, True
    row = trend_row("glacier area", "km²", YEARS, values, flagged)
    assert (row["n_years"], row["first_year"]) == (8, 2017)
    assert row == trend_row("glacier area", "km²", YEARS[1:], FALLING[1:], NONE[1:])


def test_too_few_years_have_a_reason_and_no_numbers():
    row = trend_row("glacier area", "km²", [2000], [254.6], [False])
    assert np.isnan(row["slope_per_year"]) and row["test"] == "none" and row["significant"] is False
    assert row["sentence"] == "No trend of glacier area is drawn: there is 1 year, and a trend needs 4."
    row = trend_row("glacier area", "km²", YEARS[:5], FALLING[:5], [False, True, True, False, False])
    assert "there are 3 years (2 more flagged and left out), and a trend needs 4" in row["sentence"]
    assert np.isnan(trend_row("glacier area", "km²", [], [], [])["p_value"])
