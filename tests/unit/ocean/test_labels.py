"""Fields of labels and slopes: written, read back, and what stands in them."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from climate_indicators.core.atomic_files import sha256
from climate_indicators.geo.netcdf import month_starts, read_fields, write_fields
from climate_indicators.ocean.biomes.cells import degree_cells
from climate_indicators.ocean.biomes.labels import labels_dataset, names_and_colors, on_map, probabilities_of
from climate_indicators.ocean.biomes.membership import membership
from climate_indicators.ocean.biomes.monthly_slopes import cell_fields, kept_slopes, slopes_dataset, slopes_of_month
from climate_indicators.ocean.biomes.regression import Status

NAMES = {1: "ICE I", 2: "SUBTR I"}
AREA = np.array([[0.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.fixture(scope="module")
def slopes():
    """Two months of a small ocean in cells of 30 degrees; the second month has no value at all."""
    rng = np.random.default_rng(1)
    lon, lat = np.meshgrid(np.arange(-175.0, 180, 10), np.arange(-85.0, 90, 10))
    cells = degree_cells(30)
    ocean = lon < 100
    members = membership(cells, lat, lon, ocean)
    drivers = {"sst": (15, 3), "dic": (2050, 20), "alk": (2300, 20)}
    fields = {name: np.where(ocean, rng.normal(*place, lat.shape), np.nan) for name, place in drivers.items()}
    fields["fco2"] = 12 * fields["sst"] + 1.4 * fields["dic"] - 1.1 * fields["alk"] + rng.normal(0, 3, lat.shape)
    empty = {name: np.full(lat.shape, np.nan) for name in fields}
    found = [slopes_of_month(month, members, np.ones(lat.shape), cells.count) for month in (fields, empty)]
    return slopes_dataset(["2004-01", "2004-02"], found, cells), found


def test_slopes_survive_writing_and_equal_fields_give_equal_bytes(slopes, tmp_path):
    dataset, _ = slopes
    for name in ("a.nc", "b.nc"):
        write_fields(dataset, tmp_path / name)
    assert sha256(tmp_path / "a.nc") == sha256(tmp_path / "b.nc")
    back = read_fields(tmp_path / "a.nc")
    np.testing.assert_array_equal(kept_slopes(back), kept_slopes(dataset))
    np.testing.assert_array_equal(back.time.values, month_starts(["2004-01", "2004-02"]))
    with xr.open_dataset(tmp_path / "a.nc") as decoded:
        assert decoded.attrs["Conventions"].startswith("CF-")
        assert decoded.slope_sst.attrs["units"] == "uatm K-1" and decoded.lat.attrs["units"] == "degrees_north"
        assert "kept" in decoded.status.attrs["flag_meanings"]


def test_only_kept_cells_have_slopes_and_an_empty_month_has_none(slopes):
    dataset, found = slopes
    kept = kept_slopes(dataset)
    assert kept.shape == (2, 72, 3)
    np.testing.assert_array_equal(np.isfinite(kept[0]).all(axis=1), found[0][0].status == Status.KEPT)
    assert 0 < np.isfinite(kept[0, :, 0]).sum() < 72 and np.isnan(kept[1]).all()
    assert set(cell_fields(dataset)) == {"sst", "dic", "alk", "fco2"}


def test_labels_on_the_map():
    found = on_map(np.array([2, 1]), np.array([1, 5]), AREA)
    np.testing.assert_array_equal(found, [[-1, 2, 0], [0, 0, 1]])
    assert found.dtype == np.int8


def test_labels_and_probabilities_survive_writing(tmp_path):
    labels = [np.array([1, 1, 2, 0, 2, 1], "int8")]
    chances = np.array([[[0.9, 0.1], [0.996, 0.004], [0.3, 0.7], [np.nan, np.nan], [0.0, 1.0], [0.5, 0.5]]], "float32")
    coordinates = {
        "time": ("time", month_starts(["2004-01"])),
        "lat": ("lat", np.array([0.0, 1.0])),
        "lon": ("lon", np.array([0.0, 1.0, 2.0])),
    }
    write_fields(labels_dataset(labels, chances, AREA, coordinates, NAMES), tmp_path / "labels.nc")
    back = read_fields(tmp_path / "labels.nc")
    np.testing.assert_array_equal(back.label.values[0], [[-1, 1, 2], [0, 2, 1]])
    found = probabilities_of(back)
    assert found.shape == (2, 1, 2, 3)
    assert np.isnan(found[:, 0, 0, 0]).all(), "land has no probability"
    assert np.isnan(found[:, 0, 1, 0]).all(), "unclassified ocean has none"
    np.testing.assert_allclose(found[0, 0].ravel()[[1, 2, 4, 5]], [0.996, 0.3, 0.0, 0.5], atol=0.002)
    with xr.open_dataset(tmp_path / "labels.nc") as decoded:
        assert decoded.label.attrs["flag_meanings"] == "no_data land unclassified ICE_I SUBTR_I"
        np.testing.assert_allclose(decoded.probability.values, found)


def test_names_and_colors_come_from_the_table():
    table = pd.DataFrame({"label": [1, 2], "name": ["ICE I", "SUBTR I"], "color": ["#000000", "#FFFFFF"]})
    assert names_and_colors(table) == (NAMES, {1: "#000000", 2: "#FFFFFF"})
