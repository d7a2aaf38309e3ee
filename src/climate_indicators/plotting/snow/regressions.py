"""Snow against the weather: simple regressions, and partial regressions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from climate_indicators.plotting.snow.seasons import SEASON_COLORS
from climate_indicators.plotting.style import BLUE, light_grid
from climate_indicators.snow.climate.lagged_weather import label_unit
from climate_indicators.snow.climate.regressions import Partial
from climate_indicators.snow.climate.report_text import number_text
from climate_indicators.snow.climate.seasons import season_names
from climate_indicators.stats.p_value_text import p_text

POINT, COLUMNS = BLUE, 3


def regressions_figure(table: pd.DataFrame, single: pd.DataFrame, snow: str, site: str) -> Figure:
    """A scatter plot of snow against every variable of the same day, colored by season, with its line.

    Parameters
    ----------
    table : ``date``, the snow and the variables.
    single : as `regressions.single_regressions` gives it.
    snow : column of snow.
    site : name in the title.
    """
    rows = single[single["lag_days"] == 0]
    figure, panels = _panels(len(rows))
    for axes, row in zip(panels, rows.itertuples(), strict=True):
        known = table[table[[snow, row.variable]].notna().all(axis=1)]
        seasons = season_names(known["date"])
        for season, color in SEASON_COLORS.items():
            own = known[seasons == season]
            axes.plot(own[row.variable], own[snow], ".", color=color, markersize=4, alpha=0.6, label=season)
        title = "not fitted"
        if np.isfinite(row.slope):
            _line(axes, known[row.variable], row.slope, row.intercept)
            slope = f"{number_text(row.slope)} {row.slope_unit}"
            title = f"r = {row.r:.3f}, ".replace("-", "−") + f"{slope}, {p_text(row.p_value)}"
        _finish(axes, f"{label_unit(row.variable)[0]} ({row.unit})", _axis(snow), title)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False, markerscale=3)
    figure.suptitle(
        f"{_capital(label_unit(snow)[0])} against the weather of the day, {site} (p adjusted for autocorrelation)"
    )
    return figure


def partial_figure(partials: Sequence[Partial], snow: str, site: str) -> Figure:
    """Partial regression plots: snow and each variable, after removal of the effect of the other variables.

    Parameters
    ----------
    partials : as `regressions.multiple_regression` gives them; none gives a figure that says so.
    snow : column of snow.
    site : name in the title.
    """
    figure, panels = _panels(max(1, len(partials)))
    if not partials:
        panels[0].text(0.5, 0.5, "no multiple regression:\ntoo few values", ha="center", va="center")
        panels[0].set_axis_off()
    for axes, partial in zip(panels, partials, strict=False):
        row = partial.row
        axes.plot(partial.variable_left, partial.snow_left, ".", color=POINT, markersize=4, alpha=0.5)
        _line(axes, partial.variable_left, row["coefficient"], 0.0)
        coefficient = f"{number_text(row['coefficient'])} {row['coefficient_unit']}"
        title = f"{coefficient}, {p_text(row['p_value'])}, VIF {row['vif']:.1f}"
        name, unit = label_unit(partial.variable)
        _finish(axes, f"{name}, residual ({unit})", f"residual of {_axis(snow)}", title)
    figure.suptitle(f"Partial regressions of the {label_unit(snow)[0]}, {site}: residuals given the other variables")
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(max(7.0, 4.3 * columns), 3.6 * rows + 0.8))
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.1)
    panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]


def _line(axes: Axes, values: pd.Series | np.ndarray, slope: float, intercept: float) -> None:
    ends = np.array([np.min(values), np.max(values)])
    axes.plot(ends, intercept + slope * ends, color="black", linewidth=1.6)


def _finish(axes: Axes, x_label: str, y_label: str, title: str) -> None:
    axes.set_xlabel(x_label)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    if axes.get_subplotspec().is_first_col():
        axes.set_ylabel(y_label)
    axes.set_title(title, fontsize=9)
    light_grid(axes)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def _axis(snow: str) -> str:
    label, unit = label_unit(snow)
    return f"{label} ({unit})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
