"""Estimated carbon of images against measured carbon."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.plotting.style import SKY_BLUE, VERMILION, light_grid

OTHERS, TESTED, LINE = SKY_BLUE, VERMILION, "#000000"
TONNES_FROM = 10_000.0


def carbon_comparison_figure(table: pd.DataFrame, skill: pd.DataFrame, site: str, confidence: float) -> Figure:
    """Scatter of estimates with their intervals over measurements, the 1:1 line, and the numbers of agreement.

    Parameters
    ----------
    table : as `comparison.compare` gives it.
    skill : as `comparison.comparison_skill` gives it.
    site : name in the title.
    confidence : of the intervals, for the legend.
    """
    figure = Figure(figsize=(9.6, 6.4))
    figure.set_layout_engine("constrained")
    axes, side = figure.subplots(1, 2, width_ratios=[2.3, 1])
    most = float(table[["truth_kg", "estimate_kg"]].to_numpy().max())
    unit, scale = ("t", 1000.0) if most >= TONNES_FROM else ("kg", 1.0)
    _draw_pairs(axes, table, scale, f"{100 * confidence:.4g} % interval")
    top = 1.06 * max(most, float(table["upper_kg"].max())) / scale or 1.0
    axes.plot([0, top], [0, top], color=LINE, linewidth=1.0, linestyle="--", label="1:1 line", zorder=4)
    axes.set_xlim(0, 1.06 * most / scale or 1.0)
    axes.set_ylim(0, top)
    axes.set_xlabel(f"measured carbon of an image ({unit})")
    axes.set_ylabel(f"estimated carbon of an image ({unit})")
    light_grid(axes)
    side.set_axis_off()
    handles, labels = axes.get_legend_handles_labels()
    side.legend(handles, labels, loc="upper left", frameon=False, borderaxespad=0)
    words = "\n\n".join(_words(row, unit, scale) for _, row in skill.iterrows())
    box = {"facecolor": "#F5F5F5", "edgecolor": "#BBBBBB", "boxstyle": "round,pad=0.6"}
    side.text(0.02, 0.0, words, transform=side.transAxes, va="bottom", fontsize=9, linespacing=1.35, bbox=box)
    figure.suptitle(f"Estimated and measured carbon, {site}: {len(table)} images", fontsize=11)
    return figure


def _draw_pairs(axes: Axes, table: pd.DataFrame, scale: float, sure: str) -> None:
    tested = (table["split"] == "test").to_numpy()
    size = 4.5 if len(table) <= 300 else 3.0
    for chosen, color, marker, label in (
        (~tested, OTHERS, "o", "other images"),
        (tested, TESTED, "^", "test images"),
    ):
        rows = table[chosen]
        if rows.empty:
            continue
        bars = np.maximum([rows.estimate_kg - rows.lower_kg, rows.upper_kg - rows.estimate_kg], 0) / scale
        axes.errorbar(
            rows.truth_kg / scale, rows.estimate_kg / scale, bars, fmt=marker, color=color, markersize=size,
            markeredgecolor="white", markeredgewidth=0.4, elinewidth=0.6, ecolor=(color, 0.5),
            label=f"{label}, {sure}", zorder=3,
        )  # fmt: skip


def _words(row: pd.Series, unit: str, scale: float) -> str:
    title = "All images" if row["part"] == "all" else "Test images"
    lines = [f"{title}: {row['n']:.0f} of {row['n_groups']:.0f} groups"]
    for key, name, by, suffix in (
        ("bias_kg", "bias", scale, f" {unit}"),
        ("rmse_kg", "RMSE", scale, f" {unit}"),
        ("r2", "R² (1:1 line)", 1.0, ""),
        ("concordance", "concordance", 1.0, ""),
    ):
        value, low, high = (row[f"{key}{end}"] / by for end in ("", "_lower", "_upper"))
        between = f"\n    {_number(low)} to {_number(high)}" if np.isfinite([low, high]).all() else ""
        lines.append(f"{name} {_number(value)}{suffix}{between}")
    lines.append(f"intervals hold {100 * row['coverage']:.0f} %")
    return "\n".join(lines)


def _number(value: float) -> str:
    return "not defined" if not np.isfinite(value) else f"{value:.3g}".replace("-", "−")
