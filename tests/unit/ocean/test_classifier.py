"""The tracking classifier: split, tuning, network, simple methods, skill, labels of other months."""

import logging
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from sklearn.preprocessing import StandardScaler

from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.ocean.classifier import fit as classifier_learning
from climate_indicators.ocean.classifier import network as classifier_network
from climate_indicators.ocean.classifier.apply import BATCH, classify, engine_logits
from climate_indicators.ocean.classifier.baselines import SIMPLE, choose_n_neighbors, fit_baselines
from climate_indicators.ocean.classifier.comparison import (
    NETWORK,
    Comparison,
    best_simple,
    compare,
    evaluate,
    resampled_f1,
    verdict,
)
from climate_indicators.ocean.classifier.fit import fit_classifier
from climate_indicators.ocean.classifier.network import (
    HYPERPARAMETERS,
    PUBLISHED,
    Trainer,
    best_hyperparameters,
    dense_network,
    make_trainers,
    parameter_grid,
    train_network,
    tune,
    tuning_summary,
)
from climate_indicators.ocean.classifier.scalers import fit_scaler, standardize_with
from climate_indicators.ocean.classifier.skill import (
    calibration_error,
    class_scores,
    confusion_counts,
    fit_temperature,
    macro_f1,
    reliability_table,
)
from climate_indicators.ocean.classifier.split import SHARES, block_numbers, folds, split_cells
from climate_indicators.segmentation.inference import Engine, open_engine
from climate_indicators.segmentation.model_files import INFERENCE_MODEL, KERAS_MODEL, MODEL_CARD
from climate_indicators.segmentation.model_io import save_model
from refusals import raises_naming

LOG = logging.getLogger("test")
SIZES = (22, 94, 802, 506, 302, 12, 407)  # of the published test cells
UNIT, OFFSET = np.array([3.0, 0.4, 0.5]), np.array([12.0, 1.5, -1.2])  # slopes of fCO2 have such sizes
SMALL = {"layers": (32, 32), "l2": 1e-4, "dropout": 0.1, "epochs": 25, "patience": 5}
SETTINGS = SMALL | {
    "grid": {"batch_size": [64], "optimizer": ["adam"], "learning_rate": [0.01, 0.0001]},
    "folds": 2, "n_neighbors": [1, 15], "split": "random", "block_deg": 10, "shares": SHARES,
}  # fmt: skip


