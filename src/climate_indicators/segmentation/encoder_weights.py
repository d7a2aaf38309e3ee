"""Weights of ResNet-50 without its last layers, learned on ImageNet or given, put into a network."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras

IMAGENET_MEAN = (123.68, 116.779, 103.939)  # red, green, blue, 0 to 255; the weights know no division
FIRST_CONVOLUTION = "conv1_conv"
_ENCODER_LAYER = re.compile(r"conv[1-5]_(block\d+_)?(\d_)?(conv|bn)")


def is_encoder_layer(name: str) -> bool:
    """Whether a layer of this name is one of ResNet-50's with weights."""
    return _ENCODER_LAYER.fullmatch(name) is not None


def load_encoder(model: keras.Model, path: str | Path) -> None:
    """Put the weights of a file into the encoder of a network of `resnet_unet.resnet_unet`.

    The published weights take blue, green, red; the first convolution is turned round, so that the network takes red,
    green, blue.

    Parameters
    ----------
    model : network of width 64 for 3 bands.
    path : weights of ``keras.applications.ResNet50(include_top=False)``: the published ``.h5`` file, or one of
        ``save_weights``, which ends in ``.weights.h5``.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another network.
    """
    source = keras.applications.ResNet50(include_top=False, weights=None)
    try:
        source.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = "there is no such file" if not Path(path).exists() else str(error).strip().split("\n")[0]
        raise InputError(
            f"{path} cannot be used as encoder weights: {reason}. Expected are the weights of Keras' ResNet-50 without "
            "its last layers (a .h5 file of keras.applications, or a .weights.h5 file of save_weights). Fetch or copy "
            "the file again, or set network.encoder_weights to imagenet or none."
        ) from error
    for layer in source.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(_for_rgb(layer))


def _for_rgb(layer: keras.layers.Layer) -> list[np.ndarray]:
    weights = layer.get_weights()
    if layer.name == FIRST_CONVOLUTION:
        weights[0] = weights[0][:, :, ::-1]
    return weights
