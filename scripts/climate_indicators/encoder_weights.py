"""Weights of ResNet-50 without its last layers, learnt on ImageNet or given: fetched, checked, put into a network."""

from __future__ import annotations

import re
import socket
import tempfile
from pathlib import Path

import numpy as np

from climate_indicators.backend import keras
from climate_indicators.files import atomic_path
from climate_indicators.logs import InputError

SOURCE = (
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
MD5 = "4d473c1dd8becc155b73f8504c6f6626"
IMAGENET_MEAN = (123.68, 116.779, 103.939)  # red, green, blue, 0 to 255; the weights know no division
FIRST_CONVOLUTION = "conv1_conv"
_ENCODER_LAYER = re.compile(r"conv[1-5]_(block\d+_)?(\d_)?(conv|bn)")


def is_encoder_layer(name: str) -> bool:
    """Whether a layer of this name is one of ResNet-50's with weights."""
    return _ENCODER_LAYER.fullmatch(name) is not None


def fetch_weights(path: str | Path, source: str = SOURCE, md5: str = MD5, timeout_s: float = 60.0) -> None:
    """Fetch the ImageNet weights of ResNet-50 without its last layers, as Keras publishes them.

    Parameters
    ----------
    path : file to write.
    source, md5 : address and digest of the published file.
    timeout_s : longest silence of the server, in seconds.

    Raises
    ------
    InputError
        If the file cannot be fetched or is not the published one.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout_s)
    try:
        with atomic_path(path) as temporary, tempfile.TemporaryDirectory(dir=temporary.parent) as folder:
            fetched = keras.utils.get_file("weights.h5", source, file_hash=md5, cache_dir=folder, cache_subdir=".")
            Path(fetched).rename(temporary)
    except Exception as error:  # Keras raises no narrower kind
        raise InputError(
            f"the encoder's ImageNet weights could not be fetched from {source} ({error}). Without a network, put that "
            f"file (MD5 {md5}) at {path} yourself, or set network.encoder_weights to none or to a file of your own."
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def load_encoder(model: keras.Model, path: str | Path) -> None:
    """Put the weights of a file into the encoder of a network of `climate_indicators.resnet_unet.resnet_unet`.

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
