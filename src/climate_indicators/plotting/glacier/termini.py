"""Figures of terminus change: ice fronts of all years on the latest image, and retreat of every glacier by year."""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.rgb import common_stretch, display, read_rgb
from climate_indicators.plotting.style import BLUE, light_grid, scale_bar

# colors of years: dark to bright, for all common kinds of color vision
YEARS_MAP = "plasma"
ESTIMATE, FLOWLINE = BLUE, "white"
MAX_PANELS = 12


def termini_map(
    image: str, rgb: Sequence[str], flowlines: gpd.GeoDataFrame, termini: gpd.GeoDataFrame, title: str
) -> Figure:
    """Ice fronts of all years, colored by year, over one image, with the flowlines.

    Parameters
    ----------
    image : scene on the site's grid.
    rgb : names of its bands that are shown as red, green and blue.
    flowlines : lines with ``glacier_id``.
    termini : points with ``glacier_id, year``, same reference system as the image.
    title : above the map.
    """
    shown = read_rgb(image, rgb)
    with opened(image) as raster:
        left, bottom, right, top = raster.bounds
    figure = Figure(figsize=(8.5, 0.6 + 7.2 * (top - bottom) / (right - left)))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    axes.imshow(display(shown, common_stretch([shown])), extent=(left, right, bottom, top), interpolation="nearest")
    labels = []
    for line in flowlines.itertuples():
        axes.plot(*line.geometry.xy, color=FLOWLINE, linewidth=0.9, alpha=0.9)
        x, y = line.geometry.interpolate(0.35, normalized=True).coords[0]
        labels.append(((x - left) / (right - left), (y - bottom) / (top - bottom)))
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
        axes.annotate(line.glacier_id, (x, y), fontsize=8, ha="center", va="center", bbox=box, clip_on=True)
    years = sorted(termini["year"].unique()) if len(termini) else []
    if years:
        norm = BoundaryNorm(np.append(np.array(years) - 0.5, years[-1] + 0.5), len(years))
        colors = colormaps[YEARS_MAP].resampled(len(years))
        for front in termini.itertuples():
            points = np.array([point.coords[0] for point in front.geometry.geoms])
            axes.plot(*points.T, color=colors(norm(front.year)), linewidth=2.2, solid_capstyle="butt")
        step = math.ceil(len(years) / 10)
        bar = figure.colorbar(ScalarMappable(norm, colors), ax=axes, shrink=0.7, ticks=years[::step], spacing="uniform")
        bar.set_label("year of the ice front")
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    axes.set_title(title, fontsize=11, fontweight="bold", loc="left")
    scale_bar(axes, right - left, _free_corner(labels))
    return figure


def _free_corner(labels: list[tuple[float, float]]) -> tuple[int, int]:
    """Corner for the scale bar with the fewest labels, whose places are fractions of the width and height."""

    def occupied(corner: tuple[int, int]) -> int:
        return sum(abs(x - corner[0]) < 0.4 and abs(y - corner[1]) < 0.17 for x, y in labels)

    return min([(0, 0), (1, 0), (0, 1), (1, 1)], key=occupied)


def terminus_change(table: pd.DataFrame, rates: pd.DataFrame, reference_year: int, confidence: float) -> Figure:
    """Retreat of each glacier's terminus by year, one panel per glacier, on one scale.

    Parameters
    ----------
    table : ``glacier_id, year, method, retreat_m, lower_m, upper_m`` of `glacier.retreat.retreat_table`.
    rates : ``glacier_id, slope_per_year, lower_per_year, upper_per_year, significant`` of `retreat_rates`.
    reference_year : year that retreat counts from.
    confidence : of the intervals, for the title.
    """
    of_lines = table[table["method"] == "lines"]
    order = (
        of_lines.groupby("glacier_id", sort=False)["length_m"].max().sort_values(ascending=False, kind="stable").index
    )
    names = list(order[:MAX_PANELS])
    columns = min(3, max(len(names), 1))
    rows = math.ceil(max(len(names), 1) / columns)
    figure = Figure(figsize=(3.4 * columns, 2.5 * rows + 0.9))
    figure.set_layout_engine("constrained")
    all_axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    by_name = rates.set_index("glacier_id")
    for place, axes in enumerate(all_axes.ravel()):
        if place >= len(names):
            axes.set_visible(False)
            continue
        own = of_lines[of_lines["glacier_id"] == names[place]]
        bars = np.abs([own["retreat_m"] - own["lower_m"], own["upper_m"] - own["retreat_m"]])
        label = f"retreat since {reference_year}, {100 * confidence:.4g} % interval"
        axes.errorbar(
            own["year"],
            own["retreat_m"],
            bars,
            fmt="o-",
            color=ESTIMATE,
            markersize=4,
            capsize=2,
            linewidth=1,
            label=label,
        )
        axes.axhline(0, color="#555555", linewidth=0.7)
        axes.set_title(f"{names[place]}: {rate_text(by_name.loc[names[place]])}", fontsize=9, loc="left")
        light_grid(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, min_n_ticks=1))
    figure.supylabel("retreat of the terminus (m)", fontsize=10)
    more = len(order) - len(names)
    also = f"; {more} shorter glaciers are in the table" if more > 0 else ""
    figure.suptitle(
        f"Terminus retreat since {reference_year}, mean and {100 * confidence:.4g} % interval{also}", fontsize=11
    )
    return figure


def rate_text(rate: pd.Series) -> str:
    """Rate of one glacier for a title: meters per year of retreat or advance, or why there is none."""
    if not np.isfinite(rate["slope_per_year"]):
        return "too few years"
    if not rate["significant"]:
        return "no significant change"
    verb = "retreat" if rate["slope_per_year"] < 0 else "advance"
    return f"{verb} {abs(rate['slope_per_year']):.0f} m/yr"
