"""Activations of inner layers of CLIP, DINOv2 and DeepLabV3 for an image, at several depths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from climate_indicators.segmentation.backend import keras
from climate_indicators.snow.foundation_models.loading import Foundation


@dataclass(frozen=True)
class Depth:
    """One place in a network where its features are read.

    Attributes
    ----------
    name : for figures, such as ``block 3 of 12``.
    source : network, or part of one, that takes pictures and holds the layer.
    tensor : the layer's symbolic output, shape (batch, tokens, channels) or (batch, rows, columns, channels).
    others : tokens before those of the picture's patches, such as the class token; 0 for feature maps.
    """

    name: str
    source: keras.Model
    tensor: Any
    others: int = 0


def depths(foundation: Foundation, count: int) -> list[Depth]:
    """Depths of a network, evenly spread from the first to the last.

    Parameters
    ----------
    foundation : CLIP (blocks of its vision transformer), DINOv2 (blocks) or DeepLabV3 (stages of its ResNet, pooling at
        several scales, decoder).
    count : how many; all, where the network has fewer.

    Raises
    ------
    ValueError
        For another kind of model.
    """
    found = {"clip": _clip, "dinov2": _dinov2, "deeplab": _deeplab}
    if foundation.kind not in found:
        raise ValueError(f"features are read of {', '.join(found)}, not of {foundation.kind}")
    every = found[foundation.kind](foundation.model)
    places = np.unique(np.linspace(0, len(every) - 1, min(count, len(every))).round().astype(int))
    return [every[place] for place in places.tolist()]


def activation_maps(foundation: Foundation, pictures: np.ndarray, count: int = 4) -> dict[str, np.ndarray]:
    """Strength of a network's response at several depths: the Euclidean norm over channels.

    The pictures run one by one, since the published networks need much memory.

    Parameters
    ----------
    foundation : CLIP, DINOv2 or DeepLabV3.
    pictures : uint8, shape (n, rows, columns, 3), square.
    count : depths.

    Returns
    -------
    float32 maps (n, cells, cells) by name of the depth, on the network's own grid at that depth.
    """
    chosen = depths(foundation, count)
    maps: dict[str, list[np.ndarray]] = {depth.name: [] for depth in chosen}
    for source in dict.fromkeys(depth.source for depth in chosen):
        read = [depth for depth in chosen if depth.source is source]
        network = keras.Model(source.inputs, {depth.name: depth.tensor for depth in read})
        network.jit_compile = False  # on CPUs, XLA is slower
        for picture in pictures:
            outputs = network.predict_on_batch(foundation.prepare(picture[None]))
            for depth in read:
                maps[depth.name].append(strength(np.asarray(outputs[depth.name])[0], depth.others))
    return {name: np.stack(found) for name, found in maps.items()}


def strength(features: np.ndarray, others: int = 0) -> np.ndarray:
    """Norm over channels of feature maps, or of the tokens of patches laid out as the picture.

    Parameters
    ----------
    features : float, shape (rows, columns, channels) or (tokens, channels); the patches, row by row, form a square.
    others : tokens before those of the patches.

    Returns
    -------
    float32, shape (rows, columns).
    """
    norm = np.linalg.norm(features.astype("float32"), axis=-1)
    if norm.ndim == 1:
        norm = norm[others:]
        side = round(np.sqrt(len(norm)))
        norm = norm.reshape(side, side)
    return norm


def _clip(model: keras.Model) -> list[Depth]:
    vision = model.vision_encoder
    blocks = vision.encoder_layers
    return [
        Depth(f"block {number} of {len(blocks)}", vision, block.output, others=1)
        for number, block in enumerate(blocks, start=1)
    ]


def _dinov2(model: keras.Model) -> list[Depth]:
    total, others = model.num_layers, 1 + model.num_register_tokens
    return [
        Depth(f"block {number} of {total}", model, model.pyramid_outputs[f"stage{number}"], others)
        for number in range(1, total + 1)
    ]


def _deeplab(model: keras.Model) -> list[Depth]:
    """Stages of the ResNet, which is a single layer of the model and read separately, then the layers after it."""
    resnet = model.image_encoder
    stages = [
        Depth(f"ResNet stage {number}", resnet, resnet.pyramid_outputs[key])
        for number, key in enumerate(sorted(resnet.pyramid_outputs), start=1)
    ]
    pooling = model.get_layer("encoder_output_upsampling").input
    return [*stages, Depth("pooling", model, pooling), Depth("decoder", model, model.output)]
