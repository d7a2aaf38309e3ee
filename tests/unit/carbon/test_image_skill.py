"""Skill of the network by image: confusion at both thresholds, fractions, and the three averages."""

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from climate_indicators.carbon.estimation.image_skill import image_metrics, protocol_table
from climate_indicators.carbon.estimation.vegetation import Calibration
from climate_indicators.segmentation.patch_scores import IMAGE_EDGES, by_group, holdout_samples, score_images
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.stats.score_histograms import LOGIT, ScoreCounts

IMAGES = pd.DataFrame({"image": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "group": [0, 1, 2, 2]})


def scored(logits, labels, numbers=(1, 2, 3), splits=("validation", "test", "test")):
    counts = ScoreCounts.empty(LOGIT, numbers, splits, IMAGE_EDGES)
    for place, (score, label) in enumerate(zip(logits, labels, strict=True)):
        counts.add(place, np.array(score, "float32"), np.array(label, "uint8"))
    return counts


@pytest.fixture
def metrics():
    # b: one of each cell at 0; c: nothing to find and nothing found; d: logit 1 is found at 0 but not at 2
    scores = scored([[3, 3, -3, -3], [-3, -3, -3, -3], [1, 3, -3, -3]], [[1, 0, 1, 0], [0] * 4, [1, 1, 0, 0]])
    return image_metrics(scores, IMAGES, Calibration(2.0, expit(1.0)), np.array([0.5, 0.0, 0.5]))


def test_confusion_of_each_image_at_both_thresholds(metrics):
    cells = metrics.set_index(["image", "threshold_rule"])[["tn", "fp", "fn", "tp"]]
    assert cells.loc[("b.jpg", "fixed")].tolist() == [1, 1, 1, 1]
    assert cells.loc[("d.jpg", "fixed")].tolist() == [2, 0, 0, 2]
    # a calibrated probability of sigmoid(1) at temperature 2 is a logit of 2
    assert cells.loc[("d.jpg", "calibrated")].tolist() == [2, 0, 1, 1]
    assert metrics.group.tolist() == [1, 1, 2, 2, 2, 2]


def test_fractions_are_those_of_the_labeled_pixels(metrics):
    row = metrics[(metrics.image == "d.jpg") & (metrics.threshold_rule == "calibrated")].iloc[0]
    assert row.mapped_fraction == 0.25 and row.true_fraction == 0.5
    expected = np.mean(expit(np.array([1.025, 3.025, -2.975, -2.975]) / 2))
    assert row.density_fraction == pytest.approx(expected, abs=1e-6)


def test_an_empty_image_has_no_iou_and_enters_the_three_averages_differently(metrics):
    empty = metrics[metrics.image == "c.jpg"]
    assert empty.iou.isna().all()
    table = protocol_table(metrics).query("split == 'test' and threshold_rule == 'fixed'").set_index("averaging")
    assert table.n_images.tolist() == [2, 2, 2] and table.n_empty.tolist() == [1, 1, 1]
    assert table.iou["images"] == 1.0 and table.iou["pooled"] == 1.0
    table = protocol_table(metrics).query("split == 'test' and threshold_rule == 'calibrated'").set_index("averaging")
    assert table.iou["images"] == 0.5 and table.iou["images, empty as 1"] == 0.75 and table.iou["pooled"] == 0.5


def test_a_mean_over_images_differs_from_the_pooled_skill():
    scores = scored([[3] + [-3] * 9, [3] * 10], [[1, 1] + [0] * 8, [1] * 10], (1, 2), ("test", "test"))
    table = protocol_table(image_metrics(scores, IMAGES, Calibration(1.0, 0.5), np.zeros(2)))
    test = table.query("split == 'test' and threshold_rule == 'fixed'").set_index("averaging")
    assert test.iou["images"] == 0.75 and test.iou["pooled"] == pytest.approx(11 / 12)


@pytest.fixture
def store(tmp_path):
    with h5py.File(tmp_path / "patches.h5", "w") as file:
        file["image"] = np.arange(4 * 4 * 4 * 1, dtype="uint8").reshape(4, 4, 4, 1)
        label = np.zeros((4, 4, 4), "uint8")
        label[:, 0], label[:, 3] = 1, 255
        file["label"] = label
        file["split"] = np.array([SPLIT_VALUES[name] for name in ("train", "test", "validation", "test")], "uint8")
        file["number"], file["block"] = np.array([7, 1, 2, 3]), np.array([0, 5, 1, 5])
        yield file


def test_every_held_out_sample_is_scored_once_whatever_the_batch(store):
    def run(images):
        return images[..., 0] - 100.0

    whole, single = (score_images(run, store, size) for size in (8, 1))
    assert whole.blocks.tolist() == [1, 2, 3] and whole.splits == ["test", "validation", "test"]
    assert np.array_equal(whole.counts, single.counts)
    # 4 positive and 8 negative pixels an image; the row without a label is passed over
    assert whole.counts.sum(axis=2).tolist() == [[8, 4]] * 3


def test_images_of_a_group_are_added_up_and_splits_kept_apart(store):
    scores = score_images(lambda images: images[..., 0] - 100.0, store, 2)
    members = [place for place, _ in holdout_samples(store)]
    grouped = by_group(scores, store["block"][:][members])
    assert grouped.splits == ["validation", "test"] and grouped.blocks.tolist() == [1, 5]
    assert np.array_equal(grouped.counts[1], scores.counts[0] + scores.counts[2])


def test_a_density_is_taken_as_it_is_and_a_saturated_threshold_still_has_a_limit():
    scores = scored([[-0.41, -0.41, -0.41, -0.41]], [[0, 0, 0, 1]], (1,), ("test",))
    for target, expected in (("density", 0.399), ("extent", expit(-0.425 / 0.05))):
        row = image_metrics(scores, IMAGES, Calibration(0.05, 1.0, target), np.array([0.4])).iloc[0]
        assert row.density_fraction == pytest.approx(expected, abs=0.01) and row.tp == 0
    assert np.isfinite(Calibration(0.05, 1.0).limit)
