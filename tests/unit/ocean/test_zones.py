"""Zones as boxes and as polygons."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from climate_indicators.config.models.ocean import ZONES
from climate_indicators.core.errors import InputError
from climate_indicators.ocean.indicators.zones import zone_mask, zone_masks, zone_titles
from refusals import raises_naming

# the four published ones
PUBLISHED_ZONES = [{"file": None, "layer": None, "where": None, **zone} for zone in ZONES]

LAT, LON = np.arange(-89.0, 90, 2), np.arange(-179.0, 180, 2)
OCEAN = np.ones((90, 180))


def box(lat, lon):
    return {"name": "box", "lat": lat, "lon": lon}


def test_published_zones_are_their_boxes():
    masks = zone_masks(PUBLISHED_ZONES, LAT, LON, OCEAN)
    lat, lon = LAT[:, None], LON[None]
    everywhere = np.ones((90, 180), bool)
    assert list(masks) == ["global", "arctic", "north_atlantic", "equatorial_pacific", "southern_ocean"]
    np.testing.assert_array_equal(masks["global"], everywhere)
    np.testing.assert_array_equal(masks["arctic"], (lat > 70) & everywhere)
    np.testing.assert_array_equal(masks["north_atlantic"], (lat >= 10) & (lat <= 70) & (lon >= -75) & (lon <= 0))
    np.testing.assert_array_equal(masks["equatorial_pacific"], (abs(lat) <= 10) & ((lon >= 105) | (lon <= -80)))
    np.testing.assert_array_equal(masks["southern_ocean"], (lat <= -45) & everywhere)


@pytest.mark.parametrize("lon", [[[170, -170]], [[170, 190]], [[-190, -170]], [[170, 180], [180, 190]]])
def test_longitudes_of_any_convention_cross_the_date_line(lon):
    inside = zone_mask(box([-10, 10], lon), LAT, LON).any(axis=0)
    np.testing.assert_array_equal(LON[inside], [-179, -177, -175, -173, -171, 171, 173, 175, 177, 179])


def test_cells_counted_from_0_are_found_as_well():
    inside = zone_mask(box([-10, 10], [[-75, 0]]), LAT, np.arange(1.0, 360, 2)).any(axis=0)
    assert inside.sum() == zone_mask(box([-10, 10], [[-75, 0]]), LAT, LON).any(axis=0).sum() == 38


def test_whole_circle_and_bounds_are_inside():
    assert zone_mask(box([-1, 1], [[-180, 180]]), LAT, LON).sum() == 360
    assert zone_mask(box([-1, 1], [[0, 360]]), LAT, LON).sum() == 360
    assert zone_mask(box([-1, 1], [[1, 3]]), LAT, LON).sum() == 4


def test_land_is_in_no_zone_and_titles_have_a_fallback():
    area = np.where(LAT[:, None] > 0, 0, OCEAN)
    assert zone_masks([], LAT, LON, area)["global"].sum() == 45 * 180
    assert zone_titles([{"name": "my_sea", "lat": [0, 1]}]) == {"global": "Global ocean", "my_sea": "my sea"}


def test_polygons_in_either_convention_of_longitude(tmp_path):
    for name, west in (("a", -40), ("b", 320)):
        shapes = [shapely.box(west, 20, west + 10, 30), shapely.box(west, -30, west + 10, -20)]
        table = gpd.GeoDataFrame({"sea": ["one", "two"]}, geometry=shapes, crs="EPSG:4326")
        table.to_file(tmp_path / f"{name}.gpkg", layer="seas")
        zone = {"name": "sea", "file": str(tmp_path / f"{name}.gpkg"), "layer": "seas", "where": "sea = 'one'"}
        mask = zone_mask(zone, LAT, LON)
        np.testing.assert_array_equal(mask, zone_mask(box([20, 30], [[-40, -30]]), LAT, LON))
        assert mask.sum() == 25
        assert zone_mask(zone | {"where": None}, LAT, LON).sum() == 50


def test_polygons_in_meters_are_brought_to_degrees(tmp_path):
    square = gpd.GeoDataFrame(geometry=[shapely.box(-30, 40, -20, 50)], crs="EPSG:4326").to_crs("EPSG:3395")
    square.to_file(tmp_path / "metres.gpkg")
    assert zone_mask({"name": "sea", "file": tmp_path / "metres.gpkg"}, LAT, LON).sum() == 25


@pytest.mark.parametrize(
    ("zone", "names"),
    [
        (box([30, 20], None), ["'box'", "[30, 20]"]),
        (box([20, 95], None), ["'box'", "−90 to 90"]),
        (box([20, 30], [[5, 5]]), ["lon", "[5, 5]"]),
        ({"name": "sea", "file": "nowhere.gpkg"}, ["'sea'", "nowhere.gpkg"]),
    ],
)
def test_wrong_zones_are_named(zone, names):
    with raises_naming(InputError, *names):
        zone_mask(zone, LAT, LON)


def test_files_without_use_are_named(tmp_path):
    (tmp_path / "text.gpkg").write_text("no polygons")
    with raises_naming(InputError, "'sea'", "text.gpkg"):
        zone_mask({"name": "sea", "file": tmp_path / "text.gpkg"}, LAT, LON)
    gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs="EPSG:4326").to_file(tmp_path / "point.gpkg")
    with raises_naming(InputError, "'sea'", "point.gpkg", "polygon"):
        zone_mask({"name": "sea", "file": tmp_path / "point.gpkg"}, LAT, LON)
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 9)]).to_file(tmp_path / "bare.gpkg")
    with raises_naming(InputError, "'sea'", "bare.gpkg", "coordinate reference system"):
        zone_mask({"name": "sea", "file": tmp_path / "bare.gpkg"}, LAT, LON)
    sea = gpd.GeoDataFrame({"sea": ["a"]}, geometry=[shapely.box(0, 0, 9, 9)], crs="EPSG:4326")
    for layer in ("seas", "lands"):
        sea.to_file(tmp_path / "both.gpkg", layer=layer)
    with raises_naming(InputError, "'sea'", "both.gpkg", "seas, lands"):
        zone_mask({"name": "sea", "file": tmp_path / "both.gpkg"}, LAT, LON)
    with raises_naming(InputError, "'sea'", "both.gpkg", "sea = 'b'"):
        zone_mask({"name": "sea", "file": tmp_path / "both.gpkg", "layer": "seas", "where": "sea = 'b'"}, LAT, LON)


def test_zone_without_ocean_is_named_with_what_there_is():
    area = np.where(LAT[:, None] > 0, 0, OCEAN)
    with raises_naming(InputError, "'arctic'", "lat [70, 90]", "-89 to -1"):
        zone_masks(PUBLISHED_ZONES, LAT, LON, area)


def test_two_zones_of_one_name_are_refused():
    with raises_naming(InputError, "'box'"):
        zone_masks([box([0, 10], None), box([10, 20], None)], LAT, LON, OCEAN)
