"""Ocean files that can be read, but whose parts contradict each other: told or refused, never used in silence."""

import logging

import numpy as np
import pytest
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.indicators.coast import EARTH_RADIUS_M
from climate_indicators.ocean.reader.dataset import OceanData
from climate_indicators.ocean.reader.units import conversion
from ocean_files import product

GLOBE_M2 = 4 * np.pi * EARTH_RADIUS_M**2


@pytest.fixture
def said(caplog, monkeypatch):
    """Warnings of the library."""
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def changed(folder, change):
    """Settings of a product whose dataset was changed."""
    settings = product(folder)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        other = change(dataset.load())
    other.to_netcdf(folder / "changed.nc")
    return settings | {"files": [str(folder / "changed.nc")]}


def survey(settings):
    with OceanData.open(settings) as data:
        data.survey()
        return data.ocean.copy(), data.area_m2.copy()


def with_bounds(dataset, width):
    for axis in ("lat", "lon"):
        points = dataset[axis].values
        dataset[f"{axis}_bnds"] = ((axis, "nv"), np.stack([points - width / 2, points + width / 2], axis=1))
        dataset[axis].attrs["bounds"] = f"{axis}_bnds"
    return dataset


@pytest.mark.parametrize(("width", "n_warnings"), [(10, 0), (5, 1), (2.5, 1), (0, 1)])
def test_bounds_that_are_not_the_borders_change_no_area(tmp_path, said, width, n_warnings):
    """Bounds of which a mean was taken with the points (xarray's coarsen) are those of one fine point."""
    _, area = survey(changed(tmp_path, lambda dataset: with_bounds(dataset, width)))
    np.testing.assert_allclose(area.sum(), GLOBE_M2, rtol=1e-6)
    assert len(said()) == n_warnings and all("lat_bnds" in text and "lon_bnds" in text for text in said())


def with_area(factor, unit):
    def change(dataset):
        area = (EARTH_RADIUS_M * np.radians(10)) ** 2 * np.cos(np.radians(dataset.lat)) * xr.ones_like(dataset.lon)
        attrs = {} if unit is None else {"units": unit}
        return dataset.assign(area=(("lat", "lon"), area.values * factor, attrs))

    return change


@pytest.mark.parametrize(
    ("factor", "unit"), [(1, "m2"), (1, None), (1e-6, "km2"), (1e4, "cm2"), (1e4, "centimeter^2"), (1e4, "cm^2")]
)
def test_areas_in_units_of_area(tmp_path, factor, unit):
    settings = changed(tmp_path, with_area(factor, unit)) | {"cell_edges": {"area": "area"}}
    np.testing.assert_allclose(survey(settings)[1].sum(), GLOBE_M2, rtol=0.01)


@pytest.mark.parametrize(("factor", "unit"), [(1e-6, None), (1e-6, "m2"), (1e4, "m2"), (0, "m2"), (-1, "m2")])
def test_areas_that_the_positions_contradict_are_refused(tmp_path, factor, unit):
    settings = changed(tmp_path, with_area(factor, unit)) | {"cell_edges": {"area": "area"}}
    with pytest.raises(InputError, match=r"changed\.nc, variable area \(cell_edges\.area\)"):
        survey(settings)


def with_mask(change):
    """Land north of the equator, without data; the mask is changed."""

    def both(dataset):
        dataset = dataset.where(dataset.lat < 40)
        mask = np.isfinite(dataset.sst.values[0]).astype("int8")
        return dataset.assign(mask=(("lat", "lon"), change(mask)))

    return both


def test_a_mask_upside_down_is_told(tmp_path, said):
    survey(changed(tmp_path, with_mask(lambda mask: mask[::-1])) | {"mask": {"name": "mask"}})
    assert len(said()) == 1 and "mask.name mask" in said()[0]


@pytest.mark.parametrize("rows", [0, 6])
def test_a_mask_that_leaves_data_out_is_no_fault(tmp_path, said, rows):
    def smaller(mask):
        mask[:rows] = 0
        return mask

    survey(changed(tmp_path, with_mask(smaller)) | {"mask": {"name": "mask"}})
    assert said() == []


def test_a_mask_of_land_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"variables\.sst .*mask\.name"):
        survey(changed(tmp_path, with_mask(lambda mask: 1 - mask)) | {"mask": {"name": "mask"}})


def test_swapped_carbon_and_alkalinity_are_told(tmp_path, said):
    settings = product(tmp_path)
    names = settings["variables"] | {"dic": {"name": "alk"}, "alk": {"name": "dic"}}
    survey(settings | {"variables": names})
    assert any("variables.alk" in text and "dic" in text for text in said())


@pytest.mark.parametrize(("factor", "n_warnings"), [(1, 1), (100, 0), (0, 0)])
def test_fractions_of_ice_said_to_be_percent_are_told(tmp_path, said, factor, n_warnings):
    def change(dataset):
        dataset["ice"] = (dataset.ice.dims, dataset.ice.values * factor, {"units": "%"})
        return dataset

    survey(changed(tmp_path, change))
    assert len(said()) == n_warnings and all("variables.ice" in text for text in said())


def test_a_second_dimension_of_time_is_refused(tmp_path):
    """Its first place is no choice that anyone made."""

    def change(dataset):
        return dataset.expand_dims(month=np.arange(1, 13)).transpose("time", "month", "lat", "lon")

    with pytest.raises(InputError, match="'month' of length 12"):
        survey(changed(tmp_path, change))


