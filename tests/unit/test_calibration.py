"""Temperature and threshold: recovered where they are known."""

import numpy as np
import pytest
from scipy.special import expit, log_expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import jaccard_score

from climate_indicators.calibration import COLDEST, best_edge, fit_temperature, probabilities, threshold
from climate_indicators.scores import INDEX, LOGIT, PROBABILITY, ScoreCounts


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
    assert fit_temperature(counts.centres, counts.of_split("validation")) == pytest.approx(temperature, rel=0.02)


def test_temperature_from_counts_is_that_from_the_pixels():
    counts, logits, labels = simulated(2.0, n=20_000)
    plain = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit(logits[:, None], labels)
    fitted = fit_temperature(counts.centres, counts.of_split("validation"))
    assert fitted == pytest.approx(1 / plain.coef_[0, 0], rel=1e-3)


def test_temperature_minimises_the_likelihood_on_a_grid():
    counts, _, _ = simulated(1.7, n=5000, seed=4)
    pixels = counts.of_split("validation")

    def loss(temperature):
        scaled = counts.centres / temperature
        return -(pixels[1] * log_expit(scaled) + pixels[0] * log_expit(-scaled)).sum()

    best = fit_temperature(counts.centres, pixels)
    assert loss(best) <= min(loss(temperature) for temperature in np.geomspace(0.5, 10, 400)) + 1e-6


def test_separated_labels_end_at_the_coldest_temperature():
    counts = np.array([[5, 0], [0, 5]])
    assert fit_temperature(np.array([-1.0, 1.0]), counts) == pytest.approx(COLDEST, rel=0.01)


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
    assert np.array_equal(np.flatnonzero(above), np.arange(edge, len(scores.centres)))


def test_probabilities_and_thresholds_of_other_kinds():
    forest = ScoreCounts.empty(PROBABILITY, [0], ["test"])
    assert probabilities(forest).min() == 0 and probabilities(forest).max() == 1
    assert threshold(forest, 0) == 0.0
    index = ScoreCounts.empty(INDEX, [0], ["test"], [-3.0, 0.0, 7.0])
    assert probabilities(index) is None
    assert threshold(index, 2) == 7.0
