"""Correction of areas: the worked example of the paper, exact limits, coverage of intervals, change in wrong maps."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from scipy import stats

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import write_cog
from climate_indicators.glacier.area_correction import (
    BELT,
    FAR,
    MARGIN,
    AreaCorrection,
    area_correction,
    block_area,
    change_factors,
    error_adjusted_area,
    margin_zones,
    scatter_of_years,
    zone_confusions,
)
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))
import coverage_glacier

from refusals import raises_naming


def test_worked_example_of_olofsson_2014():
    """Deforestation 21,158 ± 6,158 ha, the paper's Section 5 and Table 8, from 30 m pixels."""
    confusion = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]
    mapped_ha = np.array([200000, 150000, 3200000, 6450000]) * 900 / 1e4
    estimate = error_adjusted_area(confusion, mapped_ha)
    assert estimate.area[0] == pytest.approx(21158, abs=1)
    # the paper rounds the standard error to 3,142 ha and z to 1.96
    assert estimate.upper[0] - estimate.area[0] == pytest.approx(6158, abs=2)
    assert estimate.area.sum() == pytest.approx(mapped_ha.sum())


def test_perfect_map_keeps_its_area_without_interval():
    for estimate in (
        error_adjusted_area([[50, 0], [0, 20]], [70.0, 30.0]),
        block_area([[[50, 0], [0, 20]], [[40, 0], [0, 10]]], [70.0, 30.0]),
    ):
        np.testing.assert_allclose([estimate.area, estimate.lower, estimate.upper], [[70, 30]] * 3)


def test_class_without_held_out_pixels_is_an_error_only_where_the_map_shows_it():
    with raises_naming(ValueError, "[1]", "held-out"):
        error_adjusted_area([[50, 5], [0, 0]], [70.0, 30.0])
    np.testing.assert_allclose(error_adjusted_area([[90, 10], [0, 0]], [100.0, 0.0]).area, [90, 10])


def blocks_that_err_together(rng, count, spread):
    """Held-out blocks of 1000 pixels, 300 mapped as glacier; each block has an omission rate of its own."""
    rates = np.clip(rng.normal(0.10, spread, count), 0, 1)
    missed = rng.binomial(700, rates)
    return np.array([[[700 - miss, miss], [0, 300]] for miss in missed])


def test_block_interval_covers_and_the_independent_one_does_not():
    rng = np.random.default_rng(0)
    mapped, truth = np.array([70.0, 30.0]), 30 + 70 * 0.10
    inside = np.zeros(2)
    for _ in range(400):
        confusions = blocks_that_err_together(rng, 6, 0.05)
        for place, estimate in enumerate(
            (block_area(confusions, mapped), error_adjusted_area(confusions.sum(0), mapped))
        ):
            inside[place] += estimate.lower[1] <= truth <= estimate.upper[1]
    assert inside[0] / 400 > 0.92, inside
    assert inside[1] / 400 < 0.75, inside


def test_jackknife_by_hand():
    """Two blocks with omission rates 0 and 20 %: replicates of 44 and 30, standard error 7.

    The quartiles of Student's t for one degree of freedom are ±1; at 95 % the interval is cut at nothing and all.
    """
    confusions = np.array([[[700, 0], [0, 300]], [[560, 140], [0, 300]]])
    estimate = block_area(confusions, [70.0, 30.0], confidence=0.5)
    assert (estimate.lower[1], estimate.area[1], estimate.upper[1]) == pytest.approx((30, 37, 44))
    widest = block_area(confusions, [70.0, 30.0])
    assert (widest.lower[1], widest.upper[1]) == pytest.approx((0, 100))


def test_block_interval_is_never_narrower_than_the_independent_one():
    same = np.repeat([[[65, 5], [3, 27]]], 5, axis=0)
    independent = error_adjusted_area(same.sum(axis=0), [70.0, 30.0])
    np.testing.assert_allclose(block_area(same, [70.0, 30.0]).upper, independent.upper)


def test_error_rate_known_from_one_block_alone_widens_the_interval():
    """All mapped glacier lies in one block: without that block its commission is unknown, not zero."""
    confusions = np.array([[[700, 0], [3, 297]], [[1000, 0], [0, 0]], [[1000, 0], [0, 0]]])
    estimate = block_area(confusions, [70.0, 30.0])
    assert estimate.lower[1] == 0 and estimate.upper[1] > 60


