"""Months of time axes: bounds, their units, time stamps at either end of a month, dates as text."""

import logging

import cftime
import numpy as np
import pytest
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.dataset import OceanData
from climate_indicators.ocean.reader.time_axis import month_places, months_at, places_of_text
from climate_indicators.ocean.reader.time_coordinates import find_time_axis
from ocean_files import fields, product
from refusals import raises_naming

UNITS = "days since 1990-01-01"


def days(*dates, units=UNITS, calendar="standard"):
    """Numbers of dates such as (2000, 1, 16)."""
    return cftime.date2num([cftime.datetime(*date, calendar=calendar) for date in dates], units, calendar)


def ends_of_months(year, count=12):
    """First instants of months, one more than there are months."""
    return [(year + month // 12, month % 12 + 1, 1) for month in range(count + 1)]


def axis_of(stamps, values=None, name="time_bnds", time_stamp=None, bounds_attrs=None, **time):
    """Time axis of a variable with these times and bounds."""
    dataset = xr.Dataset({"sst": (("time", "x"), np.zeros((len(stamps), 2)))})
    dataset["time"] = ("time", np.asarray(stamps), {"units": UNITS} | time)
    if values is not None:
        dataset[name] = (("time", "nv"), np.asarray(values, "float64"), bounds_attrs or {})
    return find_time_axis(dataset, dataset.sst, None, time_stamp, "file.nc, variable sst")


def year(number):
    return tuple(f"{number}-{month:02d}" for month in range(1, 13))


def middles(number):
    return days(*[(number, month, 16) for month in range(1, 13)])


def pairs(number, **how):
    ends = days(*ends_of_months(number), **how)
    return np.stack([ends[:-1], ends[1:]], axis=1)


def test_bounds_of_a_month_decide_where_the_stamp_is_at_its_end():
    ends = days(*ends_of_months(2000))
    axis = axis_of(ends[1:], pairs(2000), bounds="time_bnds")
    assert axis.months == year(2000) and axis.warnings == () and "time_bnds" in axis.rule


@pytest.mark.parametrize("key", ["bounds", "climatology"])
def test_bounds_of_many_years_do_not_move_mean_months(key):
    """`cdo ymonmean` over ten years: the stamps lie in the last year, the bounds reach over all of them."""
    bounds = np.stack([pairs(2000)[:, 0], pairs(2009)[:, 1]], axis=1)
    axis = axis_of(middles(2009), bounds, **{key: "time_bnds"})
    assert axis.months == year(2009)
    assert axis.warnings == () and len(axis.of_series) == 1
    assert "time_bnds" in axis.of_series[0] and "month long" in axis.of_series[0]


def test_bounds_within_the_month_of_the_stamp_need_no_warning():
    """`cdo monmean` of five-day fields: bounds from the first field's middle to the last one's."""
    bounds = np.stack([pairs(2000)[:, 0] + 2, pairs(2000)[:, 1] - 4], axis=1)
    axis = axis_of(middles(2000), bounds, bounds="time_bnds")
    assert axis.months == year(2000) and axis.warnings == axis.of_series == ()


def test_bounds_of_several_months_are_told():
    """A running mean of three months is no monthly mean."""
    bounds = np.stack([pairs(2000)[:, 0] - 30, pairs(2000)[:, 1] + 30], axis=1)
    axis = axis_of(middles(2000), bounds, bounds="time_bnds")
    assert axis.months == year(2000) and len(axis.warnings) == 1 and "time_bnds" in axis.warnings[0]


@pytest.mark.parametrize("time_stamp", ["start", "end"])
def test_a_setting_that_the_stamps_contradict_is_refused(time_stamp):
    with pytest.raises(InputError, match="coordinates.time_stamp"):
        axis_of(middles(2000) + 1, time_stamp=time_stamp)
    assert axis_of(middles(2000), time_stamp="middle").months == year(2000)


def test_mean_months_of_cdo_have_their_own_temperature(tmp_path):
    """The whole way: month 1 of a climatology has January's temperature, not July's."""
    settings = product(tmp_path, months=12, first="2009-01")
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        changed = dataset.load()
    start = days(*ends_of_months(2000), units="days since 1982-01-01")[:-1]
    end = days(*ends_of_months(2009), units="days since 1982-01-01")[1:]
    changed["time_bnds"] = (("time", "bnds"), np.stack([start, end], axis=1).astype("float64"))
    changed["time"].attrs["bounds"] = "time_bnds"
    changed.to_netcdf(tmp_path / "ymonmean.nc")
    settings |= {"files": [str(tmp_path / "ymonmean.nc")], "climatology": True, "first_month": None, "last_month": None}
    with OceanData.open(settings) as data:
        for month in (1, 7):
            found = data.read(f"2001-{month:02d}")["sst"]
            np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, month)["sst"][data.ocean])


