"""Radar scenes on the grid: units, missing pixels, warping in linear power, speckle."""

import numpy as np
import pytest
import rasterio

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.snow.scenes.radar import TABLE, Backscatter, decibel_numbers, write_radar_scene
from climate_indicators.snow.scenes.speckle import SpeckleLevel, filtered, local_moments
from refusals import raises_naming
from snow_scene_files import GRID, power, shifted, write_radar, write_raster

EVERYWHERE = np.ones(GRID.shape, "uint8")
BANDS = ["VV", "VH"]


def db(values):
    return (10 * np.log10(values)).astype("float32")


def uneven(shape):
    """Factors near 1: real numbers are never all the same, as fill is."""
    return 1 + 1e-4 * np.random.default_rng(1).normal(size=(2, *shape))


def run(folder, source, reading=None, area=EVERYWHERE, grid=GRID, **kinds):
    path = folder / "out.tif"
    tags = {"RELATIVE_ORBIT": "48"}
    row, _ = write_radar_scene(path, source, grid, area, reading or Backscatter(), tags, **kinds)
    with RasterStack([path]) as stack:
        return row, *stack.read((0, grid.height), (0, grid.width))


def test_decibels_are_kept_where_the_pixels_are_the_grids_own(tmp_path):
    row, values, valid = run(tmp_path, write_radar(tmp_path / "a.tif"))
    assert valid.all() and np.abs(values - db(power()).transpose(1, 2, 0)).max() < 0.0051
    assert ["scene", "date", "orbit", *row] == TABLE
    assert row["valid_fraction"] == 1 and row["n_minus_inf"] == 0
    assert row["mean_vv_db"] == pytest.approx(db(power())[0].mean(), abs=1e-3)
    assert row["mean_vh_db"] == pytest.approx(db(power())[1].mean(), abs=1e-3)
    with rasterio.open(tmp_path / "out.tif") as raster:
        assert raster.descriptions == ("VV", "VH") and raster.dtypes[0] == "int16" and raster.nodata == -32768
        assert raster.scales == (0.01, 0.01) and raster.tags()["RELATIVE_ORBIT"] == "48"


@pytest.mark.parametrize("transform", [shifted(), shifted(-0.5, -0.5), shifted(size=2)])
@pytest.mark.parametrize("kind", ["none", "lee"])
def test_linear_power_gives_what_decibels_give(tmp_path, transform, kind):
    linear = write_raster(tmp_path / "linear.tif", power().astype("float32"), BANDS, transform)
    decibels = write_raster(tmp_path / "db.tif", db(power()), BANDS, transform)
    results = {
        unit: run(tmp_path, path, Backscatter(unit, kind))
        for unit, path in (("auto", linear), ("linear", linear), ("db", decibels))
    }
    for other in ("linear", "db"):
        assert np.abs(results["auto"][1] - results[other][1]).max() < 0.0101
        assert (results["auto"][2] == results[other][2]).all()


def test_minus_infinity_nan_nodata_and_nothing_are_masked(tmp_path):
    decibels = db(power())
    decibels[1, 0, :4] = -np.inf
    decibels[:, 1, 0] = -np.inf
    decibels[0, 2] = np.nan
    decibels[:, 3, 3] = -999
    missing = np.zeros(GRID.shape, bool)
    missing[0, :4] = missing[1, 0] = missing[2] = missing[3, 3] = True
    path = write_raster(tmp_path / "a.tif", decibels, BANDS, nodata=-999)
    row, values, valid = run(tmp_path, path)
    assert (valid == ~missing).all() and np.isfinite(values).all()
    assert row["n_minus_inf"] == 5 and row["valid_fraction"] == pytest.approx(1 - missing.mean())
    linear = np.where(np.isneginf(decibels), 0, 10 ** (decibels / 10.0)).astype("float32")
    linear[:, 3, 3] = -0.01  # noise subtracted beyond nothing
    row, _, valid = run(tmp_path, write_raster(tmp_path / "b.tif", linear, BANDS))
    assert (valid == ~missing).all() and row["n_minus_inf"] == 5


