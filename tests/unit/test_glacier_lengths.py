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

from climate_indicators.glacier.flowlines import Flowline
from climate_indicators.glacier.retreat import find_tongues
from climate_indicators.glacier.termini import find_front, make_sheaf, retreat_by_lines

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
OETZTAL = Path(os.environ.get("GLACIER_OETZTAL", SHARED / "glacier_oetztal"))
RHONE = Path(os.environ.get("GLACIER_RHONE", SHARED / "glacier_rhone"))


@pytest.mark.skipif(not OETZTAL.is_dir(), reason=f"real data not found at {OETZTAL}")
def test_flowlines_are_as_long_as_the_inventory_says():
    """`Lmax` of the inventory; entries that are parts of a divided glacier have the whole glacier's length."""
    pixel = 30.0
    outlines = gpd.read_file(OETZTAL / "rgi_oetztal.shp").to_crs("EPSG:32632")
    left, bottom, right, top = outlines.total_bounds + np.array([-300, -300, 300, 300])
    shape = int((top - bottom) / pixel), int((right - left) / pixel)
    transform = Affine(pixel, 0, left, 0, -pixel, top)
    elevation = np.full(shape, np.nan, "float32")
    with rasterio.open(OETZTAL / "srtm_oetztal.tif") as model:
        reproject(
            rasterio.band(model, 1), elevation, dst_transform=transform, dst_crs="EPSG:32632", dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )  # fmt: skip
    pairs = zip(outlines.geometry, range(1, len(outlines) + 1), strict=True)
    ids = rasterize(pairs, out_shape=shape, transform=transform, dtype="uint16")
    names = outlines["RGIId"].tolist()
    tongues = {tongue.name: tongue for tongue in find_tongues(ids, names, elevation, np.ones(shape, bool), pixel)}
    assert len(tongues) == 20
    whole = outlines[~outlines["RGIId"].str.contains("_d0")].set_index("RGIId")
    lengths = np.array([tongues[name].flowline.length_m for name in whole.index])
    ratio = lengths / whole["Lmax"].to_numpy()
    assert np.median(np.abs(ratio - 1)) <= 0.10
    assert 0.7 < ratio.min() and ratio.max() < 1.4


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
