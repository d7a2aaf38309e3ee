"""Prediction of whole images in bounded memory: large overlapping windows, blended, streamed from file to file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.windows import Window
from scipy.special import expit, logit

from climate_indicators.core.raster_encoding import BYTE_NODATA, PROBABILITY_SCALE
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import Engine
from climate_indicators.segmentation.patches import fill_invalid


@dataclass(frozen=True)
class Windows:
    """How an image is cut for prediction.

    Attributes
    ----------
    core_px : side of the part that a window answers for.
    halo_px : margin around it that the network sees too.
    blend_px : width of the strip, half inside and half outside the core, over which neighbors are blended.
    multiple_px : rows and columns of a window must be multiples of this, the network's stride.
    """

    core_px: int
    halo_px: int
    blend_px: int
    multiple_px: int

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], depth: int) -> Windows:
        """Windows of the settings ``window_px``, ``halo_px``, ``blend_px`` for a U-Net of a depth.

        ``halo_px`` None is as far as the network sees: windows then give what one pass over the whole image gives.
        """
        multiple, blend, halo = 2**depth, settings["blend_px"], settings["halo_px"]
        if halo is None:
            halo = _round_up(network_reach(depth) + blend // 2, multiple)
        return cls(settings["window_px"], halo, blend, multiple)

    def __post_init__(self) -> None:
        if self.core_px % self.multiple_px or self.halo_px % self.multiple_px:
            raise ValueError(f"core {self.core_px} and halo {self.halo_px} must be multiples of {self.multiple_px}")
        if self.blend_px % 2 or self.blend_px > 2 * self.halo_px or self.blend_px > self.core_px:
            raise ValueError(f"blend {self.blend_px} must be even, at most the core and twice the halo")


def network_reach(depth: int) -> int:
    """Pixels from which on an input pixel has no influence on an output pixel of `networks.unet`.

    Two 3×3 convolutions at each of ``depth`` levels down and up and at the bottom reach 6 · 2**depth − 4 pixels;
    pooling and upsampling shift by up to 2**depth − 1 more.
    """
    return 7 * 2**depth - 5


def predict_logits(
    engine: Engine,
    stack: RasterStack,
    mean: Sequence[float],
    windows: Windows,
    progress: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Logits of a whole image, strip by strip from the top.

    Neighboring windows are blended linearly; each sees its surroundings, so their results differ little there. The
    network gets an image mirrored at its edges. The next window is read while the present one is computed.

    Parameters
    ----------
    engine : the network.
    stack : the image's channels.
    mean : of each channel, put in place of missing pixels.
    windows : how the image is cut.
    progress : called once per window.

    Yields
    ------
    First row of the strip, its logits, float32 (rows, columns), and where the image has a value, bool.
    """
    height, width = stack.grid.shape
    row_cores, col_cores = (_cores(length, windows) for length in (height, width))
    margin = windows.blend_px // 2
    places = [(rows, cols) for rows in row_cores for cols in col_cores]
    below = np.zeros((0, width), "float32")
    with ThreadPoolExecutor(1) as reader:
        pieces = _read_ahead(reader, stack, places, windows.halo_px)
        for rows in row_cores:
            top, bottom = max(rows[0] - margin, 0), min(rows[1] + margin, height)
            strip, known = np.zeros((bottom - top, width), "float32"), np.zeros((bottom - top, width), bool)
            strip[: len(below)] = below
            for cols in col_cores:
                values, valid = next(pieces)
                left, right = max(cols[0] - margin, 0), min(cols[1] + margin, width)
                inner = np.s_[
                    top - rows[0] + windows.halo_px : bottom - rows[0] + windows.halo_px,
                    left - cols[0] + windows.halo_px : right - cols[0] + windows.halo_px,
                ]
                known[:, left:right] |= valid[inner]
                if valid.any():
                    logits = engine.run(fill_invalid(values, valid, mean)[None])[0]
                    weight = np.outer(_ramp(rows, height, margin), _ramp(cols, width, margin))
                    strip[:, left:right] += logits[inner] * weight
                progress()
            last = bottom == height
            done = (bottom if last else rows[1] - margin) - top
            below = strip[done:]
            yield top, strip[:done], known[:done]


def count_windows(shape: tuple[int, int], windows: Windows) -> int:
    """Number of windows that `predict_logits` runs for an image of this shape."""
    return len(_cores(shape[0], windows)) * len(_cores(shape[1], windows))


