"""Sentences and numbers of trends of yearly series."""

import numpy as np
import pytest

from climate_indicators.stats.trend_tests import TEST
from climate_indicators.stats.trends import MIN_YEARS, trend_row

YEARS = np.arange(2016, 2025)
FALLING = 53.0 - 1.05 * (YEARS - 2016) + 0.1 * np.array([0, 1, -1, 2, 0, -2, 1, 0, -1])
NONE = np.zeros(9, bool)


def test_series_that_does_not_change_has_no_trend():
    row = trend_row("glacier area", "km²", YEARS, np.full(9, 3.0), NONE)
    assert row["p_value"] == 1 and not row["significant"]
    assert row["slope_per_year"] == 0 and "no significant trend" in row["sentence"]


def test_significant_fall_is_said():
    row = trend_row("glacier area", "km²", YEARS, FALLING, NONE)
    assert row["n_years"] == 9 and row["significant"] and row["slope_per_year"] == pytest.approx(-1.05, abs=0.03)
    assert row["lower_per_year"] <= row["slope_per_year"] <= row["upper_per_year"] < 0
    assert row["sentence"].startswith("Glacier area fell by 1.0")
    assert row["test"] == TEST and row["p_value"] < 0.05 and TEST in row["sentence"]
    assert row["total_change"] == pytest.approx(8 * row["slope_per_year"])
    assert row["total_lower"] == pytest.approx(8 * row["lower_per_year"])
    assert row["total_percent"] == pytest.approx(100 * row["total_change"] / row["line_at_first_year"])
    assert "−15." in row["sentence"] or "−16." in row["sentence"], row["sentence"]
    assert -0.6 <= row["lag1"] <= 0.98 and row["effective_n"] > 0
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


@pytest.mark.parametrize("values", [FALLING, [50.0, 51.0, 49.5, 50.5, 50.2, 49.8, 50.9, 49.9, 50.4]])
def test_the_total_change_with_interval_and_percent_stands_beside_every_slope(values):
    row = trend_row("glacier area", "km²", YEARS, values, NONE)
    text = row["sentence"].replace("−", "-").split("in total ")[1].split(")")[0]
    total, interval = text.split(" km² (")
    lower, upper, percent = interval.replace(",", "").replace(" to ", " ").removesuffix(" %").split()
    expected = [row[name] for name in ("total_change", "total_lower", "total_upper", "total_percent")]
    assert [float(number) for number in (total, lower, upper, percent)] == pytest.approx(expected, abs=0.06)


def test_bounds_contain_changes_smaller_and_larger_by_the_factors_and_exclude_0_as_the_test_does():
    plain = trend_row("glacier area", "km²", YEARS, FALLING, NONE)
    row = trend_row("glacier area", "km²", YEARS, FALLING, NONE, change_factors=(0.9, 1.2))
    assert row["slope_per_year"] == plain["slope_per_year"] and row["p_value"] == plain["p_value"]
    assert row["lower_per_year"] == pytest.approx(1.2 * plain["lower_per_year"])
    assert row["upper_per_year"] == pytest.approx(0.9 * plain["upper_per_year"])
    assert row["significant"] and row["total_upper"] < 0


def test_limit_of_significance_counts():
    p_value = trend_row("glacier area", "km²", YEARS, FALLING, NONE)["p_value"]
    assert not trend_row("glacier area", "km²", YEARS, FALLING, NONE, significance=p_value / 2)["significant"]


def test_flagged_years_are_left_out():
    values, flagged = FALLING.copy(), NONE.copy()
    values[0], flagged[0] = 500, True
    row = trend_row("glacier area", "km²", YEARS, values, flagged)
    assert (row["n_years"], row["first_year"]) == (8, 2017)
    assert row == trend_row("glacier area", "km²", YEARS[1:], FALLING[1:], NONE[1:])


def test_a_significance_that_is_not_that_of_the_interval_is_said():
    row = trend_row("glacier area", "km²", YEARS, FALLING, NONE, significance=1e-6)
    assert not row["significant"] and row["upper_per_year"] < 0 and row["sentence"].count("interval") == 2


def test_four_years_give_no_verdict_whatever_they_show():
    """The smallest p-value of four values is 0.089: a test could never be significant."""
    row = trend_row("glacier area", "km²", YEARS[:4], [50, 40, 30, 20], NONE[:4])
    assert np.isnan([row["slope_per_year"], row["p_value"], row["total_change"]]).all()
    assert row["test"] == "none" and row["significant"] is False
    row = trend_row("glacier area", "km²", YEARS[:MIN_YEARS], [50, 40, 30, 20, 12], NONE[:MIN_YEARS])
    assert row["slope_per_year"] == pytest.approx(-10, abs=0.5) and np.isfinite(row["p_value"])


def test_too_few_years_have_a_reason_and_no_numbers():
    row = trend_row("glacier area", "km²", [2000], [254.6], [False])
    assert np.isnan(row["slope_per_year"]) and row["test"] == "none" and row["significant"] is False
    assert "1 year" in row["sentence"] and f"needs {MIN_YEARS}" in row["sentence"]
    row = trend_row("glacier area", "km²", YEARS[:5], FALLING[:5], [False, True, True, False, False])
    assert "3 years" in row["sentence"] and "2 more" in row["sentence"]
    assert np.isnan(trend_row("glacier area", "km²", [], [], [])["p_value"])
