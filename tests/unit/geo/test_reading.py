"""What is understood of a raster, and its bands on the grid: missing is missing, band by band."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.fill import check_fill
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.geo.rasters.reading import GridReader
from climate_indicators.geo.rasters.understanding import check_place, understand, usable_nodata
from rasters import grid
from refusals import raises_naming
from snow_scene_files import write_raster

SITE = grid(24, 32)
WHOLE = Window(0, 0, 32, 24)
# the same pixels, 7 m off the grid; half as large; in the neighboring zone
PLACES = {
    "on the grid": SITE.transform,
    "off the grid": Affine(10, 0, SITE.transform.c - 3, 0, -10, SITE.transform.f + 7),
    "finer": Affine(5, 0, SITE.transform.c, 0, -5, SITE.transform.f),
    "coarser": Affine(20, 0, SITE.transform.c - 40, 0, -20, SITE.transform.f + 40),
}


def numbers(bands=3, shape=(24, 32), dtype="uint16"):
    ramp = np.linspace(1000, 3000, shape[1]) + np.linspace(0, 500, shape[0])[:, None]
    return np.stack([ramp + 300 * band for band in range(bands)]).astype(dtype)


def read(path, site=SITE, names=None, resampling=Resampling.bilinear, **options):
    with opened(path) as raster:
        info = understand(raster, names)
        return GridReader(raster, info, info.bands, site, resampling, **options).read(
            Window(0, 0, site.width, site.height)
        )


def with_kinds(path, kinds):
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = kinds
    return path


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("dtype", "nodata"), [("uint16", 0), ("int16", -9999), ("float32", np.nan)])
def test_a_pixel_that_lacks_one_band_keeps_the_others(tmp_path, place, dtype, nodata):
    """Whatever the versions of rasterio and GDAL make of nodata in several bands."""
    values = numbers(3, (48, 64), dtype)
    values[2, :, :12] = nodata
    path = write_raster(tmp_path / "a.tif", values, ["a", "b", "c"], PLACES[place], nodata=nodata)
    whole = write_raster(tmp_path / "w.tif", numbers(3, (48, 64), dtype), ["a", "b", "c"], PLACES[place])
    found, control = read(path), read(whole)
    assert np.isnan(found[2]).sum() > 100
    assert not np.isnan(found[:2]).any()
    assert found[:2] == pytest.approx(control[:2], abs=0.01)
    # no pixel is a mixture of values and the number that means missing
    known = ~np.isnan(found[2])
    assert known.sum() > 100 and (np.abs(found[2] - control[2])[known] < 100).all()


def test_bands_are_warped_as_rasterio_warps_a_single_one(tmp_path):
    """Against GDAL's own warper, over another zone; the strips of the grid have no seams."""
    left, _, _, top = transform_bounds(SITE.crs, "EPSG:32645", *SITE.bounds)
    site = Grid("EPSG:32645", Affine(10, 0, left, 0, -10, top), 20, 24)
    path = write_raster(tmp_path / "a.tif", numbers(2, (60, 80), "float32"), ["a", "b"], PLACES["finer"])
    with opened(path) as raster, WarpedVRT(
        raster.raw, crs=site.crs, transform=site.transform, width=20, height=24, resampling=Resampling.bilinear,
        src_nodata=np.nan, nodata=np.nan,
    ) as warped:  # fmt: skip
        expected = warped.read()
        info = understand(raster)
        reader = GridReader(raster, info, info.bands, site)
        found = reader.read(Window(0, 0, 20, 24))
        parts = [reader.read(Window(0, row, 20, 6)) for row in range(0, 24, 6)]
    both = ~np.isnan(found) & ~np.isnan(expected)
    assert both.sum() > 400 and (np.isnan(found) == np.isnan(expected)).mean() > 0.97
    assert np.abs(found - expected)[both].max() < 20  # an eighth of a pixel of the ramp
    assert np.abs(np.concatenate(parts, axis=1) - found)[both].max() < 20


