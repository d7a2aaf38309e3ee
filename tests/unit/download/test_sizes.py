"""How much is read of an archive, estimated from items alone: near to what is then read."""

import geopandas as gpd
import pytest
from affine import Affine
from shapely.geometry import box

from climate_indicators.core.stac_catalogs import Catalog, find_catalog
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.scene_series import series_steps
from climate_indicators.download.stac.search import Tile, read_tiles, search, search_area
from climate_indicators.download.stac.selection import Candidate
from climate_indicators.download.stac.sizes import megabytes, step, step_table, total_of
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import Grid
from servers.sentinel1 import OPTICAL_COLLECTION, add_large_scenes
from servers.sessions import quick_session
from servers.stac import StacServer

WHOLE = Grid("EPSG:32644", Affine(10, 0, 400000, 0, -10, 3400000), 1536, 1536)
PART = Grid(WHOLE.crs, WHOLE.transform @ Affine.translation(100, 100), 1300, 1200)
AREA = gpd.GeoSeries([box(*PART.bounds)], crs=PART.crs)
BANDS = ("B02", "B04")


def tile(**assets):
    """A tile with assets, of which only what items state is looked at."""
    return Tile("S2", "2020-09-01", "2020-09-01T05:20:00+00:00", "44RKV", "5", 0.1, "", box(0, 0, 1, 1),
                {"properties": {}, "assets": assets})  # fmt: skip


def size_of(one, band, grid=PART, catalog=None):
    candidates = [Candidate("2020-09-01", "5", [one])]
    return step("s", candidates, catalog or Catalog("other", "https://a.org", "s2"), [band], grid).size


@pytest.fixture
def year(tmp_path):
    with StacServer() as server, quick_session() as session:
        add_large_scenes(server, WHOLE)
        catalog = find_catalog("other", "optical", f"{server.url}/stac", OPTICAL_COLLECTION)
        tiles = read_tiles(search(catalog, session, search_area(AREA), ("2020-09-01", "2020-09-30")))
        windows, wanted = Windows(tmp_path, catalog, session), SceneCriteria(BANDS, min_valid=0.1)
        yield server, AnnualComposite(tiles, AREA, PART, windows, wanted)


def test_estimate_is_near_to_what_is_read_and_reads_nothing(year):
    server, one = year
    steps = one.steps()
    assert server.bytes_of_files() == 0
    assert [(row.overpasses, row.tiles) for row in steps] == [(2, 2), (1, 1), (1, 1)]
    image = one.image()
    for band in BANDS:
        image.read_band(band)
    read = server.bytes_of_files()
    assert 0.7 < sum(row.size for row in steps) / read < 1.4
    assert total_of(steps) == megabytes(sum(row.size for row in steps)) and "MB" in str(steps[2])
    table = step_table(steps)
    assert table.megabytes.sum() == pytest.approx(sum(row.size for row in steps) / 1e6, abs=0.02)
    assert table.bands.tolist() == ["SCL", "SCL", "B02 B04"]


def test_snow_year_counts_the_scenes_of_each_month_and_the_radar(year):
    _, one = year
    radar = [Candidate("2020-09-03", "48", [tile(vv={}, vh={})])]
    catalog = Catalog("other", "https://a.org", "s1", {"VV": "vv", "VH": "vh"})
    for per_month, taken in ((1, 1), (3, 2)):
        steps = series_steps(one, per_month, radar, catalog, PART)
        assert [row.overpasses for row in steps] == [2, taken, taken, 1]
    assert steps[-1].bands == ("VV", "VH") and steps[-1].size > 0


def test_size_follows_the_pixels_of_the_file_and_what_its_item_states():
    plain, coarse = size_of(tile(B02={}), "B02"), size_of(tile(B11={}), "B11")
    assert plain == pytest.approx(1.6 * (1300 + 512) * (1200 + 512))
    assert coarse == pytest.approx(1.6 * (650 + 512) * (600 + 512))
    assert size_of(tile(SCL={}), "SCL") < coarse / 10
    stated = {"file:size": 98955958, "proj:shape": [10980, 10980], "raster:bands": [{"spatial_resolution": 10}]}
    assert size_of(tile(B02=stated), "B02") == pytest.approx(plain / 1.6 * 98955958 / 10980**2)
    # no more than the file
    small = {"file:size": 1000, "proj:shape": [100, 100], "proj:transform": [10, 0, 400000, 0, -10, 3400000]}
    assert size_of(tile(B02=small), "B02") == pytest.approx(1000)
    # a coarse grid is read from an overview
    far = Grid(PART.crs, PART.transform @ Affine.scale(8), 163, 150)
    assert size_of(tile(B02={}), "B02", far) < plain / 5


@pytest.mark.parametrize(("size", "text"), [(0, "0.0 MB"), (2.34e6, "2.3 MB"), (4.2e7, "42 MB"), (3.21e9, "3.2 GB")])
def test_sizes_in_words(size, text):
    assert megabytes(size) == text