@pytest.mark.parametrize(
    ("quantity", "unit", "same"),
    [
        ("dic", "µmol kg⁻¹", "umol kg-1"),
        ("dic", "mmol m⁻³", "mmol m-3"),
        ("dic", "mmol/m³", "mmol m-3"),
        ("dic", "micromoles per kilogram", "umol kg-1"),
        ("alk", "µmol kg^{-1}", "umol kg-1"),
        ("fco2", "micro-atmospheres", "uatm"),
        ("fco2", "microatmosphere", "uatm"),
        ("sst", "℃", "degC"),
        ("sst", "Celcius", "degC"),
        ("mld", "centimeters", "cm"),
        ("salinity", "gram/kilogram", "g kg-1"),
    ],
)
def test_further_spellings_of_units(quantity, unit, same):
    assert conversion(quantity, unit, "file.nc") == conversion(quantity, same, "file.nc")


@pytest.mark.parametrize(("climatology", "n_warnings"), [(True, 0), (False, 1)])
def test_bounds_of_mean_months_are_as_they_must_be_in_a_climatology(tmp_path, said, climatology, n_warnings):
    def change(dataset):
        months = np.datetime64("1982-01", "M") + np.arange(13)
        start = (months - np.datetime64("1982-01-01")).astype("timedelta64[D]").astype("float64")
        years = (np.datetime64("1991-01-01") - np.datetime64("1982-01-01")).astype("float64")
        dataset["edges"] = (("time", "nv"), np.stack([start[:-1], start[1:] + years], axis=1))
        dataset["time"] = ("time", start[:-1] + years + 14, {**dataset.time.attrs, "climatology": "edges"})
        return dataset

    settings = changed(tmp_path, change) | {"climatology": climatology, "first_month": None, "last_month": None}
    survey(settings)
    assert len(said()) == n_warnings and all("edges" in text for text in said())


def second_file(folder, change):
    """Settings of two files, of which the second was changed, and of the same two as they were."""
    for name in ("one", "two", "same"):
        (folder / name).mkdir()
    one = product(folder / "one")
    two = product(folder / "two", first="2006-01")
    with xr.open_dataset(two["files"][0], decode_times=False) as dataset:
        other = change(dataset.load())
    other.to_netcdf(folder / "two" / "changed.nc")
    settings = one | {"last_month": "2006-12"}
    first = one["files"]
    return settings | {"files": [*first, str(folder / "two" / "changed.nc")]}, settings | {
        "files": first + two["files"]
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda dataset: dataset.isel(lat=slice(None, None, -1)),
        lambda dataset: dataset.roll(lon=18, roll_coords=True),
        lambda dataset: dataset.assign_coords(lon=(dataset.lon + 180) % 360 - 180).sortby("lon"),
    ],
)
def test_each_file_of_a_series_has_its_own_order_of_rows_and_columns(tmp_path, change):
    turned, plain = second_file(tmp_path, change)
    with OceanData.open(turned) as found, OceanData.open(plain) as expected:
        for month in ("2005-03", "2006-03"):
            for name, values in expected.read(month).items():
                np.testing.assert_allclose(found.read(month)[name], values, rtol=1e-12, err_msg=f"{name} {month}")


def test_a_file_of_a_series_on_other_points_is_refused(tmp_path):
    turned, _ = second_file(tmp_path, lambda dataset: dataset.assign_coords(lon=dataset.lon + 5))
    with OceanData.open(turned) as data, pytest.raises(InputError, match="two/changed.nc"):
        data.survey()


@pytest.mark.parametrize(
    ("depths", "unit", "n_warnings"), [((500, 900), "m", 1), ((5, 15), "m", 0), ((500, 900), "cm", 0)]
)
def test_an_uppermost_level_in_the_deep_is_told(tmp_path, said, depths, unit, n_warnings):
    def change(dataset):
        dataset["sst"] = dataset.sst.expand_dims(depth=np.array(depths, "float64")).transpose(
            "time", "depth", "lat", "lon"
        )
        dataset.depth.attrs.update(units=unit, positive="down")
        return dataset

    survey(changed(tmp_path, change))
    assert len(said()) == n_warnings and all("depth" in text and "variables.sst" in text for text in said())


@pytest.mark.parametrize(("water", "n_warnings"), [(np.nan, 1), (-999, 1), (0, 0)])
def test_water_without_ice_that_is_a_gap_is_told(tmp_path, said, water, n_warnings):
    def change(dataset):
        dataset["ice"] = dataset.ice.where(dataset.ice != 0, water)
        return dataset

    survey(changed(tmp_path, change))
    assert len(said()) == n_warnings and all("variables.ice" in text for text in said())


@pytest.mark.parametrize("fill", [0, -1, 1e20])
def test_positions_that_are_filled_on_land_change_no_area(tmp_path, fill):
    """NEMO writes 0 as latitude and longitude where its grid is all land; coasts must not reach to there."""

    def bent(dataset, filled):
        lat, lon = np.meshgrid(dataset.lat.values, dataset.lon.values, indexing="ij")
        land = np.isnan(dataset.sst.values[0])
        positions = {"nav_lat": (lat + np.sin(np.radians(lon)), "degrees_north"), "nav_lon": (lon, "degrees_east")}
        other = dataset.drop_vars(["lat", "lon"]).rename(lat="y", lon="x")
        for name, (values, unit) in positions.items():
            other[name] = (("y", "x"), np.where(land & filled, fill, values), {"units": unit})
        return other

    for name in ("filled", "whole"):
        (tmp_path / name).mkdir()
    ocean, area = survey(changed(tmp_path / "filled", lambda dataset: bent(dataset, filled=True)))
    whole, expected = survey(changed(tmp_path / "whole", lambda dataset: bent(dataset, filled=False)))
    assert np.array_equal(ocean, whole)
    np.testing.assert_allclose(area[ocean], expected[ocean], rtol=0.05)
