"""Scores of the network on triplets: which are measured, which pixels count, and where the sigmoid is applied."""

import h5py
import numpy as np
import pytest
from scipy.special import expit, logit

from climate_indicators.snow.triplets.scores import by_place, holdout_triplets, read_pixels, score_triplets
from climate_indicators.stats.calibration import probabilities
from climate_indicators.stats.score_histograms import LOGIT
from refusals import raises_naming
from snow_triplet_files import triplet_table, wetness_run, write_patch_file


@pytest.fixture
def table():
    return triplet_table()


@pytest.fixture
def store(table, tmp_path):
    with h5py.File(write_patch_file(tmp_path / "patches.h5", table)) as opened:
        yield opened


def test_all_but_the_training_triplets_are_measured_each_in_its_part(store, table):
    members = holdout_triplets(store, table)
    parts = [part for _, part in members]
    assert {part: parts.count(part) for part in set(parts)} == {"validation": 4, "test": 2, "place": 4, "year": 4}
    trained = set(table[table.split == "train"].number)
    assert not trained & {place for place, _ in members}
    assert [place for place, _ in members] == sorted(place for place, _ in members)


def test_a_table_of_other_triplets_is_refused(store, table):
    table.loc[0, "split"] = "test"
    with raises_naming(ValueError, "table"):
        holdout_triplets(store, table)


def test_pixels_without_label_or_radar_do_not_count(store, table):
    scores = score_triplets(wetness_run, store, table, 3)
    # 16 × 16 less 3 without a label and 2 without radar
    assert scores.counts.sum(axis=(1, 2)).tolist() == [251] * 14
    values, labels = read_pixels(store, 5)
    assert len(values) == len(labels) == 251 and labels.max() == 1


def test_a_batch_size_changes_nothing(store, table):
    one, five = (score_triplets(wetness_run, store, table, size) for size in (1, 5))
    assert np.array_equal(one.counts, five.counts) and one.blocks.tolist() == five.blocks.tolist()


def test_places_hold_the_sum_of_their_wet_validation_and_all_test_triplets(store, table):
    scores = score_triplets(wetness_run, store, table, 4)
    places = by_place(scores, table)
    used = table[(table.split == "test") | ((table.split == "validation") & (table.regime == "wet"))]
    assert 0 < (used.split == "validation").sum() < (table.split == "validation").sum()
    expected = {key: rows.number for key, rows in used.groupby(["split", "place"])}
    assert set(zip(places.splits, places.blocks.tolist(), strict=True)) == set(expected)
    for row, key in enumerate(zip(places.splits, places.blocks.tolist(), strict=True)):
        counts = scores.counts[np.isin(scores.blocks, expected[key])].sum(axis=0)
        assert np.array_equal(places.counts[row], counts)


def test_without_wet_snow_all_validation_triplets_count(store, table):
    places = by_place(score_triplets(wetness_run, store, table, 4), table.assign(regime="unknown"))
    assert places.counts.sum() == table.split.isin(["validation", "test"]).sum() * 251


def test_the_sigmoid_is_applied_once(store, table):
    """Scores stay logits; a probability is their sigmoid. Applied twice, nothing would fall below one half."""
    scores = score_triplets(lambda images: np.full(images.shape[:3], logit(0.2), "float32"), store, table, 4)
    assert scores.kind == LOGIT
    place = int(scores.counts.sum(axis=(0, 1)).argmax())
    found = probabilities(scores)[place]
    assert found == pytest.approx(0.2, abs=0.005)
    assert abs(expit(found) - 0.2) > 0.3
