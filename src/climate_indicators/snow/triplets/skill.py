"""Skill of every model on the same held-out triplets: by triplet, by season, and by wet and dry snow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from climate_indicators.core.hydrological_year import ALL, SEASONS
from climate_indicators.stats.block_jackknife import jackknife
from climate_indicators.stats.metrics import CELLS, skill
from climate_indicators.stats.score_histograms import LOGIT, MASK, ScoreCounts

NETWORK, ALL_SNOW = "unet", "all_snow"
WET, DRY = "wet", "dry"
POOLED, TRIPLETS = "pooled", "triplets"
SKILLS = ("iou", "dice", "precision", "recall", "f1")
PARTS = (ALL, *SEASONS, WET, DRY)
ABOUT = ["triplet", "split", "held_out", "season", "regime", "place"]
TINY = 1e-12  # a probability rounded to 0 or 1 has no finite logit


def chosen_edges(
    scores: Mapping[str, ScoreCounts], calibration: Mapping[str, float], metrics: pd.DataFrame
) -> dict[str, int]:
    """Bin edge from which on a pixel is snow, for each model, as chosen on the validation triplets.

    Parameters
    ----------
    scores : counts of each model by triplet.
    calibration : ``temperature`` and probability ``threshold`` of the network.
    metrics : ``model, threshold`` of the other models. Methods that give a mask have nothing to choose.

    Raises
    ------
    ValueError
        If a model that is no mask has no line in the metrics.
    """
    limits = metrics.groupby("model")["threshold"].first()
    edges = {}
    for model, score in scores.items():
        if score.kind == MASK:
            edges[model] = 1
            continue
        if score.kind == LOGIT:
            limit = logit_limit(calibration)
        elif model in limits.index:
            limit = float(limits[model])
        else:
            raise ValueError(f"the metrics have no threshold of {model}, only of {', '.join(limits.index)}")
        # the threshold was chosen at an edge; rounding must not move it to the next one
        edges[model] = int(np.argmin(np.abs(score.edges - limit)))
    return edges


def logit_limit(calibration: Mapping[str, float]) -> float:
    """Logit from which on a pixel is snow, of a ``temperature`` and a probability ``threshold``."""
    return calibration["temperature"] * float(logit(np.clip(calibration["threshold"], TINY, 1 - TINY)))


def triplet_metrics(
    scores: Mapping[str, ScoreCounts], edges: Mapping[str, int], triplets: pd.DataFrame
) -> pd.DataFrame:
    """Confusion, skill and snow of every held-out triplet and model; ``all_snow`` is added.

    Parameters
    ----------
    scores : counts of each model by triplet, all over the same pixels.
    edges : of each model, as `chosen_edges` gives them.
    triplets : ``number, triplet, split, held_out, season, regime, place``.

    Returns
    -------
    ``model, triplet, split, held_out, season, regime, place``; ``iou, dice, precision, recall, f1``, NaN where not
    defined, such as Dice where neither label nor map has snow; ``tn, fp, fn, tp`` in pixels; ``true_fraction,
    mapped_fraction`` of the counted pixels.

    Raises
    ------
    ValueError
        If the models did not count the same pixels of the same triplets.
    """
    reference = next(iter(scores.values()))
    for model, score in scores.items():
        same = np.array_equal(score.blocks, reference.blocks)
        if not same or not np.array_equal(score.counts.sum(axis=2), reference.counts.sum(axis=2)):
            raise ValueError(f"{next(iter(scores))} and {model} did not count the same pixels of the same triplets")
    about = triplets.set_index("number").loc[reference.blocks, ABOUT].reset_index(drop=True)
    parts = [_one_model(model, score, edges[model], about) for model, score in scores.items()]
    return pd.concat([*parts, _one_model(ALL_SNOW, reference, 0, about)], ignore_index=True)


def _one_model(model: str, scores: ScoreCounts, edge: int, about: pd.DataFrame) -> pd.DataFrame:
    below, above = scores.counts[:, :, :edge].sum(axis=2), scores.counts[:, :, edge:].sum(axis=2)
    cells = pd.DataFrame({"tn": below[:, 0], "fp": above[:, 0], "fn": below[:, 1], "tp": above[:, 1]})
    measured = pd.DataFrame([skill(*row) for row in cells.to_numpy().tolist()], columns=SKILLS)
    pixels = cells.sum(axis=1).replace(0, np.nan)
    shares = {"true_fraction": (cells.tp + cells.fn) / pixels, "mapped_fraction": (cells.tp + cells.fp) / pixels}
    table = pd.concat([about, measured, cells], axis=1).assign(**shares)
    table.insert(0, "model", model)
    return table


def season_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Skill of each model on held-out triplets: all, by season, and by wet and dry snow.

    Parameters
    ----------
    metrics : table of `triplet_metrics`; validation triplets, on which thresholds were chosen, are left out.

    Returns
    -------
    ``model, held_out, part, averaging, n_triplets, n_places, iou, dice, dice_lower, dice_upper, precision, recall,
    f1``. ``held_out`` is ``place_and_year``, ``place`` or ``year``; ``part`` all, a season, wet or dry; averaging
    ``pooled`` adds up pixels, ``triplets`` means over triplets in whose label or map there is snow, an undefined
    precision or recall there counting as 0. The interval of Dice is that of the jackknife over places.
    """
    rows = []
    for (model, held_out), own in _measured(metrics).groupby(["model", "held_out"], sort=False):
        for part, chosen in parts_of(own):
            for averaging in (POOLED, TRIPLETS):
                row = {"model": model, "held_out": held_out, "part": part, "averaging": averaging}
                rows.append(row | skill_of(chosen, averaging))
    return pd.DataFrame(rows)


