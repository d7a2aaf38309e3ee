"""Coverage of zones, its yearly means and its trends."""

import numpy as np
import pandas as pd
import pymannkendall
import pytest

from climate_indicators.ocean.coverage import calendar_months, coverage_table, month_names, yearly_coverage
from climate_indicators.ocean.coverage_trends import (
    SEASONAL_TEST,
    by_calendar_month,
    coverage_trends,
    seasonal_slope,
    seasonal_trends,
)

NAMES = {1: "ICE I", 2: "SUBTR I"}
AREA = np.array([[10.0, 20.0, 30.0, 0.0], [40.0, 50.0, 50.0, 100.0]])
ZONES = {"global": AREA > 0, "south": np.array([[True, True, True, True], [False] * 4]) & (AREA > 0)}
TIMES = np.array(["2000-01", "2000-02"], "datetime64[ns]")
LABELS = np.array([[[1, 2, 0, -1], [2, 2, 2, 2]], [[1, 1, 1, -1], [1, 1, 0, 0]]], "int8")


def table_of(probability=None, **more):
    return coverage_table(LABELS, probability, TIMES, AREA, ZONES, NAMES, "frozen", **more)


def value(table, column="percent", **keys):
    for key, wanted in keys.items():
        table = table[table[key] == wanted]
    assert len(table) == 1
    return table[column].iloc[0]


def test_bounds_reach_half_a_cell_into_the_cells_along_a_border():
    labels = np.full((1, 4, 6), 2, "int8")
    labels[0, 1:3, 1:4] = 1
    labels[0, 1, 4], labels[0, 0, 2] = 0, -1
    area = np.where(labels[0] < 0, 0.0, 1.0)
    table = coverage_table(labels, None, TIMES[:1], area, {"global": area > 0}, NAMES, "frozen")
    bounds = table.set_index("label")[["percent", "lower_percent", "upper_percent"]] * 23 / 100
    # 5 of the 6 cells of biome 1 touch biome 2, the sixth land alone; 8 cells of biome 2 touch biome 1
    assert bounds.loc[1].tolist() == pytest.approx([6, 6 - 0.5 * 5, 6 + 1 + 0.5 * 8])
    assert bounds.loc[2].tolist() == pytest.approx([16, 16 - 0.5 * 8, 16 + 1 + 0.5 * 5])


def test_columns_touch_round_the_globe():
    labels = np.array([[[1, 2, 2, 2, 2, 1]]], "int8")
    table = coverage_table(labels, None, TIMES[:1], np.ones((1, 6)), {"global": np.ones((1, 6), bool)}, NAMES, "frozen")
    bounds = table[table.label == 1][["lower_percent", "upper_percent"]].to_numpy()[0] * 6 / 100
    np.testing.assert_allclose(bounds, [2 - 0.5 * 2, 2 + 0.5 * 2])


def test_shares_of_the_whole_ocean_of_a_zone():
    table = table_of()
    assert table.columns.tolist() == [
        "scaler", "zone", "month", "label", "biome", "percent", "lower_percent", "upper_percent", "area_km2",
        "data_percent",
    ]  # fmt: skip
    assert len(table) == 2 * 2 * 3 and table["zone"].iloc[0] == "global"
    assert value(table, zone="south", month="2000-01", label=1) == pytest.approx(100 * 10 / 60)
    assert value(table, zone="south", month="2000-01", label=0) == pytest.approx(100 * 30 / 60)
    assert value(table, zone="global", month="2000-02", biome="unclassified") == pytest.approx(50)
    assert value(table, "area_km2", zone="global", month="2000-01", biome="SUBTR I") == 260
    np.testing.assert_allclose(table.groupby(["zone", "month"])["percent"].sum(), 100)


def test_bounds_hold_what_is_sure_and_what_may_be():
    probability = np.full((2, *LABELS.shape), np.nan, "float32")
    probability[:, 0, 0, 0] = 0.98, 0.02
    probability[:, 0, 0, 1] = 0.03, 0.97
    probability[:, 0, 0, 2] = 0.5, 0.5
    keys = {"zone": "south", "month": "2000-01"}
    table = table_of(probability, border_share=0.0)
    assert value(table, "lower_percent", **keys, label=1) == pytest.approx(100 * 10 / 60)
    assert value(table, "upper_percent", **keys, label=1) == pytest.approx(100 * 60 / 60)
    assert value(table, "lower_percent", **keys, label=2) == 0
    assert value(table, "upper_percent", **keys, label=2) == pytest.approx(100 * 50 / 60)
    assert value(table, "lower_percent", **keys, label=0) == value(table, "upper_percent", **keys, label=0) == 50
    assert value(
        table_of(probability, confidence=0.9, border_share=0.0), "lower_percent", **keys, label=2
    ) == pytest.approx(100 * 20 / 60)


def test_bounds_hold_the_share_itself():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, (6, 20, 30)).astype("int8")
    probability = rng.dirichlet(np.full(4, 0.3), labels.shape).transpose(3, 0, 1, 2)
    labels = np.where(labels > 0, probability.argmax(axis=0) + 1, 0)
    times = np.arange("2000-01", "2000-07", dtype="datetime64[M]")
    area = rng.random((20, 30))
    names = {label: str(label) for label in range(1, 5)}
    table = coverage_table(labels, probability, times, area, {"global": area > 0}, names, "frozen")
    assert (table["lower_percent"] <= table["percent"] + 1e-9).all()
    assert (table["percent"] <= table["upper_percent"] + 1e-9).all()
    assert (table["upper_percent"] > table["percent"] + 1).any()


