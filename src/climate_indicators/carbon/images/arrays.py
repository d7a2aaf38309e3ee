"""Images of any kind as arrays, and their way to the square that the network sees and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader
from scipy import ndimage

from climate_indicators.carbon.images.opening import from_black, open_image
from climate_indicators.carbon.images.orientation import UPRIGHT, read_orientation, upright
from climate_indicators.carbon.images.resampling import resample
from climate_indicators.core.errors import InputError
from climate_indicators.geo.pixel_area import pixel_area

BLACK = 8  # of 255; compression lifts the black around a rotated scene a little
BRIGHT = 99  # percentile used as the brightness of an image
# share of full brightness that the image in the middle of a folder must reach
MIDDLE_IMAGE = 0.125
EIGHT_BITS = ("uint8", "int8")
MIN_VALID_FRACTION = 0.5 - 1e-5  # half a cell, less what float32 averages lose


@dataclass(frozen=True)
class Reading:
    """How pixels of image files are understood.

    Attributes
    ----------
    bands : numbers of the bands, from 1. Gray images repeat their band if 1, 2, 3 are configured.
    full_scale : number that means full brightness, in images that are not of 8 bits; None is the largest number of an
        integer type (65535 for 16 bits), or 1 for floating point. `check_scales` refuses images that it does not fit.
    nodata : number that means that nothing was seen, besides the one that a file declares.
    black_is_missing : whether black that reaches the edge shows nothing.
    """

    bands: Sequence[int] = (1, 2, 3)
    full_scale: float | None = None
    nodata: float | None = None
    black_is_missing: bool = True

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Reading:
        """Reading with these attributes; those that are left out keep their defaults."""
        return cls(**{**settings, "bands": tuple(settings.get("bands", cls.bands))})


@dataclass(frozen=True)
class NetworkImage:
    """An image prepared for computation.

    Attributes
    ----------
    values : float32, shape (rows, columns, bands), 0 to 255; 0 where nothing is seen.
    seen : bool, shape (rows, columns).
    pixel_area_m2 : of one pixel; None if the file has no place on the ground.
    crs, transform : of the file, for writing; None if it has none.
    dtype, n_bands : of the file.
    orientation : that the file states and that was undone, 1 to 8 as in EXIF.
    full_scale : number of the file that became 255.
    bright_level : number of the file that one in a hundred of its seen numbers exceeds; NaN where nothing is seen.
    """

    values: np.ndarray
    seen: np.ndarray
    pixel_area_m2: float | None = None
    crs: CRS | None = None
    transform: Affine | None = None
    dtype: str = "uint8"
    n_bands: int = 3
    orientation: int = UPRIGHT
    full_scale: float = 255.0
    bright_level: float = np.nan


def read_image(path: str | Path, reading: Reading) -> NetworkImage:
    """Read an image: chosen bands from 0 to 255, and where it shows something.

    JPG (CMYK becomes RGB), PNG (palettes become colors) and TIF, with 8, 16 or 32 bits or floating point. Nothing is
    seen where the file is transparent or has no data, where a number is not finite, and, if asked for, in black that
    reaches the edge. Eight-bit pixels have no data where all bands have the number for it, since single bands may have
    it by chance (0 in water); others, where any band has it.

    The orientation of a camera (EXIF, TIFF) is undone, as viewers do, so that rows and columns are those of the picture
    that people see. A georeferenced image stays as it is: its pixels have their place on the ground.

    Parameters
    ----------
    path : of the file.
    reading : see `Reading`.

    Raises
    ------
    InputError
        If the file cannot be read whole, lacks a band, or holds complex numbers; the message starts with its path.
    """
    with open_image(path) as raster:
        dtype = raster.dtypes[0]
        if "complex" in dtype:
            raise InputError(f"{path}: has complex numbers ({dtype}); expected brightness. Convert or remove it.")
        bands = _band_numbers(path, raster, reading.bands)
        numbers, colors = _read(raster, bands)
        seen = _declared(raster, bands) & _known(numbers, dtype, reading.nodata)
        full = _full_scale(raster, dtype, reading.full_scale)
        numbers = numbers if colors is not None else from_black(raster, numbers)
        georeferenced = not raster.transform.is_identity
        orientation = UPRIGHT if georeferenced else read_orientation(path)
        place = (raster.crs, raster.transform) if georeferenced else (None, None)
        area = pixel_area(raster.crs, raster.transform, raster.width, raster.height)
        n_bands = raster.count
    if colors is not None:
        chosen = [band - 1 for band in reading.bands]
        numbers, seen, full = colors[chosen], seen & (colors[3] > 0), 255
    bright = np.nan if dtype in EIGHT_BITS else _bright_level(numbers, seen)
    seen = upright(seen, orientation).copy()
    values = upright(np.moveaxis(numbers, 0, -1), orientation).astype("float32", order="C")
    if numbers.dtype != "uint8" or full != 255:
        values = np.clip(np.nan_to_num(values * np.float32(255 / full), posinf=0, neginf=0), 0, 255)
    if reading.black_is_missing:
        seen &= ~black_border(values)
    values[~seen] = 0
    return NetworkImage(values, seen, area, *place, dtype, n_bands, orientation, float(full), bright)


def check_scales(levels: Mapping[str, tuple[str, float, float]], folder: str | Path) -> None:
    """Reject a full scale by the type of numbers that leaves most images of that type dark, or some beyond it.

    The images of a folder are judged together, since a single one may be dark; and not by their brightest pixel, since
    a single pixel may be broken; and not by their brightest image alone, since it may be of another scale.

    Parameters
    ----------
    levels : ``dtype``, ``full_scale`` and ``bright_level`` of each image, by its name; those of 8 bits do not count.
    folder : of the images, for messages.

    Raises
    ------
    InputError
        If the brightest image of a type of whole numbers stays below half of its full scale, or half of the images
        below an eighth, or an image exceeds twice its own.
    """
    for dtype in sorted({dtype for dtype, _, _ in levels.values()} - set(EIGHT_BITS)):
        of_type = ((name, level, full) for name, (kind, full, level) in levels.items() if kind == dtype)
        bright = {name: (level, full) for name, level, full in of_type if np.isfinite(level)}
        if not bright:
            continue
        name = max(bright, key=lambda one: bright[one][0] / bright[one][1])
        level, full = bright[name]
        if level > 2 * full or (np.issubdtype(dtype, np.integer) and level < full / 2):
            raise InputError(
                f"{folder}: the numbers of {len(bright)} images ({dtype}) reach {level:g} in the brightest one, {name} "
                f"(99 in 100 of its numbers are smaller), where {full:g} would be full brightness. Say what is, in "
                "full_scale of the site: 10000 for Sentinel-2 reflectance, 4095 for 12 bits."
            )
        ordered = sorted(bright, key=lambda one: bright[one][0] / bright[one][1])
        name = ordered[len(ordered) // 2]
        level, full = bright[name]
        if np.issubdtype(dtype, np.integer) and level < MIDDLE_IMAGE * full:
            raise InputError(
                f"{folder}: half of the {len(bright)} images ({dtype}) are darker than an eighth of full brightness: "
                f"99 in 100 numbers of {name} lie below {level:g}, where {full:g} would be full; {ordered[-1]} reaches "
                f"{bright[ordered[-1]][0]:g}. They may have several scales: convert them to one, and say it in "
                "full_scale of the site."
            )


def black_border(values: np.ndarray) -> np.ndarray:
    """Black that reaches the edge of an image, as around a rotated scene.

    Parameters
    ----------
    values : shape (rows, columns, bands), 0 to 255.

    Returns
    -------
    bool, shape (rows, columns): pixels of at most 8 in every band that black pixels join to the edge.
    """
    # band by band: several times faster than over the short last axis
    black = np.logical_and.reduce([values[..., band] <= BLACK for band in range(values.shape[2])])
    parts, count = ndimage.label(black)
    if not count:
        return np.zeros(parts.shape, bool)
    outer = np.zeros(count + 1, bool)
    outer[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = True
    outer[0] = False
    return outer[parts]


def fit(values: np.ndarray, seen: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """An image in a square: its longer side becomes ``size_px``, it lies at the upper left, the rest is padding.

    Area average where it shrinks, bilinear where it grows; only pixels that are seen count.

    Parameters
    ----------
    values : float, shape (rows, columns, bands).
    seen : bool, shape (rows, columns).
    size_px : side of the square.

    Returns
    -------
    Values, float32, shape (size, size, bands), 0 where nothing is seen; seen, bool, shape (size, size): where half of
    what a cell covers is seen; rows and columns that the image fills.
    """
    content = _content(seen.shape, size_px)
    weight = resample(seen[..., None], content)
    sums = resample(values * seen[..., None], content)
    known = weight[..., 0] >= MIN_VALID_FRACTION
    means = np.divide(sums, weight, out=np.zeros_like(sums), where=known[..., None])
    return _padded(means, size_px), _padded(known, size_px), content


def fit_share(mask: np.ndarray, seen: np.ndarray, size_px: int) -> np.ndarray:
    """Share of a mask in the visible pixels, in the square of `fit`.

    Parameters
    ----------
    mask : bool or float 0 to 1, shape (rows, columns).
    seen : bool, shape (rows, columns).
    size_px : side of the square.

    Returns
    -------
    float32, shape (size, size), 0 to 1; 0 where nothing at all is seen.
    """
    content = _content(seen.shape, size_px)
    weight = resample(seen, content)
    sums = resample(mask * seen, content)
    share = np.divide(sums, weight, out=np.zeros_like(sums), where=weight > 1e-6)
    return _padded(np.clip(share, 0, 1), size_px)


def unfit(fitted: np.ndarray, content: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    """A map in the square of `fit` back on the grid of its image: bilinear, or area average where it shrinks.

    Parameters
    ----------
    fitted : float, shape (size, size).
    content : rows and columns that the image fills.
    shape : rows and columns of the image.

    Returns
    -------
    float32 of that shape.
    """
    return resample(fitted[: content[0], : content[1]], shape)


def _content(shape: tuple[int, int], size_px: int) -> tuple[int, int]:
    scale = size_px / max(shape)
    rows, cols = (max(1, round(length * scale)) for length in shape)
    return rows, cols


def _padded(array: np.ndarray, size_px: int) -> np.ndarray:
    square = np.zeros((size_px, size_px, *array.shape[2:]), array.dtype)
    square[: array.shape[0], : array.shape[1]] = array
    return square


def _band_numbers(path: str | Path, raster: DatasetReader, asked: Sequence[int]) -> tuple[int, ...]:
    """Numbers of the bands to read; the single band of a gray or palette file is repeated for each color."""
    colors = raster.count - (ColorInterp.alpha in raster.colorinterp)
    if colors == 1 and set(asked) <= {1, 2, 3}:
        return (1,) * len(asked)
    if max(asked) > raster.count:
        raise InputError(
            f"{path}: has {raster.count} band{'' if raster.count == 1 else 's'}; band {max(asked)} is configured. "
            "Choose other bands, or remove it."
        )
    return tuple(asked)


def _read(raster: DatasetReader, bands: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray | None]:
    """Numbers of shape (bands, rows, columns), and for a palette its colors, uint8, (4, rows, columns), else None."""
    numbers = raster.read(sorted(set(bands)))[np.searchsorted(sorted(set(bands)), bands)]
    if raster.colorinterp[0] != ColorInterp.palette:
        return numbers, None
    entries = raster.colormap(1)
    table = np.zeros((max(max(entries), int(numbers.max())) + 1, 4), "uint8")
    table[list(entries)] = list(entries.values())
    return numbers, np.moveaxis(table[numbers[0]], -1, 0)


def _declared(raster: DatasetReader, bands: tuple[int, ...]) -> np.ndarray:
    """Pixels that the file itself calls valid, bool, shape (rows, columns)."""
    flags = [raster.mask_flag_enums[band - 1] for band in bands]
    # a fourth band of eight bits is often declared as transparency; if configured, it is read as a normal band
    used = [
        band
        for band, flag in zip(bands, flags, strict=True)
        if MaskFlags.all_valid not in flag
        and not (MaskFlags.alpha in flag and any(raster.colorinterp[other - 1] == ColorInterp.alpha for other in bands))
    ]
    if not used:
        return np.ones(raster.shape, bool)
    masks = raster.read_masks(sorted(set(used))) > 0
    return masks.any(axis=0) if raster.dtypes[0] == "uint8" else masks.all(axis=0)


def _known(numbers: np.ndarray, dtype: str, nodata: float | None) -> np.ndarray:
    """Pixels that are finite and not ``nodata``, bool, shape (rows, columns)."""
    known = np.isfinite(numbers).all(axis=0)
    if nodata is not None:
        missing = numbers == nodata
        known &= ~(missing.all(axis=0) if dtype == "uint8" else missing.any(axis=0))
    return known


def _bright_level(numbers: np.ndarray, seen: np.ndarray) -> float:
    """Number that one in a hundred of the seen numbers exceeds, from a million of them at most."""
    found = numbers[:, seen]
    return float(np.percentile(found[:, :: -(-found.size // 1_000_000)], BRIGHT)) if found.size else np.nan


def _full_scale(raster: DatasetReader, dtype: str, given: float | None) -> float:
    """Number that means full brightness."""
    bits = raster.tags(1, ns="IMAGE_STRUCTURE").get("NBITS")
    if given is not None and dtype not in EIGHT_BITS:
        return given
    if not np.issubdtype(dtype, np.integer):
        return 1.0
    return 2.0 ** int(bits) - 1 if bits else float(np.iinfo(dtype).max)
