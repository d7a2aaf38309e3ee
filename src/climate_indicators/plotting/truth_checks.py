"""Figure of a truth check: series, quantities with intervals, and accuracies of a simulated site and the truth."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from climate_indicators.plotting.style import BLUE, GRAY, VERMILION, light_grid
from climate_indicators.stats.truth_checks import failed_rows

ESTIMATE, TRUTH, FAILED = BLUE, VERMILION, "#CC0000"
# axis range of accuracies in multiples of the tolerance; values beyond are drawn at its end
REACH = 2.5
SERIES_COLUMNS = 3
# heights in inches of a line, of a panel's axis and of a row of series
LINE_IN, AXIS_IN, SERIES_IN = 0.16, 0.55, 2.1


def truth_figure(table: pd.DataFrame, title: str, confidence: float, series: Mapping[str, pd.DataFrame]) -> Figure:
    """Series over time and, one panel a unit, quantities with their intervals on the left; accuracies on the right.

    Parameters
    ----------
    table : of `truth_checks.check_table`.
    title : what is compared, and the site.
    confidence : of the intervals, for the legend.
    series : tables ``date, truth, estimate`` by the name and unit of what they show; ``lower, upper`` as well where
        the estimates have intervals. Dates are datetime64 or years.
    """
    near = table["tolerance"].notna()
    units = [rows for _, rows in table[~near].groupby("unit", sort=False)]
    series_rows = -(-len(series) // SERIES_COLUMNS)
    heights = [SERIES_IN * series_rows, sum(LINE_IN * len(rows) + AXIS_IN for rows in units)]
    figure = Figure(figsize=(17.0, 0.8 + max(3.6, sum(heights), AXIS_IN + LINE_IN * near.sum())))
    figure.set_layout_engine("constrained", h_pad=0.05)
    left, right = figure.subfigures(1, 2, width_ratios=[11, 6])
    above, below = left.subfigures(2, 1, height_ratios=[height or 0.01 for height in heights])
    if series:
        _draw_all_series(above, series)
    if units:
        _draw_units(below, units)
    if near.any():
        _draw_accuracies(right.subplots(), table[near])
    figure.suptitle(f"{title}: {checks_sentence(table)}", fontsize=11)
    handles = [
        Line2D([], [], color=TRUTH, linewidth=1.8, label="truth"),
        Line2D([], [], color=ESTIMATE, marker="o", markersize=5, label=f"estimate, {100 * confidence:.4g} % interval"),
        Line2D([], [], color=FAILED, marker="X", markersize=6, label="check that fails"),
        Line2D([], [], color=GRAY, marker="o", markersize=5, label="not expected to hold, shown for comparison"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def checks_sentence(table: pd.DataFrame) -> str:
    """How many lines of a `truth_checks.check_table` hold, and which do not, for the title of a figure."""
    failed = failed_rows(table)
    expected = int(table["expected"].sum())
    if failed.empty:
        return f"all {expected} checks hold"
    more = f" and {len(failed) - 2} more" if len(failed) > 2 else ""
    return f"{len(failed)} of {expected} checks fail: {'; '.join(failed['quantity'][:2])}{more}"


def _draw_all_series(part: SubFigure, series: Mapping[str, pd.DataFrame]) -> None:
    columns = min(SERIES_COLUMNS, len(series))
    panels = part.subplots(-(-len(series) // columns), columns, squeeze=False).ravel()
    for axes in panels[len(series) :]:
        axes.set_axis_off()
    for axes, (name, rows) in zip(panels, series.items(), strict=False):
        rows = rows.sort_values("date")
        axes.plot(rows["date"], rows["truth"], color=TRUTH, linewidth=1.4)
        axes.plot(rows["date"], rows["estimate"], "o", color=ESTIMATE, markersize=3, zorder=3)
        if "lower" in rows:
            axes.vlines(rows["date"], rows["lower"], rows["upper"], color=ESTIMATE, linewidth=1.0)
        axes.set_title(name, fontsize=9)
        if rows["date"].dtype.kind == "M":
            axes.xaxis.set_major_locator(matplotlib.dates.AutoDateLocator(maxticks=6))
        else:
            axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(6, integer=True))
        light_grid(axes, "y")


def _draw_units(part: SubFigure, units: list[pd.DataFrame]) -> None:
    panels = part.subplots(len(units), 1, height_ratios=[LINE_IN * len(rows) + 0.1 for rows in units], squeeze=False)
    for axes, rows in zip(panels.ravel(), units, strict=True):
        heights, failed = np.arange(len(rows)), _failed(rows)
        kinds = ((~failed & rows["expected"].to_numpy(bool), ESTIMATE, "o"), (failed, FAILED, "X"))
        for chosen, color, marker in (*kinds, (~rows["expected"].to_numpy(bool), GRAY, "o")):
            own = rows[chosen]
            axes.hlines(heights[chosen], own["lower"], own["upper"], color=color, linewidth=1.6)
            axes.plot(own["estimate"], heights[chosen], marker, color=color, markersize=5)
        axes.plot(rows["truth"], heights, "|", color=TRUTH, markersize=11, markeredgewidth=2, zorder=4)
        _name_rows(axes, rows, failed, rows["estimate"])
        axes.set_xlabel(rows["unit"].iloc[0], labelpad=1)
        axes.ticklabel_format(axis="x", useOffset=False)
        light_grid(axes, "x")


def _draw_accuracies(axes: Axes, rows: pd.DataFrame) -> None:
    """Deviation of each quantity from the truth divided by its tolerance; the gray band is the tolerance."""
    ratio = ((rows["estimate"] - rows["truth"]) / rows["tolerance"]).to_numpy("float64")
    heights, failed = np.arange(len(rows)), _failed(rows)
    axes.axvspan(-1, 1, color="#E5E5E5", linewidth=0)
    axes.axvline(0, color=TRUTH, linewidth=1.2, zorder=1)
    for chosen, color, marker in ((~failed, ESTIMATE, "o"), (failed, FAILED, "X")):
        places = np.clip(ratio[chosen], -REACH, REACH)
        axes.hlines(heights[chosen], 0, places, color=color, linewidth=1.2)
        axes.plot(places, heights[chosen], marker, color=color, markersize=5)
    _name_rows(axes, rows, failed, ratio)
    axes.set_xlim(-REACH - 0.1, REACH + 0.1)
    axes.set_xlabel("deviation / tolerance")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _failed(rows: pd.DataFrame) -> np.ndarray:
    return rows.index.isin(failed_rows(rows).index)


def _name_rows(axes: Axes, rows: pd.DataFrame, failed: np.ndarray, values: np.ndarray | pd.Series) -> None:
    """Name the lines of a panel, from its top; a quantity without a value has no mark and a note in its name."""
    names = [
        name if np.isfinite(value) else f"{name}: no value"
        for name, value in zip(rows["quantity"], values, strict=True)
    ]
    axes.set_yticks(np.arange(len(rows)), names, fontsize=7.5)
    for label, bad in zip(axes.get_yticklabels(), failed, strict=True):
        label.set_color(FAILED if bad else "black")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