def test_what_lies_beyond_the_raster_is_missing(tmp_path):
    path = write_raster(tmp_path / "a.tif", numbers(), list("abc"), PLACES["on the grid"] @ Affine.translation(8, -4))
    found = read(path)
    assert np.isnan(found[:, :, :8]).all() and np.isnan(found[:, 20:]).all()
    assert (found[:, :20, 8:] == numbers()[:, 4:, :24]).all()
    far = write_raster(tmp_path / "b.tif", numbers(), list("abc"), Affine(10, 0, 900_000, 0, -10, 100_000))
    assert np.isnan(read(far)).all()


def test_zero_is_missing_in_all_bands_or_in_any(tmp_path):
    values = numbers()
    values[:, :5], values[1, 10] = 0, 0
    path = write_raster(tmp_path / "a.tif", values, list("abc"))
    assert not np.isnan(read(path)).any()
    assert (
        np.isnan(read(path, zero="all")).all(axis=0).sum() == np.isnan(read(path, zero="all")).any(axis=0).sum() == 160
    )
    assert np.isnan(read(path, zero="any")[1, 10]).all() and not np.isnan(read(path, zero="any")[0, 10]).any()
    floats = write_raster(tmp_path / "f.tif", values.astype("float32"), list("abc"))
    assert not np.isnan(read(floats, zero="all")).any()


def test_an_alpha_band_is_a_mask_and_no_band(tmp_path):
    values = np.concatenate([numbers(3, dtype="uint16"), np.full((1, 24, 32), 65535, "uint16")])
    values[3, 6:12] = 0
    path = with_kinds(
        write_raster(tmp_path / "a.tif", values, ["B02", "B03", "B04", None]),
        [ColorInterp.gray, ColorInterp.undefined, ColorInterp.undefined, ColorInterp.alpha],
    )
    for names in (None, ["B02", "B03", "B04"]):
        found = read(path, names=names)
        assert len(found) == 3 and np.isnan(found[:, 6:12]).all() and not np.isnan(found[:, 12:]).any()
    with opened(path) as raster:
        assert understand(raster).missing_by == "alpha band" and understand(raster).names == ("B02", "B03", "B04")


def test_the_fourth_band_of_eight_bits_is_data_if_it_has_a_name(tmp_path):
    """GDAL marks it as alpha as soon as it is written."""
    path = write_raster(tmp_path / "a.tif", numbers(4, dtype="float32").astype("uint8"), ["B02", "B03", "B04", "B08"])
    with opened(path) as raster:
        assert raster.colorinterp[3] == ColorInterp.alpha
        assert understand(raster).names == ("B02", "B03", "B04", "B08") and understand(raster).alpha is None
    assert len(read(path)) == 4 and not np.isnan(read(path)).any()


def test_an_internal_mask_is_a_mask(tmp_path):
    path = write_raster(tmp_path / "a.tif", numbers(), list("abc"))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as raster:
        mask = np.full((24, 32), 255, "uint8")
        mask[:, :9] = 0
        raster.write_mask(mask)
    found = read(path)
    assert np.isnan(found[:, :, :9]).all() and not np.isnan(found[:, :, 9:]).any()
    with opened(path) as raster:
        assert understand(raster).missing_by == "internal mask"


def test_infinite_numbers_are_refused_and_nan_where_asked(tmp_path):
    values = numbers(dtype="float32")
    values[1, 3, 3] = np.nan
    path = write_raster(tmp_path / "nan.tif", values, list("abc"))
    assert np.isnan(read(path)).sum() == 1
    with raises_naming(InputError, "nan.tif", "1 NaN"):
        read(path, nan=False)
    values[1, 3, 3] = np.inf
    path = write_raster(tmp_path / "inf.tif", values, list("abc"))
    with raises_naming(InputError, "inf.tif", "infinite"):
        read(path)
    values[1, 3, 3] = -3.4028234663852886e38
    path = write_raster(tmp_path / "low.tif", values, list("abc"), nodata=-3.4028234663852886e38)
    assert np.isnan(read(path)).sum() == 1


