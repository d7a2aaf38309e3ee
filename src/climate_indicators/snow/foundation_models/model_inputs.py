"""Radar and optical samples as images with three channels, the input of models trained on photographs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import h5py
import numpy as np
from PIL import Image

from climate_indicators.core.raster_encoding import BYTE_NODATA

POLARIZATIONS = ("VV", "VH", "VV-VH")
CHANGE = ("VV", "VH", "VV_change")
GRAY = ("VV", "VV", "VV")
REACH = 2.5  # display range: number of standard deviations on either side of the mean


def radar_picture(
    image: np.ndarray,
    valid: np.ndarray,
    bands: Sequence[str],
    mean: np.ndarray,
    std: np.ndarray,
    channels: Sequence[str] = CHANGE,
) -> np.ndarray:
    """Radar bands as red, green and blue, with one stretch for all samples of a site.

    Each channel runs from 2.5 standard deviations below its mean to as many above, of the training pixels, so that the
    same backscatter has the same color in all pictures. Missing pixels get the middle gray.

    Parameters
    ----------
    image : float32, shape (rows, columns, bands), dB.
    valid : bool, shape (rows, columns).
    bands : names of the bands.
    mean, std : shape (bands,), dB.
    channels : three names: of bands, or ``A-B`` for the difference of two in dB (the ratio of their powers); its
        spread is taken as the mean of the two, an upper bound unless they vary against each other.

    Returns
    -------
    uint8, shape (rows, columns, 3).
    """
    picture = np.empty((*image.shape[:2], 3), "uint8")
    for place, name in enumerate(channels):
        first, _, second = (name, "", "") if name in bands else name.partition("-")
        at = list(bands).index(first)
        values, middle, spread = image[..., at].astype("float32"), mean[at], std[at]
        if second:
            other = list(bands).index(second)
            values, middle = values - image[..., other], middle - mean[other]
            spread = (spread + std[other]) / 2
        share = np.where(valid, (values - middle) / (2 * REACH * max(spread, 1e-6)) + 0.5, 0.5)
        picture[..., place] = np.rint(255 * np.clip(share, 0, 1))
    return picture


def sample_picture(store: h5py.File, place: int, channels: Sequence[str]) -> np.ndarray:
    """Radar picture of one sample of a patch file, uint8 (size, size, 3), as `radar_picture` makes it."""
    bands = json.loads(store.attrs["bands"])
    levels = store.attrs["mean"], store.attrs["std"]
    return radar_picture(store["image"][place], store["valid"][place], bands, *levels, channels)


def resize(layer: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Layer on a finer or coarser grid of the same extent, linear between the middles of pixels.

    Parameters
    ----------
    layer : float, shape (rows, columns).
    shape : rows and columns wanted.

    Returns
    -------
    float32, of that shape.
    """
    picture = Image.fromarray(np.ascontiguousarray(layer, "float32"))
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BILINEAR))


def color_picture(rgb: np.ndarray) -> np.ndarray:
    """Optical sample with gaps (black in the file) filled with the mean color of visible pixels, to avoid false edges.

    Parameters
    ----------
    rgb : uint8, shape (rows, columns, 3); 0 in all three channels where unknown.
    """
    seen = rgb.any(axis=2)
    if seen.all() or not seen.any():
        return rgb
    picture = rgb.copy()
    picture[~seen] = np.rint(rgb[seen].mean(axis=0))
    return picture


def spread_of_snow(store: h5py.File, split: int, count: int) -> list[int]:
    """Places in a patch file of samples of a split from little snow to much, evenly spread over their order.

    Parameters
    ----------
    store : patch file.
    split : value of the split; samples of all splits are taken where it has none.
    count : how many at most.
    """
    places = np.flatnonzero(store["split"][:] == split)
    places = places if len(places) else np.arange(len(store["split"]))
    shares = []
    for place in places.tolist():
        label = store["label"][place]
        shares.append((label == 1).sum() / max((label != BYTE_NODATA).sum(), 1))
    order = places[np.argsort(shares, kind="stable")]
    count = min(count, len(order))
    return order[((np.arange(count) + 0.5) * len(order) / count).astype(int)].tolist()
