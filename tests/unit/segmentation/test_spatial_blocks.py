"""Blocks: assigned whole, spread over all kinds, never touching."""

import re

import numpy as np
import pytest
from scipy import ndimage

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.spatial_blocks import (
    SPLIT_VALUES,
    SPLITS,
    assign_splits,
    few_blocks_warning,
    make_blocks,
    split_map,
)
from refusals import raises_naming

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def half_glacier(size=200):
    labels = np.zeros((size, size), "uint8")
    labels[:, : size // 2] = 1
    return labels, np.ones((size, size), bool)


def test_blocks_tile_the_image_and_count_its_pixels():
    labels, valid = half_glacier()
    valid[:10] = False
    labels[-5:] = 255
    blocks = make_blocks(labels, valid, 40, SHARES, seed=3)
    covered = np.zeros(labels.shape, int)
    for block in blocks.itertuples():
        covered[block.row_start : block.row_stop, block.col_start : block.col_stop] += 1
    assert (covered == 1).all()
    assert blocks.n_pixels.sum() == 185 * 200
    assert blocks.split.value_counts().to_dict() == {"train": 15, "validation": 5, "test": 5}


@pytest.mark.parametrize("seed", range(5))
def test_every_split_gets_blocks_of_all_kinds(seed):
    fractions = np.linspace(0, 1, 50)
    assigned = np.array(assign_splits(fractions, SHARES, seed))
    for split in SPLITS:
        assert abs(fractions[assigned == split].mean() - 0.5) < 0.1, split


def test_seeds_deal_differently_and_each_the_same_again():
    fractions = np.linspace(0, 1, 30)
    assert assign_splits(fractions, SHARES, 1) == assign_splits(fractions, SHARES, 1)
    assert assign_splits(fractions, SHARES, 1) != assign_splits(fractions, SHARES, 2)


@pytest.mark.parametrize("gap", [2, 7, 16])
def test_splits_are_at_least_the_gap_apart(gap):
    labels, valid = half_glacier()
    splits = split_map(make_blocks(labels, valid, 40, SHARES, seed=1), labels, valid, gap)
    for value in SPLIT_VALUES.values():
        others = (splits > 0) & (splits != value)
        distance = ndimage.distance_transform_cdt(~others, metric="chessboard")
        # a distance of d leaves d − 1 pixels between
        assert distance[splits == value].min() - 1 >= gap


def test_pixels_without_a_label_or_value_belong_to_no_split():
    labels, valid = half_glacier()
    labels[50:60, 50:60], valid[90:95] = 255, False
    splits = split_map(make_blocks(labels, valid, 40, SHARES, seed=1), labels, valid, 0)
    assert not splits[50:60, 50:60].any() and not splits[90:95].any()
    assert (splits > 0).sum() == (valid & (labels != 255)).sum()


def test_fewer_blocks_than_splits_is_an_error_with_a_way_out():
    labels, valid = half_glacier(100)
    with raises_naming(InputError, "1 blocks", "100 px", "block_px"):
        make_blocks(labels, valid, 100, SHARES, seed=0)


@pytest.mark.parametrize(("value", "word"), [(0, "no"), (1, "only")])
def test_a_split_without_both_classes_is_an_error(value, word):
    labels, valid = np.full((90, 90), value, "uint8"), np.ones((90, 90), bool)
    with raises_naming(InputError, word, "train", "patches.block_px", "split_seed"):
        make_blocks(labels, valid, 30, SHARES, seed=0)


def warning_of(size, block_px, size_px=128, gap_px=16):
    blocks = make_blocks(*half_glacier(size), block_px, SHARES, seed=0)
    return few_blocks_warning(blocks, SHARES | {"block_px": block_px, "gap_px": gap_px, "size_px": size_px}), blocks


def test_a_split_into_few_blocks_is_a_warning_whose_block_size_gives_ten_test_blocks():
    text, _ = warning_of(660, 256)
    assert "only 2 validation blocks (" in text and "and 2 test blocks (" in text
    size = int(re.search(r"patches.block_px to about (\d+)\.", text)[1])
    text, blocks = warning_of(660, size)
    assert text is None and 9 <= (blocks.split == "test").sum() <= 11


def test_where_patches_are_too_large_for_more_blocks_the_warning_says_so():
    text, _ = warning_of(300, 100)
    assert "only 2 validation blocks (" in text
    assert "block_px to about 80, the smallest for patches of this size; smaller patches (patches.size_px)" in text
    text, _ = warning_of(240, 80)
    assert "larger area of interest, or smaller patches (patches.size_px) and blocks" in text


def test_a_split_into_enough_blocks_is_no_warning():
    assert warning_of(640, 160)[0] is None
