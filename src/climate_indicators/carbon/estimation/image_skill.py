"""Skill of the network on each held-out image, and its means, at the calibrated and at a fixed threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from climate_indicators.carbon.estimation.mask_error import CALIBRATED
from climate_indicators.carbon.estimation.vegetation import Calibration
from climate_indicators.stats.metrics import CELLS, HOLDOUT_SPLITS, skill
from climate_indicators.stats.score_histograms import ScoreCounts

FIXED = "fixed"
# the original study's
FIXED_THRESHOLD = 0.5
SKILLS = ("iou", "dice", "f1", "precision", "recall")


def image_metrics(
    scores: ScoreCounts, images: pd.DataFrame, calibration: Calibration, true_shares: np.ndarray
) -> pd.DataFrame:
    """Confusion, skill and fractions of every held-out image.

    Parameters
    ----------
    scores : the network's counts by image, `sample_scores.score_images`.
    images : table of the images; ``blocks`` of the scores are its rows.
    calibration : chosen on validation images.
    true_shares : float, shape (blocks,): share of vegetation in the labeled pixels of each.

    Returns
    -------
    Two rows per image, ``threshold_rule`` calibrated and fixed (0.5 of the uncalibrated probability): ``image, split,
    group, threshold_rule, threshold, tn, fp, fn, tp`` in pixels of the network, ``iou, dice, precision, recall, f1``
    (NaN where not defined, such as IoU where neither label nor map has vegetation), ``true_fraction,
    mapped_fraction, density_fraction`` of the seen pixels; the last is the mean calibrated probability, or density.
    """
    edges = {
        CALIBRATED: _nearest_edge(scores.edges, calibration.limit),
        FIXED: _nearest_edge(scores.edges, Calibration(1.0, FIXED_THRESHOLD).limit),
    }
    probability = calibration.share(scores.centers)
    rows = []
    for counts, number, split, true in zip(scores.counts, scores.blocks, scores.splits, true_shares, strict=True):
        image, total = images.iloc[number], counts.sum()
        for rule, edge in edges.items():
            below, above = counts[:, :edge].sum(axis=1), counts[:, edge:].sum(axis=1)
            cells = {"tn": int(below[0]), "fp": int(above[0]), "fn": int(below[1]), "tp": int(above[1])}
            measured = skill(**cells)
            rows.append(
                {
                    "image": image.image,
                    "split": split,
                    "group": int(image.group),
                    "threshold_rule": rule,
                    "threshold": calibration.threshold if rule == CALIBRATED else FIXED_THRESHOLD,
                    **cells,
                    **{name: measured[name] for name in ("iou", "dice", "precision", "recall", "f1")},
                    "true_fraction": float(true),
                    "mapped_fraction": float(above.sum() / total) if total else np.nan,
                    "density_fraction": float(counts.sum(axis=0) @ probability / total) if total else np.nan,
                }
            )
    return pd.DataFrame(rows)


def protocol_table(metrics: pd.DataFrame, model: str = "unet") -> pd.DataFrame:
    """Means of the skill over images, and the skill of all images' pixels together.

    Published figures are means over images, which weigh an image with a speck of vegetation like a forest; how images
    without vegetation entered is not known. So there are three averages: ``images`` leaves out those with vegetation
    neither in the label nor in the map, ``images, empty as 1`` counts them as right, ``pooled`` adds up pixels.

    Parameters
    ----------
    metrics : table of `image_metrics`.
    model : its name.

    Returns
    -------
    ``model, split, threshold_rule, averaging, iou, dice, f1, precision, recall, n_images, n_empty``.
    """
    rows = []
    for rule in (CALIBRATED, FIXED):
        for split in HOLDOUT_SPLITS:
            part = metrics[(metrics.split == split) & (metrics.threshold_rule == rule)]
            empty = (part[["tp", "fp", "fn"]].sum(axis=1) == 0).to_numpy()
            # precision and recall are undefined for a map or label without vegetation and set to 0
            filled = part[list(SKILLS)].fillna(0.0)
            about = {"model": model, "split": split, "threshold_rule": rule}
            counts = {"n_images": len(part), "n_empty": int(empty.sum())}
            rows.append(about | {"averaging": "images"} | filled[~empty].mean().to_dict() | counts)
            filled.loc[empty] = 1.0
            rows.append(about | {"averaging": "images, empty as 1"} | filled.mean().to_dict() | counts)
            pooled = skill(**{name: int(part[name].sum()) for name in CELLS})
            rows.append(about | {"averaging": "pooled"} | {name: pooled[name] for name in SKILLS} | counts)
    return pd.DataFrame(rows)


def _nearest_edge(edges: np.ndarray, value: float) -> int:
    """The threshold was chosen at an edge; rounding must not move it to the next one."""
    return int(np.argmin(np.abs(edges - value)))
