"""Contact sheet of training patches with each augmentation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.plotting.patches import choose_patches
from climate_indicators.plotting.rgb import common_stretch, display
from climate_indicators.plotting.style import OUTLINE, no_ticks
from climate_indicators.segmentation.augmentation import Augmentation, augment
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

SAMPLES = 4
SEEN_CHANGE = 1e-3  # of a standard deviation; less is rounding
TRIES = 20  # draws until a change that is there by chance only, such as a mirroring, is seen
NAMES = {
    "flip": "mirrored",
    "rotate": "quarter turns",
    "rotation_deg": "turned ± {:g}°",
    "zoom": "zoom ± {:.0%}",
    "brightness": "brightness ± {:g} sd",
    "contrast": "contrast ± {:.0%}",
    "noise": "noise {:g} sd",
}


def augmentation_figure(path: str, settings: Augmentation, seed: int, rgb: Sequence[str]) -> Figure:
    """Rows of one training patch each: as it is, under each change that is switched on alone, and under all.

    Parameters
    ----------
    path : patch file.
    settings : of the training; each of its fields that is switched on has a column.
    seed : start of the random numbers of the changes.
    rgb : names of the bands shown as red, green and blue.
    """
    with h5py.File(path) as store:
        bands = json.loads(store.attrs["bands"])
        channels = [bands.index(band) for band in rgb]
        spread = choose_patches(store["label"], store["split"][:] == SPLIT_VALUES["train"], SAMPLES + 2)
        chosen = spread[1:-1] if len(spread) == SAMPLES + 2 else spread[:SAMPLES]
        parts = [(store["image"][one], store["label"][one], store["valid"][one]) for one in chosen]
        levels = [store.attrs[name][channels] for name in ("mean", "std")]
        eight_bits = store["image"].dtype == "uint8"
    samples = [(image[..., channels].astype("float32"), label, valid) for image, label, valid in parts]
    gaps = [np.where(valid[..., None], image, np.nan) for image, _, valid in samples]
    stretch = None if eight_bits else common_stretch(gaps)
    columns = list(changes(settings))
    figure = _frame(len(samples), ["original", *(name for name, _ in columns)])
    for row, sample in enumerate(samples):
        panels = figure.axes[row * (len(columns) + 1) :]
        _draw(panels[0], sample[0], sample[1], stretch)
        for place, (_, change) in enumerate(columns, start=1):
            _draw(panels[place], *changed(sample, levels, change, [seed, row, place]), stretch)
    return figure


def changes(settings: Augmentation) -> Iterator[tuple[str, Augmentation]]:
    """Name and settings of each change that is switched on, alone, and of all together if there are several."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    none = {name: type(value)(0) for name, value in values.items()}
    on = [name for name, value in values.items() if value]
    for name in on:
        yield NAMES.get(name, name.replace("_", " ")).format(values[name]), Augmentation(**none | {name: values[name]})
    if len(on) > 1:
        yield "all together", settings


def changed(
    sample: tuple[np.ndarray, np.ndarray, np.ndarray], levels: Sequence[np.ndarray], change: Augmentation,
    seed: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Image and label of a patch under a change: the first draw that differs from the patch, if any does.

    Parameters
    ----------
    sample : image float32 (size, size, bands), label uint8 and valid bool (size, size).
    levels : mean and standard deviation, (bands,) each.
    change : as `changes` gives it.
    seed : start of the random numbers.
    """
    rng = np.random.default_rng(list(seed))
    before = np.where(sample[2][..., None], sample[0], levels[0])  # the exact mean, which 8 bits round
    for _ in range(TRIES):
        images, labels = augment(*(part[None] for part in sample), *levels, change, rng)
        if np.abs(images[0] - before).max() > SEEN_CHANGE * np.max(levels[1]):
            break
    return images[0], labels[0]


def _frame(rows: int, titles: Sequence[str]) -> Figure:
    figure = Figure(figsize=(1.6 * len(titles) + 0.2, 1.6 * rows + 1.0))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(rows, len(titles), squeeze=False)
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    handles = [
        Line2D([], [], color=OUTLINE, label="outline of the labels"),
        Line2D([], [], linestyle="none", label="uniform areas: no data, set to the mean"),
        Line2D([], [], linestyle="none", label="sd: standard deviation of a band"),
    ]
    # as many columns as the sheet is wide enough for
    width = 3 if len(titles) > 5 else 1
    figure.legend(handles=handles, loc="outside lower center", ncols=width, frameon=False, fontsize=9)
    return figure


def _draw(axes: Axes, image: np.ndarray, label: np.ndarray, stretch: tuple[float, float] | None) -> None:
    shown = np.clip(image / 255, 0, 1) if stretch is None else display(image, stretch)
    axes.imshow(shown, interpolation="nearest")
    positive = np.where(label == BYTE_NODATA, np.nan, label == 1)
    if (label == 1).any() and (label == 0).any():
        axes.contour(positive, [0.5], colors=OUTLINE, linewidths=0.7)
    no_ticks(axes)
