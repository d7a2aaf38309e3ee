"""Scaling of a network's input in float32, before any arithmetic of lower precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.core.atomic_files import read_json
from climate_indicators.core.errors import InputError

# file of an exported model that holds the scaling of its inputs
INPUT_SCALING = "inference_inputs.json"
# smallest standard deviation that Keras' own layer divides by
MIN_STD = 1e-7
# a band that varies by less than this share of its mean holds hardly more than the rounding of float32
MIN_RELATIVE_STD = 1e-6
MIN_ABSOLUTE_STD = 1e-6


@dataclass(frozen=True)
class InputScaling:
    """Standardization of one input of an exported network, with the numbers that Keras' `Normalization` gives.

    Attributes
    ----------
    mean, std : of each channel, physical units; empty where the input is not scaled.
    difference_gain : where it is set, the differences of neighboring channels, multiplied by it, follow the channels.
    """

    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    difference_gain: float | None = None

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Input of the network, float32, for images (…, channels) in physical units."""
        images = np.asarray(images, "float32")
        if not len(self.mean):
            return np.ascontiguousarray(images)
        scaled = images - np.asarray(self.mean, "float32")
        scaled /= np.maximum(np.asarray(self.std, "float32"), np.float32(MIN_STD))
        if self.difference_gain is None:
            return scaled
        return np.concatenate([scaled, np.float32(self.difference_gain) * np.diff(scaled, axis=-1)], axis=-1)

    def as_json(self) -> dict[str, Any]:
        """Content of the file."""
        return {"mean": list(self.mean), "std": list(self.std), "difference_gain": self.difference_gain}


def read_scaling(folder: Path) -> dict[str, InputScaling]:
    """Scaling of each input of an exported network, by the input's name.

    Raises
    ------
    InputError
        If the folder has no such file: the network was exported by a version that scaled inside the network.
    """
    path = folder / INPUT_SCALING
    if not path.exists():
        raise InputError(
            f"{folder} has no {INPUT_SCALING}: an earlier version exported this network, with the scaling of its input "
            "inside. Delete the folder and run again, or set prediction.engine to keras."
        )
    return {name: InputScaling(**one) for name, one in read_json(path).items()}


def check_spread(bands: Sequence[str], mean: np.ndarray, std: np.ndarray, where: str) -> None:
    """Reject bands that hold one value: dividing by their spread would enlarge rounding errors.

    Parameters
    ----------
    bands : names of the channels.
    mean, std : of each channel over the training pixels, shape (channels,).
    where : what the channels are of, for the message.

    Raises
    ------
    InputError
        If the standard deviation of a band is below 1e-6, or below 1e-6 of its mean, or not finite.
    """
    limit = np.maximum(MIN_RELATIVE_STD * np.abs(mean), MIN_ABSOLUTE_STD)
    constant = [
        f"{band} (mean {average:.6g}, standard deviation {spread:.2g})"
        for band, average, spread, least in zip(bands, mean, std, limit, strict=True)
        if not spread >= least
    ]
    if constant:
        raise InputError(
            f"{where}: hardly anything varies over the training pixels in {', '.join(constant)}. A network cannot use "
            "a constant band. Leave it out of the bands, or give files in which it holds measurements."
        )


def spread(count: int, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel from sums over pixels.

    Parameters
    ----------
    count : number of pixels.
    total, squares : sums of values and of their squares, float64, shape (channels,).
    """
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0.0))


def scaling_of(settings: Mapping[str, Any], difference_gain: float | None = None) -> InputScaling:
    """Scaling of the settings (``mean``, ``variance``) of a Keras `Normalization`."""
    std = np.sqrt(np.asarray(settings["variance"], "float32")).astype("float64")
    return InputScaling(np.ravel(settings["mean"]).tolist(), np.ravel(std).tolist(), difference_gain)
