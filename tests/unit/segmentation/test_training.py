"""Training: learns, comes out the same, goes on after a kill as if nothing had been; models on disk."""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio

from cases import shortened
from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.augmentation import Augmentation
from climate_indicators.segmentation.backend import keras, training_precision
from climate_indicators.segmentation.checkpoints import Keeper
from climate_indicators.segmentation.dataset import PatchBatches
from climate_indicators.segmentation.inference import Engine, open_engine
from climate_indicators.segmentation.input_scaling import INPUT_SCALING, InputScaling, check_spread
from climate_indicators.segmentation.model_io import save_model
from climate_indicators.segmentation.network_check import TOLERANCE, check_network
from climate_indicators.segmentation.networks import unet
from climate_indicators.segmentation.patches import band_statistics, plan_patches, write_patches
from climate_indicators.segmentation.precision import VARIABLE
from climate_indicators.segmentation.schedules import Phase, phases, plateau_rate
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, make_blocks, split_map
from climate_indicators.segmentation.tiled_prediction import network_reach
from climate_indicators.segmentation.training import SCORES, train_network
from rasters import textured_scene
from refusals import raises_naming

NETWORK = {"width": 4, "depth": 2, "normalization": "batch"}
TRAINING = {
    "epochs": 5, "batch_size": 4, "learning_rate": 0.01, "warmup_epochs": 1, "patience": 5, "bce_weight": 0.5,
    "precision": "float32",
    "augmentation": {"flip": True, "rotate": True, "brightness": 0.1, "contrast": 0.1, "noise": 0.0},
}  # fmt: skip
LOGGER = logging.getLogger("test")
LIBRARY = str(Path(__file__).resolve().parents[3] / "src")


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patches")
    path, labels = textured_scene(folder / "scene.tif", size=160)
    valid = np.ones(labels.shape, bool)
    blocks = make_blocks(labels, valid, 32, {"train": 0.6, "validation": 0.2, "test": 0.2}, seed=1)
    splits = split_map(blocks, labels, valid, 4)
    with RasterStack([path]) as stack:
        write_patches(folder / "patches.h5", stack, labels, splits, plan_patches(splits, blocks, 32, 32), 32)
    return folder / "patches.h5"


def train(patches, checkpoints, **changes):
    return train_network(patches, checkpoints, NETWORK, TRAINING | changes, 1, 0, LOGGER)


@pytest.fixture(scope="module")
def trained(patches, tmp_path_factory):
    return train(patches, tmp_path_factory.mktemp("whole") / "epochs")


def test_the_network_learns(trained):
    assert len(trained.history) == 5
    assert trained.history.val_iou.max() > 0.8 > trained.history.val_iou[0] - 0.2
    assert trained.history.val_loss[trained.best_epoch - 1] == trained.history.val_loss.min()


class Killed(BaseException):
    pass


def train_killed(patches, checkpoints, killed_after, **changes):
    """Start a training that is killed after some epochs."""
    keep = Keeper.on_epoch_begin

    def kill(self, epoch, logs=None):
        if epoch == killed_after:
            raise Killed
        keep(self, epoch, logs)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Keeper, "on_epoch_begin", kill)
        train(patches, checkpoints, **changes)
    kept = [f"epoch_{epoch:05d}" for epoch in (killed_after - 1, killed_after) if epoch > 0]
    assert sorted(path.name for path in checkpoints.iterdir()) == kept