def mixture(sizes, seed=0, spread=0.4):
    """Cells of classes that are normal around random centers, each class in a band of latitude."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(len(sizes), 3)) * 2
    labels = rng.permutation(np.repeat(np.arange(1, len(sizes) + 1), sizes))
    slopes = (centers[labels - 1] + rng.normal(0, spread, (len(labels), 3))) * UNIT + OFFSET
    latitude = np.clip(rng.normal(np.linspace(-65, 65, len(sizes))[labels - 1], 14), -89, 89)
    return slopes, labels, latitude, rng.uniform(-180, 180, len(labels))


@pytest.fixture(scope="module")
def cells():
    return mixture(SIZES)


@pytest.fixture(scope="module")
def result(cells):
    return fit_classifier(*cells, SETTINGS, 42, LOG)


# --- split


def test_random_split_keeps_the_published_shares_in_every_class(cells):
    labels = cells[1]
    split = split_cells(labels, SHARES, 42)
    for label, size in enumerate(SIZES, start=1):
        for part, share in SHARES.items():
            assert abs(((labels == label) & (split == part)).sum() - share * size) <= 1, (label, part)
    assert (split == split_cells(labels, SHARES, 42)).all()
    assert (split != split_cells(labels, SHARES, 43)).any()


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, ["train"]), (2, ["test", "train"]), (3, ["test", "train", "validation"]), (5, None), (9, None)],
)
def test_tiny_classes_are_in_training_first_then_in_test_then_in_all(size, expected):
    labels = np.repeat([1, 2], [100, size])
    for seed in range(5):
        own = split_cells(labels, SHARES, seed)[labels == 2]
        found = sorted(own.tolist())
        if expected:
            assert found == expected
        else:
            assert set(found) == set(SHARES) and found.count("train") > size / 2


def test_blocks_stay_whole_and_every_class_is_in_training(cells):
    _, labels, latitude, longitude = cells
    blocks = block_numbers(latitude, longitude, 20)
    split = split_cells(labels, SHARES, 1, blocks)
    assert pd.DataFrame({"block": blocks, "split": split}).groupby("block").split.nunique().max() == 1
    assert set(labels[split == "train"]) == set(range(1, 8))
    for part, share in SHARES.items():
        assert (split == part).mean() == pytest.approx(share, abs=0.06)
    common = labels == 3
    for part, share in SHARES.items():
        assert (split[common] == part).mean() == pytest.approx(share, abs=0.1), "classes are spread over the parts"


def test_classes_of_one_block_are_left_to_training():
    labels, blocks = np.tile([1, 2], 60), np.repeat(np.arange(12), 10)
    for label, block in ((3, 7), (4, 5), (5, 3)):
        labels[blocks == block] = label
    for seed in range(6):
        split = split_cells(labels, SHARES, seed, blocks)
        assert set(split[labels >= 3]) == {"train"} and set(split) == set(SHARES)


def test_block_numbers_know_the_date_line_and_any_turn_of_longitude():
    latitude, longitude = np.array([5.0, 5, 5, 5, -5]), np.array([179.0, -179, 181, 539, 179])
    first, second, turned, back, south = block_numbers(latitude, longitude, 10)
    assert first == back and second == turned
    assert len({first, second, south}) == 3


def test_folds_hold_out_every_cell_once_and_keep_blocks():
    labels, blocks = np.repeat([1, 2, 3], [60, 30, 2]), np.arange(92) // 4
    for groups in (None, blocks):
        parts = list(folds(labels, 4, 0, groups))
        assert sorted(np.concatenate([held_out for _, held_out in parts])) == list(range(92))
        for fit, held_out in parts:
            assert len(np.intersect1d(fit, held_out)) == 0
            if groups is not None:
                assert len(np.intersect1d(groups[fit], groups[held_out])) == 0


def test_what_cannot_be_split_is_refused():
    with raises_naming(InputError, "2 blocks", "5 folds"):
        split_cells(np.tile([1, 2], 20), SHARES, 0, np.arange(40) // 20)
    with raises_naming(InputError, "3 cells", "4 folds"):
        list(folds(np.array([1, 1, 1, 2]), 4, 0))
    with raises_naming(InputError, "validation"):
        split_cells(np.array([1, 2, 2]), SHARES, 0)
    with raises_naming(InputError, "'train': 0.6, 'test': 0.2"):
        split_cells(np.array([1, 2, 2]), {"train": 0.6, "test": 0.2}, 0)


# --- the whole learning


def test_all_models_know_the_planted_classes(result, cells):
    test = result.skill.metrics.query("split == 'test'").set_index("model")
    assert list(test.index) == [NETWORK, *SIMPLE]
    assert (test.accuracy > 0.9).all() and (test.n_cells == (result.split == "test").sum()).all()
    assert test.f1[NETWORK] > 0.7, "tiny classes count as much as large ones in a macro mean"
    assert (test.log_loss < 0.3).all() and (test.ece < 0.06).all()
    held = test[test.f1_lower.notna()]
    assert len(held) and (held.f1_lower <= held.f1).all() and (held.f1 <= held.f1_upper).all()
    confusion = result.skill.confusion.query("model == 'network' and split == 'test'")
    own = np.bincount(cells[1][result.split == "test"], minlength=8)[1:]
    assert confusion.groupby("true")["count"].sum().tolist() == own.tolist()


def test_the_better_setting_is_chosen_and_all_folds_are_told(result):
    assert list(result.tuning.columns) == [*HYPERPARAMETERS, "fold", "accuracy", "macro_f1", "epochs"]
    assert len(result.tuning) == 4 and result.tuning.fold.tolist() == [1, 2, 1, 2]
    assert result.hyperparameters == {"batch_size": 64, "optimizer": "adam", "learning_rate": 0.01}
    assert list(result.network.history.columns) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert result.network.history.val_loss.idxmin() + 1 == result.network.best_epoch
    assert result.network.history.val_loss.iloc[-1] < result.network.history.val_loss.iloc[0] / 2


def test_scaler_is_that_of_the_training_cells_alone(result, cells):
    training = StandardScaler().fit(cells[0][result.split == "train"])
    np.testing.assert_allclose(result.network.scaler.mean, training.mean_, rtol=1e-12)
    np.testing.assert_allclose(result.network.scaler.sd, training.scale_, rtol=1e-12)


@pytest.mark.long
def test_shuffled_test_cells_change_neither_choice_nor_network_and_a_second_run_is_the_same(
    result, cells, monkeypatch, tmp_path
):
    """The same split, but test cells with each other's labels and with wild slopes: only test scores may differ."""
    slopes, labels, *where = cells
    test = result.split == "test"
    rng = np.random.default_rng(5)
    slopes, labels = slopes.copy(), labels.copy()
    labels[test] = rng.permutation(labels[test])
    slopes[test] = rng.normal(0, 1000, (test.sum(), 3))
    monkeypatch.setattr(classifier_learning, "split_cells", lambda *_: result.split)
    other = fit_classifier(slopes, labels, *where, SETTINGS, 42, LOG)
    pd.testing.assert_frame_equal(other.tuning, result.tuning, check_exact=True)
    pd.testing.assert_frame_equal(other.network.history, result.network.history, check_exact=True)
    assert (other.hyperparameters, other.n_neighbors) == (result.hyperparameters, result.n_neighbors)
    assert other.skill.temperature == result.skill.temperature
    assert other.skill.comparison.simple == result.skill.comparison.simple
    same, different = (
        [run.skill.metrics.query(f"split {sign} 'test'").reset_index(drop=True) for run in (result, other)]
        for sign in ("!=", "==")
    )
    pd.testing.assert_frame_equal(*same, check_exact=True)
    assert (different[1].accuracy < 0.6).all(), "the shuffled labels were seen in the test"
    for name, run in (("one", result), ("two", other)):
        save_model(tmp_path / name, run.network.model, {"temperature": run.skill.temperature})
    for name in (KERAS_MODEL, "inference.bin"):
        assert sha256(tmp_path / "one" / name) == sha256(tmp_path / "two" / name)
    # OpenVINO numbers the nodes of all networks of a process in one row
    one, two = (re.sub(r'_\d+"', '"', (tmp_path / name / INFERENCE_MODEL).read_text()) for name in ("one", "two"))
    assert one == two


