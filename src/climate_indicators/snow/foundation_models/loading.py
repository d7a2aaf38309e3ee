"""Foundation models loaded from a folder: network, image preprocessing, and description of the weights."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras
from climate_indicators.snow.foundation_models.keras_hub_backend import open_hub
from climate_indicators.snow.foundation_models.presets import (
    CLASSES,
    CONFIG,
    NAMES,
    SHARDS,
    WEIGHTS,
    check_preset_folder,
    read_preset_card,
)

CONVERTER = "image_converter.json"
DEEPLAB_SIZE_PX = 512  # a fully convolutional network accepts any size; this is the training size
# red, green, blue in 0 … 1: Radford et al. (2021), as published with CLIP's code; and of ImageNet, as DINOv2 (Oquab et
# al. 2024) and the ResNet of DeepLabV3 have it
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Foundation:
    """A model ready to run.

    Attributes
    ----------
    kind : ``sam``, ``clip``, ``dinov2`` or ``deeplab``.
    model : its backbone.
    size_px : width and height of the pictures it takes.
    prepare : from pictures uint8 (n, rows, columns, 3) of any size to its input, float32 (n, size_px, size_px, 3).
    card : ``preset, weights, class`` of `climate_indicators.snow.foundation_models.presets.read_preset_card`.
    digest : hexadecimal digest of architecture, scaling of pictures and weights.
    """

    kind: str
    model: keras.Model
    size_px: int
    prepare: Callable[[np.ndarray], np.ndarray]
    card: dict[str, Any]
    digest: str


def open_foundation(folder: str | Path, kind: str) -> Foundation:
    """Load a model from a folder in float32, without network access.

    Parameters
    ----------
    folder : as ``save_to_preset`` of keras-hub writes it.
    kind : ``sam``, ``clip``, ``dinov2`` or ``deeplab``.

    Raises
    ------
    InputError
        If the folder cannot be loaded whole; a model never starts with weights that were not read.
    """
    check_preset_folder(folder, kind)
    card = read_preset_card(folder)
    # a path that is not absolute could be treated as the name of a preset
    folder = Path(folder).resolve()
    hub = open_hub()
    try:
        model = _load(hub, folder, kind)
        size = _size_px(model, kind)
        converter = _converter(hub, folder, kind, size)
    except Exception as error:  # Keras and keras-hub raise many types of exceptions
        reason = " ".join(str(error).split())
        raise InputError(
            f"{NAMES[kind]} model folder {folder} cannot be loaded: {reason[:300]}. Expected is a folder that "
            f"save_to_preset of keras-hub wrote from a whole {CLASSES[kind]} (for SAM: from a SAMImageSegmenter). "
            "Write, copy or fetch it again."
        ) from error
    model.trainable = False

    def prepare(pictures: np.ndarray) -> np.ndarray:
        return np.asarray(keras.ops.convert_to_numpy(converter(pictures.astype("float32"))), "float32")

    return Foundation(kind, model, size, prepare, card, _digest(folder))


def default_scaling(kind: str) -> dict[str, Any]:
    """Factor ``scale`` and summand ``offset`` that turn values of 0 … 255 into a model's input.

    SAM takes 0 … 1, since its encoder takes off the mean of ImageNet itself; the others take pictures whose mean is
    taken off and which are divided by the standard deviation, channel by channel.
    """
    if kind == "sam":
        return {"scale": 1 / 255, "offset": None}
    mean, std = (CLIP_MEAN, CLIP_STD) if kind == "clip" else (IMAGENET_MEAN, IMAGENET_STD)
    return {
        "scale": [1 / 255 / one for one in std],
        "offset": [-middle / one for middle, one in zip(mean, std, strict=True)],
    }


def _load(hub: Any, folder: Path, kind: str) -> keras.Model:
    """Backbone with its weights, each of them read.

    Keras only warns of some weights that a file lacks, and leaves them random: so all are made NaN before.
    """
    model = hub.models.Backbone.from_preset(str(folder), load_weights=False)
    if kind == "sam":
        model.mask_decoder.build()  # the backbone does not build it, so its weights would not be loaded
    numbers = [weight for weight in model.weights if "float" in str(weight.dtype)]
    for weight in numbers:
        weight.assign(np.full(weight.shape, np.nan, "float32"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Skipping nested container")  # checked below
        model.load_weights(str(folder / (WEIGHTS if (folder / WEIGHTS).exists() else SHARDS)))
    unread = [weight.path for weight in numbers if np.isnan(keras.ops.convert_to_numpy(weight)).any()]
    if unread:
        raise ValueError(f"{len(unread)} of {len(numbers)} weights are missing or no numbers, {unread[0]} among them")
    return model


def _size_px(model: keras.Model, kind: str) -> int:
    part = {"sam": "image_encoder", "clip": "vision_encoder"}.get(kind)
    return int((getattr(model, part) if part else model).image_shape[0] or DEEPLAB_SIZE_PX)


def _converter(hub: Any, folder: Path, kind: str, size: int) -> Callable[[np.ndarray], Any]:
    """The folder's own scaling, else that of the published weights."""
    if (folder / CONVERTER).exists():
        return hub.layers.ImageConverter.from_preset(str(folder), image_size=(size, size))
    return hub.layers.ImageConverter(image_size=(size, size), **default_scaling(kind))


def _digest(folder: Path) -> str:
    scaling = [folder / CONVERTER] if (folder / CONVERTER).exists() else []
    files = [folder / CONFIG, *scaling, *sorted(folder.glob("model*.weights.h5"))]
    return hashlib.sha256("".join(sha256(path) for path in files).encode()).hexdigest()