def same_weights(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def test_a_training_killed_in_an_epoch_goes_on_to_the_same_weights(patches, tmp_path, trained):
    train_killed(patches, tmp_path / "epochs", 3)
    again = train(patches, tmp_path / "epochs")
    assert again.history.equals(trained.history)
    assert same_weights(again.model, trained.model)


PHASES = {
    "epochs": 4, "optimizer": "adamw", "schedule": "plateau", "plateau_patience": 1, "frozen_epochs": 2,
    "fine_tuning_factor": 0.5, "patience": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def in_two_phases(patches, tmp_path_factory):
    """A training whose U-Net's way down counts as the encoder that is frozen: it trains faster than a ResNet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "climate_indicators.segmentation.resnet_unet.is_encoder_layer", lambda name: name.startswith("down")
        )
        yield train(patches, tmp_path_factory.mktemp("phases") / "epochs", **PHASES)


@pytest.mark.parametrize("killed_after", shortened([1, 2, 3], 2))
def test_a_training_in_two_phases_goes_on_as_if_nothing_had_been(patches, tmp_path, in_two_phases, killed_after):
    train_killed(patches, tmp_path / "killed", killed_after, **PHASES)
    again = train(patches, tmp_path / "killed", **PHASES)
    assert again.history.equals(in_two_phases.history)
    assert same_weights(again.model, in_two_phases.model)


def test_a_frozen_encoder_keeps_its_weights_until_it_is_fine_tuned(patches, tmp_path, in_two_phases):
    def encoder(model):
        return [weight for layer in model.layers if layer.name.startswith("down") for weight in layer.get_weights()]

    def changed(model):
        return [not np.array_equal(a, b) for a, b in zip(start, encoder(model), strict=True)]

    keras.utils.set_random_seed(1)
    start = encoder(unet([0.0] * 2, [1.0] * 2, **NETWORK))
    assert not any(changed(train(patches, tmp_path / "a", **PHASES | {"epochs": 2}).model))
    assert in_two_phases.best_epoch > 2 and all(changed(in_two_phases.model))


@pytest.mark.long
def test_a_frozen_encoder_gives_way_even_if_nothing_gets_better(patches, tmp_path):
    still = {"epochs": 20, "learning_rate": 1e-12, "warmup_epochs": 0, "frozen_epochs": 4, "patience": 2}
    assert len(train(patches, tmp_path / "epochs", **still).history) == 6


def test_phases_share_the_epochs():
    assert phases(9, 0.1, 0, 0.1) == [Phase(0, 9, 0.1, False)]
    assert phases(9, 0.1, 3, 0.5) == [Phase(0, 3, 0.1, True), Phase(3, 9, 0.05, False)]
    assert phases(9, 0.1, 9, 0.5) == [Phase(0, 9, 0.1, True)]


def test_the_rate_falls_on_a_plateau_as_keras_own_callback_lets_it():
    losses = [1.0, 0.9, 0.9, 0.95, 0.89995, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, 0.1]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    callback = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=3)
    callback.set_model(model)
    callback.on_train_begin()
    phase = Phase(0, 20, 0.01, False)
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        expected = float(model.optimizer.learning_rate)
        assert plateau_rate(losses[: epoch + 1], phase, 0, 0.5, 3) == pytest.approx(expected)
    assert expected == pytest.approx(0.01 / 8)


def test_the_rate_of_a_plateau_schedule_rises_first():
    phase = Phase(0, 9, 0.03, False)
    assert [plateau_rate([1.0] * done, phase, 2, 0.5, 9) for done in range(4)] == pytest.approx(
        [0.01, 0.02, 0.03, 0.03]
    )


def test_the_history_has_every_score_of_both_parts(trained):
    history = trained.history
    assert list(history) == ["epoch", *SCORES, *(f"val_{score}" for score in SCORES), "learning_rate"]
    for part in ("", "val_"):
        precision, recall = history[f"{part}precision"], history[f"{part}recall"]
        assert np.allclose(history[f"{part}f1"], 2 * precision * recall / (precision + recall), atol=1e-6)
        assert np.allclose(history[f"{part}dice"], history[f"{part}f1"])
        assert history[f"{part}accuracy"].between(0.3, 1.0).all()


def test_waiting_is_the_time_from_asking_for_a_batch_until_it_was_made(patches, tmp_path, monkeypatch):
    batches = PatchBatches(patches, "train", 4, seed=1)
    keeper = Keeper(tmp_path, batches, 1, 1, LOGGER)
    # the epoch begins, then for each of two batches: asked for, trained on
    clock = iter([100.0, 101.0, 103.0, 103.0, 110.0])
    monkeypatch.setattr("climate_indicators.segmentation.checkpoints.time.monotonic", lambda: next(clock))
    keeper.on_epoch_begin(0)
    batches.ready = {(0, 0): 100.5, (0, 1): 105.0}  # the first was there before it was asked for
    for batch in (0, 1):
        keeper.on_train_batch_begin(batch)
        keeper.on_train_batch_end(batch)
    assert keeper.patience_used == pytest.approx(2.0 / 10.0)


def test_the_log_shows_a_network_that_waits_for_slow_batches(patches, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(PatchBatches, "_target", slowed(PatchBatches._target, 0.3))
    with caplog.at_level(logging.INFO, "test"):
        train(patches, tmp_path / "epochs", epochs=2, warmup_epochs=0, batch_size=1)
    assert int(caplog.messages[-1].split("waiting ")[1].split(" %")[0]) > 30


def test_coming_batches_are_those_asked_for_alone(patches):
    settings = {"split": "train", "batch_size": 4, "seed": 1, "augmentation": Augmentation(noise=0.1)}
    ahead, alone = PatchBatches(patches, **settings), PatchBatches(patches, **settings)
    for epoch in (0, 1, 2):
        ahead.epoch = alone.epoch = epoch
        for number in range(len(ahead)):
            alone._coming = {}
            assert np.array_equal(ahead[number][0], alone[number][0])
    assert (3, 0) in ahead._coming


def slowed(function, pause):
    def slow(*arguments):
        time.sleep(pause)
        return function(*arguments)

    return slow


@pytest.fixture(scope="module")
def byte_patches(patches, tmp_path_factory):
    """The patches as 8-bit images with a density in place of sure labels."""
    path = tmp_path_factory.mktemp("bytes") / "patches.h5"
    with h5py.File(patches) as source, h5py.File(path, "w") as store:
        for name in ("split", "valid", "label"):
            store[name] = source[name][:]
        image = source["image"][:]
        low, high = image.min(axis=(0, 1, 2)), image.max(axis=(0, 1, 2))
        scale = 255 / (high - low)
        store["image"] = ((image - low) * scale).round().astype("uint8")
        store.attrs.update({"mean": (source.attrs["mean"] - low) * scale, "std": source.attrs["std"] * scale})
        label = store["label"][:]
        store["density"] = np.where(label == 255, np.nan, 0.2 + 0.7 * label).astype("float16")
    return path


def test_bytes_and_densities_come_as_floats(byte_patches):
    images, target = PatchBatches(byte_patches, "validation", 4, seed=1)[0]
    with h5py.File(byte_patches) as store:
        first = store["split"][:].tolist().index(2)
        label = store["label"][first]
        assert np.array_equal(images[0], store["image"][first])
    assert images.dtype == target.dtype == np.float32
    assert np.allclose(target[0, ..., 0], np.choose(np.where(label == 255, 2, label), [0.2, 0.9, -1.0]), atol=1e-3)


def test_a_network_learns_densities(byte_patches, tmp_path):
    learnt = train(byte_patches, tmp_path / "epochs", epochs=8, patience=8)
    images, target = PatchBatches(byte_patches, "validation", 99, seed=1)[0]
    density = 1 / (1 + np.exp(-learnt.model.predict_on_batch(images)))
    assert learnt.history.val_iou.max() > 0.7
    # the ordinary Dice loss would push these to 0 and 1
    assert np.median(density[target > 0.5]) == pytest.approx(0.9, abs=0.07)
    assert np.median(density[(target >= 0) & (target < 0.5)]) == pytest.approx(0.2, abs=0.1)


def test_a_part_without_a_sample_is_an_error(patches, tmp_path):
    path = tmp_path / "patches.h5"
    with h5py.File(path, "w") as store:
        store["split"] = np.ones(3, "uint8")
        store.attrs.update({"mean": [0.0], "std": [1.0]})
    with raises_naming(InputError, "patches.h5", "validation"):
        PatchBatches(path, "validation", 2, seed=1)


@pytest.mark.long
def test_a_half_written_epoch_is_not_used(patches, tmp_path, trained):
    (tmp_path / "epochs" / ".part-4").mkdir(parents=True)
    (tmp_path / "epochs" / ".part-4" / "last.npz").write_text("torn")
    assert train(patches, tmp_path / "epochs").history.equals(trained.history)


def test_training_stops_when_nothing_gets_better(patches, tmp_path):
    stopped = train(patches, tmp_path / "epochs", epochs=40, learning_rate=1e-12, warmup_epochs=0, patience=2)
    assert len(stopped.history) < 40
    assert len(stopped.history) - stopped.best_epoch == 2


@pytest.mark.parametrize("rate", shortened([1e30, float("inf")], float("inf")))
def test_a_training_that_diverges_stops_at_once_and_names_the_setting(patches, tmp_path, rate):
    settings = {"learning_rate": rate, "warmup_epochs": 0, "schedule": "plateau", "epochs": 50}
    with pytest.raises(InputError, match=r"epoch 1\b.*training\.learning_rate"):
        train(patches, tmp_path / "epochs", **settings)
    assert not (tmp_path / "epochs").exists()


def test_a_validation_loss_that_is_not_finite_stops_the_training(patches, tmp_path, monkeypatch):
    monkeypatch.setattr(PatchBatches, "_target", with_nan_in_validation(PatchBatches._target))
    with pytest.raises(InputError, match=r"nan in epoch 1\b.*training\.learning_rate"):
        train(patches, tmp_path / "epochs")


def with_nan_in_validation(function):
    def target(batches, rows):
        values = function(batches, rows)
        return values if batches._augmentation else np.where(values > 0, np.nan, values)

    return target


def changed(content):
    """The content with one byte in its middle turned over."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "missing": lambda path: path.unlink(),
    "changed": lambda path: path.write_bytes(changed(path.read_bytes())),
}


@pytest.mark.parametrize("file", ["last.npz", "best.npz", "history.json"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_discarded_with_a_warning(patches, tmp_path, caplog, file, damage):
    batches = PatchBatches(patches, "train", 4, seed=1)
    write_epochs(tmp_path, 3)
    DAMAGES[damage](tmp_path / "epoch_00003" / file)
    keeper = Keeper(tmp_path, batches, 9, 9, LOGGER)
    assert [row["epoch"] for row in keeper.history] == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_00002"]
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 1 and "epoch_00003" in warned[0].getMessage()
    assert keeper.best_weights()[0].tolist() == [2.0] * 1000


def write_epochs(folder, last):
    for epoch in (last - 1, last):
        (folder / f"epoch_{epoch:05d}").mkdir()
        for name in ("last", "best"):
            np.savez(folder / f"epoch_{epoch:05d}" / f"{name}.npz", np.full(1000, float(epoch)))
        rows = [{"epoch": number + 1, "val_loss": 1.0 / (number + 1)} for number in range(epoch)]
        (folder / f"epoch_{epoch:05d}" / "history.json").write_text(json.dumps(rows))


@pytest.mark.long
def test_training_goes_on_to_the_same_weights_from_the_epoch_before_a_damaged_one(patches, tmp_path, trained):
    train_killed(patches, tmp_path / "epochs", 3)
    DAMAGES["truncated"](tmp_path / "epochs" / "epoch_00003" / "last.npz")
    again = train(patches, tmp_path / "epochs")
    assert again.history.equals(trained.history)
    assert same_weights(again.model, trained.model)


def test_training_starts_anew_where_all_checkpoints_are_damaged(patches, tmp_path, caplog):
    write_epochs(tmp_path, 3)
    for epoch in (2, 3):
        DAMAGES["empty"](tmp_path / f"epoch_{epoch:05d}" / "best.npz")
    assert Keeper(tmp_path, PatchBatches(patches, "train", 4, seed=1), 9, 9, LOGGER).history == []
    assert not list(tmp_path.iterdir())
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 2


def test_an_epoch_holds_every_training_patch_in_another_order(patches):
    batches = PatchBatches(patches, "train", 4, seed=1, augmentation=Augmentation(False, False, 0.0, 0.0))
    with h5py.File(patches) as store:
        images = store["image"][:][store["split"][:] == 1]
    orders = []
    for epoch in (0, 1):
        batches.epoch = epoch
        seen = np.concatenate([batches[number][0] for number in range(len(batches))])
        orders.append([int(np.abs(images - image).sum(axis=(1, 2, 3)).argmin()) for image in seen])
        assert set(orders[-1]) == set(range(len(images)))
    assert orders[0] != orders[1]


def test_scaling_is_part_of_the_network():
    model = unet([100.0, 5.0], [25.0, 4.0], width=4, depth=2)
    scaled = keras.Model(model.inputs, model.get_layer("scaling").output)
    image = np.stack([np.full((8, 8), 105.0), np.full((8, 8), 1.0)], axis=-1)[None]
    assert np.allclose(scaled.predict_on_batch(image)[0, 0, 0], [1.0, -2.0])


def test_the_default_network_has_the_original_studys_layers():
    model = unet([0.0] * 3, [1.0] * 3)
    filters = [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [64, 64, 128, 128, 256, 256, 512, 512, 256, 256, 128, 128, 64, 64, 1]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_pixel_beyond_the_networks_reach_has_no_influence(depth):
    model = unet([0.0], [1.0], width=2, depth=depth)
    for weight in model.weights:
        weight.assign(np.abs(weight.numpy()) + 0.01)  # without signs nothing cancels
    size, reach, seen = 32 * 2**depth, network_reach(depth), 0
    image = np.ones((1, size, size, 1), "float32")
    before = model.predict_on_batch(image)[0, ..., 0]
    for place in range(size // 2, size // 2 + 2**depth):
        changed = image.copy()
        changed[0, place, place] = 11.0
        rows = np.flatnonzero((model.predict_on_batch(changed)[0, ..., 0] != before).any(axis=1))
        seen = max(seen, place - rows.min(), rows.max() - place)
    assert seen == reach


def test_the_saved_model_has_the_same_bytes_and_runs_the_same_in_every_engine(trained, tmp_path):
    for name in ("a", "b"):
        save_model(tmp_path / name, trained.model, {"bands": ["x"]})
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["inference.bin", "inference.xml", INPUT_SCALING, "model.keras", "model_card.json"]
    # the text of OpenVINO's file counts nodes within a process; equal processes write it equally
    for name in ("inference.bin", INPUT_SCALING, "model.keras", "model_card.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    images = np.random.default_rng(0).uniform(0, 1, (2, 48, 64, 2)).astype("float32")
    expected = trained.model.predict_on_batch(images)[..., 0]
    for engine in ("openvino", "keras", "auto"):
        opened = open_engine(tmp_path / "a", engine, "float32", threads=1)
        assert opened.precision == "float32" and opened.name == ("keras" if engine == "keras" else "openvino")
        assert np.abs(opened.run(images) - expected).max() < 1e-3, engine


def test_bfloat16_in_keras_is_near_float32(trained, tmp_path):
    save_model(tmp_path / "model", trained.model, {})
    images = np.random.default_rng(0).uniform(0, 1, (1, 64, 64, 2)).astype("float32")
    exact, fast = (open_engine(tmp_path / "model", "keras", name, 1).run(images) for name in ("float32", "bfloat16"))
    assert not np.array_equal(exact, fast)
    assert ((exact > 0) == (fast > 0)).mean() > 0.98


def test_openvino_without_its_file_is_an_error_with_a_way_out(tmp_path):
    with raises_naming(InputError, "prediction.engine", "openvino", "keras"):
        open_engine(tmp_path, "openvino", "float32", 1)


# the standard deviation of the second band is 1e-6 of its mean
NEARLY_CONSTANT = {"mean": [0.3, 1000.0], "variance": [0.01, 1e-6]}


@pytest.fixture(scope="module")
def nearly_constant(tmp_path_factory):
    """Folder of a network one of whose bands hardly varies, images, and the logits that float32 gives them."""
    keras.utils.set_random_seed(3)
    model = unet(**NEARLY_CONSTANT, **NETWORK)
    folder = tmp_path_factory.mktemp("nearly") / "model"
    save_model(folder, model, {})
    noise = np.random.default_rng(0).normal(size=(2, 32, 32, 2))
    images = (NEARLY_CONSTANT["mean"] + np.sqrt(NEARLY_CONSTANT["variance"]) * noise).astype("float32")
    return folder, images, model.predict_on_batch(images)[..., 0]


@pytest.mark.parametrize("engine", ["openvino", "keras"])
def test_a_band_that_hardly_varies_is_as_good_in_bfloat16(nearly_constant, engine):
    folder, images, exact = nearly_constant
    fast = open_engine(folder, engine, "bfloat16", 1).run(images)
    assert 0 < np.abs(fast - exact).max() < 0.1 * exact.std()
    assert np.corrcoef(fast.ravel(), exact.ravel())[0, 1] > 0.999


def test_training_in_bfloat16_scales_its_input_in_float32(nearly_constant):
    _, images, exact = nearly_constant
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        keras.utils.set_random_seed(3)
        fast = unet(**NEARLY_CONSTANT, **NETWORK).predict_on_batch(images)[..., 0]
    finally:
        keras.config.set_dtype_policy("float32")
    assert 0 < np.abs(fast - exact).max() < 0.1 * exact.std()


def test_an_engine_scales_as_the_network_does():
    layer = keras.layers.Normalization(**NEARLY_CONSTANT)
    images = np.random.default_rng(0).normal(NEARLY_CONSTANT["mean"], [0.1, 1e-3], (1, 8, 8, 2)).astype("float32")
    scaling = InputScaling(NEARLY_CONSTANT["mean"], np.sqrt(NEARLY_CONSTANT["variance"]))
    assert np.allclose(scaling(images), layer(images), rtol=1e-6, atol=1e-6)
    assert np.allclose(InputScaling((0.0, 0.0), (1.0, 2.0), 4.0)(np.array([[1.0, 6.0]])), [[1.0, 3.0, 8.0]])


def test_a_folder_of_a_version_that_scaled_inside_the_network_is_refused(nearly_constant, tmp_path):
    folder, images, exact = nearly_constant
    old = shutil.copytree(folder, tmp_path / "old")
    (old / INPUT_SCALING).unlink()
    for engine in ("auto", "openvino"):
        with raises_naming(InputError, "old", INPUT_SCALING, "prediction.engine", "keras"):
            open_engine(old, engine, "float32", 1)
    assert np.allclose(open_engine(old, "keras", "float32", 1).run(images), exact, atol=1e-5)


@pytest.mark.parametrize(
    ("std", "refused"), [([0.1, 0.0], "B04"), ([0.1, np.nan], "B04"), ([1e-8, 1.0], "B03"), ([0.1, 0.0009], "B04")]
)
def test_a_band_that_holds_one_value_is_refused_by_name(std, refused):
    mean, bands = np.array([0.2, 1000.0]), ["B03", "B04"]
    check_spread(bands, mean, np.array([0.1, 0.001]), "the scene")
    with pytest.raises(InputError, match=f"the scene: .* in {refused} ") as error:
        check_spread(bands, mean, np.array(std), "the scene")
    assert (set(bands) - {refused}).pop() not in str(error.value)


def test_a_constant_band_of_a_scene_is_refused_before_training(tmp_path):
    path, labels = textured_scene(tmp_path / "scene.tif", size=64)
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
        raster.write(np.full_like(raster.read(2), 0.25), 2)
        name = raster.descriptions[1]
    with RasterStack([path]) as stack, pytest.raises(InputError, match=f"in {name} "):
        band_statistics(stack, np.full(labels.shape, SPLIT_VALUES["train"], "uint8"))


@pytest.mark.parametrize(("value", "precision"), [("bfloat16", "bfloat16"), ("float32", "float32")])
def test_an_environment_variable_decides_what_auto_is(nearly_constant, monkeypatch, value, precision):
    monkeypatch.setenv(VARIABLE, value)
    assert open_engine(nearly_constant[0], "auto", "auto", 1).precision == precision
    assert training_precision() == {"bfloat16": "mixed_bfloat16", "float32": "float32"}[value]
    assert open_engine(nearly_constant[0], "auto", "float32", 1).precision == "float32"
    monkeypatch.setenv(VARIABLE, "half")
    with pytest.raises(InputError, match=VARIABLE):
        open_engine(nearly_constant[0], "auto", "auto", 1)


@pytest.mark.long
def test_the_environment_variable_reaches_training(patches, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv(VARIABLE, "bfloat16")
    with caplog.at_level(logging.INFO, "test"):
        low = train(patches, tmp_path / "epochs", epochs=1, precision="auto")
    assert "mixed_bfloat16" in caplog.text
    assert {weight.dtype for weight in low.model.weights} == {"float32"}


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_model(folder, trained.model, {})
    return folder


@pytest.mark.parametrize(
    ("name", "precision"), [("openvino", "float32"), ("openvino", "bfloat16"), ("keras", "float32")]
)
def test_prediction_has_the_validation_skill_of_training(trained, saved, patches, name, precision):
    table = check_network(open_engine(saved, name, precision, 1), patches, trained.history)
    row = table.iloc[0]
    assert row.iou_training == trained.history.val_iou[trained.best_epoch - 1]
    assert abs(row.iou_prediction - row.iou_training) < (1e-3 if precision == "float32" else 0.02)
    assert row.n_patches == len(PatchBatches(patches, "validation", 1, seed=1)) and row.engine == name


def test_an_engine_that_spoils_the_network_ends_the_run(trained, saved, patches):
    sound = open_engine(saved, "openvino", "float32", 1)
    spoilt = Engine("openvino", "bfloat16", lambda images: sound.run(images) + 3.0)
    with pytest.raises(InputError) as error:
        check_network(spoilt, patches, trained.history)
    in_training = trained.history.val_iou[trained.best_epoch - 1]
    numbers = [float(text) for text in re.findall(r"0\.\d{3}", str(error.value))]
    assert numbers[0] == pytest.approx(in_training, abs=5e-4) and numbers[1] < in_training - TOLERANCE
    assert "openvino in bfloat16" in str(error.value) and "prediction.precision" in str(error.value)


@pytest.mark.long
def test_densities_are_checked_as_training_counts_them(byte_patches, tmp_path):
    found = train(byte_patches, tmp_path / "epochs", epochs=2)
    save_model(tmp_path / "model", found.model, {})
    table = check_network(open_engine(tmp_path / "model", "auto", "float32", 1), byte_patches, found.history)
    assert table.iou_prediction[0] == pytest.approx(table.iou_training[0], abs=1e-3)


# the whole of a training in a process of its own, since threads are set before the first computation
TRAINING_JOB = """
import hashlib, json, logging, sys
from climate_indicators.segmentation.backend import use_threads
use_threads(2)
from climate_indicators.segmentation.training import train_network
patches, checkpoints, network, training = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
found = train_network(patches, checkpoints, network, training, 1, 0, logging.getLogger())
print(hashlib.sha256(b"".join(weight.tobytes() for weight in found.model.get_weights())).hexdigest())
"""


@pytest.mark.long
def test_the_number_of_cores_changes_no_weight(patches, tmp_path):
    """Jobs on one and on two cores, with what Snakemake sets for them."""
    weights = set()
    for cores in (1, 2):
        affinity = sorted(os.sched_getaffinity(0))[:cores]
        environment = os.environ | {name: str(cores) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        line = [sys.executable, "-c", TRAINING_JOB, str(patches), str(tmp_path / str(cores))]
        line += [json.dumps(NETWORK), json.dumps(TRAINING | {"epochs": 2})]
        done = subprocess.run(
            line, env=environment | {"PYTHONPATH": LIBRARY}, capture_output=True, text=True,
            preexec_fn=lambda places=affinity: os.sched_setaffinity(0, places),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        weights.add(done.stdout.strip())
    assert len(weights) == 1 and len(weights.pop()) == 64


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_number_of_threads_changes_no_prediction(nearly_constant, precision):
    folder, images, _ = nearly_constant
    results = [open_engine(folder, "openvino", precision, threads).run(images) for threads in (1, 2, 3, 8)]
    assert all(np.array_equal(results[0], result) for result in results)
