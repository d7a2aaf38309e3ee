"""Skill of models on held-out blocks, from counts of scores: tables of metrics, reliability and confusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from climate_indicators.calibration import chosen_edge, fit_temperature, probabilities, threshold
from climate_indicators.comparisons import CONFIDENCE, RELIABILITY_BINS, UNCALIBRATED
from climate_indicators.logs import InputError
from climate_indicators.scores import LOGIT, ScoreCounts

HELD_OUT = ("validation", "test")
ALL_POSITIVE = "all_positive"
CELLS = ("tn", "fp", "fn", "tp")


@dataclass(frozen=True)
class Evaluation:
    """What is known of several models on the same held-out blocks.

    Attributes
    ----------
    calibration : ``temperature`` and probability ``threshold`` of the network.
    metrics : ``model, split, iou, dice, precision, recall, f1, accuracy, threshold, ece, iou_lower, iou_upper,
        n_pixels, n_blocks``; the IoU's interval is that of `jackknife_iou`.
    reliability : ``model, split, bin_lower, bin_upper, mean_probability, observed_fraction, n_pixels``; the network
        stands there a second time, before calibration, as ``unet_uncalibrated``.
    confusion : ``model, split, block, tn, fp, fn, tp``, pixels.
    """

    calibration: dict[str, float]
    metrics: pd.DataFrame
    reliability: pd.DataFrame
    confusion: pd.DataFrame


def evaluate(scores: Mapping[str, ScoreCounts], network: str = "unet") -> Evaluation:
    """Calibrate and threshold each model on the validation blocks, and measure it on validation and test blocks.

    Every model gets the threshold that is best for it on validation; a mask has none to choose. ``all_positive`` is
    added: the skill of calling every pixel positive. A temperature is fitted to models whose scores are logits.

    Parameters
    ----------
    scores : counts of each model, over the same blocks.
    network : name of the model whose calibration is returned.

    Raises
    ------
    InputError
        If a split has no positive or no negative label.
    ValueError
        If the models were not scored on the same pixels.
    """
    _check(scores)
    rows, reliability, confusion, calibration = [], [], [], {}
    for model, score in scores.items():
        chosen = score.of_split("validation")
        temperature = fit_temperature(score.centres, chosen) if score.kind == LOGIT else 1.0
        edge = chosen_edge(score, chosen)
        limit = threshold(score, edge, temperature)
        if model == network:
            calibration = {"temperature": temperature, "threshold": limit}
            reliability.append(_reliability_rows(model + UNCALIBRATED, score, 1.0))
        reliability.append(_reliability_rows(model, score, temperature))
        confusion.append(block_confusion(model, score, edge))
        rows += _metric_rows(confusion[-1], limit, reliability[-1])
    confusion.append(block_confusion(ALL_POSITIVE, next(iter(scores.values())), 0))
    rows += _metric_rows(confusion[-1], np.nan, None)
    kept = [table for table in reliability if table is not None]
    tables = (pd.concat(parts, ignore_index=True) for parts in (kept, confusion))
    return Evaluation(calibration, pd.DataFrame(rows), *tables)


def block_confusion(model: str, scores: ScoreCounts, edge: int) -> pd.DataFrame:
    """Confusion of each block, in pixels, if scores from a bin edge on are called positive.

    Table ``model, split, block, tn, fp, fn, tp``.
    """
    below, above = scores.counts[:, :, :edge].sum(axis=2), scores.counts[:, :, edge:].sum(axis=2)
    return pd.DataFrame(
        {
            "model": model,
            "split": scores.splits,
            "block": scores.blocks,
            "tn": below[:, 0],
            "fp": above[:, 0],
            "fn": below[:, 1],
            "tp": above[:, 1],
        }
    )


def skill(tn: int, fp: int, fn: int, tp: int) -> dict[str, float]:
    """Metrics of a confusion in pixels: ``iou, dice, precision, recall, f1, accuracy``.

    Dice and F1 of two classes are the same number; both names are in use. NaN where a metric is not defined, such as
    the precision of a map without a positive.
    """
    f1 = _ratio(2 * tp, 2 * tp + fp + fn)
    return {
        "iou": _ratio(tp, tp + fp + fn),
        "dice": f1,
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": f1,
        "accuracy": _ratio(tp + tn, tp + tn + fp + fn),
    }


def jackknife_iou(confusion: pd.DataFrame, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of the IoU over blocks, each left out in turn.

    Pixels of a block are alike, so that the blocks, not the pixels, are the independent samples. The jackknife variance
    of a ratio (Efron and Stein 1981, doi:10.1214/aos/1176345462) with the t quantile of one degree of freedom less than
    there are blocks, which keeps the interval wide where blocks are few.

    Parameters
    ----------
    confusion : table with ``fp, fn, tp``, one row a block.
    confidence : in (0, 1).

    Returns
    -------
    Lower and upper bound, cut to 0 … 1; NaN with fewer than two blocks, or if one block holds all that is counted.
    """
    hits, union = confusion.tp.to_numpy("float64"), confusion[["fp", "fn", "tp"]].to_numpy("float64").sum(axis=1)
    n, rest = len(hits), union.sum() - union
    if n < 2 or (rest == 0).any():
        return np.nan, np.nan
    without = (hits.sum() - hits) / rest
    error = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    reach = stdtrit(n - 1, (1 + confidence) / 2) * error
    iou = hits.sum() / union.sum()
    return float(max(iou - reach, 0.0)), float(min(iou + reach, 1.0))


