"""Gallery of test triplets: radar change, colour image, mask, and the network's map beside the mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.plotting.chip_scale import chip_scale_bar
from climate_indicators.plotting.glacier.gallery import BOTH, CLASS_COLOURS, MAP_ONLY, NEITHER, OUTLINES_ONLY, compare
from climate_indicators.plotting.style import GAP
from climate_indicators.snow.triplets.examples import Example

SNOW = "#56B4E9"
CHANGE_DB = 6.0
COLUMNS = ("VV less snow-free reference", "Sentinel-2 image", "snow mask from the image", "U-Net map against the mask")


def snow_gallery_figure(examples: Sequence[Example], site: str, grid: Grid) -> Figure:
    """A row a triplet, four pictures each.

    Parameters
    ----------
    examples : as `climate_indicators.snow.triplets.examples.read_examples` gives them.
    site : name in the title.
    grid : of the site, for the scale bar.
    """
    figure = Figure(figsize=(11.0, 1.95 * len(examples) + 1.3))
    figure.set_layout_engine("constrained", w_pad=0.05, h_pad=0.06)
    panels = figure.subplots(len(examples), len(COLUMNS), squeeze=False)
    for row, example in zip(panels, examples, strict=True):
        picture = _draw(row, example)
    for axes, name in zip(panels[0], COLUMNS, strict=True):
        axes.set_title(name, fontsize=9.5)
    figure.colorbar(picture, ax=panels[:, 0].tolist(), location="left", label="change (dB)", shrink=0.7, aspect=30)
    side = examples[0].truth.shape[0]
    chip_scale_bar(panels[0, 1], side, grid)
    figure.suptitle(f"Test triplets of {side} × {side} pixels, {site}", fontsize=11)
    colours = {
        "snow (mask)": SNOW,
        "found": BOTH,
        "missed": OUTLINES_ONLY,
        "false": MAP_ONLY,
        "no snow": NEITHER,
        "not known": GAP,
    }
    handles = [Patch(facecolor=one, edgecolor="#666666", linewidth=0.5, label=name) for name, one in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def _draw(row: Sequence[Axes], example: Example):
    row[0].set_facecolor(GAP)
    picture = row[0].imshow(example.change, "PuOr", vmin=-CHANGE_DB, vmax=CHANGE_DB, interpolation="nearest")
    rgb = example.rgb / 255
    rgb[(example.rgb == 0).all(axis=2)] = int(GAP[1:3], 16) / 255
    row[1].imshow(rgb, interpolation="nearest")
    truth = np.where(example.truth == BYTE_NODATA, 2, example.truth)
    row[2].imshow(truth, ListedColormap((NEITHER, SNOW, GAP)), vmin=0, vmax=2, interpolation="nearest")
    classes = compare(example.mapped, example.truth)
    row[3].imshow(classes, ListedColormap(CLASS_COLOURS), vmin=0, vmax=4, interpolation="nearest")
    row[3].yaxis.set_label_position("right")
    row[3].set_ylabel(example.title, rotation=0, ha="left", va="center", labelpad=8, fontsize=9)
    for axes in row:
        axes.set_xticks([])
        axes.set_yticks([])
    return picture
