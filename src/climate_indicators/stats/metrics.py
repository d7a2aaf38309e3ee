"""Skill of models on held-out blocks, from counts of scores: tables of metrics, reliability and confusion."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.core.constants import CONFIDENCE, UNCALIBRATED
from climate_indicators.core.errors import InputError
from climate_indicators.stats.block_jackknife import block_spread, stratum_of_share
from climate_indicators.stats.calibration import chosen_edge, fit_temperature, probabilities, threshold
from climate_indicators.stats.group_bootstrap import MIN_GROUPS, expanded_interval, group_weights
from climate_indicators.stats.reliability import expected_calibration_error, reliability_table
from climate_indicators.stats.score_histograms import LOGIT, ScoreCounts

HOLDOUT_SPLITS = ("validation", "test")
ALL_POSITIVE = "all_positive"
CELLS = ("tn", "fp", "fn", "tp")
IOU_GAIN_DRAWS = 2000
IOU_GAIN = ("iou_gain", "iou_gain_lower", "iou_gain_upper")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """Scores of several models on the same held-out blocks.

    Attributes
    ----------
    calibration : ``temperature`` and probability ``threshold`` of the network.
    metrics : ``model, split, iou, dice, precision, recall, f1, accuracy, threshold, ece, iou_lower, iou_upper,
        iou_gain, iou_gain_lower, iou_gain_upper, n_pixels, n_blocks, sentence``. Intervals are those of
        `jackknife_iou` and `iou_gain_interval`. The gain is the network's IoU less that of the model on the same
        blocks, NaN for the network itself; the sentence, in test rows of other models, states it.
    reliability : ``model, split, bin_lower, bin_upper, mean_probability, observed_fraction, n_pixels``; the network
        stands there a second time, before calibration, as ``unet_uncalibrated``.
    confusion : ``model, split, block, tn, fp, fn, tp``, pixels.
    """

    calibration: dict[str, float]
    metrics: pd.DataFrame
    reliability: pd.DataFrame
    confusion: pd.DataFrame


def evaluate(scores: Mapping[str, ScoreCounts], network: str = "unet", stratified: bool = False) -> Evaluation:
    """Calibrate and threshold each model on the validation blocks, and measure it on validation and test blocks.

    The threshold of every model is that of `calibration.chosen_edge`; a mask has none to choose. ``all_positive`` is
    added: the skill of calling every pixel positive. A temperature is fitted to models whose scores are logits. A
    model that the network is not ahead of for certain on the test blocks is a warning.

    Parameters
    ----------
    scores : counts of each model, over the same blocks.
    network : name of the model whose calibration is returned.
    stratified : whether blocks were assigned evenly along their fraction of positives (`spatial_blocks.assign_splits`).

    Raises
    ------
    InputError
        If a split has no positive or no negative label.
    ValueError
        If the models were not scored on the same pixels.
    """
    _check(scores)
    reliability, confusion, calibration = [], [], {}
    # threshold and expected calibration error by split of each model
    about: dict[str, tuple[float, dict[str, float]]] = {}
    for model, score in scores.items():
        temperature = fit_temperature(score.centers, score.of_split("validation")) if score.kind == LOGIT else 1.0
        edge = chosen_edge(score)
        limit = threshold(score, edge, temperature)
        if model == network:
            calibration = {"temperature": temperature, "threshold": limit}
            reliability.append(_reliability_rows(model + UNCALIBRATED, score, 1.0))
        reliability.append(_reliability_rows(model, score, temperature))
        confusion.append(block_confusion(model, score, edge))
        about[model] = limit, _errors(reliability[-1])
    confusion.append(block_confusion(ALL_POSITIVE, next(iter(scores.values())), 0))
    about[ALL_POSITIVE] = np.nan, _errors(None)
    own = next((table for table in confusion if table.model.iloc[0] == network), None)
    rows = [row for table in confusion for row in _metric_rows(table, own, *about[table.model.iloc[0]], stratified)]
    kept = [table for table in reliability if table is not None]
    tables = (pd.concat(parts, ignore_index=True) for parts in (kept, confusion))
    return Evaluation(calibration, with_sentences(pd.DataFrame(rows), network), *tables)


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


def jackknife_iou(
    confusion: pd.DataFrame, stratified: bool = False, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of the IoU over blocks, each left out in turn (`block_spread`).

    Pixels of a block are alike, so that the blocks, not the pixels, are the independent samples. The t quantile keeps
    the interval wide where blocks are few.

    Parameters
    ----------
    confusion : table with ``tn, fp, fn, tp``, one row per block.
    stratified : whether blocks were assigned evenly along their share of positives, or at random.
    confidence : in (0, 1).

    Returns
    -------
    Lower and upper bound, cut to 0 … 1; NaN with fewer than two blocks, or if one block holds all that is counted.
    """
    hits, union = _hits_and_union(confusion)
    rest = union.sum() - union
    if len(hits) < 2 or (rest == 0).any():
        return np.nan, np.nan
    strata = None
    if stratified:
        cells = confusion[list(CELLS)].to_numpy("float64")
        strata = stratum_of_share(cells[:, 2:].sum(axis=1) / cells.sum(axis=1))
    iou = hits.sum() / union.sum()
    reach = float(block_spread((hits.sum() - hits) / rest, strata).reach(confidence))
    return float(max(iou - reach, 0.0)), float(min(iou + reach, 1.0))


