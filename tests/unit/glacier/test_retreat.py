"""Flowlines and terminus change of glaciers of known shape."""

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.glacier.flowlines import (
    MIN_PIXELS,
    find_flowlines,
    flowline_layer,
    main_flowline,
    read_flowlines,
)
from climate_indicators.glacier.retreat import (
    YearOfExtent,
    make_tongues,
    measure_years,
    retreat_rates,
    retreat_table,
    terminus_layer,
)
from climate_indicators.glacier.termini import BOX, LINES

PIXEL_M = 20.0
SHAPE = (140, 80)
GRID = Grid("EPSG:32632", Affine(PIXEL_M, 0, 600_000, 0, -PIXEL_M, 5_200_000), SHAPE[1], SHAPE[0])
ROW, COLUMN = np.indices(SHAPE)
# falls from north to south
ELEVATION = 4000.0 - 10.0 * ROW + 0.1 * np.abs(COLUMN - 40)


def tongue(end, first=30, last=50, top=10):
    """A straight glacier from row ``top`` to before row ``end``."""
    return (ROW >= top) & (ROW < end) & (COLUMN >= first) & (COLUMN < last)


def ramp(end, width_px=2.0):
    """Calibrated probability that falls from 1 to 0 across the end of the tongue; 0.5 at its edge."""
    along = np.clip(0.5 + (end - 0.5 - ROW) / (2 * width_px), 0, 1)
    return np.where((COLUMN >= 30) & (COLUMN < 50) & (ROW >= 10), along, 0).astype("float32")


def measured(extents, reference=2016, probabilities=None, ids=None, elevation=ELEVATION, inside=None):
    """Table of terminus change for extents by year."""
    inside = np.ones(SHAPE, bool) if inside is None else inside
    ids = (extents[reference] == 1).astype("uint16") if ids is None else ids
    names = [f"G{number}" for number in range(1, ids.max() + 1)]
    lines = find_flowlines(ids, names, elevation, inside, PIXEL_M)
    tongues = make_tongues(lines, ids, names, PIXEL_M)
    shown = {
        year: YearOfExtent(year, np.asarray(extent, "uint8"), (probabilities or {}).get(year), 0.5)
        for year, extent in extents.items()
    }
    fronts = measure_years(list(extents), reference, shown.__getitem__, ids, tongues)
    return retreat_table(tongues, fronts, reference, elevation, GRID), tongues, fronts


def retreats(table, method):
    return table[table.method == method].set_index("year")


def test_the_flowline_runs_down_the_middle_from_head_to_terminus():
    line = main_flowline(tongue(100), ELEVATION, PIXEL_M, ~tongue(100))
    assert line.points[0][0] == 10 and line.points[-1][0] == 99
    middle = line.points[(line.points[:, 0] > 25) & (line.points[:, 0] < 85)]
    # a quarter of the width at most
    assert np.abs(middle[:, 1] - 39.5).max() <= 5
    assert 89 * PIXEL_M <= line.length_m <= 100 * PIXEL_M
    assert not line.cut


@pytest.mark.parametrize("method", [LINES, BOX])
@pytest.mark.parametrize("shorter", [0, 3, 12, -7])
def test_a_tongue_that_is_shorter_by_whole_pixels_has_retreated_by_them(method, shorter):
    """Negative: an advance, beyond the reference outline."""
    table, *_ = measured({2016: tongue(100), 2020: tongue(100 - shorter)})
    row = retreats(table, method).loc[2020]
    assert row.retreat_m == pytest.approx(shorter * PIXEL_M, abs=0.3 * PIXEL_M)
    assert row.lower_m <= shorter * PIXEL_M <= row.upper_m
    assert row.upper_m - row.lower_m < 3 * PIXEL_M
    assert retreats(table, method).loc[2016].retreat_m == 0


def test_a_front_between_two_pixels_follows_the_probability():
    probabilities = {2016: ramp(100.0), 2020: ramp(97.4)}
    extents = {year: field > 0.5 for year, field in probabilities.items()}
    table, *_ = measured(extents, probabilities=probabilities, ids=tongue(100).astype("uint16"))
    row = retreats(table, LINES).loc[2020]
    assert row.retreat_m == pytest.approx(2.6 * PIXEL_M, abs=0.15 * PIXEL_M)
    # the mapping is uncertain by some pixels, and the interval says so
    assert row.upper_m - row.lower_m > 2 * PIXEL_M


def test_detached_ice_and_snow_below_the_tongue_do_not_move_the_terminus():
    dead = tongue(85) | tongue(100, top=90)
    table, *_ = measured({2016: tongue(100), 2020: dead})
    assert retreats(table, LINES).loc[2020].retreat_m == pytest.approx(15 * PIXEL_M, abs=0.3 * PIXEL_M)
    snow = tongue(100) | tongue(130, top=110)
    table, *_ = measured({2016: tongue(100), 2020: snow})
    assert retreats(table, LINES).loc[2020].retreat_m == pytest.approx(0, abs=0.3 * PIXEL_M)


