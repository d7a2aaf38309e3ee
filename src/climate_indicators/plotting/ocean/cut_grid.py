"""Scores of all cuts of a grid of two parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from climate_indicators.ocean.biomes.criteria import PARAMETERS, PUBLISHED
from climate_indicators.plotting.style import VERMILION

CHOSEN = VERMILION
TITLES = {
    "k": "number of biomes",
    "silhouette": "silhouette",
    "gap": "gap statistic",
    "stability": "stability (adjusted Rand)",
    "smallest_share": "share of the smallest (%)",
    "published_bic": "published “BIC”",
}
AXES = {
    "delta_dist": "delta_dist (difference of Ward heights)",
    "delta_var": "delta_var (difference of variances)",
    "max_density_ratio": "max_density_ratio (density between, over peak)",
    "compactness": "compactness (spread, over that of all)",
}


def cut_grid_figure(table: pd.DataFrame, mode: str, criterion: str = "", site: str = "") -> Figure:
    """Heat maps over the two parameters, with the numbers in the cells and the chosen cut framed.

    Parameters
    ----------
    table : as `criteria.cut_table` makes it; rows of other modes are left out. NaN is shown as a dash.
    mode : ``published``, which has a panel of the published "BIC", or ``density``.
    criterion : score that chose, for the title.
    site : name in the title.
    """
    rows = table[table["mode"] == mode]
    first, second = PARAMETERS[mode]
    shown = [name for name in TITLES if mode == PUBLISHED or name != "published_bic"]
    shown = [name for name in shown if rows[name].notna().any()]
    n_rows = -(-len(shown) // 3)
    wide, high = rows[first].nunique(), rows[second].nunique()
    # numbers need about half an inch each
    size = (3 * max(2.9, 0.55 * wide + 0.9), 0.9 + n_rows * max(2.3, 0.32 * high + 1.1))
    figure = Figure(figsize=size)
    figure.set_layout_engine("constrained")
    panels = figure.subplots(n_rows, 3, squeeze=False).ravel()
    for axes, name in zip(panels, shown, strict=False):
        _heat_map(axes, rows, first, second, name)
        mark = ", decides" if name == criterion else ""
        axes.set_title(TITLES[name] + mark, fontsize=9, fontweight="bold" if mark else "normal")
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    figure.supxlabel(AXES[first], fontsize=9)
    figure.supylabel(AXES[second], fontsize=9)
    where = f", {site}" if site else ""
    figure.suptitle(f"Cuts of the Ward tree, {mode} mode{where}: the chosen one is framed", fontsize=11)
    return figure


def _heat_map(axes: Axes, rows: pd.DataFrame, first: str, second: str, name: str) -> None:
    grid = rows.pivot_table(index=second, columns=first, values=name, dropna=False)
    values = grid.to_numpy("float64") * (100 if name == "smallest_share" else 1)
    digits = 0 if name == "k" else 1 if name in ("published_bic", "smallest_share") else 2
    # colors of the rounded values: equal numbers look equal
    values = values.round(digits)
    span = np.nanmin(values), np.nanmax(values)
    color_map = colormaps["cividis"]
    axes.imshow(values, cmap=color_map, vmin=span[0], vmax=span[1], origin="lower", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        known = np.isfinite(value)
        share = (value - span[0]) / (span[1] - span[0]) if known and span[1] > span[0] else 0.0
        light = known and share > 0.55
        text = f"{value:.{digits}f}".replace("-", "−") if known else "–"
        # a cell without a value is not painted
        ink = "black" if light or not known else "white"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
    axes.set_xticks(range(len(grid.columns)), [f"{value:g}" for value in grid.columns])
    axes.set_yticks(range(len(grid.index)), [f"{value:g}" for value in grid.index])
    axes.tick_params(labelsize=8)
    for _, chosen in rows[rows["chosen"]].iterrows():
        corner = grid.columns.get_loc(chosen[first]) - 0.5, grid.index.get_loc(chosen[second]) - 0.5
        frame = Rectangle(corner, 1, 1, fill=False, edgecolor=CHOSEN, linewidth=3, zorder=3, clip_on=False)
        axes.add_patch(frame)
