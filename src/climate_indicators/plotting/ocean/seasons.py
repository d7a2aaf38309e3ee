"""The seasonal cycle of coverage in every zone, with its spread over the years."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from climate_indicators.ocean.indicators.coverage import UNCLASSIFIED
from climate_indicators.plotting.ocean.coverage import GRAY, MIN_PERCENT
from climate_indicators.plotting.ocean.maps import WIDE_EDGE, legend_columns
from climate_indicators.plotting.style import light_grid

INITIALS = list("JFMAMJJASOND")
# shares are limited to 0 to 100 %
PERCENT = (0.0, 100.0)


def seasons_figure(
    cycle: pd.DataFrame, titles: Mapping[str, str], names: Mapping[int, str], colors: Mapping[int, str], title: str
) -> Figure:
    """Mean coverage by calendar month, a panel for each zone; bands reach one standard deviation over the years.

    Biomes that never cover 0.5 % of a zone are left out there.

    Parameters
    ----------
    cycle : as `seasons.seasonal_cycle` gives it, of one scaler.
    titles : display name of each zone.
    names, colors : of each biome by its label; unclassified ocean is gray.
    title : line above the panels.
    """
    zones = list(cycle["zone"].unique())
    columns = min(2, len(zones))
    rows = -(-len(zones) // columns)
    figure = Figure(figsize=(4.9 * columns, 2.7 * rows + 1.0))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    labels, shades = {0: UNCLASSIFIED, **dict(sorted(names.items()))}, {0: GRAY, **colors}
    for axes, zone in zip(panels, zones, strict=False):
        for label, one in cycle[cycle["zone"] == zone].groupby("label"):
            if one["mean_percent"].max() >= MIN_PERCENT:
                shares = (one["calendar_month"], one["mean_percent"], one["sd_percent"])
                spread(axes, *shares, shades[label], limits=PERCENT)
        axes.set_title(titles[zone], fontsize=10, fontweight="bold", loc="left")
        axes.set_ylabel("% of the zone's ocean")
        axes.set_ylim(bottom=0)
    for axes in panels[len(zones) :]:
        axes.set_axis_off()
    handles = [Line2D([], [], color=shades[label], linewidth=3, label=name) for label, name in labels.items()]
    columns = legend_columns(handles, figure.get_size_inches()[0] - 0.6)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8)
    years = f"{cycle['n_years'].min()} to {cycle['n_years'].max()}" if cycle["n_years"].nunique() > 1 else ""
    count = years or str(cycle["n_years"].iloc[0])
    several = "" if count == "1" else f"; mean and standard deviation of {count} years"
    figure.suptitle(f"{title}{several or '; one year'}", fontsize=11)
    return figure


def spread(
    axes: Axes,
    months: pd.Series,
    mean: pd.Series,
    sd: pd.Series,
    color: str,
    style: str = "-",
    limits: tuple[float | None, float | None] = (None, None),
    **line: object,
) -> None:
    """Draw a mean by calendar month with a band of one standard deviation, on axes that get a month's initial each.

    The band ends at ``limits``, the lowest and highest value that can be; None for no limit.
    """
    lower, upper = (mean - sd).clip(*limits), (mean + sd).clip(*limits)
    axes.fill_between(months, lower, upper, color=color, alpha=0.25, linewidth=0)
    axes.plot(months, mean, style, color=color, linewidth=1.5, marker="o", markersize=2.5, **line)
    axes.set_xticks(range(1, 13), INITIALS)
    axes.set_xlim(0.6, 12.4)
    light_grid(axes, "y")
