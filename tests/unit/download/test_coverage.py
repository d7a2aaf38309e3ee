"""How much of an area an overpass covers: consecutive slices leave no gap, whichever way an archive draws them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.affinity import rotate
from shapely.geometry import box, mapping, shape

from climate_indicators.download.stac.coverage import covered_share, share_with_values
from climate_indicators.download.stac.search import read_tiles

CRS = "EPSG:32645"
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
# two slices of 250 by 170 km, turned as those of an orbit are, that meet exactly; the second has a corner more on the
# common edge, so that the edges differ where they are drawn straight in degrees
MIDDLE = (400_000, 3_100_000)
CORNERS = (
    [(-125, -170), (125, -170), (125, 0), (-125, 0)],
    [(-125, 0), (0, 0), (125, 0), (125, 170), (-125, 170)],
)
SLICES = [
    rotate(shapely.Polygon([(MIDDLE[0] + 1000 * x, MIDDLE[1] + 1000 * y) for x, y in one]), 10, origin=MIDDLE)
    for one in CORNERS
]


def area_at(x, y, side=5000):
    return gpd.GeoSeries([box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)], crs=CRS)


def item(number, outline, crs=CRS, **properties):
    """An item that writes its corners in degrees, as archives do."""
    corners = shapely.transform(outline, TO_DEGREES.transform, interleaved=False)
    told = {"proj:epsg": int(crs.split(":")[1])} if crs else {}
    return {
        "id": f"slice {number}", "geometry": mapping(corners), "assets": {},
        "properties": {"datetime": "2020-01-01T00:12:00Z", "sat:relative_orbit": 19, **told, **properties},
    }  # fmt: skip


def degrees_share(tiles, area):
    """What outlines that are straight in degrees would cover."""
    lonlat = area.segmentize(100).to_crs("EPSG:4326").union_all()
    return lonlat.intersection(shapely.union_all([tile.footprint for tile in tiles])).area / lonlat.area


@pytest.mark.parametrize("way", ["projection", "code", "outline", "asset", "nothing"])
def test_area_where_two_slices_meet_is_covered(way):
    items = [item(number, outline, None if way != "projection" else CRS) for number, outline in enumerate(SLICES)]
    for one, outline in zip(items, SLICES, strict=True):
        if way == "code":
            one["properties"]["proj:code"] = CRS
        if way == "asset":
            one["assets"] = {"vv": {"href": "a.tif", "proj:code": CRS}}
        if way == "outline":
            one["properties"] |= {"proj:code": CRS, "proj:geometry": mapping(outline)}
            one["geometry"] = mapping(shape(one["geometry"]).buffer(-0.01))
    tiles = read_tiles(items)
    area = area_at(*MIDDLE)
    assert degrees_share(tiles, area) < 0.95
    assert covered_share(tiles, area) > 0.999
    assert covered_share(tiles, area.to_crs("EPSG:4326")) > 0.999
    # one slice alone covers half, and its own side whole
    assert covered_share(tiles[:1], area) == pytest.approx(0.5, abs=0.04 if way == "nothing" else 0.001)
    assert covered_share(tiles[:1], area_at(MIDDLE[0], MIDDLE[1] - 40e3)) > 0.999
    assert covered_share(tiles, area_at(MIDDLE[0] + 300e3, MIDDLE[1])) == 0


def test_tile_of_the_neighboring_zone_covers_what_it_shows():
    corners = box(500_000, 3_000_000, 600_000, 3_100_000)
    items = [item(0, corners), item(1, corners)]
    zone = Transformer.from_crs("EPSG:4326", "EPSG:32644", always_xy=True)
    items[1]["properties"] |= {
        "proj:epsg": 32644,
        "proj:geometry": mapping(
            shapely.transform(
                shapely.transform(corners.segmentize(1000), TO_DEGREES.transform, interleaved=False),
                zone.transform,
                interleaved=False,
            )
        ),
    }
    area = area_at(599_000, 3_050_000)
    shares = [covered_share(read_tiles([one]), area) for one in items]
    assert shares[0] == pytest.approx(0.7, abs=0.002) and shares[1] == pytest.approx(shares[0], abs=0.002)


@pytest.mark.parametrize(
    "wrong", [{"proj:epsg": 99999}, {"proj:geometry": {"type": "Polygon"}}, {"proj:geometry": "x"}]
)
def test_projection_that_cannot_be_read_is_passed_over(wrong):
    tiles = read_tiles([item(0, SLICES[0], **wrong), item(1, SLICES[1], **wrong)])
    assert covered_share(tiles, area_at(*MIDDLE)) > 0.999


def test_small_gaps_are_part_of_a_scene_and_large_ones_are_not():
    known, inside = np.ones((100, 100), bool), np.ones((100, 100), bool)
    known[::7, ::5] = False
    known[40:43, 40:43] = False
    assert share_with_values(known, inside, 20.0) == 1
    known[:, 75:] = False
    assert share_with_values(known, inside, 20.0) == pytest.approx(0.75)
    inside[:, 75:] = False
    assert share_with_values(known, inside, 20.0) == 1
    assert share_with_values(np.zeros((7, 5), bool), np.ones((7, 5), bool), 20.0) == 0
