"""Prompt points, pictures of radar, and the cache of images."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from climate_indicators.plotting.snow.activation_maps import activation_figure, map_correlation, paired
from climate_indicators.snow.foundation_models.model_inputs import (
    CHANGE,
    GRAY,
    POLARIZATIONS,
    color_picture,
    radar_picture,
    resize,
    spread_of_snow,
)
from climate_indicators.snow.foundation_models.prompts import oracle_points, radar_points
from climate_indicators.snow.foundation_models.result_cache import ImageCache

BANDS = ("VV", "VH", "VV_change", "VH_change")


@pytest.fixture
def snow():
    """A field of 60 × 60 with snow in its left third, and the change of backscatter there, with speckle."""
    truth = np.zeros((60, 60), "uint8")
    truth[:, :20] = 1
    rng = np.random.default_rng(3)
    change = np.where(truth[..., None] == 1, -3.0, 0.0) + rng.normal(0, 1, (60, 60, 2))
    return truth, change


def test_oracle_points_lie_on_the_truth(snow):
    truth = snow[0].copy()
    truth[:10] = 255
    points = oracle_points(truth, 10, np.random.default_rng(1))
    assert points.labels.tolist() == [1] * 10 + [0] * 10
    assert truth[tuple(points.places.T)].tolist() == points.labels.tolist()
    assert len(np.unique(points.places, axis=0)) == 20


def test_oracle_points_are_those_of_their_seed(snow):
    first, again, other = (oracle_points(snow[0], 10, np.random.default_rng([7, n])).places for n in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_oracle_takes_what_there_is():
    truth = np.zeros((8, 8), "uint8")
    truth[0, :3] = 1
    points = oracle_points(truth, 10, np.random.default_rng(0))
    assert points.labels.tolist() == [1] * 3 + [0] * 10
    assert not oracle_points(np.zeros((8, 8), "uint8"), 10, np.random.default_rng(0)).has_foreground


def test_radar_points_find_the_fall_without_the_truth(snow):
    truth, change = snow
    points = radar_points(change, np.ones(truth.shape, bool), 10)
    assert points.labels.tolist() == [1] * 10 + [0] * 10
    assert truth[tuple(points.places.T)].tolist() == points.labels.tolist()


def test_radar_points_of_a_kind_keep_apart(snow):
    truth, change = snow
    points = radar_points(change, np.ones(truth.shape, bool), 10)
    for value in (0, 1):
        assert pdist(points.places[points.labels == value]).min() >= 4


def test_radar_without_a_fall_has_no_foreground(snow):
    points = radar_points(np.zeros((60, 60, 2)), np.ones((60, 60), bool), 10)
    assert not points.has_foreground and len(points.labels) == 10


def test_radar_points_avoid_missing_pixels(snow):
    truth, change = snow
    valid = np.ones(truth.shape, bool)
    valid[:, :10] = False
    change = np.where(valid[..., None], change, -40.0)
    points = radar_points(change, valid, 10)
    assert valid[tuple(points.places.T)].all()
    # what is missing must not draw its neighbors down either
    assert truth[tuple(points.places[points.labels == 1].T)].all()
    assert len(radar_points(change, np.zeros_like(valid), 10).labels) == 0


def test_fewer_pixels_than_points():
    change = np.zeros((5, 5, 2))
    change[2, 2] = -30.0
    points = radar_points(change, np.ones((5, 5), bool), 10, smooth_px=1)
    assert points.labels.tolist() == [1] + [0] * 10
    assert points.places[0].tolist() == [2, 2]


def test_radar_picture_has_one_stretch():
    image = np.zeros((2, 2, 4), "float32")
    image[0, 0], image[0, 1], image[1, 0] = (-10, -17, 0, 0), (-5, -17, 0, 0), (-99, -99, -99, -99)
    valid = np.ones((2, 2), bool)
    valid[1, 1] = False
    mean, std = np.array([-10.0, -17.0, 0.0, 0.0]), np.array([2.0, 2.0, 1.0, 1.0])
    picture = radar_picture(image, valid, BANDS, mean, std, POLARIZATIONS)
    assert picture[0, 0].tolist() == [128, 128, 128] == picture[1, 1].tolist()
    # five dB above the mean is the upper end of both the band and the ratio
    assert picture[0, 1].tolist() == [255, 128, 255]
    assert picture[1, 0].tolist()[:2] == [0, 0]
    gray = radar_picture(image, valid, BANDS, mean, std, GRAY)
    assert (gray == gray[..., :1]).all()
    assert radar_picture(image, valid, BANDS, mean, std, CHANGE)[1, 0, 2] == 0


def test_gaps_of_optical_pictures_get_the_mean_color():
    rgb = np.full((4, 4, 3), 100, "uint8")
    rgb[0] = 0
    assert (color_picture(rgb) == 100).all() and (rgb[0] == 0).all()
    assert (color_picture(np.zeros((4, 4, 3), "uint8")) == 0).all()


def test_resize_keeps_a_slope_and_its_place():
    layer = np.tile(np.arange(8.0), (8, 1))
    finer = resize(layer, (16, 16))
    assert finer.shape == (16, 16)
    # the middle of the new pixel 7 lies at 3.25 of the old ones
    assert finer[5, 7] == pytest.approx(3.25)


def test_examples_go_from_little_snow_to_much(tmp_path):
    with h5py.File(tmp_path / "p.h5", "w") as store:
        labels = np.full((6, 2, 2), 255, "uint8")
        for place, count in enumerate((4, 0, 2, 1, 3, 4)):
            labels[place] = (np.arange(4) < count).reshape(2, 2)
        store["label"], store["split"] = labels, np.array([3, 3, 3, 3, 3, 1], "uint8")
        assert spread_of_snow(store, 3, 5) == [1, 3, 2, 4, 0]
        assert spread_of_snow(store, 3, 1) == [2]
        assert spread_of_snow(store, 3, 9) == [1, 3, 2, 4, 0]
        assert len(spread_of_snow(store, 2, 9)) == 6


class Slow:
    """A network that counts how often it runs."""

    def __init__(self):
        self.runs = 0

    def __call__(self, picture):
        self.runs += 1
        return picture.astype("float32") / 3


def test_a_picture_is_computed_once(tmp_path):
    slow, picture = Slow(), np.arange(12, dtype="float32").reshape(3, 4)
    cache = ImageCache(tmp_path, "network")
    first, again = cache.get(picture, slow), cache.get(picture.copy(), slow)
    assert slow.runs == 1 and (cache.computed, cache.read) == (1, 1)
    # new and read are the same number, rounded to float16
    assert first.dtype == "float32" and np.array_equal(first, again)
    assert np.allclose(first, picture / 3, rtol=1e-3) and not np.array_equal(first, picture / 3)


def test_other_content_network_or_type_is_another_file(tmp_path):
    picture = np.zeros((2, 3), "float32")
    paths = {
        ImageCache(tmp_path, "a").path(picture),
        ImageCache(tmp_path, "b").path(picture),
        ImageCache(tmp_path, "a", "float32").path(picture),
        ImageCache(tmp_path, "a").path(picture + 1),
        ImageCache(tmp_path, "a").path(picture.reshape(3, 2)),
        ImageCache(tmp_path, "a").path(picture.astype("float64")),
    }
    assert len(paths) == 6


def test_a_damaged_file_is_computed_anew(tmp_path, caplog):
    slow, picture = Slow(), np.ones((50, 50), "float32")
    cache = ImageCache(tmp_path, "network")
    before = cache.get(picture, slow)
    path = cache.path(picture)
    path.write_bytes(path.read_bytes()[:200])
    assert np.array_equal(cache.get(picture, slow), before) and slow.runs == 2
    assert "is damaged" in caplog.text
    assert np.array_equal(np.load(path), before.astype("float16"))


def test_figure_of_activations_says_what_the_weights_are():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (4, 8, 8, 3), dtype="uint8")
    maps = {"block 1": rng.normal(size=(4, 3, 3)).astype("float32"), "block 2": np.ones((4, 3, 3), "float32")}
    maps["block 1"][1] = -maps["block 1"][0]
    figure = activation_figure("CLIP", "random weights", paired(["a", "b"], pictures, maps), POLARIZATIONS)
    assert "CLIP, random weights" in figure.get_suptitle()
    panels = figure.axes[:12]
    assert [axes.get_title() for axes in panels[:3]] == ["image", "block 1", "block 2"]
    assert panels[4].get_xlabel() == "r = −1.00" and panels[5].get_xlabel() == "r not defined"
    assert panels[0].get_ylabel() == "a\noptical" and panels[9].get_ylabel() == "radar"
    assert np.array_equal(panels[9].images[0].get_array(), pictures[3])


def test_correlation_of_maps():
    layer = np.array([[1.0, 2.0], [3.0, 5.0]])
    assert map_correlation(layer, 3 * layer + 1) == pytest.approx(1)
    assert map_correlation(layer, -layer) == pytest.approx(-1)
    assert np.isnan(map_correlation(layer, np.ones((2, 2))))
