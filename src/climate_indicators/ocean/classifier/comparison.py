"""The network against simple methods, on the same cells: tables of skill, intervals over blocks, a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax

from climate_indicators.core.constants import CONFIDENCE, UNCALIBRATED
from climate_indicators.ocean.classifier.skill import (
    calibration_error,
    class_scores,
    confusion_counts,
    fit_temperature,
    macro_f1,
    reliability_table,
)
from climate_indicators.stats.group_bootstrap import MIN_GROUPS, expanded_interval

NETWORK = "network"
NAMES = {
    NETWORK: "network",
    "nearest_centroid": "nearest centroid",
    "lda": "linear discriminant analysis",
    "knn": "k nearest neighbors",
}
RESAMPLES = 2000


@dataclass(frozen=True)
class Comparison:
    """The network against the simple method that is best on validation, on the test cells.

    Attributes
    ----------
    simple : name of the simple method.
    network_f1, simple_f1 : macro-F1 of the two.
    lower, upper : interval of network minus simple; NaN where the two differ in too few blocks, see `difference`.
    confidence : of the interval.
    n_cells, n_blocks : test cells and the blocks that hold them.
    n_differing : blocks in which one of the two is right and the other wrong.
    """

    simple: str
    network_f1: float
    simple_f1: float
    lower: float
    upper: float
    confidence: float
    n_cells: int
    n_blocks: int
    n_differing: int


@dataclass(frozen=True)
class Skill:
    """Scores of several classifiers on the same cells.

    Attributes
    ----------
    metrics : ``model, split, iou, dice, precision, recall, f1, accuracy, f1_lower, f1_upper, ece, log_loss,
        temperature, n_cells, f1_gain, f1_gain_lower, f1_gain_upper``; iou to f1 are means over the classes that the
        split's cells have; the gain is the macro-F1 of the network less that of the model, on the same cells.
    confusion : ``model, split, true, predicted, count``, labels from 1.
    reliability : ``model, split, bin_lower, bin_upper, mean_confidence, accuracy, n_cells``; the network occurs there
        a second time, before calibration.
    temperature : of each model, fitted on validation.
    comparison : the network against the best simple method.
    """

    metrics: pd.DataFrame
    confusion: pd.DataFrame
    reliability: pd.DataFrame
    temperature: dict[str, float]
    comparison: Comparison


def evaluate(
    logits: Mapping[str, np.ndarray],
    labels: np.ndarray,
    split: np.ndarray,
    blocks: np.ndarray,
    seed: int,
    confidence: float = CONFIDENCE,
) -> Skill:
    """Calibrate each model on the validation cells and measure it on every split.

    Parameters
    ----------
    logits : float, shape (cells, K), of each model; ``network`` must be among them, the others are the simple ones.
    labels : int, shape (cells,): 1 to K.
    split : text, shape (cells,): train, validation or test.
    blocks : int, shape (cells,): spatial block of each cell, the unit of resampling for intervals.
    seed : start of the random numbers.
    confidence : of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        If ``network`` or a simple method is missing.
    """
    if NETWORK not in logits or len(logits) < 2:
        raise ValueError(f"models are {', '.join(logits)}; {NETWORK} and at least one more are needed")
    rows, confusion, reliability, temperature = [], [], [], {}
    for model, scores in logits.items():
        on_validation = split == "validation"
        temperature[model] = fit_temperature(scores[on_validation], labels[on_validation])
        if model == NETWORK:
            reliability += _reliability_tables(model + UNCALIBRATED, softmax(scores, axis=1), labels, split)
        probability = softmax(scores / temperature[model], axis=1)
        reliability += _reliability_tables(model, probability, labels, split)
        confusion += _confusion_tables(model, probability, labels, split)
        rows += _metric_rows(model, probability, temperature[model], labels, split, blocks, seed, confidence)
    predicted = {model: scores.argmax(axis=1) + 1 for model, scores in logits.items()}
    gains = [_gain(row, predicted, labels, split, blocks, seed, confidence) for row in rows]
    metrics = pd.DataFrame([row | gain for row, gain in zip(rows, gains, strict=True)])
    comparison = compare(predicted, best_simple(metrics), labels, split, blocks, seed, confidence)
    tables = (pd.concat(parts, ignore_index=True) for parts in (confusion, reliability))
    return Skill(metrics, *tables, temperature, comparison)


def resampled_f1(
    true: np.ndarray, predicted: np.ndarray, blocks: np.ndarray, n_classes: int, seed: int, resamples: int = RESAMPLES
) -> np.ndarray:
    """Macro-F1 of whole blocks drawn with replacement: the same draws for the same blocks and seed.

    Cluster bootstrap (Davison and Hinkley 1997, section 3.8); blocks, not cells, since neighbors are alike.

    Returns
    -------
    float64, shape (resamples,); empty with fewer than two blocks.
    """
    numbers, place = np.unique(blocks, return_inverse=True)
    n = len(numbers)
    if n < 2:
        return np.empty(0)
    flat = (place * n_classes + true - 1) * n_classes + predicted - 1
    counts = np.bincount(flat, minlength=n * n_classes**2).reshape(n, n_classes**2).astype("float64")
    times = np.random.default_rng([seed, n]).multinomial(n, np.full(n, 1 / n), size=resamples)
    return class_scores((times @ counts).reshape(-1, n_classes, n_classes))["f1"]


def best_simple(metrics: pd.DataFrame) -> str:
    """Simple method with the highest macro-F1 on validation, so that the test does not choose its own opponent."""
    rows = metrics[(metrics.split == "validation") & (metrics.model != NETWORK)]
    return str(rows.model.iloc[int(np.argmax(rows.f1.to_numpy()))])


def compare(
    predicted: Mapping[str, np.ndarray],
    simple: str,
    labels: np.ndarray,
    split: np.ndarray,
    blocks: np.ndarray,
    seed: int,
    confidence: float = CONFIDENCE,
) -> Comparison:
    """Macro-F1 of the network and of a simple method on test, with the interval of the difference.

    Parameters
    ----------
    predicted : int, shape (cells,), labels that each model gives.
    simple : name of the method to compare the network with.
    labels, split, blocks, seed, confidence : as in `evaluate`.
    """
    test = split == "test"
    models = [predicted[model][test] for model in (NETWORK, simple)]
    differing = _blocks_with(models[0], models[1], labels[test], blocks[test])
    _, lower, upper = difference(labels[test], *models, blocks[test], seed, confidence)
    scores = [macro_f1(labels[test], called) for called in models]
    sizes = int(test.sum()), len(np.unique(blocks[test]))
    return Comparison(simple, *scores, lower, upper, confidence, *sizes, differing)


def f1_interval(
    true: np.ndarray, predicted: np.ndarray, blocks: np.ndarray, seed: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of the macro-F1 over blocks of cells.

    Only blocks with a wrong cell vary the score. The bootstrap interval is therefore enlarged as that of so many
    groups as there are such blocks (`group_bootstrap.expanded_interval`); measured coverage: docs/statistics.md.

    Parameters
    ----------
    true, predicted, blocks : int, shape (cells,): labels 1 to K, and the block of each cell.
    seed, confidence : as in `evaluate`.

    Returns
    -------
    Lower and upper bound within 0 and 1; NaN with fewer than three blocks with a wrong cell.
    """
    groups = len(np.unique(blocks[true != predicted]))
    if groups < MIN_GROUPS:
        return np.nan, np.nan
    drawn = resampled_f1(true, predicted, blocks, int(max(true.max(), predicted.max())), seed)
    lower, upper = expanded_interval(macro_f1(true, predicted), drawn, groups, confidence)
    return float(np.clip(lower, 0, 1)), float(np.clip(upper, 0, 1))


