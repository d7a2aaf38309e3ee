"""Networks of the segmentation spine, in backend-neutral Keras 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.resnet_unet import resnet_unet


def build(
    scaling: Mapping[str, Sequence[float]],
    settings: Mapping[str, Any],
    encoder_file: str | Path | None = None,
    for_training: bool = False,
) -> keras.Model:
    """Network of the settings.

    Parameters
    ----------
    scaling : ``mean`` and ``variance`` of each channel.
    settings : those of `unet`, or, with ``encoder_weights`` (``none``, ``imagenet`` or a file) among them, those of
        `climate_indicators.segmentation.resnet_unet.resnet_unet`.
    encoder_file : file that holds the encoder's weights, wherever ``encoder_weights`` is not ``none``.
    for_training : the same network and weights, computed in the way whose gradients are fast.

    Raises
    ------
    InputError
        If weights are wanted and there is no file of them.
    """
    if "encoder_weights" not in settings:
        return unet(**scaling, **settings)
    wanted = settings["encoder_weights"]
    others = {key: value for key, value in settings.items() if key != "encoder_weights"}
    if wanted == "none":
        return resnet_unet(**scaling, **others, for_training=for_training)
    if encoder_file is None:
        raise InputError(f"network.encoder_weights is {wanted}, but no file of weights was given to the training.")
    return resnet_unet(**scaling, **others, encoder_weights=encoder_file, for_training=for_training)


def unet(
    mean: Sequence[float], variance: Sequence[float], width: int = 64, depth: int = 3, normalization: str = "none"
) -> keras.Model:
    """U-Net that gives one logit per pixel (Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28).

    Two 3×3 convolutions with ReLU a level; max pooling down; nearest upsampling, concatenation and two convolutions
    up; a 1×1 convolution at the end. Width 64, depth 3 and no normalization are the original study's network.

    Parameters
    ----------
    mean, variance : of each channel over the training pixels; the scaling is part of the network, so that training
        and prediction cannot disagree. It is computed in float32 at any precision.
    width : filters of the first level, doubled at each level down.
    depth : number of levels down; height and width of the input must be multiples of 2**depth.
    normalization : ``none``, or ``batch`` for batch normalization after each convolution.

    Returns
    -------
    Model from (batch, rows, columns, channels) in physical units to float32 logits (batch, rows, columns, 1).
    """
    image = keras.Input((None, None, len(mean)), name="image")
    features = keras.layers.Normalization(mean=list(mean), variance=list(variance), dtype="float32", name="scaling")(
        image
    )
    skips = []
    for level in range(depth):
        features = _two_convolutions(features, width * 2**level, normalization, f"down{level + 1}")
        skips.append(features)
        features = keras.layers.MaxPooling2D(name=f"down{level + 1}_pool")(features)
    features = _two_convolutions(features, width * 2**depth, normalization, "bottom")
    for level in reversed(range(depth)):
        features = keras.layers.UpSampling2D(name=f"up{level + 1}_upsample")(features)
        features = keras.layers.Concatenate(name=f"up{level + 1}_concatenate")([features, skips[level]])
        features = _two_convolutions(features, width * 2**level, normalization, f"up{level + 1}")
    logit = keras.layers.Conv2D(1, 1, dtype="float32", name="logit")(features)
    return keras.Model(image, logit, name="unet")


def _two_convolutions(features, filters: int, normalization: str, name: str):
    for number in (1, 2):
        features = keras.layers.Conv2D(
            filters,
            3,
            padding="same",
            use_bias=normalization == "none",
            kernel_initializer="he_normal",
            name=f"{name}_conv{number}",
        )(features)
        if normalization == "batch":
            # a short memory: small studies train for a few hundred steps only
            features = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm{number}")(features)
        features = keras.layers.ReLU(name=f"{name}_relu{number}")(features)
    return features
