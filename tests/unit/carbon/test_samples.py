"""Images as samples of the network."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from climate_indicators.carbon.images.arrays import NetworkImage, Reading
from climate_indicators.carbon.images.samples import sample_reader, true_shares, write_samples
from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.patches import fill_invalid
from refusals import raises_naming

MASKS = {"source": "masks"}
GREEN = {"source": "hsv", "hue": [35, 85], "min_saturation": 40, "min_value": 20}
PLANT, SOIL = (60, 120, 50), (150, 110, 80)


def table(n=4, dtype="uint8", **columns):
    splits = ["train", "train", "validation", "test"][:n]
    return pd.DataFrame(
        {
            "image": [f"{letter}.png" for letter in "abcd"[:n]],
            "mask": [f"{letter}.png" for letter in "abcd"[:n]],
            "labeled": [split != "unlabeled" for split in splits],
            "group": [7, 7, 3, 5][:n],
            "split": splits,
            "dtype": dtype,
        }
        | columns
    )


def field(rows=64, cols=64, plants=20, seen=None):
    """Soil with plants in the first columns; an image and its mask."""
    mask = np.zeros((rows, cols), bool)
    mask[:, :plants] = True
    values = np.where(mask[..., None], PLANT, SOIL).astype("float32")
    seen = np.ones((rows, cols), bool) if seen is None else seen
    values[~seen] = 0
    return NetworkImage(values, seen), mask


def from_memory(**images):
    return lambda name: images[name.split(".")[0]]


@pytest.fixture
def fields():
    return {"a": field(), "b": field(plants=40), "c": field(plants=10), "d": field(plants=30)}


def test_samples_are_the_images_of_the_table(tmp_path, fields):
    path = tmp_path / "patches.h5"
    images = table(labeled=[True, False, True, True], split=["train", "unlabeled", "validation", "test"])
    done = []
    write_samples(path, images, from_memory(**fields), MASKS, 32, progress=lambda: done.append(1))
    with h5py.File(path) as store:
        assert len(done) == len(store["image"]) == 3
        assert store["name"].asstr()[:].tolist() == ["a.png", "c.png", "d.png"]
        assert store["number"][:].tolist() == [0, 2, 3] and store["block"][:].tolist() == [7, 3, 5]
        assert store["split"][:].tolist() == [1, 2, 3] and not store["origin"][:].any()
        assert json.loads(store.attrs["bands"]) == ["red", "green", "blue"]
        kinds = {name: (store[name].dtype.name, store[name].shape) for name in store if name != "name"}
        label = store["label"][0]
        image = store["image"][0]
        assert store["valid"][:].all() and store["content"][:].tolist() == [[32, 32]] * 3
    assert kinds == {
        "image": ("uint8", (3, 32, 32, 3)),
        "valid": ("bool", (3, 32, 32)),
        "label": ("uint8", (3, 32, 32)),
        "split": ("uint8", (3,)),
        "block": ("int32", (3,)),
        "number": ("int32", (3,)),
        "origin": ("int32", (3, 2)),
        "content": ("int32", (3, 2)),
    }
    assert (label[:, :10] == 1).all() and not label[:, 10:].any()
    assert (image[:, :10] == PLANT).all() and (image[:, 10:] == SOIL).all()


def test_half_a_pixel_of_vegetation_is_vegetation_and_less_is_not(tmp_path):
    masks = {name: np.zeros((64, 64), bool) for name in "abcd"}
    for mask in masks.values():
        mask[:, :31] = True  # cell 15 is covered by half
        mask[0, 40] = True  # a quarter of a cell
    images = {name: (field()[0], mask) for name, mask in masks.items()}
    path = tmp_path / "patches.h5"
    write_samples(path, table(), from_memory(**images), MASKS, 32, target="density")
    with h5py.File(path) as store:
        label, density = store["label"][0], store["density"][0]
    assert density.dtype == np.float16
    assert (density[:, 15] == 0.5).all() and density[0, 20] == 0.25
    assert set(np.unique(label)) == {0, 1} and (label[:, 15] == 1).all() and label[0, 20] == 0


def test_what_is_not_seen_is_unknown_and_has_the_mean_of_the_training_pixels(tmp_path, fields):
    hidden = np.ones((64, 64), bool)
    hidden[:32] = False
    fields["a"] = field(seen=hidden)
    fields["d"] = field(rows=32, plants=30)  # wide: the lower half is padding
    path = tmp_path / "patches.h5"
    write_samples(path, table(), from_memory(**fields), MASKS, 32, target="density")
    with h5py.File(path) as store:
        part = {name: store[name][:] for name in ("image", "valid", "label", "density", "content")}
        mean, std = store.attrs["mean"], store.attrs["std"]
    training = part["image"][:2][part["valid"][:2]].astype(float)
    assert len(training) == 1.5 * 32 * 32
    np.testing.assert_allclose(mean, training.mean(axis=0))
    np.testing.assert_allclose(std, training.std(axis=0))
    assert not part["valid"][0, :16].any() and part["valid"][0, 16:].all()
    assert part["content"][3].tolist() == [16, 32] and not part["valid"][3, 16:].any()
    unknown = ~part["valid"]
    assert (part["label"][unknown] == 255).all() and (part["label"][~unknown] <= 1).all()
    assert np.isnan(part["density"][unknown]).all() and np.isfinite(part["density"][~unknown]).all()
    assert (part["image"][unknown] == np.rint(mean)).all()


def test_rules_make_labels_at_the_images_own_size(tmp_path, fields):
    """Plants and soil in turn, column by column: after shrinking, the mixed color itself is no plant's."""
    values = np.where(np.arange(64)[:, None] % 2, SOIL, PLANT).astype("float32")
    stripes = NetworkImage(np.broadcast_to(values, (64, 64, 3)).copy(), np.ones((64, 64), bool))
    images = {name: (image, None) for name, (image, _) in fields.items()} | {"b": (stripes, None)}
    path = tmp_path / "patches.h5"
    write_samples(path, table(), from_memory(**images), GREEN, 32, target="density")
    with h5py.File(path) as store:
        assert (store["density"][1] == 0.5).all() and (store["label"][1] == 1).all()
        assert (store["label"][0, :, :10] == 1).all() and not store["label"][0, :, 10:].any()


