"""U-Net with a ResNet-50 encoder, channel-attention gates on its skips and an atrous pyramid at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.encoder_weights import IMAGENET_MEAN, is_encoder_layer, load_encoder

ops = keras.ops
FULL_WIDTH = 64
GATED_SKIPS = ("conv4_block6_out", "conv3_block4_out", "conv2_block3_out")
STEM = "conv1_relu"
FEWEST = 16
# neighboring bands go together: their differences are several times smaller than they are
DIFFERENCE_GAIN = 4.0


class TapwiseConv2D(keras.layers.Conv2D):
    """Dilated 3×3 convolution with zeros around: one 1×1 convolution for all nine taps, their results moved and added.

    It gives what `keras.layers.Conv2D` gives, of which processors compute the gradients four to ten times as slowly.
    """

    def call(self, inputs):
        """Result for features (batch, rows, columns, channels), of any number of rows and columns."""
        rate = self.dilation_rate[0]
        kernel = ops.reshape(ops.transpose(self.kernel, (2, 0, 1, 3)), (1, 1, inputs.shape[-1], 9 * self.filters))
        taps = ops.split(ops.conv(inputs, kernel), 9, axis=-1)
        rows = [sum(_moved(taps[3 * row + col], (1 - col) * rate, axis=2) for col in range(3)) for row in range(3)]
        return sum(_moved(rows[row], (1 - row) * rate, axis=1) for row in range(3)) + self.bias


def _moved(features, by: int, axis: int):
    """Features moved along an axis, zeros in the place of those that come from beyond the edge."""
    if not by:
        return features
    padding, kept = [(0, 0)] * 4, [slice(None)] * 4
    # padded first: a map may be smaller than the step
    padding[axis], kept[axis] = ((by, 0), slice(None, -by)) if by > 0 else ((0, -by), slice(-by, None))
    return ops.pad(features, padding)[tuple(kept)]


def resnet_unet(
    mean: Sequence[float],
    variance: Sequence[float],
    width: int = FULL_WIDTH,
    attention_reduction: int = 8,
    aspp_rates: Sequence[int] = (1, 6, 12),
    aspp_filters: int = 256,
    decoder_filters: Sequence[int] = (256, 128, 64, 32),
    full_resolution: bool = True,
    pixel_filters: Sequence[int] = (),
    encoder_weights: str | Path | None = None,
    for_training: bool = False,
) -> keras.Model:
    """Network that gives one logit per pixel.

    ResNet-50 (He et al. 2016, doi:10.1109/CVPR.2016.90) as Keras has it; atrous spatial pyramid (Chen et al. 2018,
    doi:10.1109/TPAMI.2017.2699184) on its last map; up by 2×2 transposed convolutions with the skips of the encoder's
    stages 2 to 4, each weighted by a channel-attention gate, and of its stem.

    Parameters
    ----------
    mean, variance : of each channel over the training pixels; the scaling is part of the network.
    width : filters of the first convolution; all others follow in proportion, 64 is ResNet-50.
    attention_reduction : by how much a gate narrows its channels in between.
    aspp_rates : dilations of the pyramid's 3×3 convolutions, in addition to one 1×1. The last map is 1/32 of the image:
        a dilation as large as that map sees only padding with its outer taps.
    aspp_filters, decoder_filters : filters at width 64, of the pyramid and of the four steps up to half the size.
    full_resolution : a last step up to the whole size, with a skip of the scaled image; else the half-size logits are
        enlarged bilinearly.
    pixel_filters : filters, at any width, of 1×1 convolutions that see each pixel alone; their logit is added to that
        of the decoder. Empty for none.
    encoder_weights : file of ResNet-50's weights; None for random ones. With weights the scaling is theirs, not that
        of ``mean`` and ``variance``.
    for_training : the same network with the same weights, its dilated convolutions as `TapwiseConv2D`.

    Returns
    -------
    Model from (batch, rows, columns, channels), rows and columns multiples of 32, to float32 logits (batch, rows,
    columns, 1).

    Raises
    ------
    InputError
        If weights are given and the network is not theirs, or the file does not hold them.
    """
    if encoder_weights is not None and (width != FULL_WIDTH or len(mean) != 3):
        raise InputError(
            f"encoder weights are those of a network of width {FULL_WIDTH} for 3 bands; found width {width} and "
            f"{len(mean)} bands. Set network.width to {FULL_WIDTH} and give three bands, or set "
            "network.encoder_weights to none."
        )
    pretrained = encoder_weights is not None
    scaling = (list(IMAGENET_MEAN), [1.0] * 3) if pretrained else (list(mean), list(variance))
    encoder = _encoder(*scaling, width, keep_memory=pretrained)
    dilated = TapwiseConv2D if for_training else keras.layers.Conv2D
    features = _pyramid(encoder.output, aspp_rates, _narrowed(aspp_filters, width), dilated)
    skips = [_gate(encoder.get_layer(name).output, attention_reduction, f"{name}_gate") for name in GATED_SKIPS]
    skips.append(encoder.get_layer(STEM).output)
    for number, (filters, skip) in enumerate(zip(decoder_filters, skips, strict=True), start=1):
        features = _step_up(features, skip, _narrowed(filters, width), f"up{number}")
    if full_resolution:
        detail = encoder.get_layer("scaling").output
        for number in (1, 2):
            detail = _convolution(detail, _narrowed(FEWEST * 2, width), 3, f"detail{number}")
        features = _step_up(features, detail, _narrowed(FEWEST * 2, width), f"up{len(skips) + 1}")
    features = _convolution(features, 16, 3, "head")
    logit = keras.layers.Conv2D(1, 1, dtype="float32", name="logit")(features)
    if not full_resolution:
        logit = _enlarged(logit)
    if pixel_filters:
        alone = _pixel_logit(encoder.inputs[0], list(mean), list(variance), pixel_filters)
        logit = keras.layers.Add(dtype="float32", name="logit_sum")([logit, alone])
    model = keras.Model(encoder.inputs[0], logit, name="resnet_unet")
    if pretrained:
        load_encoder(model, encoder_weights)
    return model


def freeze_encoder(model: keras.Model, frozen: bool) -> None:
    """Keep the encoder's weights, and with them the statistics of its normalization, as they are, or train them.

    The model must be compiled afterward.
    """
    for layer in model.layers:
        if is_encoder_layer(layer.name):
            layer.trainable = not frozen


def _encoder(mean: list[float], variance: list[float], width: int, keep_memory: bool) -> keras.Model:
    """Keras' ResNet-50 on the scaled image, each convolution with ``width`` / 64 of its filters."""
    image = keras.Input((None, None, len(mean)), name="image")
    scaled = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32", name="scaling")(image)
    whole = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=scaled)

    def narrowed(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config()
        if isinstance(layer, keras.layers.Conv2D):
            settings["filters"] = settings["filters"] * width // FULL_WIDTH
        if isinstance(layer, keras.layers.BatchNormalization) and not keep_memory:
            # a short memory: small studies train for a few hundred steps only
            settings["momentum"] = 0.9
        return layer.__class__.from_config(settings)

    return keras.models.clone_model(whole, clone_function=narrowed)


def _pixel_logit(image, mean: list[float], variance: list[float], filters: Sequence[int]):
    """Logit of each pixel from its own bands, and from the differences of neighboring ones.

    In float32 throughout, because unsaturated colors differ only in the last bits of the bands; without batch
    normalization, since one batch's pictures are darker or greener than the next one's, and a limit between colors must
    not move with them.
    """
    features = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32", name="pixel_scaling")(image)
    if len(mean) > 1:
        # a layer that is not trained, since bare operations cannot be given another precision for prediction
        contrasts = keras.layers.Conv2D(2 * len(mean) - 1, 1, use_bias=False, dtype="float32", name="pixel_bands")
        contrasts.trainable = False
        features = contrasts(features)
        same = np.eye(len(mean), dtype="float32")
        contrasts.set_weights([np.hstack([same, DIFFERENCE_GAIN * np.diff(same)])[None, None]])
    for number, count in enumerate(filters, start=1):
        features = keras.layers.Conv2D(
            count, 1, activation="relu", kernel_initializer="he_normal", dtype="float32", name=f"pixel{number}"
        )(features)
    return keras.layers.Conv2D(1, 1, dtype="float32", name="pixel_logit")(features)


def _enlarged(logit):
    """Twice the size, bilinearly: the layer made for it cannot be exported for images of any size."""
    repeated = keras.layers.UpSampling2D(4, dtype="float32", name="repeated")(logit)
    # means of 4 × 4 at every second pixel hold the weights 3/4 and 1/4, at the edges those inside only
    return keras.layers.AveragePooling2D(4, strides=2, padding="same", dtype="float32", name="enlarged")(repeated)


def _narrowed(filters: int, width: int) -> int:
    return max(filters * width // FULL_WIDTH, FEWEST)


def _convolution(features, filters: int, size: int, name: str):
    """Convolution, batch normalization, ReLU."""
    features = keras.layers.Conv2D(
        filters, size, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(features)
    features = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(features)
    return keras.layers.ReLU(name=f"{name}_relu")(features)


def _gate(skip, reduction: int, name: str):
    """The skip, each channel of each pixel weighted by 0 to 1 that two 1×1 convolutions make of it."""
    channels = skip.shape[-1]
    weight = _convolution(skip, max(channels // reduction, 1), 1, f"{name}_squeeze")
    weight = keras.layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_weight")(weight)
    return keras.layers.Multiply(name=name)([skip, weight])


def _pyramid(features, rates: Sequence[int], filters: int, dilated: type[keras.layers.Conv2D]):
    """1×1 and dilated 3×3 convolutions side by side, normalized together and mixed by a 1×1 convolution."""
    branches = [keras.layers.Conv2D(filters, 1, kernel_initializer="he_normal", name="aspp_point")(features)]
    for rate in rates:
        branch = dilated(
            filters, 3, padding="same", dilation_rate=rate, kernel_initializer="he_normal", name=f"aspp_rate{rate}"
        )
        branches.append(branch(features))
    together = keras.layers.Concatenate(name="aspp_concatenate")(branches)
    together = keras.layers.BatchNormalization(momentum=0.9, name="aspp_norm")(together)
    return keras.layers.Conv2D(filters, 1, kernel_initializer="he_normal", name="aspp_mix")(together)


def _step_up(features, skip, filters: int, name: str):
    """Twice the size by a 2×2 transposed convolution, batch normalization and ReLU; the skip joined to it."""
    features = keras.layers.Conv2DTranspose(
        filters, 2, strides=2, use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(features)
    features = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(features)
    features = keras.layers.ReLU(name=f"{name}_relu")(features)
    return keras.layers.Concatenate(name=f"{name}_concatenate")([features, skip])
