"""Random changes of training patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """What may change.

    Attributes
    ----------
    flip, rotate : mirror; turn by multiples of 90°.
    brightness : largest shift of all bands, in standard deviations.
    contrast : largest relative change of the distance from the mean.
    noise : standard deviation of added noise, in standard deviations.
    """

    flip: bool = True
    rotate: bool = True
    brightness: float = 0.1
    contrast: float = 0.1
    noise: float = 0.0


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
    labels : any dtype, shape (batch, size, size).
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
        image = mean + (images[number] - mean) * np.where(std > 0, stretch, 1.0) + shift * std
        if settings.noise:
            image += settings.noise * std * rng.standard_normal(image.shape)
        image[~valid[number]] = mean
        for whole, part in ((images, image), (labels, labels[number])):
            part = np.rot90(part, turns)
            whole[number] = part[:, ::-1] if mirrored else part
    return images, labels
