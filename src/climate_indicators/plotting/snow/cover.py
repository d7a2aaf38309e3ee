"""Snow-covered share of a site over time, from optical and from radar scenes."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from climate_indicators.plotting.style import BLUE, GREEN, ORANGE

LOOKS = {
    ("optical", None): ("#000000", "o", 3.4, "optical"),
    ("radar", "wet"): (BLUE, "^", 4.6, "radar, wet season"),
    ("radar", "dry"): (ORANGE, "v", 4.6, "radar, dry season"),
    ("radar", "unknown"): (GREEN, "D", 3.8, "radar, no weather known"),
}
MONTHS = ("J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D")


def snow_cover_figure(cover: pd.DataFrame, area_km2: float, site: str) -> Figure:
    """Two panels: the share over time, with an axis in km², and over the months of the year.

    Filled marks are in the series for regressions against weather, pale ones are not; scenes that show too little,
    or were refused, are left out.

    Parameters
    ----------
    cover : table of `climate_indicators.snow.climate.snow_cover.cover_table`.
    area_km2 : area of interest.
    site : name in the title.
    """
    figure = Figure(figsize=(11.5, 4.9))
    figure.set_layout_engine("constrained", w_pad=0.1)
    series, cycle = figure.subplots(1, 2, width_ratios=[2.6, 1])
    shown = cover[cover["snow_fraction"].notna() & ~cover["why"].str.startswith(("shows", "a copy", "does", "out"))]
    dates = pd.to_datetime(shown["date"])
    days = dates.dt.day_of_year
    used = shown["used"].to_numpy(bool)
    for (source, regime), look in LOOKS.items():
        chosen = (shown["source"] == source) & (True if regime is None else shown["regime"] == regime)
        if chosen.any():
            for axes, where in ((series, dates), (cycle, 1 + (days - 1) / 30.4375)):
                _marks(axes, where[chosen], shown.loc[chosen, "snow_fraction"], used[chosen], look)
    line = shown[used]
    series.plot(pd.to_datetime(line["date"]), line["snow_fraction"], color="#999999", linewidth=0.7, zorder=1)
    _dress(series, cycle, area_km2)
    excluded = len(cover) - len(shown)
    text = f"Snow cover, {site}: {int(used.sum())} scenes in the series (filled)"
    text += f", {int((~used).sum())} not in it (pale), {excluded} with too few pixels or rejected (not drawn)"
    figure.suptitle(text, fontsize=10.5)
    handles, names = series.get_legend_handles_labels()
    unique = dict(zip(names, handles, strict=True))
    figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _marks(axes: Axes, x: pd.Series, y: pd.Series, used, look: tuple) -> None:
    color, marker, size, label = look
    for chosen, alpha in ((~used, 0.35), (used, 1.0)):
        if chosen.any():
            axes.plot(
                x[chosen], y[chosen], marker, color=color, alpha=alpha, markersize=size, markeredgewidth=0,
                label=label, zorder=3 if alpha == 1 else 2,
            )  # fmt: skip


def _dress(series: Axes, cycle: Axes, area_km2: float) -> None:
    for axes in (series, cycle):
        axes.set_ylim(-0.02, 1.02)
        axes.grid(color="#EEEEEE")
        axes.set_axisbelow(True)
        axes.spines["top"].set_visible(False)
    series.set_ylabel("share of the seen area with snow")
    series.set_xlabel("date")
    locator = AutoDateLocator()
    series.xaxis.set_major_locator(locator)
    series.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    cycle.set_xlabel("month")
    cycle.set_xlim(0.9, 13.1)
    cycle.set_xticks([month + 1.5 for month in range(12)], MONTHS)
    cycle.tick_params(axis="x", length=0)
    right = cycle.secondary_yaxis("right", functions=(lambda share: share * area_km2, lambda km2: km2 / area_km2))
    right.set_ylabel(f"the same share of all {area_km2:,.4g} km²")