def test_single_cells_and_blocks_are_learnt_without_a_crash():
    slopes, labels, latitude, longitude = mixture((200, 120, 1, 2, 5))
    settings = SETTINGS | {"epochs": 2, "grid": {"batch_size": [32], "optimizer": ["sgd"], "learning_rate": [0.01]}}
    for how in ("random", "blocks"):
        result = fit_classifier(slopes, labels, latitude, longitude, settings | {"split": how, "block_deg": 30}, 3, LOG)
        assert result.network.logits(slopes).shape == (328, 5)
        assert np.isfinite(result.skill.metrics[["f1", "log_loss", "ece"]].to_numpy()).all()
        assert len(result.tuning) == 2, "a grid of one point is measured all the same"
        assert result.hyperparameters == {"batch_size": 32, "optimizer": "sgd", "learning_rate": 0.01}


def test_one_biome_cannot_be_learnt():
    with raises_naming(InputError, "1 biome", "50 cells"):
        fit_classifier(np.zeros((50, 3)), np.ones(50, int), np.zeros(50), np.arange(50), SETTINGS, 0, LOG)


# --- network and tuning


def test_network_is_the_published_one():
    shape = {name: PUBLISHED[name] for name in ("layers", "l2", "dropout")}
    model = dense_network(3, 7, **shape)
    sizes = (3, 64, 128, 256, 128, 64, 7)
    assert model.count_params() == sum(a * b + b for a, b in zip(sizes, sizes[1:], strict=False))
    hidden = [layer for layer in model.layers if layer.name.startswith("dense")]
    assert [layer.units for layer in hidden] == [64, 128, 256, 128, 64]
    assert all(layer.activation.__name__ == "relu" for layer in hidden)
    assert all(float(layer.kernel_regularizer.l2) == pytest.approx(0.01) for layer in hidden)
    dropped = [layer for layer in model.layers if layer.name.startswith("dropout")]
    assert len(dropped) == 5 and all(layer.rate == 0.5 for layer in dropped)
    assert model.get_layer("logit").activation.__name__ == "linear"


