"""Images made of scenes of an archive: medians, and how an image is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from climate_indicators.core.raster_encoding import REFLECTANCE_SCALE
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer, write_cog


@dataclass(frozen=True)
class Image:
    """A year's image: its day, ``read_band`` giving uint16 (rows, columns) with 0 where nothing is, and its clouds."""

    date: str
    names: str
    clouds: np.ndarray
    read_band: Callable[[str], np.ndarray]


def median_of(layers: Sequence[np.ndarray], masks: Sequence[np.ndarray], rows: int = 256) -> np.ndarray:
    """Median of each pixel over the layers that show it.

    Parameters
    ----------
    layers : uint16, one shape, 0 where nothing is.
    masks : bool, same shapes: where a layer shows the ground.
    rows : rows at a time, which bounds memory.

    Returns
    -------
    uint16, 0 where no layer shows the pixel.
    """
    result = np.zeros_like(layers[0])
    for start in range(0, len(result), rows):
        part = slice(start, start + rows)
        stack = np.ma.masked_array(
            [layer[part] for layer in layers],
            [(layer[part] == 0) | ~mask[part] for layer, mask in zip(layers, masks, strict=True)],
        )
        result[part] = np.rint(np.ma.median(stack, axis=0).filled(0))
    return result


def write_image(path: str, clouds: str, grid: Grid, image: Image, bands: Sequence[str]) -> None:
    """Write a year's image (uint16, scale 1e-4, nodata 0, its day in the tag DATE) and its clouds, band by band."""
    tags = {"DATE": image.date, "ITEMS": image.names, "BOA_OFFSET_APPLIED": "true"}
    with cog_writer(path, grid, "uint16", bands, 0, REFLECTANCE_SCALE, tags) as raster:
        for number, band in enumerate(bands, start=1):
            raster.write(image.read_band(band), number)
    write_cog(clouds, grid, image.clouds, "cloud")
