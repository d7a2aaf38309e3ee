"""Random changes of training patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# turning smooths an image a little: a network that saw turned ones only would take sharp ones for rougher ground
AFFINE_PROBABILITY = 0.5


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes.

    Attributes
    ----------
    flip, rotate : mirror; turn by multiples of 90°.
    brightness : largest shift of all bands, in standard deviations.
    contrast : largest relative change of the distance from the mean.
    noise : standard deviation of added noise, in standard deviations.
    rotation_deg, zoom : maximum rotation in degrees, in addition to multiples of 90°, and maximum relative
        change of size, of half the patches.
    """

    flip: bool = True
    rotate: bool = True
    brightness: float = 0.1
    contrast: float = 0.1
    noise: float = 0.0
    rotation_deg: float = 0.0
    zoom: float = 0.0


def augment(
    images: np.ndarray,
    labels: np.ndarray,
    valid: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
    settings: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Changed copies of a batch of square patches; each patch draws its own changes.

    Parameters
    ----------
    images : float32, shape (batch, size, size, channels), physical units.
    labels : any dtype, shape (batch, size, size); never mixed, a turned label is that of the nearest pixel.
    valid : bool, shape (batch, size, size): false where the image has no value; those pixels stay at the mean.
    mean, std : shape (channels,); a channel with ``std`` 0 is not changed in level (such as terrain).
    settings : what may change.
    rng : source of the changes.
    """
    images, labels = images.copy(), labels.copy()
    for number in range(len(images)):
        turns = int(rng.integers(4)) if settings.rotate else 0
        mirrored = bool(rng.integers(2)) if settings.flip else False
        shift = rng.uniform(-settings.brightness, settings.brightness)
        stretch = 1.0 + rng.uniform(-settings.contrast, settings.contrast)
        image, label, seen = images[number], labels[number], valid[number]
        if (settings.rotation_deg or settings.zoom) and rng.random() < AFFINE_PROBABILITY:
            angle = rng.uniform(-settings.rotation_deg, settings.rotation_deg)
            size = 1.0 + rng.uniform(-settings.zoom, settings.zoom)
            image, label, seen = rotate_and_scale(image, label, seen, angle, size)
        image = mean + (image - mean) * np.where(std > 0, stretch, 1.0) + shift * std
        if settings.noise:
            image += settings.noise * std * rng.standard_normal(image.shape)
        image[~seen] = mean
        for whole, part in ((images, image), (labels, label)):
            part = np.rot90(part, turns)
            whole[number] = part[:, ::-1] if mirrored else part
    return images, labels


def rotate_and_scale(
    image: np.ndarray, label: np.ndarray, valid: np.ndarray, angle_deg: float, size: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A patch rotated and scaled about its center; pixels beyond its edges are mirrored.

    Parameters
    ----------
    image : float32, shape (rows, columns, channels); interpolated bilinearly.
    label, valid : shape (rows, columns); taken from the nearest pixel.
    angle_deg : turn against the clock, in degrees.
    size : of things afterward, relative to before.
    """
    angle = np.deg2rad(angle_deg)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / size
    middle = (np.array(label.shape) - 1) / 2
    offset = middle - matrix @ middle

    def changed(plane: np.ndarray, order: int) -> np.ndarray:
        return ndimage.affine_transform(plane, matrix, offset, order=order, mode="mirror")

    bands = [changed(image[..., band], 1) for band in range(image.shape[-1])]
    return np.stack(bands, axis=-1), changed(label, 0), changed(valid, 0)
