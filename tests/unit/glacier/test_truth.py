"""Recovered quantities of a glacier site compared with the truth, and what the check catches."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.glacier.truth import area_series, truth_table
from climate_indicators.stats.map_agreement import Agreement
from climate_indicators.stats.truth_checks import COLUMNS, failed_rows
from refusals import raises_naming

TRUTH = pd.DataFrame({"year": [2016, 2017, 2018, 2019], "area_km2": [50.0, 49.0, 48.0, 47.0]})
TREND = pd.DataFrame({"slope_per_year": [-1.05], "lower_per_year": [-1.3], "upper_per_year": [-1.02]})
AREAS = pd.DataFrame(
    {
        "year": [2016, 2017, 2018, 2019],
        "area_km2": [50.5, 49.5, 40.0, 47.0],
        "lower_km2": [50.0, 49.1, 30.0, 46.0],
        "upper_km2": [51.0, 49.9, 60.0, 48.0],
        "flag": [np.nan, "", "cloudy", None],
    }
)
NO_MAPS = {}


def test_quantities_with_their_published_intervals():
    table = truth_table(AREAS, TREND, TRUTH, NO_MAPS)
    assert table.columns.tolist() == COLUMNS
    published = table[table.tolerance.isna()]
    assert published.quantity.tolist() == ["area 2016", "area 2017", "area 2018 (flagged)", "area 2019", "trend"]
    assert published.within.tolist() == [True, False, True, True, False], "ends of the interval count as inside"
    assert published.unit.tolist() == ["km²"] * 4 + ["km² per year"]
    assert published.truth.tolist() == [50, 49, 48, 47, -1]


def test_the_accuracies_are_those_of_the_years_without_a_flag():
    table = truth_table(AREAS, TREND, TRUTH, NO_MAPS).set_index("quantity")
    assert table.estimate["trend, estimate / truth"] == pytest.approx(1.05)
    assert table.estimate["mean of area of unflagged years, estimate / truth"] == pytest.approx(147 / 146)
    assert table.within["error of area of unflagged years"]


def test_true_trend_is_that_of_all_years_and_in_any_order():
    table = truth_table(AREAS.iloc[:2], TREND, TRUTH.iloc[::-1], NO_MAPS)
    assert table.truth[table.tolerance.isna()].tolist() == pytest.approx([50, 49, -1])


def test_trend_that_was_not_drawn_has_no_line():
    table = truth_table(AREAS, TREND * np.nan, TRUTH, NO_MAPS)
    assert not table.quantity.str.contains("trend").any()


def test_two_years_make_no_series():
    table = truth_table(AREAS.iloc[:2], TREND * np.nan, TRUTH, NO_MAPS)
    assert table.quantity.tolist() == ["area 2016", "area 2017"]


def test_year_without_truth_is_an_error():
    with raises_naming(ValueError, "[2019]"):
        truth_table(AREAS, TREND, TRUTH.iloc[:3], NO_MAPS)


def retreat(seed, change=1.0, factor=1.0, order=None, offset=0.0):
    """Nine years of a retreat measured with errors of 0.7 %, wrong in one way or none; intervals of ± 3 km²."""
    rng = np.random.default_rng(seed)
    true = np.array([69.0, 67.8, 65.7, 63.8, 63.5, 62.6, 61.1, 59.4, 57.7])
    area = true + rng.normal(0, 0.45, 9)
    area = factor * (area[0] + change * (area - area[0]))
    area = area if order is None else area[order]
    years = np.arange(2016, 2025)
    areas = pd.DataFrame({"year": years, "area_km2": area, "lower_km2": area - 3, "upper_km2": area + 3, "flag": ""})
    slope = np.polyfit(years, area, 1)[0]
    trend = pd.DataFrame({"slope_per_year": [slope], "lower_per_year": [slope - 1], "upper_per_year": [slope + 1]})
    maps = {int(year): Agreement(0.93, -0.2, offset + 0.05) for year in years}
    table = truth_table(areas, trend, pd.DataFrame({"year": years, "area_km2": true}), maps)
    return set(failed_rows(table)["quantity"])


@pytest.mark.parametrize("seed", range(5))
def test_right_results_pass(seed):
    assert retreat(seed) == set()


@pytest.mark.parametrize("seed", range(5))
def test_changes_times_0_8_fail_although_every_interval_contains_the_truth(seed):
    assert {"trend, estimate / truth", "changes of area of unflagged years, estimate / truth"} == retreat(
        seed, change=0.8
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [1.08, 1.18])
def test_areas_that_are_too_large_fail(seed, factor):
    assert "mean of area of unflagged years, estimate / truth" in retreat(seed, factor=factor)


@pytest.mark.parametrize("seed", range(5))
def test_years_in_another_order_fail(seed):
    order = np.random.default_rng(seed).permutation(9)
    found = retreat(seed, order=order)
    assert {"correlation of area of unflagged years", "error of area of unflagged years"} <= found


@pytest.mark.parametrize("offset", [1, -1, 2, 4])
def test_shifted_maps_fail_in_every_year(offset):
    assert retreat(0, offset=offset) == {f"offset of extent {year}" for year in range(2016, 2025)}


def test_the_series_has_the_truth_of_each_year():
    series = area_series(AREAS, TRUTH)
    assert series.date.tolist() == [2016, 2017, 2018, 2019]
    assert (series.truth.tolist(), series.estimate.tolist()) == ([50, 49, 48, 47], [50.5, 49.5, 40, 47])
