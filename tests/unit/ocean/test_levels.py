"""Which level is the surface: by values, by what the model is, by the water; else the user is asked."""

import logging

import numpy as np
import pytest
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.dataset import OceanData
from climate_indicators.ocean.reader.levels import surface_place
from ocean_files import fields, product

N = 5
SIGMA = (np.arange(N) + 0.5) / N - 1  # −0.9 at the bottom to −0.1 near the surface


def place(dim="s_rho", configured=None, field=None, attrs=None, **along):
    """Surface of a field of 5 levels, in a file with these variables along them."""
    field = np.ones((N, 3, 4)) * np.arange(1, N + 1)[:, None, None] if field is None else field
    dataset = xr.Dataset({"temp": ((dim, "y", "x"), field)}, attrs=attrs or {})
    for name, (values, about) in along.items():
        dataset[name] = (dim, np.asarray(values), about)
    return surface_place(dataset, dataset.temp, dim, configured, "file.nc, variable temp")[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (SIGMA, 4),
        (SIGMA[::-1], 0),
        (np.arange(1, N + 1), 4),
        (np.arange(N), 4),
        (np.arange(N)[::-1], 0),
    ],
    ids=["sigma", "sigma reversed", "from one", "from zero", "count reversed"],
)
def test_values_of_s_rho_are_sigma_or_the_count_from_the_bottom(values, expected):
    assert place(s_rho=(values, {})) == expected


def test_stretching_of_roms_replaces_a_missing_coordinate():
    assert place(Cs_r=(SIGMA**3, {})) == 4
    assert place(Cs_r=((SIGMA**3)[::-1], {})) == 0


@pytest.mark.parametrize("attrs", [{"theta_s": 7.0, "theta_b": 0.1}, {"type": "ROMS/TOMS history file"}, {"hc": 250.0}])
def test_roms_counts_from_the_bottom(attrs):
    assert place(attrs=attrs) == 4


@pytest.mark.parametrize("dim", ["s_rho", "z", "lev", "depth"])
def test_levels_that_nothing_orders_are_asked_for(dim):
    with pytest.raises(InputError, match=r"file.nc, variable temp.*coordinates.surface"):
        place(dim)
    assert place(dim, configured="first") == 0 and place(dim, configured="last") == 4


def test_more_water_is_nearer_to_the_surface():
    field = np.ones((N, 10, 10)) * np.arange(1, N + 1)[:, None, None]
    for level in range(N):
        field[level, : 2 * level] = np.nan
    assert place("z", field=field) == 0 and place("z", field=field[::-1]) == 4
    assert place("z", field=np.nan_to_num(field[::-1])) == 4, "zeros may stand for the bottom"


def test_levels_that_are_all_the_same_need_no_order():
    assert place("z", field=np.ones((N, 3, 4))) == 0


@pytest.mark.parametrize(
    ("values", "about", "expected"),
    [
        ([0.5, 10, 100, 1000, 4000], {"positive": "down"}, 0),
        ([-4000, -1000, -100, -10, -0.5], {"positive": "up"}, 4),
        ([0, 1000, 3000, 4000, 4500], {"positive": "up", "units": "m"}, 4),
    ],
)
def test_depths_and_heights(values, about, expected):
    assert place("lev", lev=(values, about)) == expected
    assert place("k", k=(np.arange(N), {"axis": "Z"}), depth_of_level=(values, about)) == expected


def roms(folder, **more):
    """A product as ROMS has it: temperature from the bottom to the surface, without ``s_rho``."""
    settings = product(folder)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        flat = dataset.load()
    deep = xr.concat([flat.sst - 20, flat.sst - 10, flat.sst], "s_rho").transpose("time", "s_rho", "lat", "lon")
    flat["sst"] = deep.assign_attrs(units="degC")
    flat.assign(more).to_netcdf(folder / "roms.nc")
    return settings | {"files": [str(folder / "roms.nc")]}


def test_a_surface_known_by_its_water_is_warned_of(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("climate_indicators"), "propagate", True)
    settings = roms(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        changed = dataset.load()
    changed["sst"][:, 0, :4] = np.nan
    changed.to_netcdf(tmp_path / "shallow.nc")
    with OceanData.open(settings | {"files": [str(tmp_path / "shallow.nc")]}) as data:
        found = data.read("2005-03")["sst"]
        np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, 3)["sst"][data.ocean])
    assert "coordinates.surface" in caplog.text and "variables.sst" in caplog.text


@pytest.mark.parametrize("how", ["Cs_r", "setting"])
def test_the_surface_of_roms_is_read(tmp_path, how):
    settings = roms(tmp_path, **({"Cs_r": ("s_rho", [-0.8, -0.3, -0.01])} if how == "Cs_r" else {}))
    if how == "setting":
        with pytest.raises(InputError, match=r"roms.nc, variable sst.*coordinates.surface"):
            OceanData.open(settings)
        settings["coordinates"] = {"surface": "last"}
    with OceanData.open(settings) as data:
        found = data.read("2005-03")["sst"]
        np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, 3)["sst"][data.ocean])
        table = data.inspect().set_index("quantity")
    assert "of 3" in table.level["sst"] and table.level["dic"] == "surface field"
