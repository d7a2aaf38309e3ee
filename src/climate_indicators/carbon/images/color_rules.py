"""Vegetation by rules of color: the labels of images that have no masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from climate_indicators.core.raster_encoding import BYTE_NODATA

RGB = ("red", "green", "blue")
HSV, EXCESS_GREEN, NDVI = "hsv", "excess_green", "ndvi"


def label(values: np.ndarray, seen: np.ndarray, settings: Mapping[str, Any], bands: Sequence[str] = RGB) -> np.ndarray:
    """Labels of an image by a rule, pixel by pixel.

    Parameters
    ----------
    values : float32, shape (rows, columns, bands), 0 to 255.
    seen : bool, shape (rows, columns).
    settings : ``source``: hsv, excess_green or ndvi, and that rule's numbers: ``hue``, ``min_saturation``,
        ``min_value`` of `hsv_vegetation`, or ``min_index``: the lowest index of vegetation.
    bands : name of each band; the rules look for red, green, blue and near_infrared.

    Returns
    -------
    uint8, shape (rows, columns): 1 vegetation, 0 other, 255 not seen.

    Raises
    ------
    ValueError
        If the source is none of the three, or a band that it needs is not there.
    """
    source = settings["source"]
    if source not in (HSV, EXCESS_GREEN, NDVI):
        raise ValueError(f"labels by '{source}': expected {HSV}, {EXCESS_GREEN} or {NDVI}")
    places = list(bands)
    if source == NDVI:
        found = ndvi(values, places.index("red"), places.index("near_infrared")) >= settings["min_index"]
    else:
        rgb = values[..., [places.index(name) for name in RGB]]
        if source == EXCESS_GREEN:
            found = excess_green(rgb) >= settings["min_index"]
        else:
            found = hsv_vegetation(rgb, tuple(settings["hue"]), settings["min_saturation"], settings["min_value"])
    return np.where(seen, found, BYTE_NODATA).astype("uint8")


def hsv_vegetation(
    rgb: np.ndarray, hue: tuple[float, float] = (35, 85), min_saturation: float = 40, min_value: float = 20
) -> np.ndarray:
    """Whether hue, saturation and value are those of green plants, bounds included.

    Hue, saturation and value (Smith 1978, doi:10.1145/965139.807361) in whole numbers on the scale of OpenCV's 8-bit
    images, in which such rules are commonly written: hue 0 to 179 (degrees / 2), saturation and value 0 to 255.

    Parameters
    ----------
    rgb : float or uint8, shape (…, 3), 0 to 255; rounded to whole numbers first.
    hue : lowest and highest.
    min_saturation, min_value : lowest.

    Returns
    -------
    bool, shape (…).
    """
    colors = np.rint(rgb).astype("int32")
    red, green, blue = (colors[..., band] for band in range(3))
    value = colors.max(axis=-1)
    span = value - colors.min(axis=-1)
    saturation = _scaled(span, 255, value)
    # sixths of the circle, counted from red, in units of the span
    sixths = np.where(
        value == red, green - blue, np.where(value == green, blue - red + 2 * span, red - green + 4 * span)
    )
    angle = _scaled(sixths, 30, span)
    angle = np.where(angle < 0, angle + 180, angle)
    return (angle >= hue[0]) & (angle <= hue[1]) & (saturation >= min_saturation) & (value >= min_value)


def excess_green(rgb: np.ndarray) -> np.ndarray:
    """Excess green index 2g − r − b of the chromaticities r, g, b, which sum to 1, from −1 to 2; 0 for black.

    Woebbecke et al. (1995, doi:10.13031/2013.27838).

    Parameters
    ----------
    rgb : shape (…, 3), not negative.

    Returns
    -------
    float32, shape (…).
    """
    rgb = np.asarray(rgb, "float32")
    total = rgb.sum(axis=-1)
    excess = 2 * rgb[..., 1] - rgb[..., 0] - rgb[..., 2]
    return np.divide(excess, total, out=np.zeros_like(total), where=total > 0)


def ndvi(values: np.ndarray, red: int, near_infrared: int) -> np.ndarray:
    """Normalized difference vegetation index (Rouse et al. 1974; Tucker 1979, doi:10.1016/0034-4257(79)90013-0).

    It is that of reflectance only if the two bands of the image have one scale.

    Parameters
    ----------
    values : shape (…, bands), not negative.
    red, near_infrared : place of each among the bands, from 0.

    Returns
    -------
    float32, shape (…), −1 to 1; 0 where both bands are 0.
    """
    low, high = (np.asarray(values[..., band], "float32") for band in (red, near_infrared))
    total = low + high
    return np.divide(high - low, total, out=np.zeros_like(total), where=total > 0)


def _scaled(numerator: np.ndarray, scale: int, denominator: np.ndarray) -> np.ndarray:
    """``scale · numerator / denominator`` in whole numbers, 0 where the denominator is 0.

    The factor has 12 binary places, as in OpenCV, so that halves fall to the side to which they fall there.
    """
    factor = np.rint((scale << 12) / np.maximum(denominator, 1)).astype("int32")
    return np.where(denominator > 0, (numerator * factor + (1 << 11)) >> 12, 0)
