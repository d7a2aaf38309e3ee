"""Sheet of triplets: radar, its change against the snow-free reference, true colors and snow mask."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.plotting.chip_scale import chip_scale_bar
from climate_indicators.plotting.style import GAP, SKY_BLUE, no_ticks
from climate_indicators.segmentation.spatial_blocks import SPLITS
from climate_indicators.snow.climate.wetness_classes import UNKNOWN
from climate_indicators.snow.scenes.table import MIXED

SHOWN = 4
SNOW, BARE = SKY_BLUE, "#5C4B37"
LAYERS = ("VV", "VV_change")
NAMES = {"VV": "VV", "VV_change": "change of VV", "rgb": "true colors", "label": "snow mask"}
CHANGE_DB = 5.0  # both ends of the scale of changes


def snow_triplets_figure(patches: str, triplets: pd.DataFrame, grid: Grid) -> Figure:
    """A few triplets of each part, from the lowest to the highest share of snow.

    Parameters
    ----------
    patches : file of `climate_indicators.snow.triplets.extraction.write_triplets`.
    triplets : its table.
    grid : of the site, for the length of the scale bar.
    """
    figure = Figure(figsize=(1.2 * SHOWN * len(SPLITS) + 1.4, 6.4))
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 0.95))  # room above for the names of the parts
    # a narrow empty column after each part, and one for the color bars
    widths = [*([1.0] * SHOWN + [0.12]) * len(SPLITS), 0.12]
    panels = figure.subplots(len(NAMES), len(widths), width_ratios=widths)
    for axes in panels.ravel():
        axes.set_axis_off()
    with h5py.File(patches) as store:
        bands, size = json.loads(store.attrs["bands"]), store["label"].shape[1]
        low, high = (store.attrs["mean"] + sign * 2 * store.attrs["std"] for sign in (-1, 1))
        limits = {"VV": (low[0], high[0]), "VV_change": (-CHANGE_DB, CHANGE_DB)}
        for part, split in enumerate(SPLITS):
            own = triplets[triplets["split"] == split]
            first = part * (SHOWN + 1)
            for column, row in enumerate(choose(own).itertuples(), first):
                shown = _draw_triplet(panels[:, column], row, _read(store, row.number, bands), limits)
            _name_part(panels[0, first], f"{split}: {len(own)} triplets")
    for name, axes in zip(NAMES, panels[:, 0], strict=True):
        axes.set_ylabel(NAMES[name], fontsize=9)
    chip_scale_bar(panels[2, 0], size, grid)
    for line, name in enumerate(LAYERS):
        panels[line, -1].set_axis_on()
        figure.colorbar(shown[name], cax=panels[line, -1], label=f"{NAMES[name]}, dB", extend="both")
    handles = [Patch(color=SNOW, label="snow"), Patch(color=BARE, label="no snow"), Patch(color=GAP, label="not known")]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def choose(part: pd.DataFrame, count: int = SHOWN) -> pd.DataFrame:
    """At most ``count`` triplets, evenly spread from the lowest to the highest share of snow."""
    ordered = part.sort_values(["snow_fraction", "triplet"], kind="stable")
    places = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return ordered.iloc[places]


def _read(store: h5py.File, number: int, bands: list[str]) -> dict[str, np.ndarray]:
    image, valid = store["image"][number], store["valid"][number]
    chip = {name: np.where(valid, image[..., bands.index(name)], np.nan) for name in LAYERS}
    rgb = store["rgb"][number].astype("float32") / 255
    rgb[(rgb == 0).all(axis=2)] = int(GAP[1:3], 16) / 255
    return chip | {"rgb": rgb, "label": store["label"][number]}


def _draw_triplet(panels: np.ndarray, row: tuple, chip: dict[str, np.ndarray], limits: dict) -> dict[str, AxesImage]:
    """One column: the images of a triplet, with a title above and its share of snow below."""
    shown = {}
    for axes, name in zip(panels, NAMES, strict=True):
        axes.set_axis_on()
        shown[name] = _draw_layer(axes, name, chip[name], limits)
    place = row.triplet.rsplit("_", 1)[-1]
    orbit = "several orbits" if row.orbit == MIXED else f"orbit {row.orbit}"
    season = row.season if row.regime == UNKNOWN else f"{row.season}, regime {row.regime}"
    panels[0].set_title(f"{str(row.date)[:10]}\n{orbit}\n{place}\n{season}", fontsize=7.5)
    panels[-1].set_xlabel(f"snow {row.snow_fraction:.0%}", fontsize=8)
    return shown


def _name_part(axes: Axes, name: str) -> None:
    place = {"xycoords": "axes fraction", "xytext": (0, 46), "textcoords": "offset points"}
    text = axes.annotate(name, (0, 1), fontsize=11, weight="bold", ha="left", va="bottom", **place)
    text.set_in_layout(False)  # else its length would widen the first column


def _draw_layer(axes: Axes, name: str, layer: np.ndarray, limits: dict) -> AxesImage:
    no_ticks(axes)
    if name == "rgb":
        return axes.imshow(layer, interpolation="nearest")
    if name == "label":
        classes = np.where(layer == BYTE_NODATA, 2, layer)
        return axes.imshow(classes, ListedColormap((BARE, SNOW, GAP)), vmin=0, vmax=2, interpolation="nearest")
    axes.set_facecolor(GAP)
    low, high = limits[name]
    colors = "gray" if name == "VV" else "cividis"
    return axes.imshow(layer, colors, vmin=low, vmax=high, interpolation="nearest")
