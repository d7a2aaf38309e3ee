"""Recovered quantities beside the truth."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.truth import truth_table

TRUTH = pd.DataFrame({"year": [2016, 2017, 2018, 2019], "area_km2": [50.0, 49.0, 48.0, 47.0]})
TREND = pd.DataFrame({"slope_per_year": [-1.1], "lower_per_year": [-1.3], "upper_per_year": [-1.05]})
AREAS = pd.DataFrame(
    {
        "year": [2016, 2017, 2018, 2019],
        "area_km2": [50.5, 49.5, 40.0, 47.0],
        "lower_km2": [50.0, 49.1, 30.0, 46.0],
        "upper_km2": [51.0, 49.9, 60.0, 48.0],
        "flag": [np.nan, "", "cloudy", None],
    }
)


def test_table():
    table = truth_table(AREAS, TREND, TRUTH)
    assert list(table.columns) == ["quantity", "unit", "truth", "estimate", "lower", "upper", "within"]
    assert table.quantity.tolist() == ["area 2016", "area 2017", "area 2018 (flagged)", "area 2019", "trend"]
    assert table.within.tolist() == [True, False, True, True, False], "ends of the interval count as inside"
    assert table.unit.tolist() == ["km²"] * 4 + ["km² per year"]
    assert table.truth.tolist() == [50, 49, 48, 47, -1]


def test_true_trend_is_that_of_all_years_and_in_any_order():
    table = truth_table(AREAS.iloc[:2], TREND, TRUTH.iloc[::-1])
    assert table.truth.tolist() == pytest.approx([50, 49, -1])


def test_trend_that_was_not_drawn_has_no_line():
    table = truth_table(AREAS, TREND * np.nan, TRUTH)
    assert len(table) == 4 and not table.quantity.str.contains("trend").any()


def test_year_without_truth_is_an_error():
    with pytest.raises(ValueError, match=r"years \[2019\] have no true area"):
        truth_table(AREAS, TREND, TRUTH.iloc[:3])
