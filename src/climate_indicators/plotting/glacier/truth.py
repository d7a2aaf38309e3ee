"""Recovered and true area, trend and extents of a simulated site."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from climate_indicators.plotting.accuracies import FAILED, accuracies, checks_sentence, draw_accuracies

ESTIMATE = "#0072B2"
TRUTH = "#D55E00"


def truth_figure(table: pd.DataFrame, site: str, confidence: float) -> Figure:
    """Areas by year and, if one was drawn, the trend, with intervals and the truth; then the accuracies.

    Parameters
    ----------
    table : as `truth.truth_table` makes it.
    site : name in the title.
    confidence : of the intervals, for the legend.
    """
    areas = table[table.quantity.str.startswith("area ") & table.tolerance.isna()]
    slopes, near = table[table.quantity == "trend"], accuracies(table)
    figure = Figure(figsize=(13.0, max(4.4, 0.9 + 0.19 * len(near))))
    figure.set_layout_engine("constrained")
    figure.suptitle(f"Recovered and true glacier area, {site}: {checks_sentence(table)}", fontsize=10)
    panels = figure.subplots(1, 3 if len(slopes) else 2, width_ratios=[3.6, 1, 2.6] if len(slopes) else [3.6, 2.6])
    _draw_areas(panels[0], areas, f"{100 * confidence:.4g} %")
    if len(slopes):
        _draw_slope(panels[1], slopes.iloc[0])
    draw_accuracies(panels[-1], near)
    return figure


def _draw_areas(axes: Axes, areas: pd.DataFrame, sure: str) -> None:
    years = areas.quantity.str.extract(r"(\d{4})")[0].astype(int)
    flagged = areas.quantity.str.endswith("(flagged)")
    axes.plot(years, areas.truth, "_", color=TRUTH, markersize=16, markeredgewidth=2.2, label="truth", zorder=4)
    for chosen, face, label in (
        (~flagged, ESTIMATE, f"recovered, {sure} interval"),
        (flagged, "white", "flagged year"),
    ):
        rows = areas[chosen]
        if len(rows):
            bars = np.maximum([rows.estimate - rows.lower, rows.upper - rows.estimate], 0)
            axes.errorbar(
                years[chosen], rows.estimate, bars, fmt="o", color=ESTIMATE, markerfacecolor=face, markersize=5,
                capsize=3, linewidth=1.2, label=label, zorder=3,
            )  # fmt: skip
    outside = ~areas.within.to_numpy(bool)
    if outside.any():
        ring = {"markerfacecolor": "none", "markersize": 12, "linestyle": "none", "marker": "o"}
        axes.plot(years[outside], areas.estimate[outside], color=FAILED, label="truth outside the interval", **ring)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))
    axes.set_xlim(years.min() - 0.6, years.max() + 0.6)
    axes.set_xlabel("year")
    axes.set_ylabel("glacier area (km²), axis not from 0")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.legend(frameon=False, loc="best")


def _draw_slope(axes: Axes, slope: pd.Series) -> None:
    bars = np.maximum([[slope.estimate - slope.lower], [slope.upper - slope.estimate]], 0)
    color = ESTIMATE if slope.within else FAILED
    axes.errorbar([0], [slope.estimate], bars, fmt="o", color=color, markersize=5, capsize=4, linewidth=1.2)
    axes.plot([0], [slope.truth], "_", color=TRUTH, markersize=24, markeredgewidth=2.2, zorder=4)
    low, high = sorted((0.0, min(slope.lower, slope.truth))), sorted((0.0, max(slope.upper, slope.truth)))
    margin = 0.08 * (high[1] - low[0])
    axes.set_ylim(low[0] - margin, high[1] + margin)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlim(-1, 1)
    axes.set_xticks([0], ["trend"])
    axes.set_ylabel("Theil–Sen slope (km² per year)")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
