"""Whole-image prediction: no seams, no loss at edges, bounded windows. A filter stands in for the network."""

import numpy as np
import pytest
import rasterio
from scipy import ndimage

from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import Engine, with_test_time_augmentation
from climate_indicators.segmentation.tiled_prediction import (
    Windows,
    count_windows,
    predict_logits,
    predict_rectangle,
    write_prediction,
)
from rasters import write_scene
from refusals import raises_naming

REACH = 4


def filter_engine(shapes=None):
    """A mean over 9 × 9 pixels, zero outside as a network's padding; only the halo can hide that border."""

    def run(images):
        if shapes is not None:
            shapes.append(images.shape[1:3])
        return np.stack([ndimage.uniform_filter(image[..., 0], 2 * REACH + 1, mode="constant") for image in images])

    return Engine("filter", "float32", run)


@pytest.fixture
def scene(tmp_path):
    rng = np.random.default_rng(0)
    values = ndimage.gaussian_filter(rng.normal(size=(150, 210)), 3)[..., None] + 1.0
    valid = np.ones((150, 210), bool)
    valid[30:50, 100:130] = False
    return write_scene(tmp_path / "scene.tif", values, valid), valid


def whole(engine, path, windows):
    with RasterStack([path]) as stack:
        parts = list(predict_logits(engine, stack, [1.0], windows))
    assert [row for row, *_ in parts] == list(np.cumsum([0] + [len(logits) for _, logits, _ in parts[:-1]]))
    return np.concatenate([logits for _, logits, _ in parts]), np.concatenate([known for *_, known in parts])


@pytest.mark.parametrize("core", [16, 32, 48, 64])
@pytest.mark.parametrize("blend", [0, 8])
def test_windows_give_what_one_pass_over_the_whole_image_gives(scene, core, blend):
    path, valid = scene
    once, _ = whole(filter_engine(), path, Windows(256, 8, 0, 8))
    pieces, known = whole(filter_engine(), path, Windows(core, 8, blend, 8))
    assert np.array_equal(known, valid)
    assert np.abs(pieces - once).max() < 1e-5


def test_a_halo_smaller_than_the_networks_reach_would_show(scene):
    once, _ = whole(filter_engine(), scene[0], Windows(256, 8, 0, 8))
    pieces, _ = whole(filter_engine(), scene[0], Windows(32, 0, 0, 8))
    assert np.abs(pieces - once).max() > 0.1


def test_no_window_is_larger_than_core_and_halo_and_all_fit_the_networks_stride(scene):
    shapes = []
    windows = Windows(64, 8, 8, 8)
    whole(filter_engine(shapes), scene[0], windows)
    assert len(shapes) == count_windows((150, 210), windows) == 12
    assert max(max(shape) for shape in shapes) <= 64 + 16
    assert all(side % 8 == 0 for shape in shapes for side in shape)


def test_a_rectangle_gets_the_logits_of_the_whole_image(scene):
    path, valid = scene
    once, _ = whole(filter_engine(), path, Windows(256, 8, 0, 8))
    with RasterStack([path]) as stack:
        logits, known = predict_rectangle(filter_engine(), stack, [1.0], (17, 60), (90, 203), Windows(64, 8, 0, 8))
    assert np.allclose(logits, once[17:60, 90:203], atol=1e-5)
    assert np.array_equal(known, valid[17:60, 90:203])


def test_averaging_over_turns_undoes_each_turn_before_it_adds():
    rng = np.random.default_rng(0)
    images, shapes = rng.normal(size=(2, 16, 24, 1)).astype("float32"), []

    def lopsided(batch):
        shapes.append(batch.shape[1:3])
        return batch[..., 0] + np.arange(batch.shape[2], dtype="float32")

    averaged = with_test_time_augmentation(Engine("lopsided", "float32", lopsided))
    # forwards and backwards, along and across, a ramp averages to a constant
    ramp = (11.5 + 7.5) / 2
    assert np.allclose(averaged.run(images), images[..., 0] + ramp, atol=1e-5)
    assert shapes == [(16, 24)] * 4 + [(24, 16)] * 4


def test_probability_and_extent_on_disk(scene, tmp_path):
    path, valid = scene
    once, _ = whole(filter_engine(), path, Windows(256, 8, 0, 8))
    with RasterStack([path]) as stack:
        share = write_prediction(
            tmp_path / "p.tif",
            tmp_path / "e.tif",
            stack,
            predict_logits(filter_engine(), stack, [1.0], Windows(64, 8, 8, 8)),
            temperature=2.0,
            threshold=0.62,
            names=("probability", "extent"),
            tags={"ENGINE": "filter"},
        )
    expected = 1 / (1 + np.exp(-once / 2.0))
    with rasterio.open(tmp_path / "p.tif") as raster:
        numbers = raster.read(1)
        assert raster.tags()["ENGINE"] == "filter" and raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert np.array_equal(numbers == 255, ~valid)
        assert np.abs(numbers[valid] * raster.scales[0] - expected[valid]).max() <= 0.5 / 250 + 1e-6
    with rasterio.open(tmp_path / "e.tif") as raster:
        extent = raster.read(1)
    assert np.array_equal(extent == 255, ~valid)
    sure = valid & (np.abs(expected - 0.62) > 1e-5)
    assert np.array_equal(extent[sure] == 1, expected[sure] >= 0.62)
    assert share == pytest.approx((extent[valid] == 1).mean())


@pytest.mark.parametrize("numbers", [(60, 8, 0, 8), (64, 12, 0, 8), (64, 8, 3, 8), (64, 8, 24, 8)])
def test_windows_that_cannot_work_are_refused(numbers):
    with raises_naming(ValueError, "core"):
        Windows(*numbers)
