"""Lengths of real glaciers: the inventory of the Ötztal and the published lengths of the Rhone glacier."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.features import rasterize
from rasterio.warp import Resampling, reproject

from climate_indicators.glacier.flowlines import Flowline, find_flowlines
from climate_indicators.glacier.hypsometry import topography
from climate_indicators.glacier.termini import find_front, make_sheaf, retreat_by_lines

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
OETZTAL = Path(os.environ.get("GLACIER_OETZTAL", SHARED / "glacier_oetztal"))
RHONE = Path(os.environ.get("GLACIER_RHONE", SHARED / "glacier_rhone"))


@pytest.fixture(scope="module")
def oetztal():
    """Inventory, numbers of its glaciers and elevations on a grid of 30 m."""
    if not OETZTAL.is_dir():
        pytest.skip(f"real data not found at {OETZTAL}")
    outlines = gpd.read_file(OETZTAL / "rgi_oetztal.shp").to_crs("EPSG:32632")
    left, bottom, right, top = outlines.total_bounds + np.array([-300, -300, 300, 300])
    shape = int((top - bottom) / 30), int((right - left) / 30)
    transform = Affine(30, 0, left, 0, -30, top)
    elevation = np.full(shape, np.nan, "float32")
    with rasterio.open(OETZTAL / "srtm_oetztal.tif") as model:
        reproject(
            rasterio.band(model, 1), elevation, dst_transform=transform, dst_crs="EPSG:32632", dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )  # fmt: skip
    pairs = zip(outlines.geometry, range(1, len(outlines) + 1), strict=True)
    return outlines, rasterize(pairs, out_shape=shape, transform=transform, dtype="uint16"), elevation


def test_flowlines_are_as_long_as_the_inventory_says(oetztal):
    """`Lmax` of the inventory; entries that are parts of a divided glacier have the whole glacier's length."""
    outlines, ids, elevation = oetztal
    names = outlines["RGIId"].tolist()
    lines = find_flowlines(ids, names, elevation, np.ones(ids.shape, bool), 30.0)
    assert len(lines) == 20
    whole = outlines[~outlines["RGIId"].str.contains("_d0")].set_index("RGIId")
    lengths = np.array([lines[name].length_m for name in whole.index])
    ratio = lengths / whole["Lmax"].to_numpy()
    assert np.median(np.abs(ratio - 1)) <= 0.10
    assert 0.7 < ratio.min() and ratio.max() < 1.4


def test_topographic_attributes_are_those_of_the_inventory(oetztal):
    outlines, ids, elevation = oetztal
    table = topography(ids, outlines["RGIId"].tolist(), elevation, 30.0, {}).set_index("glacier_id")
    known = outlines[~outlines["RGIId"].str.contains("_d0")].set_index("RGIId")
    table = table.loc[known.index]
    for ours, theirs in (("zmin_m", "Zmin"), ("zmed_m", "Zmed"), ("zmax_m", "Zmax")):
        assert np.median(np.abs(table[ours] - known[theirs])) <= 12
    assert np.median(np.abs(table["slope_deg"] - known["Slope"])) <= 0.5
    assert np.median(np.abs(table["area_km2"] / known["Area"] - 1)) <= 0.01
    apart = (table["aspect_deg"] - known["Aspect"] + 180) % 360 - 180
    assert (apart.abs() <= 22.5).mean() >= 0.85


@pytest.mark.skipif(not RHONE.is_dir(), reason=f"real data not found at {RHONE}")
@pytest.mark.parametrize("pixel", [10.0, 20.0])
def test_lengths_and_retreat_of_the_rhone_glacier_are_the_published_ones(pixel):
    """10,783.6 ± 38.8 m in 1928 and 9,699.9 ± 7.6 m in 2020, along the published flowline."""
    outlines = gpd.read_file(RHONE / "outlines.shp").astype({"year": int}).set_index("year").geometry
    line = gpd.read_file(RHONE / "centerline.shp").geometry.iloc[0]
    left, bottom, right, top = outlines.total_bounds + np.array([-500, -1000, 1000, 500])
    shape = int((top - bottom) / pixel), int((right - left) / pixel)
    transform = Affine(pixel, 0, left, 0, -pixel, top)
    masks = {year: rasterize([outlines[year]], out_shape=shape, transform=transform) for year in (1928, 2020)}
    points = np.array([~transform @ point for point in line.coords])[:, ::-1] - 0.5
    sheaf = make_sheaf(Flowline.of(points, pixel), pixel)
    fronts = {year: find_front(sheaf, mask) for year, mask in masks.items()}
    assert np.nanmean(fronts[1928].position_m) == pytest.approx(10_783.6, abs=40)
    assert np.nanmean(fronts[2020].position_m) == pytest.approx(9_699.9, abs=40)
    retreat = retreat_by_lines(fronts[1928], fronts[2020], sheaf)
    assert retreat.retreat_m == pytest.approx(1_083.7, abs=40)
    assert retreat.lower_m <= 1_083.7 <= retreat.upper_m
