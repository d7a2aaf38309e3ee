"""Outlines of extents: areas, owners, small polygons, bytes."""

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.features import rasterize

from climate_indicators.core.atomic_files import sha256
from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import ground_factor
from climate_indicators.glacier.polygons import extent_outlines, write_outlines

GRID = Grid("EPSG:32644", Affine(100, 0, 700000, 0, -100, 3400000), 12, 10)


@pytest.fixture
def site():
    """Extent of two glaciers, the second in two parts, with a hole, a speck, and unnamed ice; and their numbers."""
    extent, ids = np.zeros(GRID.shape, "uint8"), np.zeros(GRID.shape, "uint16")
    extent[0:4, 0:5], ids[0:4, 0:4] = 1, 2
    extent[1, 1] = 0
    extent[6:9, 0:3], ids[6:9, 0:3] = 1, 1
    extent[6:9, 4:6], ids[6:9, 4:6] = 1, 1
    extent[5, 9], ids[5, 9] = 1, 2
    extent[8:10, 9:12] = 1
    extent[0, 11] = 255
    return extent, ids


def test_features_draw_the_extent_again(site):
    outlines = extent_outlines(*site, ["B", "A"], GRID, 0.0)
    assert outlines.glacier_id.tolist() == ["A", "B", "unnamed"]
    assert outlines.geometry.is_valid.all() and outlines.crs.to_epsg() == 32644
    drawn = rasterize(outlines.geometry, out_shape=GRID.shape, transform=GRID.transform)
    np.testing.assert_array_equal(drawn, site[0] == 1)
    on_ground = ground_factor(GRID)
    expected = {name: area * on_ground for name, area in {"A": 0.20, "B": 0.15, "unnamed": 0.06}.items()}
    assert outlines.set_index("glacier_id").area_km2.to_dict() == pytest.approx(expected)


def test_small_polygons_are_left_out(site):
    outlines = extent_outlines(*site, ["B", "A"], GRID, 0.055)
    areas = outlines.set_index("glacier_id").area_km2.to_dict()
    assert areas == pytest.approx({"A": 0.19, "B": 0.15, "unnamed": 0.06}, rel=1e-3)
    assert extent_outlines(*site, ["B", "A"], GRID, 0.1).glacier_id.tolist() == ["A"]


def test_file_has_the_columns_and_the_same_bytes_every_time(site, tmp_path):
    outlines = extent_outlines(*site, ["B", "A"], GRID, 0.0)
    for name in ("one", "two"):
        write_outlines(outlines, 2016, "2016-09-16", tmp_path / name / "2016.gpkg")
    assert sha256(tmp_path / "one" / "2016.gpkg") == sha256(tmp_path / "two" / "2016.gpkg")
    table = gpd.read_file(tmp_path / "one" / "2016.gpkg")
    assert list(table.columns) == ["glacier_id", "year", "date", "area_km2", "geometry"]
    assert table.year.tolist() == [2016] * 3 and set(table.date) == {"2016-09-16"}
    assert table.crs.to_epsg() == 32644
    np.testing.assert_allclose(table.area / 1e6 * ground_factor(GRID), table.area_km2)


def test_year_without_ice_is_a_layer_without_features(tmp_path):
    nothing = np.zeros(GRID.shape, "uint8")
    outlines = extent_outlines(nothing, nothing.astype("uint16"), ["A"], GRID, 0.02)
    write_outlines(outlines, 2016, "", tmp_path / "2016.gpkg")
    table = gpd.read_file(tmp_path / "2016.gpkg")
    assert len(table) == 0 and list(table.columns) == ["glacier_id", "year", "date", "area_km2", "geometry"]


def test_no_geopackage_holds_the_time_of_its_writing(tmp_path):
    """GeoPackages of the demo differed at every run; all are written by the one function that leaves the time out."""
    layer = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:32644")
    digests = set()
    for number in range(2):
        write_geopackage(layer, tmp_path / f"{number}.gpkg", "aoi")
        digests.add(sha256(tmp_path / f"{number}.gpkg"))
        time.sleep(0.01)  # stamps have milliseconds
    assert len(digests) == 1
    root = Path(__file__).resolve().parents[3]
    sources = [*root.joinpath("src").rglob("*.py"), *root.joinpath("scripts").rglob("*.py")]
    writers = [path.name for path in sources if ".to_file(" in path.read_text()]
    assert writers == ["geopackage.py"]
