"""Contact sheet of patches."""

from __future__ import annotations

import json
from collections.abc import Sequence

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.plotting.rgb import common_stretch, display
from climate_indicators.plotting.style import GAP, OUTLINE, no_ticks
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

COLUMNS = 8
SHOWN = 24
LOOKED_AT = 400  # patches of a split whose labels are read, so that a large file takes no longer


PALE = 0.6  # strength of the white veil over pixels without a label


def patches_figure(path: str, rgb: Sequence[str]) -> Figure:
    """About 24 patches, split by split, each split's from its lowest to its highest share of positive pixels.

    Parameters
    ----------
    path : file of `climate_indicators.segmentation.patches.write_patches`.
    rgb : names of the bands shown as red, green and blue.
    """
    with h5py.File(path) as store:
        bands = json.loads(store.attrs["bands"])
        channels = [bands.index(band) for band in rgb]
        split = store["split"][:]
        present = [name for name, value in SPLIT_VALUES.items() if (split == value).any()]
        each = SHOWN // len(present) // COLUMNS * COLUMNS
        chosen = {name: choose_patches(store["label"], split == SPLIT_VALUES[name], each) for name in present}
        numbers = [number for part in chosen.values() for number in part]
        labels = {number: store["label"][number] for number in numbers}
        valid = {number: store["valid"][number] for number in numbers}
        images = {number: _image(store["image"][number], valid[number], channels) for number in numbers}
        blocks = {number: int(store["block"][number]) for number in numbers}
    figure, limits = _sheet(chosen), common_stretch(list(images.values()))
    for axes, number in zip(figure.axes, numbers, strict=True):
        _draw_patch(axes, display(images[number], limits), labels[number], valid[number])
        axes.set_title(f"block {blocks[number]}, {_share(labels[number]):.0%}", fontsize=8)
    return figure


def choose_patches(labels: h5py.Dataset | np.ndarray, own: np.ndarray, count: int) -> list[int]:
    """Patches spread evenly from the lowest to the highest share of positive pixels.

    Parameters
    ----------
    labels : uint8, shape (patches, size, size): 1 positive, 0 negative, 255 unknown.
    own : bool, shape (patches,): which to choose among; at most ``LOOKED_AT`` of them, evenly spread, are looked at.
    count : number wanted.

    Returns
    -------
    Numbers of at most ``count`` patches, by rising share.
    """
    candidates = _spread(np.flatnonzero(own), LOOKED_AT)
    shares = [_share(labels[number]) for number in candidates.tolist()]
    return _spread(candidates[np.argsort(shares, kind="stable")], count).tolist()


def _spread(numbers: np.ndarray, count: int) -> np.ndarray:
    """At most ``count`` of the numbers, evenly spread, first and last among them."""
    if len(numbers) <= count:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, count).round().astype(int)]


def _share(label: np.ndarray) -> float:
    """Share of positives among the known pixels of a patch."""
    known = label != BYTE_NODATA
    return float((label[known] == 1).mean()) if known.any() else 0.0


def _image(values: np.ndarray, valid: np.ndarray, channels: Sequence[int]) -> np.ndarray:
    image = values[:, :, channels].astype("float32")
    image[~valid] = np.nan
    return image


def _sheet(chosen: dict[str, list[int]]) -> Figure:
    """Figure with one panel per patch, the splits below each other under their names."""
    rows = {name: -(-len(part) // COLUMNS) for name, part in chosen.items()}
    figure = Figure(figsize=(1.45 * COLUMNS, sum(1.75 * count + 0.3 for count in rows.values()) + 0.4))
    figure.set_layout_engine("constrained")
    parts = figure.subfigures(len(chosen), 1, height_ratios=[1.75 * count + 0.3 for count in rows.values()])
    for part, (name, numbers) in zip(np.atleast_1d(parts), chosen.items(), strict=True):
        part.suptitle(name, fontsize=11, x=0.01, ha="left", weight="bold")
        for place in range(len(numbers)):
            part.add_subplot(rows[name], COLUMNS, place + 1)
    handles = [
        Line2D([], [], color=OUTLINE, label="outline of the labels"),
        Patch(color=GAP, label="cloud or gap"),
        Patch(facecolor="#CCCCCC", edgecolor="#999999", label="pale: not of this split, filled by mirroring, no label"),
        Line2D([], [], linestyle="none", label="%: share of positive among known pixels"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw_patch(axes: Axes, shown: np.ndarray, label: np.ndarray, valid: np.ndarray) -> None:
    axes.imshow(shown, interpolation="nearest")
    veil = np.ones((*label.shape, 4))
    veil[..., 3] = np.where((label == BYTE_NODATA) & valid, PALE, 0.0)
    axes.imshow(veil, interpolation="nearest")
    positive = (label == 1).astype("float32")
    positive[label == BYTE_NODATA] = np.nan
    if (label == 1).any():
        axes.contour(positive, [0.5], colors=OUTLINE, linewidths=0.9)
    no_ticks(axes)