def test_spread_of_more_blocks_is_that_of_the_counted_number():
    """Sixteen blocks that scatter as the four counted ones: jackknife of 16, for 4 of them."""
    four = np.array([[[700, 0], [0, 300]], [[560, 140], [0, 300]]] * 2)
    few = block_area(four, [70.0, 30.0], 0.5)
    many = block_area(four, [70.0, 30.0], 0.5, held_out=np.tile(four, (4, 1, 1)))
    assert many.area[1] == few.area[1]
    quantiles = stats.t.ppf(0.75, [3, 15 * 4 / 16])
    # sums of squares over n (n − 1), of blocks that are two values only
    expected = quantiles[1] / quantiles[0] * np.sqrt((1 / 15) / (1 / 3) * 4)
    assert (many.upper[1] - many.area[1]) / (few.upper[1] - few.area[1]) == pytest.approx(expected, rel=0.02)


def test_years_far_from_the_reference_need_no_two_sided_reach():
    correction = AreaCorrection(40.0, 0.0, 2.0, 2.0, 1.2, 1.5, 0.95)
    near, far = correction.apply(40.0, 100.0), correction.apply(10.0, 100.0)
    assert near == pytest.approx((40, 38, 42))
    reach = 2 * stats.norm.ppf(0.95) / stats.norm.ppf(0.975)
    assert far == pytest.approx((40 - 36, 0, 10 + reach)), "cut at no area; the upper end is the map as it is"


def test_blocks_must_be_two():
    with raises_naming(ValueError, "1"):
        block_area([[[5, 1], [1, 5]]], [1.0, 1.0])


def test_zones_are_distances_from_the_margin_of_the_outlines():
    labels = np.zeros((3, 80), "uint8")
    labels[:, 40:] = 1
    labels[:, 0] = BYTE_NODATA
    zones = margin_zones(labels)[1]
    assert (zones[35:45] == MARGIN).all() and (zones[[34, 45]] == BELT).all()
    assert (zones[15:35] == BELT).all() and (zones[45:65] == BELT).all()
    assert (zones[1:15] == FAR).all() and (zones[65:] == FAR).all()
    assert (margin_zones(np.ones((4, 4), "uint8")) == FAR).all(), "no margin is near"


def held_out_site(folder, test_blocks, blocks=12):
    """A site of one row of blocks, half ice by a slanted margin; the map misses ten columns of it in each block."""
    side, grid = 40, Grid("EPSG:32644", Affine(20, 0, 500_000, 0, -20, 3_400_000), 40 * blocks, 40)
    rows, cols = np.mgrid[:side, : side * blocks]
    labels = (rows + cols / (side * blocks) * 10 > 20).astype("uint8")
    labels[:, -3:] = BYTE_NODATA
    mapped = labels.copy()
    mapped[:, np.arange(side * blocks) % side < 10] = 0
    mapped[:2] = BYTE_NODATA
    split = np.where(np.arange(blocks) < test_blocks, "test", "validation")
    split[-1] = "train"
    splits = np.repeat(np.vectorize(SPLIT_VALUES.get)(split), side)[None].repeat(side, axis=0).astype("uint8")
    table = pd.DataFrame({"block": np.arange(blocks), "row_start": 0, "row_stop": side, "split": split})
    table = table.assign(col_start=table.block * side, col_stop=(table.block + 1) * side)
    paths = [folder / f"{name}.tif" for name in ("extent", "labels", "splits")]
    for path, array in zip(paths, (mapped, labels, splits), strict=True):
        write_cog(path, grid, array, "value", BYTE_NODATA)
    return paths, table, labels, mapped


def test_confusions_by_zone_add_up_to_those_of_the_blocks(tmp_path):
    paths, table, labels, mapped = held_out_site(tmp_path, 10)
    zones, held_out = zone_confusions(*paths, table)
    assert zones.shape == (10, 3, 2, 2), "ten test blocks are enough"
    assert len(held_out) == 11 and np.array_equal(held_out[1:], zones), "validation blocks are in the spread"
    block = np.s_[2:, :40]
    assert zones[0].sum(axis=0).tolist() == [
        [int(((mapped[block] == row) & (labels[block] == column)).sum()) for column in (0, 1)] for row in (0, 1)
    ]
    # distances reach over the edge of a block: its zones are those of the whole image
    near = margin_zones(labels)
    for zone in (MARGIN, BELT, FAR):
        assert zones[1, zone].sum() == (near[2:, 40:80] == zone).sum()


def test_validation_blocks_count_only_while_test_blocks_are_few(tmp_path):
    paths, table, _, _ = held_out_site(tmp_path, 4)
    zones, held_out = zone_confusions(*paths, table)
    assert len(zones) == 11 and np.array_equal(zones, held_out)
    with raises_naming(InputError, "1 held-out blocks"):
        zone_confusions(*paths, table[table.block.isin([0, 11])])


def one_zone(confusion, zone=BELT, blocks=4):
    zones = np.zeros((blocks, 3, 2, 2), int)
    zones[:, MARGIN] = [[50, 0], [0, 50]]
    zones[:, zone] = confusion
    return zones


