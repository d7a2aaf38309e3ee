"""Small networks of the foundation models' architectures with random weights, for a demo without a network.

They are saved as folders like the published ones, so that the same code loads both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.core.atomic_files import atomic_path, write_json
from climate_indicators.segmentation.backend import keras
from climate_indicators.snow.foundation_models.keras_hub_backend import open_hub
from climate_indicators.snow.foundation_models.loading import default_scaling
from climate_indicators.snow.foundation_models.presets import CARD, CLASSES, DEMO, RANDOM

SEED = 0
SIZE_PX = {"sam": 128, "clip": 96, "dinov2": 168, "deeplab": 192}
METADATA = "metadata.json"


def write_tiny(folder: str | Path, kind: str, size_px: int | None = None, seed: int = SEED) -> None:
    """Save a small network with random weights as keras-hub saves a preset; the same bytes for the same seed.

    Parameters
    ----------
    folder : folder to write, atomically.
    kind : ``sam``, ``clip``, ``dinov2`` or ``deeplab``.
    size_px : width of its pictures; by default ``SIZE_PX``. A multiple of 16 (DINOv2: 14, CLIP and DeepLabV3: 32).
    seed : start of the random numbers.
    """
    size = size_px or SIZE_PX[kind]
    hub = open_hub()
    keras.utils.clear_session()  # layer names contain a counter and are written to the files
    keras.utils.set_random_seed(seed)
    model = {"sam": _sam, "clip": _clip, "dinov2": _dinov2, "deeplab": _deeplab}[kind](hub, size)
    converter = hub.layers.ImageConverter(image_size=(size, size), **default_scaling(kind))
    save_preset(folder, model, converter, {"preset": f"{DEMO}_{kind}", "weights": RANDOM, "class": CLASSES[kind]})


def save_preset(folder: str | Path, model: keras.Model, converter: Any, card: dict[str, Any]) -> None:
    """Save a backbone, its scaling of pictures and its card, atomically, without the time of saving."""
    with atomic_path(folder) as temporary:
        model.save_to_preset(str(temporary))
        converter.save_to_preset(str(temporary))
        metadata = json.loads((temporary / METADATA).read_text(encoding="utf-8"))
        metadata.pop("date_saved", None)
        write_json(metadata, temporary / METADATA)
        write_json(card, temporary / CARD)


def _sam(hub: Any, size: int) -> keras.Model:
    width, cells = 32, size // 16
    encoder = hub.models.ViTDetBackbone(
        hidden_size=width,
        num_layers=4,
        intermediate_dim=2 * width,
        num_heads=2,
        global_attention_layer_indices=[1, 3],
        patch_size=16,
        num_output_channels=width,
        window_size=4,
        image_shape=(size, size, 3),
    )
    prompts = hub.layers.SAMPromptEncoder(
        hidden_size=width, image_embedding_size=(cells, cells), input_image_size=(size, size), mask_in_channels=16
    )
    decoder = hub.layers.SAMMaskDecoder(
        num_layers=2,
        hidden_size=width,
        intermediate_dim=2 * width,
        num_heads=2,
        embedding_dim=width,
        num_multimask_outputs=3,
        iou_head_depth=3,
        iou_head_hidden_dim=width,
    )
    backbone = hub.models.SAMBackbone(image_encoder=encoder, prompt_encoder=prompts, mask_decoder=decoder)
    decoder.build()  # without building, it would not be saved
    return backbone


def _clip(hub: Any, size: int) -> keras.Model:
    vision = hub.models.CLIPVisionEncoder(
        patch_size=8, hidden_dim=48, num_layers=4, num_heads=4, intermediate_dim=96, image_shape=(size, size, 3)
    )
    text = hub.models.CLIPTextEncoder(
        vocabulary_size=64,
        embedding_dim=32,
        hidden_dim=32,
        num_layers=1,
        num_heads=2,
        intermediate_dim=32,
        max_sequence_length=8,
    )
    model = hub.models.CLIPBackbone(vision_encoder=vision, text_encoder=text, projection_dim=32)
    # published weights contain position indices; a new network has zeros, the same position for all
    for embedding in (vision.embedding, getattr(text, "embedding", None)):
        positions = getattr(embedding, "position_ids", None)
        if positions is not None:
            positions.assign(np.arange(positions.shape[1])[None])
    return model


def _dinov2(hub: Any, size: int) -> keras.Model:
    return hub.models.DINOV2Backbone(
        patch_size=14,
        num_layers=4,
        hidden_dim=48,
        num_heads=4,
        intermediate_dim=96,
        image_shape=(size, size, 3),
        position_embedding_shape=(size, size, 3),
    )


def _deeplab(hub: Any, size: int) -> keras.Model:
    encoder = hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 32, 32, 32],
        stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )
    return hub.models.DeepLabV3Backbone(
        image_encoder=encoder,
        projection_filters=16,
        low_level_feature_key="P2",
        spatial_pyramid_pooling_key="P5",
        upsampling_size=8,
        dilation_rates=[1, 2, 3],
        image_shape=(size, size, 3),
    )