def reliability_table(probability: np.ndarray, counts: np.ndarray, bins: int = RELIABILITY_BINS) -> pd.DataFrame:
    """Mean probability and observed share of positives within bins of probability of equal width.

    Parameters
    ----------
    probability : float, shape (n,), 0 to 1: probabilities that occur.
    counts : int, shape (2, n): pixels of each, by label 0 and 1.
    bins : number of bins over 0 to 1.

    Returns
    -------
    Table ``bin_lower, bin_upper, mean_probability, observed_fraction, n_pixels``; NaN in bins without a pixel.
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    total = counts.sum(axis=0)
    pixels = np.bincount(place, total, bins)
    with np.errstate(invalid="ignore"):
        mean, observed = (np.bincount(place, part, bins) / pixels for part in (total * probability, counts[1]))
    edges = np.arange(bins + 1) / bins
    return pd.DataFrame(
        {
            "bin_lower": edges[:-1],
            "bin_upper": edges[1:],
            "mean_probability": mean,
            "observed_fraction": observed,
            "n_pixels": pixels.astype("int64"),
        }
    )


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Mean distance of probability and observed share over the bins of `reliability_table`, weighted by pixels.

    Naeini et al. (2015, doi:10.1609/aaai.v29i1.9602), as used by Guo et al. (2017, arXiv:1706.04599).
    """
    filled = table[table.n_pixels > 0]
    return float(np.average((filled.mean_probability - filled.observed_fraction).abs(), weights=filled.n_pixels))


def _check(scores: Mapping[str, ScoreCounts]) -> None:
    """Refuse splits without a class and models scored on different pixels."""
    first, reference = next(iter(scores.items()))
    for split in HELD_OUT:
        negatives, positives = reference.of_split(split).sum(axis=1).tolist()
        if 0 in (negatives, positives):
            raise InputError(
                f"the {split} blocks hold {positives} positive and {negatives} negative pixels; both are needed to "
                "choose a threshold and to measure skill. Make patches.block_px smaller, or choose another split_seed."
            )
    for model, score in scores.items():
        same = score.splits == reference.splits and np.array_equal(score.blocks, reference.blocks)
        if not same or not np.array_equal(score.counts.sum(axis=2), reference.counts.sum(axis=2)):
            raise ValueError(f"{first} and {model} were not scored on the same pixels of the same blocks")


def _reliability_rows(model: str, scores: ScoreCounts, temperature: float) -> pd.DataFrame | None:
    probability = probabilities(scores, temperature)
    if probability is None:
        return None
    tables = {split: reliability_table(probability, scores.of_split(split)) for split in HELD_OUT}
    table = pd.concat(tables, names=["split", None]).reset_index(level="split")
    table.insert(0, "model", model)
    return table


def _metric_rows(confusion: pd.DataFrame, limit: float, reliability: pd.DataFrame | None) -> list[dict[str, object]]:
    """Rows of the metrics table for one model: pixels of a split's blocks taken together."""
    rows = []
    for split in HELD_OUT:
        part = confusion[(confusion.split == split) & (confusion[list(CELLS)].sum(axis=1) > 0)]
        counts = {name: int(part[name].sum()) for name in CELLS}
        ece = np.nan if reliability is None else expected_calibration_error(reliability[reliability.split == split])
        lower, upper = jackknife_iou(part)
        row = {"model": confusion.model.iloc[0], "split": split, **skill(**counts), "threshold": limit, "ece": ece}
        row |= {"iou_lower": lower, "iou_upper": upper, "n_pixels": sum(counts.values()), "n_blocks": len(part)}
        rows.append(row)
    return rows


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