def test_parts_make_the_same_table_as_all_at_once():
    parts = [coverage_table(LABELS[[place]], None, TIMES[[place]], AREA, ZONES, NAMES, "frozen") for place in range(2)]
    keys = ["zone", "month", "label"]
    pd.testing.assert_frame_equal(
        pd.concat(parts).sort_values(keys, ignore_index=True), table_of().sort_values(keys, ignore_index=True)
    )


def test_months_as_text_and_numbers():
    assert month_names(TIMES).tolist() == month_names(["2000-01", "2000-02"]).tolist() == ["2000-01", "2000-02"]
    assert calendar_months(["1958-12", "2000-01"]).tolist() == [12, 1]
    assert calendar_months(np.array(["1969-12"], "datetime64[M]")).tolist() == [12]


def series(percents, first="1990-01", scaler="frozen", zone="global", biome="SUBTR I"):
    months = month_names(np.datetime64(first) + np.arange(len(percents)))
    columns = {"scaler": scaler, "zone": zone, "month": months, "label": 1, "biome": biome, "percent": percents}
    return pd.DataFrame(columns).assign(lower_percent=0.0, upper_percent=100.0, area_km2=1.0)


def monthly(years, slope=0.0, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    place = np.arange(12 * years)
    return 40 + 10 * np.sin(2 * np.pi * place / 12) + slope * place / 12 + rng.normal(0, noise, len(place))


def test_yearly_means_leave_out_years_that_lack_months():
    values = monthly(3)
    yearly = yearly_coverage(series(values[:-2]))
    assert yearly["year"].tolist() == [1990, 1991, 1992] and yearly["n_months"].tolist() == [12, 12, 10]
    np.testing.assert_allclose(yearly["percent"], [*values[:24].reshape(2, 12).mean(axis=1), np.nan])


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
    assert "percentage points a year" in trends["sentence"].iloc[0]
    # two tests under the frozen scaler: Benjamini–Yekutieli multiplies the smaller p by 2 (1 + 1/2)
    assert trends["p_adjusted"].iloc[0] == pytest.approx(3 * trends["p_value"].iloc[0])
    assert trends["p_adjusted"].iloc[2] == trends["p_value"].iloc[2]


def test_trend_of_too_few_whole_years_says_why():
    row = coverage_trends(series(monthly(5)[:-1]), {"global": "Global ocean"}).iloc[0]
    assert row["test"] == "none" and np.isnan(row["p_adjusted"])
    assert "there are 4 years (1 more flagged and left out), and a trend needs 5" in row["sentence"]
    row = coverage_trends(series(monthly(1)[:5]), {"global": "Global ocean"}).iloc[0]
    assert row["n_years"] == 0 and "there are 0 years (1 more" in row["sentence"]


def test_seasonal_slope_is_that_of_pymannkendall():
    values = monthly(15, 0.1)
    slope, lower, upper, p_value = seasonal_slope(by_calendar_month(month_names(np.arange(180)), values))
    assert slope == pytest.approx(pymannkendall.seasonal_sens_slope(values).slope)
    tests = [pymannkendall.seasonal_test(values), pymannkendall.correlated_seasonal_test(values)]
    assert p_value == pytest.approx(max(test.p for test in tests))
    assert lower < slope < upper and lower <= 0.1 <= upper


def test_seasonal_interval_covers_as_often_as_it_says():
    inside = 0
    for seed in range(80):
        _, lower, upper, _ = seasonal_slope(monthly(12, 0.1, seed=seed).reshape(12, 12), 0.9)
        inside += lower <= 0.1 <= upper
    assert 0.82 < inside / 80 < 0.98


def test_months_that_go_together_make_the_seasonal_test_doubt():
    """Noise that is the same all year is 1 value, not 12: the plain seasonal test finds trends that are not there."""
    plain, corrected = 0, 0
    for seed in range(40):
        values = monthly(15, seed=seed).reshape(15, 12) + np.random.default_rng(seed).normal(0, 3, (15, 1))
        plain += pymannkendall.seasonal_test(values.ravel()).p < 0.05
        corrected += seasonal_slope(values)[3] < 0.05
    assert plain > 12 and corrected < 6


def test_seasonal_trends_have_a_line_each_and_need_years():
    table = pd.concat([series(monthly(10, 0.5)), series(monthly(10)[:30], scaler="monthly")])
    trends = seasonal_trends(table, {"global": "Global ocean"})
    assert trends["n_months"].tolist() == [120, 30] and trends["test"].tolist() == [SEASONAL_TEST, "none"]
    assert trends["significant"].tolist() == [True, False]
    assert trends["slope_per_year"].iloc[0] == pytest.approx(0.5, abs=0.05)
    assert trends["first_month"].iloc[0] == "1990-01" and trends["last_month"].iloc[0] == "1999-12"
    assert seasonal_slope(np.full((5, 12), 3.0)) == (0, 0, 0, 1)
