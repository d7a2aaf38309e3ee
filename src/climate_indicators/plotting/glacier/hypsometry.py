"""Figure of glacier area by elevation in the first and last year."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from climate_indicators.plotting.style import BLUE, VERMILION, light_grid

# bands at the ends with less than this share of the area are not drawn
SHOWN_SHARE = 0.002
FIRST, LAST = BLUE, VERMILION  # blue and vermilion of the Okabe-Ito colors


def hypsometry_figure(table: pd.DataFrame, site: str) -> Figure:
    """Area in each elevation band in the first and last year, and the change between them.

    Parameters
    ----------
    table : ``year, lower_m, upper_m, area_km2``, some area above 0.
    site : name in the title.
    """
    years = sorted(table["year"].unique())
    # single pixels of snow far above the glaciers would stretch the axis
    total = table.groupby("lower_m")["area_km2"].max()
    shown = total.index[total >= SHOWN_SHARE * total.sum()]
    table = table[table["lower_m"].between(shown.min(), shown.max())]
    first, last = (table[table["year"] == year].reset_index(drop=True) for year in (years[0], years[-1]))
    edges = [*first["lower_m"], first["upper_m"].iloc[-1]]
    figure = Figure(figsize=(8.5, 5.2))
    figure.set_layout_engine("constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.6, 1])
    for rows, color, year in ((first, FIRST, years[0]), (last, LAST, years[-1])):
        left.stairs(rows["area_km2"], edges, orientation="horizontal", color=color, linewidth=1.8, label=str(year))
    change = last["area_km2"] - first["area_km2"]
    middle, height = (first["lower_m"] + first["upper_m"]) / 2, first["upper_m"] - first["lower_m"]
    right.barh(middle, change, height=0.85 * height, color=[LAST if value < 0 else FIRST for value in change])
    right.axvline(0, color="#555555", linewidth=0.8)
    left.set(xlabel="glacier area in the band (km²)", ylabel="elevation (m)")
    right.set(xlabel=f"change {years[0]} to {years[-1]} (km²)")
    left.legend(frameon=False, loc="upper right")
    light_grid(left)
    light_grid(right)
    figure.suptitle(f"Glacier area by elevation, {site}", fontsize=11, fontweight="bold", x=0.02, ha="left")
    return figure