@pytest.mark.parametrize("units", ["days since 1990-01-16", "hours since 1970-01-01", "days since 1850-01-01"])
def test_bounds_with_units_of_their_own_are_decoded_by_them(units):
    axis = axis_of(middles(1992), pairs(1992, units=units), bounds_attrs={"units": units}, bounds="time_bnds")
    assert axis.months == year(1992) and axis.warnings == () and "bounds" in axis.rule


def test_bounds_without_units_have_those_of_the_time():
    axis = axis_of(middles(1992), pairs(1992), bounds="time_bnds", bounds_attrs={"long_name": "bounds"})
    assert axis.months == year(1992) and "bounds" in axis.rule


def test_bounds_that_do_not_contain_their_stamps_are_not_used():
    """After a join the numbers of the bounds may count from another day, and no attribute says so."""
    axis = axis_of(middles(1992), pairs(1992, units="days since 1850-01-01"), bounds="time_bnds")
    assert axis.months == year(1992) and "do not contain" in axis.warnings[0]


@pytest.mark.parametrize(
    "name", ["time_bnds", "time_bounds", "bounds_time", "time_bound", "TIME_bnds", "time_edges", "climatology_bounds"]
)
def test_bounds_of_a_usual_name_are_found(name):
    attrs = {"climatology": name} if name.startswith("clim") else {}
    ends = days(*ends_of_months(2000))
    axis = axis_of(ends[1:], pairs(2000), name=name, **attrs)
    assert axis.months == year(2000) and axis.warnings == ()


def test_stamps_at_the_first_instant_are_ambiguous_until_it_is_said_what_they_mark():
    ends = days(*ends_of_months(2000))[1:]
    axis = axis_of(ends)
    assert axis.months[0] == "2000-02" and axis.months[-1] == "2001-01"
    assert len(axis.warnings) == 1 and "coordinates.time_stamp: end" in axis.warnings[0]
    assert axis_of(ends, time_stamp="end").months == year(2000)
    assert axis_of(ends, time_stamp="end").warnings == ()
    begin = axis_of(days(*ends_of_months(2000))[:-1], time_stamp="start")
    assert begin.months == year(2000) and begin.warnings == ()


@pytest.mark.parametrize("hour", [0, 12])
def test_stamps_on_the_last_day_of_a_month(hour):
    last = [days((2000, month, day, hour))[0] for month, day in ((1, 31), (2, 29), (4, 30))]
    expected = ("2000-01", "2000-02", "2000-04")
    for time_stamp in (None, "end", "middle"):
        axis = axis_of(last, time_stamp=time_stamp)
        assert axis.months == expected and axis.warnings == ()


def test_a_setting_that_contradicts_the_bounds_is_warned_of():
    starts = pairs(2000)[:, 0]
    axis = axis_of(starts, pairs(2000), bounds="time_bnds", time_stamp="end")
    assert axis.months[0] == "1999-12" and "time_bnds" in axis.warnings[0]


def test_the_warning_is_said_once_by_the_job_that_looks_through_the_data(tmp_path, caplog, monkeypatch):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        changed = dataset.load()
    changed["time"] = ("time", days(*ends_of_months(2005))[1:], {"units": UNITS})
    changed.to_netcdf(tmp_path / "ends.nc")
    settings["files"] = [str(tmp_path / "ends.nc")]
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    with raises_naming(InputError, "2005-01", "coordinates.time_stamp: end"):
        OceanData.open(settings)
    with OceanData.open(settings | {"first_month": "2005-02"}) as data:
        ocean = data.ocean
    warned = [record for record in caplog.records if "first instant" in record.getMessage()]
    assert len(warned) == 1 and "ends.nc" in warned[0].getMessage()
    caplog.clear()
    with OceanData.open(settings | {"first_month": "2005-02"}, ocean):
        assert not [record for record in caplog.records if record.levelname == "WARNING"]
    settings["coordinates"] = {"time_stamp": "end"}
    with OceanData.open(settings) as data:
        found = data.read("2005-01")["sst"]
        np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, 1)["sst"][data.ocean])


