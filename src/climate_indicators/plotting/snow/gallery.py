"""Gallery of test triplets: radar change, color image, mask, and the network's map compared with the mask."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.geo.grid import Grid
from climate_indicators.plotting.chip_scale import chip_scale_bar
from climate_indicators.plotting.map_comparison import comparison_legend, draw_comparison, draw_mask
from climate_indicators.plotting.style import GAP, SKY_BLUE, no_ticks
from climate_indicators.snow.triplets.examples import Example

SNOW = SKY_BLUE
CHANGE_DB = 6.0
COLUMNS = ("VV minus snow-free reference", "Sentinel-2 image", "snow mask from the image", "U-Net map against the mask")


def snow_gallery_figure(examples: Sequence[Example], site: str, grid: Grid) -> Figure:
    """A row per triplet, four pictures each.

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
    comparison_legend(figure, {"snow (mask)": SNOW}, "no snow", "not known")
    return figure


def _draw(row: Sequence[Axes], example: Example):
    row[0].set_facecolor(GAP)
    picture = row[0].imshow(example.change, "PuOr", vmin=-CHANGE_DB, vmax=CHANGE_DB, interpolation="nearest")
    rgb = example.rgb / 255
    rgb[(example.rgb == 0).all(axis=2)] = int(GAP[1:3], 16) / 255
    row[1].imshow(rgb, interpolation="nearest")
    draw_mask(row[2], example.truth, SNOW)
    draw_comparison(row[3], example.mapped, example.truth)
    row[3].yaxis.set_label_position("right")
    row[3].set_ylabel(example.title, rotation=0, ha="left", va="center", labelpad=8, fontsize=9)
    no_ticks(*row)
    return picture
