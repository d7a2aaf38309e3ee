"""Response of each biome to the drivers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from climate_indicators.plotting.style import heading, light_grid

SHORT = {"sst": "SST", "dic": "DIC", "alk": "ALK", "salinity": "salinity"}


def biome_profile_figure(table: pd.DataFrame, drivers: Sequence[str] = ("sst", "dic", "alk"), site: str = "") -> Figure:
    """Mean standardized slope of each driver by biome, with the standard deviation among the biome's cells.

    Parameters
    ----------
    table : as `naming.biome_table` makes it: ``name, color, n_cells, slope_{driver}_z, sd_slope_{driver}_z``.
    drivers : names of the slopes.
    site : name in the title.
    """
    count, many = len(table), len(drivers)
    figure = Figure(figsize=(max(6.5, 1.15 * count + 2.0), 4.4))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    width = 0.8 / many
    ticks: list[tuple[float, str]] = []
    for place, driver in enumerate(drivers):
        where = np.arange(count) + (place - (many - 1) / 2) * width
        means, spread = table[f"slope_{driver}_z"], table[f"sd_slope_{driver}_z"]
        axes.bar(where, means, 0.9 * width, color=table["color"], edgecolor="black", linewidth=0.6)
        axes.errorbar(where, means, spread, fmt="none", ecolor="black", elinewidth=1, capsize=2)
        ticks += [(at, SHORT.get(driver, driver)) for at in where]
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks([at for at, _ in ticks], [text for _, text in ticks], fontsize=7, rotation=90)
    axes.tick_params(axis="x", length=0)
    names = axes.secondary_xaxis(location=0)
    # a blank line for each of the drivers' names, which are upright above
    names.set_xticks(range(count), [f"\n\n{row['name']}\n{row['n_cells']:,} cells" for _, row in table.iterrows()])
    names.tick_params(axis="x", length=0, labelsize=8, pad=4 if max(map(len, drivers)) < 5 else 24)
    names.spines["bottom"].set_visible(False)
    axes.set_xlim(-0.6, count - 0.4)
    axes.set_ylabel("standardized slope (standard deviations\nfrom the mean of all cells)")
    light_grid(axes, "y")
    text = "Bars are area-weighted means over the biome's cells, lines one standard deviation among them."
    heading(axes, f"Response of fCO₂ to its drivers by biome{', ' if site else ''}{site}", text, width=80)
    return figure
