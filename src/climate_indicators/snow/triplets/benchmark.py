"""Comparison of all models on the same test triplets, and conclusions as sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from climate_indicators.core.hydrological_year import ALL
from climate_indicators.snow.triplets.skill import (
    ALL_SNOW,
    DRY,
    NETWORK,
    POOLED,
    TRIPLETS,
    WET,
    dice_difference,
    dice_within_seasons,
    model_order,
    rows_of_test,
    skill_of,
)

LABELS = {
    NETWORK: ("U-Net", "network"),
    "sam_oracle": ("SAM, oracle prompts (from the truth)", "oracle"),
    "sam_radar": ("SAM, prompts from the radar", "foundation model"),
    "random_forest": ("random forest of single pixels", "baseline"),
    "wet_snow_threshold": ("wet-snow threshold", "baseline"),
    ALL_SNOW: ("all snow", "baseline"),
}
COMPARED = (ALL, WET, DRY)
WORDS = {ALL: "all test triplets", WET: "the wet season", DRY: "the dry season"}
# start of the description of weights trained on many images
LEARNT = ("preset ", "weights of ")
NOTE_COLUMNS = ["statement", "evidence"]


def benchmark_table(metrics: pd.DataFrame, weights: str = "") -> pd.DataFrame:
    """One row per model: its Dice and IoU on the test triplets, all, of the wet and of the dry season.

    Parameters
    ----------
    metrics : table of `skill.triplet_metrics`.
    weights : what SAM's weights are, such as ``preset sam_base_sa1b`` or ``random weights``; empty without SAM.

    Returns
    -------
    ``model, label, kind, weights``, and for each of all, wet and dry: ``n_triplets_…, dice_…, dice_…_lower,
    dice_…_upper, iou_…`` of pooled pixels, ``dice_…_triplets, iou_…_triplets`` as means over triplets, and
    ``dice_gain_…, dice_gain_…_lower, dice_gain_…_upper``: Dice minus that of all-snow. Intervals are those of the
    jackknife over places.
    """
    test = rows_of_test(metrics)
    rows = []
    for model in model_order(test["model"]):
        label, kind = LABELS.get(model, (model, "other"))
        used = weights if model.startswith("sam_") else ""
        row = {"model": model, "label": with_weights(label, used), "kind": kind, "weights": used}
        for part in COMPARED:
            chosen = test if part == ALL else test[test["regime"] == part]
            row |= _columns(chosen, model, part)
        rows.append(row)
    return pd.DataFrame(rows)


def with_weights(label: str, weights: str) -> str:
    """Name of a model with its weights, if it has any from elsewhere."""
    return f"{label}, {weights}" if weights else label


def is_learnt(weights: str) -> bool:
    """Whether weights were trained on many images, so that the skill is representative of the model."""
    return not weights or weights.startswith(LEARNT)


def _columns(rows: pd.DataFrame, model: str, part: str) -> dict[str, float]:
    own = rows[rows["model"] == model]
    names = [f"n_triplets_{part}", *(f"{name}_{part}" for name in ("dice", "iou"))]
    names += [f"dice_{part}_lower", f"dice_{part}_upper", f"dice_{part}_triplets", f"iou_{part}_triplets"]
    names += [f"dice_gain_{part}", f"dice_gain_{part}_lower", f"dice_gain_{part}_upper"]
    if own.empty:
        return dict.fromkeys(names, np.nan) | {f"n_triplets_{part}": 0}
    pooled, single = (skill_of(own, averaging) for averaging in (POOLED, TRIPLETS))
    gain = dice_difference(rows, model) if model != ALL_SNOW else (np.nan,) * 3
    values = [len(own), pooled["dice"], pooled["iou"], pooled["dice_lower"], pooled["dice_upper"]]
    return dict(zip(names, [*values, single["dice"], single["iou"], *gain], strict=True))


def benchmark_notes(metrics: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Conclusions of the benchmark as sentences with numbers; positive statements only if the numbers support them.

    Parameters
    ----------
    metrics : table of `skill.triplet_metrics`.
    table : of `benchmark_table`.

    Returns
    -------
    ``statement, evidence``.
    """
    models = table.set_index("model", drop=False)
    test = rows_of_test(metrics)
    has_weather = models.loc[NETWORK, [f"n_triplets_{part}" for part in (WET, DRY)]].any()
    parts = {NETWORK: COMPARED if has_weather else (ALL,)}
    rows = [
        _verdict(models.loc[model], part, test)
        for model in models.index.drop(ALL_SNOW)
        for part in parts.get(model, (ALL,))
    ]
    rows += [_against(metrics, models, model) for model in models.index.drop([NETWORK, ALL_SNOW])]
    rows.append(_dryness(models.loc[NETWORK]))
    if "sam_oracle" in models.index:
        evidence = "its ten points of snow and ten of other ground are drawn from the mask that it is measured against"
        rows.append(["SAM with oracle prompts uses ground truth and is not a fair baseline", evidence])
    weights = {words for words in table["weights"] if not is_learnt(words)}
    if weights:
        evidence = "its skill says nothing about SAM as published; config snow.foundation.sam names its weights"
        rows.append([f"SAM ran with {', '.join(sorted(weights))}", evidence])
    return pd.DataFrame(rows, columns=NOTE_COLUMNS)


