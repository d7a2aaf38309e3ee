"""Two small convolutional encoders, one for radar and one for color, in backend-neutral Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.core.atomic_files import atomic_path, write_json
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.model_io import write_keras
from climate_indicators.snow.embeddings.modalities import MODALITIES, RADAR, RGB

ops = keras.ops

CARD = "card.json"
# features are averaged over this number of cells per side, so that the embedding contains the position of snow
CELLS = 4
LEVELS = 3
MIDDLE_GRAY = 127.5


@keras.saving.register_keras_serializable(package="climate_indicators")
class MaskedMean(keras.layers.Layer):
    """Mean of the features over the known pixels of each of ``CELLS`` × ``CELLS`` cells; 0 where none is known.

    Parameters
    ----------
    cell_px : side of a cell in pixels of the features.
    known_px : side of a cell in pixels of the mask, a multiple of ``cell_px``.
    """

    def __init__(self, cell_px: int, known_px: int, **others: Any) -> None:
        super().__init__(**others)
        self.cell_px, self.known_px = cell_px, known_px

    def call(self, features, known):
        """Features (batch, rows, columns, n) and a finer mask (…, 1), 0 or 1, to (batch, cells, cells, n)."""
        shrink = self.known_px // self.cell_px
        weight = ops.average_pool(known, shrink, padding="same") if shrink > 1 else known
        total = ops.average_pool(features * weight, self.cell_px, padding="same")
        return total / ops.maximum(ops.average_pool(weight, self.cell_px, padding="same"), 1e-6)

    def get_config(self) -> dict[str, Any]:
        """Settings for saving."""
        return super().get_config() | {"cell_px": self.cell_px, "known_px": self.known_px}


def encoder(name: str, size_px: int, scaling: keras.layers.Layer, channels: int, dimensions: int, width: int):
    """Encoder of square chips to points on the unit sphere.

    Three 3×3 convolutions with stride 2, each with group normalization (Wu & He 2018, arXiv:1803.08494: unlike batch
    normalization it lets no pair of a batch know of the others) and ReLU; means over cells; two dense layers, the
    projection head.

    Parameters
    ----------
    name : of the modality.
    size_px : side of a chip; at least 2**``LEVELS``.
    scaling : first layer, from physical units to values around 0.
    channels : number of channels.
    dimensions : of the sphere's space.
    width : filters of the first convolution, doubled at each further one.

    Returns
    -------
    Model from ``[values float32 (batch, size, size, channels), known float32 (batch, size, size, 1), 0 or 1]`` to
    float32 (batch, dimensions) of length 1. Unknown pixels are 0 after the scaling and count in no mean.
    """
    values = keras.Input((size_px, size_px, channels), name=name)
    known = keras.Input((size_px, size_px, 1), name=f"{name}_known")
    features = keras.layers.Multiply(name="seen")([scaling(values), known])
    for level in range(LEVELS):
        filters = width * 2**level
        features = keras.layers.Conv2D(
            filters, 3, strides=2, padding="same", kernel_initializer="he_normal", name=f"conv{level + 1}"
        )(features)
        features = keras.layers.GroupNormalization(int(np.gcd(filters, 4)), name=f"norm{level + 1}")(features)
        features = keras.layers.ReLU(name=f"relu{level + 1}")(features)
    cell_px = max(1, -(-features.shape[1] // CELLS))
    features = MaskedMean(cell_px, cell_px * 2**LEVELS, name="cells")(features, known)
    features = keras.layers.Flatten(name="flat")(features)
    features = keras.layers.Dense(2 * dimensions, activation="relu", kernel_initializer="he_normal", name="hidden")(
        features
    )
    features = keras.layers.Dense(dimensions, name="projection")(features)
    return keras.Model([values, known], keras.layers.UnitNormalization(name="sphere")(features), name=f"{name}_encoder")


@dataclass(frozen=True)
class Encoders:
    """Both encoders, see `encoder`.

    Attributes
    ----------
    radar, rgb : models from ``[values, known]`` to points on the unit sphere.
    """

    radar: keras.Model
    rgb: keras.Model


def build_encoders(size_px: int, mean: np.ndarray, std: np.ndarray, dimensions: int, width: int) -> Encoders:
    """Encoders with random weights.

    Parameters
    ----------
    size_px : side of a chip.
    mean, std : of each radar channel over the training pixels, shape (channels,); the scaling is part of the network.
    dimensions : of the embeddings.
    width : filters of the first convolution.
    """
    variance = np.square(std).tolist()
    radar = keras.layers.Normalization(mean=np.asarray(mean).tolist(), variance=variance, name="scaling")
    rgb = keras.layers.Rescaling(1 / MIDDLE_GRAY, offset=-1.0, name="scaling")
    return Encoders(
        encoder(RADAR, size_px, radar, len(mean), dimensions, width), encoder(RGB, size_px, rgb, 3, dimensions, width)
    )


def save_encoders(folder: str | Path, encoders: Encoders, card: Mapping[str, Any]) -> None:
    """Write both encoders atomically, with the same bytes for the same weights.

    Parameters
    ----------
    folder : folder to write: ``radar.keras``, ``rgb.keras`` and ``card.json``.
    encoders : what to write.
    card : what a user must know, such as bands and settings.
    """
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for modality in MODALITIES:
            write_keras(getattr(encoders, modality), temporary / f"{modality}.keras")
        write_json(dict(card), temporary / CARD)


def load_encoders(folder: str | Path) -> Encoders:
    """Encoders of a folder of `save_encoders`; Keras' safe mode runs no layer that the file itself brings."""
    files = [Path(folder) / f"{modality}.keras" for modality in MODALITIES]
    return Encoders(*(keras.saving.load_model(file, compile=False, safe_mode=True) for file in files))
