"""ResNet U-Net: the library's encoder, its weights as given, frozen as it should, the same in every engine."""

import shutil

import numpy as np
import pytest
from scipy import ndimage

from cases import shortened
from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.encoder_weights import is_encoder_layer, load_encoder
from climate_indicators.segmentation.inference import open_engine
from climate_indicators.segmentation.losses import BceDice, MaskedScores
from climate_indicators.segmentation.model_io import save_model
from climate_indicators.segmentation.networks import build, unet
from climate_indicators.segmentation.resnet_unet import (
    TapwiseConv2D,
    _enlarged,
    _pixel_logit,
    freeze_encoder,
    resnet_unet,
)
from refusals import raises_naming

SCALING = {"mean": [100.0] * 3, "variance": [900.0] * 3}


def pictures(*shape):
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")


@pytest.fixture(scope="module")
def source():
    """ResNet-50 with weights and statistics unlike those that any network starts with."""
    keras.utils.set_random_seed(7)
    model = keras.applications.ResNet50(include_top=False, weights=None)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([value + rng.uniform(0, 0.1, value.shape) for value in layer.get_weights()])
    return model


@pytest.fixture(scope="module")
def weights(source, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet.weights.h5"
    source.save_weights(path)
    return path


@pytest.fixture(scope="module")
def pretrained(weights):
    return build(SCALING, {"encoder_weights": "imagenet", "aspp_rates": [1], "pixel_filters": [4]}, weights)


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(1)
    return resnet_unet(**SCALING, width=8, aspp_rates=[1, 2])


def test_at_full_width_the_encoder_has_the_librarys_weights_and_the_files_values(pretrained, source):
    names = [layer.name for layer in source.layers if layer.weights]
    assert [layer.name for layer in pretrained.layers if is_encoder_layer(layer.name)] == names
    for name in names:
        found, expected = (model.get_layer(name).get_weights() for model in (pretrained, source))
        if name == "conv1_conv":
            expected[0] = expected[0][:, :, ::-1]
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True)), name


