"""Animation of the biomes from month to month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from climate_indicators.plotting.ocean.maps import COAST, HATCH, LAND, class_handles, class_map, legend_columns

MAX_FRAMES = 120
NAMES = "January February March April May June July August September October November December".split()
WIDTH_IN = 7.6


def chosen_months(months: Sequence[str], max_frames: int = MAX_FRAMES) -> list[str]:
    """Months that an animation shows: all, or if they are too many whole years, spread evenly from first to last.

    Whole years keep the season readable; a month out of every few would mix it with the change.

    Parameters
    ----------
    months : ``YYYY-MM``, in order.
    max_frames : the most frames; at least 24.
    """
    months = list(months)
    if len(months) <= max_frames:
        return months
    ends = [month[:4] for month in months if month[5:7] in ("01", "12")]
    years = sorted({year for year in ends if ends.count(year) == 2})
    if len(years) < 2:
        return months[:max_frames]
    picked = np.linspace(0, len(years) - 1, min(max_frames // 12, len(years))).round().astype(int)
    kept = {years[place] for place in picked}
    return [month for month in months if month[:4] in kept]


def exact_colors(colors: Mapping[int, str]) -> list[str]:
    """Colors that the animation must keep: those of the biomes, of land, coast, hatches, paper and text."""
    return [*(color.upper() for _, color in sorted(colors.items())), LAND, COAST, HATCH, "#FFFFFF", "#000000"]


def ocean_frames(
    cells: xr.Dataset, labels: np.ndarray, months: Sequence[str], names: Mapping[int, str], colors: Mapping[int, str],
    site: str,
) -> list[np.ndarray]:  # fmt: skip
    """One image per month: the biomes on a map with fixed position, the month and the legend.

    What does not change is drawn once; each frame adds cells, what lies above them, and its title.

    Parameters
    ----------
    cells : ``lat_bnds, lon_bnds`` and the coast grid.
    labels : int, shape (months, n_lat, n_lon): −2 no data, −1 land, 0 unclassified, from 1 on biomes; the title of a
        month without data says so.
    months : ``YYYY-MM`` of each.
    names, colors : of each biome by its label.
    site : name in the title.

    Returns
    -------
    uint8 arrays of one shape (rows, columns, 3).
    """
    handles = class_handles(names, colors)
    columns = legend_columns(handles, WIDTH_IN - 0.4)
    below = 0.25 + 0.19 * -(-len(handles) // columns)
    # fixed layout in inches, so that the map has the same position in all frames
    map_height = 0.5 * WIDTH_IN
    height = map_height + below + 0.35
    figure = Figure(figsize=(WIDTH_IN, height))
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(100)
    axes = figure.add_axes((0.04, below / height, 0.94, map_height / height))
    mesh = class_map(axes, cells, labels[0], colors)
    figure.legend(handles=handles, loc="lower center", ncols=columns, frameon=False, fontsize=8)
    title = figure.text(0.02, 1 - 0.08 / height, "", va="top", fontsize=11, fontweight="bold")
    above = [*axes.collections, *axes.lines, *(patch for patch in axes.patches if patch.get_zorder() > 0)]
    moving = sorted(above, key=lambda artist: artist.get_zorder())
    for artist in [*moving, title]:
        artist.set_animated(True)
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    frames = []
    for month, one in zip(months, labels, strict=True):
        mesh.set_array(np.ma.masked_less(one, 1))
        lacking = "" if (one >= 0).any() else " (no data)"
        title.set_text(f"{site}: carbon biomes, {NAMES[int(month[5:7]) - 1]} {month[:4]}{lacking}")
        canvas.restore_region(still)
        for artist in moving:
            axes.draw_artist(artist)
        figure.draw_artist(title)
        frames.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return frames
