"""Water properties of each biome, over all months and by calendar month."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from climate_indicators.ocean.indicators.coverage import UNCLASSIFIED
from climate_indicators.plotting.ocean.coverage import GRAY
from climate_indicators.plotting.ocean.maps import WIDE_EDGE, legend_columns
from climate_indicators.plotting.ocean.seasons import spread
from climate_indicators.plotting.style import light_grid

TITLES = {
    "sst": "surface temperature",
    "dic": "dissolved inorganic carbon",
    "alk": "alkalinity",
    "fco2": "fCO₂",
    "salinity": "salinity",
    "mld": "mixed-layer depth",
    "ice": "ice fraction",
}


def drivers_figure(summary: pd.DataFrame, names: Mapping[int, str], colors: Mapping[int, str], site: str) -> Figure:
    """Mean of every field in every biome; bars reach one standard deviation between cells.

    Parameters
    ----------
    summary : as `drivers.drivers_summary` gives it.
    names, colors : of each biome by its label; unclassified ocean is gray.
    site : name in the title.
    """
    labels, shades = {0: UNCLASSIFIED, **dict(sorted(names.items()))}, {0: GRAY, **colors}
    places = {label: place for place, label in enumerate(labels)}
    variables = list(summary["variable"].unique())
    figure, panels = _panels(len(variables), 0.24 * len(labels) + 1.0)
    for number, (axes, variable) in enumerate(zip(panels, variables, strict=False)):
        for row in summary[summary["variable"] == variable].itertuples():
            style = {"fmt": "o", "color": shades[row.label], "markersize": 5, "linewidth": 1.8, "capsize": 3}
            axes.errorbar(row.mean, places[row.label], xerr=row.sd_cells, **style)
        axes.set_yticks(list(places.values()), list(labels.values()) if number % 3 == 0 else [], fontsize=8)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.ticklabel_format(axis="x", useOffset=False)
        axes.set_xlabel(_with_unit(variable, row.unit))
        light_grid(axes, "x")
    figure.suptitle(f"Water of the carbon biomes, {site}: mean by area ± standard deviation of cells", fontsize=11)
    return figure


def drivers_season_figure(
    table: pd.DataFrame, names: Mapping[int, str], colors: Mapping[int, str], site: str
) -> Figure:
    """Every field in every biome by calendar month; bands reach one standard deviation over the years.

    Parameters
    ----------
    table : as `drivers.drivers_table` gives it, of all months.
    names, colors : of each biome by its label.
    site : name in the title.
    """
    dated = table[table["label"] > 0].assign(calendar_month=table["month"].str[5:7].astype(int))
    variables = list(table["variable"].unique())
    figure, panels = _panels(len(variables), 2.4)
    for axes, variable in zip(panels, variables, strict=False):
        rows = dated[dated["variable"] == variable]
        for label, one in rows.groupby("label"):
            cycle = one.groupby("calendar_month")["mean"].agg(["mean", "std"])
            spread(axes, cycle.index.to_series(), cycle["mean"], cycle["std"], colors[label])
        axes.set_ylabel(_with_unit(variable, rows["unit"].iloc[0]))
    handles = [Line2D([], [], color=colors[label], linewidth=3, label=name) for label, name in sorted(names.items())]
    columns = legend_columns(handles, figure.get_size_inches()[0] - 0.6)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8)
    figure.suptitle(f"Water of the carbon biomes through the year, {site}", fontsize=11)
    return figure


def _panels(count: int, height_in: float) -> tuple[Figure, list]:
    columns = min(3, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(3.7 * columns, height_in * rows + 0.9))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, panels


def _with_unit(variable: str, unit: str) -> str:
    return TITLES[variable] if unit == "1" else f"{TITLES[variable]}\n({unit})"
