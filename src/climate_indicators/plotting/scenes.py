"""Contact sheet of a site's scenes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.rgb import common_stretch, display, read_classes, read_rgb
from climate_indicators.plotting.style import GAP, OUTLINE, no_ticks, scale_bar


def scenes_figure(
    paths: Sequence[str], titles: Sequence[str], labels: str, rgb: Sequence[str], reference_year: int
) -> Figure:
    """Images of all scenes side by side, each under the outlines of the reference year.

    All share one stretch (2nd to 98th percentile over the scenes together), so that they can be compared.

    Parameters
    ----------
    paths, titles : scenes on one grid in meters, and the title of each.
    labels : raster of the outlines: 1 glacier.
    rgb : names of the bands shown as red, green and blue.
    reference_year : year of the outlines, named in the legend.
    """
    images = [read_rgb(path, rgb) for path in paths]
    limits = common_stretch(images)
    glacier = read_classes(labels) == 1
    with opened(labels) as raster:
        left, bottom, right, top = raster.bounds
    columns = min(3, len(paths))
    rows = math.ceil(len(paths) / columns)
    size = 3.6 if columns > 1 else 6.0
    figure = Figure(figsize=(size * columns, size * rows * (top - bottom) / (right - left) + 0.35 * rows + 0.5))
    figure.set_layout_engine("constrained")
    for number, (image, title) in enumerate(zip(images, titles, strict=True)):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(display(image, limits), extent=(left, right, bottom, top), interpolation="nearest")
        axes.contour(glacier, [0.5], colors=OUTLINE, linewidths=0.8, origin="upper", extent=(left, right, bottom, top))
        no_ticks(axes)
        axes.set_title(title, fontsize=9)
        scale_bar(axes, right - left)
    handles = [
        Line2D([], [], color=OUTLINE, label=f"outlines of {reference_year}"),
        Patch(color=GAP, label="cloud, gap or outside"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure
