"""One scene in every form that radar files have: the same backscatter, or a refusal that names the file."""

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.snow.scenes.radar import Backscatter, coverage_warnings, write_radar_scene
from climate_indicators.snow.scenes.radar_units import (
    Survey,
    declared_unit,
    find_unit,
    named_unit,
    stands_out,
    to_power,
)
from rasters import grid
from refusals import raises_naming
from snow_scene_files import KHUMBU, needs_khumbu

SITE = grid(80, 100)
EVERYWHERE = np.ones(SITE.shape, "uint8")
TRUE_DB = -11.0
FILL = np.zeros(SITE.shape, bool)
FILL[:, :12] = True  # 12 % of the scene


def decibels():
    """VV of mean −11 dB and VH of mean −18 dB, float64."""
    rng = np.random.default_rng(3)
    values = 10 * np.log10(rng.gamma(5, 1 / 5, (2, *SITE.shape))) + 2 * rng.normal(size=SITE.shape)
    values -= values[:, ~FILL].mean(axis=1)[:, None, None]
    return values + np.array([TRUE_DB, TRUE_DB - 7])[:, None, None]


def power():
    return 10 ** (decibels() / 10)


def filled(values, number):
    return np.where(FILL, number, values)


def noisy(values):
    """Linear power of which noise was subtracted, here and there more than there was."""
    rng = np.random.default_rng(0)
    return np.where(rng.random(SITE.shape) < 0.03, -1e-3 * rng.random(SITE.shape), values)


