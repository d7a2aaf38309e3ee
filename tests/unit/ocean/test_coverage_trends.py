"""Trends of coverage: of whole years, and of all months without the means of the calendar months."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as formulas

from cases import shortened
from climate_indicators.ocean.indicators.coverage_trends import (
    MIN_MONTHS,
    by_calendar_month,
    coverage_trends,
    seasonal_trends,
    yearly_levels,
)
from climate_indicators.stats.trend_tests import TEST, monotonic_trend
from ocean_series import monthly, series


def test_trends_of_zones_scalers_and_biomes_stand_side_by_side():
    table = pd.concat(
        [
            series(monthly(20, 0.2), scaler="frozen"),
            series(monthly(20, 0.0, seed=1), scaler="monthly"),
            series(np.zeros(240), zone="arctic", scaler="frozen"),
        ]
    )
    trends = coverage_trends(table, {"global": "Global ocean", "arctic": "Arctic"})
    assert trends[["scaler", "zone"]].to_numpy().tolist() == [
        ["frozen", "global"], ["frozen", "arctic"], ["monthly", "global"],
    ]  # fmt: skip
    assert trends["slope_per_year"].iloc[0] == pytest.approx(0.2, abs=0.02)
    assert trends["significant"].tolist() == [True, False, False]
    assert trends["slope_per_year"].iloc[1] == 0 and trends["p_value"].iloc[1] == 1
    assert trends["sentence"].iloc[0].startswith("SUBTR I coverage (Global ocean) rose by 0.")
    assert "percentage points per year" in trends["sentence"].iloc[0]
    # two tests under the frozen scaler: Benjamini–Hochberg multiplies the smaller p by 2
    assert trends["p_adjusted"].iloc[0] == pytest.approx(2 * trends["p_value"].iloc[0])
    assert trends["p_adjusted"].iloc[2] == trends["p_value"].iloc[2]


def test_trend_of_too_few_whole_years_says_why():
    row = coverage_trends(series(monthly(5)[:-1]), {"global": "Global ocean"}).iloc[0]
    assert row["test"] == "none" and np.isnan(row["p_adjusted"])
    assert "there are 4 years (1 more flagged and left out), and a trend needs 5" in row["sentence"]
    row = coverage_trends(series(monthly(1)[:5]), {"global": "Global ocean"}).iloc[0]
    assert row["n_years"] == 0 and "there are 0 years (1 more" in row["sentence"]


def test_months_are_put_under_their_years():
    years, seasons = by_calendar_month(np.array(["1969-12", "1971-03"]), np.array([4.0, 5.0]))
    assert years.tolist() == [1969, 1970, 1971] and seasons.shape == (3, 12)
    assert seasons[0, 11] == 4 and seasons[2, 2] == 5 and np.isfinite(seasons).sum() == 2
    assert by_calendar_month(np.empty(0, str), np.empty(0))[1].shape == (0, 12)


def test_levels_of_whole_years_are_their_means():
    seasons = monthly(9, 0.3).reshape(9, 12)
    np.testing.assert_allclose(yearly_levels(seasons), seasons.mean(axis=1), atol=1e-9)


def test_levels_are_those_of_a_two_way_least_squares_fit():
    rng = np.random.default_rng(5)
    seasons = rng.normal(0, 1, (8, 12)) + 0.5 * np.arange(8)[:, None] + np.sin(np.arange(12))
    seasons[rng.random((8, 12)) < 0.2] = np.nan
    long = pd.DataFrame(seasons).rename_axis("year").melt(ignore_index=False, var_name="month").dropna().reset_index()
    fit = formulas.ols("value ~ C(year) + C(month)", long).fit()
    every = pd.MultiIndex.from_product([range(8), range(12)], names=["year", "month"]).to_frame(index=False)
    expected = fit.predict(every).groupby(every["year"]).mean()
    np.testing.assert_allclose(yearly_levels(seasons), expected, atol=1e-8)


def test_missing_months_neither_shift_a_level_nor_hide_a_trend():
    """Winters, the high season, are missing more and more often: the plain mean of the months would fall."""
    season = 10 * np.sin(2 * np.pi * np.arange(12) / 12)
    seasons = 50 + season + 0.3 * np.arange(10)[:, None]
    for year in range(4, 10):
        seasons[year, : year - 3] = np.nan
    np.testing.assert_allclose(np.diff(yearly_levels(seasons)), 0.3, atol=1e-8)
    assert np.nanmean(seasons, axis=1)[-1] < np.nanmean(seasons, axis=1)[0]


def test_years_with_few_months_or_none_in_common_have_no_level():
    seasons = np.ones((6, 12))
    seasons[2, : 12 - MIN_MONTHS + 1] = np.nan
    np.testing.assert_array_equal(np.isnan(yearly_levels(seasons)), np.arange(6) == 2)
    seasons[:3, 6:], seasons[3:, :6] = np.nan, np.nan
    assert np.isnan(yearly_levels(seasons)).all()
    assert yearly_levels(np.full((3, 12), np.nan)).shape == (3,)


def test_values_that_never_change_have_equal_levels_in_spite_of_gaps():
    rng = np.random.default_rng(2)
    seasons = np.where(rng.random((9, 12)) < 0.2, np.nan, 100 / 3 + 7.1 * np.sin(np.arange(12)))
    assert np.ptp(yearly_levels(seasons)) == 0


def yearly_memory(rng, years, lag1=0.6, burn_in=60):
    """Months of one year share an autoregression from year to year, stronger in winter, and have noise of their own."""
    common = np.zeros(years + burn_in)
    for place in range(1, len(common)):
        common[place] = lag1 * common[place - 1] + rng.standard_normal()
    winter = 1 + 0.8 * np.cos(2 * np.pi * np.arange(12) / 12)
    return common[burn_in:, None] * winter + rng.standard_normal((years, 12)) + 20 * winter


@pytest.mark.parametrize(
    ("years", "missing", "limit"), shortened([(10, 0.0, 0.12), (20, 0.0, 0.1), (20, 0.15, 0.1)], 10)
)
def test_a_memory_from_year_to_year_makes_no_trend_of_all_months(years, missing, limit):
    """Nominal 5 %; the seasonal test of Hirsch and Slack rejects in 22 to 30 %."""
    rng = np.random.default_rng(100 * years + int(10 * missing))
    rejected = covered = 0
    for _ in range(150):
        seasons = yearly_memory(rng, years)
        seasons[rng.random(seasons.shape) < missing] = np.nan
        table = series(seasons.ravel()).dropna(subset="percent")
        row = seasonal_trends(table, {"global": "Global ocean"}).iloc[0]
        rejected += row["p_value"] < 0.05
        covered += row["lower_per_year"] <= 0 <= row["upper_per_year"]
        assert (row["p_value"] < 0.05) != (row["lower_per_year"] <= 0 <= row["upper_per_year"])
    assert rejected / 150 < limit and covered / 150 > 1 - limit


def test_the_trend_of_all_months_is_the_one_of_the_years_where_no_month_is_missing():
    table = series(monthly(12, 0.4))
    row = seasonal_trends(table, {"global": "Global ocean"}).iloc[0]
    expected = monotonic_trend(np.arange(1990, 2002), table["percent"].to_numpy().reshape(12, 12).mean(axis=1))
    for name, value in (("slope_per_year", expected.slope), ("lower_per_year", expected.lower)):
        assert row[name] == pytest.approx(value, abs=1e-8)
    assert row["lag1"] == pytest.approx(expected.lag1) and row["effective_n"] == pytest.approx(expected.effective_n)
    assert row["p_value"] == pytest.approx(expected.p_value) and row["test"] == TEST


def test_trends_of_all_months_have_a_line_each_and_need_years():
    table = pd.concat([series(monthly(10, 0.5)), series(monthly(10)[:30], scaler="monthly")])
    trends = seasonal_trends(table, {"global": "Global ocean"})
    assert trends["n_months"].tolist() == [120, 30] and trends["test"].tolist() == [TEST, "none"]
    assert trends["n_years"].tolist() == [10, 3] and trends["significant"].tolist() == [True, False]
    assert trends["slope_per_year"].iloc[0] == pytest.approx(0.5, abs=0.05)
    assert trends["first_month"].iloc[0] == "1990-01" and trends["last_month"].iloc[0] == "1999-12"


def test_verdicts_of_many_zones_and_biomes_allow_for_their_number():
    """Twenty-five tables of 20 independent series without trend: hardly any has a significant one."""
    rng = np.random.default_rng(11)
    zones = {f"z{number}": f"zone {number}" for number in range(20)}
    plain = adjusted = 0
    for _ in range(25):
        parts = [series(np.repeat(rng.standard_normal(12), 12), zone=zone) for zone in zones]
        trends = coverage_trends(pd.concat(parts), zones)
        plain += (trends["p_value"] < 0.05).any()
        adjusted += trends["significant"].any()
        told = trends["sentence"].str.contains("no significant trend")
        assert (told != trends["significant"]).all()
    assert plain / 25 > 0.2 and adjusted / 25 < 0.1
