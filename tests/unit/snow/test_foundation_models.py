"""Small foundation models go through the same code path as real presets: saved, loaded, prompted, looked into."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.snow.foundation_models.download import preset_kind
from climate_indicators.snow.foundation_models.features import activation_maps, depths, strength
from climate_indicators.snow.foundation_models.keras_hub_backend import open_hub
from climate_indicators.snow.foundation_models.loading import default_scaling, open_foundation
from climate_indicators.snow.foundation_models.model_inputs import CHANGE, POLARIZATIONS
from climate_indicators.snow.foundation_models.prompts import Points, oracle_points
from climate_indicators.snow.foundation_models.random_weights import write_tiny
from climate_indicators.snow.foundation_models.result_cache import ImageCache
from climate_indicators.snow.foundation_models.sam import Sam, prompt_inputs
from climate_indicators.snow.foundation_models.sam_triplets import check_bands, score_sam
from refusals import raises_naming

BANDS = ["VV", "VH", "VV_change", "VH_change"]
SETTINGS = {"points": 5, "foreground_db": -2.0, "background_db": -1.0, "smooth_px": 3, "picture": CHANGE}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "demo_sam"
    write_tiny(path, "sam", 64)
    return path


@pytest.fixture(scope="module")
def foundation(folder):
    return open_foundation(folder, "sam")


@pytest.fixture(scope="module")
def sam(foundation, tmp_path_factory):
    return Sam(foundation, ImageCache(tmp_path_factory.mktemp("cache"), foundation.digest, "float32"))


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype="uint8")


@pytest.fixture
def points():
    truth = np.zeros((32, 32), "uint8")
    truth[:, :12] = 1
    return oracle_points(truth, 5, np.random.default_rng(0))


def test_equal_seeds_give_equal_files(folder, tmp_path):
    write_tiny(tmp_path / "again", "sam", 64)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["card.json", "config.json", "image_converter.json", "metadata.json", "model.weights.h5"]
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_loaded_weights_are_those_of_the_file(folder, foundation):
    """The decoder too, which keras-hub leaves unbuilt, and so unread, in a backbone alone."""
    assert foundation.model.mask_decoder.weights
    with h5py.File(folder / "model.weights.h5") as store:
        saved = []
        store.visititems(lambda name, item: saved.append(item[()].ravel()) if isinstance(item, h5py.Dataset) else None)
    held = [np.asarray(weight).ravel() for weight in foundation.model.weights]
    assert sorted(map(len, saved)) == sorted(map(len, held))
    assert sum(np.float64(one).sum() for one in saved) == pytest.approx(sum(np.float64(one).sum() for one in held))


def test_masks_equal_those_of_the_whole_segmenter(foundation, sam, picture, points):
    """The halves, encoder and prompts, do what keras-hub's own segmenter does in one go."""
    inputs = prompt_inputs(points, (32, 32), 64)
    whole = open_hub().models.SAMImageSegmenter(foundation.model)
    expected = whole.predict(
        {"images": foundation.prepare(picture[None]), **{name: inputs[name] for name in ("points", "labels")}},
        verbose=0,
    )
    embedding = sam.embed(picture)
    found = sam._decoder.predict_on_batch({"embedding": embedding[None], **inputs})
    assert np.asarray(found["masks"]).shape == (1, 4, 16, 16)
    for name in ("masks", "iou_pred"):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5)
    mask, own_score = sam.best_mask(embedding, points, (32, 32))
    assert mask.shape == (32, 32) and mask.dtype == bool
    assert own_score == pytest.approx(expected["iou_pred"][0, 1:].max(), abs=1e-5)


def test_points_are_x_before_y_in_pixels_of_the_model():
    points = Points(np.array([[0, 31], [16, 0]]), np.array([1, 0]))
    inputs = prompt_inputs(points, (32, 32), 64)
    assert inputs["points"][0].tolist() == [[62.5, 0.5], [0.5, 32.5], [0.0, 0.0]]
    assert inputs["labels"][0].tolist() == [1, 0, -1]
    assert inputs["boxes"].shape == (1, 0, 2, 2) and inputs["masks"].shape[1] == 0