def test_files_of_a_month_each_are_warned_of_once(tmp_path, caplog, monkeypatch):
    settings = product(tmp_path)
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        whole = dataset.load()
    whole["time"] = ("time", days(*ends_of_months(2005))[:-1], {"units": UNITS})
    settings["files"] = [str(tmp_path / f"{month:02d}.nc") for month in range(1, 13)]
    for month, path in enumerate(settings["files"]):
        whole.isel(time=[month]).to_netcdf(path)
    with OceanData.open(settings) as data:
        assert data.months == list(year(2005))
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1 and "01.nc" in warned[0] and "71 more" in warned[0]


def test_a_file_without_any_time_is_refused(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        dataset.isel(time=slice(0, 0)).load().to_netcdf(tmp_path / "none.nc", unlimited_dims=["time"])
    with raises_naming(InputError, "none.nc, variable sst", "times"):
        OceanData.open(settings | {"files": [str(tmp_path / "none.nc")]})


@pytest.mark.parametrize("calendar", ["standard", "noleap", "360_day", "julian"])
def test_places_count_months_in_every_calendar(calendar):
    values = days((2001, 3, 1), (2001, 3, 16, 12), (2001, 12, 30), calendar=calendar)
    found = month_places(values, UNITS, calendar, "")
    half = 0.5 if calendar != "360_day" else 15.5 / 30
    assert found[:2] == pytest.approx([12 * 2001 + 2, 12 * 2001 + 2 + half])
    assert months_at(found) == ["2001-03", "2001-03", "2001-12"]


@pytest.mark.parametrize(
    "units", ["days since 01-JAN-1982", "days since 01-Jan-1982 00:00:00", "days since 1-january-1982"]
)
def test_a_day_with_the_name_of_its_month(units):
    assert months_at(month_places(np.array([0, 31, 366]), units, "standard", "")) == ["1982-01", "1982-02", "1983-01"]


@pytest.mark.parametrize("units", ["days since 01-FOO-1982", "days since the flood", "furlongs since 2000-01-01"])
def test_units_that_are_not_understood_are_named(units):
    with pytest.raises(InputError, match="file.nc, variable sst") as refused:
        month_places(np.array([0.0]), units, "standard", "file.nc, variable sst")
    assert units in str(refused.value)


@pytest.mark.parametrize(
    ("units", "value"),
    [("days since 2000-01-01", 1e7), ("months since 2000-01-01", -1e5), ("day as %Y%m%d", 9.99e9), (UNITS, 1e300)],
)
def test_times_in_no_year_are_refused(units, value):
    with pytest.raises(InputError, match="file.nc"):
        month_places(np.array([value]), units, "standard", "file.nc, variable sst")


@pytest.mark.parametrize(
    "texts",
    [
        ["2000-01-16", "2000-02-15"],
        ["2000-01", "2000-02"],
        ["20000116", "20000215"],
        ["2000-01-16T12:00:00", "2000-02-15T00:00:00Z"],
        [b"2000-01-16_12:00:00", b"2000-02-15_00:00:00"],
    ],
)
def test_dates_as_text(texts):
    assert months_at(places_of_text(texts, "")) == ["2000-01", "2000-02"]


@pytest.mark.parametrize("text", ["January 2000", "2000-13-01", "16.01.2000", ""])
def test_text_that_is_no_date_is_named(text):
    with pytest.raises(InputError, match="file.nc, variable sst") as refused:
        places_of_text(["2000-01-16", text], "file.nc, variable sst")
    assert repr(text) in str(refused.value)


def test_times_as_text_in_a_file(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        changed = dataset.load()
    changed["time"] = ("time", np.array([f"2005-{month:02d}-15" for month in range(1, 13)], object))
    changed.to_netcdf(tmp_path / "text.nc")
    with OceanData.open(settings | {"files": [str(tmp_path / "text.nc")]}) as data:
        assert data.months == list(year(2005))
