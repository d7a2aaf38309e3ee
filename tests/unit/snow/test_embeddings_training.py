"""Encoders of radar and color: unknown pixels, batches, loss; learning, the same again, after a kill; one pass."""

import logging

import h5py
import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras
from climate_indicators.snow.embeddings.contrastive import COLUMNS, InfoNCE, PairKeeper, batch_accuracy, train_encoders
from climate_indicators.snow.embeddings.encoders import build_encoders, load_encoders, save_encoders
from climate_indicators.snow.embeddings.pairs import PairBatches, read_pairs, spread_batches, views, write_embeddings
from climate_indicators.snow.embeddings.retrieval import retrieval_table
from embedding_pairs import write_pairs
from refusals import raises_naming

SETTINGS = {"dimensions": 8, "width": 8, "epochs": 20, "batch_size": 16, "learning_rate": 0.01, "patience": 20}
LOGGER = logging.getLogger("test")


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    return write_pairs(tmp_path_factory.mktemp("pairs") / "patches.h5")


def train(patches, checkpoints, **changes):
    return train_encoders(patches, np.arange(96), checkpoints, SETTINGS | changes, 1, LOGGER)


@pytest.fixture(scope="module")
def trained(patches, tmp_path_factory):
    return train(patches, tmp_path_factory.mktemp("whole") / "epochs")


def weights(trained):
    return [*trained.encoders.radar.get_weights(), *trained.encoders.rgb.get_weights()]


def test_the_encoders_learn_to_find_partners_at_new_places(patches, trained, tmp_path):
    assert list(trained.history) == COLUMNS
    assert trained.history.val_loss[trained.best_epoch - 1] == trained.history.val_loss.min()
    write_embeddings(tmp_path / "embeddings.h5", patches, trained.encoders, batch_size=7)
    with h5py.File(tmp_path / "embeddings.h5") as store:
        table = retrieval_table(
            store["radar"][:], store["rgb"][:], store["number"][:], store["block"][:], store["split"][:]
        )
    test = table[table.part == "test"]
    assert (test.recall_at_5_lower > 2 * test.chance_at_5).all()


@pytest.mark.long
@pytest.mark.slow
def test_encoders_of_unrelated_chips_find_no_more_than_chance(tmp_path):
    found = train(write_pairs(tmp_path / "patches.h5", related=False), tmp_path / "epochs")
    # the best batch accuracy in validation of 24 pairs in two batches: chance is 1/12
    assert found.history.val_accuracy[found.best_epoch - 1] < 0.3
    assert found.history.val_loss.min() > 0.9 * np.log(12)


@pytest.mark.long
@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_weights(patches, trained, tmp_path):
    class Killed(BaseException):
        pass

    keep = PairKeeper.on_epoch_begin

    def kill(self, epoch, logs=None):
        if epoch == 3:
            raise Killed
        keep(self, epoch, logs)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(PairKeeper, "on_epoch_begin", kill)
        train(patches, tmp_path)
    # the epoch before the last stays, in case the last one is damaged
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch_00002", "epoch_00003"]
    again = train(patches, tmp_path)
    assert again.history.equals(trained.history)
    assert all(np.array_equal(a, b) for a, b in zip(weights(again), weights(trained), strict=True))


def test_saved_encoders_are_the_same_bytes_and_give_the_same_points(patches, trained, tmp_path):
    for name in ("first", "second"):
        save_encoders(tmp_path / name, trained.encoders, {"seed": 1})
        write_embeddings(tmp_path / f"{name}.h5", patches, load_encoders(tmp_path / name))
    files = [file.name for file in sorted((tmp_path / "first").iterdir())]
    assert files == ["card.json", "radar.keras", "rgb.keras"]
    for name in files:
        assert sha256(tmp_path / "first" / name) == sha256(tmp_path / "second" / name)
    assert sha256(tmp_path / "first.h5") == sha256(tmp_path / "second.h5")
    write_embeddings(tmp_path / "direct.h5", patches, trained.encoders)
    with h5py.File(tmp_path / "first.h5") as saved, h5py.File(tmp_path / "direct.h5") as direct:
        for name in ("radar", "rgb"):
            assert np.array_equal(saved[name][:], direct[name][:])
            assert np.allclose(np.linalg.norm(saved[name][:], axis=1), 1, atol=1e-5)


def test_all_pairs_are_embedded_in_order_whatever_the_batch(patches, trained, tmp_path):
    done = []
    write_embeddings(tmp_path / "one.h5", patches, trained.encoders, 96)
    write_embeddings(tmp_path / "some.h5", patches, trained.encoders, 13, done.append)
    assert sum(done) == 96 and max(done) == 13
    with h5py.File(tmp_path / "one.h5") as one, h5py.File(tmp_path / "some.h5") as some:
        assert one["number"][:].tolist() == some["number"][:].tolist() == list(range(96))
        assert np.allclose(one["radar"][:], some["radar"][:], atol=1e-5)