def iou_gain_interval(
    confusion: pd.DataFrame, other: pd.DataFrame, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval over blocks of the IoU of a model less that of another one, both on the same blocks.

    Blocks are resampled for both models together, so what is hard for both cancels out; quantiles are enlarged for few
    blocks (`group_bootstrap.expanded_interval`). The bootstrap holds the gain more often than the jackknife where it
    comes from a few blocks that are hard for one model only.

    Parameters
    ----------
    confusion, other : tables with ``fp, fn, tp``, one row per block, of the same blocks in the same order.
    confidence : in (0, 1).

    Returns
    -------
    Lower and upper bound, cut to −1 … 1; NaN with fewer than three blocks that hold the class: the others say
    nothing of hits.
    """
    parts = [_hits_and_union(table) for table in (confusion, other)]
    if (confusion.tp + confusion.fn > 0).sum() < MIN_GROUPS:
        return np.nan, np.nan
    weights = group_weights(len(confusion), IOU_GAIN_DRAWS, np.random.default_rng(0))
    with np.errstate(invalid="ignore"):
        (iou, drawn), (iou_other, drawn_other) = [
            (hits.sum() / union.sum(), (weights @ hits) / (weights @ union)) for hits, union in parts
        ]
    lower, upper = expanded_interval(iou - iou_other, drawn - drawn_other, len(confusion), confidence)
    return float(np.clip(lower, -1, 1)), float(np.clip(upper, -1, 1))


def _hits_and_union(confusion: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return confusion.tp.to_numpy("float64"), confusion[["fp", "fn", "tp"]].to_numpy("float64").sum(axis=1)


def with_sentences(metrics: pd.DataFrame, network: str) -> pd.DataFrame:
    """Metrics with a ``sentence`` on the network's gain over each other model on the test blocks.

    Warns of each model that the network is not ahead of for certain.
    """
    own = metrics[(metrics.model == network) & (metrics.split == "test")]
    sentences = [""] * len(metrics)
    for place, row in enumerate(metrics.itertuples()):
        if row.split != "test" or row.model == network or own.empty:
            continue
        gain, lower, upper = row.iou_gain, row.iou_gain_lower, row.iou_gain_upper
        interval = f"{100 * CONFIDENCE:.4g} % interval {_signed(lower)} to {_signed(upper)}"
        size = (
            f"IoU {own.iou.iloc[0]:.3f} against {row.iou:.3f} on {row.n_blocks} test blocks, gain {_signed(gain)} "
            f"({'too few blocks with this class for an interval' if np.isnan(lower) else interval})"
        )
        if lower > 0:
            sentences[place] = f"The network is ahead of {row.model}: {size}."
            continue
        if upper < 0:
            sentences[place] = f"The simple method {row.model} is better than the network: {size}."
        elif gain <= 0:
            sentences[place] = f"The network is not ahead of {row.model}: {size}."
        else:
            sentences[place] = f"It is not certain that the network is ahead of {row.model}: {size}."
        _log.warning("%s", sentences[place])
    return metrics.assign(sentence=sentences)


def _signed(value: float) -> str:
    return f"{value + 0.0:.3f}".replace("-", "−")


def _check(scores: Mapping[str, ScoreCounts]) -> None:
    """Reject splits without a class and models scored on different pixels."""
    first, reference = next(iter(scores.items()))
    for split in HOLDOUT_SPLITS:
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
    tables = {split: reliability_table(probability, scores.of_split(split)) for split in HOLDOUT_SPLITS}
    table = pd.concat(tables, names=["split", None]).reset_index(level="split")
    table.insert(0, "model", model)
    return table


def _errors(reliability: pd.DataFrame | None) -> dict[str, float]:
    """Expected calibration error by split; NaN without probabilities."""
    if reliability is None:
        return dict.fromkeys(HOLDOUT_SPLITS, np.nan)
    return {split: expected_calibration_error(reliability[reliability.split == split]) for split in HOLDOUT_SPLITS}


def _metric_rows(
    confusion: pd.DataFrame,
    network: pd.DataFrame | None,
    limit: float,
    errors: Mapping[str, float],
    stratified: bool,
) -> list[dict[str, object]]:
    """Rows of the metrics table for one model, with the pixels of all blocks of a split pooled."""
    rows = []
    for split in HOLDOUT_SPLITS:
        counted = (confusion.split == split) & (confusion[list(CELLS)].sum(axis=1) > 0)
        part = confusion[counted]
        counts = {name: int(part[name].sum()) for name in CELLS}
        lower, upper = jackknife_iou(part, stratified)
        row = {"model": confusion.model.iloc[0], "split": split, **skill(**counts), "threshold": limit}
        row |= {"ece": errors[split], "iou_lower": lower, "iou_upper": upper}
        gain = (np.nan, np.nan, np.nan)
        if network is not None and network is not confusion:
            own = network[counted.to_numpy()]
            gain = _iou(own) - row["iou"], *iou_gain_interval(own, part)
        row |= dict(zip(IOU_GAIN, gain, strict=True))
        rows.append(row | {"n_pixels": sum(counts.values()), "n_blocks": len(part)})
    return rows


def _iou(confusion: pd.DataFrame) -> float:
    return skill(**{name: int(confusion[name].sum()) for name in CELLS})["iou"]


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
