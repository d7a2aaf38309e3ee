"""Frequency of biomes over the years, and cores."""

import numpy as np
import pytest

from climate_indicators.ocean.indicators.frequency import Frequency, core_table

NAMES = {1: "ICE I", 2: "SUBP I"}
LAT, LON = np.array([10.0]), np.array([0.0, 10.0, 20.0, 30.0])
TIMES = np.datetime64("2000-01") + np.arange(24)


@pytest.fixture
def labels():
    """Two years of four cells: never changes; summers only; unclassified once; land."""
    values = np.full((24, 1, 4), 1, "int8")
    values[[5, 6, 7, 17, 18], 0, 1] = 2
    values[3, 0, 2] = 0
    values[:, 0, 3] = -1
    return values


def counted(labels, times=TIMES, cuts=(0, 24)):
    frequency = Frequency(2, (1, 4))
    for start, stop in zip(cuts[:-1], cuts[1:], strict=True):
        frequency.add(labels[start:stop], times[start:stop])
    return frequency


def test_shares_of_years_and_of_months(labels):
    found = counted(labels).dataset(LAT, LON, NAMES)
    shares = found["frequency"].sel(biome=2, lat=10, lon=10)
    assert shares.sel(calendar_month=[5, 6, 7, 8]).values.tolist() == [0, 1, 1, 0.5]
    assert found["frequency_all"].sel(biome=2).values[0, :3].tolist() == pytest.approx([0, 5 / 24, 0])
    assert found["frequency_all"].sel(biome=0).values[0, :3].tolist() == pytest.approx([0, 0, 1 / 24])
    assert np.isnan(found["frequency_all"].values[..., 3]).all()
    np.testing.assert_allclose(found["frequency"].values[..., :3].sum(axis=1), 1)
    assert found["n_years"].values.tolist() == [2] * 12


def test_core_never_changes(labels):
    found = counted(labels).dataset(LAT, LON, NAMES)
    assert found["core"].values.tolist() == [[1, 0, 0, -1]]
    assert found["core_by_calendar_month"].sel(calendar_month=6).values.tolist() == [[1, 2, 1, -1]]
    assert found["core_by_calendar_month"].sel(calendar_month=8).values.tolist() == [[1, 0, 1, -1]]
    assert found["core_by_calendar_month"].sel(calendar_month=4).values.tolist() == [[1, 1, 0, -1]]
    assert found["most_frequent"].values.tolist() == [[1, 1, 1, -1]]


def test_core_may_forgive_unclassified_months_but_no_change(labels):
    found = counted(labels).dataset(LAT, LON, NAMES, min_classified=0.9)
    assert found["core"].values.tolist() == [[1, 0, 1, -1]]
    assert counted(labels).dataset(LAT, LON, NAMES, 0.97)["core"].values.tolist() == [[1, 0, 0, -1]]


def test_parts_add_up_and_months_not_seen_have_no_share(labels):
    whole, parts = (
        counted(labels).dataset(LAT, LON, NAMES),
        counted(labels, cuts=(0, 5, 6, 24)).dataset(LAT, LON, NAMES),
    )
    assert whole.identical(parts)
    start = counted(labels, cuts=(0, 3)).dataset(LAT, LON, NAMES)
    assert np.isnan(start["frequency"].sel(calendar_month=4)).all()
    assert (start["core_by_calendar_month"].sel(calendar_month=4).values[0, :3] == 0).all()
    assert start["core"].values.tolist() == [[1, 1, 1, -1]]


def test_core_areas(labels):
    found = counted(labels).dataset(LAT, LON, NAMES)
    table = core_table(found, np.array([[1.0, 2.0, 4.0, 0.0]]), NAMES)
    assert table["mean_km2"].tolist() == pytest.approx([1 + 2 * 19 / 24 + 4 * 23 / 24, 2 * 5 / 24])
    assert table["core_km2"].tolist() == [1, 0] and table["core_percent"].iloc[1] == 0


def test_file_follows_cf_and_comes_back(labels, tmp_path):
    import xarray as xr

    found = counted(labels).dataset(LAT, LON, NAMES)
    found.to_netcdf(tmp_path / "frequency.nc")
    with xr.open_dataset(tmp_path / "frequency.nc") as read:
        np.testing.assert_array_equal(read["core"], found["core"])
        assert read["core"].attrs["flag_meanings"] == "land no_core ICE_I SUBP_I"
        assert read["core"].attrs["flag_values"].tolist() == [-1, 0, 1, 2]
        assert read["lat"].attrs["units"] == "degrees_north" and "units" in read["frequency"].attrs
