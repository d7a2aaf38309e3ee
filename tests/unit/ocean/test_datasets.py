"""Reading ocean data sets of every kind, and the refusals."""

import logging

import numpy as np
import pytest
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.indicators.coast import EARTH_RADIUS_M, unit_vectors
from climate_indicators.ocean.reader.carbonate_system import fco2, fco2_from_pco2
from climate_indicators.ocean.reader.coordinates import Grid
from climate_indicators.ocean.reader.dataset import OceanData
from climate_indicators.ocean.reader.point_areas import point_areas
from climate_indicators.ocean.reader.points import filter_points
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean
from ocean_files import climatology, cmip6, curvilinear, fields, land, nemo, product

GLOBE_M2 = 4 * np.pi * EARTH_RADIUS_M**2


def opened(settings):
    return OceanData.open(settings)


@pytest.fixture
def said(caplog, monkeypatch):
    """What the library logs."""
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    with caplog.at_level("INFO", "climate_indicators"):
        yield caplog


def refusal(settings, *words):
    with pytest.raises(InputError) as error, OceanData.open(settings):
        pass
    message = str(error.value)
    assert all(word in message for word in words), message
    return message


def test_nemo(tmp_path):
    settings = nemo(tmp_path)
    with opened(settings) as data:
        assert data.months[0] == "2008-01" and data.months[-1] == "2009-12" and len(data.months) == 24
        assert not data.rectilinear and data.computed_fco2 and data.annual_only == []
        lat, lon = curvilinear()
        own = ~land(lat, lon)
        assert data.ocean.sum() == own.sum(), "points stored twice count once"
        found = data.read("2009-03")
        np.testing.assert_allclose(data.area_m2[data.ocean], 3e12 * np.cos(np.radians(data.lat[data.ocean])), rtol=1e-6)
        truth = fields(data.lat, data.lon, 3)
        assert list(found) == ["sst", "dic", "alk", "fco2", "salinity", "mld"]
        for key in ("sst", "dic", "alk", "salinity", "mld"):
            assert found[key].dtype == np.float64 and np.isnan(found[key][~data.ocean]).all()
            np.testing.assert_allclose(found[key][data.ocean], truth[key][data.ocean], rtol=1e-4, atol=1e-3)
        expected = fco2(*(found[key] for key in ("sst", "salinity", "dic", "alk")))
        np.testing.assert_array_equal(found["fco2"], expected)
    assert np.isfinite(expected).sum() == data.ocean.sum()


def test_nemo_without_mask_takes_land_from_zeros_and_area_from_neighbors(tmp_path):
    settings = nemo(tmp_path, (2008,))
    with opened(settings) as data:
        masked = data.ocean
    settings["mask"] = settings["cell_edges"] = None
    with opened(settings) as data:
        np.testing.assert_array_equal(data.ocean, masked)
        lat, lon = curvilinear()
        share = np.cos(np.radians(data.lat)) * np.radians(20) * np.radians(150 / 11) * EARTH_RADIUS_M**2
        inner = data.ocean & (np.abs(data.lat) < 60)
        np.testing.assert_allclose(data.area_m2[inner], share[inner], rtol=0.06)