def test_without_foreground_nothing_is_mapped(sam, picture):
    mask, own_score = sam.best_mask(sam.embed(picture), Points(np.array([[3, 3]]), np.array([0])), (32, 32))
    assert not mask.any() and np.isnan(own_score)


def test_scores_count_what_all_models_count(foundation, tmp_path):
    rng = np.random.default_rng(1)
    image = rng.normal(-10, 2, (3, 32, 32, 4)).astype("float32")
    label = rng.integers(0, 2, (3, 32, 32)).astype("uint8")
    label[0, :4] = 255
    image[..., 2:] = np.where(label[..., None] == 1, -4.0, 0.0) + rng.normal(0, 0.1, (3, 32, 32, 2))
    with h5py.File(tmp_path / "p.h5", "w") as store:
        store.attrs.update({"bands": json.dumps(BANDS), "mean": [-10.0, -10, -2, -2], "std": [2.0, 2, 2, 2]})
        store["image"], store["label"], store["valid"] = image, label, np.ones(label.shape, bool)
        store["number"] = np.array([4, 7, 9])
        store.create_dataset("name", data=["a", "b", "c"], dtype=h5py.string_dtype())
        members = [(0, "validation"), (2, "year")]
        results, caches = [], []
        for _ in range(2):
            caches.append(ImageCache(tmp_path / "cache", foundation.digest))
            sam = Sam(foundation, caches[-1])
            results.append(
                score_sam(sam, store, members, lambda s, rows: s["label"][rows], SETTINGS, 1, "random weights")
            )
    (scores, runs), (again, runs_again) = results
    assert list(scores) == ["sam_oracle", "sam_radar"]
    for model, score in scores.items():
        assert score.blocks.tolist() == [4, 9] and score.splits == ["validation", "year"]
        assert score.counts.shape == (2, 2, 2)
        known = [(label[place] == value).sum() for place in (0, 2) for value in (0, 1)]
        assert score.counts.sum(axis=2).ravel().tolist() == known
        assert np.array_equal(score.counts, again[model].counts)
    assert [(cache.computed, cache.read) for cache in caches] == [(2, 0), (0, 2)]
    pd.testing.assert_frame_equal(runs, runs_again)
    assert runs["triplet"].tolist() == ["a", "a", "c", "c"]
    assert runs["prompts"].tolist() == ["oracle", "radar"] * 2
    assert set(runs["weights"]) == {"random weights"} and set(runs["n_points"]) == {10}


def test_bands_of_the_picture_are_checked(tmp_path):
    with h5py.File(tmp_path / "p.h5", "w") as store:
        store.attrs["bands"] = json.dumps(BANDS)
        check_bands(store, CHANGE)
        check_bands(store, POLARIZATIONS)
        with raises_naming(InputError, "HH", "snow.foundation.sam.picture"):
            check_bands(store, ("VV", "HH", "VV-VH"))


def test_a_folder_without_scaling_gets_the_published_one(folder, foundation, picture, tmp_path):
    shutil.copytree(folder, tmp_path / "bare")
    (tmp_path / "bare" / "image_converter.json").unlink()
    bare = open_foundation(tmp_path / "bare", "sam")
    np.testing.assert_allclose(bare.prepare(picture[None]), foundation.prepare(picture[None]), atol=1e-6)
    assert foundation.prepare(picture[None]).max() <= 1


def test_scaling_takes_off_mean_and_spread():
    scaling = default_scaling("clip")
    gray = 255 * np.array([0.48145466, 0.4578275, 0.40821073])
    np.testing.assert_allclose(gray * scaling["scale"] + scaling["offset"], 0, atol=1e-12)
    assert default_scaling("sam") == {"scale": 1 / 255, "offset": None}