def test_a_trainer_starts_anew_each_time_stops_early_and_keeps_the_best_weights():
    slopes, labels, *_ = mixture((60, 60), spread=1.5)
    scaled = fit_scaler(slopes)(slopes)
    training, stopping = (scaled[:80], labels[:80]), (scaled[80:], labels[80:])
    trainer = Trainer(3, 2, SMALL | {"epochs": 60, "patience": 3}, "adam", 7)
    first = trainer.fit(training, stopping, 16, 0.01)
    logits = classifier_network._predict(trainer.model, scaled[80:])
    trainer.fit(stopping, training, 40, 0.001)
    second = trainer.fit(training, stopping, 16, 0.01)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    best = int(first.epoch[first.val_loss.idxmin()])
    assert len(first) == best + 3 < 60
    penalty = sum(1e-4 * (layer.kernel.numpy() ** 2).sum() for layer in trainer.model.layers if "dense" in layer.name)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(40), labels[80:] - 1].mean() + penalty
    assert loss == pytest.approx(first.val_loss.min(), abs=1e-5), "the weights are those of the best epoch"


def test_held_out_cells_of_a_fold_neither_scale_nor_train_nor_stop(monkeypatch):
    slopes, labels, *_ = mixture((90, 60, 30))
    seen = []

    class Spy:
        def fit(self, training, stopping, batch_size, learning_rate):
            seen.append((len(training[1]), len(stopping[1]), np.concatenate([training[0], stopping[0]])))
            return pd.DataFrame({"epoch": [1]})

        def predict(self, scaled):
            seen[-1] = (*seen[-1], scaled)
            return np.ones(len(scaled), "int64")

    hyperparameters = {"batch_size": 8, "optimizer": "spy", "learning_rate": 0.1}
    table = tune(slopes, labels, {"spy": Spy()}, [hyperparameters], 3, 0, LOG)
    assert len(seen) == 3
    for (fit, held_out), (n_training, n_stopping, used, called) in zip(folds(labels, 3, 0), seen, strict=True):
        assert n_training + n_stopping == len(fit) and n_stopping == pytest.approx(0.2 * len(fit), abs=2)
        np.testing.assert_allclose(used[:n_training].mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(used[:n_training].std(axis=0), 1, atol=1e-9)
        scaling = [np.polyfit(np.sort(slopes[held_out, j]), np.sort(called[:, j]), 1) for j in range(3)]
        back = (used - np.array(scaling)[:, 1]) / np.array(scaling)[:, 0]
        np.testing.assert_allclose(np.sort(back[:, 0]), np.sort(slopes[fit, 0]), rtol=1e-6)
    assert table.accuracy.mean() == pytest.approx(0.5), "all called 1, and half of the cells are"


def test_best_setting_is_that_of_the_mean_and_the_first_of_equals():
    candidates = parameter_grid({"batch_size": [16, 32], "optimizer": ["adam", "sgd"], "learning_rate": [0.01]})
    assert [tuple(hyperparameters.values()) for hyperparameters in candidates] == [
        (16, "adam", 0.01), (16, "sgd", 0.01), (32, "adam", 0.01), (32, "sgd", 0.01),
    ]  # fmt: skip
    scores = [(0.2, 0.4), (0.9, 0.5), (0.6, 0.8), (0.7, 0.7)]
    table = pd.DataFrame(
        [
            hyperparameters | {"fold": fold, "accuracy": 0.9, "macro_f1": score, "epochs": 5}
            for hyperparameters, pair in zip(candidates, scores, strict=True)
            for fold, score in enumerate(pair, start=1)
        ]
    )
    assert best_hyperparameters(table) == candidates[1]
    summary = tuning_summary(table)
    assert summary.macro_f1_mean.tolist() == pytest.approx([0.3, 0.7, 0.7, 0.7])
    assert summary.macro_f1_sd.iloc[0] == pytest.approx(np.sqrt(0.02))


def test_unknown_optimizer_is_named():
    with raises_naming(InputError, "'adma'"):
        make_trainers(3, 2, SMALL, [{"optimizer": "adma"}], 0)


# --- simple methods


def test_simple_methods_give_scikit_learns_labels(cells):
    slopes, labels, *_ = cells
    parts = list(folds(labels, 3, 0))
    methods = fit_baselines(slopes, labels, 7, parts, [3, 11])
    scaled = fit_scaler(slopes)(slopes)
    for name in ("nearest_centroid", "lda"):
        called = methods[name].logits(scaled).argmax(axis=1) + 1
        assert (called == methods[name].method.predict(scaled)).all()
    logits = methods["knn"].logits(scaled)
    k = methods["knn"].method.n_neighbors
    expected = (k * methods["knn"].method.predict_proba(scaled) + 1 / 7) / (k + 1)
    np.testing.assert_allclose(np.exp(logits), expected)
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1)
    centers = np.array([scaled[labels == label].mean(axis=0) for label in range(1, 8)])
    squares = ((scaled[:5, None] - centers) ** 2).sum(axis=2)
    np.testing.assert_allclose(methods["nearest_centroid"].logits(scaled[:5]), -squares / 2, rtol=1e-6, atol=1e-9)


