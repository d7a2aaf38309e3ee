"""Tracked coverage beside the truth, and the drift that one scaler shows and the other hides."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from climate_indicators.geo.netcdf import month_starts
from climate_indicators.ocean.biomes.cells import degree_cells
from climate_indicators.ocean.biomes.sensitivity import sensitivity_table, true_sensitivity
from climate_indicators.ocean.truth import (
    cell_regimes,
    coverage_check,
    regime_names,
    regimes_of_biomes,
    true_coverage,
    truth_series,
    truth_table,
)
from climate_indicators.stats.truth_checks import failed_rows

CELLS = degree_cells(90)  # 2 by 4
SCALERS = ("frozen", "monthly")
FLAGS = {"flag_values": np.array([1, 2], "int8"), "flag_meanings": "ice warm"}


def regime(months):
    """Ice north of a line that moves by ten degrees a month; land east of 90."""
    lat, lon = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)
    maps = []
    for month in range(len(months)):
        values = np.where(lat[:, None] > 10 * month, 1, 2) * np.ones((18, 36), int)
        values[:, lon > 90] = -1
        maps.append(values)
    coordinates = {"time": month_starts(months), "lat": lat, "lon": lon}
    return xr.DataArray(np.array(maps, "int8"), coordinates, ("time", "lat", "lon"), attrs=FLAGS)


def test_cells_take_the_regime_that_holds_most_of_them():
    truth = regime(["2004-01"])[0]
    np.testing.assert_array_equal(cell_regimes(truth, CELLS).reshape(2, 4), [[2, 2, 2, 0], [1, 1, 1, 0]])
    assert regime_names(truth) == {1: "ice", 2: "warm"}


def test_true_coverage_is_weighted_by_area():
    mask = {"all": np.ones((2, 4), bool), "south": np.array([[True] * 4, [False] * 4])}
    table = true_coverage(regime(["2004-01", "2004-04"]), CELLS, mask, {1: "ice", 2: "warm"})
    shares = table.set_index(["zone", "month", "regime"]).truth
    assert shares["all", "2004-01", "ice"] == pytest.approx(50)
    # the points from 5 to 15 north and on of the second map
    weight = np.cos(np.radians(np.arange(-85.0, 90, 10)))
    assert shares["all", "2004-04", "ice"] == pytest.approx(100 * weight[10:].sum() / weight.sum())
    assert shares["south", "2004-01", "warm"] == pytest.approx(100)


def test_biomes_stand_for_the_regime_that_holds_most_of_their_area():
    areas = np.array([[9.0, 1.0, 0.0, 5.0], [1.0, 9.0, 4.0, 0.0]])
    assert regimes_of_biomes(np.array([1, 2, 2, 0]), areas) == {1: 1, 2: 2}


def coverage(percent, scaler="frozen", months=("2004-01",)):
    rows = [
        (scaler, "all", month, label, share, share - 2, share + 2)
        for month in months
        for label, share in percent.items()
    ]
    return pd.DataFrame(rows, columns=["scaler", "zone", "month", "label", "percent", "lower_percent", "upper_percent"])


def test_biomes_of_one_regime_are_added_and_a_regime_without_a_biome_counts_nought():
    truth = pd.DataFrame(
        {"zone": "all", "month": "2004-01", "regime": ["ice", "warm", "odd"], "truth": [30.0, 65.0, 5.0]}
    )
    check = coverage_check(coverage({0: 4.0, 1: 20.0, 2: 8.0, 3: 68.0}), truth, {1: "ice", 2: "ice", 3: "warm"})
    found = check.set_index("regime")
    assert found.loc["ice", ["estimate", "lower", "upper", "error"]].tolist() == [28.0, 24.0, 32.0, -2.0]
    assert found.loc["odd", ["estimate", "error"]].tolist() == [0.0, -5.0]


def test_errors_of_rounding_are_no_errors():
    truth = pd.DataFrame({"zone": "all", "month": "2004-01", "regime": ["ice", "warm"], "truth": [100 + 2e-14, 0.0]})
    tracked = coverage({1: 99.0, 2: 1.0}).assign(upper_percent=100.0, lower_percent=[98.0, 3e-15])
    check = coverage_check(tracked, truth, {1: "ice", 2: "warm"})
    assert (check.lower <= check.truth).all() and (check.truth <= check.upper).all()


YEARS = range(2000, 2012)
MONTHS = [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]
RAMP = np.linspace(20, 30, len(MONTHS))


def tracked(estimate, half_width=1.5):
    """Monthly coverage of a regime that spreads, with a season and years that differ; the estimate as a function."""
    season = 4 * np.sin(2 * np.pi * np.arange(len(MONTHS)) / 12)
    years = np.repeat(np.random.default_rng(0).normal(0, 1.5, len(YEARS)), 12)
    truth = RAMP + season + years
    found = estimate(truth)
    bounds = {"lower": found - half_width, "upper": found + half_width, "error": found - truth}
    keys = {"zone": "all", "month": MONTHS, "regime": "ice", "scaler": "frozen"}
    return pd.DataFrame(keys | {"truth": truth, "estimate": found} | bounds)


def drifts(frozen=0.02):
    levels = {"true_z": 0.02, "frozen_z": frozen, "monthly_z": 0.0}
    years = np.arange(len(MONTHS)) // 12 + np.random.default_rng(1).normal(0, 0.5, len(MONTHS))
    return pd.DataFrame({"month": MONTHS, "driver": "dic"} | {name: rate * years for name, rate in levels.items()})


def failed(check, sensitivity=None):
    """Quantities that should be within their limits and are not."""
    table = truth_table(check, drifts() if sensitivity is None else sensitivity, {"all": "All"}, 0.95)
    return failed_rows(table)["quantity"].tolist()


def test_truth_table_has_the_worst_month_and_the_trends():
    check = tracked(lambda truth: truth + 0.5 + 4.0 * (np.arange(len(truth)) == 7))
    table = truth_table(check, drifts(), {"all": "All"}, 0.95).set_index("quantity")
    worst = table.loc["ice coverage, All, 2000-08 (largest error)"]
    assert worst.estimate - worst.truth == pytest.approx(4.5) and not worst.within and not worst.expected
    inside = table.loc["months within the bounds of ice coverage, All"]
    assert inside.estimate == pytest.approx(100 * 143 / 144) and inside.within
    trend = table.loc["trend of ice coverage, All (frozen scaler)"]
    assert trend.truth == pytest.approx(0.83, abs=0.25) and trend.within
    frozen, hidden = (table.loc[f"drift of the mean standardized slope of dic ({name} scaler)"] for name in SCALERS)
    assert frozen.estimate == pytest.approx(0.02, abs=0.002) and frozen.expected
    assert hidden.estimate == 0 and not hidden.within and not hidden.expected
    assert failed(check) == []


@pytest.mark.parametrize(
    ("estimate", "found"),
    [
        (lambda truth: truth + 0.3 * np.sin(np.arange(144)), []),
        (lambda truth: 1.18 * truth, ["mean of ice coverage, All, estimate / truth"]),
        (lambda truth: truth.mean() + 0.8 * (truth - truth.mean()), ["changes of ice coverage, All, estimate / truth"]),
        (lambda truth: truth - 0.7 * (RAMP - RAMP[0]), ["trend of ice coverage, All (frozen scaler)"]),
        (
            lambda truth: truth.reshape(-1, 12)[np.random.default_rng(3).permutation(len(YEARS))].ravel(),
            ["correlation of ice coverage, All without season", "error of ice coverage, All without season"],
        ),
        (lambda truth: np.roll(truth, 1), ["months within the bounds of ice coverage, All"]),
    ],
    ids=["small errors", "too much", "changes shrunk", "trend shrunk", "years permuted", "a month late"],
)
def test_wrong_coverage_is_noticed(estimate, found):
    assert set(found) <= set(failed(tracked(estimate))) and bool(found) == bool(failed(tracked(estimate)))


def test_a_drift_that_the_frozen_scaler_loses_is_noticed():
    assert failed(tracked(np.copy), drifts(frozen=0.01)) == [
        "drift of the mean standardized slope of dic (frozen scaler)"
    ]


def test_a_change_that_all_cells_share_is_seen_by_the_frozen_scaler_and_hidden_by_the_monthly_one():
    rng = np.random.default_rng(0)
    month = rng.normal((12.5, 1.4, -1.1), (1.0, 0.1, 0.1), (400, 3))
    mean, sd = month.mean(axis=0), month.std(axis=0)
    later = 1.1 * month + 0.3
    later[:5] = np.nan
    empty = np.full_like(month, np.nan)
    table = sensitivity_table(np.stack([month, later, empty]), ["2004-01", "2004-02", "2004-03"], mean, sd)
    dic = table[table.driver == "dic"].set_index("month")
    assert dic.frozen_z["2004-01"] == 0 and dic.frozen_z["2004-02"] > 1
    assert dic.monthly_z["2004-01"] == dic.monthly_z["2004-02"] == 0
    assert dic.n_cells.tolist() == [400, 395, 0] and np.isnan(dic.mean_slope["2004-03"])


def test_true_sensitivity_rises_with_carbon():
    kept = np.zeros((2, 3, 3))
    kept[:, 2] = np.nan
    state = {"sst": 15.0, "salinity": 35.0, "alk": 2300.0}
    fields = {name: np.full((2, 3), value) for name, value in state.items()} | {
        "dic": np.array([[2050.0] * 3, [2060.0] * 3])
    }
    table = true_sensitivity(kept, fields, ["2004-01", "2005-01"], np.zeros(3), np.ones(3))
    dic = table[table.driver == "dic"].true_slope.to_numpy()
    assert dic[1] > dic[0] > 1 and len(table) == 6


def test_series_are_yearly_means_under_the_frozen_scaler():
    check = tracked(np.copy)
    series = truth_series(check, drifts(), {"all": "All"})
    ice = series["ice coverage, All (%)"]
    assert ice.date.tolist() == list(YEARS)
    np.testing.assert_allclose(ice.truth, check.truth.to_numpy().reshape(-1, 12).mean(axis=1))
    np.testing.assert_allclose(ice.estimate, ice.truth)
    assert any(name.startswith("mean standardized slope of ") for name in series)
