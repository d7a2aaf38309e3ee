"""Snow and temperature over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from climate_indicators.plotting.style import BLUE, SKY_BLUE, VERMILION, light_grid
from climate_indicators.snow.climate.lagged_weather import label_unit

SNOW, WARM, COLD = BLUE, VERMILION, SKY_BLUE
# a gap longer than this multiple of the usual interval breaks the line
GAP = 3


def snow_series_figure(
    table: pd.DataFrame, weather: pd.DataFrame, snow: str, variables: Sequence[str], site: str
) -> Figure:
    """Two panels over one axis of time: snow, and the first two variables, the daily temperatures where they are kept.

    Dots are the values; lines join the means of dates, and break where dates are missing.

    Parameters
    ----------
    table : ``date`` and the snow.
    weather : ``date`` and the variables, of all days known.
    snow : column of snow.
    variables : columns of weather; those in °C are drawn, or the first where none is.
    site : name in the title.
    """
    figure = Figure(figsize=(11.0, 6.6))
    figure.set_layout_engine("constrained", h_pad=0.08)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw(upper, table, snow, SNOW)
    warm = [name for name in variables if label_unit(name)[1] == "°C"][:2] or list(variables[:1])
    for name, color in zip(warm, (WARM, COLD), strict=False):
        _draw(lower, weather, name, color)
    label, unit = label_unit(snow)
    upper.set_ylabel(f"{label} ({unit})")
    upper.set_ylim(bottom=0)
    unit = label_unit(warm[0])[1]
    lower.set_ylabel(f"temperature ({unit})" if unit == "°C" else f"{label_unit(warm[0])[0]} ({unit})")
    lower.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(warm), frameon=False)
    if unit == "°C":
        lower.axhline(0, color="#999999", linewidth=0.8, zorder=0)
    locator = AutoDateLocator()
    lower.xaxis.set_major_locator(locator)
    lower.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    lower.set_xlabel("date")
    upper.set_title(
        f"{label[0].upper()}{label[1:]} and weather, {site}: {len(table):,} values (dots) on "
        f"{table['date'].nunique():,} dates (lines join their means)"
    )
    return figure


def _draw(axes: Axes, table: pd.DataFrame, column: str, color: str) -> None:
    known = table[table[column].notna()]
    many = len(known) > 2000
    means = known.groupby("date")[column].mean()
    dates, values = broken_line(means.index.to_numpy(), means.to_numpy())
    axes.plot(dates, values, color=color, linewidth=0.6 if many else 0.8, alpha=0.8, label=label_unit(column)[0])
    if not many:
        axes.plot(known["date"], known[column], ".", color=color, markersize=3, alpha=0.6)
    light_grid(axes)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def broken_line(dates: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dates and values with a NaN put between dates further apart than ``GAP`` times the median distance.

    Parameters
    ----------
    dates : datetime64, shape (n,), ascending.
    values : float, shape (n,).
    """
    if len(dates) < 3:
        return dates, values
    steps = np.diff(dates)
    places = np.flatnonzero(steps > GAP * np.median(steps)) + 1
    return np.insert(dates, places, dates[places - 1] + steps[places - 1] // 2), np.insert(
        values.astype("float64"), places, np.nan
    )
