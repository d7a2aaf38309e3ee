"""Baselines on a small site with a known answer: what they learn from and score, and that they are repeatable."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from sklearn.metrics import jaccard_score

from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA, REFLECTANCE_NODATA, REFLECTANCE_SCALE
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer, write_cog
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.baselines import (
    INDEX_BINS,
    Sample,
    ThresholdIndex,
    fit_baselines,
    fit_forest,
    fit_index,
    index_edges,
    score_blocks,
    training_sample,
)
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, holdout_blocks, make_blocks, split_map
from climate_indicators.stats.metrics import evaluate
from climate_indicators.stats.score_histograms import write_scores
from refusals import raises_naming

BANDS = ("red", "swir", "elevation")
GRID = Grid("EPSG:32644", Affine(20, 0, 400_000, 0, -20, 3_400_000), 150, 120)


@dataclass
class Site:
    """Files and arrays of a small site."""

    scene: Path
    labels: Path
    splits: Path
    blocks: pd.DataFrame
    truth: np.ndarray
    split: np.ndarray
    valid: np.ndarray


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Positives are bright in red and dark in swir, with noise; one corner is a gap, one has no label."""
    folder = tmp_path_factory.mktemp("site")
    rng = np.random.default_rng(0)
    rows, cols = np.indices(GRID.shape)
    truth = (np.sin(rows / 9) * np.cos(cols / 11) > 0.1).astype("uint8")
    red = 0.2 + 0.2 * truth + rng.normal(0, 0.12, GRID.shape)
    swir = 0.4 - 0.2 * truth + rng.normal(0, 0.12, GRID.shape)
    numbers = np.rint(np.stack([red, swir, rng.random(GRID.shape)]) / REFLECTANCE_SCALE).astype("int16")
    numbers[:, :10, :30] = REFLECTANCE_NODATA
    truth[-15:, -20:] = BYTE_NODATA
    with cog_writer(folder / "scene.tif", GRID, "int16", BANDS, REFLECTANCE_NODATA, REFLECTANCE_SCALE) as raster:
        raster.write(numbers)
    valid = (numbers != REFLECTANCE_NODATA).all(axis=0)
    blocks = make_blocks(truth, valid, 30, {"train": 0.5, "validation": 0.25, "test": 0.25}, seed=0)
    split = split_map(blocks, truth, valid, 4)
    write_cog(folder / "labels.tif", GRID, truth, "glacier", BYTE_NODATA)
    write_cog(folder / "splits.tif", GRID, split, "split", 0)
    return Site(folder / "scene.tif", folder / "labels.tif", folder / "splits.tif", blocks, truth, split, valid)


def drawn(site, limit=10**6, seed=0):
    with RasterStack([site.scene]) as stack:
        return training_sample(stack, site.labels, site.splits, limit, seed)


def scored(site, ratio=("red", "swir"), seed=0):
    with RasterStack([site.scene]) as stack:
        sample = training_sample(stack, site.labels, site.splits, 3000, seed)
        models = fit_baselines(sample, stack.bands, BANDS[:2], ratio, 20, seed)
        return models, score_blocks(models, stack, site.labels, site.splits, holdout_blocks(site.blocks))


def test_all_training_pixels_and_no_others_are_drawn_without_a_limit(site):
    sample = drawn(site)
    own = site.split == SPLIT_VALUES["train"]
    with RasterStack([site.scene]) as stack:
        values, _ = stack.read((0, GRID.height), (0, GRID.width))
    assert np.array_equal(sample.values, values[own])
    assert np.array_equal(sample.labels, site.truth[own])


def test_drawn_pixels_are_training_pixels_each_once_and_follow_the_seed(site):
    whole, first, again, other = drawn(site), drawn(site, 500), drawn(site, 500), drawn(site, 500, seed=1)
    assert first.values.shape == (500, 3) and first.labels.shape == (500,)
    assert np.array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)
    pixels = {tuple(row) for row in whole.values.tolist()}
    chosen = [tuple(row) for row in first.values.tolist()]
    assert set(chosen) <= pixels and len(set(chosen)) == 500
    assert first.labels.mean() == pytest.approx(whole.labels.mean(), abs=0.07)


def test_pixels_without_a_value_are_left_out(site, tmp_path):
    split = site.split.copy()
    split[:10, :30] = SPLIT_VALUES["train"]  # the gap
    write_cog(tmp_path / "splits.tif", GRID, split, "split", 0)
    with RasterStack([site.scene]) as stack:
        sample = training_sample(stack, site.labels, tmp_path / "splits.tif", 10**6, 0)
    assert len(sample.labels) == (site.split == SPLIT_VALUES["train"]).sum()


