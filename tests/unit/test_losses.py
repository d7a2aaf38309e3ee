"""Loss and metric against their formulas, unknown pixels left out."""

import numpy as np
import pytest
from sklearn.metrics import jaccard_score, log_loss

from climate_indicators.losses import UNKNOWN, BceDice, KnownIoU


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    target = rng.choice([0.0, 1.0, UNKNOWN], (2, 8, 8, 1)).astype("float32")
    return target, rng.normal(0, 2, target.shape).astype("float32")


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_loss_is_the_weighted_sum_over_known_pixels(batch, weight):
    target, logits = batch
    known = target >= 0
    y, p = target[known], 1 / (1 + np.exp(-logits[known].astype("float64")))
    dice = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    expected = weight * log_loss(y, p) + (1 - weight) * dice
    assert float(BceDice(weight)(target, logits)) == pytest.approx(expected, rel=1e-5)


def test_unknown_pixels_have_no_say(batch):
    target, logits = batch
    other = np.where(target < 0, 50.0, logits).astype("float32")
    assert float(BceDice()(target, logits)) == pytest.approx(float(BceDice()(target, other)))


def test_loss_is_finite_without_a_known_pixel_and_at_extreme_logits():
    target = np.full((1, 4, 4, 1), UNKNOWN, "float32")
    assert np.isfinite(float(BceDice()(target, np.zeros_like(target))))
    assert np.isfinite(float(BceDice()(np.ones_like(target), np.full_like(target, -500.0))))


def test_iou_counts_over_all_batches_as_scikit_learn_does(batch):
    target, logits = batch
    metric = KnownIoU()
    for part in (slice(0, 1), slice(1, 2)):
        metric.update_state(target[part], logits[part])
    known = target >= 0
    assert float(metric.result()) == pytest.approx(jaccard_score(target[known], logits[known] > 0))
