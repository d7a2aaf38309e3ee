"""Balance of the middle latitudes."""

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.indicators.midlatitude_balance import MidlatitudeBalance
from refusals import raises_naming

LAT = np.array([-40.0, 0.0, 40.0])
AREA = np.array([[1.0, 1.0], [5.0, 5.0], [1.0, 3.0]])
FAMILIES = {1: "subpolar", 2: "subtropical", 3: "upwelling"}
SLOPES = {"sst": 12.0, "dic": 1.5, "alk": -1.2}


def months(years):
    return np.datetime64("2000-01") + np.arange(12 * years)


def blocks(years, sst, dic, alk, labels=2):
    """Labels, slopes, means and times; drivers are given by month and are the same in all cells."""
    shape = (12 * years, 3, 2)
    means = {
        name: np.broadcast_to(np.reshape(np.broadcast_to(values, shape[0]), (-1, 1, 1)), shape)
        for name, values in (("sst", sst), ("dic", dic), ("alk", alk))
    }
    slopes = {name: np.full(shape, slope) for name, slope in SLOPES.items()}
    return np.broadcast_to(np.asarray(labels, "int8"), shape).copy(), slopes, means, months(years)


def table_of(*parts, **more):
    midlatitude_balance = MidlatitudeBalance(FAMILIES, AREA, LAT, **more)
    for part in parts:
        midlatitude_balance.add(*part)
    return midlatitude_balance.table()


def test_shares_of_area_and_their_spread():
    labels, *rest = blocks(2, 20, 2000, 2300, 3)
    labels[:, 2, 0], labels[:12, 2, 1], labels[12:, 2, 1] = 1, 2, 0
    table = table_of((labels, *rest))
    assert table[["band", "calendar_month"]].drop_duplicates().shape == (24, 2) and (table["n_years"] == 2).all()
    north = table[table["band"] == "north"]
    np.testing.assert_allclose(north["subpolar_percent"], 25)
    np.testing.assert_allclose(north["subpolar_sd_percent"], 0)
    np.testing.assert_allclose(north["subtropical_percent"], 37.5)
    np.testing.assert_allclose(north["subtropical_sd_percent"], np.std([75, 0], ddof=1))
    assert (table[table["band"] == "south"][["subpolar_percent", "subtropical_percent"]] == 0).all(axis=None)


def test_only_temperature_varies_is_all_thermal_and_the_reverse():
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    np.testing.assert_allclose(table_of(blocks(1, 20 + 5 * wave, 2000, 2300))["thermal_share"], 1)
    np.testing.assert_allclose(table_of(blocks(1, 20, 2000 + 9 * wave, 2300))["thermal_share"], 0)
    still = table_of(blocks(1, 20, 2000, 2300))
    assert still["thermal_share"].isna().all() and still["thermal_share_interannual"].isna().all()


def test_thermal_share_weighs_spreads_by_slopes():
    wave = np.cos(2 * np.pi * np.arange(24) / 12)
    table = table_of(blocks(2, 20 + 5 * wave, 2000 + 20 * wave, 2300 - 10 * wave))
    np.testing.assert_allclose(table["thermal_share"], 60 / (60 + 30 + 12))
    # with signs alkalinity that falls where carbon rises adds to it: 1.5 × 20 + 1.2 × 10
    np.testing.assert_allclose(table["thermal_uatm"], 60 * wave[[*range(12), *range(12)]], atol=1e-9)
    np.testing.assert_allclose(table["non_thermal_uatm"], 42 * wave, atol=1e-9)


def test_alkalinity_that_goes_with_carbon_compensates_it():
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    table = table_of(blocks(1, 20, 2000 + 20 * wave, 2300 + 25 * wave))
    np.testing.assert_allclose(table["non_thermal_uatm"], 0, atol=1e-9)


def test_share_between_years_sees_anomalies_only():
    season = np.tile(8 * np.cos(2 * np.pi * np.arange(12) / 12), 2)
    year = np.repeat([-1.0, 1.0], 12)
    table = table_of(blocks(2, 20 + season + 0.5 * year, 2000 + 2 * year, 2300))
    np.testing.assert_allclose(table["thermal_share_interannual"], 6 / (6 + 3), rtol=1e-9)
    assert (table["thermal_share"] > 0.999).all()


def test_families_have_shares_of_their_own_cells():
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    labels, slopes, means, times = blocks(1, 20 + 5 * wave, 2000 + 20 * wave, 2300, 2)
    labels[:, 2, 1] = 1
    slopes["sst"][:, 2, 1] = 0.0
    north = table_of((labels, slopes, means, times)).query("band == 'north'")
    np.testing.assert_allclose(north["thermal_share_subpolar"], 0, atol=1e-12)
    np.testing.assert_allclose(north["thermal_share_subtropical"], 60 / 90)
    np.testing.assert_allclose(north["thermal_share"], 60 / (90 + 3 * 30)), "by area 1 and 3"


def test_cells_without_a_kept_regression_do_not_count():
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    labels, slopes, means, times = blocks(1, 20 + 5 * wave, 2000 + 20 * wave, 2300, 2)
    labels[:, 2, 1] = 0
    for name in slopes:
        slopes[name][:, 2, 1] = np.nan
    north = table_of((labels, slopes, means, times)).query("band == 'north'")
    np.testing.assert_allclose(north["thermal_share"], 60 / 90)
    np.testing.assert_allclose(north["subtropical_percent"], 25)


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(2)
    labels, slopes, means, times = blocks(3, rng.normal(20, 3, 36), rng.normal(2000, 9, 36), rng.normal(2300, 9, 36))
    cut = [slice(0, 7), slice(7, 30), slice(30, 36)]
    parts = [
        (labels[one], {n: v[one] for n, v in slopes.items()}, {n: v[one] for n, v in means.items()}, times[one])
        for one in cut
    ]
    whole, pieces = table_of((labels, slopes, means, times)), table_of(*parts)
    np.testing.assert_allclose(pieces.drop(columns="band"), whole.drop(columns="band"), rtol=1e-12)


def test_annual_carbon_has_no_season():
    """Fields that do not change from month to month must not look thermal or not by rounding."""
    table = table_of(blocks(3, 20, 2000.1234567, 2300.7654321))
    assert table[["thermal_share", "thermal_share_interannual"]].isna().all(axis=None)


def test_band_without_ocean_is_named():
    with raises_naming(InputError, "'far'", "lat [60, 70]"):
        table_of(bands=[{"name": "far", "lat": [60, 70]}])
