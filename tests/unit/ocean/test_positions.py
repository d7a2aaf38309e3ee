"""Where points lie: true positions of two dimensions before axes that only name rows and columns."""

import logging

import numpy as np
import pytest
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.coordinates import find_coordinates
from climate_indicators.ocean.reader.dataset import OceanData
from ocean_files import curvilinear, fields, land, product
from refusals import raises_naming

MONTHS = 12


@pytest.fixture
def said(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    return caplog


def mom6(folder, bent=True, listed=False):
    """MOM6: fields with nominal axes ``xh``, ``yh``, true positions of points and of their corners in a static file."""
    lat, lon = (field.astype("float64") for field in curvilinear())
    nominal = {
        "yh": ("yh", lat.mean(axis=1), {"units": "degrees_north", "long_name": "h point nominal latitude"}),
        "xh": ("xh", lon[len(lon) // 2], {"units": "degrees_east", "long_name": "h point nominal longitude"}),
    }
    if not bent:
        lat, lon = np.meshgrid(nominal["yh"][1], nominal["xh"][1], indexing="ij")
    gaps = land(lat, lon)
    units = {"sst": "degC", "dic": "umol kg-1", "alk": "umol kg-1", "salinity": "psu"}
    months = [fields(lat, lon, month) for month in range(1, MONTHS + 1)]
    about = {"coordinates": "geolat geolon"} if listed else {}
    data = {
        name: (
            ("time", "yh", "xh"),
            np.where(gaps, 1e20, np.stack([month[name] for month in months])),
            {"units": unit} | about,
        )
        for name, unit in units.items()
    }
    days = np.arange(MONTHS) * 30.4 + 15
    dataset = xr.Dataset(data, nominal | {"time": ("time", days, {"units": "days since 2001-01-01"})})
    dataset.to_netcdf(folder / "ocean_month.nc", encoding={name: {"_FillValue": 1e20} for name in data})
    # the corners have as many points, and stand first in the file
    static = xr.Dataset(
        {
            "geolat_c": (("yq", "xq"), lat + 4, {"units": "degrees_north"}),
            "geolon_c": (("yq", "xq"), lon + 9, {"units": "degrees_east"}),
            "geolat": (("yh", "xh"), np.where(gaps, 1e20, lat), {"units": "degrees_N"}),
            "geolon": (("yh", "xh"), np.where(gaps, 1e20, lon), {"units": "degrees_E"}),
        },
        {"yh": nominal["yh"], "xh": nominal["xh"]},
    )
    static.to_netcdf(folder / "ocean_static.nc", encoding={name: {"_FillValue": 1e20} for name in ("geolat", "geolon")})
    return {
        "files": [str(folder / "ocean_month.nc")],
        "variables": {name: {"name": name} for name in units},
        "coordinates": {"files": [str(folder / "ocean_static.nc")]},
        "first_month": "2001-01",
        "last_month": "2001-12",
    }


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("where", ["coordinates", "mask"])
def test_true_positions_of_mom6_come_before_its_nominal_axes(tmp_path, said, where, listed):
    settings = mom6(tmp_path, listed=listed)
    if where == "mask":
        files = settings.pop("coordinates")["files"]
        settings["mask"] = {"name": "geolat", "files": files}
    lat, lon = curvilinear()
    with OceanData.open(settings) as data:
        assert not data.rectilinear and data.ocean.sum() > 0.8 * data.ocean.size
        np.testing.assert_allclose(data.lat[data.ocean], lat[data.ocean], atol=1e-5)
        np.testing.assert_allclose(data.lon[data.ocean], lon[data.ocean], atol=1e-4)
        truth = fields(data.lat, data.lon, 4)["sst"]
        np.testing.assert_allclose(data.read("2001-04")["sst"][data.ocean], truth[data.ocean], atol=1e-3)
        assert "geolat, geolon (2-D)" in data.inspect().positions.iloc[0]
    assert "points lie up to" in said.text and "ocean_static.nc" in said.text


def test_nominal_axes_alone_are_warned_of(tmp_path, said):
    settings = mom6(tmp_path)
    settings["coordinates"] = {}
    with OceanData.open(settings) as data:
        assert data.rectilinear and "1-D axes" in data.inspect().positions.iloc[0]
    assert "nominal" in said.text and "coordinates.files" in said.text


def test_axes_that_are_true_are_used(tmp_path, said):
    with OceanData.open(mom6(tmp_path, bent=False)) as data:
        assert data.rectilinear
    assert "points lie up to" not in said.text


def test_positions_of_the_same_file_come_before_axes():
    lat, lon = np.meshgrid([10.0, 20], [0.0, 10, 20], indexing="ij")
    dataset = xr.Dataset(
        {
            "sst": (("y", "x"), np.ones((2, 3)), {"coordinates": "tlat tlon"}),
            "y": ("y", [1.0, 2], {"units": "degrees_north"}),
            "x": ("x", [1.0, 2, 3], {"units": "degrees_east"}),
            "ulat": (("y", "x"), lat + 5, {"units": "degrees_north"}),
            "ulon": (("y", "x"), lon + 5, {"units": "degrees_east"}),
            "tlat": (("y", "x"), lat, {"units": "degrees_north"}),
            "tlon": (("y", "x"), lon, {"units": "degrees_east"}),
        }
    )
    for variable in (dataset.sst, dataset.sst.drop_attrs()):
        assert [axis.name for axis in find_coordinates(dataset, variable, {})] == ["tlat", "tlon"]


def with_times(folder, moving=False):
    """A product in which positions have a time each, as of files that were joined."""
    settings = product(folder)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        flat = dataset.load().rename(lat="y", lon="x")
    lat, lon = np.meshgrid(flat.y.values, flat.x.values, indexing="ij")
    flat = flat.drop_vars(["y", "x"])
    flat["nav_lat"] = (("time", "y", "x"), np.stack([lat] * flat.sizes["time"]), {"units": "degrees_north"})
    flat["nav_lon"] = (("time", "y", "x"), np.stack([lon] * flat.sizes["time"]), {"units": "degrees_east"})
    if moving:
        flat["nav_lat"][-1] += 1
    flat.to_netcdf(folder / "joined.nc")
    return settings | {"files": [str(folder / "joined.nc")]}


def test_positions_that_are_the_same_at_all_times(tmp_path):
    with OceanData.open(with_times(tmp_path)) as data:
        found = data.read("2005-03")["sst"]
        np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, 3)["sst"][data.ocean])


def test_positions_that_move_are_refused(tmp_path):
    with raises_naming(InputError, "joined.nc", "nav_lat", "positions"):
        OceanData.open(with_times(tmp_path, moving=True))
