"""Gallery of predictions: image, probability, and extent beside the reference outlines, on held-out blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from rasterio.windows import Window

from climate_indicators.core.raster_encoding import BYTE_NODATA, PROBABILITY_SCALE
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.rgb import common_stretch, display, read_classes, read_rgb
from climate_indicators.plotting.style import GAP, scale_bar

# Okabe–Ito: blue where both agree, orange and reddish purple where they do not
BOTH, MAP_ONLY, OUTLINES_ONLY, NEITHER = "#0072B2", "#E69F00", "#CC79A7", "#F2F2F2"
CLASS_COLOURS = (NEITHER, OUTLINES_ONLY, MAP_ONLY, BOTH, GAP)
UNKNOWN = 4


@dataclass(frozen=True)
class GalleryScene:
    """Year and rasters of one scene: image, probability and extent on one grid."""

    year: int
    image: str
    probability: str
    extent: str


def example_blocks(blocks: pd.DataFrame, count: int) -> pd.DataFrame:
    """Test blocks in which glacier and ground are most evenly mixed; of two equal ones the first.

    Parameters
    ----------
    blocks : ``block, row_start, row_stop, col_start, col_stop, split, label_fraction``.
    count : how many at most.
    """
    test = blocks[blocks.split == "test"]
    order = (test.label_fraction - 0.5).abs().sort_values(kind="stable").index
    return test.loc[order[:count]]


def gallery_figure(scenes: Sequence[GalleryScene], labels: str, blocks: pd.DataFrame, rgb: Sequence[str]) -> Figure:
    """Rows of image, probability of glacier, and map against outlines: one row a block and year.

    Parameters
    ----------
    scenes : the year of the outlines first.
    labels : outlines of that year: 1 glacier, 0 not, 255 outside.
    blocks : cut-outs, as `example_blocks` gives them.
    rgb : names of the bands shown as red, green and blue.
    """
    reference_year = scenes[0].year
    cuts = [(block, scene, _window(block)) for block in blocks.itertuples() for scene in scenes]
    images = [read_rgb(scene.image, rgb, window) for _, scene, window in cuts]
    stretch = common_stretch(images)
    figure = Figure(figsize=(9.0, 2.75 * len(cuts) + 1.1))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(len(cuts), 3, squeeze=False)
    shown = None
    for (block, scene, window), image, row in zip(cuts, images, panels, strict=True):
        extent = read_classes(scene.extent, window)
        place = _place(labels, window)
        row[0].imshow(display(image, stretch), extent=place, interpolation="nearest")
        probability = np.ma.masked_equal(read_classes(scene.probability, window), BYTE_NODATA) * PROBABILITY_SCALE
        colours = matplotlib.colormaps["cividis"].with_extremes(bad=GAP)
        shown = row[1].imshow(probability, colours, vmin=0, vmax=1, extent=place, interpolation="nearest")
        classes = compare(extent, read_classes(labels, window))
        row[2].imshow(classes, ListedColormap(CLASS_COLOURS), vmin=0, vmax=4, extent=place, interpolation="nearest")
        for axes in row:
            _frame(axes)
        scale_bar(row[0], place[1] - place[0])
        row[0].set_ylabel(f"{scene.year}\ntest block {block.block}")
    titles = ("image", "probability of glacier", f"map and outlines of {reference_year}")
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=10)
    figure.colorbar(shown, ax=panels[-1, 1], location="bottom", label="probability of glacier", shrink=0.8)
    names = ("in neither", "outlines only", "map only", "glacier in both", "cloud, gap or outside")
    handles = [
        Patch(facecolor=colour, edgecolor="#666666", linewidth=0.5, label=name)
        for colour, name in zip(CLASS_COLOURS, names, strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    return figure


def compare(extent: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where map and outlines agree.

    Parameters
    ----------
    extent, labels : uint8, one shape: 1 glacier, 0 not, 255 not known.

    Returns
    -------
    uint8: 0 glacier in neither, 1 in the outlines only, 2 in the map only, 3 in both, 4 where one is not known.
    """
    unknown = (extent == BYTE_NODATA) | (labels == BYTE_NODATA)
    return np.where(unknown, UNKNOWN, 2 * (extent == 1) + (labels == 1)).astype("uint8")


def _window(block: tuple) -> Window:
    return Window.from_slices((block.row_start, block.row_stop), (block.col_start, block.col_stop))


def _place(path: str, window: Window) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a window, as ``imshow`` wants them."""
    with opened(path) as raster:
        left, top = raster.transform @ (window.col_off, window.row_off)
        right, bottom = raster.transform @ (window.col_off + window.width, window.row_off + window.height)
    return left, right, bottom, top


def _frame(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
