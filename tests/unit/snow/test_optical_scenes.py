"""Optical scenes on the grid: reflectance, clouds, gaps, and snow by the published rules."""

import numpy as np
import pytest
import rasterio

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster_stack import RasterStack, raster_grid
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from climate_indicators.snow.scenes.optical import TABLE, OpticalReading, write_optical_scene
from climate_indicators.snow.scenes.snow_indices import SnowRule, ndfsi, ndsi, snow_by_rule
from realistic_scenes import scene
from refusals import raises_naming
from snow_scene_files import GRID, KHUMBU, needs_khumbu, optical, shifted, write_optical, write_raster

EVERYWHERE = np.ones(GRID.shape, "uint8")
SNOW_HALF = np.arange(32) < 16


def reading_of(scale=1e-4, offset_dn=None, nodata=None, sentinel2_baseline=False):
    return OpticalReading(Radiometry(scale, offset_dn, nodata, sentinel2_baseline))


def run(folder, source, clouds="", area=EVERYWHERE, reading=None, rule=None, grid=GRID, date="2019-06-12"):
    paths = folder / "out.tif", folder / "out_mask.tif"
    reading, rule = reading or reading_of(), rule or SnowRule()
    row, inputs = write_optical_scene(*paths, source, clouds, SceneOffset(date), grid, area, reading, rule)
    assert [one.role for one in inputs] == ["scene", *(["cloud_mask"] if clouds else [])]
    with RasterStack([paths[0]]) as stack, rasterio.open(paths[1]) as mask:
        values, valid = stack.read((0, grid.height), (0, grid.width))
        return row, values, valid, mask.read(1)


def test_reflectance_mask_and_fractions(tmp_path):
    row, values, valid, mask = run(tmp_path, write_optical(tmp_path / "a.tif"))
    assert ["scene", "date", *row] == TABLE
    assert valid.all() and values[0, 0] == pytest.approx([0.8, 0.82, 0.81, 0.76, 0.09])
    assert (mask == np.where(SNOW_HALF, 1, 0)).all()
    assert (row["valid_fraction"], row["cloud_fraction"], row["snow_pixels"], row["valid_pixels"]) == (1, 0, 384, 768)
    assert row["snow_fraction"] == row["ndsi_fraction"] == row["ndsi_nir_fraction"] == row["ndfsi_fraction"] == 0.5


def test_bands_and_tags_of_what_is_written(tmp_path):
    run(tmp_path, write_optical(tmp_path / "a.tif"))
    with rasterio.open(tmp_path / "out.tif") as raster, rasterio.open(tmp_path / "out_mask.tif") as mask:
        assert raster.descriptions == ("B02", "B03", "B04", "B08", "B11") and raster.dtypes[0] == "int16"
        assert raster.nodata == -32768 and raster.scales[0] == 1e-4
        assert mask.descriptions == ("snow",) and mask.nodata == 255 and raster_grid(mask) == GRID


def test_clouds_gaps_and_the_outside_are_unknown(tmp_path):
    numbers = optical()
    numbers[:, 0] = 0  # a gap
    numbers[4, 1, 0] = 0  # one band alone
    clouds = np.zeros((1, *GRID.shape), "uint8")
    clouds[0, :, 10:20] = 1
    area = EVERYWHERE.copy()
    area[20:] = 0
    paths = write_optical(tmp_path / "a.tif", numbers), write_raster(tmp_path / "c.tif", clouds, ["cloud"])
    row, values, valid, mask = run(tmp_path, *paths, area)
    expected = np.ones(GRID.shape, bool)
    expected[0], expected[1, 0], expected[:, 10:20], expected[20:] = False, False, False, False
    assert (valid == expected).all() and (mask[~expected] == 255).all() and (mask[expected] < 2).all()
    assert (values[~expected] == 0).all()
    assert row["cloud_fraction"] == pytest.approx(10 / 32)
    assert row["valid_fraction"] == pytest.approx(expected.sum() / 640)


