"""Seasons of snow and weather: their borders and years, and trends with known answers."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.hydrological_year import hydro_years, season_names, season_years
from climate_indicators.snow.climate.lagged_weather import read_joined
from climate_indicators.snow.climate.seasons import season_trends, yearly_values
from snow_weather_files import PUBLISHED, VARIABLES, daily_weather, needs_published

TMAX = VARIABLES[0]


def weather(**kinds):
    return daily_weather(**kinds).rename(columns={"time": "date"})


def test_borders_of_seasons_and_years():
    dates = pd.Series(pd.to_datetime(["2019-11-30", "2019-12-01", "2020-02-29", "2020-03-01", "2020-05-31",
                                      "2020-06-01", "2020-08-31", "2020-09-01"]))  # fmt: skip
    assert season_names(dates).tolist() == ["SON", "DJF", "DJF", "MAM", "MAM", "JJA", "JJA", "SON"]
    assert season_years(dates).tolist() == [2019, 2020, 2020, 2020, 2020, 2020, 2020, 2020]
    assert hydro_years(dates, 1).tolist() == [2019, 2019] + [2020] * 6
    days = pd.Series(pd.to_datetime(["2019-09-30", "2019-10-01", "2020-09-30", "2020-10-01"]))
    assert hydro_years(days, 10).tolist() == [2019, 2020, 2020, 2021]


def test_december_counts_for_the_next_winter():
    table = pd.DataFrame({"date": pd.date_range("2010-01-15", "2015-12-15", freq="MS") + pd.Timedelta(days=14)})
    table[TMAX] = np.where((table["date"].dt.year == 2011) & (table["date"].dt.month == 12), 40.0, 0.0)
    years = yearly_values(table, [TMAX])
    winter = years[years["season"] == "DJF"].set_index("year")
    assert winter["value"].idxmax() == 2012
    # the first winter has January and February, the last one December alone
    assert winter["n_months"].tolist() == [1, 3, 3, 3, 3, 3, 1]
    assert winter["excluded"].tolist() == [True, False, False, False, False, False, True]
    whole = years[years["season"] == "all"].set_index("year")["value"]
    assert whole.idxmax() == 2011
    hydrological = yearly_values(table, [TMAX], 10)
    assert hydrological[hydrological["season"] == "all"].set_index("year")["value"].idxmax() == 2012


def test_a_year_that_lacks_its_coldest_month_is_not_warmer():
    table = weather(years=8)
    table[TMAX] = -10 * np.cos(2 * np.pi * (table["date"].dt.day_of_year - 20) / 365.25)
    gap = table[~((table["date"].dt.year == 2013) & (table["date"].dt.month == 1))]
    years = yearly_values(gap, [TMAX])
    whole = years[years["season"] == "all"].set_index("year")
    assert whole.loc[2013, "n_months"] == 11 and not whole.loc[2013, "excluded"]
    assert np.ptp(whole["value"][:-1]) < 0.1


def test_a_planted_warming_lies_inside_the_intervals():
    inside = {"theil_sen": 0, "deseasonalized": 0}
    for seed in range(20):
        row = season_trends([(weather(warming=2.0, seed=seed)[::5], [TMAX])]).iloc[0]
        for name, low, high in (("theil_sen", "theil_sen_lower", "theil_sen_upper"),
                                ("deseasonalized", "deseasonalized_lower", "deseasonalized_upper")):  # fmt: skip
            inside[name] += row[low] <= 2.0 <= row[high]
    assert min(inside.values()) >= 17


def test_a_strong_trend_is_significant_and_no_trend_is_not():
    strong = season_trends([(weather(warming=8.0), [TMAX])]).set_index("season")
    assert strong["significant"].all() and (strong["theil_sen_per_decade"] > 4).all()
    assert (strong["p_hac"].drop("all") < 0.05).all()
    found = [season_trends([(weather(seed=seed)[::5], [TMAX])])["significant"] for seed in range(12)]
    assert np.mean(pd.concat(found)) < 0.15


def test_memory_makes_the_robust_p_value_larger():
    classic, robust = [], []
    for seed in range(12):
        rows = season_trends([(weather(seed=seed)[::2], [TMAX])]).query("season != 'all'")
        classic += rows["p_least_squares"].tolist()
        robust += rows["p_hac"].tolist()
    assert np.mean(np.array(robust) < 0.05) < np.mean(np.array(classic) < 0.05)


@pytest.mark.long
def test_years_that_differ_at_random_are_no_trend_of_the_line():
    """Every year has a level of its own: many dates of ten years are ten values."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame({"date": pd.date_range("2010-01-03", "2019-12-28", freq="6D")})
        levels = rng.normal(size=10)[table["date"].dt.year - 2010]
        table["snow_pixels"] = 500 + 40 * (levels + rng.normal(size=len(table)))
        found.append(season_trends([(table, ["snow_pixels"])]).iloc[0]["p_deseasonalized"] < 0.05)
    assert np.mean(found) <= 0.1


def test_a_line_without_noise():
    table = pd.DataFrame({"date": pd.date_range("2010-01-01", "2016-12-31", freq="7D")})
    table["snow_pixels"] = 1000 + 0.5 * (table["date"] - table["date"][0]).dt.days + 0.0
    rows = season_trends([(table, ["snow_pixels"])])
    np.testing.assert_allclose(rows["slope_per_day"], 0.5)
    np.testing.assert_allclose(rows["slope_per_decade"], 0.5 * 3652.425)
    np.testing.assert_allclose(rows["theil_sen_per_decade"], 0.5 * 3652.425, rtol=0.02)


def test_too_few_values_are_said_to_be_too_few():
    table = pd.DataFrame({"date": pd.to_datetime(["2020-01-05", "2020-07-01"]), "snow_pixels": [3.0, 1.0]})
    rows = season_trends([(table, ["snow_pixels"])]).set_index("season")
    assert rows["p_value"].isna().all() and rows["slope_per_day"].isna().all() and not rows["significant"].any()
    assert rows.loc["MAM", "n"] == 0 and "a trend needs 5" in rows.loc["MAM", "sentence"]


@needs_published
def test_the_published_trends():
    data = read_joined(PUBLISHED, "snow_pixels", VARIABLES, {"snow_pixels": "snow_pixel_count"})
    snow = season_trends([(data.table, ["snow_pixels"])]).set_index("season").drop("all")
    assert snow["slope_per_day"].round(2).tolist() == [-1.42, 1.64, 0.40, -1.87]
    assert (snow["p_least_squares"] > 0.6).all() and not snow["significant"].any()
    warm = season_trends([(data.weather, [TMAX])]).set_index("season").loc["all"]
    assert f"{warm.slope_per_day:.3e}" == "6.813e-05" and not warm.significant