def predict_rectangle(
    engine: Engine,
    stack: RasterStack,
    mean: Sequence[float],
    rows: tuple[int, int],
    cols: tuple[int, int],
    windows: Windows,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a rectangle of the image with the same context as in whole-image prediction.

    Returns
    -------
    Logits, float32, shape (rows, columns), and where the image has a value, bool.
    """
    spans = []
    for start, stop in (rows, cols):
        length = stop - start
        spans.append((start - windows.halo_px, start + _round_up(length, windows.multiple_px) + windows.halo_px))
    values, valid = stack.read_padded(*spans)
    inner = np.s_[windows.halo_px :, windows.halo_px :]
    logits = engine.run(fill_invalid(values, valid, mean)[None])[0][inner]
    size = np.s_[: rows[1] - rows[0], : cols[1] - cols[0]]
    return logits[size], valid[inner][size]


def write_prediction(
    probability: str | Path,
    extent: str | Path,
    stack: RasterStack,
    strips: Iterator[tuple[int, np.ndarray, np.ndarray]],
    temperature: float,
    threshold: float,
    names: tuple[str, str],
    tags: dict[str, str],
) -> float:
    """Write calibrated probability and extent of an image as COGs, from the strips of `predict_logits`.

    Parameters
    ----------
    probability : raster to write, uint8, 1/250 a step, 255 missing.
    extent : raster to write, uint8, 1 where the probability reaches the threshold, 255 missing.
    stack : the image, for its grid.
    strips : logits.
    temperature : logits are divided by it (Guo et al. 2017, arXiv:1706.04599).
    threshold : probability, between 0 and 1.
    names : band descriptions of the two rasters.
    tags : text tags of both, such as the engine.

    Returns
    -------
    Share of the pixels with a value that are in the extent; 0 where no pixel has one.
    """
    found = known_pixels = 0
    limit = temperature * logit(threshold)
    with (
        cog_writer(
            probability, stack.grid, "uint8", names[:1], BYTE_NODATA, PROBABILITY_SCALE, tags, "nearest"
        ) as soft,
        cog_writer(extent, stack.grid, "uint8", names[1:], BYTE_NODATA, 1.0, tags, "nearest") as hard,
    ):
        for row, logits, known in strips:
            window = Window(0, row, logits.shape[1], logits.shape[0])
            steps = np.rint(expit(logits / np.float32(temperature)) / np.float32(PROBABILITY_SCALE)).astype("uint8")
            inside = logits >= limit
            soft.write(np.where(known, steps, BYTE_NODATA).astype("uint8"), 1, window=window)
            hard.write(np.where(known, inside, BYTE_NODATA).astype("uint8"), 1, window=window)
            found, known_pixels = found + int((inside & known).sum()), known_pixels + int(known.sum())
    return found / known_pixels if known_pixels else 0.0


def _cores(length: int, windows: Windows) -> list[tuple[int, int]]:
    """Start and stop of each window's core along one side; the last may reach beyond the image.

    Cores share the side evenly in whole multiples, so that no window is computed for a narrow rest.
    """
    multiple = windows.multiple_px
    pieces = -(-length // windows.core_px)
    core = min(windows.core_px, _round_up(-(-length // pieces), multiple))
    return [(start, start + core) for start in range(0, length, core)]


def _ramp(core: tuple[int, int], length: int, margin: int) -> np.ndarray:
    """Weights along one side of a window, from ``margin`` before its core to ``margin`` after it, inside the image."""
    start, stop = core
    ramp = (np.arange(2 * margin, dtype="float32") + 0.5) / max(2 * margin, 1)
    weight = np.ones(stop - start + 2 * margin, "float32")
    if start > 0 and margin:
        weight[: 2 * margin] = ramp
    if stop < length and margin:
        weight[-2 * margin :] = ramp[::-1]
    first = margin if start == 0 else 0
    return weight[first : first + min(stop + margin, length) - max(start - margin, 0)]


def _read_ahead(
    reader: ThreadPoolExecutor, stack: RasterStack, places: list[tuple[tuple[int, int], tuple[int, int]]], halo: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    def read(place: tuple[tuple[int, int], tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        return stack.read_padded(*((start - halo, stop + halo) for start, stop in place))

    ahead = reader.submit(read, places[0])
    for place in [*places[1:], None]:
        piece = ahead.result()
        if place is not None:
            ahead = reader.submit(read, place)
        yield piece


def _round_up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
