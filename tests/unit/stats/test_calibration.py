"""Temperature and threshold: recovered where they are known."""

import numpy as np
import pytest
from scipy.special import expit, log_expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import jaccard_score

from climate_indicators.stats.calibration import (
    MIN_TEMPERATURE,
    best_edge,
    chosen_edge,
    fit_temperature,
    probabilities,
    threshold,
)
from climate_indicators.stats.score_histograms import INDEX, LOGIT, MASK, PROBABILITY, ScoreCounts


def simulated(temperature, n=200_000, seed=0):
    """Counts of logits that are ``temperature`` times too large."""
    rng = np.random.default_rng(seed)
    true_logit = rng.normal(0, 2, n)
    labels = (rng.random(n) < expit(true_logit)).astype("uint8")
    counts = ScoreCounts.empty(LOGIT, [0], ["validation"])
    counts.add(0, temperature * true_logit, labels)
    return counts, temperature * true_logit, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_known_temperature_is_recovered(temperature):
    counts, _, _ = simulated(temperature)
    assert fit_temperature(counts.centers, counts.of_split("validation")) == pytest.approx(temperature, rel=0.02)


def test_temperature_from_counts_is_that_from_the_pixels():
    counts, logits, labels = simulated(2.0, n=20_000)
    plain = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit(logits[:, None], labels)
    fitted = fit_temperature(counts.centers, counts.of_split("validation"))
    assert fitted == pytest.approx(1 / plain.coef_[0, 0], rel=1e-3)


def test_temperature_minimises_the_likelihood_on_a_grid():
    counts, _, _ = simulated(1.7, n=5000, seed=4)
    pixels = counts.of_split("validation")

    def loss(temperature):
        scaled = counts.centers / temperature
        return -(pixels[1] * log_expit(scaled) + pixels[0] * log_expit(-scaled)).sum()

    best = fit_temperature(counts.centers, pixels)
    assert loss(best) <= min(loss(temperature) for temperature in np.geomspace(0.5, 10, 400)) + 1e-6


def test_separated_labels_end_at_the_coldest_temperature():
    counts = np.array([[5, 0], [0, 5]])
    assert fit_temperature(np.array([-1.0, 1.0]), counts) == pytest.approx(MIN_TEMPERATURE, rel=0.01)


def test_no_pixel_has_no_temperature():
    with pytest.raises(ValueError, match="no pixel"):
        fit_temperature(np.array([0.0]), np.zeros((2, 1), int))


def test_best_edge_is_the_best_of_all_thresholds():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 3000).astype("uint8")
    scores = labels * 0.8 + rng.normal(0, 0.7, 3000)
    counts = ScoreCounts.empty(INDEX, [0], ["validation"], np.linspace(-3, 4, 141))
    counts.add(0, scores, labels)
    edge = best_edge(counts.of_split("validation"))
    ious = [jaccard_score(labels, scores >= limit) for limit in counts.edges[1:-1]]
    assert jaccard_score(labels, scores >= counts.edges[edge]) == pytest.approx(max(ious), abs=1e-12)


def test_of_equally_good_edges_the_middle_one_is_taken():
    counts = np.array([[4, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 4]])
    assert best_edge(counts) == 3


def test_all_positive_can_be_the_best():
    assert best_edge(np.array([[0, 1], [50, 1]])) == 0


def test_no_positive_has_no_threshold():
    with pytest.raises(ValueError, match="no positive"):
        best_edge(np.array([[4, 4], [0, 0]]))


def test_threshold_of_logits_is_the_calibrated_probability():
    scores = ScoreCounts.empty(LOGIT, [0], ["test"])
    edge, temperature = 3000, 2.5
    limit = threshold(scores, edge, temperature)
    assert temperature * logit(limit) == pytest.approx(scores.edges[edge])
    # the same pixels are positive, whether logits or probabilities are compared
    above = probabilities(scores, temperature) >= limit
    assert np.array_equal(np.flatnonzero(above), np.arange(edge, len(scores.centers)))


def test_probabilities_and_thresholds_of_other_kinds():
    forest = ScoreCounts.empty(PROBABILITY, [0], ["test"])
    assert probabilities(forest).min() == 0 and probabilities(forest).max() == 1
    assert threshold(forest, 0) == 0.0
    index = ScoreCounts.empty(INDEX, [0], ["test"], [-3.0, 0.0, 7.0])
    assert probabilities(index) is None
    assert threshold(index, 2) == 7.0


def forest_on_blocks(rng, blocks, shift=0.0, spread=1.0):
    """Probabilities of a forest whose scores are shifted in each block as a whole, as by shade or snow."""
    scores = ScoreCounts.empty(PROBABILITY, range(2 * blocks), ["validation"] * blocks + ["test"] * blocks)
    for place in range(2 * blocks):
        labels = (rng.random(1500) < rng.uniform(0.05, 0.9)).astype("uint8")
        logits = 2.5 * labels - 1.25 + shift + rng.normal(0, spread) + rng.normal(0, 1, 1500)
        scores.add(place, expit(logits), labels)
    return scores


def iou_of_test(scores, edge):
    negatives, positives = scores.of_split("test")
    return positives[edge:].sum() / (positives.sum() + negatives[edge:].sum())


def test_a_threshold_from_few_blocks_costs_less_skill_than_the_best_of_these_blocks():
    rng = np.random.default_rng(6)
    worlds = [forest_on_blocks(rng, 6) for _ in range(60)]
    chosen = np.mean([iou_of_test(scores, chosen_edge(scores)) for scores in worlds])
    best = np.mean([iou_of_test(scores, best_edge(scores.of_split("validation"))) for scores in worlds])
    assert chosen > best + 0.01


def test_a_threshold_that_validation_blocks_contradict_is_moved():
    scores = forest_on_blocks(np.random.default_rng(7), 12, shift=-3.0, spread=0.2)
    edge = chosen_edge(scores)
    assert scores.edges[edge] < 0.3
    best = max(iou_of_test(scores, place) for place in range(len(scores.edges)))
    assert iou_of_test(scores, 100) + 0.3 < best - 0.06 < iou_of_test(scores, edge)


def test_one_validation_block_changes_no_threshold_and_a_mask_has_one():
    scores = forest_on_blocks(np.random.default_rng(8), 1, shift=-3.0)
    assert scores.edges[chosen_edge(scores)] == pytest.approx(0.5, abs=0.003)
    assert chosen_edge(ScoreCounts.empty(MASK, [0], ["validation"])) == 1


def test_an_index_starts_from_its_best_threshold_on_training_pixels():
    edges = np.linspace(0, 10, 101)
    scores = ScoreCounts.empty(INDEX, range(3), ["validation"] * 3, edges, neutral=4.0)
    rng = np.random.default_rng(9)
    for place in range(3):
        labels = (rng.random(500) < 0.5).astype("uint8")
        scores.add(place, 4 + 2 * labels - 1 + rng.normal(0, 1, 500) + rng.normal(0, 1), labels)
    assert edges[chosen_edge(scores)] == pytest.approx(4.0)
    without = ScoreCounts(edges, scores.blocks, scores.splits, scores.counts, INDEX)
    assert chosen_edge(without) == best_edge(scores.of_split("validation"))