def test_rock_inside_the_ice_is_no_terminus():
    with_rock = tongue(96) & ~((ROW > 70) & (ROW < 78) & (COLUMN > 36) & (COLUMN < 43))
    table, *_ = measured({2016: tongue(100), 2020: with_rock})
    assert retreats(table, LINES).loc[2020].retreat_m == pytest.approx(4 * PIXEL_M, abs=0.3 * PIXEL_M)


@pytest.mark.parametrize("hidden", [(90, 110), (80, 92), (96, 140)])
def test_a_front_under_cloud_has_no_value_and_a_flag(hidden):
    clouded = np.where((ROW >= hidden[0]) & (ROW < hidden[1]), 255, tongue(95))
    table, *_ = measured({2016: tongue(100), 2020: clouded})
    for method in (LINES, BOX):
        row = retreats(table, method).loc[2020]
        assert np.isnan([row.retreat_m, row.lower_m, row.upper_m]).all() and row.flag == "hidden"


def test_a_glacier_without_ice_at_its_tongue_is_flagged_and_has_no_number():
    table, *_ = measured({2016: tongue(100), 2020: tongue(20)})
    row = retreats(table, LINES).loc[2020]
    assert row.flag == "no ice" and np.isnan(row.retreat_m)


def test_a_neighbor_that_joins_below_does_not_count():
    """Ice of a second glacier, which the outlines name, lies across the valley below the first."""
    below = tongue(128, first=5, last=75, top=108)
    ids = np.where(tongue(100), 1, 0) + np.where(below, 2, 0)
    table, *_ = measured({2016: ids > 0, 2020: tongue(90) | below}, ids=ids.astype("uint16"))
    rows = retreats(table[table.glacier_id == "G1"], LINES)
    assert rows.loc[2020].retreat_m == pytest.approx(10 * PIXEL_M, abs=0.3 * PIXEL_M)


def test_a_glacier_cut_by_the_area_of_interest_is_flagged():
    inside = np.ones(SHAPE, bool)
    inside[100:] = False
    table, tongues, _ = measured(
        {2016: np.where(inside, tongue(110), 255), 2020: np.where(inside, tongue(90), 255)}, inside=inside
    )
    assert tongues[0].flowline.cut
    rows = retreats(table, LINES)
    assert rows.flag.isin(["cut", "hidden", "no reference"]).all()


def test_glaciers_without_a_flowline_are_named_and_have_no_rows(caplog):
    ids = np.where(tongue(100), 1, 0)
    ids[20 : 20 + MIN_PIXELS - 1, 70] = 2
    with caplog.at_level("WARNING", "climate_indicators"):
        table, *_ = measured({2016: ids > 0, 2020: ids > 0}, ids=ids.astype("uint16"))
    assert set(table.glacier_id) == {"G1"} and "G2" in caplog.text
    void = ELEVATION.copy()
    void[50:60] = np.nan
    with pytest.raises(InputError, match="elevation"):
        main_flowline(tongue(100), void, PIXEL_M, ~tongue(100))


def test_rates_of_several_glaciers_are_adjusted_and_say_retreat():
    rng = np.random.default_rng(0)
    ids = (np.where(tongue(100, 5, 25), 1, 0) + np.where(tongue(100, 45, 65), 2, 0)).astype("uint16")
    years = range(2010, 2022)
    extents = {
        year: tongue(100 - 2 * (year - 2010), 5, 25) | tongue(100 + int(rng.integers(-2, 3)), 45, 65) for year in years
    }
    valleys = 4000.0 - 10.0 * ROW + 0.1 * np.minimum(np.abs(COLUMN - 15), np.abs(COLUMN - 55))
    table, *_ = measured(extents, reference=2010, ids=ids, elevation=valleys)
    rates = retreat_rates(table).set_index("glacier_id")
    assert rates.loc["G1"].slope_per_year == pytest.approx(-2 * PIXEL_M, rel=0.05) and rates.loc["G1"].significant
    assert not rates.loc["G2"].significant
    assert (rates.p_adjusted >= rates.p_value).all()


def test_layers_have_the_flowlines_and_the_fronts_of_each_year_in_the_grids_system(tmp_path):
    _, tongues, fronts = measured({2016: tongue(100), 2020: tongue(90)})
    own = {tongue.name: tongue.flowline for tongue in tongues}
    lines, termini = flowline_layer(own, GRID), terminus_layer(tongues, fronts, GRID)
    lines.to_file(tmp_path / "flowlines.gpkg")
    again = read_flowlines(str(tmp_path / "flowlines.gpkg"), GRID, PIXEL_M)
    np.testing.assert_allclose(again["G1"].points, own["G1"].points, atol=1e-6)
    assert again["G1"].length_m == pytest.approx(own["G1"].length_m) and again["G1"].cut == own["G1"].cut
    assert lines.crs == termini.crs == GRID.crs
    assert lines.length[0] == pytest.approx(lines.length_m[0], rel=1e-6)
    heights = termini.set_index("year").geometry.centroid.y
    assert heights[2020] - heights[2016] == pytest.approx(10 * PIXEL_M, abs=0.3 * PIXEL_M)
    assert isinstance(termini, gpd.GeoDataFrame) and len(termini) == 2
