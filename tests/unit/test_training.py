"""Training: learns, comes out the same, goes on after a kill as if nothing had been; models on disk."""

import logging

import h5py
import numpy as np
import pytest
from rasters import textured_scene

from climate_indicators.augmentation import Augmentation
from climate_indicators.backend import keras
from climate_indicators.blocks import make_blocks, split_map
from climate_indicators.cogs import Stack
from climate_indicators.engines import open_engine
from climate_indicators.logs import InputError
from climate_indicators.models import save_model
from climate_indicators.networks import unet
from climate_indicators.patches import plan_patches, write_patches
from climate_indicators.prediction import network_reach
from climate_indicators.training import Keeper, PatchBatches, checkpoint_folder, train_unet

NETWORK = {"width": 4, "depth": 2, "normalisation": "batch"}
TRAINING = {
    "epochs": 5, "batch_size": 4, "learning_rate": 0.01, "warmup_epochs": 1, "patience": 5, "bce_weight": 0.5,
    "precision": "float32",
    "augmentation": {"flip": True, "rotate": True, "brightness": 0.1, "contrast": 0.1, "noise": 0.0},
}  # fmt: skip
LOGGER = logging.getLogger("test")


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patches")
    path, labels = textured_scene(folder / "scene.tif", size=160)
    valid = np.ones(labels.shape, bool)
    blocks = make_blocks(labels, valid, 32, {"train": 0.6, "validation": 0.2, "test": 0.2}, seed=1)
    splits = split_map(blocks, labels, valid, 4)
    with Stack([path]) as stack:
        write_patches(folder / "patches.h5", stack, labels, splits, plan_patches(splits, blocks, 32, 32), 32)
    return folder / "patches.h5"


def train(patches, checkpoints, **changes):
    return train_unet(patches, checkpoints, NETWORK, TRAINING | changes, 1, 0, LOGGER)


@pytest.fixture(scope="module")
def trained(patches, tmp_path_factory):
    return train(patches, tmp_path_factory.mktemp("whole") / "epochs")


def test_the_network_learns(trained):
    assert len(trained.history) == 5
    assert trained.history.val_iou.max() > 0.8 > trained.history.val_iou[0] - 0.2
    assert trained.history.val_loss[trained.best_epoch - 1] == trained.history.val_loss.min()


def test_a_training_killed_in_an_epoch_goes_on_to_the_same_weights(patches, tmp_path, trained, monkeypatch):
    class Killed(BaseException):
        pass

    keep = Keeper.on_epoch_begin

    def kill(self, epoch, logs=None):
        if epoch == 3:
            raise Killed
        keep(self, epoch, logs)

    monkeypatch.setattr(Keeper, "on_epoch_begin", kill)
    with pytest.raises(Killed):
        train(patches, tmp_path / "epochs")
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "epochs").iterdir()] == ["epoch_00003"]
    again = train(patches, tmp_path / "epochs")
    assert again.history.equals(trained.history)
    assert all(
        np.array_equal(a, b) for a, b in zip(again.model.get_weights(), trained.model.get_weights(), strict=True)
    )


def test_a_half_written_epoch_is_not_used(patches, tmp_path, trained):
    (tmp_path / "epochs" / ".part-4").mkdir(parents=True)
    (tmp_path / "epochs" / ".part-4" / "last.weights.h5").write_text("torn")
    assert train(patches, tmp_path / "epochs").history.equals(trained.history)


def test_training_stops_when_nothing_gets_better(patches, tmp_path):
    stopped = train(patches, tmp_path / "epochs", epochs=40, learning_rate=1e-12, warmup_epochs=0, patience=2)
    assert len(stopped.history) < 40
    assert len(stopped.history) - stopped.best_epoch == 2


def test_other_settings_start_anew_and_old_epochs_go(tmp_path):
    first = checkpoint_folder(tmp_path, {"seed": 1})
    first.mkdir()
    assert checkpoint_folder(tmp_path, {"seed": 1}) == first and first.exists()
    assert checkpoint_folder(tmp_path, {"seed": 2}) != first and not first.exists()


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
    assert names == ["inference.bin", "inference.xml", "model.keras", "model_card.json"]
    # the text of OpenVINO's file counts nodes within a process; equal processes write it equally
    for name in ("inference.bin", "model.keras", "model_card.json"):
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
    with pytest.raises(InputError, match="prediction.engine is openvino, but .* set it to auto or keras"):
        open_engine(tmp_path, "openvino", "float32", 1)