def test_an_encoder_with_weights_sees_what_they_were_learnt_on(pretrained, source):
    image = pictures(1, 64, 96, 3)
    encoder = keras.Model(pretrained.inputs[0], pretrained.get_layer("conv5_block3_out").output)
    expected = source.predict_on_batch(keras.applications.resnet50.preprocess_input(image.copy()))
    assert np.allclose(encoder.predict_on_batch(image), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_the_published_kind_of_file_is_read_too(source, tmp_path):
    source.save(tmp_path / "old.h5")  # weights by layer, as in the files of 2015 to 2019
    model = resnet_unet(**SCALING, aspp_rates=[], encoder_weights=tmp_path / "old.h5")
    name = "conv5_block3_3_conv"
    assert np.array_equal(model.get_layer(name).get_weights()[0], source.get_layer(name).get_weights()[0])


def test_a_file_that_is_missing_cut_short_or_of_another_network_is_an_error(pretrained, weights, tmp_path):
    cut, other = tmp_path / "cut.weights.h5", tmp_path / "other.weights.h5"
    cut.write_bytes(weights.read_bytes()[:1_000_000])
    unet([0.0], [1.0], 2, 1).save_weights(other)
    old = tmp_path / "renamed.h5"
    shutil.copy(weights, old)
    before = pretrained.get_weights()
    for path in (cut, other, old, tmp_path / "none.weights.h5", tmp_path / "none.h5"):
        with raises_naming(InputError, path.name, "network.encoder_weights"):
            load_encoder(pretrained, path)
    assert all(np.array_equal(a, b) for a, b in zip(before, pretrained.get_weights(), strict=True))
    with raises_naming(InputError, "none.h5", "network.encoder_weights"):
        resnet_unet(**SCALING, aspp_rates=[], encoder_weights=tmp_path / "none.h5")


def test_weights_need_their_own_network(weights):
    with raises_naming(InputError, "width 8", "3 bands", "network.width"):
        resnet_unet(**SCALING, width=8, encoder_weights=weights)
    with raises_naming(InputError, "width 64", "4 bands", "network.encoder_weights"):
        resnet_unet([0.0] * 4, [1.0] * 4, encoder_weights=weights)
    with raises_naming(InputError, "network.encoder_weights", "imagenet"):
        build(SCALING, {"encoder_weights": "imagenet"})


def test_settings_choose_the_network(small):
    assert build(SCALING, {"width": 2, "depth": 1}).name == "unet"
    chosen = build(SCALING, {"width": 8, "aspp_rates": [1, 2], "encoder_weights": "none"})
    assert chosen.count_params() == small.count_params()


def test_filters_follow_the_width(small):
    filters = {layer.name: layer.filters for layer in small.layers if hasattr(layer, "filters")}
    expected = {"conv1_conv": 8, "conv5_block3_3_conv": 256, "aspp_mix": 32, "up1_conv": 32, "up3_conv": 16, "logit": 1}
    assert expected.items() <= filters.items()


def test_without_filters_for_single_pixels_the_network_is_as_it_was(small):
    assert not [layer.name for layer in small.layers if layer.name.startswith("pixel")]
    with_none = build(SCALING, {"width": 8, "aspp_rates": [1, 2], "pixel_filters": [], "encoder_weights": "none"})
    assert [weight.path for weight in with_none.weights] == [weight.path for weight in small.weights]


@pytest.mark.parametrize("full", shortened([True, False], True))
def test_the_logit_of_single_pixels_is_added_and_sees_only_them(full):
    keras.utils.set_random_seed(1)
    model = resnet_unet(**SCALING, width=8, aspp_rates=[1], full_resolution=full, pixel_filters=[6, 4])
    outputs = [model.get_layer("logit_sum").input[0], model.get_layer("pixel_logit").output, model.output]
    parts = keras.Model(model.inputs[0], outputs)
    image = pictures(1, 64, 32, 3)
    decoder, alone, total = parts.predict_on_batch(image)
    assert alone.std() > 0 and np.allclose(total, decoder + alone, atol=1e-5)
    changed = image.copy()
    changed[0, 9, 5] += 40
    moved = parts.predict_on_batch(changed)[1] != alone
    assert moved[0, 9, 5] and moved.sum() == 1


def test_the_logit_of_single_pixels_keeps_float32_and_has_no_batch_statistics():
    image = keras.Input((None, None, 3))
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = keras.Model(image, _pixel_logit(image, **SCALING, filters=[4])).layers[1:]
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype for layer in layers} == {"float32"}
    assert not [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]


def test_single_pixels_are_scaled_by_the_studys_own_pictures_even_beside_an_encoder_with_weights(pretrained):
    scaled = keras.Model(pretrained.inputs[0], pretrained.get_layer("pixel_scaling").output)
    assert np.allclose(scaled(np.full((1, 32, 32, 3), 130.0)), 1.0)


def test_a_rule_of_single_pixels_is_learnt_by_their_filters():
    """Dull colors, each pixel's drawn anew: green where that band is the largest of the three."""
    rng = np.random.default_rng(0)
    colors = rng.normal(0, 30, (4, 32, 32, 1)) + rng.normal(0, 8, (4, 32, 32, 3)) + 100
    truth = ((colors[..., 1] > colors[..., 0]) & (colors[..., 1] > colors[..., 2])).astype("float32")[..., None]
    keras.utils.set_random_seed(1)
    image = keras.Input((None, None, 3))
    model = keras.Model(image, _pixel_logit(image, [100.0] * 3, [900.0] * 3, [16, 16]))
    model.compile(keras.optimizers.Adam(0.02), BceDice())
    for _ in range(150):
        model.train_on_batch(colors[:2], truth[:2])
    scores = MaskedScores()
    scores.update_state(truth[2:], model.predict_on_batch(colors[2:]))
    assert scores.result()["iou"] > 0.9


@pytest.mark.parametrize(("bands", "shape"), shortened([(1, (1, 32, 96)), (5, (2, 64, 32))], 5))
def test_logits_have_the_images_size_whatever_its_bands(bands, shape):
    for full in (True, False):
        model = resnet_unet([0.0] * bands, [1.0] * bands, 8, aspp_rates=[1], full_resolution=full, pixel_filters=[4])
        logits = model(pictures(*shape, bands) / 255)
        assert logits.shape == (*shape, 1) and keras.backend.standardize_dtype(logits.dtype) == "float32"