@pytest.mark.parametrize("size", [8, 20, 32])
def test_unknown_pixels_do_not_change_an_embedding(size):
    keras.utils.set_random_seed(0)
    radar = build_encoders(size, np.array([-12.0, -18.0]), np.array([2.0, 3.0]), 4, 4).radar
    rng = np.random.default_rng(0)
    values = rng.normal(-15, 3, (1, size, size, 2)).astype("float32")
    known = (rng.random((1, size, size, 1)) > 0.3).astype("float32")
    other = np.where(known > 0, values, 99.0).astype("float32")
    points = [np.asarray(radar([chip, known])) for chip in (values, other)]
    assert points[0].shape == (1, 4) and np.allclose(points[0], points[1], atol=1e-6)
    assert not np.allclose(np.asarray(radar([other, np.ones_like(known)])), points[0], atol=1e-3)
    assert np.isfinite(np.asarray(radar([values, 0 * known]))).all()


def test_masks_follow_the_file(patches):
    with h5py.File(patches) as store:
        chips = read_pairs(store, np.array([0, 1, 5, 7]))
    assert chips["radar_known"][:, 5, 0, 0].tolist() == [0, 1, 1, 0]
    assert chips["rgb_known"][:, 0, 5, 0].tolist() == [0, 1, 0, 1]


def test_pairs_of_a_place_are_spread_over_the_batches():
    places = np.repeat(np.arange(10), 8)
    batches = spread_batches(places, 20, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(80))
    assert [len(batch) for batch in batches] == [20] * 4
    assert all(np.bincount(places[batch], minlength=10).tolist() == [2] * 10 for batch in batches)


def test_batches_are_seeded_turned_alike_and_new_in_every_epoch(patches):
    first, second = (PairBatches(patches, "train", 16, 3, np.arange(96), training=True) for _ in range(2))
    chips, shared = first[0]
    assert all(np.array_equal(chips[name], second[0][0][name]) for name in chips)
    with h5py.File(patches) as store:
        rows = shared[:, 0].astype(int)
        plain = read_pairs(store, rows)
    turned = 0
    for number in range(len(rows)):
        turns = [(k, mirror) for k in range(4) for mirror in (False, True)]
        shown = {}
        for name in ("radar", "rgb"):
            shown[name] = {
                (k, mirror) for k, mirror in turns
                if np.array_equal(chips[name][number], np.rot90(plain[name][number], k)[:, :: -1 if mirror else 1])
            }  # fmt: skip
        assert shown["radar"] & shown["rgb"]
        turned += (0, False) not in shown["radar"]
    assert turned > len(rows) / 2
    first.epoch = 1
    assert first[0][1].tolist() != shared.tolist()
    assert len(np.concatenate([first[k][1] for k in range(len(first))])) == first.pairs == 48


def test_the_loss_is_the_mean_of_both_directions():
    logits = np.array([[4.0, 1.0, 0.0], [2.0, 3.0, 0.5], [0.0, 1.0, 2.0]], "float32")
    own = np.arange(3, dtype="float32")[:, None]

    def entropy(scores):
        return -np.mean(np.diag(scores) - np.log(np.exp(scores).sum(axis=1)))

    expected = (entropy(logits) + entropy(logits.T)) / 2
    assert float(InfoNCE()(own, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(InfoNCE()(own, np.zeros((3, 3), "float32"))) == pytest.approx(np.log(3), rel=1e-5)
    assert np.asarray(batch_accuracy(own, logits)).tolist() == [1.0, 1.0, 1.0]
    assert np.asarray(batch_accuracy(own, logits[::-1].copy())).mean() == pytest.approx(1 / 3)


def test_pairs_that_share_a_color_chip_are_right_answers_to_each_other():
    shared = np.array([[7.0], [7.0], [8.0]], "float32")
    # the first two find each other before themselves
    logits = np.array([[5.0, 6.0, 0.0], [6.0, 5.0, 0.0], [0.0, 0.0, 5.0]], "float32")
    apart = np.arange(3, dtype="float32")[:, None]
    assert float(InfoNCE()(shared, logits)) < float(InfoNCE()(apart, logits))
    assert np.asarray(batch_accuracy(shared, logits)).tolist() == [1.0, 1.0, 1.0]
    assert np.asarray(batch_accuracy(apart, logits)).tolist() == [0.0, 0.0, 1.0]
    triplets = pd.DataFrame({"optical": ["20190101", "20190101", "20190101"], "place": [3, 3, 4]})
    assert views(triplets).tolist() == [0, 0, 1]


def test_a_part_with_one_color_image_is_refused_by_name(patches, tmp_path):
    with raises_naming(InputError, "patches.h5", "1 color image", "snow.triplets"):
        train_encoders(patches, np.zeros(96, int), tmp_path, SETTINGS, 1, LOGGER)


def test_a_training_that_diverges_stops_in_its_first_epoch_and_names_the_setting(patches, tmp_path):
    with pytest.raises(InputError, match=r"epoch 1\b.*snow\.embeddings\.learning_rate"):
        train(patches, tmp_path / "epochs", learning_rate=float("inf"))
    assert not (tmp_path / "epochs").exists()
