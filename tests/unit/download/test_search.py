"""Items of an archive become tiles: of parts of one tile all are kept, of processings of one part the last."""

import pytest
from shapely.geometry import Polygon, box, mapping

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.stac.search import read_tiles, search
from servers.sessions import quick_session
from servers.stac import StacServer

NORTH, SOUTH, WHOLE = box(80, 30.4, 81, 31), box(80, 30, 81, 30.45), box(80, 30, 81, 31)
FIRST, SECOND = "20200910T053219", "20200910T053307"


def item(name, footprint, baseline="02.14", made="2020-09-10T10:00:00Z", strip=FIRST, **properties):
    if strip:
        station = made[:19].replace("-", "").replace(":", "")
        properties["s2:datastrip_id"] = f"S2B_OPER_MSI_L2A_DS_SGS__{station}_S{strip}_N{baseline}"
    return {
        "id": name, "geometry": mapping(footprint),
        "properties": {
            "datetime": "2020-09-10T05:32:19Z", "s2:mgrs_tile": "44RKV", "sat:relative_orbit": 105,
            "s2:processing_baseline": baseline, "s2:generation_time": made, **properties,
        },
    }  # fmt: skip


def kept(*items):
    found = {tile.name for tile in read_tiles(items)}
    assert {tile.name for tile in read_tiles(items[::-1])} == found, "the order of the items does not count"
    return found


def test_parts_of_one_tile_are_both_kept():
    assert kept(item("north", NORTH), item("south", SOUTH, strip=SECOND)) == {"north", "south"}
    assert kept(item("north", NORTH, strip=""), item("south", SOUTH, strip="")) == {"north", "south"}


@pytest.mark.parametrize("strip", [FIRST, ""])
@pytest.mark.parametrize(
    ("baseline", "made"),
    [
        ("05.00", "2019-01-01T00:00:00Z"),
        ("02.14", "2022-03-01T00:00:00Z"),
        ("02.14", "2020-09-10T10:00:01.500Z"),
    ],
    ids=["baseline", "time", "fraction of a second"],
)
def test_of_two_processings_the_last_is_kept(strip, baseline, made):
    assert kept(item("z", WHOLE, strip=strip), item("a", WHOLE, baseline, made, strip=strip)) == {"a"}


def test_time_of_processing_is_read_where_the_archive_has_it():
    old = item("z", WHOLE, made="", created="2020-09-11T00:00:00Z")
    assert kept(old, item("a", WHOLE, made="", created="2023-01-01T00:00:00Z")) == {"a"}


def test_parts_that_were_processed_again_together_or_apart():
    old = item("old north", NORTH), item("old south", SOUTH, strip=SECOND)
    assert kept(*old, item("north", NORTH, "05.00"), item("south", SOUTH, "05.00", strip=SECOND)) == {"north", "south"}
    assert kept(*old, item("whole", WHOLE, "05.00")) == {"whole"}
    assert kept(*old, item("north", NORTH, "05.00")) == {"north", "old south"}
    # a little less of the ground is no other part
    assert kept(old[0], item("north", box(80, 30.44, 81, 31), "05.00")) == {"north"}


def test_archive_that_tells_the_whole_tile_of_each_part():
    parts = item("north", WHOLE), item("south", WHOLE, strip=SECOND)
    assert kept(*parts) == {"north", "south"}
    assert kept(*parts, item("again", WHOLE, "05.00")) == {"again"}


def test_days_and_orbits_and_tiles_stay_apart():
    others = [{"datetime": "2020-09-11T05:32:19Z"}, {"sat:relative_orbit": 5}, {"s2:mgrs_tile": "44RLV"}]
    items = [item(f"other {n}", WHOLE, **change) for n, change in enumerate(others)]
    assert kept(item("one", WHOLE), *items) == {"one", "other 0", "other 1", "other 2"}


def test_footprint_that_crosses_itself_is_mended():
    crossed = {"type": "Polygon", "coordinates": [[[80, 30], [81, 31], [81, 30], [80, 31], [80, 30]]]}
    items = item("one", WHOLE), item("two", WHOLE, "05.00") | {"geometry": crossed}
    assert "two" in kept(*items)


def test_strip_is_read_as_each_archive_names_it():
    """Two parts of a tile, each with the outline of the whole tile: only their strips tell that they are parts."""
    parts = item("north", WHOLE), item("south", WHOLE, strip=SECOND)
    for one in parts:
        one["properties"]["eopf:datastrip_id"] = one["properties"].pop("s2:datastrip_id")
    assert kept(*parts) == {"north", "south"}


@pytest.mark.parametrize("key", ["s2:product_uri", "sentinel:product_id"])
def test_orbit_and_baseline_are_read_from_the_name_of_the_product(key):
    """Items of older archives state neither."""
    old = item("S2A_44RKV_20200910_0_L2A", WHOLE)
    for name in ("s2:processing_baseline", "sat:relative_orbit", "s2:mgrs_tile"):
        del old["properties"][name]
    old["properties"][key] = "S2A_MSIL2A_20200910T053219_N0214_R105_T44RKV_20200910T102030"
    (tile,) = read_tiles([old])
    assert (tile.orbit, tile.baseline, tile.place) == ("105", "02.14", "44RKV")
    old["properties"]["s2:processing_baseline"] = "05.00"
    assert read_tiles([old])[0].baseline == "05.00"


@pytest.mark.parametrize("merge", [True, False], ids=["changes of the search", "whole search, also after the last"])
def test_links_to_next_pages_are_followed_as_archives_write_them(merge):
    items = [item(f"S2_{n}", box(80.1, 30.1, 80.2, 30.2)) | {"collection": "s2", "assets": {}} for n in range(7)]
    with StacServer(items) as server, quick_session() as session:
        server.merge = merge
        catalog = Catalog("other", f"{server.url}/stac", "s2", {})
        found = search(catalog, session, TRIANGLE, ("2020-09-01", "2020-09-30"))
    assert [one["id"] for one in found] == [f"S2_{n}" for n in range(7)]


TRIANGLE = Polygon([(80, 30), (81, 30), (80, 31)])


@pytest.mark.parametrize("status", [None, 400, 500, 501, 503])
def test_rectangle_is_asked_for_where_a_server_fails_on_polygons(status):
    """The same items are found either way, and more than one page of them."""
    inside = [item(f"S2_{n}", box(80.1, 30.1, 80.2, 30.2)) for n in range(5)]
    beside = item("S2_beside", box(80.9, 30.9, 80.95, 30.95))
    items = [one | {"collection": "s2", "assets": {}} for one in (*inside, beside)]
    with StacServer(items) as server, quick_session(tries=6, connect_s=5, read_s=5) as session:
        server.polygons = status
        catalog = Catalog("other", f"{server.url}/stac", "s2", {})
        found = search(catalog, session, TRIANGLE, ("2020-09-01", "2020-09-30"))
        asked = ["polygon"] * (2 if status in (500, 503) else 1)
        assert server.searches == (asked + ["rectangle"] * 2 if status else ["polygon"] * 2)
    assert {one["id"] for one in found} == {f"S2_{n}" for n in range(5)}


@pytest.mark.parametrize("wrong", [{"eo:cloud_cover": "some"}, {"sat:relative_orbit": "east"}, {"datetime": "today"}])
def test_item_that_cannot_be_read_is_named(wrong):
    with pytest.raises(InputError, match='"id": "odd"'):
        read_tiles([item("odd", WHOLE, **wrong)])
