"""Carbon recovered at a simulated site and the truth: ratios, months found too late, the series, accuracies."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.carbon.series.forecast import HELD_BACK
from climate_indicators.carbon.series.series import read_series
from climate_indicators.carbon.truth import MONTH, PEAK, Truth
from climate_indicators.plotting.accuracies import FAILED, accuracies, checks_sentence, draw_accuracies

ESTIMATE, TRUTH, FORECAST, PLANTED = "#0072B2", "#D55E00", "#009E73", "#777777"  # Okabe–Ito colours and grey
MONTHS = (PEAK, MONTH)


def carbon_truth_figure(
    table: pd.DataFrame, estimates: pd.DataFrame, forecast: pd.DataFrame, truth: Truth, site: str, confidence: float
) -> Figure:
    """Four panels: estimates over truth with intervals, months found too early or late, the monthly series, accuracies.

    Parameters
    ----------
    table : as `truth.truth_table` makes it.
    estimates, forecast, truth : as it takes them.
    site : name in the title.
    confidence : of the intervals, for the legend.
    """
    near = accuracies(table)
    figure = Figure(figsize=(17.0, max(8.0, 0.9 + 0.2 * len(near))))
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.1)
    left, right = figure.subfigures(1, 2, width_ratios=[11.5, 5.5])
    upper, lower = left.subfigures(2, 1, height_ratios=[1, 1.3])
    ratios, months = upper.subplots(1, 2, width_ratios=[1.5, 1])
    series = lower.subplots()
    draw_accuracies(right.subplots(), near)
    timed, published = table["quantity"].isin(MONTHS), table["tolerance"].isna()
    sure = f"{100 * confidence:.4g} %"
    _draw_ratios(ratios, table[published & ~timed & (table["truth"] != 0)], sure)
    _draw_months(months, table[timed], sure)
    _draw_series(series, estimates, forecast, truth)
    figure.suptitle(f"Recovered and true carbon, {site}: {checks_sentence(table)}", fontsize=11)
    return figure


def _draw_ratios(axes: Axes, rows: pd.DataFrame, sure: str) -> None:
    ends = rows[["lower", "upper"]].to_numpy() / rows[["truth"]].to_numpy()
    _draw_intervals(axes, rows, (rows["estimate"] / rows["truth"]).to_numpy(), np.sort(ends, axis=1))
    axes.axvline(1, color=TRUTH, linewidth=1.6, zorder=1.5)
    axes.set_xlabel(f"estimate / truth with {sure} interval (cross: truth outside)")


def _draw_months(axes: Axes, rows: pd.DataFrame, sure: str) -> None:
    offsets = rows[["estimate", "lower", "upper"]].to_numpy() - rows[["truth"]].to_numpy()
    _draw_intervals(axes, rows, offsets[:, 0], offsets[:, 1:])
    axes.axvline(0, color=TRUTH, linewidth=1.6, zorder=1.5)
    reach = max(3.0, 1.15 * float(np.abs(offsets).max(initial=0.0)))
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(7, integer=True))
    axes.set_xlabel(f"months too late, {sure} interval")


def _draw_intervals(axes: Axes, rows: pd.DataFrame, middle: np.ndarray, ends: np.ndarray) -> None:
    heights = np.arange(len(rows))
    axes.hlines(heights, ends[:, 0], ends[:, 1], color=ESTIMATE, linewidth=1.8, zorder=2)
    inside = rows["within"].to_numpy(bool)
    for chosen, color, marker in ((inside, ESTIMATE, "o"), (~inside, FAILED, "X")):
        axes.plot(middle[chosen], heights[chosen], marker, color=color, markersize=6, zorder=3)
    axes.set_yticks(heights, rows["quantity"].tolist())
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _draw_series(axes: Axes, estimates: pd.DataFrame, forecast: pd.DataFrame, truth: Truth) -> None:
    carbon = read_series(estimates, "carbon_whole_kg", "date", "place")
    most = max(carbon.values.max(), truth.series["carbon_kg"].max())
    unit, scale = ("t", 1000.0) if most >= 10_000 else ("kg", 1.0)
    months = _middles(truth.series["month"])
    parts = truth.series[["trend_kg", "disturbance_kg"]].sum(axis=1) / scale
    axes.plot(months, parts, color=PLANTED, linewidth=1.0, linestyle="--", label="planted trend and disturbance")
    axes.plot(months, truth.series["carbon_kg"] / scale, color=TRUTH, linewidth=1.6, label="truth")
    axes.plot(
        _middles(carbon.labels), carbon.values / scale, "o", color=ESTIMATE, markersize=3.2, label="estimate", zorder=3
    )
    held = forecast[forecast["kind"] == HELD_BACK]
    if len(held):
        dates = _middles(held["month"])
        low, high = held["lower_95"] / scale, held["upper_95"] / scale
        label = "forecast of the last year without it"
        axes.plot(dates, held["forecast"] / scale, color=FORECAST, linewidth=1.6, label=label)
        axes.fill_between(dates, low, high, color=FORECAST, alpha=0.25, linewidth=0, label="its 95 % interval")
    at = np.datetime64(truth.planted["disturbance_month"], "M").astype("datetime64[D]")
    axes.axvline(at, color="black", linewidth=1.0, linestyle=":", label="planted disturbance")
    axes.set_xlabel("date (months)")
    axes.set_ylabel(f"carbon of a mean image ({unit}), axis not from 0")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=6, columnspacing=1.4, frameon=False, fontsize=8)


def _middles(months: pd.Series | np.ndarray) -> np.ndarray:
    """Days in the middle of months."""
    return np.asarray(months, dtype="datetime64[M]").astype("datetime64[D]") + 14
