"""Area by elevation and topographic attributes of planes and known shapes."""

import numpy as np
import pytest

from climate_indicators.glacier.hypsometry import area_by_elevation, band_areas, band_edges, topography

ROW, COLUMN = np.indices((60, 50))
PIXEL_M = 20.0


def plane(to_south, to_east):
    """Elevations that fall by so many meters a meter towards the south and the east."""
    return 3000.0 - PIXEL_M * (to_south * ROW + to_east * COLUMN)


@pytest.mark.parametrize(
    ("to_south", "to_east", "aspect"),
    [(0.5, 0.0, 180.0), (-0.5, 0.0, 0.0), (0.0, 0.5, 90.0), (0.0, -0.5, 270.0), (0.3, 0.3, 135.0), (-0.2, -0.2, 315.0)],
)
def test_slope_and_aspect_of_a_plane(to_south, to_east, aspect):
    ids = ((ROW > 5) & (ROW < 50) & (COLUMN > 5) & (COLUMN < 40)).astype("uint16")
    (row,) = topography(ids, ["G"], plane(to_south, to_east), PIXEL_M, {"G": 1234.0}).to_dict("records")
    assert row["slope_deg"] == pytest.approx(np.degrees(np.arctan(np.hypot(to_south, to_east))), abs=1e-3)
    assert (row["aspect_deg"] - aspect + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    heights = plane(to_south, to_east)[ids == 1]
    expected = [heights.min(), np.median(heights), heights.mean(), heights.max()]
    assert [row[f"z{name}_m"] for name in ("min", "med", "mean", "max")] == pytest.approx(expected)
    assert row["area_km2"] == pytest.approx(ids.sum() * 400 / 1e6) and row["lmax_m"] == 1234


def test_a_glacier_without_elevations_or_pixels_has_no_attributes():
    ids, heights = np.zeros((60, 50), "uint16"), plane(0.5, 0)
    ids[10:20, 10:20], ids[30:40, 10:20] = 1, 2
    heights[12, 12] = np.nan
    table = topography(ids, ["void", "whole", "absent"], heights, PIXEL_M, {}).set_index("glacier_id")
    assert table.loc["void"].drop("area_km2").isna().all() and table.loc["void", "area_km2"] > 0
    assert table.loc["whole"].drop("lmax_m").notna().all()
    assert table.loc["absent", "area_km2"] == 0


def test_areas_by_elevation_sum_to_the_area_and_changes_count_from_the_reference_year():
    heights = plane(0.5, 0)
    before, after = (ROW >= 10) & (ROW < 50), (ROW >= 10) & (ROW < 40)
    edges = band_edges(heights, before, 50)
    assert np.all(np.diff(edges) == 50) and edges[0] <= heights[before].min() and edges[-1] > heights[before].max()
    areas = {2020: band_areas(after, heights, edges, 4e-4), 2016: band_areas(before, heights, edges, 4e-4)}
    table = area_by_elevation(areas, {year: np.zeros(len(edges) - 1) for year in areas}, edges, 2016)
    assert table.groupby("year").area_km2.sum().to_dict() == pytest.approx(
        {2016: before.sum() * 4e-4, 2020: after.sum() * 4e-4}
    )
    lost = table[(table.year == 2020) & (table.change_km2 < 0)]
    # rows 40 to 49 are the lowest ground
    assert lost.upper_m.max() <= heights[39, 0] + 50 and lost.change_km2.sum() == pytest.approx(-10 * 50 * 4e-4)
    assert (table[table.year == 2016].change_km2 == 0).all()


def test_ice_without_elevation_is_in_no_band():
    heights = plane(0.5, 0)
    heights[20:30] = np.nan
    ice = np.ones(heights.shape, bool)
    assert band_areas(ice, heights, band_edges(heights, ice, 50), 1.0).sum() == 50 * 50