def difference(
    true: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    blocks: np.ndarray,
    seed: int,
    confidence: float = CONFIDENCE,
) -> tuple[float, float, float]:
    """Macro-F1 of one model less that of another on the same cells, with its interval.

    Paired: the same blocks are drawn for both. Groups, as in `f1_interval`, are the blocks in which one model is right
    and the other wrong.

    Returns
    -------
    Difference, lower and upper bound; the bounds are NaN with fewer than three such blocks.
    """
    value = macro_f1(true, first) - macro_f1(true, second)
    groups = _blocks_with(first, second, true, blocks)
    if groups < MIN_GROUPS:
        return value, np.nan, np.nan
    n_classes = int(max(true.max(), first.max(), second.max()))
    drawn = [resampled_f1(true, called, blocks, n_classes, seed) for called in (first, second)]
    lower, upper = expanded_interval(value, drawn[0] - drawn[1], groups, confidence)
    return value, float(lower), float(upper)


def _blocks_with(first: np.ndarray, second: np.ndarray, true: np.ndarray, blocks: np.ndarray) -> int:
    """Number of blocks in which one model is right and the other wrong."""
    return len(np.unique(blocks[(first == true) != (second == true)]))


def is_ahead(comparison: Comparison) -> bool:
    """Whether the network is significantly better: the interval of the difference is above 0."""
    return comparison.lower > 0


