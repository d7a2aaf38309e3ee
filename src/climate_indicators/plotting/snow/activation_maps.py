"""Activation maps of a network for optical and radar images of the same places, at several depths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from climate_indicators.plotting.style import no_ticks

PANEL = 1.45  # inches
LIMITS = (2, 98)  # percentiles of a map that the colors run between


@dataclass(frozen=True)
class Example:
    """One place, seen by both sensors.

    Attributes
    ----------
    name : of the triplet.
    pictures : optical and radar, each uint8, shape (rows, columns, 3).
    maps : optical and radar, each float32 maps (cells, cells) by name of the depth, in order.
    """

    name: str
    pictures: tuple[np.ndarray, np.ndarray]
    maps: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]


def paired(names: Sequence[str], pictures: np.ndarray, maps: Mapping[str, np.ndarray]) -> list[Example]:
    """Examples of pictures that come in pairs, optical before radar.

    Parameters
    ----------
    names : of the triplets.
    pictures : uint8, shape (2 × names, rows, columns, 3).
    maps : float32, shape (2 × names, cells, cells), by name of the depth, in order.
    """
    examples = []
    for number, name in enumerate(names):
        both = [{depth: layer[2 * number + sensor] for depth, layer in maps.items()} for sensor in (0, 1)]
        examples.append(Example(name, tuple(pictures[2 * number : 2 * number + 2]), tuple(both)))
    return examples


def activation_figure(model: str, weights: str, examples: Sequence[Example], channels: Sequence[str]) -> Figure:
    """Two rows an example, optical above radar: the picture, then a map for each depth.

    Parameters
    ----------
    model : name of the network.
    weights : description of its weights, such as ``random weights``, for the title.
    examples : one or more, with the same depths.
    channels : names of the radar bands shown as red, green and blue.
    """
    depths = list(examples[0].maps[0])
    rows, columns = 2 * len(examples), 1 + len(depths)
    figure = Figure(figsize=(PANEL * columns + 1.5, PANEL * 1.12 * rows + 1.2))
    figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03)
    panels = figure.subplots(rows, columns, squeeze=False)
    for number, example in enumerate(examples):
        for sensor, (picture, maps) in enumerate(zip(example.pictures, example.maps, strict=True)):
            line = panels[2 * number + sensor]
            line[0].imshow(picture)
            line[0].set_ylabel("radar" if sensor else f"{example.name}\noptical", fontsize=8)
            for axes, depth in zip(line[1:], depths, strict=True):
                _draw(axes, maps[depth], picture.shape[:2])
                if sensor:
                    r = map_correlation(example.maps[0][depth], maps[depth])
                    text = "r not defined" if np.isnan(r) else f"r = {r:.2f}".replace("-", "−")
                    axes.set_xlabel(text, fontsize=8, labelpad=2)
    for axes, name in zip(panels[0], ["image", *depths], strict=True):
        axes.set_title(name, fontsize=9)
    for axes in panels.ravel():
        no_ticks(axes)
    figure.suptitle(
        f"{model}, {weights}: response to optical and radar images\n"
        f"radar as red, green, blue: {', '.join(channels)} · r: correlation with the optical image's map",
        fontsize=10,
    )
    bar = figure.colorbar(ScalarMappable(Normalize(*LIMITS), "viridis"), ax=panels, shrink=0.5, aspect=30)
    bar.set_label("response (norm over channels), percentile within each map", fontsize=8)
    bar.set_ticks(LIMITS, labels=[f"{limit} %" for limit in LIMITS])
    return figure


def map_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of two maps, NaN where one of them is even.

    Parameters
    ----------
    first, second : float, same shape.
    """
    one, other = (np.asarray(layer, "float64").ravel() - np.mean(layer, dtype="float64") for layer in (first, second))
    size = np.sqrt((one @ one) * (other @ other))
    return float(one @ other / size) if size > 1e-12 * len(one) else np.nan


def _draw(axes: Axes, layer: np.ndarray, shape: tuple[int, int]) -> None:
    """Map over the picture's extent, its cells joined smoothly."""
    low, high = np.percentile(layer, LIMITS)
    extent = (-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5)
    axes.imshow(layer, "viridis", vmin=low, vmax=max(high, low + 1e-9), extent=extent, interpolation="bilinear")
