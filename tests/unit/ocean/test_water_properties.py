"""Water of the biomes."""

import numpy as np
import pytest

from climate_indicators.ocean.indicators.water_properties import drivers_summary, drivers_table

NAMES = {1: "ICE I", 2: "SUBTR I"}
AREA = np.array([[1.0, 3.0, 2.0, 0.0]])
LABELS = np.array([[[1, 1, 2, -1]], [[0, 1, 1, -1]]], "int8")
SST = np.array([[[2.0, 6.0, 25.0, 99.0]], [[1.0, 4.0, 9.0, 99.0]]])
TIMES = np.array(["2000-01", "2000-02"], "datetime64[M]")


def row(table, **keys):
    for key, wanted in keys.items():
        table = table[table[key] == wanted]
    assert len(table) == 1
    return table.iloc[0]


def test_means_and_spreads_are_weighted_by_area():
    table = drivers_table(LABELS, {"sst": SST}, TIMES, AREA, NAMES)
    assert table.columns.tolist() == ["month", "label", "biome", "variable", "unit", "mean", "sd", "n_cells"]
    one = row(table, month="2000-01", label=1)
    assert one["mean"] == 5 and one["sd"] == pytest.approx(np.sqrt((9 + 3) / 4)) and one["n_cells"] == 2
    assert one["unit"] == "°C" and one["biome"] == "ICE I"
    assert row(table, month="2000-02", biome="unclassified")["mean"] == 1
    assert row(table, month="2000-01", label=2)[["mean", "sd", "n_cells"]].tolist() == [25, 0, 1]


def test_biome_without_cells_has_a_line_and_no_numbers():
    nothing = row(drivers_table(LABELS, {"sst": SST}, TIMES, AREA, NAMES), month="2000-02", label=2)
    assert np.isnan(nothing["mean"]) and np.isnan(nothing["sd"]) and nothing["n_cells"] == 0


def test_missing_values_are_left_out_of_their_own_field_only():
    ice = np.where(SST == 6, np.nan, 0.5)
    table = drivers_table(LABELS, {"sst": SST, "ice": ice}, TIMES, AREA, NAMES)
    assert row(table, month="2000-01", label=1, variable="ice")["n_cells"] == 1
    assert row(table, month="2000-01", label=1, variable="sst")["n_cells"] == 2


def test_small_spread_of_large_numbers_is_exact():
    dic = 2000 + 1e-6 * SST
    spread = row(drivers_table(LABELS, {"dic": dic}, TIMES, AREA, NAMES), month="2000-01", label=1)["sd"]
    assert spread == pytest.approx(1e-6 * np.sqrt(3), rel=1e-5)


def test_summary_tells_cells_from_months():
    summary = drivers_summary(drivers_table(LABELS, {"sst": SST}, TIMES, AREA, NAMES))
    ice = row(summary, label=1)
    # January: 2 and 6 by area 1 and 3; February: 4 and 9 by area 3 and 2
    assert ice["mean"] == pytest.approx((5 + 6) / 2) and ice["n_months"] == 2
    assert ice["sd_months"] == pytest.approx(np.std([5, 6], ddof=1))
    assert ice["sd_cells"] == pytest.approx(np.sqrt((3 + 6) / 2))
    subtropical = row(summary, label=2)
    assert subtropical["n_months"] == 1 and subtropical["mean"] == 25 and np.isnan(subtropical["sd_months"])
