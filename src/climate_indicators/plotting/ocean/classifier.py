"""Skill of the tracking classifiers: confusion, reliability, and the network against simple methods."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.core.constants import CONFIDENCE, UNCALIBRATED
from climate_indicators.ocean.classifier.comparison import NAMES, NETWORK, best_simple
from climate_indicators.ocean.classifier.skill import calibration_error
from climate_indicators.plotting.style import BLUE, GAP, GREEN, ORANGE, PALE_GRAY, PURPLE, SKY_BLUE, log_scale

LOOKS = {
    NETWORK: (BLUE, "o"),
    NETWORK + UNCALIBRATED: (SKY_BLUE, "s"),
    "nearest_centroid": (ORANGE, "^"),
    "lda": (GREEN, "D"),
    "knn": (PURPLE, "v"),
}
FEW = 10  # cells


def classifier_figure(
    metrics: pd.DataFrame,
    confusion: pd.DataFrame,
    reliability: pd.DataFrame,
    names: Mapping[int, str],
    sentence: str,
    confidence: float = CONFIDENCE,
) -> Figure:
    """Confusion of the network on test, reliability of network and best simple method, macro-F1 of all models.

    Parameters
    ----------
    metrics, confusion, reliability : tables of `climate_indicators.ocean.classifier.comparison.Skill`.
    names : name of each biome, by label.
    sentence : of `climate_indicators.ocean.classifier.comparison.verdict`, the title.
    confidence : of the intervals in the metrics, for the label.
    """
    n_biomes = int(confusion.true.max())
    side = max(5.6, 0.55 * n_biomes + 2.4)
    figure = Figure(figsize=(side + 5.2, max(7.2, side + 0.4)))
    figure.set_layout_engine("constrained")
    title = textwrap.wrap(sentence, int(10 * (side + 5.0)), break_on_hyphens=False)
    figure.suptitle("\n".join(title), fontsize=11, fontweight="bold", x=0.01, ha="left")
    left, right = figure.subfigures(1, 2, width_ratios=(side, 5.2), wspace=0.03)
    _draw_confusion(left.subplots(), confusion, names)
    curve, cells, scores = right.subplots(3, 1, height_ratios=(3, 1, 1.7))
    cells.sharex(curve)
    shown = (NETWORK, NETWORK + UNCALIBRATED, best_simple(metrics))
    test = reliability[reliability.split == "test"]
    _draw_reliability(curve, cells, {model: test[test.model == model] for model in shown})
    _draw_scores(scores, metrics[metrics.split == "test"], confidence)
    return figure


def _draw_confusion(axes: Axes, confusion: pd.DataFrame, names: Mapping[int, str]) -> None:
    """Cells by true and predicted biome, each row colored by its shares; a biome without a test cell stays gray."""
    rows = confusion[(confusion.model == NETWORK) & (confusion.split == "test")]
    counts = rows.pivot(index="true", columns="predicted", values="count")
    total = counts.sum(axis=1).to_numpy()[:, None]
    share = np.divide(counts.to_numpy(), total, out=np.full(counts.shape, np.nan), where=total > 0)
    colors = matplotlib.colormaps["cividis"].with_extremes(bad=PALE_GRAY)
    image = axes.imshow(share, cmap=colors, vmin=0, vmax=1)
    size = 9 if len(counts) <= 10 else 7
    for (row, column), count in np.ndenumerate(counts.to_numpy()):
        if count:
            color = "white" if share[row, column] < 0.5 else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=size, color=color)
    places = range(len(counts))
    called = [f"{label} {names.get(label, '')}".strip() for label in counts.columns]
    true = [f"{name}  ({number:,})" for name, number in zip(called, total[:, 0], strict=True)]
    axes.set_xticks(places, called, rotation=40, ha="right", rotation_mode="anchor", fontsize=9)
    axes.set_yticks(places, true, fontsize=9)
    axes.set(xlabel="biome predicted by the network", ylabel="true biome (test cells)")
    axes.set_title("Network: number of test cells", fontsize=10)
    axes.set_anchor("N")
    beside = axes.inset_axes((1.03, 0, 0.04, 1))  # as tall as the matrix, which has a fixed aspect
    axes.figure.colorbar(image, cax=beside).set_label("share of the true biome's cells")


def _draw_reliability(curve: Axes, cells: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    """Share of right labels by probability; bins of few cells, which scatter widely, are hollow and not joined."""
    curve.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", label="perfectly calibrated")
    for model, table in tables.items():
        color, marker = LOOKS[model]
        many, few = table[table.n_cells >= FEW], table[table.n_cells.between(1, FEW - 1)]
        label = f"{_name(model)}: ECE {calibration_error(table):.3f}"
        curve.plot(many.mean_confidence, many.accuracy, color=color, marker=marker, markersize=5, label=label)
        curve.plot(
            few.mean_confidence, few.accuracy, color=color, marker=marker, markersize=5, linestyle="none",
            markerfacecolor="none", alpha=0.7,
        )  # fmt: skip
        edges = [*table.bin_lower, table.bin_upper.iloc[-1]]
        cells.stairs(table.n_cells / table.n_cells.sum() * 100, edges, color=color, linewidth=1.5)
    curve.set(xlim=(0, 1.01), ylim=(-0.03, 1.03), ylabel="fraction of correct labels")
    curve.plot([], [], "o", color=GAP, markerfacecolor="none", markersize=5, label=f"hollow: fewer than {FEW} cells")
    curve.legend(
        frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2,
        title="Reliability, test cells", alignment="left", title_fontsize=10,
    )  # fmt: skip
    curve.tick_params(labelbottom=False)
    log_scale(cells)
    cells.set(xlabel="probability of the predicted label", ylabel="cells (%)")


def _draw_scores(axes: Axes, rows: pd.DataFrame, confidence: float) -> None:
    """Macro-F1 of each model as a bar with its interval."""
    places = np.arange(len(rows))
    axes.barh(places, rows.f1, color=[LOOKS[model][0] for model in rows.model], height=0.6, alpha=0.85)
    known = rows.f1_lower.notna()
    reach = np.maximum([rows.f1 - rows.f1_lower, rows.f1_upper - rows.f1], 0)[:, known]
    axes.errorbar(rows.f1[known], places[known], xerr=reach, fmt="none", color="black", capsize=3, linewidth=1.2)
    axes.set_yticks(places, [f"{_name(row.model)}  {row.f1:.3f}" for row in rows.itertuples()], fontsize=9)
    axes.tick_params(left=False)
    axes.set(xlim=(0, 1.02), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xlabel(f"macro-F1, test cells, {100 * confidence:.4g} % interval over blocks")
    axes.grid(axis="x", color=GAP, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)


def _name(model: str) -> str:
    if model.endswith(UNCALIBRATED):
        return NAMES[model.removesuffix(UNCALIBRATED)] + " before calibration"
    return {"lda": "linear discriminant"}.get(model, NAMES[model])
