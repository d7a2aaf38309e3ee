"""Patches: all that a split owns is covered, nothing of another split is seen."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.patches import band_statistics, fill_invalid, mirrored, plan_patches, write_patches
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, make_blocks, split_map
from rasters import textured_scene, write_scene
from refusals import raises_naming

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


@pytest.fixture
def world(tmp_path):
    path, labels = textured_scene(tmp_path / "scene.tif", size=200)
    valid = np.ones(labels.shape, bool)
    blocks = make_blocks(labels, valid, 50, SHARES, seed=1)
    return path, labels, blocks, split_map(blocks, labels, valid, 8)


def test_patches_cover_every_pixel_of_every_split_and_the_edges(world):
    _, _, blocks, splits = world
    plan = plan_patches(splits, blocks, 32, 20)
    for value in SPLIT_VALUES.values():
        seen = np.zeros(splits.shape, bool)
        for row, col in plan.origins[plan.splits == value]:
            seen[row : row + 32, col : col + 32] = True
        assert seen[splits == value].mean() > 0.97
    assert plan.origins.max() == 200 - 32


def test_a_patch_holds_its_own_splits_pixels_only(world, tmp_path):
    path, labels, blocks, splits = world
    plan = plan_patches(splits, blocks, 32, 32)
    with RasterStack([path]) as stack:
        mean, std = band_statistics(stack, splits)
        write_patches(tmp_path / "patches.h5", stack, labels, splits, plan, 32)
        whole, _ = stack.read((0, 200), (0, 200))
    train = whole[splits == SPLIT_VALUES["train"]]
    assert np.allclose(mean, train.mean(axis=0), atol=1e-6) and np.allclose(std, train.std(axis=0), atol=1e-5)
    with h5py.File(tmp_path / "patches.h5") as store:
        assert json.loads(store.attrs["bands"]) == ["band0", "band1"]
        for image, label, (row, col), split in zip(
            store["image"], store["label"], store["origin"][:], store["split"][:], strict=True
        ):
            window = np.s_[row : row + 32, col : col + 32]
            own = splits[window] == split
            assert np.array_equal(label != 255, own) and np.array_equal(label[own], labels[window][own])
            assert np.allclose(image[own], whole[window][own])
            # what fills the rest is found among the patch's own pixels
            strange = image[~own].reshape(-1, 2)
            assert {tuple(pixel) for pixel in strange} <= {tuple(pixel) for pixel in image[own].reshape(-1, 2)}
        assert set(store["split"][:]) == {1, 2, 3}


def test_pixels_of_others_are_mirrored_at_the_border():
    own = np.zeros((6, 8), bool)
    own[:, :5] = True
    rows, cols = mirrored(own)
    assert (rows == np.arange(6)[:, None]).all()
    assert cols[0].tolist() == [0, 1, 2, 3, 4, 3, 2, 1]


def test_clouds_stay_clouds_in_a_patch(tmp_path):
    values, valid = np.full((64, 64, 1), 0.4), np.ones((64, 64), bool)
    values[:, :32], valid[10:20] = 0.2, False
    labels = np.tile(np.arange(64) < 32, (64, 1)).astype("uint8")
    splits = np.where(valid, np.repeat([1, 2, 3], [24, 20, 20])[:, None], 0).astype("uint8")
    blocks = pd.DataFrame(
        {"block": [0, 1, 2], "row_start": [0, 24, 44], "row_stop": [24, 44, 64], "col_start": 0, "col_stop": 64}
    ).assign(split=["train", "validation", "test"])
    with RasterStack([write_scene(tmp_path / "scene.tif", values, valid)]) as stack:
        write_patches(tmp_path / "p.h5", stack, labels, splits, plan_patches(splits, blocks, 32, 32), 32)
    with h5py.File(tmp_path / "p.h5") as store:
        train = np.flatnonzero(store["split"][:] == 1)
        for number in train:
            image, known = store["image"][number], store["valid"][number]
            assert np.allclose(image[~known], store.attrs["mean"]) and not np.allclose(image[known], image[~known][:1])
        assert not store["valid"][train].all()


def test_the_same_patches_have_the_same_bytes(world, tmp_path):
    path, labels, blocks, splits = world
    plan = plan_patches(splits, blocks, 32, 32)
    for name in ("a.h5", "b.h5"):
        with RasterStack([path]) as stack:
            write_patches(tmp_path / name, stack, labels, splits, plan, 32)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_each_patch_knows_the_block_that_it_shows_most_of(world):
    _, _, blocks, splits = world
    plan = plan_patches(splits, blocks, 32, 32)
    table = blocks.set_index("block")
    names = {value: split for split, value in SPLIT_VALUES.items()}
    assert [table.split[block] for block in plan.blocks] == [names[split] for split in plan.splits]


def test_a_grid_smaller_than_a_patch_is_an_error(world):
    _, _, blocks, splits = world
    with raises_naming(InputError, "20 × 200", "32 px", "patches.size_px"):
        plan_patches(splits[:20], blocks, 32, 32)


def test_a_gap_that_leaves_too_little_is_an_error(world):
    _, labels, blocks, _ = world
    splits = split_map(blocks, labels, np.ones(labels.shape, bool), 46)
    with raises_naming(InputError, "128 px", "patches.block_px", "patches.gap_px"):
        plan_patches(splits, blocks, 128, 32)


def test_missing_pixels_become_the_mean(tmp_path):
    values, valid = np.full((20, 20, 1), 0.4), np.ones((20, 20), bool)
    valid[3] = False
    with RasterStack([write_scene(tmp_path / "scene.tif", values, valid)]) as stack:
        read, known = stack.read((0, 20), (0, 20))
        assert np.array_equal(stack.valid(), valid)
    filled = fill_invalid(read, known, [0.7])
    assert np.allclose(filled[3], 0.7) and np.allclose(filled[4], 0.4)
