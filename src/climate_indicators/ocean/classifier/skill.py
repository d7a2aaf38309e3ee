"""Measures of a classifier of biomes: means over classes, temperature, reliability."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from climate_indicators.core.constants import MAX_TEMPERATURE, MIN_TEMPERATURE, RELIABILITY_BINS
from climate_indicators.stats import reliability

# of a table of reliability: names for cells with a confidence in the label called
COLUMNS = {"mean_probability": "mean_confidence", "observed_fraction": "accuracy", "n_pixels": "n_cells"}


def confusion_counts(true: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Number of cells by true (row) and predicted (column) label, int64, shape (K, K), from labels 1 to K."""
    flat = (np.asarray(true, "int64") - 1) * n_classes + np.asarray(predicted, "int64") - 1
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)


def class_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores as means over the classes that have a true cell: ``iou, dice, precision, recall, f1``, and accuracy.

    A class that is never predicted has a precision of 0. Dice and F1 of a class are the same number; both names are in
    use.

    Parameters
    ----------
    counts : shape (..., K, K): true by row, predicted by column; each leading index is a separate table.

    Returns
    -------
    float64 arrays of the leading shape; NaN where a table is empty.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype("float64")
    true, called = counts.sum(axis=-1), counts.sum(axis=-2)
    parts = {
        "iou": (hits, true + called - hits),
        "dice": (2 * hits, true + called),
        "precision": (hits, called),
        "recall": (hits, true),
        "f1": (2 * hits, true + called),
    }
    present = true > 0
    with np.errstate(invalid="ignore"):
        scores = {}
        for name, (part, whole) in parts.items():
            ratio = np.divide(part, whole, out=np.zeros_like(hits), where=whole > 0)
            scores[name] = (ratio * present).sum(axis=-1) / present.sum(axis=-1)
        scores["accuracy"] = hits.sum(axis=-1) / true.sum(axis=-1)
    return scores


def macro_f1(true: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 over the classes that have a true cell, from labels 1 to K."""
    return float(class_scores(confusion_counts(true, predicted, int(max(np.max(true), np.max(predicted)))))["f1"])


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Temperature that makes ``softmax(logits / temperature)`` the likeliest probabilities.

    Temperature scaling of Guo et al. (2017, arXiv:1706.04599), which does not change the label of any cell.

    Parameters
    ----------
    logits : float, shape (cells, K), finite.
    labels : int, shape (cells,): 1 to K.

    Returns
    -------
    Temperature within 0.05 to 20; at 0.05 no cell is wrong and there is no best one.

    Raises
    ------
    ValueError
        If there is no cell.
    """
    if len(labels) == 0:
        raise ValueError("no cell to fit a temperature to")

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits * np.exp(-log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels - 1].mean())

    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8}).x))


def reliability_table(probability: np.ndarray, labels: np.ndarray, bins: int = RELIABILITY_BINS) -> pd.DataFrame:
    """Mean confidence and share of right labels within bins of confidence, the probability of the label called.

    Parameters
    ----------
    probability : float, shape (cells, K).
    labels : int, shape (cells,): 1 to K.
    bins : number of bins of equal width over 0 to 1.

    Returns
    -------
    Table ``bin_lower, bin_upper, mean_confidence, accuracy, n_cells``; NaN in bins without a cell.
    """
    right = probability.argmax(axis=1) + 1 == labels
    table = reliability.reliability_table(probability.max(axis=1), np.stack([~right, right]).astype("int64"), bins)
    return table.rename(columns=COLUMNS)


def calibration_error(table: pd.DataFrame) -> float:
    """Expected calibration error of a `reliability_table`, see `stats.reliability`."""
    return reliability.expected_calibration_error(table.rename(columns={new: old for old, new in COLUMNS.items()}))
