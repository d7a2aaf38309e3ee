"""Coverage of zones, its yearly means and its trends."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.ocean.indicators.coverage import calendar_months, coverage_table, month_names, yearly_coverage
from ocean_series import monthly, series

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
    labels = np.full((1, 6, 9), 2, "int8")
    labels[0, 2:4, 2:5] = 1
    labels[0, 2, 5], labels[0, 1, 3] = 0, -1
    area = np.where(labels[0] < 0, 0.0, 1.0)
    table = coverage_table(labels, None, TIMES[:1], area, {"global": area > 0}, NAMES, "frozen")
    bounds = table.set_index("label")[["percent", "lower_percent", "upper_percent"]] * 53 / 100
    # 5 of the 6 cells of biome 1 touch biome 2, the sixth land alone; 8 cells of biome 2 touch biome 1
    assert bounds.loc[1].tolist() == pytest.approx([6, 6 - 0.5 * 5, 6 + 1 + 0.5 * 8])
    assert bounds.loc[2].tolist() == pytest.approx([46, 46 - 0.5 * 8, 46 + 1 + 0.5 * 5])


def test_columns_touch_round_the_globe():
    labels = np.array([[[1, 2, 2, 2, 2, 1]] * 2], "int8")
    area = np.ones((2, 6))
    table = coverage_table(labels, None, TIMES[:1], area, {"global": area > 0}, NAMES, "frozen")
    bounds = table[table.label == 1][["lower_percent", "upper_percent"]].to_numpy()[0] * 12 / 100
    np.testing.assert_allclose(bounds, [4 - 0.5 * 4, 4 + 0.5 * 4])


def test_a_line_of_cells_between_two_biomes_may_be_either_of_them():
    """Ice, a line that looks like a third water, and a fourth: the third may not exist."""
    labels = np.full((1, 7, 8), 1, "int8")
    labels[0, 3], labels[0, 4:] = 3, 2
    names, area = NAMES | {3: "UP I"}, np.ones((7, 8))
    table = coverage_table(labels, None, TIMES[:1], area, {"global": area > 0}, names, "frozen").set_index("label")
    bounds = table[["lower_percent", "upper_percent"]] * 56 / 100
    assert bounds.loc[3].tolist() == pytest.approx([0, 8 + 0.5 * 16])
    assert bounds.loc[1].tolist() == pytest.approx([24 - 0.5 * 8, 24 + 8])
    assert bounds.loc[2].tolist() == pytest.approx([24 - 0.5 * 8, 24 + 8])


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


def test_yearly_means_leave_out_years_that_lack_months():
    values = monthly(3)
    yearly = yearly_coverage(series(values[:-2]))
    assert yearly["year"].tolist() == [1990, 1991, 1992] and yearly["n_months"].tolist() == [12, 12, 10]
    np.testing.assert_allclose(yearly["percent"], [*values[:24].reshape(2, 12).mean(axis=1), np.nan])
