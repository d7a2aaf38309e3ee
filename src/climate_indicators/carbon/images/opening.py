"""Image files, opened so that damaged ones end in an error and not in a picture with gaps."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from PIL.PngImagePlugin import PngImageFile
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from climate_indicators.core.errors import InputError

PNG_START = b"\x89PNG\r\n\x1a\n"


@contextmanager
def open_image(path: str | Path) -> Iterator[DatasetReader]:
    """Open a JPG, PNG or TIF; what is damaged or truncated ends in an error, also while it is read.

    Raises
    ------
    InputError
        If the file cannot be read whole; the message starts with its path.
    """
    try:
        _check_png(path)
        with warnings.catch_warnings(), rasterio.Env(GDAL_ERROR_ON_LIBJPEG_WARNING=True):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as raster:
                yield raster
    except MemoryError as error:
        raise InputError(
            f"{path}: is too large for the memory of this machine. Cut it into tiles, or give the rule more memory."
        ) from error
    except (RasterioError, OSError) as error:
        reason = str(error.__cause__ or error).partition(" (this error")[0].removeprefix(f"{path}: ")
        raise InputError(
            f"{path}: cannot be read whole ({reason}). It is damaged, truncated, or no image; replace or remove it."
        ) from error


def from_black(raster: DatasetReader, numbers: np.ndarray) -> np.ndarray:
    """Numbers of a file so that 0 is black, as viewers show them.

    A gray TIF may count from white (photometric interpretation WhiteIsZero, as scanners write it); read as they are,
    its pictures would be negatives.

    Parameters
    ----------
    raster : the open file.
    numbers : of its bands, of any shape, in the type of the file.
    """
    if raster.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") != "YES" or not np.issubdtype(
        numbers.dtype, np.unsignedinteger
    ):
        return numbers
    return np.iinfo(numbers.dtype).max - numbers


def _check_png(path: str | Path) -> None:
    """Check the sums of a PNG's chunks: GDAL reads a PNG that is truncated as if it were whole.

    A PNG is recognized by its first bytes, independent of its name.

    Raises
    ------
    OSError
        If a chunk is damaged or the last one is missing.
    """
    with open(path, "rb") as stream:
        if stream.read(len(PNG_START)) != PNG_START:
            return
        stream.seek(0)
        try:
            PngImageFile(stream).verify()
        # Pillow's errors of damaged files are of several kinds
        except Exception as error:
            raise OSError(f"damaged PNG: {error}") from error
