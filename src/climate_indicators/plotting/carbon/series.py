"""The carbon series and derived series, with trend lines and level shifts."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from climate_indicators.carbon.series.series import (
    DATES,
    MOVING_AVERAGE,
    RUNNING_AVERAGE,
    RUNNING_TOTAL,
    SERIES,
    CarbonSeries,
    four_series,
)
from climate_indicators.plotting.style import BLUE, GREEN, PURPLE, VERMILION, heading, light_grid

VALUES, TREND, CHANGE, SHORT = BLUE, VERMILION, PURPLE, GREEN
TITLES = {
    SERIES: "Series",
    MOVING_AVERAGE: "Moving average",
    RUNNING_TOTAL: "Running total (no amount of carbon)",
    RUNNING_AVERAGE: "Running average",
}


def carbon_series_figure(carbon: CarbonSeries, trends: pd.DataFrame, quantity: str, unit: str, site: str) -> Figure:
    """Four panels: series, moving average, running total and running average, each with its least-squares lines.

    The axis is the row order, or dates; changes of level are dotted lines with their month or row.

    Parameters
    ----------
    carbon : as `series.read_series` gives it.
    trends : as `series_trends.trend_table` gives it of the same series.
    quantity, unit : what the values are, for the axes.
    site : name in the title.
    """
    figure = Figure(figsize=(11.0, 8.4))
    figure.set_layout_engine("constrained", h_pad=0.12, w_pad=0.12)
    panels = figure.subplots(2, 2, sharex=True)
    window = int(trends["window"].iloc[0])
    for axes, (name, values) in zip(panels.flat, four_series(carbon.values, window).items(), strict=True):
        row = trends[trends["series"] == name].iloc[0]
        _draw(axes, carbon, values, row)
        title = f"{TITLES[name]} of {window} values" if name == MOVING_AVERAGE else TITLES[name]
        heading(axes, title, row["sentence"], 66)
        axes.set_ylabel(f"values added up ({unit})" if name == RUNNING_TOTAL else f"{quantity} ({unit})")
    for axes in panels[-1]:
        axes.set_xlabel("row order" if carbon.axis != DATES else "date (months)")
    handles = {}
    for axes in panels.flat:
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
    order = "in order of rows, not of time" if carbon.axis != DATES else "by month"
    figure.suptitle(f"{quantity[0].upper()}{quantity[1:]} {order}, {site}", fontsize=12)
    return figure


def _draw(axes: Axes, carbon: CarbonSeries, values: np.ndarray, row: pd.Series) -> None:
    places = carbon.positions[len(carbon.values) - len(values) :]
    drawn = _drawn_places(carbon)[len(carbon.values) - len(values) :]
    style = (
        {"linewidth": 0.8, "alpha": 0.9} if len(values) > 150 else {"linewidth": 1.0, "marker": "o", "markersize": 2.5}
    )
    axes.plot(drawn, values, color=VALUES, label="values", **style)
    if len(values) and np.isfinite(row["slope"]):
        ends = [0, -1]
        level = row["line_at_first"] + row["slope"] * (places[ends] - places[0])
        axes.plot(drawn[ends], level, "--", color=TREND, linewidth=1.6, label="least-squares line", zorder=3)
        last = slice(-min(int(row["window"]), len(values)), None)
        middle = values[last].mean() + row["short_term_slope"] * (places[last] - places[last].mean())[ends]
        axes.plot(drawn[last][ends], middle, color=SHORT, linewidth=2.2, label="short term", zorder=4)
    labels = {label: place for place, label in enumerate(carbon.labels)}
    changes = [one for one in str(row["change_points"] or "").split("; ") if one in labels]
    for one in changes:
        at = _drawn_places(carbon)[labels[one]]
        axes.axvline(at, color=CHANGE, linewidth=1.4, linestyle=":", label="change of level", zorder=1)
    light_grid(axes, "y")
    axes.tick_params(labelbottom=True)
    axes.yaxis.set_major_formatter(matplotlib.ticker.StrMethodFormatter("{x:,.10g}"))
    if carbon.axis == DATES:
        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    if not len(values):
        axes.set_yticks([])


def _drawn_places(carbon: CarbonSeries) -> np.ndarray:
    """Row order from 1, or dates in the middle of months, as the axis shows them."""
    if carbon.months is None:
        return np.arange(1, len(carbon.values) + 1)
    return carbon.months.astype("datetime64[D]") + 14
