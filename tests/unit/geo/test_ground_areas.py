"""Areas on the ground: known scales of projections, and what is refused."""

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import ground_factor, pixel_km2, pixel_size_m
from refusals import raises_naming


def grid_at(crs, longitude, latitude, pixels=600, resolution=30):
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    half = pixels * resolution / 2
    return Grid(crs, Affine(resolution, 0, x - half, 0, -resolution, y + half), pixels, pixels)


def test_web_map_areas_at_46_degrees_are_corrected():
    """Lengths are stretched by 1 / cos 46.5°, areas 2.11 times."""
    factor = ground_factor(grid_at("EPSG:3857", 8, 46.5))
    assert factor == pytest.approx(np.cos(np.radians(46.5)) ** 2, rel=2e-3)
    assert pixel_km2(grid_at("EPSG:3857", 8, 46.5)) == pytest.approx(900e-6 * factor)
    assert pixel_size_m(grid_at("EPSG:3857", 8, 46.5)) == pytest.approx(30 * np.cos(np.radians(46.5)), rel=1e-3)


@pytest.mark.parametrize(
    ("crs", "longitude", "latitude", "factor"),
    [
        ("EPSG:32632", 9, 46.5, 0.9996**-2),
        ("EPSG:6931", 15, 79, 1.0),
        # scale of the stereographic projection, true at 71 degrees
        ("EPSG:3995", 15, 79, ((1 + np.sin(np.radians(79))) / (1 + np.sin(np.radians(71)))) ** 2),
    ],
)
def test_factors_of_known_projections(crs, longitude, latitude, factor):
    assert ground_factor(grid_at(crs, longitude, latitude)) == pytest.approx(factor, rel=1e-3)


def test_two_reference_systems_give_one_area():
    """The same ground, 20 km wide, as pixels of a web map and of a UTM zone."""
    web, utm = grid_at("EPSG:3857", 8, 46.5, 600, 33.0), grid_at("EPSG:32632", 8, 46.5, 600, 33.0)
    cosine = np.cos(np.radians(46.5))
    assert pixel_km2(web) / pixel_km2(utm) == pytest.approx(cosine**2, rel=3e-3)


def test_a_site_in_which_pixels_differ_too_much_is_refused_with_a_system_that_works():
    grid = grid_at("EPSG:3857", 8, 46.5, 3000)
    with raises_naming(InputError, "EPSG:3857", "0.93 %", "0.5 %") as refused:
        ground_factor(grid)
    advised = str(refused.value).split("'")[1].split("'")[0]
    assert ground_factor(grid_at(refused.value.args[0].split("such as '")[1].split("'")[0], 8, 46.5, 3000)) == (
        pytest.approx(1, rel=1e-4)
    ), advised


@pytest.mark.parametrize(("crs", "unit"), [("EPSG:4326", "degrees"), ("EPSG:2263", "US survey foot")])
def test_area_needs_a_projected_system_in_meters(crs, unit):
    with raises_naming(InputError, crs, unit, "UTM"):
        ground_factor(Grid(crs, Affine(1, 0, 0, 0, -1, 0), 3, 3))