def benchmark_warnings(metrics: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Where a simple method does as well as the network or better, which puts the network's maps in question.

    On wet snow, or on all test triplets if there is no weather: a baseline with a Dice at least as high, or all-snow
    where the network is not shown to be better. Dry snow is excluded, because radar is hardly sensitive to it and its
    maps are not used.

    Parameters
    ----------
    metrics, table : as for `benchmark_notes`.
    """
    models = table.set_index("model", drop=False)
    test = rows_of_test(metrics)
    is_wet = test["regime"] == WET
    part, chosen = (WET, test[is_wet]) if is_wet.any() else (ALL, test)
    found = []
    for name in models.index[models["kind"] == "baseline"]:
        own, other = (models.loc[model, f"dice_{part}"] for model in (NETWORK, name))
        difference, lower, upper = dice_difference(chosen, NETWORK, name)
        if own > other and (name != ALL_SNOW or lower > 0):
            continue
        interval = "too few places for an interval"
        if np.isfinite(lower):
            interval = f"95 % interval {_signed(lower)} to {_signed(upper)}"
        found.append(
            f"the network is not shown to be better than '{models.loc[name, 'label']}' in {WORDS[part]}: Dice "
            f"{own:.3f} against {other:.3f}, difference {_signed(difference)} ({interval}). Do not rely on its maps "
            "until it is"
        )
    return found


def _verdict(row: pd.Series, part: str, test: pd.DataFrame) -> list[str]:
    """Whether a model is better than calling everything snow, also where it cannot be by telling seasons apart."""
    where, name = WORDS[part], row["label"]
    if not row[f"n_triplets_{part}"]:
        return [f"{name}: not measured in {where}", "no test triplet"]
    gain, lower, upper = (row[f"dice_gain_{part}{end}"] for end in ("", "_lower", "_upper"))
    evidence = f"Dice {row[f'dice_{part}']:.3f}, {_signed(gain)} against all-snow"
    if np.isnan(lower):
        return [f"{name}: no skill beyond all-snow is shown in {where}", f"{evidence}; too few places for an interval"]
    evidence += f" (95 % interval {_signed(lower)} to {_signed(upper)}, {row[f'n_triplets_{part}']:.0f} triplets)"
    if lower <= 0:
        return [f"{name}: no skill beyond all-snow in {where}", evidence]
    if part == ALL and test["season"].nunique() > 1:
        gain, lower, upper = dice_within_seasons(test, row["model"])
        evidence += f"; within seasons {_signed(gain)} ({_signed(lower)} to {_signed(upper)})"
        if not lower > 0:
            return [f"{name}: no skill beyond all-snow within a season, only in telling seasons apart", evidence]
    return [f"{name}: better than all-snow in {where}", evidence]


def _against(metrics: pd.DataFrame, models: pd.DataFrame, other: str) -> list[str]:
    """Whether the network is better than another model."""
    difference, lower, upper = dice_difference(rows_of_test(metrics), NETWORK, other)
    network, name = models.loc[NETWORK, "label"], models.loc[other, "label"]
    evidence = f"Dice {models.loc[NETWORK, 'dice_all']:.3f} against {models.loc[other, 'dice_all']:.3f}"
    evidence += f", difference {_signed(difference)}"
    if np.isnan(lower):
        return [f"{network} and {name}: no difference is shown", f"{evidence}; too few places for an interval"]
    verb = "is better than" if lower > 0 else "is worse than" if upper < 0 else "is not shown to be better than"
    return [f"{network} {verb} {name}", f"{evidence} (95 % interval {_signed(lower)} to {_signed(upper)})"]


def _dryness(row: pd.Series) -> list[str]:
    """Whether the network sees dry snow less well than wet snow, which Dice alone hides where all is white."""
    if not (row["n_triplets_wet"] or row["n_triplets_dry"]):
        return ["Dry and wet snow cannot be compared", "there is no daily weather to separate wet and dry snow"]
    if not (row["n_triplets_wet"] and row["n_triplets_dry"]):
        missing = "wet" if not row["n_triplets_wet"] else "dry"
        return ["Dry and wet snow cannot be compared", f"no test triplet of the {missing} season"]
    wet, dry = row["dice_gain_wet"], row["dice_gain_dry"]
    evidence = (
        f"Dice {row['dice_wet']:.3f} wet and {row['dice_dry']:.3f} dry; gain over all-snow {_signed(wet)} wet and "
        f"{_signed(dry)} dry; C-band radar hardly detects dry snow, and Dice is high where nearly all is snow"
    )
    if row["dice_dry"] < row["dice_wet"] or dry < wet:
        return ["The network is weaker on dry snow than on wet snow", evidence]
    return ["The network is not weaker on dry snow than on wet snow here", evidence.split("; C-band")[0]]


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def sam_weights(runs: pd.DataFrame) -> str:
    """Description of SAM's weights, from the column ``weights`` of its runs."""
    return ", ".join(sorted({str(value) for value in runs["weights"]}))
