"""From tiles and outlines to scenes and labels, on a simulated site, on files and on real data."""

import copy
import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from rasterio.features import rasterize

from runs import ROOT, SMALL, run

EVEREST = Path(os.environ.get("GLACIER_EVEREST", ROOT.parent / "shared" / "data" / "glacier_everest"))
SCENE = "results/glacier/everest_1/scenes/2000.tif"
pytestmark = pytest.mark.slow


def test_scenes_carry_no_jump_where_the_offset_begins(finished):
    """2020 has no +1000 and 2023 has: on rock and ice alike the medians of reflectance must not differ by 0.1."""
    medians = []
    for year in (2020, 2023):
        with rasterio.open(finished / f"results/glacier/small/scenes/{year}.tif") as raster:
            band = raster.read(raster.descriptions.index("B04") + 1, masked=True)
            medians.append(float(np.ma.median(band)) * raster.scales[0])
            assert raster.crs.to_epsg() == 32644 and raster.nodata == -32768
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert abs(medians[1] - medians[0]) < 0.02, medians


def test_cloudy_year_is_half_valid_and_the_others_nearly_whole(finished):
    valid = pd.read_csv(finished / "results/glacier/small/scenes.csv").set_index("scene").valid_fraction
    assert 0.4 < valid[2022] < 0.6
    assert valid.drop(2022).min() > 0.9


def test_labels_are_the_true_extent_of_the_reference_year(finished):
    with rasterio.open(finished / "resources/glacier/small/truth/extent/2020.tif") as raster:
        truth, where = raster.read(1), raster.transform
    with rasterio.open(finished / "results/glacier/small/labels.tif") as raster:
        labels = raster.read(1)
        assert raster.transform.almost_equals(where)
    inside = labels != 255
    assert np.mean(labels[inside] == truth[inside]) > 0.999


def test_true_area_shrinks(finished):
    areas = pd.read_csv(finished / "resources/glacier/small/truth/areas.csv").area_km2
    assert areas.iloc[-1] < areas.iloc[0]


@pytest.mark.long
def test_elevation_and_slope_become_channels_of_the_network(tmp_path):
    config = copy.deepcopy(SMALL)
    config["glacier"]["sites"]["small"]["terrain_bands"] = ["elevation", "slope"]
    targets = ["results/glacier/small/metrics.csv", "results/glacier/small/extent/2023.tif"]
    text, passed = run(tmp_path, config, *targets)
    assert passed, text
    card = json.loads((tmp_path / "results/glacier/small/model/model_card.json").read_text())
    assert card["bands"] == ["B02", "B03", "B04", "B08", "B11", "elevation", "slope"]
    with rasterio.open(tmp_path / "resources/glacier/small/dem.tif") as raster:
        heights = raster.read(1)
    elevation, slope = card["scaling"]["mean"][-2:]
    assert heights.min() < elevation < heights.max() and 0 < slope < 90


@pytest.mark.long
def test_a_glacier_without_terrain_is_flagged_and_has_no_area(files):
    """A void over a small glacier, less than 1 % of the area: it must not be a glacier that has melted."""
    folder, config = files
    site = config["glacier"]["sites"]["mine"]
    site |= {"dem": "data/dem.tif", "terrain_bands": ["elevation", "slope"]}
    outlines = gpd.read_file(folder / "data/outlines.gpkg").to_crs("EPSG:32644")
    small = outlines.geometry.representative_point().iloc[0].buffer(300)
    outlines["geometry"] = outlines.geometry.difference(small)
    outlines.loc[len(outlines), ["glacier_id", "geometry"]] = "LOST", small
    outlines.to_file(folder / "data/outlines.gpkg")
    with rasterio.open(folder / "data/dem.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
        heights = raster.read(1)
        void = rasterize([small.buffer(60)], out_shape=raster.shape, transform=raster.transform)
        heights[void == 1] = -3.4e38
        raster.write(heights, 1)
    assert 0 < void.mean() < 0.009
    table = "results/glacier/mine/glacier_area_by_glacier.csv"
    text, passed = run(folder, config, table)
    assert passed, text
    assert "dem.tif" in text and "no data' in the table of areas by glacier: LOST" in text
    rows = pd.read_csv(folder / table, keep_default_na=False)
    assert set(rows.flag[rows.glacier_id == "LOST"]) == {"no data"}
    assert set(rows.area_km2[rows.glacier_id == "LOST"]) == {""}
    years = pd.read_csv(folder / "results/glacier/mine/glacier_area_by_year.csv")
    assert years.no_data_km2.min() >= small.area / 1e6 * 0.95
    scenes = pd.read_csv(folder / "results/glacier/mine/scenes.csv")
    assert scenes.valid_fraction.max() <= 1 - 0.8 * void.mean()


@pytest.mark.long
@pytest.mark.skipif(not EVEREST.is_dir(), reason=f"real data not found at {EVEREST}")
def test_everest_outlines_drawn_on_the_grid_keep_their_area(tmp_path):
    config = yaml.safe_load((ROOT / "config/examples/glacier_everest.yaml").read_text())
    config["data_dir"] = str(EVEREST)
    text, passed = run(tmp_path, config, "results/glacier/everest_1/glacier_ids.csv", SCENE)
    assert passed, text
    table = pd.read_csv(tmp_path / "results/glacier/everest_1/glacier_ids.csv")
    assert len(table) == 86
    assert table.area_km2.sum() == pytest.approx(table.polygon_km2.sum(), rel=0.01)
    # 254.6 km² in the projection, whose areas are 0.07 % too small there
    assert table.polygon_km2.sum() == pytest.approx(254.77, abs=0.1)
    # the Landsat picture is on the grid already: nothing may be resampled
    with rasterio.open(tmp_path / SCENE) as scene:
        clipped = scene.read()
    with rasterio.open(EVEREST / "LE71400412000304SGS00_RGB.tif") as original:
        np.testing.assert_array_equal(clipped, np.rint(original.read() / np.float32(255) * 1e4))
