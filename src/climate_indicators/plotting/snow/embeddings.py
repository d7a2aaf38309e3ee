"""Embeddings of radar and color chips: planes, retrieval against chance, and the test of the domain shift."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from climate_indicators.plotting.style import BLUE, GAP, GREEN, ORANGE, PURPLE, VERMILION, light_grid
from climate_indicators.snow.embeddings.modalities import RADAR, RGB

LOOKS = {RADAR: ("SAR", BLUE, "o"), RGB: ("RGB", VERMILION, "^")}
PLANES = {"tsne": "t-SNE", "pca": "principal components"}
# partners are joined by lines where there are few enough of them to be followed
JOINED = 150
DIRECTIONS = {"radar->rgb": ("SAR finds RGB", BLUE, ""), "rgb->radar": ("RGB finds SAR", VERMILION, "//")}
STATES = {
    "before": ("as they are", "#999999"),
    "translated": ("mean difference subtracted", BLUE),
    "rotated": ("best rotation", GREEN),
    "rotated_shuffled": ("rotation fitted to shuffled pairs", ORANGE),
}
MEASURES = {
    "pair_distance": ("Partners", "squared distance (1: shuffled pairs)"),
    "cloud_distance": ("Clouds as wholes", "energy distance (0: equal, 1: most)"),
    "probe_accuracy": ("Linear probe", "accuracy, SAR or RGB (0.5: chance)"),
}


def plane_figure(planes: pd.DataFrame, plane: str, site: str) -> Figure:
    """Test pairs on a plane, colored by kind and by snow.

    Parameters
    ----------
    planes : table of `climate_indicators.snow.embeddings.projection.projection_table` with ``snow_fraction``.
    plane : ``tsne`` or ``pca``.
    site : name in the title.
    """
    figure = Figure(figsize=(10.6, 5.6))
    figure.set_layout_engine("constrained", w_pad=0.1)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    pairs = planes["number"].nunique()
    figure.suptitle(f"Embeddings of {pairs} test pairs by {PLANES[plane]}, {site}\n{_reading(planes, plane)}")
    if planes.empty:
        for axes in panels:
            axes.text(0.5, 0.5, "too few test pairs", ha="center", va="center", transform=axes.transAxes)
        return figure
    columns = [f"{plane}_1", f"{plane}_2"]
    points = {kind: planes[planes["modality"] == kind] for kind in LOOKS}
    if pairs <= JOINED:
        ends = np.stack([table[columns].to_numpy() for table in points.values()], axis=1)
        panels[0].add_collection(LineCollection(ends, colors=GAP, linewidths=0.6, alpha=0.5, label="partners"))
    for kind, (name, color, marker) in LOOKS.items():
        place = [points[kind][column] for column in columns]
        panels[0].scatter(*place, s=16, c=color, marker=marker, alpha=0.7, linewidths=0, label=name)
        snow = panels[1].scatter(
            *place, s=18, c=points[kind]["snow_fraction"], cmap="cividis", vmin=0, vmax=1, marker=marker, alpha=0.85,
            linewidths=0,
        )  # fmt: skip
    panels[0].legend(loc="best", markerscale=1.5)
    panels[0].set_title("by kind", fontsize=10)
    panels[1].set_title("by snow in the chip (circle SAR, triangle RGB)", fontsize=10)
    figure.colorbar(snow, ax=panels[1], label="share of snow").ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    for axes in panels:
        _name_axes(axes, planes, plane)
    return figure


def _reading(planes: pd.DataFrame, plane: str) -> str:
    if plane == "pca" or planes.empty:
        return "of both kinds together; the rest of the variance is not seen here"
    perplexity = planes["perplexity"].iloc[0]
    return (
        f"perplexity {perplexity:.3g}; it keeps neighbors only: gaps, sizes and shifts between groups mislead, "
        "see the domain shift"
    )


def _name_axes(axes: Axes, planes: pd.DataFrame, plane: str) -> None:
    for axis, set_label in ((1, axes.set_xlabel), (2, axes.set_ylabel)):
        if plane == "pca":
            set_label(f"component {axis} ({100 * planes[f'pca_{axis}_share'].iloc[0]:.0f} % of the variance)")
        else:
            set_label(f"t-SNE {axis} (no unit)")
    light_grid(axes)
    axes.label_outer()


def retrieval_figure(retrieval: pd.DataFrame, history: pd.DataFrame, site: str) -> Figure:
    """Recall at 1 and at 5 of each part with chance, and the loss of the training.

    Parameters
    ----------
    retrieval : table of `climate_indicators.snow.embeddings.retrieval.retrieval_table`.
    history : table of `climate_indicators.snow.embeddings.contrastive.TrainedEncoders`.
    site : name in the title.
    """
    figure = Figure(figsize=(11.4, 4.6))
    figure.set_layout_engine("constrained", w_pad=0.1)
    panels = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 1))
    panels[1].sharey(panels[0])
    for axes, k in zip(panels, (1, 5), strict=False):
        _recall_bars(axes, retrieval, k)
    panels[0].set_ylabel("recall: share of pairs found")
    _losses(panels[2], history)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    figure.suptitle(f"Retrieval of the partner among all pairs of a part, {site} (95 % interval over places)")
    return figure


def _recall_bars(axes: Axes, retrieval: pd.DataFrame, k: int) -> None:
    column, parts = f"recall_at_{k}", list(dict.fromkeys(retrieval["part"]))
    for number, (direction, (name, color, hatch)) in enumerate(DIRECTIONS.items()):
        rows = retrieval[retrieval["direction"] == direction]
        at = np.array([parts.index(part) for part in rows["part"]]) + 0.36 * (number - 0.5)
        axes.bar(at, rows[column], 0.34, color=color, alpha=0.85, hatch=hatch, edgecolor="white", label=name)
        known = rows[f"{column}_lower"].notna().to_numpy()
        reach = [rows[column] - rows[f"{column}_lower"], rows[f"{column}_upper"] - rows[column]]
        reach = np.clip(np.array(reach), 0, None)[:, known]
        axes.errorbar(at[known], rows[column][known], yerr=reach, fmt="none", color="black", capsize=3, linewidth=1)
        label = "chance" if number == 0 else None
        axes.hlines(rows[f"chance_at_{k}"], at - 0.17, at + 0.17, color="black", linestyle="--", label=label)
    counts = retrieval.drop_duplicates("part").set_index("part")
    axes.set_xticks(range(len(parts)), [f"{part}\n{counts.n[part]} pairs" for part in parts])
    axes.set_title(f"Recall at {k}", fontsize=10)
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    light_grid(axes, "y")


def _losses(axes: Axes, history: pd.DataFrame) -> None:
    for column, name, color, marker in (
        ("loss", "training", GREEN, "o"),
        ("val_loss", "validation", PURPLE, "s"),
    ):
        axes.plot(history["epoch"], history[column], color=color, marker=marker, markersize=3, label=name)
    best = history.loc[history["val_loss"].idxmin()]
    axes.axvline(best["epoch"], color=GAP, linestyle="--", zorder=0, label=f"kept: epoch {best['epoch']:.0f}")
    axes.set(xlabel="epoch", ylabel="contrastive loss (nats)", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f"Learning; temperature {best['temperature']:.3f}", fontsize=10)
    axes.legend(fontsize=8)
    light_grid(axes)


def domain_shift_figure(shift: pd.DataFrame, site: str) -> Figure:
    """The gap between SAR and RGB in three measures, before and after translation and rotation.

    Parameters
    ----------
    shift : table of `climate_indicators.snow.embeddings.domain_shift.domain_shift`.
    site : name in the title.
    """
    verdict, _, evidence = shift["sentence"].iloc[0].partition(": ")
    measured = shift["value"].notna().any()
    figure = Figure(figsize=(11.4, 5.0 if measured else 0.7))
    figure.set_layout_engine("constrained", w_pad=0.12)
    title = "\n".join(textwrap.wrap(f"{site}: {verdict}", 100))
    figure.suptitle(title, fontweight="bold", fontsize=11, x=0.01, ha="left")
    if not measured:  # too few pairs, as the title says: empty panels would add nothing
        return figure
    top, below = figure.subfigures(2, 1, height_ratios=(1, 5))
    text = "\n".join(textwrap.wrap(evidence[:1].upper() + evidence[1:], 160))
    top.text(0.01, 1.0, text, fontsize=9, va="top", linespacing=1.35)
    panels = below.subplots(1, 3)
    for axes, (measure, (title, label)) in zip(panels, MEASURES.items(), strict=True):
        rows = shift[(shift["measure"] == measure) & shift["value"].notna()]
        _shift_bars(axes, rows, measure)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel(label)
    for axes, lines in ((panels[0], {1.0: "no relation", 0.1: "a copy, at most"}), (panels[2], {0.5: "chance"})):
        for value, name in lines.items():
            axes.axvline(value, color="black", linestyle="--", linewidth=0.9, zorder=0.5)
            axes.text(value, 1.0, f" {name}", transform=axes.get_xaxis_transform(), fontsize=8, va="top")
    return figure


def _shift_bars(axes: Axes, rows: pd.DataFrame, measure: str) -> None:
    """Bars of one measure; a partners' bar that would dwarf the others ends at the edge and carries its number."""
    if rows.empty:
        axes.text(0.5, 0.5, "too few pairs", ha="center", va="center", transform=axes.transAxes)
        axes.set(yticks=[])
        return
    others = rows.loc[rows["state"] != "before", "value"]
    limits = {"pair_distance": max(1.25 * others.max(), 1.5), "cloud_distance": max(rows["value"].max(), 0.05)}
    limit = limits.get(measure, 1.0)
    for place, row in enumerate(rows.itertuples()):
        color = STATES[row.state][1]
        shown = min(row.value, limit)
        axes.barh(place, shown, color=color, height=0.6, alpha=0.85)
        known = np.isfinite(row.lower) and row.value <= limit
        if known:
            reach = np.clip([[row.value - row.lower], [row.upper - row.value]], 0, None)
            axes.errorbar(row.value, place, xerr=reach, fmt="none", color="black", capsize=3, linewidth=1)
        end = max(row.upper, shown) if known else max(shown, 0.0)
        text = f"{row.value:.3f}" if row.value < 1.5 else f"{row.value:.3g}"
        box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0}
        axes.text(end + 0.03 * limit, place, text.replace("-", "−"), va="center", fontsize=9, bbox=box)
    axes.set_yticks(range(len(rows)), ["\n".join(textwrap.wrap(STATES[state][0], 18)) for state in rows["state"]])
    axes.set(xlim=(min(0.0, 1.1 * others.min()), 1.25 * limit), ylim=(len(rows) - 0.5, -0.5))
    axes.tick_params(left=False, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