def test_factor_of_change_by_hand():
    """Errors of the belt count: sensitivity 98 / 103 and specificity 95 / 97 in it."""
    factor, most = change_factors(one_zone([[95, 5], [2, 98]]))
    assert factor == pytest.approx(1 / (98 / 103 + 95 / 97 - 1)) == most
    assert change_factors(one_zone([[9, 0], [0, 9]])) == (1, 1)


def test_errors_that_need_not_meet_the_change_are_in_the_interval_of_the_factor_only():
    zones = one_zone([[95, 5], [2, 98]], FAR)
    zones[:, BELT] = [[80, 0], [0, 80]]
    factor, most = change_factors(zones)
    assert factor == 1 and most == pytest.approx(1 / (228 / 233 + 225 / 227 - 1))


def test_a_map_that_tells_nothing_has_a_bounded_factor():
    assert change_factors(one_zone([[5, 5], [5, 5]])) == pytest.approx((10, 10))


def test_map_class_without_held_out_pixels_gives_no_correction():
    zones = one_zone([[95, 5], [0, 0]])
    zones[:, MARGIN] = 0
    assert area_correction(zones, [28.0, 12.0]) is None


def test_scatter_of_years_is_that_of_the_noise_and_not_of_the_change():
    years = np.array([2000, 2001, 2002, 2004, 2005, 2009, 2010, 2011])
    assert scatter_of_years(years, 50 - 2.0 * (years - 2000)) == pytest.approx(0)
    assert scatter_of_years(years[:4], [4.0, 1.0, 5.0, 2.0]) == 0
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        areas = 50 - 2.0 * (years - 2000) + rng.normal(0, 1, len(years))
        # the difference between a further year and the reference year
        inside += abs(rng.normal(0, 1) - rng.normal(0, 1)) <= scatter_of_years(years, areas)
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize(
    ("world", "runs"),
    [("constant rates 0.97", 12), ("margins ± 3 px", 20), ("patches 3 %", 12), ("shade 25 %", 12)],
)
def test_change_keeps_its_size_and_intervals_hold_the_truth_in_maps_that_err_otherwise(world, runs):
    """True areas shrink from 42 to 25 km²; the rates of the reference year would make 0.7 to 0.9 of the change."""
    rng = np.random.default_rng(1)
    found = pd.DataFrame([coverage_glacier.one_run(world, rng) for _ in range(runs)])
    assert 0.94 < found["ratio"].mean() < 1.06
    assert found["ratio_before"].mean() < 0.93
    assert found["slope"].sum() >= runs - 1 and found["reference"].sum() >= runs - 2
    assert found["total"].sum() >= runs - 1 and found["others"].mean() >= 0.9


def test_the_interval_of_the_reference_year_knows_that_blocks_were_dealt_evenly():
    """Blocks of one map dealt again and again: half widths are about two standard deviations, not four."""
    rng = np.random.default_rng(3)
    world = coverage_glacier.land(rng, 2)
    labels, mapped = world.ice[0].astype("uint8"), coverage_glacier.WORLDS["prevalence, strong"](world, rng)[0]
    glacier, inside, widths, before, areas = float(mapped.mean()), [], [], [], []
    for _ in range(150):
        zones, held_out = coverage_glacier.held_out_zones(labels, mapped.astype("uint8"), rng)
        correction = area_correction(zones, [1 - glacier, glacier], held_out=held_out)
        old = block_area(zones.sum(axis=1), [1 - glacier, glacier])
        areas.append(glacier + correction.offset_km2)
        inside.append(areas[-1] - correction.below_km2 <= labels.mean() <= areas[-1] + correction.above_km2)
        widths.append(correction.below_km2)
        before.append(old.area[1] - old.lower[1])
    assert 0.92 <= np.mean(inside) <= 0.995
    assert np.mean(widths) < 3.2 * np.std(areas) < 0.5 * np.mean(before)


def test_the_interval_of_the_reference_year_holds_where_errors_are_in_few_blocks():
    """Snow on 4 % of the ground, in patches: test blocks without snow show neither the error nor its spread."""
    rng = np.random.default_rng(4)
    held = np.zeros(2)
    for _ in range(100):
        world = coverage_glacier.land(rng, 2)
        labels = world.ice[0].astype("uint8")
        mapped = coverage_glacier.WORLDS["snow 4 % of the ground"](world, rng)[0].astype("uint8")
        zones, held_out = coverage_glacier.held_out_zones(labels, mapped, rng)
        for place, blocks in enumerate((held_out, zones)):
            found = area_correction(zones, [1 - mapped.mean(), mapped.mean()], held_out=blocks)
            area = mapped.mean() + found.offset_km2
            held[place] += area - found.below_km2 <= labels.mean() <= area + found.above_km2
    assert held[0] >= 92 and held[1] < 92, held
