"""Contact sheet of a site's scenes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import rasterio
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from climate_indicators.figures.style import GAP, OUTLINE, scale_bar

LARGEST_SIDE = 600
BRIGHTEN = 0.6  # exponent of the display: beside snow, rock would be black on a linear scale


def scenes_figure(
    paths: Sequence[str], titles: Sequence[str], labels: str, rgb: Sequence[str], reference_year: int
) -> Figure:
    """Images of all scenes side by side, each under the outlines of the reference year.

    All share one stretch (2nd to 98th percentile over the scenes together), so that they can be compared.

    Parameters
    ----------
    paths, titles : scenes on one grid in metres, and what stands above each.
    labels : raster of the outlines: 1 glacier.
    rgb : names of the bands shown as red, green and blue.
    reference_year : year of the outlines, named in the legend.
    """
    images = [_read(path, rgb) for path in paths]
    values = np.concatenate([image[np.isfinite(image)] for image in images])
    low, high = np.percentile(values, [2, 98])
    with rasterio.open(labels) as raster:
        shape = images[0].shape[:2]
        glacier = raster.read(1, out_shape=shape) == 1
        left, bottom, right, top = raster.bounds
    columns = min(3, len(paths))
    rows = math.ceil(len(paths) / columns)
    size = 3.6 if columns > 1 else 6.0
    figure = Figure(figsize=(size * columns, size * rows * (top - bottom) / (right - left) + 0.35 * rows + 0.5))
    figure.set_layout_engine("constrained")
    for number, (image, title) in enumerate(zip(images, titles, strict=True)):
        axes = figure.add_subplot(rows, columns, number + 1)
        shown = np.clip((image - low) / (high - low), 0, 1) ** BRIGHTEN
        shown[~np.isfinite(image).all(axis=2)] = int(GAP[1:3], 16) / 255
        axes.imshow(shown, extent=(left, right, bottom, top), interpolation="nearest")
        axes.contour(glacier, [0.5], colors=OUTLINE, linewidths=0.8, origin="upper", extent=(left, right, bottom, top))
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_title(title, fontsize=9)
        scale_bar(axes, right - left)
    handles = [
        Line2D([], [], color=OUTLINE, label=f"outlines of {reference_year}"),
        Patch(color=GAP, label="cloud, gap or outside"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _read(path: str, rgb: Sequence[str]) -> np.ndarray:
    """Bands of a scene by name, thinned to at most ``LARGEST_SIDE`` pixels; float32 (rows, columns, 3), NaN in gaps."""
    with rasterio.open(path) as raster:
        indexes = [raster.descriptions.index(band) + 1 for band in rgb]
        shrink = max(1.0, max(raster.shape) / LARGEST_SIDE)
        shape = (len(rgb), round(raster.height / shrink), round(raster.width / shrink))
        numbers = raster.read(indexes, out_shape=shape)
        image = numbers.astype("float32") * raster.scales[0]
        image[numbers == raster.nodata] = np.nan
    return image.transpose(1, 2, 0)
