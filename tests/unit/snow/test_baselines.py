"""Simple methods on triplets: the published limit of wet snow as it is, and a forest that learns from training only."""

import h5py
import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation import patch_scores as sample_scores
from climate_indicators.segmentation.patch_scores import training_pixels
from climate_indicators.snow.triplets.baselines import (
    WET_SNOW,
    band_names,
    fit_triplet_baselines,
    score_baselines,
    wet_snow_rule,
)
from climate_indicators.snow.triplets.scores import holdout_triplets, read_pixels
from climate_indicators.stats.score_histograms import MASK
from refusals import raises_naming
from snow_triplet_files import BANDS, triplet_table, write_patch_file


@pytest.fixture
def table():
    return triplet_table()


@pytest.fixture
def store(table, tmp_path):
    with h5py.File(write_patch_file(tmp_path / "patches.h5", table)) as opened:
        yield opened


def test_wet_snow_is_a_mean_drop_of_the_limit_or_more():
    values = np.array([[-9, -15, -2.5, -2.5], [-9, -15, -4, -0.9], [-9, -15, -4, -1.0], [-30, -30, 0, 0]], "float32")
    assert wet_snow_rule(BANDS, -2.5)(values).tolist() == [1.0, 0.0, 1.0, 0.0]
    assert wet_snow_rule(BANDS[::-1], -2.5)(values[:, ::-1]).tolist() == [1.0, 0.0, 1.0, 0.0]


def test_the_forest_sees_training_pixels_only(store, table):
    sample = training_pixels(store, 10**6, 1, read_pixels)
    assert len(sample.labels) == (table.split == "train").sum() * 251
    assert len(training_pixels(store, 80, 1, read_pixels).labels) == 80
    again = training_pixels(store, 80, 1, read_pixels)
    assert np.array_equal(again.values, training_pixels(store, 80, 1, read_pixels).values)


def test_training_pixels_of_one_kind_are_refused(table, tmp_path):
    path = write_patch_file(tmp_path / "white.h5", table)
    with h5py.File(path, "r+") as store:
        store["label"][...] = 1
        with raises_naming(InputError, "500 pixels", "500 with a positive label", "split_seed"):
            training_pixels(store, 500, 1, read_pixels)


def test_both_methods_count_every_pixel_that_counts_and_see_wet_snow(store, table):
    sample = training_pixels(store, 1000, 1, read_pixels)
    models = fit_triplet_baselines(sample, band_names(store), 20, -2.5, 7)
    scores = score_baselines(models, store, table)
    assert list(scores) == ["random_forest", WET_SNOW]
    for score in scores.values():
        assert score.counts.sum(axis=(1, 2)).tolist() == [251] * 14
    rule = scores[WET_SNOW]
    assert rule.kind == MASK
    wet = np.isin(rule.blocks, table[table.regime == "wet"].number)
    hits = rule.counts[:, 1, 1] / rule.counts[:, 1].sum(axis=1)
    assert hits[wet].min() > 0.9 and hits[~wet].max() < 0.1


@pytest.mark.parametrize(("pixels", "batches"), [(1, 14), (600, 5)])
def test_counts_do_not_depend_on_how_many_triplets_are_scored_together(table, tmp_path, monkeypatch, pixels, batches):
    done = []
    with h5py.File(write_patch_file(tmp_path / "patches.h5", table), "r+") as store:
        place = holdout_triplets(store, table)[-1][0]
        store["label"][place] = 255  # one without a pixel that counts, the last
        models = fit_triplet_baselines(training_pixels(store, 1000, 1, read_pixels), band_names(store), 20, -2.5, 7)
        together = score_baselines(models, store, table)
        monkeypatch.setattr(sample_scores, "BATCH_PIXELS", pixels)
        apart = score_baselines(models, store, table, done.append)
    assert sum(done) == 14 and len(done) == batches
    for name, score in together.items():
        assert np.array_equal(score.counts, apart[name].counts) and np.array_equal(score.blocks, apart[name].blocks)
        assert score.counts[:-1].sum() == 13 * 251 and not score.counts[-1].any()
