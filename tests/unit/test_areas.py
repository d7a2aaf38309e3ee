"""Areas: the worked example of the paper, exact limits, coverage of the interval, gaps, owners and margins."""

import numpy as np
import pandas as pd
import pytest
from affine import Affine

from climate_indicators.areas import (
    YearOfIce,
    block_area,
    change_factor,
    error_adjusted_area,
    glacier_rows,
    held_out_confusions,
    level_correction,
    measure_year,
    warn_of_missing,
    year_row,
)
from climate_indicators.cogs import BYTE_NODATA, write_cog
from climate_indicators.extents import filled_extent, margin_lengths, nearest_years, owners, pixel_size_m
from climate_indicators.grids import Grid
from climate_indicators.logs import InputError
from climate_indicators.trend_tests import theil_sen_slope
from climate_indicators.trends import trend_row

GRID = Grid("EPSG:32644", Affine(20, 0, 700000, 0, -20, 3400000), 8, 6)
SETTINGS = {"confidence": 0.95, "buffer_px": 0.5, "min_valid_fraction": 0.8}
GAP = BYTE_NODATA


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
    with pytest.raises(ValueError, match=r"map classes \[1\] have an area but no held-out pixel"):
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


def test_blocks_must_be_two():
    with pytest.raises(ValueError, match="two or more of them, found 1"):
        block_area([[[5, 1], [1, 5]]], [1.0, 1.0])


def confusion_table(validation, test):
    splits = ["validation"] * validation + ["test"] * test
    rows = [["unet", split, block, 50, 3, 2, 40 + block] for block, split in enumerate(splits)]
    rows += [["random_forest", "test", 0, 9, 9, 9, 9]]
    return pd.DataFrame(rows, columns=["model", "split", "block", "tn", "fp", "fn", "tp"])


def test_validation_blocks_count_only_while_test_blocks_are_few():
    few = held_out_confusions(confusion_table(3, 4))
    assert few.shape == (7, 2, 2)
    # map class by row, reference class by column
    np.testing.assert_array_equal(few[0], [[50, 2], [3, 40]])
    many = held_out_confusions(confusion_table(3, 10))
    assert many[:, 1, 1].tolist() == list(range(43, 53))
    with pytest.raises(InputError, match="'unet' has 1 held-out blocks"):
        held_out_confusions(confusion_table(0, 1))


def test_nearest_years_prefer_the_earlier_of_two():
    assert nearest_years([2016, 2018, 2020, 2021], 1) == [0, 2, 3]
    assert nearest_years([2020, 2016, 2018], 2) == [1, 0]


