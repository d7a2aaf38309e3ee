"""The network against simple methods, on the same cells: tables of skill, intervals over blocks, a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax

from climate_indicators.comparisons import CONFIDENCE, UNCALIBRATED
from climate_indicators.ocean.classifier_skill import (
    calibration_error,
    class_scores,
    confusion_counts,
    fit_temperature,
    macro_f1,
    reliability_table,
)

NETWORK = "network"
NAMES = {
    NETWORK: "network",
    "nearest_centroid": "nearest centroid",
    "lda": "linear discriminant analysis",
    "knn": "k nearest neighbours",
}
RESAMPLES = 2000


@dataclass(frozen=True)
class Comparison:
    """The network against the simple method that is best on validation, on the test cells.

    Attributes
    ----------
    simple : name of the simple method.
    network_f1, simple_f1 : macro-F1 of the two.
    lower, upper : interval of network minus simple; NaN if all test cells lie in one block.
    confidence : of the interval.
    n_cells, n_blocks : test cells and the blocks that hold them.
    """

    simple: str
    network_f1: float
    simple_f1: float
    lower: float
    upper: float
    confidence: float
    n_cells: int
    n_blocks: int


@dataclass(frozen=True)
class Skill:
    """What is known of several classifiers on the same cells.

    Attributes
    ----------
    metrics : ``model, split, iou, dice, precision, recall, f1, accuracy, f1_lower, f1_upper, ece, log_loss,
        temperature, n_cells``; iou to f1 are means over the classes that the split's cells have.
    confusion : ``model, split, true, predicted, count``, labels from 1.
    reliability : ``model, split, bin_lower, bin_upper, mean_confidence, accuracy, n_cells``; the network stands there
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
    metrics = pd.DataFrame(rows)
    predicted = {model: scores.argmax(axis=1) + 1 for model, scores in logits.items()}
    comparison = compare(predicted, best_simple(metrics), labels, split, blocks, seed, confidence)
    tables = (pd.concat(parts, ignore_index=True) for parts in (confusion, reliability))
    return Skill(metrics, *tables, temperature, comparison)


def resampled_f1(
    true: np.ndarray, predicted: np.ndarray, blocks: np.ndarray, n_classes: int, seed: int, resamples: int = RESAMPLES
) -> np.ndarray:
    """Macro-F1 of whole blocks drawn with replacement: the same draws for the same blocks and seed.

    Cluster bootstrap (Davison and Hinkley 1997, section 3.8); blocks, not cells, since neighbours are alike.

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
    n_classes = int(max(labels.max(), *(called.max() for called in predicted.values())))
    drawn, scores = [], []
    for model in (NETWORK, simple):
        called = predicted[model][test]
        scores.append(macro_f1(labels[test], called))
        drawn.append(resampled_f1(labels[test], called, blocks[test], n_classes, seed))
    lower, upper = _interval(drawn[0] - drawn[1], confidence)
    sizes = int(test.sum()), len(np.unique(blocks[test]))
    return Comparison(simple, *scores, lower, upper, confidence, *sizes)


def verdict(comparison: Comparison) -> str:
    """One sentence: whether the network beats the best simple method on test."""
    c = comparison
    name = NAMES.get(c.simple, c.simple)
    if c.lower > 0:
        opening = f"The network beats the simple method that is best on validation ({name})"
    elif c.upper < 0:
        opening = f"The network is worse than the simple method that is best on validation ({name})"
    else:
        opening = f"The network does not surely beat the simple method that is best on validation ({name})"
    if np.isnan(c.lower):
        interval = "no interval of the difference, since all test cells lie in one block"
    else:
        bounds = " to ".join(f"{bound:+.3f}".replace("-", "−") for bound in (c.lower, c.upper))
        interval = f"{100 * c.confidence:.4g} % interval of the difference {bounds}"
    return f"{opening}: macro-F1 {c.network_f1:.3f} against {c.simple_f1:.3f} on {c.n_cells} test cells ({interval})."


def _interval(drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    if len(drawn) == 0:
        return np.nan, np.nan
    lower, upper = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(lower), float(upper)


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
        drawn = resampled_f1(true, called, blocks[chosen], n_classes, seed)
        lower, upper = _interval(drawn, confidence)
        likely = np.clip(probability[chosen][np.arange(len(true)), true - 1], 1e-12, 1)
        row = {"model": model, "split": name} | {key: float(value) for key, value in scores.items()}
        row |= {"f1_lower": lower, "f1_upper": upper}
        row |= {"ece": calibration_error(reliability_table(probability[chosen], true))}
        row |= {"log_loss": float(-np.log(likely).mean()), "temperature": temperature, "n_cells": int(chosen.sum())}
        rows.append(row)
    return rows