def test_coordinates_from_the_mesh(tmp_path):
    settings = nemo(tmp_path, (2008,))
    bare = tmp_path / "bare.nc"
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        dataset.drop_vars(["nav_lat", "nav_lon"]).to_netcdf(bare)
    with opened(settings) as data:
        lat = data.lat
    with opened(settings | {"files": [str(bare)]}) as data:
        np.testing.assert_array_equal(data.lat, lat)
    settings = settings | {"files": [str(bare)], "mask": None, "cell_edges": None}
    refusal(settings, "bare.nc", "no latitude and longitude", "coordinates.lat")


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "standard"])
def test_cmip6(tmp_path, calendar):
    with opened(cmip6(tmp_path, calendar)) as data:
        assert len(data.months) == 24 and not data.rectilinear and not data.computed_fco2
        assert data.lon.min() >= -180 and data.lon.max() < 180
        lat, lon = curvilinear()
        np.testing.assert_array_equal(data.ocean, ~land(lat, lon))
        found = data.read("2001-12")
        truth = fields(data.lat, data.lon, 12)
        ocean = data.ocean
        for key in ("sst", "dic", "alk", "salinity", "ice"):
            np.testing.assert_allclose(found[key][ocean], truth[key][ocean], rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(
            found["fco2"][ocean], fco2_from_pco2(300 + truth["sst"], truth["sst"])[ocean], rtol=1e-5
        )
        assert "pco2" not in found and found["ice"][ocean].max() <= 1
        table = data.inspect().set_index("quantity")
    assert table.loc["pco2", "unit_found"] == "Pa" and table.loc["pco2", "unit"] == "uatm"
    assert table.loc["dic", ["n_files", "first_month", "last_month"]].tolist() == [2, "2000-01", "2001-12"]
    assert 2000 < table.loc["dic", "median"] < 2200 and table.loc["ice", "maximum"] <= 1


def test_undeclared_gaps(tmp_path):
    """1e20 that the file does not declare, and kelvin."""
    settings = product(
        tmp_path,
        sst=lambda values: np.where(np.isnan(values), 1e20, values + 273.15),
        dic=lambda values: np.where(np.isnan(values), -999, values),
    )
    settings["variables"]["sst"]["unit"] = "K"
    with opened(settings) as data:
        np.testing.assert_array_equal(data.ocean, ~land(data.lat, data.lon))
        found = data.read("2005-06")
        np.testing.assert_allclose(found["sst"][data.ocean], fields(data.lat, data.lon, 6)["sst"][data.ocean])


def test_regular_product(tmp_path):
    with opened(product(tmp_path, months=24)) as data:
        assert data.rectilinear and data.lat[0, 0] == 85 and data.lon[0, 0] == 5 and data.lon[0, -1] == -5
        np.testing.assert_array_equal(data.ocean, ~land(data.lat, data.lon))
        assert data.area_m2.sum() == pytest.approx(GLOBE_M2), "zones are exact"
        found = data.read("2006-07")["sst"]
        np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, 7)["sst"][data.ocean])


def test_variables_in_another_order_of_rows_and_columns(tmp_path):
    settings = product(tmp_path)
    with opened(settings) as data:
        expected = data.read("2005-02")
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        turned = dataset[["dic"]].load().sortby("lat").roll(lon=18, roll_coords=True)
        turned = turned.assign_coords(lon=(turned.lon + 180) % 360 - 180).transpose("lon", "time", "lat")
    turned.to_netcdf(tmp_path / "dic.nc")
    settings["variables"]["dic"]["files"] = [str(tmp_path / "dic.nc")]
    with opened(settings) as data:
        found = data.read("2005-02")
        np.testing.assert_array_equal(found["dic"], expected["dic"])


def test_mask_in_another_order(tmp_path):
    settings = product(tmp_path)
    lat, lon = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)
    ocean = ~land(*np.meshgrid(lat, lon, indexing="ij")) & (lon > 0)
    xr.Dataset({"m": (("lat", "lon"), ocean.astype("int8"))}, {"lat": lat, "lon": lon}).to_netcdf(tmp_path / "m.nc")
    settings["mask"] = {"name": "m", "files": [str(tmp_path / "m.nc")]}
    with opened(settings) as data:
        np.testing.assert_array_equal(data.ocean, ~land(data.lat, data.lon) & (data.lon > 0))