def test_a_class_without_a_training_cell_gets_no_chance_and_no_infinity():
    slopes, labels, *_ = mixture((40, 40))
    labels = labels * 2 - 1  # 1 and 3: the second of three is missing
    for name, method in fit_baselines(slopes, labels, 3, list(folds(labels, 2, 0)), [3]).items():
        logits = method.logits(fit_scaler(slopes)(slopes))
        assert np.isfinite(logits).all() and set(logits.argmax(axis=1) + 1) == {1, 3}, name


def test_number_of_neighbors_suits_the_noise():
    slopes, labels, *_ = mixture((300, 300), spread=3.0)
    parts = list(folds(labels, 3, 0))
    assert choose_n_neighbors(slopes, labels, parts, [1, 41]) == 41
    assert choose_n_neighbors(slopes[:30], labels[:30], list(folds(labels[:30], 2, 0)), [500]) <= 16


# --- skill


def test_scores_are_scikit_learns_where_all_classes_are_called():
    rng = np.random.default_rng(0)
    true = rng.integers(1, 6, 400)
    called = np.where(rng.uniform(size=400) < 0.6, true, rng.integers(1, 6, 400))
    found = class_scores(confusion_counts(true, called, 5))
    expected = {
        "iou": reference.jaccard_score(true, called, average="macro"),
        "precision": reference.precision_score(true, called, average="macro"),
        "recall": reference.recall_score(true, called, average="macro"),
        "f1": reference.f1_score(true, called, average="macro"),
        "accuracy": reference.accuracy_score(true, called),
    }
    assert {name: float(found[name]) for name in expected} == pytest.approx(expected)
    assert float(found["dice"]) == pytest.approx(expected["f1"])


def test_means_are_over_classes_that_have_cells():
    true, called = np.array([1, 1, 1, 1, 3, 3]), np.array([1, 1, 1, 2, 3, 3])
    scores = class_scores(confusion_counts(true, called, 4))
    assert float(scores["recall"]) == pytest.approx((0.75 + 1) / 2)
    assert float(scores["f1"]) == pytest.approx((6 / 7 + 1) / 2) == pytest.approx(macro_f1(true, called))
    assert float(scores["iou"]) == pytest.approx((3 / 4 + 1) / 2)


def test_temperature_is_found_and_keeps_labels():
    rng = np.random.default_rng(0)
    right = rng.normal(0, 2, (20000, 4))
    share = np.exp(right) / np.exp(right).sum(axis=1, keepdims=True)
    labels = (rng.uniform(size=(20000, 1)) > share.cumsum(axis=1)).sum(axis=1) + 1
    assert fit_temperature(3 * right, labels) == pytest.approx(3, rel=0.05)
    assert fit_temperature(right, labels) == pytest.approx(1, rel=0.05)
    with pytest.raises(ValueError, match="no cell"):
        fit_temperature(right[:0], labels[:0])


