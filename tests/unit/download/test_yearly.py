"""A year's image out of an archive: which scene is taken and why, the offset, mosaics, medians, what stops a run."""

import dataclasses
import logging

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from rasterio.io import MemoryFile
from shapely.geometry import box

from climate_indicators.config.seasons import season_days
from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import find_catalog
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.search import read_tiles, search
from climate_indicators.download.stac.search_cache import cached_search
from climate_indicators.download.stac.selection import candidate_table
from climate_indicators.download.stac.sentinel2_offset import offset_dn
from climate_indicators.download.stac.windows import Windows, source_window
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import raster_grid
from climate_indicators.synthetic.glacier.site import SyntheticGlacierSite
from climate_indicators.synthetic.glacier.surfaces import BANDS
from servers.blocks import bytes_of_blocks
from servers.faulty import Fault
from servers.sentinel1 import add_large_scenes
from servers.sentinel2 import COLLECTION, Archive, cog
from servers.sessions import quick_session
from servers.stac import StacServer

WANTED = SceneCriteria(("B02", "B04", "B11"))
HALF, MOST = (slice(None), slice(0, 96)), (slice(0, 160), slice(None))
NEAR = 12  # the world's own border of the eastern tile is warped: numbers there differ by its interpolation


@pytest.fixture(scope="module")
def world():
    return SyntheticGlacierSite(192, 40, None, 7)


@pytest.fixture
def scenes(world, sights):
    archive = Archive(world)
    archive._sights = sights
    return archive


@pytest.fixture(scope="module")
def sights():
    """Images of the world, made once."""
    return {}


@pytest.fixture
def server(scenes):
    with StacServer(scenes.items, scenes.files) as one:
        scenes.items, scenes.files = one.items, one.files
        yield one


@pytest.fixture
def year(server, world, tmp_path):
    def make(wanted=WANTED, of=2020, **options):
        with quick_session() as session:
            catalog = find_catalog("other", "optical", f"{server.url}/stac", COLLECTION, **options)
            area = world.area_of_interest.geometry
            days = season_days(of, "08-15", "10-31")
            tiles = cached_search(tmp_path / "kept", catalog, session, area, days)
            return AnnualComposite(tiles, area, world.grid, Windows(tmp_path / "kept", catalog, session), wanted)

    return make


def assert_numbers(image, scenes, least=0.99):
    """The numbers of an image are those of the world, in the western tile, whose pixels are not warped."""
    truth, numbers = scenes._sight(2020)[0][BANDS.index("B04")][:, :110], image.read_band("B04")[:, :110]
    seen = numbers > 0
    assert seen.mean() > least
    np.testing.assert_array_equal(numbers[seen], np.clip(np.rint(truth * 1e4), 1, None)[seen])


def reasons(year):
    return {one.date: one.reason for one in year.candidates}


def test_clear_scene_is_taken_though_its_tile_is_said_to_be_clouded(scenes, year):
    scenes.add("2020-09-05", cloudy=HALF, cover=2.0)
    scenes.add("2020-09-15", cover=70.0)
    scenes.add("2020-09-25", cloudy=MOST, cover=1.0)
    scenes.add("2020-10-05", cover=95.0)
    one = year()
    assert one.image().date == "2020-09-15"
    table = candidate_table(2020, one.candidates).set_index("date")
    assert table.chosen.sum() == 1 and table.valid_fraction["2020-09-15"] > 0.95
    assert 0.4 < table.valid_fraction["2020-09-05"] < 0.65
    assert table.reason["2020-10-05"] == "tiles 95 % clouded"
    assert table.reason["2020-09-05"].startswith("shows")


def test_of_equally_clear_scenes_the_least_snowy_is_taken_then_the_latest(scenes, year, world):
    for date in ("2020-08-20", "2020-09-01", "2020-09-20"):
        scenes.add(date)
    snowed = scenes._sights[2020]
    white = snowed[1].copy()
    white[:90] = 11
    scenes._sights = {2020: (snowed[0], white)}
    scenes.add("2020-10-25")
    scenes._sights[2020] = snowed
    one = year()
    assert one.image().date == "2020-09-20"
    assert reasons(one)["2020-10-25"] == "more snow, or earlier"