def test_weights_of_another_size_are_one_clear_error(folder, tmp_path):
    """The signature is whole, the network is not the one of config.json."""
    shutil.copytree(folder, tmp_path / "mixed")
    config = (tmp_path / "mixed" / "config.json").read_text()
    (tmp_path / "mixed" / "config.json").write_text(config.replace('"hidden_size": 32', '"hidden_size": 16'))
    with raises_naming(InputError, "mixed", "save_to_preset"):
        open_foundation(tmp_path / "mixed", "sam")


@pytest.mark.parametrize("lost", ["mask_decoder", "layers/windowed_transformer_encoder_1/attention/projection"])
def test_weights_without_a_part_are_refused(lost, folder, tmp_path):
    """Never random weights in silence: as a backbone is saved whose decoder was not built, or by another Keras."""
    shutil.copytree(folder, tmp_path / "part")
    with h5py.File(tmp_path / "part" / "model.weights.h5", "a") as store:
        del store[lost]
    with raises_naming(InputError, "part", "save_to_preset"):
        open_foundation(tmp_path / "part", "sam")


def test_weights_that_are_no_numbers_are_refused(folder, tmp_path):
    """Which stands for weights that were passed over as well: all are NaN before the file is read."""
    shutil.copytree(folder, tmp_path / "bad")
    with h5py.File(tmp_path / "bad" / "model.weights.h5", "a") as store:
        store["layers/add_positional_embedding/vars/0"][...] = np.nan
    with raises_naming(InputError, "bad", "1 of ", "weights", "SAMBackbone"):
        open_foundation(tmp_path / "bad", "sam")


def test_a_model_of_another_kind_is_refused_before_it_is_read(folder):
    with raises_naming(InputError, "config.json", "SAMBackbone", "CLIPBackbone"):
        open_foundation(folder, "clip")


@pytest.mark.parametrize(
    ("kind", "size", "grids"), [("clip", 32, [4, 4]), ("dinov2", 28, [2, 2]), ("deeplab", 64, [16, 64])]
)
def test_activation_maps_of_two_depths(kind, size, grids, picture, tmp_path):
    write_tiny(tmp_path / "model", kind, size)
    foundation = open_foundation(tmp_path / "model", kind)
    pictures = np.stack([picture, picture, picture[::-1]])
    maps = activation_maps(foundation, pictures, 2)
    assert [layer.shape for layer in maps.values()] == [(3, grid, grid) for grid in grids]
    for layer in maps.values():
        assert np.isfinite(layer).all() and layer.std() > 0
        assert np.array_equal(layer[0], layer[1]) and not np.allclose(layer[0], layer[2])
    every = depths(foundation, 99)
    assert list(maps) == [every[0].name, every[-1].name]
    assert len(every) == {"clip": 4, "dinov2": 4, "deeplab": 6}[kind]


def test_strength_leaves_the_class_token_out():
    tokens = np.zeros((5, 2))
    tokens[0], tokens[1:, 0], tokens[1:, 1] = 100, [3, 0, 0, 6], [4, 0, 0, 8]
    assert strength(tokens, 1).tolist() == [[5, 0], [0, 10]]
    assert strength(tokens[1:].reshape(2, 2, 2)).tolist() == [[5, 0], [0, 10]]


def test_features_of_sam_are_not_read(foundation):
    with raises_naming(ValueError, "sam"):
        depths(foundation, 2)


def test_presets_are_known_by_name():
    hub = open_hub()
    assert [preset_kind(hub, name) for name in ("sam_base_sa1b", "clip_vit_base_patch32", "dinov2_small")] == [
        "sam",
        "clip",
        "dinov2",
    ]
    with raises_naming(InputError, "'sam_basee'", "sam_base_sa1b"):
        preset_kind(hub, "sam_basee")