def test_reliability_of_a_small_table_by_hand():
    probability = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.0, 1.0]])
    table = reliability_table(probability, np.array([1, 2, 2, 2]), bins=10)
    filled = table[table.n_cells > 0]
    assert filled.bin_lower.tolist() == pytest.approx([0.6, 0.9])
    assert filled.n_cells.tolist() == [1, 3]
    assert filled.mean_confidence.tolist() == pytest.approx([0.6, 2.8 / 3])
    assert filled.accuracy.tolist() == pytest.approx([1, 2 / 3])
    assert calibration_error(table) == pytest.approx((0.4 + (2.8 - 2)) / 4)


def test_interval_over_blocks_is_wider_than_over_cells_where_neighbors_are_alike():
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.arange(40), 25)
    true = rng.integers(1, 4, 1000)
    wrong = np.repeat(rng.uniform(size=40) < 0.2, 25)  # whole blocks are wrong
    called = np.where(wrong, true % 3 + 1, true)
    by_block, by_cell = (resampled_f1(true, called, groups, 3, 0) for groups in (blocks, np.arange(1000)))
    assert by_block.std() > 3 * by_cell.std()
    assert by_block.mean() == pytest.approx(macro_f1(true, called), abs=0.02)
    assert len(resampled_f1(true, called, np.zeros(1000, int), 3, 0)) == 0


def test_comparison_and_its_sentence():
    rng = np.random.default_rng(0)
    true, blocks = rng.integers(1, 4, 800), np.arange(800) // 10
    split = np.where(np.arange(800) < 400, "train", "test")
    worse = np.where(rng.uniform(size=800) < 0.3, true % 3 + 1, true)
    found = compare({NETWORK: true, "lda": worse}, "lda", true, split, blocks, 0)
    assert found.network_f1 == 1 and 0 < found.lower < 1 - found.simple_f1 < found.upper
    assert (found.n_cells, found.n_blocks) == (400, 40)
    sentence = verdict(found)
    assert sentence.startswith(
        "The network is better than the simple method that is best on validation (linear discriminant analysis): "
        "macro-F1 1.000"
    )
    assert "on 400 test cells (95 % interval of the difference +0." in sentence
    back = compare({NETWORK: worse, "knn": true}, "knn", true, split, blocks, 0, confidence=0.9)
    assert verdict(back).startswith(
        "The network is worse than the simple method that is best on validation (k nearest neighbors)"
    )
    assert "90 % interval of the difference −0." in verdict(back), "a true minus sign"
    same = compare({NETWORK: worse, "knn": worse}, "knn", true, split, blocks, 0)
    assert np.isnan(same.lower) and "differ in 0 of 40 blocks only" in verdict(same)
    alone = compare({NETWORK: true, "knn": worse}, "knn", true, split, np.zeros(800, int), 0)
    assert "is not shown to be better" in verdict(alone) and "differ in 1 of 1 blocks only" in verdict(alone)


def test_a_difference_that_may_be_nothing_is_no_win():
    assert "is not shown to be better" in verdict(Comparison("lda", 0.95, 0.93, -0.01, 0.05, 0.95, 100, 9, 9))


def test_metrics_have_the_gain_of_the_network_over_each_simple_method(result):
    metrics = result.skill.metrics.set_index(["model", "split"])
    for split in ("train", "validation", "test"):
        assert np.isnan(metrics.f1_gain[NETWORK, split])
        for model in ("lda", "knn", "nearest_centroid"):
            expected = metrics.f1[NETWORK, split] - metrics.f1[model, split]
            assert metrics.f1_gain[model, split] == pytest.approx(expected)
            assert (
                not metrics.f1_gain_lower[model, split] > expected
                and not metrics.f1_gain_upper[model, split] < expected
            )


@pytest.mark.parametrize(("lower", "level"), [(0.01, "INFO"), (-0.01, "WARNING"), (np.nan, "WARNING")])
def test_a_network_that_is_not_ahead_is_a_warning(monkeypatch, caplog, lower, level):
    found = Comparison("lda", 0.95, 0.9, lower, 0.08, 0.95, 100, 9, 2)
    real = classifier_learning.evaluate
    monkeypatch.setattr(classifier_learning, "evaluate", lambda *given: replace(real(*given), comparison=found))
    caplog.set_level(logging.INFO, "test")
    fit_classifier(*mixture((60, 60)), SETTINGS | {"epochs": 1, "layers": (4,)}, 0, LOG)
    (record,) = [record for record in caplog.records if "macro-F1 0.950 against 0.900" in record.getMessage()]
    assert record.levelname == level