def test_the_outside_of_the_area_and_of_the_raster_is_masked(tmp_path):
    area = EVERYWHERE.copy()
    area[:, 24:] = 0
    row, _, valid = run(tmp_path, write_radar(tmp_path / "a.tif", transform=shifted(cols=8)), area=area)
    assert (valid == ((np.arange(32) >= 8) & (np.arange(32) < 24))).all()
    assert row["valid_fraction"] == pytest.approx(16 / 24)


def test_a_scene_without_a_pixel_is_written_not_refused(tmp_path):
    path = write_raster(tmp_path / "a.tif", np.full((2, *GRID.shape), np.nan, "float32"), BANDS)
    for kind in ("none", "lee"):
        row, _, valid = run(tmp_path, path, Backscatter(filter=kind))
        assert not valid.any() and row["valid_fraction"] == 0 and np.isnan(row["mean_vv_db"])


def test_a_wrong_unit_is_refused(tmp_path):
    linear = write_raster(tmp_path / "linear.tif", power().astype("float32"), BANDS)
    with raises_naming(InputError, "linear.tif", "0 of its 1536", "snow.radar.unit"):
        run(tmp_path, linear, Backscatter("db"))
    decibels = write_radar(tmp_path / "db.tif")
    with raises_naming(InputError, "db.tif", "1536 of its 1536", "snow.radar.unit"):
        run(tmp_path, decibels, Backscatter("linear"))
    with raises_naming(InputError, "'dB'", "auto, db, linear, amplitude"):
        Backscatter("dB")
    with raises_naming(InputError, "4 pixels"):
        Backscatter(filter="lee", filter_px=4)
    with raises_naming(InputError, "'frost'", "none, mean, lee"):
        Backscatter(filter="frost")


def test_warping_averages_power_not_decibels(tmp_path):
    # columns of 0.01 and 1 in turn, brought to a grid half a pixel aside: each new pixel is their mean, 0.505
    values = np.where(np.arange(32) % 2, 1.0, 0.01) * uneven(GRID.shape)
    path = write_raster(tmp_path / "a.tif", db(values), BANDS, shifted(cols=-0.5))
    _, found, valid = run(tmp_path, path)
    inner = found[2:-2, 2:-2]
    assert valid[2:-2, 2:-2].all()
    assert inner == pytest.approx(10 * np.log10(0.505), abs=0.02)  # the mean of decibels would be −10


def test_another_reference_system_keeps_the_place(tmp_path):
    # a bright square, seen in degrees
    bounds = rasterio.warp.transform_bounds(GRID.crs, "EPSG:4326", *GRID.bounds)
    transform = rasterio.transform.from_bounds(*bounds, 64, 48)
    values = np.full((2, 48, 64), 0.01)
    values[:, 16:32, 20:40] = 1.0
    values *= uneven((48, 64))
    path = write_raster(tmp_path / "a.tif", db(values), BANDS, transform, "EPSG:4326")
    _, found, valid = run(tmp_path, path)
    bright = found[..., 0] > -10
    assert valid[2:-2, 2:-2].all()
    assert bright[9:15, 11:19].all() and not bright[:7].any() and not bright[:, 22:].any()


@pytest.mark.parametrize("transform", [shifted(), shifted(-0.3, -0.7), shifted(size=0.5)])
@pytest.mark.parametrize("kind", ["none", "mean", "lee"])
def test_strips_give_what_the_whole_gives(tmp_path, transform, kind):
    decibels = db(power(seed=3))
    decibels[:, 9, 5:20] = -np.inf
    path = write_raster(tmp_path / "a.tif", decibels, BANDS, transform)
    whole = run(tmp_path, path, Backscatter(filter=kind))
    for rows in (1, 7):
        row, values, valid = run(tmp_path, path, Backscatter(filter=kind), strip_rows=rows)
        assert row == pytest.approx(whole[0], abs=1e-9)
        assert (values == whole[1]).all() and (valid == whole[2]).all()