def test_what_a_header_says(tmp_path):
    path = write_raster(tmp_path / "a.tif", numbers(), ["a", "b", "c"], nodata=0)
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets, raster.units = (2.75e-5,) * 3, (-0.2,) * 3, ("reflectance",) * 3
    with opened(path) as raster:
        info = understand(raster)
    band = info.chosen(["c", "a"], "band_names", "the site's `bands`")[0]
    assert (band.index, band.name, band.unit, band.scale, band.offset, band.nodata) == (
        3,
        "c",
        "reflectance",
        2.75e-5,
        -0.2,
        0,
    )
    assert info.missing_by == "nodata 0" and info.crs == "EPSG:32644" and info.driver == "GTiff"
    with raises_naming(InputError, "band d"):
        info.chosen(["d"], "band_names", "the site's `bands`")
    with opened(path) as raster, raises_naming(InputError, "3 bands", "band_names", "2"):
        understand(raster, ["a", "b"])


def test_nodata_that_a_type_cannot_hold_is_none():
    assert usable_nodata(-9999, "uint16") is None and usable_nodata(0.5, "int16") is None
    assert usable_nodata(np.nan, "int16") is None and usable_nodata(255, "uint8") == 255
    assert usable_nodata(1e-3, "float32") == float(np.float32(1e-3))


def test_ground_control_points_alone_are_refused_for_what_they_are(tmp_path):
    path = tmp_path / "grd.tif"
    points = [GroundControlPoint(row, col, 80 + col / 1e4, 30 - row / 1e4) for row in (0, 24) for col in (0, 32)]
    with rasterio.open(path, "w", driver="GTiff", width=32, height=24, count=1, dtype="uint16") as raster:
        raster.write(numbers(1))
        raster.gcps = (points, "EPSG:4326")
    with opened(path) as raster, raises_naming(InputError, "grd.tif", "4 ground control points"):
        check_place(understand(raster))
    plain = write_raster(tmp_path / "plain.tif", numbers(1), ["a"], crs=None)
    with opened(plain) as raster, raises_naming(InputError, "plain.tif", "coordinate reference system"):
        check_place(understand(raster))


def fill_note(path, **options):
    with opened(path) as raster:
        info = understand(raster)
        return check_fill(GridReader(raster, info, info.bands, SITE, **options))


@pytest.mark.parametrize(
    ("dtype", "value"), [("uint16", 65535), ("int16", -9999), ("float32", 0.0), ("float32", -9999.0)]
)
def test_undeclared_fill_is_refused_with_its_number(tmp_path, dtype, value):
    values = numbers(dtype=dtype)
    values[:, :, :3] = value
    path = write_raster(tmp_path / "a.tif", values, list("abc"))
    with raises_naming(InputError, "a.tif", f"number {value:g}", f"radiometry.nodata: {value:g}"):
        fill_note(path, zero="all")
    assert fill_note(path, nodata=value) == ""
    declared = write_raster(tmp_path / "b.tif", values, list("abc"), nodata=value)
    assert fill_note(declared) == ""


def test_what_is_no_fill_passes(tmp_path):
    zeros = numbers()
    zeros[:, :, :3] = 0  # the reader takes it as missing
    assert fill_note(write_raster(tmp_path / "a.tif", zeros, list("abc")), zero="all") == ""
    gray = np.repeat(np.random.default_rng(0).integers(20, 200, (1, 24, 32)), 3, axis=0).astype("uint8")
    assert fill_note(write_raster(tmp_path / "b.tif", gray, list("abc"))) == ""
    gray[:, :10] = 255  # eight bits are saturated over snow
    assert "saturated" in fill_note(write_raster(tmp_path / "c.tif", gray, list("abc")))