def test_the_opponent_is_chosen_on_validation():
    table = pd.DataFrame(
        {
            "model": [NETWORK, "lda", "knn"] * 2,
            "split": ["validation"] * 3 + ["test"] * 3,
            "f1": [0.99, 0.8, 0.7, 0.9, 0.5, 0.95],
        }
    )
    assert best_simple(table) == "lda"


def test_evaluation_needs_the_network_and_an_opponent(cells):
    labels = cells[1]
    with raises_naming(ValueError, "network"):
        evaluate({NETWORK: np.zeros((len(labels), 7))}, labels, np.full(len(labels), "test"), labels, 0)


# --- tracking


def linear_engine(weights):
    return Engine("linear", "float32", lambda batch: (batch @ weights).astype("float32"))


WEIGHTS = np.random.default_rng(3).normal(size=(3, 4)).astype("float32")


def test_abstention_and_missing_slopes():
    slopes, *_ = mixture((300, 200))
    slopes[7, 1] = np.nan
    mean, sd = np.nanmean(slopes, axis=0), np.nanstd(slopes, axis=0)
    label, probability = classify(linear_engine(WEIGHTS), slopes, "frozen", mean, sd, 2.0)
    sure = probability.max(axis=1)  # NaN in the cell without slopes
    assert label.dtype == np.int8 and probability.dtype == np.float32
    assert label[7] == 0 and np.isnan(probability[7]).all()
    known = np.arange(500) != 7
    assert (label[known] == probability[known].argmax(axis=1) + 1).all()
    logits = (slopes[known] - mean) / sd @ WEIGHTS / 2
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probability[known], expected, atol=1e-6)
    limit = float(np.median(sure[known]))
    cautious, same = classify(linear_engine(WEIGHTS), slopes, "frozen", mean, sd, 2.0, abstain_below=limit)
    np.testing.assert_array_equal(same, probability)
    away = np.abs(sure - limit) > 1e-6
    assert (cautious == np.where(sure >= limit, label, 0))[known & away].all()
    assert 200 < (cautious == 0).sum() < 300


def test_monthly_scaler_hides_a_change_that_all_cells_share_and_the_frozen_one_shows_it():
    slopes, *_ = mixture(SIZES)
    reference_scaler = fit_scaler(slopes)
    changed = slopes * np.array([1.3, 0.8, 1.1]) + np.array([4.0, 0.3, -0.2])
    labels = {
        (mode, name): classify(linear_engine(WEIGHTS), month, mode, reference_scaler.mean, reference_scaler.sd)[0]
        for mode in ("monthly", "frozen")
        for name, month in (("before", slopes), ("after", changed))
    }
    assert (labels["monthly", "before"] == labels["monthly", "after"]).mean() > 0.999, "but for rounding at a border"
    assert (labels["frozen", "before"] != labels["frozen", "after"]).mean() > 0.1
    np.testing.assert_array_equal(labels["monthly", "before"], labels["frozen", "before"])


def test_monthly_scaler_is_scikit_learns_and_leaves_out_rejected_cells():
    slopes, *_ = mixture((50, 50))
    slopes[3] = np.nan
    slopes[9, 0] = np.nan
    known = np.isfinite(slopes).all(axis=1)
    found = standardize_with(slopes, "monthly", np.zeros(3), np.ones(3))
    np.testing.assert_allclose(found[known], StandardScaler().fit_transform(slopes[known]), atol=1e-12)
    with pytest.raises(ValueError, match="'yearly'"):
        standardize_with(slopes, "yearly", np.zeros(3), np.ones(3))


@pytest.mark.parametrize("mode", ["monthly", "frozen"])
def test_months_with_no_cell_or_one(mode):
    none = np.full((5, 3), np.nan)
    label, probability = classify(linear_engine(WEIGHTS), none, mode, OFFSET, UNIT)
    assert (label == 0).all() and probability.shape == (5, 4) and np.isnan(probability).all()
    label, _ = classify(linear_engine(WEIGHTS), np.empty((0, 3)), mode, OFFSET, UNIT)
    assert label.shape == (0,)
    label, probability = classify(linear_engine(WEIGHTS), OFFSET[None], mode, OFFSET, UNIT)
    np.testing.assert_allclose(probability, 0.25, atol=1e-6)


