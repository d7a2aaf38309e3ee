"""The carbon forecast compared with the held-out year and naive forecasts, and its skill."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from climate_indicators.carbon.series.forecast import (
    FORECAST,
    HELD_BACK,
    HISTORY,
    METHODS,
    REFUSED,
    CarbonForecast,
    short_number,
)
from climate_indicators.plotting.style import BLUE, GREEN, VERMILION, heading, light_grid

MODEL_COLOR, NAIVE_COLOR, SEASONAL_COLOR = BLUE, VERMILION, GREEN
COLORS = dict(zip(METHODS, (MODEL_COLOR, NAIVE_COLOR, SEASONAL_COLOR), strict=True))
# months of the history that are drawn
SHOWN = 60


def carbon_forecast_figure(forecast: CarbonForecast, quantity: str, unit: str, site: str) -> Figure:
    """Last years, the held-out year and future months with their intervals; errors and coverage of past forecasts.

    A series that cannot be forecast gives a figure with the reason alone.

    Parameters
    ----------
    forecast : as `forecast.carbon_forecast` gives it.
    quantity, unit : what the values are, for the axis.
    site : name in the title.
    """
    title = f"Forecast of {quantity}, {site}"
    if forecast.values["kind"].iloc[0] == REFUSED:
        figure = Figure(figsize=(7.5, 1.6))
        figure.set_layout_engine("constrained")
        axes = figure.add_subplot()
        axes.set_axis_off()
        heading(axes, title, forecast.verdict)
        return figure
    figure = Figure(figsize=(11.0, 8.0))
    figure.set_layout_engine("constrained", h_pad=0.1)
    grid = figure.add_gridspec(2, 2, height_ratios=[2, 1])
    axes = figure.add_subplot(grid[0, :])
    _draw_series(axes, forecast.values)
    axes.set_ylabel(f"{quantity} ({unit})")
    heading(axes, title, forecast.verdict, 150)
    _draw_errors(figure.add_subplot(grid[1, 0]), forecast.skill, unit)
    _draw_coverage(figure.add_subplot(grid[1, 1]), forecast.skill)
    return figure


def _draw_series(axes: Axes, table: pd.DataFrame) -> None:
    history = table[table["kind"] == HISTORY].tail(SHOWN)
    axes.plot(
        _dates(history), history["value"], color="black", linewidth=1.2, marker="o", markersize=2.5, label="values"
    )
    filled = history[history["interpolated"]]
    if len(filled):
        axes.plot(
            _dates(filled), filled["value"], "o", color="black", markerfacecolor="white", markersize=5,
            label="interpolated",
        )  # fmt: skip
    for kind, labeled in ((HELD_BACK, False), (FORECAST, True)):
        rows = table[table["kind"] == kind]
        dates = _dates(rows)

        def name(text: str, labeled: bool = labeled) -> str | None:
            return text if labeled else None

        one = {"markersize": 4, "marker": "o"} if len(rows) == 1 else {}
        for part, alpha in ((95, 0.18), (80, 0.3)):
            low, high = rows[f"lower_{part}"], rows[f"upper_{part}"]
            axes.fill_between(
                dates, low, high, color=MODEL_COLOR, alpha=alpha, linewidth=0, label=name(f"{part} % interval")
            )
        axes.plot(dates, rows["forecast"], color=MODEL_COLOR, linewidth=1.8, label=name("forecast"), **one)
        axes.plot(dates, rows["naive"], "--", color=NAIVE_COLOR, linewidth=1.1, label=name("naive"))
        axes.plot(
            dates, rows["seasonal_naive"], "-.", color=SEASONAL_COLOR, linewidth=1.1, label=name("seasonal naive")
        )
        axes.axvline(dates[0] - np.timedelta64(15, "D"), color="#7F7F7F", linewidth=0.8, linestyle=":")
        axes.annotate(
            "held-back year" if kind == HELD_BACK else "months to come", (dates[0] - np.timedelta64(15, "D"), 0.01),
            xycoords=("data", "axes fraction"), xytext=(4, 0), textcoords="offset points", fontsize=8, color="#555555",
        )  # fmt: skip
    axes.margins(y=0.1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    light_grid(axes, "y")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)


def _draw_errors(axes: Axes, skill: pd.DataFrame, unit: str) -> None:
    for place, row in enumerate(skill.itertuples()):
        axes.barh(place, row.mae, color=COLORS[row.method], height=0.6)
        axes.annotate(
            f"{short_number(row.mae)} (MASE {row.mase:.2f})", (row.mae, place), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=8,
        )  # fmt: skip
    axes.set_xlim(0, 1.35 * skill["mae"].max() or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    _finish(axes, skill, f"mean absolute error ({unit})")


def _draw_coverage(axes: Axes, skill: pd.DataFrame) -> None:
    for place, row in enumerate(skill.itertuples()):
        for part, marker in ((80, "s"), (95, "o")):
            axes.plot(
                100 * getattr(row, f"coverage_{part}"), place, marker, color=COLORS[row.method], markersize=7,
                markerfacecolor=COLORS[row.method] if part == 95 else "white", clip_on=False, zorder=3,
            )  # fmt: skip
    for part in (80, 95):
        axes.axvline(part, color="#7F7F7F", linewidth=0.9, linestyle="--")
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 20, 40, 60, 80, 95])
    _finish(axes, skill, "true values inside the interval (%): hollow 80 %, filled 95 %")


def _finish(axes: Axes, skill: pd.DataFrame, label: str) -> None:
    axes.set_yticks(range(len(skill)), skill["method"])
    axes.set_ylim(len(skill) - 0.5, -0.5)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)


def _dates(rows: pd.DataFrame) -> np.ndarray:
    return rows["month"].to_numpy(str).astype("datetime64[M]").astype("datetime64[D]") + 14
