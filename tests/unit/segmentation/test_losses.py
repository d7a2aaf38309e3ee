"""Loss and metric against their formulas, unknown pixels left out."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, jaccard_score, log_loss, precision_score, recall_score

from climate_indicators.segmentation.losses import UNKNOWN, BceDice, MaskedScores


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


def scores(target, logits):
    metric = MaskedScores()
    for part in range(len(target)):
        metric.update_state(target[part : part + 1], logits[part : part + 1])
    return {name: float(value) for name, value in metric.result().items()}


def test_scores_count_over_all_batches_as_scikit_learn_does(batch):
    target, logits = batch
    known = target >= 0
    functions = {
        "iou": jaccard_score, "accuracy": accuracy_score, "precision": precision_score, "recall": recall_score,
    }  # fmt: skip
    expected = {name: score(target[known], logits[known] > 0) for name, score in functions.items()}
    assert scores(target, logits) == pytest.approx(expected)


def test_a_density_of_one_half_is_positive():
    found = scores(np.array([0.5, 0.49, 0.2, UNKNOWN], "float32"), np.array([1.0, 1.0, -1.0, 1.0], "float32"))
    assert found == pytest.approx({"iou": 0.5, "accuracy": 2 / 3, "precision": 0.5, "recall": 1.0})


def test_scores_of_nothing_are_zero():
    found = scores(np.full((1, 2, 2, 1), UNKNOWN, "float32"), np.ones((1, 2, 2, 1), "float32"))
    assert set(found.values()) == {0.0}


def test_the_soft_loss_is_the_same_for_sure_labels_and_least_at_the_density_itself(batch):
    target, logits = batch
    assert float(BceDice(0.0, soft=True)(target, logits)) == pytest.approx(
        float(BceDice(0.0)(target, logits)), rel=1e-6
    )
    density = np.full((1, 8, 8, 1), 0.3, "float32")
    at = {
        p: float(BceDice(0.0, soft=True)(density, np.full_like(density, np.log(p / (1 - p))))) for p in (0.1, 0.3, 0.6)
    }
    assert min(at, key=at.get) == 0.3 and at[0.3] == pytest.approx(0.0, abs=1e-6)