def test_decibel_numbers_by_hand():
    values = np.array([[[1.0, 0.1, 0.0, np.nan, 2.0, 1e9]], [[0.01, 0.001, 1.0, 1.0, 1.0, 1.0]]])
    inside = np.array([[True, True, True, True, False, True]])
    assert decibel_numbers(values, inside).tolist() == [
        [[0, -1000, -32768, -32768, -32768, 9000]], [[-2000, -3000, -32768, -32768, -32768, 0]]
    ]  # fmt: skip


def speckled(ground, looks=5, seed=0):
    return ground * np.random.default_rng(seed).gamma(looks, 1 / looks, ground.shape)


@pytest.mark.parametrize("looks", [1, 5, 20])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_the_level_of_speckle_is_found(looks, size):
    ground = np.where(np.arange(300) < 100, 0.02, 0.3) * np.ones((300, 1))
    level = SpeckleLevel(size)
    level.add(speckled(ground, looks))
    # heavy tails pull the commonest value of small windows of one look below the true one
    assert level.variance == pytest.approx(1 / looks, rel=0.4 if looks == 1 else 0.2)


def test_lee_keeps_the_mean_and_lowers_the_variance_of_uniform_ground():
    image = speckled(np.full((400, 400), 0.1))
    inner = np.s_[8:-8, 8:-8]
    mean = filtered(image, "mean", 5, 0.2)[inner]
    lee = filtered(image, "lee", 5, 0.2)[inner]
    assert mean.mean() == pytest.approx(0.1, rel=0.005) and lee.mean() == pytest.approx(0.1, rel=0.02)
    # a mean of 25 independent pixels has a 25th of their variance
    assert mean.var() == pytest.approx(image.var() / 25, rel=0.1)
    assert mean.var() < lee.var() < image.var() / 5


def test_lee_keeps_edges_that_the_mean_smears():
    ground = np.where(np.arange(200) < 100, 0.02, 0.4) * np.ones((200, 1))
    image = speckled(ground, 20)
    beside = np.s_[:, 100]
    errors = [np.abs(filtered(image, kind, 5, 1 / 20)[beside] - 0.4).mean() for kind in ("lee", "mean")]
    assert errors[0] < errors[1] / 2


def test_without_speckle_lee_changes_nothing():
    image = np.random.default_rng(0).uniform(0.1, 1, (20, 20))
    assert filtered(image, "lee", 3, 0.0) == pytest.approx(image)
    assert filtered(image, "none", 3, 0.5) == pytest.approx(image)


def test_missing_pixels_count_nowhere():
    image = np.full((9, 9), 0.5)
    image[4, 4], image[0] = np.nan, np.nan
    for kind in ("mean", "lee"):
        calm = filtered(image, kind, 3, 0.2)
        assert (np.isnan(calm) == np.isnan(image)).all()
        assert calm[~np.isnan(image)] == pytest.approx(0.5)
    mean, variance, n_known = local_moments(np.array([[1.0, 2.0, np.nan], [3.0, 4.0, np.nan]]), 3)
    assert n_known.tolist() == [[4, 4, 2], [4, 4, 2]]
    assert mean.tolist() == [[2.5, 2.5, 3], [2.5, 2.5, 3]] and variance[0] == pytest.approx([1.25, 1.25, 1])


def test_a_scene_that_ends_inside_the_grid_works_with_every_filter(tmp_path):
    tall = Grid(GRID.crs, GRID.transform, GRID.width, GRID.height * 3)
    area = np.ones(tall.shape, "uint8")
    for transform in (shifted(), shifted(size=0.7)):
        path = write_radar(tmp_path / "a.tif", transform=transform)
        row, _, valid = run(tmp_path, path, Backscatter(filter="lee"), area, tall, strip_rows=10)
        assert not valid[GRID.height :].any() and 0.1 < row["valid_fraction"] < 0.34
