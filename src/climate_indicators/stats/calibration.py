"""From scores to probabilities and a threshold, both chosen on validation blocks by one method for all models."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from climate_indicators.core.constants import CONFIDENCE, MAX_TEMPERATURE, MIN_TEMPERATURE
from climate_indicators.stats.block_jackknife import block_spread
from climate_indicators.stats.score_histograms import LOGIT, MASK, PROBABILITY, ScoreCounts


def fit_temperature(logits: np.ndarray, counts: np.ndarray) -> float:
    """Temperature that makes ``sigmoid(logit / temperature)`` the likeliest probabilities.

    Temperature scaling of Guo et al. (2017, arXiv:1706.04599): one number, above 1 for an overconfident network, that
    minimizes the negative log-likelihood; it does not change which of two pixels has the higher score.

    Parameters
    ----------
    logits : float, shape (bins,).
    counts : int, shape (2, bins): pixels by label, 0 and 1, and bin.

    Returns
    -------
    Temperature within 0.05 to 20. At 0.05 the labels are separated without an error and there is no best one.

    Raises
    ------
    ValueError
        If there is no pixel.
    """
    total = counts.sum()
    if total == 0:
        raise ValueError("no pixel to fit a temperature to")

    def loss(log_temperature: float) -> float:
        scaled = logits * math.exp(-log_temperature)
        # log(1 + exp(x)) without overflow: the loss of label 0, and with -x that of label 1
        return float((counts[0] * np.logaddexp(0, scaled) + counts[1] * np.logaddexp(0, -scaled)).sum() / total)

    # the loss is convex in 1 / temperature, so it has one minimum, which a bounded search finds
    bounds = (math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return math.exp(found.x)


def best_edge(counts: np.ndarray) -> int:
    """Bin edge that gives the highest intersection over union if all pixels from it on are called positive.

    Parameters
    ----------
    counts : int, shape (2, bins): pixels by label, 0 and 1, and bin.

    Returns
    -------
    Index of the edge, 0 to bins. Of equally good ones, as where bins between the labels are empty, the middle one.

    Raises
    ------
    ValueError
        If no pixel has label 1.
    """
    positives = counts[1].sum()
    if positives == 0:
        raise ValueError("no positive label to choose a threshold by")
    # pixels at or above each edge; none are above the last edge
    true, false = (np.append(np.cumsum(row[::-1])[::-1], 0) for row in (counts[1], counts[0]))
    iou = true / (positives + false)
    best = np.flatnonzero(iou == iou.max())
    return int(best[len(best) // 2])


def chosen_edge(scores: ScoreCounts) -> int:
    """Bin edge from which on a model calls pixels positive, from its validation blocks.

    The threshold of the highest IoU on a few blocks depends on these blocks more than on the model. So a model keeps
    its neutral threshold (probability 0.5, logit 0; of an index the best one on training pixels) unless the validation
    blocks contradict it: taken is the threshold nearest to it, in bins, whose IoU is not lower than the highest one by
    more than the t interval of their paired difference over blocks (`block_spread`). This is the one-standard-error
    rule of Breiman et al. (1984, doi:10.1201/9781315139470) at a level of ``CONFIDENCE``. One block has no spread: the
    neutral threshold is kept. A mask has one threshold; an index without a neutral one takes the best.

    Parameters
    ----------
    scores : counts of the model; those of its validation blocks are used.

    Raises
    ------
    ValueError
        If no validation pixel has label 1.
    """
    if scores.kind == MASK:
        return 1
    best = best_edge(scores.of_split("validation"))
    neutral = {LOGIT: 0.0, PROBABILITY: 0.5}.get(scores.kind) if scores.neutral is None else scores.neutral
    if neutral is None:
        return best
    start = int(np.argmin(np.abs(scores.edges - neutral)))
    blocks = scores.counts[(np.array(scores.splits) == "validation") & (scores.counts.sum(axis=(1, 2)) > 0)]
    if len(blocks) < 2:
        return start
    # true and false positives of each block if pixels from each edge on are positive, shape (blocks, edges)
    false, true = np.moveaxis(np.pad(np.cumsum(blocks[:, :, ::-1], axis=2)[:, :, ::-1], ((0, 0), (0, 0), (0, 1))), 1, 0)
    union = false + blocks[:, 1].sum(axis=1)[:, None]
    iou = true.sum(axis=0) / union.sum(axis=0)
    without = (true.sum(axis=0) - true) / np.maximum(union.sum(axis=0) - union, 1)
    reach = block_spread(without[:, [best]] - without).reach(CONFIDENCE)
    allowed = np.flatnonzero(iou[best] - iou <= reach + 1e-12)
    return int(allowed[np.argmin(np.abs(allowed - start))])


def probabilities(scores: ScoreCounts, temperature: float = 1.0) -> np.ndarray | None:
    """Probability assigned to the pixels of each bin.

    Parameters
    ----------
    scores : counts of one model.
    temperature : divides logits; other kinds of score are left as they are.

    Returns
    -------
    float64, shape (bins,), 0 to 1; None if the score is no probability.
    """
    if scores.kind == LOGIT:
        return expit(scores.centers / temperature)
    return np.clip(scores.centers, 0, 1) if scores.kind == PROBABILITY else None


def threshold(scores: ScoreCounts, edge: int, temperature: float = 1.0) -> float:
    """Threshold at a bin edge: a probability where the score is a logit or one, else in the score's own unit."""
    score = float(scores.edges[edge])
    if scores.kind == LOGIT:
        return float(expit(score / temperature))
    return min(max(score, 0.0), 1.0) if scores.kind == PROBABILITY else score