def test_a_slope_that_does_not_vary_is_0_and_no_cells_are_no_scaler():
    slopes = np.column_stack([np.full(10, 0.1), np.arange(10.0), np.arange(10.0) ** 2])
    scaler = fit_scaler(slopes)
    assert scaler.sd[0] == 1 and np.abs(scaler(slopes)[:, 0]).max() < 1e-12
    with pytest.raises(ValueError, match="0 cells"):
        fit_scaler(slopes[:0])


@pytest.mark.parametrize("kind", ["openvino", "keras"])
def test_a_saved_network_gives_the_same_probabilities(kind, result, cells, tmp_path):
    if kind == "openvino":
        pytest.importorskip("openvino")
    scaler, temperature = result.network.scaler, result.skill.temperature[NETWORK]
    save_model(tmp_path / "model", result.network.model, {"temperature": temperature})
    assert (tmp_path / "model" / MODEL_CARD).exists()
    engine = open_engine(tmp_path / "model", kind, "float32", 1)
    slopes = np.concatenate([cells[0]] * 3)
    assert len(slopes) > BATCH
    label, probability = classify(engine, slopes, "frozen", scaler.mean, scaler.sd, temperature)
    logits = result.network.logits(slopes) / temperature
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(probability, expected / expected.sum(axis=1, keepdims=True), atol=1e-5)
    assert (label == logits.argmax(axis=1) + 1).mean() > 0.999
    few = engine_logits(engine, scaler(slopes[4000:4200]))
    np.testing.assert_array_equal(few, engine_logits(engine, scaler(slopes))[4000:4200])


def test_training_touches_no_test_cell():
    slopes, labels, *_ = mixture((80, 60))
    split = split_cells(labels, SHARES, 0)
    slopes[split == "test"] = np.nan
    trainer = Trainer(3, 2, SMALL | {"epochs": 3}, "adam", 0)
    hyperparameters = {"batch_size": 32, "optimizer": "adam", "learning_rate": 0.01}
    trained = train_network(slopes, labels, split, trainer, hyperparameters)
    assert np.isfinite(trained.history.to_numpy()).all() and np.isfinite(trained.scaler.mean).all()


def test_training_that_diverges_says_so():
    slopes, labels, *_ = mixture((80, 60))
    trainer = Trainer(3, 2, SMALL | {"epochs": 3}, "sgd", 0)
    hyperparameters = {"batch_size": 8, "optimizer": "sgd", "learning_rate": 1e30}
    with raises_naming(InputError, "sgd", "1e+30"):
        train_network(slopes, labels, split_cells(labels, SHARES, 0), trainer, hyperparameters)


def test_tracking_needs_neither_tensorflow_nor_scikit_learn():
    code = (
        "import sys; import climate_indicators.segmentation.inference, climate_indicators.ocean.classifier.apply; "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}, check=False).returncode == 0


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_training_that_diverges_stops_in_its_first_epoch_and_names_the_setting(cells, optimizer):
    trainer = Trainer(3, len(SIZES), SMALL, optimizer, 0)
    part = cells[0][:500].astype("float32"), cells[1][:500]
    with raises_naming(InputError, "1e+30", "epoch 1", "ocean.classifier.grid.learning_rate"):
        trainer.fit(part, part, 64, 1e30)


def test_tuning_goes_on_past_a_setting_that_diverges_and_warns(cells, caplog):
    candidates = parameter_grid({"batch_size": [64], "optimizer": ["adam"], "learning_rate": [1e30, 0.01]})
    trainers = make_trainers(3, len(SIZES), SMALL | {"epochs": 2}, candidates, 0)
    tuning = tune(cells[0], cells[1], trainers, candidates, 2, 0, LOG)
    diverged = tuning[tuning.learning_rate == 1e30]
    assert (diverged[["accuracy", "macro_f1"]] == 0).all(axis=None) and (diverged.epochs == 1).all()
    assert best_hyperparameters(tuning)["learning_rate"] == 0.01
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 2 and all("1e+30" in message for message in warned)