@pytest.mark.parametrize(
    ("added", "properties"),
    [
        (0, {"s2:processing_baseline": "02.14"}),
        (1000, {"s2:processing_baseline": "05.00"}),
        (0, {"s2:processing_baseline": "04.00", "earthsearch:boa_offset_applied": True}),
        (
            0,
            {
                "s2:processing_baseline": "05.09",
                "earthsearch:boa_offset_applied": True,
                "asset": {"raster:bands": [{"scale": 1e-4, "offset": -0.1}]},
            },
        ),
        (1000, {"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": False}),
        (1000, {"asset": {"raster:bands": [{"scale": 1e-4, "offset": -0.1}]}}),
        (1000, {"processing:version": "05.11", "asset": {"raster:scale": 1e-4, "raster:offset": -0.1}}),
        (0, {}),
    ],
    ids=["old", "reprocessed", "flag", "flag against asset", "flag says no", "asset", "asset of version 2", "day"],
)
def test_offset_is_taken_off_once_whichever_way_it_is_served(scenes, year, world, added, properties):
    scenes.add("2020-09-15", added_dn=added, **properties)
    one = year()
    assert_numbers(one.image(), scenes)
    assert one.candidates[0].offset_dn == ("-1000" if added else "0")


@pytest.mark.parametrize(
    ("said", "offset"), [("false", -1000), (" False ", -1000), (0, -1000), ("true", 0), (True, 0), (1, 0)]
)
def test_flag_of_an_item_may_be_text(said, offset):
    item = {"id": "S2", "properties": {"s2:processing_baseline": "05.00", "earthsearch:boa_offset_applied": said}}
    assert offset_dn(item, "red") == offset


def test_flag_that_is_neither_true_nor_false_is_named_and_the_settings_overrule_it():
    item = {"id": "S2", "properties": {"s2:processing_baseline": "05.00", "earthsearch:boa_offset_applied": "maybe"}}
    with pytest.raises(InputError, match="S2: found earthsearch:boa_offset_applied 'maybe', expected true or false"):
        offset_dn(item, "red")
    assert offset_dn(item, "red", applied=False) == -1000


ASSET = {"asset": {"raster:bands": [{"scale": 1e-4, "offset": -0.1}]}}


@pytest.mark.parametrize(
    ("added", "properties", "composite"),
    [
        (0, {"s2:processing_baseline": "05.11"}, "none"),
        (0, {"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": False}, "median"),
        (0, {"s2:processing_baseline": "05.11", **ASSET}, "none"),
        (0, {"s2:processing_baseline": "03.01", **ASSET}, "none"),
        (1000, {"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": True}, "none"),
        (1000, {"s2:processing_baseline": "05.11", "asset": {"raster:bands": [{"scale": 1e-4, "offset": 0}]}}, "none"),
        (1000, {}, "none"),
    ],
    ids=["baseline", "flag", "asset", "asset of old baseline", "flag true", "asset without", "day"],
)
def test_offset_that_an_item_states_wrongly_is_corrected_by_the_pixels(
    scenes, year, caplog, added, properties, composite
):
    scenes.add("2020-09-15", added_dn=added, **properties)
    one = year(dataclasses.replace(WANTED, composite=composite))
    logging.getLogger("climate_indicators").propagate = True
    assert_numbers(one.image(), scenes, 0.95)
    row = candidate_table(2020, one.candidates).iloc[0]
    assert (row.offset_dn, row.offset_source, row.chosen) == ("-1000" if added else "0", "pixels", True)
    (warning, _) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "S2B_west" in warning and f"archive.offset_applied: {'false' if added else 'true'}" in warning


def test_offset_that_pixels_confirm_is_no_warning(scenes, year, caplog):
    scenes.add("2020-09-15", added_dn=1000, **{"s2:processing_baseline": "05.11"})
    one = year()
    one.image()
    assert one.candidates[0].offset_source == "item, confirmed by pixels" and not caplog.records


