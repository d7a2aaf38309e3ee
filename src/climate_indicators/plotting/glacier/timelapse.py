"""Animation of the yearly images under their mapped outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import rasterio
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.animation import pixels
from climate_indicators.plotting.rgb import common_stretch, display, read_classes, read_rgb
from climate_indicators.plotting.style import GAP, OUTLINE, YELLOW, heading, no_ticks, scale_bar

REFERENCE = YELLOW  # yellow of the Okabe–Ito colors
# colors that the animation must not change
EXACT = (OUTLINE, REFERENCE, GAP, "#FFFFFF", "#000000")


def timelapse_frames(
    scenes: Sequence[str],
    extents: Sequence[str],
    labels: str,
    areas: pd.DataFrame,
    rgb: Sequence[str],
    reference_year: int,
    confidence: float,
) -> list[np.ndarray]:
    """One picture per year: its own image in one stretch for all, its mapped outline, year, area with interval.

    Parameters
    ----------
    scenes, extents : rasters of each year, in the order of ``areas``.
    labels : outlines of the reference year: 1 glacier.
    areas : ``year, date, area_km2, lower_km2, upper_km2, flag``.
    rgb : names of the bands shown as red, green and blue.
    reference_year : year of the outlines, named in the legend.
    confidence : of the areas' intervals.

    Returns
    -------
    uint8 arrays of one shape (rows, columns, 3).
    """
    images = [read_rgb(path, rgb) for path in scenes]
    stretch = common_stretch(images)
    reference = read_classes(labels)
    with opened(labels) as raster:
        bounds = raster.bounds
    frames = []
    for image, extent, row in zip(images, extents, areas.itertuples(), strict=True):
        figure = _frame(display(image, stretch), read_classes(extent), reference, bounds, reference_year)
        date = row.date if isinstance(row.date, str) and row.date else str(row.year)
        flag = f" ({row.flag})" if isinstance(row.flag, str) and row.flag else ""
        interval = f"{100 * confidence:.4g} % interval {row.lower_km2:.1f} to {row.upper_km2:.1f} km²"
        heading(figure.axes[0], f"{date}{flag}", f"glacier area {row.area_km2:.1f} km², {interval}", 80)
        frames.append(pixels(figure))
    return frames


def _frame(
    picture: np.ndarray, extent: np.ndarray, reference: np.ndarray, bounds: rasterio.coords.BoundingBox, year: int
) -> Figure:
    width, height = bounds.right - bounds.left, bounds.top - bounds.bottom
    side = 5.6
    wide, high = side * min(1.0, width / height), side * min(1.0, height / width)
    # fixed layout in inches, so that the map has the same position in all frames
    whole = (max(wide, 4.6) + 0.3, high + 0.95)
    figure = Figure(figsize=whole)
    axes = figure.add_axes((0.15 / whole[0], 0.4 / whole[1], wide / whole[0], high / whole[1]))
    place = {"origin": "upper", "extent": (bounds.left, bounds.right, bounds.bottom, bounds.top)}
    axes.imshow(picture, interpolation="nearest", **place)
    for classes, color, line_width, style in ((reference, REFERENCE, 1.0, "dashed"), (extent, OUTLINE, 1.1, "solid")):
        # a line is drawn between glacier and ground that was seen, not along the edge of a cloud
        seen = np.ma.masked_equal(classes, BYTE_NODATA).astype("float32")
        if seen.count() and seen.min() < seen.max():
            axes.contour(seen, [0.5], colors=color, linewidths=line_width, linestyles=style, **place)
    no_ticks(axes)
    scale_bar(axes, width)
    handles = [
        Line2D([], [], color=OUTLINE, label="mapped outline"),
        Line2D([], [], color=REFERENCE, linestyle="dashed", label=f"outlines of {year}"),
        Patch(color=GAP, label="cloud, gap or outside"),
    ]
    figure.legend(handles=handles, loc="lower center", ncols=3, frameon=False, fontsize=8)
    return figure