def test_a_wholly_cloudy_scene_is_written_not_refused(tmp_path):
    clouds = write_raster(tmp_path / "c.tif", np.ones((1, 12, 16), "uint8"), ["cloud"], shifted(size=2))
    row, _, valid, mask = run(tmp_path, write_optical(tmp_path / "a.tif"), clouds)
    assert not valid.any() and (mask == 255).all()
    assert row["cloud_fraction"] == 1 and row["valid_pixels"] == 0 and np.isnan(row["snow_fraction"])


def test_declared_nodata_and_nan_are_gaps(tmp_path):
    numbers = optical()
    numbers[:, 3] = 65535
    _, _, valid, _ = run(tmp_path, write_optical(tmp_path / "a.tif", numbers, nodata=65535))
    assert not valid[3].any() and valid[4:].all()
    numbers[:, 3], numbers[:, 4] = 0, 9
    given = reading_of(nodata=9)
    _, _, valid, _ = run(tmp_path, write_optical(tmp_path / "c.tif", numbers), reading=given)
    assert not valid[3:5].any() and valid[5:].all()
    floats = optical().astype("float32") / 10_000
    floats[1, 5] = np.nan
    _, values, valid, _ = run(tmp_path, write_optical(tmp_path / "b.tif", floats), reading=reading_of(1.0))
    assert not valid[5].any() and valid.sum() == 23 * 32 and values[0, 0, 0] == pytest.approx(0.8)


def test_the_offset_is_added_before_the_scale(tmp_path):
    path = write_optical(tmp_path / "a.tif", optical() + np.uint16(1000))
    _, values, *_ = run(tmp_path, path, reading=reading_of(offset_dn=-1000))
    assert values[0, 0] == pytest.approx([0.8, 0.82, 0.81, 0.76, 0.09])
    by_date = reading_of(sentinel2_baseline=True)
    _, values, *_ = run(tmp_path, path, reading=by_date, date="2022-01-24")
    assert values[0, 0] == pytest.approx([0.9, 0.92, 0.91, 0.86, 0.19])
    _, values, *_ = run(tmp_path, path, reading=by_date, date="2023-01-01")
    assert values[0, 0] == pytest.approx([0.8, 0.82, 0.81, 0.76, 0.09])


def test_reflectance_read_as_numbers_is_refused_and_nothing_is_written(tmp_path):
    floats = optical().astype("float32") / 10_000
    path = write_optical(tmp_path / "float.tif", floats)
    with pytest.raises(InputError, match=r"float\.tif.*radiometry\.scale"):
        run(tmp_path, path)
    assert not (tmp_path / "out.tif").exists() and not (tmp_path / "out_mask.tif").exists()
    assert run(tmp_path, path, reading=reading_of(1.0))[0]["snow_fraction"] == 0.5


def test_the_offset_of_one_scene_counts_before_its_date(tmp_path):
    path = write_optical(tmp_path / "a.tif", optical() + np.uint16(1000))
    paths = tmp_path / "out.tif", tmp_path / "out_mask.tif"
    for given in (SceneOffset("2019-06-12", offset_dn=-1000), SceneOffset("2019-06-12", processing_baseline="05.00")):
        reading = OpticalReading(Radiometry())
        row, inputs = write_optical_scene(*paths, path, None, given, GRID, EVERYWHERE, reading, SnowRule())
        assert row["snow_fraction"] == 0.5 and inputs[0].offset == pytest.approx(-0.1)


def test_a_scene_of_another_pixel_size_is_brought_to_the_grid(tmp_path):
    coarse = write_optical(tmp_path / "a.tif", optical((12, 16)), shifted(size=2))
    _, values, valid, mask = run(tmp_path, coarse)
    assert valid.all() and (mask[:, :14] == 1).all() and (mask[:, 18:] == 0).all()
    beside = write_optical(tmp_path / "b.tif", transform=shifted(cols=8))
    row, values, valid, _ = run(tmp_path, beside)
    assert row["valid_fraction"] == pytest.approx(24 / 32) and not valid[:, :8].any()
    assert values[0, 8] == pytest.approx([0.8, 0.82, 0.81, 0.76, 0.09])


