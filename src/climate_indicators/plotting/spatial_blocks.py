"""Map of the spatial blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.rgb import common_stretch, display, read_classes, read_rgb
from climate_indicators.plotting.style import BLUE, GRAY, OUTLINE, PURPLE, YELLOW, no_ticks, scale_bar
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

COLORS = {"train": BLUE, "validation": YELLOW, "test": PURPLE}  # of Okabe and Ito, all unlike OUTLINE
TINT = 0.45
MAX_NAMED = 100


def blocks_figure(scene: str, labels: str, splits: str, blocks: pd.DataFrame, rgb: Sequence[str]) -> Figure:
    """The scene, its pixels tinted by split, under its labels' outlines.

    Parameters
    ----------
    scene, labels, splits : rasters of one grid in meters: the image, 1 where positive, and the split of each pixel.
    blocks : table of `climate_indicators.segmentation.spatial_blocks.make_blocks`.
    rgb : names of the bands shown as red, green and blue.
    """
    image = read_rgb(scene, rgb)
    positive, split = read_classes(labels) == 1, read_classes(splits)
    with opened(labels) as raster:
        left, bottom, right, top = raster.bounds
        pixel = abs(raster.transform.a)
    gray = display(image, common_stretch([image])).mean(axis=2, keepdims=True)
    figure = Figure(figsize=(7.0, 7.0 * (top - bottom) / (right - left) + 0.9))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    extent = (left, right, bottom, top)
    axes.imshow(tinted(np.repeat(gray, 3, axis=2), split), extent=extent, interpolation="nearest")
    axes.contour(positive, [0.5], colors=OUTLINE, linewidths=0.9, origin="upper", extent=extent)
    _draw_blocks(axes, blocks, (left, top), pixel)
    no_ticks(axes)
    scale_bar(axes, right - left)
    figure.legend(handles=_legend(blocks), loc="outside lower center", ncols=3, frameon=False)
    return figure


def tinted(image: np.ndarray, split: np.ndarray) -> np.ndarray:
    """Image with each pixel tinted in the color of its split; pixels without split are unchanged.

    Parameters
    ----------
    image : float, shape (rows, columns, 3), 0 to 1.
    split : uint8, shape (rows, columns), values of ``SPLIT_VALUES``.
    """
    shown = image.copy()
    for name, value in SPLIT_VALUES.items():
        own = split == value
        shown[own] = (1 - TINT) * image[own] + TINT * np.array(to_rgb(COLORS[name]))
    return shown


def _draw_blocks(axes: Axes, blocks: pd.DataFrame, corner: tuple[float, float], pixel: float) -> None:
    """Frame of each block with its number and share of positives; of very many only the frames."""
    box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5}
    for block in blocks.itertuples():
        x, y = corner[0] + block.col_start * pixel, corner[1] - block.row_stop * pixel
        width, height = (block.col_stop - block.col_start) * pixel, (block.row_stop - block.row_start) * pixel
        frame = Rectangle((x, y), width, height, fill=False, edgecolor="white", linewidth=0.9)
        frame.set_path_effects([withStroke(linewidth=1.9, foreground="black")])
        axes.add_patch(frame)
        if len(blocks) <= MAX_NAMED:
            text = f"{block.block}: {block.label_fraction:.0%}"
            place = (x + width / 2, y + 0.96 * height)
            axes.text(*place, text, ha="center", va="top", fontsize=7.5, bbox=box)


def _legend(blocks: pd.DataFrame) -> list[Patch | Line2D]:
    counts = blocks.split.value_counts()
    handles = [Patch(color=color, label=f"{name}, {counts[name]} blocks") for name, color in COLORS.items()]
    handles.append(Line2D([], [], color=OUTLINE, label="outlines of the labels"))
    handles.append(Patch(color=GRAY, label="no tint: not used"))
    if len(blocks) <= MAX_NAMED:
        handles.append(Line2D([], [], linestyle="none", label="number: share of positive pixels"))
    return handles