def write_extents(folder, *arrays):
    paths = [folder / f"{number}.tif" for number in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        write_cog(path, GRID, np.asarray(array, "uint8"), "extent", BYTE_NODATA)
    return paths


def test_gaps_take_the_nearest_year_that_saw_them(tmp_path):
    first, middle, last = (np.zeros(GRID.shape, "uint8") for _ in range(3))
    first[0], middle[0, :4], last[0] = 1, GAP, 0
    first[1, 0] = middle[1, 0] = GAP
    last[1, 0] = 1
    first[2, 0] = middle[2, 0] = last[2, 0] = GAP
    inside = np.ones(GRID.shape, "uint8")
    inside[5] = 0
    extent, filled = filled_extent(write_extents(tmp_path, first, middle, last), [2016, 2017, 2018], 1, inside)
    assert extent[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0], "2016 and 2018 are equally near: the earlier counts"
    assert extent[1, 0] == 1, "2016 is a gap as well: 2018 counts"
    assert extent[2, 0] == GAP, "seen in no year"
    assert (extent[5] == GAP).all(), "outside the area of interest"
    assert filled.sum() == 5 and filled[0, :4].all() and filled[1, 0]


def test_gap_fill_is_the_same_across_strips(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    arrays = rng.choice([0, 1, GAP], (4, *GRID.shape), p=[0.4, 0.3, 0.3]).astype("uint8")
    paths, inside = write_extents(tmp_path, *arrays), np.ones(GRID.shape, "uint8")
    whole = filled_extent(paths, [1, 2, 3, 4], 2, inside)
    monkeypatch.setattr("climate_indicators.extents.STRIP_ROWS", 2)
    for first, second in zip(whole, filled_extent(paths, [1, 2, 3, 4], 2, inside), strict=True):
        np.testing.assert_array_equal(first, second)


def test_ice_outside_the_outlines_goes_to_the_glacier_it_hangs_on():
    #          0  1  2  3  4  5  6  7
    extent = np.array(
        [
            [1, 1, 1, 1, 1, 1, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 1],
            [1, 1, 0, 0, 0, 0, 0, 0],
        ],
        "uint8",
    )
    ids = np.array([[1, 0, 0, 0, 0, 2, 0, 0], [0] * 8, [0, 0, 3, 3, 0, 0, 0, 0]], "uint16")
    owner = owners(extent, ids, 4)
    assert owner[0].tolist() == [1, 1, 1, 2, 2, 2, 0, 4]
    assert owner[1].tolist() == [0] * 7 + [4]
    assert owner[2].tolist() == [4, 4, 0, 0, 0, 0, 0, 0], "beside an outline, but not on ice of it"
    assert owner.dtype == np.uint16


def test_two_equally_near_glaciers_leave_the_ice_to_the_smaller_number():
    assert owners(np.ones((1, 3), "uint8"), np.array([[7, 0, 5]], "uint16"), 8).tolist() == [[7, 5, 5]]


def disc(radius, size=240):
    rows, cols = np.mgrid[:size, :size] - size / 2 + 0.5
    return rows**2 + cols**2 <= radius**2


def test_margin_of_a_disc_is_its_circumference():
    ice = disc(80).astype("uint16")
    assert margin_lengths(ice, np.ones(ice.shape, bool), 1)[1] == pytest.approx(2 * np.pi * 80, rel=0.02)


def test_margin_leaves_out_divides_gaps_and_the_edge_and_ignores_strips(monkeypatch):
    ice = disc(80).astype("uint16")
    ice[:, 120:] *= 2
    known = np.ones(ice.shape, bool)
    parts = margin_lengths(ice, known, 2)
    assert parts[1] == pytest.approx(parts[2], rel=1e-3)
    assert parts.sum() == pytest.approx(2 * np.pi * 80, rel=0.02)
    known[:120] = False
    half = margin_lengths(ice, known, 2)
    assert half.sum() == pytest.approx(np.pi * 80, rel=0.03)
    assert margin_lengths(np.ones((9, 9), "uint16"), np.ones((9, 9), bool), 1).sum() == 0
    monkeypatch.setattr("climate_indicators.extents.STRIP_ROWS", 7)
    np.testing.assert_allclose(margin_lengths(ice, known, 2), half)


def test_one_year_measured(tmp_path):
    this, other = np.zeros(GRID.shape, "uint8"), np.zeros(GRID.shape, "uint8")
    this[0, :4], this[3, 6] = 1, 1
    this[1, :2], other[1, :2] = GAP, 1
    ids = np.zeros(GRID.shape, "uint16")
    ids[:2, :4], ids[5, 0] = 1, 2
    ice = measure_year(write_extents(tmp_path, this, other), [2016, 2017], 0, np.ones(GRID.shape, "uint8"), ids, 2)
    assert ice.pixels.tolist() == [48 - 7, 6, 0, 1]
    assert ice.filled_pixels == 2
    np.testing.assert_allclose(ice.seen, [1, 6 / 8, 1, 1])
    rows = glacier_rows(2016, ice, ["A", "B"], 20, 0.5)
    assert [row["glacier_id"] for row in rows] == ["A", "B", "unnamed"]
    assert rows[0]["area_km2"] == pytest.approx(6 * 400e-6)
    assert rows[0]["valid_fraction"] == 0.75
    assert [row["flag"] for row in rows] == ["", "", ""]


def test_glaciers_that_no_year_shows_have_no_area_and_are_reported(tmp_path, lines):
    """As without terrain under them: an area of 0 would be a glacier that has melted."""
    this, other = np.zeros(GRID.shape, "uint8"), np.zeros(GRID.shape, "uint8")
    this[0], this[2, :4] = 1, 1
    this[0, :2] = other[0, :2] = this[1] = other[1] = GAP
    other[0, 2:] = 1
    ids = np.zeros(GRID.shape, "uint16")
    ids[0], ids[1], ids[2, :4] = 1, 2, 3
    ice = measure_year(write_extents(tmp_path, this, other), [2016, 2017], 0, np.ones(GRID.shape, "uint8"), ids, 4)
    rows = glacier_rows(2016, ice, ["part", "whole", "seen", "tiny"], 20, 0.5)
    assert [row["flag"] for row in rows] == ["incomplete", "no data", "", "no pixel"]
    km2 = [row["area_km2"] for row in rows]
    np.testing.assert_allclose(km2, [6 * 400e-6, np.nan, 4 * 400e-6, np.nan])
    scene = {"scene": 2016, "date": "2016-09-16", "valid_fraction": 0.9}
    assert year_row(ice, scene, None, 20.0, SETTINGS)["no_data_km2"] == pytest.approx(10 * 400e-6)
    warn_of_missing([*rows, *rows])
    assert [line.split(": ")[1] for line in lines()] == ["whole", "part", "tiny"]


def year(pixels, valid=0.9):
    pixels = np.array(pixels, "float64")
    ice = YearOfIce(pixels, np.array([0, 100.0, 20.0]), np.ones(3), np.zeros(3), pixels, 7)
    return ice, {"scene": 2016, "date": "2016-09-16", "valid_fraction": valid}


CONFUSIONS = np.repeat([[[95, 5], [2, 98]]], 4, axis=0)


def test_row_of_a_year():
    reference = level_correction(CONFUSIONS, [28.0, 12.0])
    row = year_row(*year([7e4, 2.9e4, 1e3]), reference, 20.0, SETTINGS)
    assert row["mapped_km2"] == pytest.approx(12)
    assert row["area_km2"] == pytest.approx(12 * 0.98 + 28 * 0.05)
    estimate = block_area(CONFUSIONS, [28.0, 12.0], 0.95)
    assert (row["lower_km2"], row["upper_km2"]) == pytest.approx((estimate.lower[1], estimate.upper[1]))
    assert row["buffer_km2"] == pytest.approx(120 * 0.5 * 400e-6)
    assert row["gap_filled_km2"] == pytest.approx(7 * 400e-6)
    assert row["flag"] == ""
    assert year_row(*year([7e4, 2.9e4, 1e3], 0.79), reference, 20.0, SETTINGS)["flag"] == "cloudy"


def test_the_change_of_a_year_is_the_mapped_one_and_its_interval_has_the_stretched_one():
    reference = level_correction(CONFUSIONS, [28.0, 12.0])
    first, later = (year_row(*year(pixels), reference, 20.0, SETTINGS) for pixels in ([7e4, 3e4, 0], [8e4, 2e4, 0]))
    assert later["area_km2"] - first["area_km2"] == pytest.approx(-4)
    # sensitivity 98 / 103 and specificity 95 / 97: a map so sharp shows changes too small by 1.075 at most
    factor = 1 / (98 / 103 + 95 / 97 - 1)
    assert later["change_factor"] == pytest.approx(factor) == change_factor(CONFUSIONS)
    assert first["lower_km2"] - later["lower_km2"] == pytest.approx(4 * factor)
    assert first["upper_km2"] - later["upper_km2"] == pytest.approx(4)
    assert reference.apply(0.0, 40.0)[1] == 0 and reference.apply(40.0, 40.0)[2] == 40


def test_year_whose_error_is_unknown_is_flagged_and_may_be_anything():
    confusions = np.repeat([[[95, 5], [0, 0]]], 4, axis=0)
    assert level_correction(confusions, [28.0, 12.0]) is None
    row = year_row(*year([7e4, 3e4, 0]), None, 20.0, SETTINGS)
    assert row["flag"] == "unmeasured" and np.isnan(row["change_factor"])
    assert [row[key] for key in ("lower_km2", "area_km2", "upper_km2")] == pytest.approx([0, 12, 40])


def test_a_map_that_tells_nothing_has_a_bounded_factor():
    assert change_factor(np.array([[[5, 5], [5, 5]]])) == pytest.approx(10)
    assert change_factor(np.array([[[9, 0], [0, 9]]])) == 1


ROWS, COLS = np.mgrid[:160, :160]
DISTANCE = np.hypot(ROWS - 80, COLS - 80)
AREA_YEARS = np.arange(2016, 2025)


def error_margin(rng, truth):
    """Pixels near the margin are mistaken as often as not."""
    near = np.abs(DISTANCE - DISTANCE[truth].max()) < 2
    return np.where(near & (rng.random(truth.shape) < 0.4), ~truth, truth)


def error_rates(rng, truth):
    """Every pixel may be mistaken."""
    return np.where(rng.random(truth.shape) < 0.04, ~truth, truth)


def error_debris(rng, truth):
    """A debris-covered sector is never found, bright rock beside it always."""
    hidden = (np.abs(ROWS - 80) < 6) & (COLS > 80) & (DISTANCE < 40)
    return (truth & ~hidden) | ((COLS < 8) & (ROWS < 40))


@pytest.mark.parametrize("errors", [error_margin, error_rates, error_debris])
def test_changes_keep_their_size_and_their_interval_holds_the_truth(errors):
    """Nine years of a disc that shrinks; rates counted in the first year, as the workflow does."""
    blocks = (ROWS // 20) * 8 + COLS // 20
    ratios, inside = [], 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        truths = [radius > DISTANCE for radius in 58 - 1.5 * np.arange(9) + rng.normal(0, 0.4, 9)]
        maps = [errors(rng, truth) for truth in truths]
        # half of the blocks are held out
        held_out = rng.permutation(64)[:32]
        pairs = 2 * maps[0][None] + truths[0][None]
        confusions = np.array([np.bincount(pairs[0][blocks == block], minlength=4) for block in held_out])
        correction = level_correction(confusions.reshape(-1, 2, 2), [float((~maps[0]).sum()), float(maps[0].sum())])
        areas = [correction.apply(float(one.sum()), float(one.size))[0] for one in maps]
        true = theil_sen_slope(AREA_YEARS * 1.0, np.array([float(one.sum()) for one in truths]))
        row = trend_row("area", "px", AREA_YEARS, areas, np.zeros(9, bool), change_factor=correction.change_factor)
        ratios.append(row["slope_per_year"] / true)
        inside += row["lower_per_year"] <= true <= row["upper_per_year"]
    low = {error_margin: 0.95, error_rates: 0.90, error_debris: 0.90}[errors]
    assert low < np.median(ratios) < 1.05, np.median(ratios)
    assert inside >= 22, (inside, np.median(ratios))


@pytest.mark.parametrize(("crs", "unit"), [("EPSG:4326", "degrees"), ("EPSG:2263", "US survey foot")])
def test_area_needs_a_projected_system_in_metres(crs, unit):
    with pytest.raises(InputError, match=f"{crs} is in {unit}.*UTM"):
        pixel_size_m(Grid(crs, Affine(1, 0, 0, 0, -1, 0), 3, 3))
    assert pixel_size_m(GRID) == 20
