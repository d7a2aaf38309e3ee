"""Blocks: dealt whole, spread over all kinds, never touching."""

import numpy as np
import pytest
from scipy import ndimage

from climate_indicators.blocks import SPLIT_VALUES, SPLITS, deal, make_blocks, split_map
from climate_indicators.logs import InputError

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
    dealt = np.array(deal(fractions, SHARES, seed))
    for split in SPLITS:
        assert abs(fractions[dealt == split].mean() - 0.5) < 0.1, split


def test_seeds_deal_differently_and_each_the_same_again():
    fractions = np.linspace(0, 1, 30)
    assert deal(fractions, SHARES, 1) == deal(fractions, SHARES, 1)
    assert deal(fractions, SHARES, 1) != deal(fractions, SHARES, 2)


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
    with pytest.raises(InputError, match="holds 1 blocks of 100 px .* fewer than the 3 splits .* block_px smaller"):
        make_blocks(labels, valid, 100, SHARES, seed=0)


@pytest.mark.parametrize(("value", "word"), [(0, "no"), (1, "only")])
def test_a_split_without_both_classes_is_an_error(value, word):
    labels, valid = np.full((90, 90), value, "uint8"), np.ones((90, 90), bool)
    with pytest.raises(InputError, match=f"blocks of the train split hold {word} positive labels"):
        make_blocks(labels, valid, 30, SHARES, seed=0)
