"""What the files do not hold is missing: never 0 %, in no season, trend, core or balance; a warning says so."""

import logging

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from climate_indicators.geo.netcdf import month_starts
from climate_indicators.ocean.biomes.cells import degree_cells
from climate_indicators.ocean.biomes.labels import NO_DATA, labels_dataset
from climate_indicators.ocean.biomes.membership import membership
from climate_indicators.ocean.biomes.monthly_slopes import data_shares, slopes_dataset, slopes_of_month
from climate_indicators.ocean.indicators.coverage import (
    coverage_table,
    flag_gaps,
    gap_sentences,
    month_names,
    yearly_coverage,
)
from climate_indicators.ocean.indicators.coverage_trends import coverage_trends, seasonal_trends, yearly_levels
from climate_indicators.ocean.indicators.frequency import Frequency
from climate_indicators.ocean.indicators.midlatitude_balance import MidlatitudeBalance
from climate_indicators.ocean.indicators.seasons import seasonal_cycle
from climate_indicators.ocean.indicators.water_properties import drivers_table
from climate_indicators.ocean.reader.dataset import OceanData
from climate_indicators.ocean.reader.survey import runs
from climate_indicators.ocean.truth import coverage_check
from ocean_files import product, regimes

YEARS = 8
NAMES = {1: "SUBTR I", 2: "SUBP I"}
TITLES = {"global": "Global ocean"}
AREA = np.array([[2.0, 3.0], [4.0, 1.0]])
TIMES = np.datetime64("2000-01") + np.arange(12 * YEARS)
VALUES = ["percent", "lower_percent", "upper_percent", "area_km2"]