def test_a_column_at_both_ends_counts_once(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        last = dataset.isel(lon=[0]).assign_coords(lon=[365.0])
        wide = xr.concat([dataset, last], "lon").load()
    wide.to_netcdf(tmp_path / "wide.nc")
    with opened(settings | {"files": [str(tmp_path / "wide.nc")]}) as data:
        assert data.ocean.shape == (18, 37) and data.ocean[0, 0] and not data.ocean[:, -1].any()
        assert data.area_m2[data.ocean].sum() == pytest.approx(
            data.area_m2[:, :36][~land(data.lat, data.lon)[:, :36]].sum()
        )


def test_climatology(tmp_path, said):
    with opened(climatology(tmp_path)) as data:
        assert data.months == [f"2001-{month:02d}" for month in range(1, 13)]
        assert data.annual_only == ["dic", "alk"] and data.calendar_only == []
        first, second = data.read("2001-01"), data.read("2001-07")
    assert "dic, alk: without time" in said.text
    np.testing.assert_array_equal(first["dic"], second["dic"])
    assert np.nanmax(np.abs(first["sst"] - second["sst"])) > 3


def test_climatology_is_no_series(tmp_path):
    settings = climatology(tmp_path)
    refusal(settings | {"climatology": False}, "climatology.nc", "no year", "climatology: true")
    refusal(settings | {"first_month": "2000-01", "last_month": "2009-12"}, "different years", "twelve months")
    series = product(tmp_path, months=24) | {"climatology": True, "first_month": None, "last_month": None}
    refusal(series, "month 01 is there twice", "set it to false")


def test_one_variable_known_by_calendar_month_only(tmp_path):
    settings = product(tmp_path, months=24)
    with xr.open_dataset(climatology(tmp_path)["files"][0]) as dataset:
        dataset[["salinity"]].to_netcdf(tmp_path / "salinity.nc")
    settings["variables"]["salinity"] = {"name": "salinity", "files": [str(tmp_path / "salinity.nc")], "unit": "psu"}
    with opened(settings) as data:
        assert data.calendar_only == ["salinity"]
        np.testing.assert_array_equal(data.read("2005-03")["salinity"], data.read("2006-03")["salinity"])


def test_range_from_the_files(tmp_path):
    with opened(product(tmp_path, months=7) | {"first_month": None, "last_month": None}) as data:
        assert data.months == [f"2005-{month:02d}" for month in range(1, 8)]


def test_months_since(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        changed = dataset.load()
    changed["time"] = ("time", np.arange(12) + 0.5, {"units": "months since 2004-01-01"})
    changed.to_netcdf(tmp_path / "since.nc")
    settings |= {"files": [str(tmp_path / "since.nc")], "first_month": None, "last_month": None}
    with opened(settings) as data:
        assert data.months[0] == "2004-01" and data.months[-1] == "2004-12"


def test_missing_variable(tmp_path):
    settings = product(tmp_path)
    settings["variables"]["dic"]["name"] = "dissic"
    refusal(settings, "product.nc", "no variable 'dissic'", "variables.dic.name", "alk, dic, ice, mld, salinity, sst")


def test_missing_or_broken_file(tmp_path):
    settings = product(tmp_path)
    refusal(settings | {"files": [str(tmp_path / "none.nc")]}, "none.nc does not exist")
    (tmp_path / "broken.nc").write_text("no NetCDF")
    refusal(settings | {"files": [str(tmp_path / "broken.nc")]}, "broken.nc cannot be read")
    refusal(settings | {"files": []}, "no files for sst")


def test_nothing_to_regress(tmp_path):
    settings = product(tmp_path)
    settings["variables"]["salinity"] = None
    refusal(settings, "neither fCO2", "variables.fco2, variables.pco2", "variables.salinity")
    del settings["variables"]["alk"]
    refusal(settings, "variables.alk", "not set")


def test_missing_months(tmp_path):
    settings = product(tmp_path)
    refusal(settings | {"last_month": "2006-02"}, "no field for 2006-01, 2006-02", "2005-01 to 2005-12", "last_month")
    refusal(settings | {"first_month": "1990-01", "last_month": "1990-12"}, "no time lies in 1990-01 to 1990-12")
    refusal(settings | {"first_month": "2005-06", "last_month": "2005-01"}, "lies before first_month")
    refusal(settings | {"first_month": "June 2005"}, "first_month is 'June 2005'")


def test_a_month_twice(tmp_path):
    settings = product(tmp_path)
    other = product(tmp_path, "again.nc", months=3, first="2005-12")
    refusal(
        settings | {"files": settings["files"] + other["files"]}, "2005-12 is there twice", "product.nc", "again.nc"
    )


def test_other_grids(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        dataset[["dic"]].isel(lon=slice(0, 30)).to_netcdf(tmp_path / "small.nc")
        dataset[["dic"]].assign_coords(lon=dataset.lon + 5).to_netcdf(tmp_path / "shifted.nc")
        dataset[["dic"]].isel(time=slice(0, 6)).to_netcdf(tmp_path / "first.nc")
        dataset[["dic"]].isel(time=slice(6, 12), lat=slice(0, 9)).to_netcdf(tmp_path / "second.nc")
    for name, words in (("small.nc", "18 × 30"), ("shifted.nc", "or shifted")):
        settings["variables"]["dic"]["files"] = [str(tmp_path / name)]
        refusal(settings, name, "another grid", words)
    settings["variables"]["dic"]["files"] = [str(tmp_path / "first.nc"), str(tmp_path / "second.nc")]
    refusal(settings, "second.nc", "9 × 36 points", "one grid")


def test_units(tmp_path):
    settings = product(tmp_path)
    settings["variables"]["dic"]["unit"] = "mg m-3"
    refusal(settings, "product.nc, variable dic", "'mg m-3'", "variables.dic.unit")
    settings["variables"]["dic"]["unit"] = "mol m-3"
    refusal(settings, "product.nc, variable dic", "median", "variables.dic.unit")
    settings = climatology(tmp_path)
    settings["variables"]["sst"]["unit"] = None
    refusal(settings, "climatology.nc, variable sst", "no units attribute", "variables.sst.unit")


def test_a_wrong_unit_in_a_later_month_is_found(tmp_path):
    def late_kelvin(values):
        values[5] += 273.15
        return values

    with opened(product(tmp_path, sst=late_kelvin)) as data:
        data.read("2005-05")
        with pytest.raises(InputError, match="median"):
            data.read("2005-06")


def test_no_ocean(tmp_path):
    settings = product(tmp_path, dic=lambda values: values * np.nan)
    refusal(settings, "no point of the ocean")
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        (dataset.sst.isel(time=0) * 0).to_dataset(name="mask").to_netcdf(tmp_path / "mask.nc")
    refusal(settings | {"mask": {"name": "mask", "files": [str(tmp_path / "mask.nc")]}}, "no point", "mask.name")
    refusal(settings | {"mask": {"name": "tmask", "files": None}}, "no variable 'tmask'", "mask.name")


def test_swapped_coordinates(tmp_path):
    settings = nemo(tmp_path, (2008,)) | {"coordinates": {"lat": "nav_lon", "lon": "nav_lat", "time": None}}
    refusal(settings, "latitudes reach", "−90 and 90", "coordinates.lat")


def test_dimension_that_is_not_understood(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        members = dataset.expand_dims(member=3).load()
        daily = dataset.drop_vars("time").load()
    members.to_netcdf(tmp_path / "members.nc")
    daily.to_netcdf(tmp_path / "timeless.nc")
    refusal(settings | {"files": [str(tmp_path / "members.nc")]}, "members.nc", "'member' of length 3")
    refusal(settings | {"files": [str(tmp_path / "timeless.nc")]}, "'time' of length 12 has no values")


def test_unstructured_grid(tmp_path):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        flat = dataset.load().stack(cell=("lat", "lon")).reset_index("cell")
    flat.to_netcdf(tmp_path / "flat.nc")
    refusal(settings | {"files": [str(tmp_path / "flat.nc")]}, "flat.nc", "regrid")


def test_area_of_the_files(tmp_path):
    settings = product(tmp_path)
    with opened(settings) as data:
        computed = data.area_m2
    area = xr.DataArray(computed / 1e6, dims=("lat", "lon"), attrs={"units": "km2"}).to_dataset(name="areacello")
    area.to_netcdf(tmp_path / "area.nc")
    with opened(settings | {"cell_edges": {"area": "areacello", "files": [str(tmp_path / "area.nc")]}}) as data:
        np.testing.assert_allclose(data.area_m2, computed, rtol=1e-12)
    area.areacello.attrs["units"] = "degrees2"
    area.to_netcdf(tmp_path / "area2.nc")
    refusal(settings | {"cell_edges": {"area": "areacello", "files": [str(tmp_path / "area2.nc")]}}, "degrees2", "km2")


def test_borders_of_the_file_decide_areas(tmp_path):
    settings = product(tmp_path)
    edges = np.degrees(np.arcsin(np.linspace(1, -1, 19)))
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        bounded = dataset.load().assign(lat_bnds=(("lat", "nv"), np.stack([edges[:-1], edges[1:]], axis=1)))
    bounded.lat.attrs["bounds"] = "lat_bnds"
    bounded.to_netcdf(tmp_path / "bounded.nc")
    with opened(settings | {"files": [str(tmp_path / "bounded.nc")]}) as data:
        np.testing.assert_allclose(data.area_m2, GLOBE_M2 / (18 * 36), rtol=1e-6)


def test_areas_of_a_bent_grid():
    """A turned globe: areas by neighbors are those of the zones that were turned."""
    lat, lon = np.meshgrid(np.arange(-79, 80, 2.0), np.arange(-179, 180, 2.0), indexing="ij")
    zones = point_areas(Grid(lat, lon, True))
    x, y, z = np.moveaxis(unit_vectors(lat, lon), -1, 0)
    turned = np.degrees(np.arcsin(np.clip(x, -1, 1))), np.degrees(np.arctan2(y, z))
    found = point_areas(Grid(*turned, False))
    np.testing.assert_allclose(found[:, 1:-1], zones[:, 1:-1], rtol=0.01)
    holes = [np.where((lat > 30) & (lat < 40), np.nan, field) for field in turned]
    found = point_areas(Grid(*holes, False))
    known = np.isfinite(holes[0])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[known][1:-1], zones[known][1:-1], rtol=0.1)


def points():
    fresh = {"sst": [10.0, 10, 10, 41, 10, np.nan, 10], "dic": [2000, 1499, 2000, 2000, 2000, 2000, 2000]}
    rest = {"alk": [2300, 2300, 1699, 2300, 2300, 2300, 2300], "fco2": [300, 300, 300, 300, 541, 300, 300]}
    return {name: np.array(values, "float32") for name, values in (fresh | rest | {"mld": [50] * 7}).items()}


AREA = np.ones(7)


def test_filter_takes_out_whole_points():
    found = filter_points(points(), AREA)
    for values in found.values():
        assert np.isnan(values).tolist() == [False, True, True, True, True, True, False] and values.dtype == np.float32
    limits = {"dic_min": None, "alk_min": None, "sst_max": 50, "fco2_max": 600, "fco2_max_ratio": None}
    assert np.isnan(filter_points(points(), AREA, **limits)["mld"]).tolist() == [False] * 5 + [True, False]
    assert np.isnan(filter_points(points(), AREA, **limits | {"fco2_max": 540})["mld"])[4]


def test_filter_keeps_its_limits_and_its_input():
    edge = {"sst": np.array([40.0] * 3), "dic": np.array([1500.0] * 3), "alk": np.array([1700.0] * 3)}
    edge["fco2"] = np.array([280.0, 280, 1.8 * 280])
    assert not np.isnan(filter_points(edge, AREA[:3])["sst"]).any(), "limits themselves are kept"
    before = points()
    filter_points(before, AREA)
    np.testing.assert_array_equal(before["mld"], points()["mld"])


def test_the_median_that_limits_fco2_is_weighted_by_area_and_without_points_beyond_the_other_limits():
    fields = {"sst": np.array([10.0, 10, 10, 50, 50]), "fco2": np.array([300.0, 450, 620, 900, 900])}
    small, large = np.array([5.0, 1, 1, 99, 99]), np.array([1.0, 5, 1, 99, 99])
    assert np.isnan(filter_points(fields, small)["fco2"]).tolist() == [False, False, True, True, True]
    assert np.isnan(filter_points(fields, large)["fco2"]).tolist() == [False, False, False, True, True]


def test_as_co2_rises_the_limit_of_fco2_takes_out_no_more_water():
    """The same water in 2004 and, with 110 µmol/kg more carbon, in 2060: median fCO2 309 and 612 µatm."""
    world = SyntheticOcean(3.0, 2004, 0.0, 0)
    fields = world.fields(2004, 8)
    area = np.cos(np.radians(world.lat))[:, None] * np.ones(fields["sst"].shape)
    removed = {}
    for year, carbon in ((2004, 0.0), (2060, 110.0)):
        later = fields | {"dic": fields["dic"] + np.float32(carbon)}
        later["fco2"] = fco2(*(later[name] for name in ("sst", "salinity", "dic", "alk")))
        ocean = np.isfinite(later["fco2"])
        found = filter_points(later, area)["fco2"]
        removed[year] = np.mean(~np.isfinite(found[ocean]))
        fixed = filter_points(later, area, fco2_max=500.0, fco2_max_ratio=None)["fco2"]
        removed[year, "fixed"] = np.mean(~np.isfinite(fixed[ocean]))
        removed[year, "median"] = np.median(later["fco2"][ocean])
    assert removed[2060, "median"] > 1.6 * removed[2004, "median"]
    assert removed[2004] < 0.01 and removed[2060] < 0.03, "the same water is left"
    assert removed[2004, "fixed"] < 0.01 and removed[2060, "fixed"] > 0.6


def test_month_without_points_is_said(tmp_path, said):
    settings = product(tmp_path)
    with opened(settings) as data:
        found = data.read("2005-04", {"dic_min": 3000})
        assert all(np.isnan(values).all() for values in found.values())
        assert "2005-04: no point of the ocean has all values" in said.text
        whole, filtered = data.read("2005-04"), data.read("2005-04", {"fco2_max": 350, "fco2_max_ratio": None})
        dropped = data.ocean & ~(whole["fco2"] <= 350)
        assert dropped.any() and np.isnan(filtered["sst"][dropped]).all()
        np.testing.assert_array_equal(filtered["sst"][data.ocean & ~dropped], whole["sst"][data.ocean & ~dropped])