def skill_of(chosen: pd.DataFrame, averaging: str) -> dict[str, float]:
    """Skill of a model on some of its rows of `triplet_metrics`, as in `season_metrics`."""
    counts = {"n_triplets": len(chosen), "n_places": chosen["place"].nunique()}
    if averaging == POOLED:
        sums = chosen.groupby("place")[list(CELLS)].sum().to_numpy()
        measured = skill(*sums.sum(axis=0).tolist())
        _, lower, upper = jackknife(sums, lambda cells: skill(*cells)["dice"])
    else:
        snowy = chosen[chosen[["tp", "fp", "fn"]].sum(axis=1) > 0]
        filled = snowy[list(SKILLS)].fillna(0.0)
        measured = filled.mean().to_dict()
        sums = filled[["dice"]].assign(n=1.0).groupby(snowy["place"]).sum().to_numpy()
        _, lower, upper = jackknife(sums, lambda pair: pair[0] / pair[1] if pair[1] else np.nan)
    interval = {"dice_lower": max(lower, 0.0), "dice_upper": min(upper, 1.0)}  # NaN is not changed
    if np.isnan(lower):
        interval = {"dice_lower": np.nan, "dice_upper": np.nan}
    return counts | {"iou": measured["iou"], "dice": measured["dice"]} | interval | {
        name: measured[name] for name in ("precision", "recall", "f1")
    }  # fmt: skip


def parts_of(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Parts of some triplets that have any: all, the four seasons, wet and dry snow."""
    for part in PARTS:
        chosen = rows if part == ALL else rows[rows["regime" if part in (WET, DRY) else "season"] == part]
        if len(chosen):
            yield part, chosen


def dice_difference(rows: pd.DataFrame, model: str, other: str = ALL_SNOW) -> tuple[float, float, float]:
    """Pooled Dice of a model less that of another on the same triplets, with its jackknife interval over places.

    Parameters
    ----------
    rows : of `triplet_metrics`.
    """
    sides = [rows[rows["model"] == name].groupby("place")[list(CELLS)].sum() for name in (model, other)]
    both = np.hstack([side.to_numpy() for side in sides])
    return jackknife(both, lambda cells: skill(*cells[:4])["dice"] - skill(*cells[4:])["dice"])


def dice_within_seasons(rows: pd.DataFrame, model: str, other: str = ALL_SNOW) -> tuple[float, float, float]:
    """As `dice_difference`, but the mean of the differences within the seasons, weighted by their pixels.

    Snow is rare in some seasons and common in others. A model that only separates the seasons beats all-snow when they
    are pooled, and knows no better than it where the snow of a day lies: here that counts for nothing.

    Parameters
    ----------
    rows : of `triplet_metrics`.
    """
    chosen = rows[rows["model"].isin([model, other])]
    sums = chosen.groupby(["place", "season", "model"])[list(CELLS)].sum()
    every = pd.MultiIndex.from_product([chosen["place"].unique(), chosen["season"].unique(), [model, other]])
    cells = sums.reindex(every, fill_value=0).to_numpy().reshape(chosen["place"].nunique(), -1)
    return jackknife(cells, _mean_difference)


def _mean_difference(cells: np.ndarray) -> float:
    """Mean over seasons of the difference in Dice; cells of all seasons, of two models, shape (seasons × 2 × 4,)."""
    pairs = cells.reshape(-1, 2, len(CELLS))
    differences = np.array([skill(*own)["dice"] - skill(*others)["dice"] for own, others in pairs])
    # a season with a single place has no Dice without this place
    known = np.isfinite(differences)
    return float(np.average(differences[known], weights=pairs.sum(axis=(1, 2))[known])) if known.any() else np.nan


def rows_of_test(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of `triplet_metrics` that belong to the test split."""
    return metrics[metrics["split"] == "test"]


def _measured(metrics: pd.DataFrame) -> pd.DataFrame:
    return metrics[metrics["split"].isin(["test", "unused"])]


def model_order(models: Sequence[str]) -> list[str]:
    """Models with the network first and all-snow last, the others in their original order."""
    others = [model for model in dict.fromkeys(models) if model not in (NETWORK, ALL_SNOW)]
    return [NETWORK, *others, ALL_SNOW]