@pytest.fixture
def said(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    return caplog


@pytest.fixture
def still():
    """Labels of eight years in which nothing changes: 20 % of the ocean is biome 1, 70 % biome 2."""
    return np.tile(np.array([[1, 2], [2, 0]], "int8"), (12 * YEARS, 1, 1))


def table_of(labels, scaler="frozen"):
    return flag_gaps(coverage_table(labels, None, TIMES, AREA, {"global": AREA > 0}, NAMES, scaler))


def biome(table, label=1):
    return table[table["label"] == label].set_index("month")


def test_complete_data_have_no_flag(still):
    table = table_of(still)
    assert (table["flag"] == "").all() and (table["data_percent"] == 100).all()
    np.testing.assert_allclose(biome(table)["percent"], 20)
    assert gap_sentences(table) == []


def test_data_that_end_early_make_no_trend(still):
    """A variable is cut short after 5½ years: the ocean did not change."""
    still[66:] = NO_DATA
    table = table_of(still)
    late = table["month"] >= "2005-07"
    assert (table["flag"] == np.where(late, "no data", "")).all()
    assert table.loc[late, VALUES].isna().all(axis=None) and table.loc[~late, VALUES].notna().all(axis=None)
    trend = coverage_trends(table, TITLES)
    assert (trend["n_years"] == 5).all() and (trend["last_year"] == 2004).all()
    assert (trend["slope_per_year"] == 0).all() and not trend["significant"].any()
    seasonal = seasonal_trends(table, TITLES)
    assert (seasonal["slope_per_year"] == 0).all() and (seasonal["n_months"] == 66).all()
    assert (seasonal["last_month"] == "2005-06").all()
    assert "30 of 96 months have no data (2005-07, 2005-08" in gap_sentences(table)[0]


def test_a_blank_june_every_year_makes_no_trend_and_no_season(still):
    still[5::12] = NO_DATA
    table = table_of(still)
    trend = coverage_trends(table, TITLES)
    assert (trend["n_years"] == 0).all() and (trend["test"] == "none").all() and not trend["significant"].any()
    seasonal = seasonal_trends(table, TITLES)
    assert (seasonal["slope_per_year"] == 0).all() and (seasonal["n_months"] == 88).all()
    cycle = seasonal_cycle(table).query("label == 1").set_index("calendar_month")
    assert cycle.loc[6, "n_years"] == 0 and np.isnan(cycle.loc[6, "mean_percent"])
    np.testing.assert_allclose(cycle.drop(6)["mean_percent"], 20)


def test_one_blank_month_a_year_leaves_the_seasonal_trend_of_the_others(still):
    """Another month in each year: no year is whole, and each calendar month has seven years."""
    for year in range(YEARS):
        still[12 * year + year] = NO_DATA
    table = table_of(still)
    assert yearly_coverage(table)["percent"].isna().all()
    seasonal = seasonal_trends(table, TITLES)
    assert (seasonal["slope_per_year"] == 0).all() and not seasonal["significant"].any()
    rng = np.random.default_rng(1)
    noisy = rng.normal(40, 1, (YEARS, 12)) + np.arange(YEARS)[:, None]
    noisy[np.arange(YEARS), np.arange(YEARS)] = np.nan
    assert np.diff(yearly_levels(noisy)).mean() == pytest.approx(1, abs=0.2)


def test_a_zone_that_loses_a_part_of_its_data_is_flagged(still):
    still[60:, 1, 0] = NO_DATA
    table = table_of(still)
    late = table["month"] >= "2005-01"
    assert (table["flag"] == np.where(late, "few data", "")).all() and table.loc[late, VALUES].isna().all(axis=None)
    assert table.loc[late, "data_percent"].unique() == pytest.approx([60])
    assert (coverage_trends(table, TITLES)["slope_per_year"] == 0).all()


def test_water_under_ice_that_lacks_data_every_winter_is_no_gap(still):
    for month in (0, 1, 11):
        still[month::12, 1, 0] = NO_DATA
    table = table_of(still)
    assert (table["flag"] == "").all()
    january = table[table["month"] == "2003-01"].set_index("label")
    assert january["percent"].sum() == pytest.approx(100) and january["data_percent"].iloc[0] == pytest.approx(60)
    assert january.loc[2, "percent"] == pytest.approx(30) and january.loc[0, "percent"] == pytest.approx(50)


def test_a_month_in_which_nothing_is_classified_has_no_shares_of_biomes(still):
    still[7] = 0
    table = table_of(still)
    month = table[table["month"] == "2000-08"].set_index("label")
    assert (month["flag"] == "none classified").all() and month.loc[0, "percent"] == 100
    assert month.loc[[1, 2], VALUES].isna().all(axis=None)
    trends = coverage_trends(table, TITLES).set_index("biome")
    assert trends["n_years"].to_dict() == {"unclassified": 8, "SUBTR I": 7, "SUBP I": 7}


def test_zones_are_flagged_by_themselves(still):
    still[12:24, 0] = NO_DATA
    zones = {"north": np.array([[True, True], [False, False]]), "south": np.array([[False, False], [True, True]])}
    table = flag_gaps(coverage_table(still, None, TIMES, AREA, zones, NAMES, "frozen"))
    trend = coverage_trends(table, {"north": "North", "south": "South"}).set_index("zone")
    assert (trend.loc["north", "n_years"] == 7).all() and (trend.loc["south", "n_years"] == 8).all()
    assert [sentence.split(":")[0] for sentence in gap_sentences(table)] == ["zone north"]


def test_occurrence_and_cores_count_months_with_data(still):
    still[30:40] = NO_DATA  # 10 of 96 months
    frequency = Frequency(2, (2, 2))
    frequency.add(still[:50], TIMES[:50])
    frequency.add(still[50:], TIMES[50:])
    found = frequency.dataset(np.array([-1.0, 1]), np.array([-1.0, 1]), NAMES)
    np.testing.assert_array_equal(found["core"], [[1, 2], [2, 0]])
    assert found["frequency_all"].sel(biome=1).values[0, 0] == 1
    assert found["frequency"].sel(biome=0, calendar_month=8).values[0, 0] == 0
    assert int(found["n_years"].sum()) == 86 and (found["months_with_data"] == 86).all()


def test_a_cell_that_is_seldom_seen_is_no_core_and_one_never_seen_has_no_biome(still):
    still[20:, 0, 0], still[:, 0, 1] = NO_DATA, NO_DATA
    frequency = Frequency(2, (2, 2))
    frequency.add(still, TIMES)
    found = frequency.dataset(np.array([-1.0, 1]), np.array([-1.0, 1]), NAMES)
    assert found["core"].values.tolist() == [[0, 0], [2, 0]]
    assert found["most_frequent"].values.tolist() == [[1, NO_DATA], [2, 0]]
    assert (
        found["frequency_all"].sel(biome=1).values[0, 0] == 1 and np.isnan(found["frequency_all"].values[:, 0, 1]).all()
    )


def midlatitude_balance(labels):
    shape = labels.shape
    drivers = {name: np.full(shape, value) for name, value in (("sst", 15.0), ("dic", 2000.0), ("alk", 2300.0))}
    bands = [{"name": "all", "lat": [-90, 90]}]
    found = MidlatitudeBalance({1: "subtropical", 2: "subpolar"}, AREA, np.array([-10.0, 10]), bands)
    found.add(labels, drivers, drivers, TIMES)
    return found.table().set_index("calendar_month")


@pytest.mark.parametrize("gap", [NO_DATA, 0], ids=["no data", "none classified"])
def test_competition_leaves_gaps_out(still, gap):
    still[12:24] = gap
    still[5::12] = gap
    table = midlatitude_balance(still)
    assert table.loc[1, "n_years"] == 7 and table.loc[6, "n_years"] == 0
    np.testing.assert_allclose(table.drop(6)[["subtropical_percent", "subpolar_percent"]], [[20, 70]] * 11)
    np.testing.assert_allclose(table.drop(6)["subtropical_sd_percent"], 0, atol=1e-12)
    assert table.loc[6, ["subtropical_percent", "subpolar_percent"]].isna().all()


def test_water_of_biomes_has_no_cells_in_a_gap(still):
    still[3] = NO_DATA
    fields = {"sst": np.full(still.shape, 15.0)}
    table = drivers_table(still, fields, TIMES, AREA, NAMES)
    gap = table[table["month"] == "2000-04"]
    assert (gap["n_cells"] == 0).all() and gap["mean"].isna().all()


def test_missing_coverage_is_not_checked_against_the_truth_as_zero(still):
    still[3] = NO_DATA
    truth = pd.DataFrame({"zone": "global", "month": month_names(TIMES), "regime": "warm", "truth": 20.0})
    check = coverage_check(table_of(still), truth, {1: "warm"}).set_index("month")
    assert np.isnan(check.loc["2000-04", "estimate"]) and np.isnan(check.loc["2000-04", "error"])
    np.testing.assert_allclose(check.drop("2000-04")["error"], 0)


def blank(*months):
    """Change of a field (month, lat, lon): these months have no value."""

    def change(values):
        values[list(months)] = np.nan
        return values

    return change


def test_months_without_values_are_counted_and_said(tmp_path, said):
    settings = product(tmp_path, sst=blank(3, 4, 9), dic=blank(9))
    with OceanData.open(settings) as data:
        survey = data.survey()
        assert survey.missing == {"sst": ["2005-04", "2005-05", "2005-10"], "dic": ["2005-10"]}
        table = survey.table.set_index("quantity")
        assert table.loc["sst", ["months_present", "months_missing"]].tolist() == [9, 3]
        assert table.loc["sst", "missing_months"] == "2005-04 to 2005-05, 2005-10"
        assert table.loc["alk", ["months_missing", "missing_months"]].tolist() == [0, ""]
    warned = [record.getMessage() for record in said.records if record.levelname == "WARNING"]
    assert len(warned) == 2
    assert all(word in warned[0] for word in ("variables.sst", "product.nc", "3 of 12 months", "2005-04 to 2005-05"))


def test_zeros_in_a_part_of_the_ocean(tmp_path, said):
    """Carbon that is 0 is missing; a temperature of 0 may be true, and is warned of where it is frequent."""

    def half(values):
        values[4, :6] = np.where(np.isnan(values[4, :6]), np.nan, 0)
        return values

    with OceanData.open(product(tmp_path, dic=half)) as data:
        _, present = data.read_month("2005-05")
        np.testing.assert_array_equal(present, data.ocean & (data.lat < 30))
    with OceanData.open(product(tmp_path, sst=half)) as data:
        assert data.survey().missing == {}
    warned = [record.getMessage() for record in said.records if record.levelname == "WARNING"]
    assert len(warned) == 1 and all(word in warned[0] for word in ("variables.sst", "exactly 0", "2005-05"))


def test_a_first_year_without_data_does_not_take_the_ocean_away(tmp_path):
    whole = product(tmp_path, "whole.nc", months=24)
    late = product(tmp_path, "late.nc", months=24, sst=blank(*range(12)))
    with OceanData.open(whole) as data:
        ocean = data.ocean
    with OceanData.open(late) as data:
        np.testing.assert_array_equal(data.ocean, ocean)
        assert data.survey().table.set_index("quantity").loc["sst", "median"] > 0


def test_runs_of_months():
    assert runs(["1999-11", "1999-12", "2000-01", "2000-03"]) == "1999-11 to 2000-01, 2000-03"
    assert runs([]) == "" and runs(["2000-05"]) == "2000-05"


def test_cells_know_whether_the_files_or_the_limits_took_their_points(tmp_path):
    """North of 30° there are no data in May; the limits take all points of June, which is no gap."""

    def no_north(values):
        values[4, :6] = np.nan
        return values

    settings = product(tmp_path, months=6, world=regimes, sst=no_north)
    cells = degree_cells(30)
    with OceanData.open(settings) as data:
        members = membership(cells, data.lat, data.lon, data.ocean)
        found, shares = [], []
        for month in data.months:
            limits = {"dic_min": 9000} if month == "2005-06" else {}
            fields, present = data.read_month(month, limits)
            found.append(slopes_of_month(fields, members, data.area_m2, cells.count))
            shares.append(data_shares(present, members, data.area_m2, cells.count))
        own = np.bincount(members.own_cell[members.own_cell >= 0], minlength=cells.count)
    dataset = slopes_dataset(data.months, found, cells, shares)
    north, ocean = np.repeat(cells.lat > 30, 12), own > 0
    share = dataset["data_share"].values.reshape(6, -1)
    assert (share[4, north & ocean] == 0).all() and (share[4, ~north & ocean] == 1).all()
    assert (share[5, ocean] == 1).all() and np.isnan(share[:, ~ocean]).all()
    area = np.where(ocean, 1.0, 0.0).reshape(cells.shape)
    nothing = [np.zeros(cells.count, "int8")] * 6
    chances = [np.full((cells.count, 2), np.nan, "float32")] * 6
    coordinates = {"time": ("time", month_starts(data.months)), "lat": ("lat", cells.lat), "lon": ("lon", cells.lon)}
    labels = labels_dataset(nothing, chances, area, coordinates, NAMES, dataset["data_share"].values)
    values = labels.label.values.reshape(6, -1)
    assert (values[4, north & ocean] == NO_DATA).all() and (values[4, ~north & ocean] == 0).all()
    assert (values[5, ocean] == 0).all() and (values[:, ~ocean] == -1).all()
    assert "no_data" in labels.label.attrs["flag_meanings"] and -2 in labels.label.attrs["flag_values"]


def test_a_kept_regression_is_a_biome_even_where_few_points_have_data():
    labels = [np.array([1, 0, 0, 0], "int8")]
    chances = [np.full((4, 1), 0.9, "float32")]
    coordinates = {"time": ("time", month_starts(["2000-01"])), "lat": ("lat", [0.0, 1]), "lon": ("lon", [0.0, 1])}
    share = np.array([[[0.1, 0.1], [0.6, np.nan]]])
    found = labels_dataset(labels, chances, np.array([[1.0, 1], [1, 0]]), coordinates, {1: "A"}, share)
    assert found.label.values.tolist() == [[[1, NO_DATA], [0, -1]]]
    assert isinstance(found, xr.Dataset)
