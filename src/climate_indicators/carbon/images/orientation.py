"""Camera orientation: the orientation stated in an image file, and rotation of images by it."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin

UPRIGHT = 1
TAG = 274  # of EXIF and TIFF 6.0 alike
TURNS = range(1, 9)
BIG_TIFF = 43  # third or fourth byte of a TIF with addresses of eight bytes, whose header has 16 bytes

# only the header is read here, so the image size is not a problem
Image.MAX_IMAGE_PIXELS = None


def read_orientation(path: str | Path) -> int:
    """Orientation that a JPG, PNG or TIF states, 1 to 8 as in EXIF; 1 (upright) if it states none that is valid.

    Parameters
    ----------
    path : of the file; only its header is read.
    """
    try:
        with open(path, "rb") as stream:
            start = stream.read(16)
            if start[:2] in (b"II", b"MM"):
                # Pillow opens few kinds of TIF, but reads the list of tags of every one
                tags = TiffImagePlugin.ImageFileDirectory_v2(start if BIG_TIFF in start[2:4] else start[:8])
                stream.seek(tags.next)
                tags.load(stream)
                found = tags.get(TAG, UPRIGHT)
            else:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    stream.seek(0)
                    with Image.open(stream) as picture:
                        found = picture.getexif().get(TAG, UPRIGHT)
    # metadata that cannot be read state nothing; whether the pixels can be read is checked elsewhere
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return UPRIGHT
    return int(found) if found in TURNS else UPRIGHT


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels, shape (rows, columns, …), as viewers show them: rotated and mirrored by the orientation.

    EXIF 2.32, tag Orientation: 2 mirrored, 3 turned by 180°, 4 mirrored upside down, 5 transposed, 6 turned by 90°
    clockwise, 7 transposed along the other diagonal, 8 turned by 90° counterclockwise.

    Parameters
    ----------
    pixels : shape (rows, columns, …), as they are stored.
    orientation : 1 to 8.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return pixels[::rows, ::columns]
