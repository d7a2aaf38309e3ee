"""Gallery of predictions on held-out blocks: image, probability, and extent with the reference outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rasterio.windows import Window

from climate_indicators.core.raster_encoding import BYTE_NODATA, PROBABILITY_SCALE
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.map_comparison import CLASS_COLORS, color_legend, draw_comparison
from climate_indicators.plotting.rgb import common_stretch, display, read_classes, read_rgb
from climate_indicators.plotting.style import GAP, no_ticks, scale_bar


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
    """Rows of image, probability of glacier, and map against outlines: one row per block and year.

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
        colors = matplotlib.colormaps["cividis"].with_extremes(bad=GAP)
        shown = row[1].imshow(probability, colors, vmin=0, vmax=1, extent=place, interpolation="nearest")
        draw_comparison(row[2], extent, read_classes(labels, window), extent=place)
        no_ticks(*row)
        scale_bar(row[0], place[1] - place[0])
        row[0].set_ylabel(f"{scene.year}\ntest block {block.block}")
    titles = ("image", "probability of glacier", f"map and outlines of {reference_year}")
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=10)
    figure.colorbar(shown, ax=panels[-1, 1], location="bottom", label="probability of glacier", shrink=0.8)
    names = ("in neither", "outlines only", "map only", "glacier in both", "cloud, gap or outside")
    color_legend(figure, dict(zip(names, CLASS_COLORS, strict=True)), fontsize=8)
    return figure


def _window(block: tuple) -> Window:
    return Window.from_slices((block.row_start, block.row_stop), (block.col_start, block.col_stop))


def _place(path: str, window: Window) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a window, as ``imshow`` wants them."""
    with opened(path) as raster:
        left, top = raster.transform @ (window.col_off, window.row_off)
        right, bottom = raster.transform @ (window.col_off + window.width, window.row_off + window.height)
    return left, right, bottom, top