def test_sample_of_one_class_is_refused(site, tmp_path):
    write_cog(tmp_path / "labels.tif", GRID, np.zeros_like(site.truth), "glacier", BYTE_NODATA)
    with (
        RasterStack([site.scene]) as stack,
        raises_naming(InputError, "100 ", "0 positive", "baselines.forest_samples", "split_seed"),
    ):
        training_sample(stack, tmp_path / "labels.tif", site.splits, 100, 0)


def test_held_out_pixels_are_all_counted_and_no_training_pixel(site):
    _, counts = scored(site)
    for score in counts.values():
        for split in ("validation", "test"):
            own = site.split == SPLIT_VALUES[split]
            pixels = np.bincount(site.truth[own], minlength=2)
            assert score.of_split(split).sum(axis=1).tolist() == pixels[:2].tolist()


def test_counts_are_those_of_the_pixels(site):
    models, counts = scored(site)
    confusion = evaluate(counts, network="random_forest").metrics.set_index(["model", "split"])
    with RasterStack([site.scene]) as stack:
        values, _ = stack.read((0, GRID.height), (0, GRID.width))
    own = site.split == SPLIT_VALUES["test"]
    for name in ("random_forest", "band_ratio"):
        row = confusion.loc[(name, "test")]
        found = models[name].score(values[own]) >= row.threshold
        assert row.iou == pytest.approx(jaccard_score(site.truth[own], found), abs=2e-3)


def test_forest_beats_the_ratio_and_both_beat_marking_everything(site):
    iou = evaluate(scored(site)[1], network="random_forest").metrics.set_index(["model", "split"]).iou
    assert iou["random_forest", "test"] > iou["all_positive", "test"] + 0.2
    assert iou["band_ratio", "test"] > iou["all_positive", "test"] + 0.1


def test_same_seed_gives_the_same_file_and_another_seed_another(site, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_scores(tmp_path / f"{name}.h5", scored(site, seed=seed)[1])
    assert sha256(tmp_path / "a.h5") == sha256(tmp_path / "b.h5")
    assert sha256(tmp_path / "a.h5") != sha256(tmp_path / "c.h5")


def test_forest_that_learns_noise_is_no_better_than_chance():
    rng = np.random.default_rng(2)
    values, labels = rng.random((2000, 4)).astype("float32"), rng.integers(0, 2, 2000).astype("uint8")
    forest = fit_forest(Sample(values[:1000], labels[:1000]), 20, 0)
    assert ((forest(values[1000:]) > 0.5) == labels[1000:]).mean() == pytest.approx(0.5, abs=0.06)


def test_forest_learns_what_no_threshold_can():
    rng = np.random.default_rng(3)
    values = rng.uniform(-1, 1, (3000, 2)).astype("float32")
    labels = (values[:, 0] * values[:, 1] > 0).astype("uint8")
    forest = fit_forest(Sample(values[:2000], labels[:2000]), 30, 0)
    assert ((forest(values[2000:]) > 0.5) == labels[2000:]).mean() > 0.9


def test_ratio_by_hand_and_dark_pixels_stay_finite():
    index = ThresholdIndex((2, 0), True, 1.0)
    values = np.array([[0.2, 9, 0.4], [0.0, 9, 0.3], [-0.1, 9, 0.3], [0.1, 9, -0.2]], "float32")
    assert index(values).tolist() == pytest.approx([2.0, 3000.0, 3000.0, 0.0], rel=1e-5)


def test_brightness_is_the_mean_of_the_image_bands_without_terrain(site):
    models, _ = scored(site, ratio=None)
    values = np.array([[0.1, 0.3, 900.0]], "float32")
    assert list(models) == ["random_forest", "brightness"]
    assert abs(models["brightness"].score(values)[0]) == pytest.approx(0.2)


@pytest.mark.parametrize(("band", "sign"), [("red", 1.0), ("swir", -1.0)])
def test_index_is_turned_so_that_positives_are_higher(site, band, sign):
    index = fit_index(drawn(site), BANDS, [band], is_ratio=False)
    assert index.sign == sign
    sample = drawn(site)
    assert np.median(index(sample.values)[sample.labels == 1]) > np.median(index(sample.values)[sample.labels == 0])


def test_edges_are_rising_quantiles_that_occur():
    rng = np.random.default_rng(4)
    scores = rng.lognormal(size=20_000).astype("float32")
    edges = index_edges(scores)
    assert len(edges) == INDEX_BINS + 1 and (np.diff(edges) > 0).all()
    assert (edges[0], edges[-1]) == (scores.min(), scores.max())
    assert np.histogram(scores, edges)[0].max() <= 25
    # few values, as of 8-bit images, need few edges
    assert index_edges(rng.integers(0, 3, 500).astype("float32")).tolist() == [0, 1, 2]


def test_index_without_a_difference_is_refused():
    with raises_naming(InputError, "index is 3", "50 ", "baselines.ratio"):
        index_edges(np.full(50, 3.0, "float32"))
