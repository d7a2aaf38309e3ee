"""Graph of glacier area by year with its trend."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from climate_indicators.plotting.style import BLUE, VERMILION, heading, light_grid

ESTIMATE = BLUE  # blue and vermilion of the Okabe–Ito colors
TREND = VERMILION


def retreat_figure(areas: pd.DataFrame, trend: pd.DataFrame, site: str, confidence: float) -> Figure:
    """Area of every year with its interval, flagged years hollow, the Theil–Sen line if there is one.

    The axis of the area begins at 0, so that a loss looks as large as it is.

    Parameters
    ----------
    areas : ``year, area_km2, lower_km2, upper_km2, flag``; km².
    trend : one line: ``first_year, last_year, slope_per_year, line_at_first_year, sentence``; NaN if there is none.
    site : name in the title.
    confidence : of the intervals, for the legend.
    """
    figure = Figure(figsize=(7.5, 4.6))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    sure = f"{100 * confidence:.4g} %"
    flagged = areas.flag.fillna("") != ""
    for rows, face, label in (
        (areas[~flagged], ESTIMATE, f"area with its {sure} interval"),
        (areas[flagged], "white", "flagged year, not used for the trend"),
    ):
        if len(rows):
            bars = [rows.area_km2 - rows.lower_km2, rows.upper_km2 - rows.area_km2]
            axes.errorbar(
                rows.year, rows.area_km2, np.maximum(bars, 0), fmt="o", color=ESTIMATE, markerfacecolor=face,
                markersize=6, capsize=3, linewidth=1.2, label=label, zorder=3,
            )  # fmt: skip
    line = trend.iloc[0]
    if np.isfinite(line.slope_per_year):
        ends = np.array([line.first_year, line.last_year], float)
        level = line.line_at_first_year + line.slope_per_year * (ends - line.first_year)
        style = "-" if line.significant else "--"
        axes.plot(ends, level, style, color=TREND, linewidth=1.6, label="Theil–Sen slope", zorder=2)
    axes.set_ylim(0, 1.12 * float(np.nanmax(areas.upper_km2)) or 1.0)
    axes.set_xlim(areas.year.min() - 0.6, areas.year.max() + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))
    axes.set_xlabel("year")
    axes.set_ylabel("glacier area (km²)")
    light_grid(axes, "y")
    heading(axes, f"Glacier area, {site}", line.sentence)
    axes.legend(loc="best", frameon=False)
    return figure
