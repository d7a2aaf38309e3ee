"""Dice of every model on the same test triplets, in the wet and in the dry season where the weather is known."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from climate_indicators.core.hydrological_year import ALL
from climate_indicators.plotting.style import BLUE, ORANGE, PALE_GRAY
from climate_indicators.snow.triplets.benchmark import is_learnt
from climate_indicators.snow.triplets.skill import DRY, WET

LOOKS = {
    WET: (BLUE, "o", "wet season"),
    DRY: (ORANGE, "s", "dry season"),
    ALL: ("#000000", "D", "all test triplets (no weather to separate wet and dry snow)"),
}
SPREAD = 0.16
NAME_WIDTH = 34


def snow_benchmark_figure(table: pd.DataFrame, site: str) -> Figure:
    """Two panels, a row per model: pooled Dice with its interval, and its difference from the all-snow baseline.

    Parameters
    ----------
    table : of `climate_indicators.snow.triplets.benchmark.benchmark_table`.
    site : name in the title.
    """
    figure = Figure(figsize=(11.0, 1.8 + 0.62 * len(table)))
    figure.set_layout_engine("constrained", w_pad=0.12)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.2, 1])
    known = table[[f"n_triplets_{part}" for part in (WET, DRY)]].to_numpy().any()
    parts = (WET, DRY) if known else (ALL,)
    _draw(left, table, "dice", parts)
    _draw(right, table[table["model"] != "all_snow"], "dice_gain", parts)
    left.set_xlim(-0.02, 1.02)
    left.set_xlabel("Dice of pooled pixels")
    right.set_xlabel("Dice minus Dice of all snow")
    right.axvline(0, color="black", linewidth=0.8)
    left.set_yticks(range(len(table)), [textwrap.fill(name, NAME_WIDTH) for name in table["label"]])
    left.set_ylim(len(table) - 0.5, -0.5)
    numbers = {part: f"{table[f'n_triplets_{part}'].iloc[0]:.0f}" for part in parts}
    counts = " and ".join(f"{n} in all" if part == ALL else f"{n} of the {part} season" for part, n in numbers.items())
    title = f"Snow maps of the same test triplets, {site}: {counts}; bars: 95 % intervals over places"
    weights = sorted({words for words in table["weights"] if not is_learnt(words)})
    if weights:
        title += f"\nSAM ran with {', '.join(weights)}: its skill is not that of SAM as published"
    figure.suptitle(title, fontsize=10.5)
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw(axes: Axes, table: pd.DataFrame, measure: str, parts: Sequence[str]) -> None:
    heights = np.arange(len(table))
    shifts = np.linspace(-SPREAD, SPREAD, len(parts)) if len(parts) > 1 else [0.0]
    for shift, part in zip(shifts, parts, strict=True):
        color, marker, label = LOOKS[part]
        value, lower, upper = (table[f"{measure}_{part}{end}"].to_numpy() for end in ("", "_lower", "_upper"))
        axes.hlines(heights + shift, lower, upper, color=color, linewidth=2.0)
        axes.plot(value, heights + shift, marker, color=color, markersize=6, label=label)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="x", color=PALE_GRAY, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