@pytest.mark.parametrize(("added", "applied"), [(0, True), (1000, False)])
def test_item_is_believed_with_a_warning_where_nothing_is_dark(scenes, year, caplog, added, applied):
    """Fresh snow over all of the area: bright in every band that it is seen in."""
    reflectance, classes = scenes._sight(2020)
    scenes._sights[2020] = np.clip(reflectance, 0.25, None), classes
    scenes.add(
        "2020-09-15",
        added_dn=added,
        **{"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": applied},
    )
    one = year()
    logging.getLogger("climate_indicators").propagate = True
    assert_numbers(one.image(), scenes)
    assert one.candidates[0].offset_source == "item, not confirmed by pixels"
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 2 and all("archive.offset_applied" in text for text in warnings)
    scenes._sights.clear()


def test_many_wrong_items_are_a_few_warnings(scenes, year, caplog):
    for day in range(10, 18):
        scenes.add(f"2020-09-{day}", sides=("west",), **{"s2:processing_baseline": "05.11"})
    one = year()
    logging.getLogger("climate_indicators").propagate = True
    with caplog.at_level(logging.INFO):
        assert not any(one.check_offset_consistency(candidate) for candidate in one.candidates)
    told = [record.levelname for record in caplog.records if "its pixels show 0" in record.getMessage()]
    assert told == ["WARNING"] * 5 + ["INFO"] * 3
    assert "offset_source" in [record.getMessage() for record in caplog.records if record.levelname == "WARNING"][-1]


def test_scene_whose_numbers_contradict_the_settings_is_left_out(scenes, year):
    scenes.add("2020-09-15", **{"s2:processing_baseline": "05.11"})
    scenes.add("2020-09-05", **{"s2:processing_baseline": "03.01"})
    one = year(dataclasses.replace(WANTED, offset_applied=False))
    assert one.image().date == "2020-09-05"
    assert "taken off already" in reasons(one)["2020-09-15"]
    assert "archive.offset_applied" in reasons(one)["2020-09-15"]
    assert [candidate.date for candidate in one.candidates if candidate.chosen] == ["2020-09-05"]


def test_tiles_of_one_day_and_orbit_cover_the_area_together(scenes, year, world):
    scenes.add("2020-09-10", sides=("west",))
    scenes.add("2020-09-15")
    scenes.add("2020-09-20", sides=("east",))
    one = year()
    image = one.image()
    assert image.date == "2020-09-15" and len(image.names.split()) == 2
    assert (image.read_band("B02") > 0).mean() > 0.99
    assert image.clouds.mean() < 0.1
    assert reasons(one)["2020-09-10"].startswith("covers 6")


def test_parts_of_one_tile_and_overpass_cover_the_area_together(scenes, year):
    for side in ("west", "east"):
        scenes.add("2020-09-15", sides=(side,), **{"grid:code": "MGRS-44RKV"})
    image = year().image()
    assert len(image.names.split()) == 2 and (image.read_band("B02") > 0).mean() > 0.99


@pytest.mark.parametrize(("kind", "nodata"), [("uint16", 65535), ("int16", -9999), ("uint16", None)])
def test_missing_pixels_are_missing_whatever_number_the_archive_has_for_them(scenes, year, kind, nodata):
    scenes.add("2020-09-15")
    for path, content in scenes.files.items():
        with MemoryFile(content) as memory, memory.open() as raster:
            grid, numbers = raster_grid(raster), raster.read(1).astype("uint8" if "SCL" in path else kind)
        if "SCL" in path:
            scenes.files[path] = cog(np.where(numbers == 0, 255, numbers).astype("uint8"), grid, 255)
            continue
        numbers[20:40, 20:40] = nodata or 0
        scenes.files[path] = cog(numbers, grid, nodata)
    image = year().image()
    numbers = image.read_band("B04")
    assert not numbers[21:39, 21:39].any() and (numbers > 0).mean() > 0.98
    assert numbers.max() < 12000 and image.clouds.mean() < 0.1


def test_numbers_with_fractions_are_refused(scenes, year):
    scenes.add("2020-09-15")
    for path, content in scenes.files.items():
        if "B02" in path:
            with MemoryFile(content) as memory, memory.open() as raster:
                scenes.files[path] = cog(raster.read(1).astype("float32") / 1e4, raster_grid(raster))
    with pytest.raises(InputError, match="of 2020-09-15, band B02: found numbers of type float32, expected whole ones"):
        year().image()