def test_a_gate_only_weakens(small):
    names = ["conv2_block3_out", "conv3_block4_out", "conv4_block6_out"]
    ends = [small.get_layer(f"{name}{end}").output for name in names for end in ("", "_gate", "_gate_weight")]
    values = keras.Model(small.inputs[0], ends).predict_on_batch(pictures(1, 64, 64, 3))
    for skip, gated, weight in zip(values[::3], values[1::3], values[2::3], strict=True):
        assert ((weight > 0) & (weight < 1)).all() and weight.std() > 0
        assert np.allclose(gated, skip * weight)


@pytest.mark.parametrize(("shape", "rate"), [((10, 7), 1), ((10, 7), 6), ((3, 5), 12)])
def test_tap_by_tap_a_dilated_convolution_is_the_same_and_so_are_its_gradients(shape, rate):
    image = pictures(2, *shape, 4) / 255

    def learnt(kind):
        keras.utils.set_random_seed(1)
        layer = kind(3, 3, padding="same", dilation_rate=rate, bias_initializer="normal")
        before = keras.Sequential([keras.Input((None, None, 4)), layer])
        result = before.predict_on_batch(image)
        before.compile(keras.optimizers.SGD(0.1), "mse")
        before.train_on_batch(image, np.ones_like(result))
        return [result, *before.get_weights()]

    for found, expected in zip(learnt(TapwiseConv2D), learnt(keras.layers.Conv2D), strict=True):
        assert np.allclose(found, expected, atol=1e-5)


def test_the_network_for_training_has_the_same_weights_in_the_same_order(small):
    keras.utils.set_random_seed(1)
    training = resnet_unet(**SCALING, width=8, aspp_rates=[1, 2], for_training=True)
    image = pictures(1, 96, 64, 3)
    assert [weight.path for weight in training.weights] == [weight.path for weight in small.weights]
    training.set_weights(small.get_weights())
    assert np.allclose(training.predict_on_batch(image), small.predict_on_batch(image), atol=1e-4)


def test_half_size_logits_are_enlarged_bilinearly():
    logits = pictures(1, 5, 7, 1)
    expected = ndimage.affine_transform(logits[0, ..., 0], [0.5, 0.5], -0.25, (10, 14), order=1, mode="nearest")
    assert np.allclose(np.asarray(_enlarged(logits))[0, ..., 0], expected, rtol=1e-5)


def test_a_frozen_encoder_and_its_statistics_stay_as_they_are():
    model = resnet_unet(**SCALING, width=8, aspp_rates=[])
    image = pictures(2, 32, 32, 3)
    target = (image[..., :1] > 128).astype("float32")

    def step(frozen):
        freeze_encoder(model, frozen)
        model.compile(keras.optimizers.Adam(0.01), BceDice(), run_eagerly=True)
        before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
        model.train_on_batch(image, target)
        return {
            name: any(
                not np.array_equal(a, b) for a, b in zip(values, model.get_layer(name).get_weights(), strict=True)
            )
            for name, values in before.items()
            if name != "scaling"
        }

    encoder = keras.Model(model.inputs[0], model.get_layer("conv5_block3_out").output)
    assert all(changed != is_encoder_layer(name) for name, changed in step(frozen=True).items())
    assert np.array_equal(encoder(image, training=True), encoder(image, training=False))
    assert all(step(frozen=False).values())
    assert not np.array_equal(encoder(image, training=True), encoder(image, training=False))


@pytest.mark.long
def test_every_engine_gives_the_same_logits(tmp_path):
    keras.utils.set_random_seed(1)
    small = resnet_unet(**SCALING, width=8, aspp_rates=[1, 2], pixel_filters=[8, 4])
    save_model(tmp_path / "model", small, {})
    for shape in ((4, 96, 96, 3), (1, 64, 128, 3)):
        images = pictures(*shape)
        expected = small.predict_on_batch(images)[..., 0]
        for engine in ("openvino", "keras"):
            assert np.abs(open_engine(tmp_path / "model", engine, "float32", 1).run(images) - expected).max() < 1e-3
    fast = open_engine(tmp_path / "model", "keras", "bfloat16", 1).run(images)
    assert not np.array_equal(fast, expected)
    assert np.abs(fast - expected).max() < 0.05 * np.ptp(expected)
