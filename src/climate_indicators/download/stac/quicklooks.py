"""Small pictures of fetched images, to see at a glance what was taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rasterio.enums import Resampling

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.geo.rasters.guard import opened

MAX_PX = 512
# share of the darkest and of the brightest pixels that may be drawn black and white
_CLIP = 2


def write_picture(path: str | Path, image: str | Path, bands: Sequence[str], longest_px: int = MAX_PX) -> None:
    """Draw three bands of a raster as a PNG; gray where it has no value.

    Parameters
    ----------
    path : PNG to write.
    image : raster with band descriptions.
    bands : names of those shown as red, green and blue; the first band stands in for one that the raster lacks.
    longest_px : longer side of the picture.
    """
    with opened(image) as raster:
        scale = min(1.0, longest_px / max(raster.shape))
        shape = tuple(max(1, round(size * scale)) for size in raster.shape)
        names = list(raster.descriptions)
        indexes = [names.index(band) + 1 if band in names else 1 for band in bands]
        values = raster.read(indexes, out_shape=(len(indexes), *shape), resampling=Resampling.average, masked=True)
    shown = np.ma.compressed(values)
    low, high = np.percentile(shown, [_CLIP, 100 - _CLIP]) if shown.size else (0.0, 1.0)
    bright = np.clip((values.astype("float32") - low) / max(high - low, 1e-6), 0, 1)
    pixels = np.rint(255 * bright).filled(128).astype("uint8")
    with atomic_path(path) as temporary:
        Image.fromarray(pixels.transpose(1, 2, 0)).save(temporary)
