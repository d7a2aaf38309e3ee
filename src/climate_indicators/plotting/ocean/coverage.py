"""Coverage of every zone over the years under both scalers, and its trends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from climate_indicators.ocean.indicators.coverage import UNCLASSIFIED, yearly_coverage
from climate_indicators.plotting.ocean.maps import WIDE_EDGE, legend_columns
from climate_indicators.plotting.style import PALE_GRAY, heading, light_grid

STYLES = {"frozen": "-", "monthly": "--"}
OFFSETS = {"frozen": -0.16, "monthly": 0.16}
GRAY = "#7F7F7F"
# a biome that covers less of a zone than this is not drawn there
MIN_PERCENT = 0.5


def coverage_figure(
    table: pd.DataFrame, trends: pd.DataFrame, titles: Mapping[str, str], names: Mapping[int, str],
    colors: Mapping[int, str], site: str, confidence: float,
) -> Figure:  # fmt: skip
    """A row for each zone: coverage by year with Theil–Sen lines, and the slopes with their intervals.

    The frozen scaler is solid, the monthly one dashed. Without any trend, for lack of years, months are drawn, and no
    slopes.
    Biomes that never cover 0.5 % of a zone are left out there.

    Parameters
    ----------
    table : as `coverage.coverage_table` gives it, of one or both scalers.
    trends : as `coverage_trends.coverage_trends` gives it.
    titles : display name of each zone.
    names, colors : of each biome by its label; unclassified ocean is gray.
    site : name in the title.
    confidence : of the slopes' intervals, for the axis.
    """
    zones = list(table["zone"].unique())
    yearly = yearly_coverage(table)
    drawn = bool(trends["slope_per_year"].notna().any())
    figure = Figure(figsize=(11.0, 2.9 * len(zones) + 0.9))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    panels = figure.subplots(len(zones), 1 + drawn, width_ratios=[2.3, 1][: 1 + drawn], squeeze=False)
    labels, shades = {0: UNCLASSIFIED, **dict(sorted(names.items()))}, {0: GRAY, **colors}
    for zone, row in zip(zones, panels, strict=True):
        seen = table[table["zone"] == zone].groupby("label")["percent"].max()
        shown = {label: name for label, name in labels.items() if seen.get(label, 0) >= MIN_PERCENT}
        rows = trends[trends["zone"] == zone]
        _draw_series(row[0], table[table["zone"] == zone], yearly[yearly["zone"] == zone], rows, shown, shades)
        heading(row[0], titles[zone], summary(rows), 104)
        if drawn:
            _draw_slopes(row[1], rows, shown, shades)
    panels[-1, 0].set_xlabel("year" if drawn else "month")
    if drawn:
        panels[-1, 1].set_xlabel(f"trend, percentage points per year\n({100 * confidence:.4g} % interval)")
    handles = _handles(labels, shades, list(table["scaler"].unique()), drawn)
    columns = legend_columns(handles, 9.5)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8)
    figure.suptitle(f"Coverage of the ocean by carbon biomes, {site}", fontsize=12)
    return figure


def summary(trends: pd.DataFrame) -> str:
    """Sentence of the zone's largest significant trend under the first scaler, or that there is none.

    Parameters
    ----------
    trends : rows of one zone.
    """
    first = trends[(trends["scaler"] == trends["scaler"].iloc[0]) & (trends["biome"] != UNCLASSIFIED)]
    significant = first[first["significant"].astype(bool)]
    if len(significant):
        return str(significant.loc[significant["slope_per_year"].abs().idxmax(), "sentence"])
    years, scaler = int(first["n_years"].iloc[0]), first["scaler"].iloc[0]
    if first["slope_per_year"].isna().all():
        return f"No trend is drawn: {years} whole year{' is' if years == 1 else 's are'} too few."
    return f"No biome has a significant trend under the {scaler} scaler ({years} years)."


def _draw_series(
    axes: Axes, table: pd.DataFrame, yearly: pd.DataFrame, trends: pd.DataFrame, shown: Mapping[int, str],
    shades: Mapping[int, str],
) -> None:  # fmt: skip
    by_year = trends["slope_per_year"].notna().any()
    values = yearly if by_year else table
    for (scaler, label), one in values.groupby(["scaler", "label"], sort=False):
        if label not in shown:
            continue
        style = {"color": shades[label], "linestyle": STYLES[scaler]}
        if not by_year:
            axes.plot(_dates(one["month"]), one["percent"], linewidth=1.1, **style)
            continue
        face = shades[label] if scaler == "frozen" else "white"
        axes.plot(
            one["year"], one["percent"], "o", markersize=3, color=shades[label], markerfacecolor=face,
            markeredgewidth=0.8,
        )  # fmt: skip
        trend = trends[(trends["scaler"] == scaler) & (trends["biome"] == shown[label])].iloc[0]
        ends = np.array([trend["first_year"], trend["last_year"]], float)
        level = trend["line_at_first_year"] + trend["slope_per_year"] * (ends - ends[0])
        axes.plot(ends, level, linewidth=1.3, **style)
    axes.set_ylim(bottom=0)
    if by_year:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10, min_n_ticks=1))
    axes.set_ylabel("% of the zone's ocean")
    light_grid(axes, "y")


def _draw_slopes(axes: Axes, trends: pd.DataFrame, shown: Mapping[int, str], shades: Mapping[int, str]) -> None:
    axes.axvline(0, color="black", linewidth=0.8)
    for place, (label, name) in enumerate(shown.items()):
        for row in trends[trends["biome"] == name].itertuples():
            y = place + OFFSETS[row.scaler]
            axes.plot([row.lower_per_year, row.upper_per_year], [y, y], STYLES[row.scaler], color=shades[label])
            face = shades[label] if row.significant else "white"
            axes.plot(row.slope_per_year, y, "o", markersize=5, color=shades[label], markerfacecolor=face)
    axes.set_yticks(range(len(shown)), list(shown.values()), fontsize=8)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(axis="x", color=PALE_GRAY, linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _handles(labels: Mapping[int, str], shades: Mapping[int, str], scalers: list[str], trends: bool) -> list[Artist]:
    dot = {"color": "black", "marker": "o", "linestyle": "", "markersize": 5}
    lines = [
        *(Line2D([], [], color=shades[label], linewidth=3, label=name) for label, name in labels.items()),
        *(Line2D([], [], color="black", linestyle=STYLES[one], label=f"{one} scaler") for one in scalers),
    ]
    dots = [
        Line2D([], [], label="trend significant", **dot),
        Line2D([], [], markerfacecolor="white", label="trend not significant", **dot),
    ]
    return lines + dots if trends else lines


def _dates(months: pd.Series) -> np.ndarray:
    return months.to_numpy(str).astype("datetime64[M]")
