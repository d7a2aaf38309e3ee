"""The grid of a site: its reference system must have lengths in meters and areas as on the ground."""

import geopandas as gpd
import pytest
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import in_degrees, read_area_of_interest, site_grid
from climate_indicators.glacier.outlines import read_outlines
from refusals import raises_naming

ALPS = gpd.GeoSeries([box(7.9, 46.4, 8.1, 46.5)], crs="EPSG:4326")


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:2056", "EPSG:3035", None])
def test_area_in_degrees_gets_a_grid_in_meters(crs):
    grid = site_grid(ALPS, 20.0, crs)
    assert grid.width == pytest.approx(15_400 / 20, rel=0.05) and grid.height == pytest.approx(11_100 / 20, rel=0.1)


@pytest.mark.parametrize(
    ("crs", "found"),
    [
        ("EPSG:4326", ["degrees"]),
        ("EPSG:2263", ["US survey foot"]),
        ("EPSG:3857", ["359.7 km²", "170.8"]),
        ("EPSG:999999", []),
    ],
)
def test_other_reference_systems_are_refused_with_the_one_to_take(crs, found):
    with raises_naming(InputError, "crs", crs, *found, "EPSG:32632"):
        site_grid(ALPS, 20.0, crs)


@pytest.mark.parametrize(("west", "south", "crs"), [(179.9, 71.0, "EPSG:32660"), (0.0, -89.5, "EPSG:3031")])
def test_areas_across_the_180th_meridian_and_at_the_pole_have_grids(west, south, crs):
    area = gpd.GeoSeries([box(west, south, west + 0.2, south + 0.1)], crs="EPSG:4326")
    assert site_grid(area.to_crs(crs), 20.0, crs).height > 500
    with pytest.raises(InputError, match="in degrees"):
        site_grid(area.to_crs(crs), 20.0, "EPSG:4326")


@pytest.mark.parametrize("crs", [None, "EPSG:4326"])
def test_near_the_poles_where_no_utm_zone_is_a_polar_system_is_named(crs):
    area = gpd.GeoSeries([box(10, -82, 10.1, -81.9)], crs="EPSG:4326")
    with raises_naming(InputError, "crs", crs or "null", "EPSG:3031") as told:
        site_grid(area, 20.0, crs)
    assert "to null" not in str(told.value)
    assert site_grid(area, 20.0, "EPSG:3031").height > 500


def test_area_across_the_180th_meridian_is_not_asked_for_all_round_the_earth():
    area = gpd.GeoSeries([box(179.9, 71, 180, 71.1), box(-180, 71, -179.9, 71.1)], crs="EPSG:4326")
    for crossing in (area, area.to_crs("EPSG:32660")):
        with raises_naming(InputError, "180th"):
            in_degrees(crossing)
    for side in (area[:1], area[1:].to_crs("EPSG:32601")):
        assert in_degrees(side).total_bounds[2] - in_degrees(side).total_bounds[0] < 1


def test_area_that_a_system_has_no_coordinates_for_is_refused():
    with raises_naming(InputError, "EPSG:32632", "EPSG:32647"):
        site_grid(gpd.GeoSeries([box(99, 0, 99.1, 0.1)], crs="EPSG:4326"), 20.0, "EPSG:32632")


def test_area_beyond_the_reach_of_a_zone_is_refused():
    with raises_naming(InputError, "crs", "EPSG:32632"):
        site_grid(ALPS.translate(xoff=40), 20.0, "EPSG:32632")


def test_a_grid_that_no_machine_could_hold_is_refused_by_its_key():
    # 15.4 × 11.1 km in pixels of a tenth of a millimetre
    with pytest.raises(InputError, match=r"^resolution_m: found 0.0001, which makes 15\d,\d{3},\d{3} × 11\d,"):
        site_grid(ALPS, 0.0001, None)
    assert site_grid(ALPS, 0.5, None).width == pytest.approx(30_800, rel=0.05)


@pytest.mark.parametrize("name", ["table.csv", "lone.dbf"])
def test_a_vector_file_without_shapes_is_refused_by_name(tmp_path, name):
    if name.endswith(".csv"):
        (tmp_path / name).write_text("glacier,area_km2\na,1\n")
    else:
        layer = gpd.GeoDataFrame({"glacier": ["a"]}, geometry=ALPS.to_list(), crs=ALPS.crs)
        layer.to_file(tmp_path / "lone.shp")
        for suffix in ("shp", "shx", "prj", "cpg"):
            (tmp_path / f"lone.{suffix}").unlink()
    path = str(tmp_path / name)
    with raises_naming(InputError, path, "geometry", "glacier"):
        read_area_of_interest(path)
    with raises_naming(InputError, path, "geometry"):
        read_outlines(path, site_grid(ALPS, 20.0, None))