def test_orbits_of_one_day_are_not_mixed(scenes, year):
    scenes.add("2020-09-10", sides=("west",), orbit=48)
    scenes.add("2020-09-10", sides=("east",), orbit=5)
    with pytest.raises(InputError, match="none of 2 scenes"):
        year().image()


def test_newest_processing_of_a_tile_is_taken(scenes, year):
    scenes.add("2020-09-10", **{"s2:processing_baseline": "02.14"})
    scenes.add("2020-09-10", added_dn=1000, **{"s2:processing_baseline": "05.00"})
    one = year()
    assert len(one.candidates) == 1 and {tile.baseline for tile in one.candidates[0].tiles} == {"05.00"}


def test_median_sees_through_clouds_that_move(scenes, year):
    strips = [(slice(0, 80), slice(None)), (slice(60, 140), slice(None)), (slice(120, 192), slice(None))]
    for day, cloudy in zip(("01", "08", "15", "22"), [*strips, strips[0]], strict=True):
        scenes.add(f"2020-09-{day}", cloudy=cloudy)
    with pytest.raises(InputError, match="shows 70 % of the area"):
        year(dataclasses.replace(WANTED, min_valid=0.7, max_cloud=1.0)).image()
    one = year(dataclasses.replace(WANTED, composite="median"))
    image = one.image()
    assert_numbers(image, scenes, 0.95)
    assert sum(candidate.chosen for candidate in one.candidates) == 4


def test_best_of_a_bad_year_is_taken_where_asked_for(scenes, year):
    scenes.add("2020-09-05", cloudy=HALF)
    scenes.add("2020-09-15", cloudy=MOST)
    with pytest.raises(InputError, match=r"none of 2 scenes shows 70 % .*2020-09-05: shows 46 %.*skip_years"):
        year().image()
    one = year(dataclasses.replace(WANTED, take_best=True))
    assert one.image().date == "2020-09-05"
    assert reasons(one)["2020-09-05"] == "shows most, though less than min_valid"


def test_nothing_listed_and_all_clouded_stop_with_what_there_was(scenes, year):
    with pytest.raises(InputError, match="lists no scene over the area in these days"):
        year().image()
    scenes.add("2020-09-05", cloudy=(slice(None), slice(None)))
    with pytest.raises(InputError, match="none of 1 scenes"):
        year(dataclasses.replace(WANTED, take_best=True)).image()


def test_scene_that_lacks_a_band_is_passed_over(scenes, year):
    scenes.add("2020-09-15", without=("B11",))
    with pytest.raises(InputError, match="lacks asset B11"):
        year().image()
    scenes.add("2020-10-20", cover=40.0)
    one = year(of=2020, tokens=None, assets={"B05": "B05"})
    one.candidates = AnnualComposite(
        read_tiles(scenes_of(one, scenes)), one._area, one._grid, one._windows, WANTED
    ).candidates
    assert one.image().date == "2020-10-20"


def test_tile_that_lacks_a_band_is_left_out_of_its_scene(scenes, year):
    scenes.add("2020-09-15")
    east = next(item for item in scenes.items if "east" in item["id"])
    del east["assets"]["B11"]
    one = year(dataclasses.replace(WANTED, min_valid=0.4))
    assert [tile for tile in one.image().names.split() if "west" in tile] == one.image().names.split() != []


def scenes_of(one, scenes):
    """Items with addresses of the server, past the kept search."""
    host = one._windows.catalog.endpoint.removesuffix("/stac")
    return [
        item | {"assets": {name: asset | {"href": host + asset["href"]} for name, asset in item["assets"].items()}}
        for item in scenes.items
    ]


