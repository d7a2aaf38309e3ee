"""Scenes as pictures: bands read by name, one stretch for all, gray gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.windows import Window

from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.style import GAP

MAX_SIDE = 600
BRIGHTEN = 0.6  # exponent of the display: on a linear scale, rock next to snow would be black


def read_rgb(path: str, rgb: Sequence[str], window: Window | None = None, largest: int = MAX_SIDE) -> np.ndarray:
    """Bands of a scene by name, or of a window of it, thinned to at most ``largest`` pixels a side.

    Returns
    -------
    float32 array, shape (rows, columns, 3), reflectance, NaN in gaps.
    """
    with opened(path) as raster:
        indexes = [raster.descriptions.index(band) + 1 for band in rgb]
        rows, cols = thinned_shape(raster.shape if window is None else (window.height, window.width), largest)
        numbers = raster.read(indexes, window=window, out_shape=(len(rgb), rows, cols))
        image = numbers.astype("float32") * raster.scales[0]
        image[numbers == raster.nodata] = np.nan
    return image.transpose(1, 2, 0)


def read_classes(path: str, window: Window | None = None, largest: int = MAX_SIDE) -> np.ndarray:
    """First band of a raster of classes or counts, thinned like the image of `read_rgb`, in its own pixel type."""
    with opened(path) as raster:
        shape = thinned_shape(raster.shape if window is None else (window.height, window.width), largest)
        return raster.read(1, window=window, out_shape=shape)


def thinned_shape(shape: tuple[int, int], largest: int) -> tuple[int, int]:
    """Rows and columns of a picture that is at most ``largest`` pixels wide and high."""
    shrink = max(1.0, max(shape) / largest)
    return max(1, round(shape[0] / shrink)), max(1, round(shape[1] / shrink))


def common_stretch(images: Sequence[np.ndarray]) -> tuple[float, float]:
    """Reflectance shown as black and as white: 2nd and 98th percentile of all images together."""
    values = np.concatenate([image[np.isfinite(image)] for image in images])
    low, high = np.percentile(values, [2, 98]) if values.size else (0.0, 1.0)
    return float(low), float(max(high, low + 1e-6))


def display(image: np.ndarray, stretch: tuple[float, float]) -> np.ndarray:
    """Image in 0..1 for display, gaps gray; same shape."""
    low, high = stretch
    shown = np.clip((image - low) / (high - low), 0, 1) ** BRIGHTEN
    shown[~np.isfinite(image).all(axis=2)] = int(GAP[1:3], 16) / 255
    return shown
