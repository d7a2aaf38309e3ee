"""Metrics of counts against those of arrays, against tables by hand, and against limits that are exact."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from climate_indicators.core.errors import InputError
from climate_indicators.stats.metrics import (
    ALL_POSITIVE,
    evaluate,
    iou_gain_interval,
    jackknife_iou,
    skill,
)
from climate_indicators.stats.reliability import expected_calibration_error, reliability_table
from climate_indicators.stats.score_histograms import INDEX, LOGIT, MASK, PROBABILITY, ScoreCounts
from refusals import raises_naming

SPLITS = ["validation", "validation", "test", "test", "test"]
HEAD = ["model", "split", "iou", "dice", "precision", "recall", "f1"]


def world(seed=0, spread=1.0, n=4000):
    """Labels of five blocks and logits that know something of them."""
    rng = np.random.default_rng(seed)
    labels = [(rng.random(n) < share).astype("uint8") for share in (0.2, 0.5, 0.3, 0.6, 0.4)]
    logits = [3.0 * label - 1.5 + rng.normal(0, spread, n) for label in labels]
    return labels, logits


def counted(kind, arrays, labels, edges=None, neutral=None):
    counts = ScoreCounts.empty(kind, range(5), SPLITS, edges, neutral)
    for place, (array, label) in enumerate(zip(arrays, labels, strict=True)):
        counts.add(place, array, label)
    return counts


@pytest.fixture(scope="module")
def evaluation():
    labels, logits = world()
    _, worse = world(seed=0, spread=4.0)
    scores = {
        "unet": counted(LOGIT, logits, labels),
        "random_forest": counted(PROBABILITY, [1 / (1 + np.exp(-array)) for array in worse], labels),
        "brightness": counted(INDEX, worse, labels, np.linspace(-9, 9, 200), neutral=0.0),
    }
    return evaluate(scores), scores


def test_table_begins_as_the_design_says(evaluation):
    table = evaluation[0].metrics
    assert list(table.columns[:7]) == HEAD
    assert list(table.columns[7:]) == [
        "accuracy", "threshold", "ece", "iou_lower", "iou_upper", "iou_gain", "iou_gain_lower",
        "iou_gain_upper", "n_pixels", "n_blocks", "sentence",
    ]  # fmt: skip
    models = ["unet", "random_forest", "brightness", ALL_POSITIVE]
    assert table[["model", "split"]].values.tolist() == [[m, s] for m in models for s in ("validation", "test")]


def test_metrics_are_those_of_the_pixels(evaluation):
    labels, logits = world()
    done = evaluation[0]
    temperature, limit = done.calibration["temperature"], done.calibration["threshold"]
    row = done.metrics[(done.metrics.model == "unet") & (done.metrics.split == "test")].iloc[0]
    truth = np.concatenate(labels[2:])
    found = 1 / (1 + np.exp(-np.concatenate(logits[2:]) / temperature)) >= limit
    assert row.threshold == limit
    assert row.iou == pytest.approx(reference.jaccard_score(truth, found), abs=1e-12)
    assert row.f1 == row.dice == pytest.approx(reference.f1_score(truth, found), abs=1e-12)
    assert row.precision == pytest.approx(reference.precision_score(truth, found), abs=1e-12)
    assert row.recall == pytest.approx(reference.recall_score(truth, found), abs=1e-12)
    assert row.accuracy == pytest.approx(reference.accuracy_score(truth, found), abs=1e-12)
    assert (row.n_pixels, row.n_blocks) == (12000, 3)


def test_confusion_of_each_block_is_that_of_its_pixels(evaluation):
    labels, logits = world()
    done = evaluation[0]
    limit = done.calibration["temperature"] * np.log(
        done.calibration["threshold"] / (1 - done.calibration["threshold"])
    )
    rows = done.confusion[done.confusion.model == "unet"]
    assert rows.block.tolist() == list(range(5)) and rows.split.tolist() == SPLITS
    for row, label, score in zip(rows.itertuples(), labels, logits, strict=True):
        expected = reference.confusion_matrix(label, score >= limit).ravel()
        assert [row.tn, row.fp, row.fn, row.tp] == expected.tolist()


def test_test_blocks_choose_nothing():
    labels, logits = world()
    first = evaluate({"unet": counted(LOGIT, logits, labels)}).calibration
    turned = [*logits[:2], *(-array for array in logits[2:])]
    second = evaluate({"unet": counted(LOGIT, turned, labels)})
    assert second.calibration == first
    assert second.metrics.set_index(["model", "split"]).iou["unet", "test"] < 0.3


def test_order_of_skill_follows_the_noise(evaluation):
    iou = evaluation[0].metrics.set_index(["model", "split"]).iou
    for split in ("validation", "test"):
        assert iou["unet", split] > iou["random_forest", split] + 0.1
        # both baselines hold the same ranking of pixels
        assert iou["random_forest", split] == pytest.approx(iou["brightness", split], abs=0.01)


def test_all_positive_has_the_share_of_positives_as_its_iou(evaluation):
    labels, _ = world()
    row = evaluation[0].metrics.set_index(["model", "split"]).loc[(ALL_POSITIVE, "test")]
    assert row.iou == pytest.approx(np.concatenate(labels[2:]).mean())
    assert row.recall == 1 and np.isnan(row.ece) and np.isnan(row.threshold)


def test_calibration_lowers_the_error_of_an_overconfident_network():
    labels, logits = world()
    done = evaluate({"unet": counted(LOGIT, [6 * array for array in logits], labels)})
    test = done.reliability[done.reliability.split == "test"]
    before, after = (expected_calibration_error(test[test.model == model]) for model in ("unet_uncalibrated", "unet"))
    assert after < before / 2
    row = done.metrics[(done.metrics.model == "unet") & (done.metrics.split == "test")].iloc[0]
    assert row.ece == after


def test_index_is_no_probability_and_has_no_reliability(evaluation):
    done = evaluation[0]
    assert set(done.reliability.model) == {"unet", "unet_uncalibrated", "random_forest"}
    assert done.metrics[done.metrics.model == "brightness"].ece.isna().all()
    pixels = done.reliability.groupby(["model", "split"]).n_pixels.sum()
    assert set(pixels.xs("validation", level="split")) == {8000}


def test_evaluation_is_the_same_twice(evaluation):
    done, scores = evaluation
    again = evaluate(scores)
    pd.testing.assert_frame_equal(again.metrics, done.metrics)
    pd.testing.assert_frame_equal(again.reliability, done.reliability)


def test_reliability_and_error_by_hand():
    # two bins: 10 pixels said 0.2 of which 4 are positive, 30 said 0.9 of which 24 are
    table = reliability_table(np.array([0.2, 0.9]), np.array([[6, 6], [4, 24]]), bins=2)
    assert table.mean_probability.tolist() == pytest.approx([0.2, 0.9])
    assert table.observed_fraction.tolist() == pytest.approx([0.4, 0.8])
    assert table.n_pixels.tolist() == [10, 30]
    assert expected_calibration_error(table) == pytest.approx((10 * 0.2 + 30 * 0.1) / 40)


def test_reliability_agrees_with_scikit_learn():
    rng = np.random.default_rng(5)
    probability = rng.random(3000)
    labels = rng.random(3000) < probability**2
    table = reliability_table(probability, np.stack([~labels, labels]).astype(int), bins=15)
    observed, mean = calibration_curve(labels, probability, n_bins=15)
    assert table.observed_fraction.tolist() == pytest.approx(observed.tolist())
    assert table.mean_probability.tolist() == pytest.approx(mean.tolist())


def test_probability_one_is_in_the_last_bin_and_empty_bins_are_nan():
    table = reliability_table(np.array([1.0]), np.array([[0], [3]]), bins=4)
    assert table.n_pixels.tolist() == [0, 0, 0, 3]
    assert table.observed_fraction.isna().tolist() == [True, True, True, False]
    assert expected_calibration_error(table) == 0


def test_skill_of_limits():
    assert skill(tn=5, fp=0, fn=0, tp=7) == dict.fromkeys(("iou", "dice", "precision", "recall", "f1", "accuracy"), 1.0)
    nothing = skill(tn=5, fp=0, fn=2, tp=0)
    assert nothing["iou"] == 0 and np.isnan(nothing["precision"])


def blocks(rows):
    return pd.DataFrame(rows, columns=["fp", "fn", "tp"])


def test_interval_of_equal_blocks_has_no_width_and_that_of_unequal_ones_is_cut():
    assert jackknife_iou(blocks([[1, 1, 8]] * 5)) == pytest.approx((0.8, 0.8))
    lower, upper = jackknife_iou(blocks([[50, 50, 0], [0, 0, 80]]))
    assert (lower, upper) == (0.0, 1.0)


def test_interval_of_equal_unions_is_the_t_interval_of_the_mean():
    # where every block has the same union, the IoU is a mean and its jackknife interval the textbook one
    tp = np.array([60, 70, 75, 90])
    table = blocks([[100 - hits, 0, hits] for hits in tp])
    expected = stats.t.interval(0.95, 3, loc=tp.mean() / 100, scale=stats.sem(tp / 100))
    assert jackknife_iou(table) == pytest.approx(expected)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(6)
    inside = 0
    for _ in range(400):
        union = rng.integers(500, 1500, 8)
        hits = rng.binomial(union, rng.beta(16, 4, 8))
        lower, upper = jackknife_iou(pd.DataFrame({"fp": union - hits, "fn": 0, "tp": hits}))
        inside += lower <= 0.8 <= upper
    assert 0.90 <= inside / 400 <= 0.99


@pytest.mark.parametrize("rows", [[[1, 1, 8]], [[1, 1, 8], [0, 0, 0]]])
def test_interval_of_one_block_is_not_known(rows):
    assert np.isnan(jackknife_iou(blocks(rows))).all()


def test_blocks_without_a_pixel_do_not_count():
    labels, logits = world()
    labels[2] = np.full_like(labels[2], 255)
    table = evaluate({"unet": counted(LOGIT, logits, labels)}).metrics
    assert table[table.split == "test"].n_blocks.tolist() == [2, 2]


def test_a_split_of_one_class_is_refused():
    labels, logits = world()
    labels[2:] = [np.zeros_like(label) for label in labels[2:]]
    with raises_naming(InputError, "0 positive", "12000 negative", "split_seed"):
        evaluate({"unet": counted(LOGIT, logits, labels)})


def test_models_on_different_pixels_are_refused():
    labels, logits = world()
    other = [*labels[:4], np.full_like(labels[4], 255)]
    scores = {"unet": counted(LOGIT, logits, labels), "random_forest": counted(LOGIT, logits, other)}
    with raises_naming(ValueError, "unet", "random_forest", "pixels"):
        evaluate(scores)


def test_a_mask_is_measured_as_it_is_though_calling_all_positive_would_score_higher():
    labels = np.repeat([1, 0], [90, 10]).astype("uint8")
    mask = np.zeros(100)
    mask[:20] = 1
    scores = {"unet": ScoreCounts.empty(LOGIT, [0, 1], ["validation", "test"])}
    scores["rule"] = ScoreCounts.empty(MASK, [0, 1], ["validation", "test"])
    for block in (0, 1):
        scores["unet"].add(block, np.where(labels == 1, 2.0, -2.0), labels)
        scores["rule"].add(block, mask, labels)
    rows = evaluate(scores).metrics.query("model == 'rule'")
    assert (rows.threshold == 0.5).all() and rows.iou.tolist() == pytest.approx([20 / 90] * 2)


def competitors(rng, gain, blocks=10, n=2000):
    """Scores of a network and a forest on blocks that are hard or easy for both; the network has less noise."""
    splits = ["validation"] * 4 + ["test"] * blocks
    scores = {
        "unet": ScoreCounts.empty(LOGIT, range(len(splits)), splits),
        "random_forest": ScoreCounts.empty(PROBABILITY, range(len(splits)), splits),
    }
    for place in range(len(splits)):
        labels = (rng.random(n) < rng.uniform(0.2, 0.6)).astype("uint8")
        hard, noise = rng.uniform(0.6, 2.0), rng.normal(0, 1, (2, n))
        scores["unet"].add(place, 3.0 * labels - 1.5 + hard * (1 - gain) * noise[0], labels)
        forest = 3.0 * labels - 1.5 + hard * noise[1]
        scores["random_forest"].add(place, 1 / (1 + np.exp(-forest)), labels)
    return scores


def test_the_interval_of_the_lead_is_paired_and_narrower_than_those_of_the_models():
    table = evaluate(competitors(np.random.default_rng(1), 0.2)).metrics.set_index(["model", "split"])
    network, forest = table.loc[("unet", "test")], table.loc[("random_forest", "test")]
    assert forest.iou_gain == pytest.approx(network.iou - forest.iou)
    assert forest.iou_gain_lower < forest.iou_gain < forest.iou_gain_upper
    width = forest.iou_gain_upper - forest.iou_gain_lower
    assert width < 0.5 * (network.iou_upper - network.iou_lower)
    assert np.isnan(network.iou_gain) and np.isnan(network.iou_gain_upper)


def test_the_interval_of_the_lead_holds_it_as_often_as_it_says():
    """Two alike models miss much of a few blocks each: not the same ones."""
    rng, inside = np.random.default_rng(2), 0
    for _ in range(300):
        glacier = np.round(1000 * rng.uniform(0.1, 0.9, 20))
        missed = [np.round(glacier * np.where(rng.random(20) < 0.25, 0.5, 0.05) * rng.uniform(0.8, 1.2)) for _ in "ab"]
        lower, upper = iou_gain_interval(*(pd.DataFrame({"fp": 0, "fn": fn, "tp": glacier - fn}) for fn in missed))
        inside += lower <= 0 <= upper
    assert 0.92 <= inside / 300 <= 0.98


def test_the_lead_of_two_blocks_has_no_interval():
    assert np.isnan(iou_gain_interval(blocks([[1, 1, 8]] * 2), blocks([[1, 2, 7]] * 2))).all()
    assert iou_gain_interval(blocks([[1, 1, 8]] * 3), blocks([[1, 3, 6]] * 3)) == pytest.approx((0.2, 0.2))
    # blocks without the class say nothing of hits: one block with it had an interval of no width
    empty = [[0, 0, 0]] * 3
    assert np.isnan(iou_gain_interval(blocks([[1, 1, 8], *empty]), blocks([[1, 2, 7], *empty]))).all()


@pytest.mark.parametrize(
    ("gain", "start"),
    [(0.3, "The network is ahead of random_forest"), (-0.4, "The simple method random_forest is better")],
)
def test_a_network_that_is_not_ahead_is_a_warning_and_the_sentence_gives_the_gain(gain, start, caplog):
    table = evaluate(competitors(np.random.default_rng(3), gain)).metrics.set_index(["model", "split"])
    sentence = table.sentence[("random_forest", "test")]
    assert sentence.startswith(start) and "95 % interval" in sentence
    assert (sentence in caplog.text) == (gain < 0)
    assert (table.sentence[table.index.get_level_values("split") == "validation"] == "").all()


def test_an_uncertain_lead_is_a_warning(caplog):
    sentences = evaluate(competitors(np.random.default_rng(5), 0.0)).metrics.sentence
    assert sentences.str.contains("not certain|not ahead").any()
    assert "random_forest" in caplog.text


def test_blocks_dealt_along_their_share_have_the_interval_of_a_stratified_sample():
    """IoU rises with the share of glacier: dealt evenly along it, the IoU varies less than that of random blocks."""
    rng = np.random.default_rng(4)
    inside, width = {True: 0, False: 0}, {True: 0.0, False: 0.0}
    for _ in range(300):
        share = np.sort(rng.uniform(0, 1, 400))
        glacier = np.round(1000 * share)
        missed = np.round(glacier * np.clip(0.7 - 0.65 * share + rng.normal(0, 0.1, 400), 0, 1))
        table = pd.DataFrame({"tn": 1000 - glacier, "fp": 0, "fn": missed, "tp": glacier - missed})
        truth = table.tp.sum() / (table.tp + table.fn).sum()
        drawn = table.iloc[(np.arange(20) + rng.uniform()) * 20 // 1]
        for stratified in inside:
            lower, upper = jackknife_iou(drawn, stratified=stratified)
            inside[stratified] += lower <= truth <= upper
            width[stratified] += upper - lower
    assert 0.92 <= inside[True] / 300 <= 0.985
    assert inside[False] / 300 > 0.985 and width[False] > 1.5 * width[True]
