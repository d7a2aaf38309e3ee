"""Recorded items of real archives, from the search to the numbers, with pixels made for each item."""

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.features import rasterize
from shapely.geometry import box, mapping, shape

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import find_catalog
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.scene_series import RADAR_NODATA, choose_radar, write_radar
from climate_indicators.download.stac.search import read_tiles, search, search_area
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import Grid
from servers.sentinel2 import CLEAR, cog
from servers.stac import StacServer

FOLDER = Path(
    os.environ.get("ARCHIVE_RECORDED") or Path(__file__).resolve().parents[4] / "shared/data/archive_recorded"
)
BANDS = ("B02", "B04", "B11")
SIDE_M, PIXEL_M = 2400, 20
# file, catalog whose names of assets it has, orbits, baselines, what its pixels carry
OPTICAL = {
    "es_sentinel-2-l2a_13TDE_2023": ("earth_search", {"141"}, {"05.09"}, 0),
    "es_sentinel-2-l2a_24M_2025": ("earth_search", {"95"}, {"05.11"}, 0),
    "es_sentinel-2-c1-l2a_24M_2025": ("earth_search", {"95"}, {"05.11"}, 1000),
    "es_v0_sentinel-s2-l2a-cogs": ("planetary_computer", {"95", "123"}, {"05.11", "02.14"}, 0),
    "pc_sentinel-2-l2a_06VVN_2019": ("planetary_computer", {"43"}, {"02.12"}, 0),
    "pc_sentinel-2-l2a_35MNM_2020": ("planetary_computer", {"78"}, {"02.12"}, 0),
    "pc_sentinel-2-l2a_58UFE_2019": ("planetary_computer", {"116"}, {"02.12"}, 0),
}


def recorded(name):
    """Items of a recorded answer."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there; ARCHIVE_RECORDED names its folder")
    content = json.loads(path.read_text())
    return content.get("features", [content]) if "features" in content else [content]


def landing(name, url):
    """A recorded landing page whose links lead to the loopback server."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there; ARCHIVE_RECORDED names its folder")
    content = json.loads(path.read_text())
    own = next(link["href"] for link in content["links"] if link["rel"] == "self").rstrip("/")
    return json.loads(json.dumps(content).replace(own, f"{url}/stac"))


def middle(item):
    """Grid and area of 2.4 km inside an item's footprint, in the item's own projection."""
    code = item["properties"]["proj:epsg"]
    turn = Transformer.from_crs(4326, code, always_xy=True)
    flat = shapely.transform(shape(item["geometry"]), turn.transform, interleaved=False)
    x, y = (60 * round(value / 60) for value in shapely.maximum_inscribed_circle(flat).coords[0])
    grid = Grid(
        f"EPSG:{code}", Affine(PIXEL_M, 0, x - SIDE_M / 2, 0, -PIXEL_M, y + SIDE_M / 2), SIDE_M // PIXEL_M,
        SIDE_M // PIXEL_M,
    )  # fmt: skip
    return grid, gpd.GeoSeries([box(*grid.bounds)], crs=grid.crs)