def test_pages_are_followed_and_searches_and_windows_are_kept(server, scenes, year):
    for day in range(10, 22):
        scenes.add(f"2020-09-{day}", sides=("west",), cover=99.0)
    scenes.add("2020-09-25")
    server.fail("/stac/search", Fault(status=500), Fault(cut_after=40))
    assert year().image().date == "2020-09-25"
    assert sum(path == "/stac/search" for path, _, _ in server.requests) == 5 + 2
    asked = len(server.requests)
    assert year().image().read_band("B02").any()
    assert {path for path, _, _ in server.requests[asked:]} <= {
        f"/files/{scenes.items[-n]['id']}/B02.tif" for n in (1, 2)
    }


def test_archive_that_is_none_is_one_message(server, year, monkeypatch):
    monkeypatch.setattr(server, "landing", lambda: {"type": "FeatureCollection"})
    with pytest.raises(InputError, match="does not answer as a STAC API"):
        year()
    monkeypatch.setattr(server, "landing", lambda: [])
    with pytest.raises(InputError, match="does not answer as a STAC API"):
        year()
    server.fail("/stac", *[Fault(status=503)] * 5)
    with pytest.raises(InputError, match="503"):
        year()
    nowhere = find_catalog("other", "optical", "http://no-such-host.invalid/stac", COLLECTION)
    with quick_session() as session, pytest.raises(InputError, match="no-such-host.invalid/stac: .*not resolve"):
        search(nowhere, session, box(0, 0, 1, 1), ("2020-09-01", "2020-09-30"))


def test_little_more_than_the_blocks_over_the_area_is_read_for_a_whole_year(server, tmp_path):
    """Two candidates looked at, one fetched in two bands: 10 m bands and 20 m classes in files of many blocks."""
    whole = Grid("EPSG:32644", Affine(10, 0, 400000, 0, -10, 3400000), 1536, 1536)
    part, blocks = Grid(whole.crs, whole.transform @ Affine.translation(300, 600), 500, 300), 0
    add_large_scenes(server, whole)
    with quick_session() as session:
        catalog = find_catalog("other", "optical", f"{server.url}/stac", COLLECTION)
        area = gpd.GeoSeries([box(*part.bounds)], crs=part.crs)
        tiles = cached_search(tmp_path, catalog, session, area, ("2020-09-01", "2020-09-30"))
        year = AnnualComposite(
            tiles, area, part, Windows(tmp_path, catalog, session), SceneCriteria(("B02", "B04"), min_valid=0.1)
        )
        image = year.image()
        assert image.read_band("B04").all()
    for path in {path for path, _, _ in server.requests if path in server.files}:
        with MemoryFile(server.files[path]) as memory, memory.open() as raster:
            blocks += bytes_of_blocks(raster, source_window(raster, part)[0])
    assert len(server.sent) >= 4 and server.bytes_of_files() <= 1.3 * blocks


def test_key_goes_from_the_environment_to_the_archive_and_nowhere_else(
    scenes, year, server, tmp_path, monkeypatch, caplog
):
    server.query_token, server.key = "signature-marker", "key-marker"
    scenes.add("2020-09-15")
    with pytest.raises(InputError, match="401") as failure:
        year(tokens=f"{server.url}/token").image()
    monkeypatch.setenv("PC_SDK_SUBSCRIPTION_KEY", "key-marker")
    one = year(tokens=f"{server.url}/token")
    one.image().read_band("B02")
    server.query_token = "other-marker"
    for path in (tmp_path / "kept").glob("*B04*"):
        path.unlink()
    with pytest.raises(InputError, match="403") as refused:
        one._windows.read(one.candidates[0].tiles[0], "B04", one._grid)
    texts = [str(failure.value), str(refused.value), caplog.text]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in texts if "marker" in text]


def test_season_over_new_year_ends_in_its_year():
    assert season_days(2020, "12-15", "03-15") == ("2019-12-15", "2020-03-15")


def test_season_with_29_february_is_there_every_year():
    assert season_days(2020, "01-10", "02-29") == ("2020-01-10", "2020-02-29")
    assert season_days(2021, "01-10", "02-29") == ("2021-01-10", "2021-02-28")
    assert season_days(2021, "02-29", "02-10") == ("2020-02-29", "2021-02-10")
    with pytest.raises(InputError, match=r"archive.season_last: found 02-30, which is no day of the calendar"):
        season_days(2021, "01-10", "02-30")