def test_images_of_more_than_eight_bits_keep_their_fractions(tmp_path, fields):
    fine = NetworkImage(fields["a"][0].values + 0.25, fields["a"][0].seen)
    fields["a"] = (fine, fields["a"][1])
    path = tmp_path / "patches.h5"
    write_samples(path, table(dtype=["uint16", "uint8", "uint8", "uint8"]), from_memory(**fields), MASKS, 64)
    with h5py.File(path) as store:
        assert store["image"].dtype == np.float32
        assert store["image"][0, 0, 0].tolist() == [60.25, 120.25, 50.25]


def test_two_runs_write_equal_files(tmp_path, fields):
    paths = [tmp_path / "one.h5", tmp_path / "two.h5"]
    for path in paths:
        write_samples(path, table(), from_memory(**fields), MASKS, 32, target="density")
    assert sha256(paths[0]) == sha256(paths[1])


@pytest.mark.parametrize("plants, words", [(0, "no vegetation"), (64, "only vegetation")])
def test_a_split_without_both_labels_is_refused(tmp_path, fields, plants, words):
    fields["d"] = field(plants=plants)
    with raises_naming(InputError, "1 test images", words):
        write_samples(tmp_path / "patches.h5", table(), from_memory(**fields), MASKS, 32)
    assert not list(tmp_path.iterdir())


def test_a_split_of_black_images_is_refused(tmp_path, fields):
    fields["c"] = field(seen=np.zeros((64, 64), bool))
    with raises_naming(InputError, "1 validation images"):
        write_samples(tmp_path / "patches.h5", table(), from_memory(**fields), MASKS, 32)


def test_files_are_read_with_their_masks_or_without(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    image, mask = field(plants=20)
    Image.fromarray(image.values.astype("uint8")).save(tmp_path / "images" / "a.png")
    Image.fromarray(np.where(mask, 255, 0).astype("uint8")).save(tmp_path / "masks" / "a_mask.png")
    images = table(1, mask=["a_mask.png"], mask_scale="0 to 255", mask_palette="numbers")
    folders = (tmp_path / "images", tmp_path / "masks")
    read, truth = sample_reader(images, *folders, Reading(), "masks")("a.png")
    np.testing.assert_array_equal(read.values, image.values)
    np.testing.assert_array_equal(truth, mask)
    assert sample_reader(images, folders[0], None, Reading(), "hsv")("a.png")[1] is None


def test_values_that_are_not_seen_do_not_reach_the_mean_of_a_neighbor(tmp_path, fields):
    """A black corner beside soil must not darken the soil's pixels at the border."""
    seen = np.ones((64, 64), bool)
    seen[:, 33:] = False
    fields["a"] = field(plants=4, seen=seen)
    path = tmp_path / "patches.h5"
    write_samples(path, table(), from_memory(**fields), MASKS, 32)
    with h5py.File(path) as store:
        assert store["valid"][0, 0, 16] and store["image"][0, 0, 16].tolist() == list(SOIL)
        assert (
            store["image"][0, 0, 17] == fill_invalid(np.zeros((1, 3)), np.zeros(1, bool), np.rint(store.attrs["mean"]))
        ).all()


def test_unknown_pixels_of_masks_are_in_no_label_and_no_share(tmp_path, fields):
    """Void was read as not vegetation, or as vegetation."""
    void = 255
    listed = {"vegetation_values": [2], "unknown_values": [void]}
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for name, (image, plants) in fields.items():
        numbers = np.where(plants, 2, 1).astype("uint8")
        numbers[:32] = void
        Image.fromarray(image.values.astype("uint8")).save(tmp_path / "images" / f"{name}.png")
        Image.fromarray(numbers).save(tmp_path / "masks" / f"{name}.png")
    images = table(mask_scale="listed values", mask_palette="")
    folders = (tmp_path / "images", tmp_path / "masks")
    read = sample_reader(images, *folders, Reading(), "masks", listed)
    write_samples(tmp_path / "patches.h5", images, read, MASKS | {"target": "density"}, 64, "density")
    with h5py.File(tmp_path / "patches.h5") as store:
        assert (store["label"][:, :32] == 255).all() and (store["label"][:, 32:] < 2).all()
        assert np.isnan(store["density"][:, :32]).all() and store["valid"][:].all()
        shares = [plants.mean() for _, plants in fields.values()]
        np.testing.assert_allclose(true_shares(store, range(4)), shares, atol=1e-6)