def reflectance(band):
    """Numbers without offset of a mountain: a tenth in shadow, the rest rock and snow."""
    rng = np.random.default_rng(BANDS.index(band))
    numbers = rng.normal({"B02": 3000, "B04": 3200, "B11": 2500}[band], 500, (SIDE_M // PIXEL_M,) * 2)
    numbers[:12] = rng.normal(400, 80, (12, SIDE_M // PIXEL_M))
    return np.rint(np.clip(numbers, 50, 9000)).astype("int32")


def served(server, items, catalog, added):
    """Put items on the server, with a small file for each band that is read; the grid of each item."""
    grids = {}
    for item in items:
        grid, _ = middle(item)
        grids[item["id"]] = grid
        for band in (*BANDS, "SCL"):
            numbers = np.full(grid.shape, CLEAR, "uint8") if band == "SCL" else reflectance(band) + added
            path = f"/files/{item['id']}/{band}.tif"
            server.files[path] = cog(numbers.astype("uint8" if band == "SCL" else "uint16"), grid)
            item["assets"][catalog.asset(band)]["href"] = path
        server.items.append(item)
    return grids


@pytest.fixture
def server():
    with StacServer() as one:
        yield one


# numbers of a baseline before 04.00 never carry the offset
LATE = [name for name, (_, _, baselines, _) in OPTICAL.items() if max(baselines) >= "04"]


@pytest.mark.parametrize(("name", "wrong"), [*((name, False) for name in OPTICAL), *((name, True) for name in LATE)])
def test_sentinel_2_items_from_the_search_to_the_numbers(name, wrong, server, session, tmp_path):
    """Of each item orbit, baseline, offset and numbers; and the numbers once more if they carry the other offset."""
    preset, orbits, baselines, added = OPTICAL[name]
    items = recorded(name)
    catalog = find_catalog(preset, "optical", f"{server.url}/stac", items[0]["collection"])
    known = landing("es_landing" if name.startswith("es") else "pc_landing", server.url)
    server.landing = lambda: known
    server.merge = not name.startswith("es")
    if wrong:
        added = 1000 - added
        items = [item for item in items if item["properties"]["datetime"] > "2022"]
    grids = served(server, items, catalog, added)
    found = set()
    for item in items:
        grid, area = grids[item["id"]], middle(item)[1]
        day = item["properties"]["datetime"][:10]
        tiles = read_tiles(search(catalog, session, search_area(area), (day, day)))
        assert [tile.name for tile in tiles] == [item["id"]]
        found.add((tiles[0].orbit, tiles[0].baseline))
        windows = Windows(tmp_path / "kept", catalog, session)
        year = AnnualComposite(tiles, area, grid, windows, SceneCriteria(BANDS, max_cloud=1.0))
        image = year.image()
        assert image.date == day and image.clouds.sum() == 0
        for band in BANDS:
            np.testing.assert_array_equal(image.read_band(band), reflectance(band))
        one = year.candidates[0]
        assert one.offset_dn == ("-1000" if added else "0") and (one.offset_source == "pixels") == wrong
    if not wrong:
        assert {orbit for orbit, _ in found} == orbits and {baseline for _, baseline in found} == baselines


def border_slices(side_m=5000):
    """Published slices, an area in the middle of the first border, and where the slices truly have pixels."""
    published, raw = recorded("pc_sentinel-1-rtc_as_published"), recorded("pc_sentinel-1-rtc_raw_slices")
    outlines = [shape(item["geometry"]) for item in raw]
    seam = outlines[0].intersection(outlines[1])
    west, south, east, north = seam.bounds
    line = seam.intersection(shapely.LineString([((west + east) / 2, south), ((west + east) / 2, north)]))
    x, y = (20 * round(value / 20) for value in line.centroid.coords[0])
    pixels = round(side_m / PIXEL_M)
    grid = Grid("EPSG:32614", Affine(PIXEL_M, 0, x - side_m / 2, 0, -PIXEL_M, y + side_m / 2), pixels, pixels)
    return published, outlines, grid, gpd.GeoSeries([box(*grid.bounds)], crs=grid.crs)


def test_sentinel_1_slices_of_one_datatake_cover_an_area_on_their_border(server, session, tmp_path):
    """Outlines in degrees would leave a wedge: 88 % of the area; the pixels cover it."""
    items, outlines, grid, area = border_slices()
    lonlat = area.segmentize(100).to_crs(4326).union_all()
    drawn = lonlat.intersection(shapely.union_all([shape(item["geometry"]) for item in items])).area / lonlat.area
    assert drawn < 0.9
    power = np.random.default_rng(3).gamma(4, 0.02, grid.shape).astype("float32")
    wide = Grid(grid.crs, grid.transform @ Affine.translation(-20, -20), grid.width + 40, grid.height + 40)
    for item, outline in zip(items, outlines, strict=True):
        inside = rasterize([outline], out_shape=wide.shape, transform=wide.transform) == 1
        for name in ("vv", "vh"):
            path = f"/files/{item['id']}/{name}.tif"
            numbers = np.where(inside, np.pad(power, 20, mode="edge"), RADAR_NODATA).astype("float32")
            server.files[path] = cog(numbers, wide, RADAR_NODATA)
            item["assets"][name]["href"] = path
        server.items.append(item)
    known = landing("pc_landing", server.url)
    server.landing = lambda: known
    catalog = find_catalog("planetary_computer", "radar", f"{server.url}/stac")
    tiles = read_tiles(search(catalog, session, search_area(area), ("2019-12-01", "2019-12-31")))
    assert len(tiles) == 2 and {tile.orbit for tile in tiles} == {"5"}
    candidates, chosen = choose_radar(tiles, area, [5], catalog)
    assert candidates == chosen and chosen[0].covered > 0.999
    rows = write_radar(tmp_path, Windows(tmp_path / "kept", catalog, session, RADAR_NODATA), grid, chosen, area)
    assert [row["date"] for row in rows] == ["2019-12-15"] and chosen[0].covered == 1 and chosen[0].valid > 0.998
    with rasterio.open(tmp_path / rows[0]["path"]) as raster:
        values = raster.read(1, masked=True)
    assert values.mask.mean() < 0.002
    np.testing.assert_array_equal(values.compressed(), power[~np.ma.getmaskarray(values)])


def test_slices_whose_corners_are_no_degrees_cover_nothing_and_end_no_run():
    """As they were before an archive published them: corners in meters."""
    items = recorded("pc_sentinel-1-rtc_raw_slices")
    catalog = find_catalog("other", "radar", "https://a.org", "rtc", {"VV": "vv-rtc", "VH": "vh-rtc"})
    area = border_slices()[3]
    candidates, chosen = choose_radar(read_tiles(items), area, [], catalog)
    assert not chosen and "covers 0 %" in candidates[0].reason


def test_terrain_corrected_radar_of_another_archive(server, session, tmp_path):
    """Names of its own, no data written as 0, and an outline of the part that has values."""
    (item,) = recorded("stactools_sentinel1-rtc-aws")
    grid, area = middle(item)
    power = np.random.default_rng(3).gamma(4, 0.02, grid.shape).astype("float32")
    power[:3, :3] = 0
    for name in ("gamma0_vv", "gamma0_vh"):
        server.files[f"/files/{name}.tif"] = cog(power, grid, 0)
        item["assets"][name]["href"] = f"/files/{name}.tif"
    server.items.append(item)
    names = {"VV": "gamma0_vv", "VH": "gamma0_vh"}
    catalog = find_catalog("other", "radar", f"{server.url}/stac", item["collection"], names)
    tiles = read_tiles(search(catalog, session, search_area(area), ("2020-01-01", "2020-01-31")))
    _, chosen = choose_radar(tiles, area, [], catalog)
    (row,) = write_radar(tmp_path, Windows(tmp_path / "kept", catalog, session, RADAR_NODATA), grid, chosen, area)
    assert row["orbit"] == "121" and row["date"] == "2020-01-03"
    with rasterio.open(tmp_path / row["path"]) as raster:
        values = raster.read(2, masked=True)
    np.testing.assert_array_equal(np.ma.getmaskarray(values), power == 0)
    np.testing.assert_array_equal(values.compressed(), power[power > 0])


def test_raw_ground_range_scene_is_never_taken(server, session):
    (item,) = recorded("es_sentinel-1-grd_2025")
    area = gpd.GeoSeries([shape(item["geometry"]).representative_point().buffer(0.02)], crs=4326)
    with pytest.raises(InputError, match="not corrected for terrain"):
        find_catalog("earth_search", "radar")
    server.items.append(item | {"assets": {}})
    catalog = find_catalog("other", "radar", f"{server.url}/stac", item["collection"], {"VV": "vv", "VH": "vh"})
    days = ("2025-07-31", "2025-07-31")
    assert len(search(catalog, session, search_area(area), days)) == 1
    candidates, chosen = choose_radar(read_tiles([item]), area, [], catalog)
    assert not chosen and candidates[0].reason == "lacks asset vv, asset vh"
    assert mapping(candidates[0].tiles[0].footprint)["type"] == "Polygon"