@pytest.mark.parametrize("rule", ["ndsi_nir", "ndsi_nir_or_ndfsi"])
def test_shadow_and_water_are_known_and_no_snow_before_and_after_the_offset(tmp_path, rule):
    shares = {"old snow": 30, "lake": 30, "sea": 20, "rock in shadow": 20}
    size = GRID.width * GRID.height
    pixels = scene(shares, noise=0.002, haze=-0.01, n=size)
    truth = scene({"old snow": 1}, n=1)[1, 0] / 2
    for day, numbers in (
        ("2019-06-12", np.clip(np.rint(pixels * 1e4), 1, None)),  # as they were cut until baseline 04.00
        ("2023-06-12", np.rint(pixels * 1e4) + 1000),
    ):
        path = write_optical(tmp_path / f"{day}.tif", numbers.reshape(5, *GRID.shape).astype("uint16"))
        row, *_ = run(tmp_path, path, reading=OpticalReading(), rule=SnowRule(rule), date=day)
        assert row["valid_fraction"] == 1
        assert row["snow_fraction"] == pytest.approx((pixels[1] > truth).mean(), abs=0.001)


def test_indices_against_values_worked_by_hand():
    assert ndsi(np.array([0.7]), np.array([0.1])) == pytest.approx(0.75)
    assert ndfsi(np.array([0.3]), np.array([0.1])) == pytest.approx(0.5)
    # nothing reflected is no index; a negative reflectance counts as none
    assert np.isnan(ndsi(np.zeros(1), np.zeros(1))) and np.isnan(ndsi(np.array([-0.1]), np.array([-0.2])))
    assert ndsi(np.array([0.05]), np.array([-0.01])) == 1
    assert np.isnan(ndsi(np.array([np.nan]), np.array([0.2])))


def test_each_rule_takes_what_it_is_meant_for():
    # open snow, water, snow beneath trees, soil, nothing at all
    green, nir, swir = np.array(
        [[0.8, 0.7, 0.1], [0.06, 0.02, 0.01], [0.05, 0.25, 0.08], [0.1, 0.2, 0.3], [0.0, 0.0, 0.0]]
    ).T
    rules, known = snow_by_rule(green, nir, swir, SnowRule())
    assert known.tolist() == [True] * 4 + [False]
    assert rules["ndsi"].tolist() == [True, True, False, False, False]
    assert rules["ndsi_nir"].tolist() == [True, False, False, False, False]
    assert rules["ndfsi"].tolist() == [True, False, True, False, False]
    assert rules["ndsi_nir_or_ndfsi"].tolist() == [True, False, True, False, False]
    assert not snow_by_rule(green, nir, swir, SnowRule(ndsi=0.9))[0]["ndsi"].any()
    with raises_naming(InputError, "'nsdi'", "ndsi_nir_or_ndfsi"):
        SnowRule("nsdi")


@needs_khumbu
@pytest.mark.parametrize(("season", "percent"), [("summer", (5.5, 4.7, 4.2)), ("autumn", (25.2, 23.2, 22.4))])
def test_snow_shares_of_the_real_images(tmp_path, season, percent):
    source = str(KHUMBU / f"s2_{season}_2024.tif")
    with rasterio.open(source) as raster:
        grid = raster_grid(raster)
    row, *_ = run(tmp_path, source, area=np.ones(grid.shape, "uint8"), grid=grid)
    found = [100 * row[f"{name}_fraction"] for name in ("ndsi", "ndsi_nir", "ndfsi")]
    assert found == pytest.approx(percent, abs=0.1)
    assert row["valid_fraction"] > 0.999


@pytest.mark.parametrize("declared", [{}, {"nodata": 0}])
def test_bare_soil_without_one_band_off_the_grid_is_unknown_not_snow(tmp_path, declared):
    # a short-wave infrared that is missing would be a dark one, as snow has
    soil = [600, 900, 1200, 2000, 2600]
    numbers = np.array(soil, "uint16")[:, None, None] * np.ones(GRID.shape, "uint16")
    numbers[4, :, 10:20] = 0
    off = shifted(cols=0.7)  # 7 m
    row, _, _, mask = run(tmp_path, write_optical(tmp_path / "a.tif", numbers, off, **declared))
    assert row["snow_pixels"] == 0 and not (mask == 1).any()
    assert (mask[:, 11:20] == 255).all() and (mask[:, 1:10] == 0).all() and (mask[:, 21:] == 0).all()
