"""Files of other kinds, cut off, damaged or badly described: read, or refused with file, variable and month."""

import gzip
import shutil

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from climate_indicators.core.errors import InputError
from climate_indicators.core.patterns import expand_patterns
from climate_indicators.ocean.reader.dataset import OceanData
from climate_indicators.ocean.reader.file_sizes import expected_bytes
from climate_indicators.ocean.reader.opening import open_fields, understood
from ocean_files import fields, land, product
from refusals import raises_naming

FORMATS = ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4", "NETCDF4_CLASSIC"]


def refused(settings, *words):
    with pytest.raises(InputError) as error, OceanData.open(settings) as data:
        data.survey()
    message = str(error.value)
    assert all(word in message for word in words), message
    return message


def rewritten(folder, change=lambda dataset: dataset, name="changed.nc", **how):
    """Settings of a product that was changed and written another way."""
    settings = product(folder)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        change(dataset.load()).to_netcdf(folder / name, **how)
    return settings | {"files": [str(folder / name)]}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("unlimited", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_length_by_the_header(tmp_path, form, unlimited, count):
    path = tmp_path / "file.nc"
    with netCDF4.Dataset(path, "w", format=form) as dataset:
        dataset.createDimension("t", None if unlimited else 5)
        dataset.createDimension("x", 7)
        dataset.title = "odd"
        dataset.createVariable("one", "f8", ())[:] = 1
        for name in "ab"[:count]:
            variable = dataset.createVariable(name, "i2", ("t", "x"))
            variable.units = "m"
            variable[:5] = np.ones((5, 7))
    # the last record may be padded to 4 bytes
    assert 0 <= path.stat().st_size - expected_bytes(path) < 4


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT", "NETCDF4"])
@pytest.mark.parametrize("part", [0.999, 0.6, 0.001])
def test_a_file_that_is_cut_off_is_refused(tmp_path, form, part):
    settings = rewritten(tmp_path, name="cut.nc", format=form, unlimited_dims=["time"])
    path = tmp_path / "cut.nc"
    size = path.stat().st_size
    with open(path, "r+b") as stream:
        stream.truncate(int(size * part) if part > 0.01 else 60)
    refused(settings, "cut.nc", "cut off" if part > 0.01 or not form.startswith("NETCDF4") else "cut.nc")


def test_a_month_of_nothing_but_zeros_is_refused(tmp_path):
    def blank(values):
        values[6] = 0
        return values

    for quantity in ("sst", "dic", "salinity"):
        settings = product(tmp_path, **{quantity: blank})
        refused(settings, "product.nc", f"variable {quantity}", "2005-07", "_FillValue")
    with OceanData.open(product(tmp_path, ice=blank)) as data:
        assert data.survey().missing == {}, "a month without ice is none without data"


def test_a_blank_month_whose_land_is_zero_is_missing(tmp_path):
    def no_ocean(values):
        values = np.where(np.isnan(values), 0, values)
        values[3] = np.where(values[3] == 0, 0, np.nan)
        return values

    with OceanData.open(product(tmp_path, sst=no_ocean, dic=no_ocean)) as data:
        assert data.survey().missing == {"sst": ["2005-04"], "dic": ["2005-04"]}


def test_zeros_of_kelvin_are_zeros_too(tmp_path):
    def late(values):
        values = values + 273.15
        values[6] = 0
        return values

    settings = product(tmp_path, sst=late)
    settings["variables"]["sst"]["unit"] = "K"
    refused(settings, "variable sst", "2005-07", "are 0")


def of_bytes(start):
    return lambda path: path.write_bytes(start + b"\n" + bytes(200))


def gz(path):
    original = path.with_suffix(".bak")
    shutil.move(path, original)
    with gzip.open(path, "wb") as stream:
        stream.write(original.read_bytes())


def pages(path):
    frames = [Image.fromarray(np.full((4, 6), number, "uint8")) for number in range(3)]
    frames[0].save(path.with_suffix(".tif"), save_all=True, append_images=frames[1:])
    shutil.move(path.with_suffix(".tif"), path)


KINDS = {
    "grib": (of_bytes(b"GRIB\x00\x00\x00\x01"), ["GRIB", "cdo -f nc4"]),
    "gzip": (gz, ["gzip", "gunzip"]),
    "lfs": (of_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0"), ["Git LFS", "git lfs pull"]),
    "tiff": (pages, ["TIFF"]),
    "hdf4": (of_bytes(b"\x0e\x03\x13\x01"), ["HDF4"]),
    "zip": (of_bytes(b"PK\x03\x04"), ["zip"]),
    "html": (of_bytes(b"<!DOCTYPE html><html>login"), ["web page"]),
    "empty": (lambda path: path.write_bytes(b""), ["empty"]),
    "text": (of_bytes(b"lat,lon,sst"), ["first bytes"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_of_file_is_named_with_the_way_out(tmp_path, kind):
    spoil, words = KINDS[kind]
    settings = product(tmp_path)
    spoil(tmp_path / "product.nc")
    refused(settings, "product.nc cannot be read as NetCDF", *words)


def test_a_folder_that_is_no_zarr_store_is_refused(tmp_path):
    settings = product(tmp_path)
    refused(settings | {"files": [str(tmp_path)]}, str(tmp_path), "folder", "*.nc")


@pytest.mark.parametrize(("form", "consolidated"), [(2, True), (2, False), (3, False)])
@pytest.mark.filterwarnings("error:Failed to open Zarr store")
def test_a_zarr_folder_is_read(tmp_path, form, consolidated):
    settings = product(tmp_path)
    with xr.open_dataset(settings["files"][0], decode_times=False) as dataset:
        expected = dataset.load()
        expected.to_zarr(tmp_path / "product.zarr", zarr_format=form, consolidated=consolidated)
    with OceanData.open(settings | {"files": [str(tmp_path / "product.zarr")]}) as data:
        np.testing.assert_array_equal(data.ocean, ~land(data.lat, data.lon))
        found = data.read("2005-07")["sst"]
        np.testing.assert_allclose(found[data.ocean], fields(data.lat, data.lon, 7)["sst"][data.ocean])
    chunk = next(
        path for path in (tmp_path / "product.zarr" / "dic").rglob("*") if path.is_file() and path.name[0] in "0"
    )
    chunk.write_bytes(chunk.read_bytes()[:20])
    refused(settings | {"files": [str(tmp_path / "product.zarr")]}, "product.zarr, variable dic")


def test_a_damaged_chunk_is_named_with_variable_and_month(tmp_path):
    chunks = {"zlib": True, "chunksizes": (1, 18, 36)}
    settings = rewritten(tmp_path, encoding={name: chunks for name in ("sst", "dic")})
    with h5py.File(tmp_path / "changed.nc") as stored:
        place = stored["dic"].id.get_chunk_info(8)
    with open(tmp_path / "changed.nc", "r+b") as stream:
        stream.seek(place.byte_offset)
        stream.write(bytes(min(200, place.size)))
    refused(settings, "changed.nc, variable dic, 2005-09", "damaged")


def text_scale(text):
    def change(dataset):
        stored = (dataset.dic.fillna(-1) * 10).astype("int16").assign_attrs(units="umol kg-1", scale_factor=text)
        return dataset.assign(dic=stored.assign_attrs(_FillValue=np.int16(-10)))

    return change


def test_a_scale_factor_as_text_is_read_as_a_number_and_warned_of(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("climate_indicators.ocean.reader.dataset._LOG.parent.propagate", True)
    with OceanData.open(rewritten(tmp_path, text_scale("0.1"))) as data:
        found = data.read("2005-02")["dic"]
        truth = fields(data.lat, data.lon, 2)["dic"]
        np.testing.assert_allclose(found[data.ocean], truth[data.ocean], atol=0.11)
    assert "scale_factor is the text '0.1'" in caplog.text and "variable dic" in caplog.text


def test_a_scale_factor_that_is_no_number_is_refused_where_its_variable_is_used(tmp_path):
    settings = rewritten(tmp_path, text_scale("a tenth"))
    refused(settings, "changed.nc, variable dic", "scale_factor", "'a tenth'")
    with open_fields(settings["files"][0]) as dataset:
        assert np.isfinite(dataset.sst.values).any(), "another variable of the file can be read"


def test_text_in_place_of_numbers_is_refused(tmp_path):
    def change(dataset):
        return dataset.assign(dic=(dataset.dic.dims, np.full(dataset.dic.shape, "high")))

    refused(rewritten(tmp_path, change), "changed.nc, variable dic", "numbers")


def test_times_that_cannot_be_read_are_named(tmp_path):
    def change(dataset):
        dataset["time"].attrs["units"] = "days since the flood"
        return dataset

    refused(rewritten(tmp_path, change), "changed.nc, variable sst, time", "days since the flood")


ERRORS = [RuntimeError("NetCDF: HDF error"), KeyError("x"), OSError(5, "I/O error"), MemoryError()]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_whatever_a_reader_raises_names_the_place(error):
    place = "file.nc, variable sst, 2005-01"
    with pytest.raises(InputError, match=f"^{place}"), understood(place):
        raise error
    with raises_naming(InputError, "file.nc", "grid"), understood("file.nc"):
        raise InputError("no grid")


def test_patterns_and_the_home_folder(tmp_path):
    (tmp_path / "data[1]").mkdir()
    for name in ("y_2001.nc", "y_2000.nc", "y_[x].nc", "other.txt"):
        (tmp_path / "data[1]" / name).touch()

    def path_of(name):
        return str(tmp_path / "data[1]" / name)

    expected = [path_of(name) for name in ("y_2000.nc", "y_2001.nc")]
    assert expand_patterns(["y_????.nc"], path_of) == expected
    assert expand_patterns(["y_2001.nc", "y_2*.nc"], path_of) == expected[::-1], "each once, in the order of the names"
    assert expand_patterns(["y_[x].nc"], path_of) == [path_of("y_[x].nc")], "a file of just this name"
    assert expand_patterns(["absent.nc"], path_of) == [path_of("absent.nc")], "names are for Snakemake to look for"
    assert expand_patterns(["y_2000*"], path_of, {"y_2000_new.nc": "got/it.nc"}) == ["got/it.nc", expected[0]]
    with pytest.raises(InputError, match=r"z_\*.nc"):
        expand_patterns(["z_*.nc"], path_of)