def write(folder, values, dtype="float32", scale=None, offset=None, nodata=None, units=None, tags=None):
    path = folder / "scene.tif"
    with rasterio.open(
        path, "w", driver="GTiff", dtype=dtype, count=2, width=SITE.width, height=SITE.height, crs=SITE.crs,
        transform=SITE.transform, nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(np.rint(values).astype(dtype) if np.dtype(dtype).kind in "iu" else values.astype(dtype))
        raster.descriptions = ("VV", "VH")
        raster.scales = (scale or 1.0,) * 2
        raster.offsets = (offset or 0.0,) * 2
        if units:
            raster.units = (units, units)
        raster.update_tags(**(tags or {}))
    return str(path)


def read(folder, path, unit="auto", nodata=None, area=EVERYWHERE, place=SITE):
    reading = Backscatter(unit, "none", nodata=nodata)
    return write_radar_scene(folder / "out.tif", path, place, area, reading, {})[0]


SCALED = {"dtype": "int16", "scale": 0.01}
RIGHT = {
    "decibels": (lambda: decibels(), {}, "auto"),
    "decibels said": (lambda: decibels(), {}, "db"),
    "decibels, fill declared": (lambda: filled(decibels(), 0), {"nodata": 0}, "auto"),
    "decibels, fill nan": (lambda: filled(decibels(), np.nan), {}, "auto"),
    "decibels, fill -inf": (lambda: filled(decibels(), -np.inf), {}, "auto"),
    "power": (lambda: power(), {}, "auto"),
    "power said": (lambda: power(), {}, "linear"),
    "power, fill 0": (lambda: filled(power(), 0), {}, "auto"),
    "power, fill declared": (lambda: filled(power(), -9999), {"nodata": -9999}, "auto"),
    "power less noise": (lambda: noisy(power()), {}, "auto"),
    "amplitude said": (lambda: np.sqrt(power()), {}, "amplitude"),
    "amplitude, fill 0": (lambda: filled(np.sqrt(power()), 0), {}, "amplitude"),
    "amplitude declared": (lambda: np.sqrt(power()), {"units": "amplitude"}, "auto"),
    "own form": (lambda: filled(decibels() * 100, -32768), {**SCALED, "nodata": -32768}, "auto"),
    "scale and offset": (lambda: (decibels() + 40) / 0.002, {"dtype": "uint16", "scale": 0.002, "offset": -40}, "auto"),
    "scaled power": (lambda: power() / 1e-5, {"dtype": "uint16", "scale": 1e-5}, "linear"),
    "coarse decibels": (lambda: (decibels() + 60) / 0.5, {"dtype": "uint8", "scale": 0.5, "offset": -60}, "auto"),
    "power declared": (lambda: power(), {"tags": {"units": "Power"}}, "auto"),
}  # fmt: skip
# what the message names, besides the file
REFUSED = {
    "decibels, fill 0": (lambda: filled(decibels(), 0), {}, "auto", "number 0"),
    "decibels said, fill 0": (lambda: filled(decibels(), 0), {}, "db", "number 0"),
    "decibels, fill -9999": (lambda: filled(decibels(), -9999), {}, "auto", "-9999"),
    "power, fill -9999": (lambda: filled(power(), -9999), {}, "auto", "-9999"),
    "power said, fill -9999": (lambda: filled(power(), -9999), {}, "linear", "-9999"),
    "amplitude said, fill -9999": (lambda: filled(np.sqrt(power()), -9999), {}, "amplitude", "-9999"),
    "own form, fill not declared": (lambda: filled(decibels() * 100, -32768), SCALED, "auto", "-32768"),
    "two kinds of fill": (lambda: filled(np.where(FILL[::-1, ::-1], -9999, power()), -32768), {}, "auto", "-32768"),
    "amplitude": (lambda: np.sqrt(power()), {}, "auto", "amplitude"),
    "raw numbers": (lambda: np.sqrt(power()) * 600, {"dtype": "uint16"}, "auto", "not calibrated"),
    "raw numbers as power": (lambda: np.sqrt(power()) * 600, {"dtype": "uint16"}, "linear", "not calibrated"),
    "raw numbers as amplitude": (lambda: np.sqrt(power()) * 600, {"dtype": "uint16"}, "amplitude", "not calibrated"),
    "hundredths of decibels": (lambda: decibels() * 100, {"dtype": "int16"}, "auto", "hundredths"),
    "decibels called power": (lambda: decibels(), {}, "linear", "decibels"),
    "decibels called amplitude": (lambda: decibels(), {}, "amplitude", "decibels"),
    "power called decibels": (lambda: power(), {}, "db", "linear"),
    "power declared as decibels": (lambda: power(), {"units": "dB"}, "auto", "linear"),
    "faint decibels": (lambda: decibels() - 30, {}, "db", "-40.9 dB"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_every_form_of_a_scene_gives_its_backscatter(tmp_path, name):
    make, kinds, unit = RIGHT[name]
    row = read(tmp_path, write(tmp_path, make(), **kinds), unit)
    tolerance = 0.1 if "noise" in name or "coarse" in name else 0.02
    assert row["mean_vv_db"] == pytest.approx(TRUE_DB, abs=tolerance)
    assert row["mean_vh_db"] == pytest.approx(TRUE_DB - 7, abs=tolerance)
    assert row["median_vv_db"] == pytest.approx(np.median(decibels()[0]), abs=0.3)
    assert row["valid_fraction"] == pytest.approx(0.88 if "fill" in name or name == "own form" else 1, abs=0.04)
    assert row["unit"] == ("linear" if "power" in name else "amplitude" if "amplitude" in name else "db")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused_with_the_file_and_the_number(tmp_path, name):
    make, kinds, unit, word = REFUSED[name]
    path = write(tmp_path, make(), **kinds)
    with pytest.raises(InputError) as error:
        read(tmp_path, path, unit)
    assert path in str(error.value) and word in str(error.value)
    assert not (tmp_path / "out.tif").exists()


@pytest.mark.parametrize(("number", "values"), [(0, decibels), (-9999, power)])
def test_fill_that_the_settings_declare_is_missing(tmp_path, number, values):
    path = write(tmp_path, filled(values(), number))
    with pytest.raises(InputError, match="snow.radar.nodata"):
        read(tmp_path, path)
    row = read(tmp_path, path, nodata=number)
    assert row["mean_vv_db"] == pytest.approx(TRUE_DB, abs=0.02) and row["valid_fraction"] == pytest.approx(0.88)


def test_numbers_that_the_settings_call_values_are_no_fill(tmp_path):
    # clipped at −25 dB, as some exports are
    path = write(tmp_path, np.maximum(decibels() - 6, -25))
    with raises_naming(InputError, "VH", "-25", "snow.radar.nodata", "none"):
        read(tmp_path, path)
    assert read(tmp_path, path, nodata="none")["valid_fraction"] == 1


def test_a_scene_that_this_workflow_wrote_is_read_again_unchanged(tmp_path):
    first = read(tmp_path, write(tmp_path, filled(decibels(), np.nan)))
    (tmp_path / "out.tif").rename(tmp_path / "again.tif")
    assert read(tmp_path, str(tmp_path / "again.tif")) == first
    with rasterio.open(tmp_path / "again.tif") as one, rasterio.open(tmp_path / "out.tif") as two:
        assert (one.read() == two.read()).all()


def test_what_was_understood_is_a_row_of_the_inputs(tmp_path):
    path = write(tmp_path, filled(decibels() * 100, -32768), **SCALED, nodata=-32768)
    _, row = write_radar_scene(tmp_path / "out.tif", path, SITE, EVERYWHERE, Backscatter(nodata=7), {})
    assert (row.file, row.role, row.bands, row.unit) == (path, "radar", "VV, VH", "dB")
    assert (row.scale, row.offset, row.nodata, row.crs) == (0.01, 0, -32768, SITE.crs)
    assert "nodata -32768" in row.missing_by and "nodata 7 of the settings" in row.missing_by
    assert row.covered_fraction == pytest.approx(0.88) and "db" in row.note
    nan = write(tmp_path, filled(decibels(), np.nan), nodata=np.nan)
    _, other = write_radar_scene(tmp_path / "out.tif", nan, SITE, EVERYWHERE, Backscatter(), {})
    assert other.missing_by == "nodata nan, −inf"
    kept = decibels()[:, ~FILL]
    found = row.minimum, row.median, row.maximum
    assert found == pytest.approx((kept.min(), np.median(kept), kept.max()), abs=0.011)


def test_a_band_that_is_missing_alone_spoils_no_neighbor(tmp_path):
    # off the grid, pixels are interpolated: the fill of one band must reach neither band of the pixels around
    values = decibels()
    values[0, 30:50, 40:60] = -9999
    off = Grid(SITE.crs, Affine.translation(7, 3) @ SITE.transform, SITE.width, SITE.height)
    row = read(tmp_path, write(tmp_path, values, nodata=-9999), place=off)
    with rasterio.open(tmp_path / "out.tif") as raster:
        numbers = raster.read()
    missing = numbers == -32768
    assert (missing[0] == missing[1]).all() and missing[0, 32:47, 42:57].all()
    assert numbers[~missing].min() > -5000 and row["valid_fraction"] == pytest.approx(0.95, abs=0.02)


def test_few_pixels_of_fill_in_decibels_are_no_backscatter(tmp_path):
    values = decibels()
    values[:, 0, :30] = -9999
    values[:, 1, :30] = -100
    row = read(tmp_path, write(tmp_path, values))
    assert row["valid_fraction"] == pytest.approx(1 - 60 / values[0].size) and row["n_minus_inf"] == 60


@pytest.mark.parametrize("level", [-8, -11, -14, -17, -20])
@pytest.mark.parametrize("difference", [6, 8, 10])
def test_amplitude_is_never_taken_for_power(level, difference):
    texture = np.random.default_rng(0).normal(0, 3, (2, 2000))
    vv, vh = 10 ** ((np.array([[level], [level - difference]]) + texture) / 10)
    assert find_unit(Survey("scene.tif", vv, vh), "auto") == "linear"
    with raises_naming(InputError, "scene.tif", "VV", "snow.radar.unit"):
        find_unit(Survey("scene.tif", np.sqrt(vv), np.sqrt(vh)), "auto")
    assert find_unit(Survey("scene.tif", np.sqrt(vv), np.sqrt(vh)), "amplitude") == "amplitude"


def test_a_number_stands_out_or_all_numbers_are_coarse():
    rng = np.random.default_rng(0)
    values = rng.normal(-11, 3, 10_000)
    assert stands_out(values) is None and stands_out(np.round(values)) is None
    assert stands_out(np.r_[values, np.zeros(90)]) is None
    assert stands_out(np.r_[values, np.zeros(200)]) == pytest.approx((0, 200 / 10_200))
    assert stands_out(np.r_[np.round(values), np.full(3000, 20)]) == pytest.approx((20, 3 / 13))
    assert stands_out(np.zeros(99)) is None


def test_power_of_each_unit():
    values = np.array([-20.0, 0.0, -np.inf, np.nan, -100.0])
    np.testing.assert_allclose(to_power(values, "db"), [0.01, 1, np.nan, np.nan, np.nan])
    values = np.array([0.1, 0.0, -0.1, np.inf])
    np.testing.assert_allclose(to_power(values, "amplitude"), [0.01, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(to_power(values, "linear"), [0.1, np.nan, np.nan, np.nan])
    assert declared_unit(["dB", "", None]) == "db" and declared_unit(["dB", "power"]) == declared_unit(["m"]) == ""


HYP3 = "S1A_IW_20190820T052600_DVP_RTC30_G_g{}uned_AB12"


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/data/" + HYP3.format("p"), "linear"),
        (f"/data/{HYP3.format('a')}/{HYP3.format('a')}_VV.tif", "amplitude"),
        ("/data/" + HYP3.format("d"), ""),
        ("OPERA_L2_RTC-S1_T168-359595-IW1_20190820T052600Z_20230101T000000Z_S1A_30_v1.0_VV.tif", "linear"),
        ("/data/scene.tif", ""),
    ],
)
def test_the_unit_in_the_name_of_a_product(path, unit):
    assert named_unit(path) == unit


def test_bright_scenes_of_named_products_are_understood():
    """Firn and towns of −4 dB: their power may be amplitude by its numbers, but not by the product's name."""
    vv, vh = (band.ravel() for band in power() * 5)
    with raises_naming(InputError, "a.tif", "VV", "snow.radar.unit"):
        find_unit(Survey("a.tif", vv, vh), "auto")
    for named in ("linear", "amplitude"):
        assert find_unit(Survey("a.tif", vv, vh, named=named), "auto") == named
    assert find_unit(Survey("a.tif", 10 * np.log10(vv), 10 * np.log10(vh), named="linear"), "auto") == "db"


@pytest.mark.parametrize("in_db", [True, False])
def test_low_numbers_that_were_raised_to_a_floor_are_no_fill(in_db, caplog):
    """Water and wet snow: some of VH lie at −30 dB."""
    wet = np.maximum(decibels() - 9, -30)
    assert (wet == -30).mean() > 0.01
    far = np.where(FILL, -50.0, decibels())  # as low as no number near it
    forms = [values if in_db else 10 ** (values / 10) for values in (wet, far)]
    floor, fill = (Survey("a.tif", *(band.ravel() for band in values)) for values in forms)
    assert find_unit(floor, "auto") == ("db" if in_db else "linear")
    assert "raised" in caplog.text
    with raises_naming(InputError, "a.tif", "VV", "snow.radar.nodata"):
        find_unit(fill, "auto")


@pytest.mark.parametrize("unit", ["db", "linear", "amplitude"])
def test_swapped_bands_are_refused(unit):
    values = {"db": decibels(), "linear": power(), "amplitude": np.sqrt(power())}[unit]
    vv, vh = (band.ravel() for band in values)
    assert find_unit(Survey("a.tif", vv, vh), unit) == unit
    for wanted in (unit, "auto"):
        with raises_naming(InputError, "VH", "VV", "radar_bands"):
            find_unit(Survey("a.tif", vh, vv), wanted)
    calm = decibels() - 14  # water: noise of both bands is as high
    assert find_unit(Survey("a.tif", calm[0].ravel(), calm[0].ravel() + 1), "auto") == "db"


@pytest.mark.parametrize("tiny", [-100.0, -120.0])
def test_the_logarithm_of_a_tiny_number_is_no_fill(tmp_path, tiny):
    row = read(tmp_path, write(tmp_path, filled(decibels(), tiny)))
    assert row["unit"] == "db" and row["median_vv_db"] == pytest.approx(TRUE_DB, abs=0.2)
    assert row["valid_fraction"] == pytest.approx(1 - FILL.mean()) and row["n_minus_inf"] == FILL.sum()
    with raises_naming(InputError, "scene.tif", "VV", "snow.radar.nodata"):
        read(tmp_path, write(tmp_path, filled(power(), tiny)))


def test_scenes_that_show_little_are_named():
    table = pd.DataFrame({"scene": ["a", "b"], "valid_fraction": [0.9, 0.1]})
    (message,) = coverage_warnings(table)
    assert "b (10 %)" in message and "1 of 2" in message and not list(coverage_warnings(table.iloc[:1]))


@needs_khumbu
@pytest.mark.parametrize(("season", "median"), [("summer", -9.1), ("autumn", -8.8)])
@pytest.mark.parametrize("unit", ["auto", "db"])
def test_real_mosaics_are_understood(tmp_path, season, median, unit):
    path = str(KHUMBU / f"s1_{season}_2024.tif")
    with rasterio.open(path) as raster:
        place = Grid(raster.crs.to_string(), raster.transform, raster.width, raster.height)
    row = read(tmp_path, path, unit, area=np.ones(place.shape, "uint8"), place=place)
    assert row["median_vv_db"] == pytest.approx(median, abs=0.1) and row["unit"] == "db" and row["n_minus_inf"] > 0