def verdict(comparison: Comparison) -> str:
    """One sentence: whether the network beats the best simple method on test."""
    c = comparison
    name = NAMES.get(c.simple, c.simple)
    if is_ahead(c):
        opening = f"The network is better than the simple method that is best on validation ({name})"
    elif c.upper < 0:
        opening = f"The network is worse than the simple method that is best on validation ({name})"
    else:
        opening = f"The network is not shown to be better than the simple method that is best on validation ({name})"
    if np.isnan(c.lower):
        interval = f"no interval of the difference, since the two differ in {c.n_differing} of {c.n_blocks} blocks only"
    else:
        bounds = " to ".join(f"{bound:+.3f}".replace("-", "−") for bound in (c.lower, c.upper))
        interval = f"{100 * c.confidence:.4g} % interval of the difference {bounds}"
    return f"{opening}: macro-F1 {c.network_f1:.3f} against {c.simple_f1:.3f} on {c.n_cells} test cells ({interval})."


def _parts(split: np.ndarray) -> list[str]:
    return [name for name in ("train", "validation", "test") if (split == name).any()]


def _confusion_tables(model: str, probability: np.ndarray, labels: np.ndarray, split: np.ndarray) -> list[pd.DataFrame]:
    n_classes = probability.shape[1]
    true, called = (axis.ravel() + 1 for axis in np.indices((n_classes, n_classes)))
    tables = []
    for name in _parts(split):
        counts = confusion_counts(labels[split == name], probability[split == name].argmax(axis=1) + 1, n_classes)
        columns = {"model": model, "split": name, "true": true, "predicted": called, "count": counts.ravel()}
        tables.append(pd.DataFrame(columns))
    return tables


def _reliability_tables(
    model: str, probability: np.ndarray, labels: np.ndarray, split: np.ndarray
) -> list[pd.DataFrame]:
    tables = []
    for name in _parts(split):
        table = reliability_table(probability[split == name], labels[split == name])
        table.insert(0, "split", name)
        table.insert(0, "model", model)
        tables.append(table)
    return tables


def _metric_rows(
    model: str,
    probability: np.ndarray,
    temperature: float,
    labels: np.ndarray,
    split: np.ndarray,
    blocks: np.ndarray,
    seed: int,
    confidence: float,
) -> list[dict[str, object]]:
    n_classes = probability.shape[1]
    rows = []
    for name in _parts(split):
        chosen = split == name
        true, called = labels[chosen], probability[chosen].argmax(axis=1) + 1
        scores = class_scores(confusion_counts(true, called, n_classes))
        lower, upper = f1_interval(true, called, blocks[chosen], seed, confidence)
        likely = np.clip(probability[chosen][np.arange(len(true)), true - 1], 1e-12, 1)
        row = {"model": model, "split": name} | {key: float(value) for key, value in scores.items()}
        row |= {"f1_lower": lower, "f1_upper": upper}
        row |= {"ece": calibration_error(reliability_table(probability[chosen], true))}
        row |= {"log_loss": float(-np.log(likely).mean()), "temperature": temperature, "n_cells": int(chosen.sum())}
        rows.append(row)
    return rows


def _gain(
    row: Mapping[str, object],
    predicted: Mapping[str, np.ndarray],
    labels: np.ndarray,
    split: np.ndarray,
    blocks: np.ndarray,
    seed: int,
    confidence: float,
) -> dict[str, float]:
    """Gain of the network over the model of a row of the metrics, in the row's split; NaN of the network itself."""
    names = ("f1_gain", "f1_gain_lower", "f1_gain_upper")
    if row["model"] == NETWORK:
        return dict.fromkeys(names, np.nan)
    chosen = split == row["split"]
    models = (predicted[name][chosen] for name in (NETWORK, str(row["model"])))
    values = difference(labels[chosen], *models, blocks[chosen], seed, confidence)
    return dict(zip(names, values, strict=True))
