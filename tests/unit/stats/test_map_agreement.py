"""Overlap and shift of maps against true maps."""

import numpy as np
import pytest
from scipy import ndimage

from climate_indicators.stats.map_agreement import Agreement, MapPair, agreement, agreement_rows
from climate_indicators.stats.truth_checks import check_table
from true_maps import SIZE, patches


def clouds(seed, share):
    return ~patches(seed + 50, share)


def pair(true, shift=(0, 0), seed=0, cloud=0.0, wrong=0.0):
    """A map of the truth, moved, with wrong patches and without the pixels under clouds."""
    errors = patches(seed + 99, wrong) if wrong else np.zeros_like(true)
    known = np.roll(clouds(seed, cloud), shift, (0, 1)) if cloud else np.ones_like(true)
    return MapPair(np.roll(true ^ errors, shift, (0, 1)) & known, known, true, np.ones_like(true))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (0, -1), (2, 1), (-4, 0)])
@pytest.mark.parametrize("cloud", [0.0, 0.5])
def test_the_shift_of_a_map_is_found_to_a_tenth_of_a_pixel_under_clouds(seed, shift, cloud):
    found = agreement([pair(patches(seed), shift, seed, cloud)])
    assert (found.down_px, found.right_px) == pytest.approx(shift, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (0, -1)])
def test_wrong_patches_are_no_shift(seed, shift):
    found = agreement([pair(patches(seed), shift, seed, wrong=0.1)])
    assert found.iou < 0.8
    assert (found.down_px, found.right_px) == pytest.approx(shift, abs=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_half_a_pixel_is_found(seed):
    fine = ndimage.zoom(patches(seed).astype(float), 4, order=1)
    true, moved = (ndimage.uniform_filter(np.roll(fine, by, 1), 4)[2::4, 2::4] > 0.5 for by in (0, 2))
    found = agreement([MapPair(moved, np.ones_like(true), true, np.ones_like(true))])
    assert (found.down_px, found.right_px) == pytest.approx((0, 0.5), abs=0.1)


def test_maps_of_a_year_are_taken_together():
    small = [pair(patches(seed, share=0.05), (0, 1), seed) for seed in range(6)]
    found = agreement(small)
    assert found.right_px == pytest.approx(1, abs=0.05)
    both = sum((one.mapped & one.true).sum() for one in small)
    assert found.iou == both / sum((one.mapped | one.true).sum() for one in small)


def test_pixels_that_are_not_known_do_not_count_in_the_overlap():
    true = patches(1)
    known = np.ones_like(true)
    known[:40] = False
    found = agreement([MapPair(true & known, known, true, np.ones_like(true))])
    assert found.iou == 1.0 and found.offset_px == pytest.approx(0, abs=0.02)


def test_an_empty_map_has_neither_overlap_nor_offset_and_fails():
    empty = np.zeros((SIZE, SIZE), bool)
    found = agreement([MapPair(empty, ~empty, empty, ~empty)])
    assert np.isnan([found.iou, found.offset_px]).all()
    assert not check_table(agreement_rows("extent 2016", found, 0.85)).within.any()


def test_no_map_at_all_fails():
    assert not check_table(agreement_rows("extent 2016", agreement([]), 0.85)).within.any()


def test_a_shift_of_a_pixel_fails_and_small_errors_do_not():
    true = patches(3)
    for shift, right in (((0, 0), True), ((1, 0), False)):
        table = check_table(agreement_rows("extent 2016", agreement([pair(true, shift, wrong=0.02)]), 0.5))
        assert table.quantity.tolist() == ["overlap of extent 2016", "offset of extent 2016"]
        assert table.within.tolist() == [True, right]


def test_limits():
    rows = check_table(agreement_rows("x", Agreement(0.8499, 0.3, 0.4), 0.85))
    assert rows.within.tolist() == [False, True]
