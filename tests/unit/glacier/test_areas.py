"""Areas by year and by glacier: gaps, owners and margins, and the rows of the tables."""

import numpy as np
import pytest
from affine import Affine

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import write_cog
from climate_indicators.glacier.area_correction import AreaCorrection
from climate_indicators.glacier.areas import AnnualExtent, glacier_rows, measure_year, warn_of_missing, year_rows
from climate_indicators.glacier.extents import assign_glacier_ids, gap_filled_extent, perimeter_m, years_by_distance
from climate_indicators.stats.estimator_range import reach_beyond_range

PIXEL_KM2 = 400e-6
GRID = Grid("EPSG:32644", Affine(20, 0, 700000, 0, -20, 3400000), 8, 6)
SETTINGS = {"confidence": 0.95, "buffer_px": 0.5, "min_valid_fraction": 0.8}
GAP = BYTE_NODATA


def test_years_before_and_after_that_are_equally_near_come_together():
    assert years_by_distance([2016, 2018, 2020, 2021], 1) == [[0, 2], [3]]
    assert years_by_distance([2020, 2016, 2018], 2) == [[0, 1]]


def write_extents(folder, *arrays):
    paths = [folder / f"{number}.tif" for number in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        write_cog(path, GRID, np.asarray(array, "uint8"), "extent", BYTE_NODATA)
    return paths


def test_gaps_take_the_nearest_year_that_saw_them_and_equally_near_ones_that_agree(tmp_path):
    first, middle, last = (np.zeros(GRID.shape, "uint8") for _ in range(3))
    first[0], middle[0, :4], last[0] = 1, GAP, 1
    first[1, 0] = middle[1, 0] = GAP
    last[1, 0] = 1
    first[2, 0] = middle[2, 0] = last[2, 0] = GAP
    first[3, 0], middle[3, 0] = 1, GAP
    inside = np.ones(GRID.shape, "uint8")
    inside[5] = 0
    found = gap_filled_extent(write_extents(tmp_path, first, middle, last), [2016, 2017, 2018], 1, inside)
    assert found.extent[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0], "2016 and 2018 agree"
    assert found.extent[1, 0] == 1, "2016 is a gap as well: 2018 counts"
    assert found.extent[2, 0] == GAP and not found.undecided[2, 0], "seen in no year"
    assert found.extent[3, 0] == GAP and found.undecided[3, 0], "2016 and 2018 are equally near and disagree"
    assert found.undecided.sum() == 1
    assert (found.extent[5] == GAP).all(), "outside the area of interest"
    assert found.filled.sum() == 5 and found.filled[0, :4].all() and found.filled[1, 0]


def test_gaps_of_a_steady_retreat_are_filled_without_preference(tmp_path):
    """The gap year lies halfway between its neighbors: so does its area, whichever way time runs."""
    years = [2016, 2017, 2018]
    extents = [np.repeat([[1] * (6 - number) + [0] * (2 + number)], 6, axis=0) for number in range(3)]
    extents[1] = np.full(GRID.shape, GAP)
    ids, inside = np.repeat([[1] * 6 + [0] * 2], 6, axis=0).astype("uint16"), np.ones(GRID.shape, "uint8")
    for order in (extents, extents[::-1]):
        ice = measure_year(write_extents(tmp_path, *order), years, 1, inside, ids, 1)
        assert ice.pixels.tolist() == [6 * 3, 6 * 5, 0]
        assert ice.undecided_pixels == 12 and ice.unseen.sum() == 0


def test_gap_fill_is_the_same_across_strips(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    arrays = rng.choice([0, 1, GAP], (4, *GRID.shape), p=[0.4, 0.3, 0.3]).astype("uint8")
    paths, inside = write_extents(tmp_path, *arrays), np.ones(GRID.shape, "uint8")
    whole = gap_filled_extent(paths, [1, 2, 3, 4], 2, inside)
    monkeypatch.setattr("climate_indicators.glacier.extents.STRIP_ROWS", 2)
    strips = gap_filled_extent(paths, [1, 2, 3, 4], 2, inside)
    for name in ("extent", "filled", "undecided"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(strips, name))
    assert whole.undecided.any()


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
    owner = assign_glacier_ids(extent, ids, 4)
    assert owner[0].tolist() == [1, 1, 1, 2, 2, 2, 0, 4]
    assert owner[1].tolist() == [0] * 7 + [4]
    assert owner[2].tolist() == [4, 4, 0, 0, 0, 0, 0, 0], "beside an outline, but not on ice of it"
    assert owner.dtype == np.uint16


def test_two_equally_near_glaciers_leave_the_ice_to_the_smaller_number():
    assert assign_glacier_ids(np.ones((1, 3), "uint8"), np.array([[7, 0, 5]], "uint16"), 8).tolist() == [[7, 5, 5]]


def disc(radius, size=240):
    rows, cols = np.mgrid[:size, :size] - size / 2 + 0.5
    return rows**2 + cols**2 <= radius**2


def test_margin_of_a_disc_is_its_circumference():
    ice = disc(80).astype("uint16")
    assert perimeter_m(ice, np.ones(ice.shape, bool), 1)[1] == pytest.approx(2 * np.pi * 80, rel=0.02)


def test_margin_leaves_out_divides_gaps_and_the_edge_and_ignores_strips(monkeypatch):
    ice = disc(80).astype("uint16")
    ice[:, 120:] *= 2
    known = np.ones(ice.shape, bool)
    parts = perimeter_m(ice, known, 2)
    assert parts[1] == pytest.approx(parts[2], rel=1e-3)
    assert parts.sum() == pytest.approx(2 * np.pi * 80, rel=0.02)
    known[:120] = False
    half = perimeter_m(ice, known, 2)
    assert half.sum() == pytest.approx(np.pi * 80, rel=0.03)
    assert perimeter_m(np.ones((9, 9), "uint16"), np.ones((9, 9), bool), 1).sum() == 0
    monkeypatch.setattr("climate_indicators.glacier.extents.STRIP_ROWS", 7)
    np.testing.assert_allclose(perimeter_m(ice, known, 2), half)


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
    rows = glacier_rows(2016, ice, ["A", "B"], PIXEL_KM2, 0.5)
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
    rows = glacier_rows(2016, ice, ["part", "whole", "seen", "tiny"], PIXEL_KM2, 0.5)
    assert [row["flag"] for row in rows] == ["incomplete", "no data", "", "no pixel"]
    km2 = [row["area_km2"] for row in rows]
    np.testing.assert_allclose(km2, [6 * 400e-6, np.nan, 4 * 400e-6, np.nan])
    scene = {"scene": 2016, "date": "2016-09-16", "valid_fraction": 0.9}
    (row,) = year_rows([ice], [scene], 2016, None, PIXEL_KM2, SETTINGS)
    assert row["no_data_km2"] == pytest.approx(10 * 400e-6)
    warn_of_missing([*rows, *rows])
    assert [line.split(": ")[1] for line in lines()] == ["whole", "part", "tiny"]


def year(pixels, number=2016, valid=0.9, undecided=0):
    pixels = np.array(pixels, "float64")
    ice = AnnualExtent(pixels, np.array([0, 100.0, 20.0]), np.ones(3), np.zeros(3), pixels, 7, undecided)
    return ice, {"scene": number, "date": f"{number}-09-16", "valid_fraction": valid}


def table_of(years, correction):
    ices, scenes = zip(*years, strict=True)
    return year_rows(ices, scenes, 2016, correction, PIXEL_KM2, SETTINGS)


CORRECTION = AreaCorrection(12.0, offset_km2=0.5, below_km2=1.0, above_km2=2.0, factor=1.1, most=1.3)


def test_row_of_the_reference_year_and_of_a_cloudy_one():
    row, cloudy = table_of([year([7e4, 2.9e4, 1e3]), year([7e4, 2.9e4, 1e3], 2017, 0.79)], CORRECTION)
    assert (row["mapped_km2"], row["area_km2"]) == pytest.approx((12, 12.5))
    assert (row["lower_km2"], row["upper_km2"]) == pytest.approx((11.5, 14.5))
    assert (row["change_factor"], row["change_factor_upper"]) == (1.1, 1.3)
    assert row["buffer_km2"] == pytest.approx(120 * 0.5 * 400e-6)
    assert row["gap_filled_km2"] == pytest.approx(7 * 400e-6)
    assert row["flag"] == "" and cloudy["flag"] == "cloudy"


def test_the_change_of_a_year_is_the_mapped_one_times_the_factor_and_its_interval_has_the_others():
    first, later = table_of([year([7e4, 3e4, 0]), year([8e4, 2e4, 0], 2017)], CORRECTION)
    assert later["area_km2"] - first["area_km2"] == pytest.approx(-4 * 1.1)
    # half widths 1 and 2 km² beyond changes of −4 and −5.2 km²
    below, above = reach_beyond_range(np.array([1.0, 2.0]), 4 * 0.3, 0.95)
    assert 0.8 < below < 1 and 1.6 < above < 2
    assert (later["lower_km2"], later["upper_km2"]) == pytest.approx((12.5 - 5.2 - below, 12.5 - 4 + above))
    assert CORRECTION.apply(0.0, 40.0)[1] == 0 and CORRECTION.apply(40.0, 40.0)[2] == 40


def test_undecided_pixels_widen_the_interval_of_their_year():
    certain, doubtful = table_of([year([7e4, 3e4, 0]), year([7e4, 3e4, 0], 2017, undecided=1000)], CORRECTION)
    assert doubtful["undecided_km2"] == pytest.approx(0.4)
    assert certain["lower_km2"] - doubtful["lower_km2"] == pytest.approx(0.2)
    assert doubtful["upper_km2"] - certain["upper_km2"] == pytest.approx(0.2)


def test_scatter_between_years_is_in_the_intervals_of_all_but_the_reference_year():
    steady = [year([7e4 + 1e3 * step, 3e4 - 1e3 * step, 0], 2016 + step) for step in range(7)]
    restless = [year([7e4, 3e4 + (-1) ** step * 1e3, 0], 2016 + step) for step in range(7)]
    widths = [
        [row["upper_km2"] - row["lower_km2"] for row in table_of(years, AreaCorrection(12.0, 0.0, 1.0, 1.0, 1.0, 1.0))]
        for years in (steady, restless)
    ]
    assert widths[0] == pytest.approx([2.0] * 7)
    assert widths[1][0] == pytest.approx(2.0) and min(widths[1][1:]) > 3.5


def test_year_whose_error_is_unknown_is_flagged_and_may_be_anything():
    (row,) = table_of([year([7e4, 3e4, 0])], None)
    assert row["flag"] == "unmeasured" and np.isnan(row["change_factor"])
    assert [row[key] for key in ("lower_km2", "area_km2", "upper_km2")] == pytest.approx([0, 12, 40])
