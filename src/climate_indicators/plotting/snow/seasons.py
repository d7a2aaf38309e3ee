"""Seasons of snow and of one variable, with their trends."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from climate_indicators.plotting.style import BLUE, GREEN, ORANGE, PURPLE, light_grid
from climate_indicators.snow.climate.lagged_weather import label_unit
from climate_indicators.snow.climate.report_text import number_text
from climate_indicators.snow.climate.seasons import SEASONS, season_names, season_years
from climate_indicators.stats.p_value_text import p_text

SEASON_COLORS = {"DJF": BLUE, "MAM": GREEN, "JJA": ORANGE, "SON": PURPLE}
LINE = "#000000"


def snow_seasons_figure(
    snow_table: pd.DataFrame, weather: pd.DataFrame, years: pd.DataFrame, trends: pd.DataFrame, snow: str,
    variable: str, site: str,
) -> Figure:  # fmt: skip
    """Eight panels: the seasons of the snow above, those of one variable below; values, yearly values, two lines.

    Parameters
    ----------
    snow_table, weather : ``date`` and the snow, ``date`` and the variable.
    years, trends : as `seasons.yearly_values` and `seasons.season_trends` give them.
    snow, variable : the columns.
    site : name in the title.
    """
    figure = Figure(figsize=(13.0, 7.4))
    figure.set_layout_engine("constrained", h_pad=0.1)
    panels = figure.subplots(2, 4, sharex=True, sharey="row")
    for row, (table, quantity) in zip(panels, ((snow_table, snow), (weather, variable)), strict=True):
        label, unit = label_unit(quantity)
        for axes, season in zip(row, SEASONS, strict=True):
            own = [one[(one["quantity"] == quantity) & (one["season"] == season)] for one in (years, trends)]
            _draw(axes, table[["date", quantity]].dropna(), quantity, own[0], own[1].iloc[0], season)
        row[0].set_ylabel(f"{label} ({unit})")
    for axes in panels[-1]:
        axes.set_xlabel("year")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    handles = {}
    for axes in panels.flat:
        handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True)) | handles
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
    figure.suptitle(f"Seasons, {site}: December belongs to the next year's DJF")
    return figure


def _draw(axes: Axes, table: pd.DataFrame, quantity: str, years: pd.DataFrame, row: pd.Series, season: str) -> None:
    own, unit = table[season_names(table["date"]) == season], row["unit"]
    color = SEASON_COLORS[season]
    if len(own):
        at = season_years(own["date"])
        # many values of a season share its year: spread by their place in the season, not by chance
        order = own["date"].dt.day_of_year.add(31).mod(366).rank(pct=True) - 0.5
        axes.plot(at + 0.6 * order, own[quantity], ".", color=color, markersize=3, alpha=0.35, label="values")
    kept = years[~years["excluded"].astype(bool)]
    axes.plot(kept["year"], kept["value"], "o", color=color, markeredgecolor="black", label="yearly values")
    text = "too few years for a trend"
    if np.isfinite(row["p_value"]):
        slope = row["theil_sen_per_decade"] / 10
        middle = kept["value"].median() + slope * (kept["year"] - kept["year"].median())
        style = "-" if row["significant"] else "--"
        axes.plot(kept["year"], middle, style, color=LINE, linewidth=1.4, label="Theil–Sen (dashed: not significant)")
        text = f"{number_text(row['theil_sen_per_decade'])} {unit} per decade, {p_text(row['p_value'])}"
    axes.set_title(f"{season}\n{text}", fontsize=9)
    light_grid(axes)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
