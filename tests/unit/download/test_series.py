"""Scenes of a year for a snow site: radar by orbit, its slices together, optical by month; and what is refused."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import PRESETS, find_catalog
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.scene_series import (
    RADAR_NODATA,
    choose_optical,
    choose_radar,
    series_table,
    write_optical,
    write_radar,
)
from climate_indicators.download.stac.search import read_tiles, search, search_area
from climate_indicators.download.stac.selection import Candidate
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import Grid
from servers.sentinel1 import OPTICAL_COLLECTION, RADAR_COLLECTION, item, radar_item, slices
from servers.sentinel2 import CLEAR, CLOUD, cog
from servers.sessions import quick_session
from servers.stac import StacServer

GRID = Grid("EPSG:32644", Affine(20, 0, 400000, 0, -20, 3400000), 96, 80)
AREA = gpd.GeoSeries([box(*GRID.bounds)], crs=GRID.crs)
POWER = np.random.default_rng(3).gamma(4, 0.02, (2, *GRID.shape)).astype("float32")
DAYS = ("2020-01-01", "2020-12-31")
BANDS = ("B02", "B11")


@pytest.fixture
def server():
    with StacServer() as one:
        yield one


@pytest.fixture
def look(server, tmp_path):
    """Tiles and windows of a sensor, as a script would have them."""

    def make(sensor, collection, nodata=0.0, **assets):
        session = quick_session()
        catalog = find_catalog("other", sensor, f"{server.url}/stac", collection, assets)
        tiles = read_tiles(search(catalog, session, search_area(AREA), DAYS))
        return tiles, Windows(tmp_path / "kept", catalog, session, nodata)

    return make


def radar(look):
    return look("radar", RADAR_COLLECTION, RADAR_NODATA, VV="vv", VH="vh")


def choose(look, orbits=()):
    tiles, windows = radar(look)
    return choose_radar(tiles, AREA, orbits, windows.catalog)


def add_radar(server, date, orbit, power=POWER, parts=("north", "south")):
    for part, numbers, grid in slices(power, GRID):
        if part in parts:
            server.items.append(radar_item(server.files, f"S1A_{date}_{orbit}_{part}", date, orbit, numbers, grid))


def add_optical(server, date, clouded, cover=10.0):
    classes = np.full(GRID.shape, CLEAR, "uint8")
    classes[: round(clouded * GRID.height)] = CLOUD
    assets = {}
    for band, numbers in (("B02", np.full(GRID.shape, 1500, "uint16")), ("B11", classes * 100), ("SCL", classes)):
        path = f"/files/{date}/{band}.tif"
        server.files[path] = cog(numbers.astype("uint8" if band == "SCL" else "uint16"), GRID)
        assets[band] = {"href": path}
    baseline = {"s2:processing_baseline": "03.01", "sat:relative_orbit": 7, "eo:cloud_cover": cover}
    server.items.append(item(f"S2A_{date}", OPTICAL_COLLECTION, date, GRID, assets, **baseline))


def test_slices_of_an_overpass_are_one_scene_and_orbits_stay_apart(server, look, tmp_path):
    holes = POWER.copy()
    holes[:, 10:12, 10:12] = np.nan
    add_radar(server, "2020-03-01", 48, holes)
    add_radar(server, "2020-03-01", 150, 2 * POWER)
    add_radar(server, "2020-03-13", 48, parts=("north",))
    tiles, windows = radar(look)
    candidates, chosen = choose_radar(tiles, AREA, [], windows.catalog)
    rows = write_radar(tmp_path, windows, GRID, chosen, AREA)
    assert [(row["date"], row["orbit"]) for row in rows] == [("2020-03-01", "150"), ("2020-03-01", "48")]
    for row in rows:
        with rasterio.open(tmp_path / row["path"]) as raster:
            assert raster.descriptions == ("VV", "VH") and raster.tags()["RELATIVE_ORBIT"] == row["orbit"]
            truth = holes if row["orbit"] == "48" else 2 * POWER
            values = raster.read(masked=True)
            np.testing.assert_array_equal(values.mask, np.isnan(truth))
            np.testing.assert_allclose(values.compressed(), truth[np.isfinite(truth)])
    half = next(one for one in candidates if one.date == "2020-03-13")
    assert not half.chosen and half.reason == "covers 55 % of the area"


def test_only_wanted_orbits_are_taken(server, look):
    add_radar(server, "2020-03-01", 48)
    add_radar(server, "2020-03-02", 150)
    candidates, chosen = choose(look, [150])
    assert [one.orbit for one in chosen] == ["150"]
    assert [one.reason for one in candidates] == ["another orbit", "covers the area"]


def test_radar_of_one_polarization_is_left_out(server, look):
    add_radar(server, "2020-03-01", 48)
    add_radar(server, "2020-03-13", 48)
    for one in server.items[2:]:
        del one["assets"]["vh"]
    candidates, chosen = choose(look)
    assert [one.date for one in chosen] == ["2020-03-01"]
    assert candidates[1].reason == "lacks asset vh" and not candidates[1].chosen


def test_radar_without_an_orbit_or_without_terrain_correction_is_refused(server, look, tmp_path):
    add_radar(server, "2020-03-01", 48)
    del server.items[0]["properties"]["sat:relative_orbit"]
    with pytest.raises(InputError, match=r"S1A_2020-03-01_48_north of 2020-03-01 tells no relative orbit"):
        choose(look)
    assert set(PRESETS["radar"]) == {"planetary_computer"}
    with pytest.raises(
        InputError, match="earth_search has no radar scenes .* not corrected for terrain. Take sentinel-1-rtc"
    ):
        find_catalog("earth_search", "radar")


def test_decibels_are_refused(server, look, tmp_path):
    add_radar(server, "2020-03-01", 48, 10 * np.log10(POWER))
    tiles, windows = radar(look)
    _, chosen = choose_radar(tiles, AREA, [], windows.catalog)
    with pytest.raises(InputError, match="of 2020-03-01, band VV: .* below -1, as decibels are; expected .* power"):
        write_radar(tmp_path, windows, GRID, chosen, AREA)


def test_edge_where_taking_off_noise_left_a_little_below_zero_has_no_values(server, look, tmp_path):
    power = POWER.copy()
    power[:, :, :3] = -1e-4
    add_radar(server, "2020-03-01", 48, power)
    tiles, windows = radar(look)
    candidates, chosen = choose_radar(tiles, AREA, [], windows.catalog)
    (row,) = write_radar(tmp_path, windows, GRID, chosen, AREA)
    with rasterio.open(tmp_path / row["path"]) as raster:
        assert (raster.read(masked=True).mask == (power < 0)).all()
    assert candidates[0].valid == pytest.approx(1 - 3 / 96)


def test_scene_whose_pixels_cover_less_than_its_outline_is_left_out(server, look, tmp_path):
    """Some archives give the outline of a whole tile, though the recording ends inside it; shadows are no such gap."""
    half, shadow = POWER.copy(), POWER.copy()
    half[:, :, 50:] = np.nan
    shadow[:, 20:40, 20:23] = np.nan
    add_radar(server, "2020-03-01", 48, half)
    add_radar(server, "2020-03-13", 48, shadow)
    tiles, windows = radar(look)
    candidates, chosen = choose_radar(tiles, AREA, [], windows.catalog)
    assert len(chosen) == 2
    rows = write_radar(tmp_path, windows, GRID, chosen, AREA)
    assert [row["date"] for row in rows] == ["2020-03-13"]
    assert [path.name for path in tmp_path.glob("*.tif")] == ["radar_2020-03-13_o48.tif"]
    assert [one.chosen for one in candidates] == [False, True]
    assert candidates[0].reason.startswith("its pixels cover 5")
    assert candidates[1].covered == 1 and candidates[1].valid < 1
    table = series_table(2020, [], candidates).set_index("date")
    assert table.covered_fraction["2020-03-01"] == pytest.approx(50 / 96, abs=0.03)


def test_slices_before_and_after_midnight_are_one_scene(server, look):
    add_radar(server, "2020-03-01", 48)
    add_radar(server, "2020-03-02", 150)
    for one, time in zip(
        server.items,
        ["2020-03-01T23:59:50Z", "2020-03-02T00:00:15Z", "2020-03-02T12:00:00Z", "2020-03-02T12:00:25Z"],
        strict=True,
    ):
        one["properties"]["datetime"] = time
    candidates, chosen = choose(look)
    assert [(one.date, one.orbit, len(one.tiles)) for one in chosen] == [
        ("2020-03-01", "48", 2), ("2020-03-02", "150", 2)
    ]  # fmt: skip
    assert candidates == chosen


def test_clearest_optical_scenes_of_each_month_are_taken(server, look, tmp_path):
    for date, clouded in (("2020-03-01", 0.3), ("2020-03-06", 0.0), ("2020-03-11", 0.1), ("2020-03-16", 0.9)):
        add_optical(server, date, clouded)
    add_optical(server, "2020-04-05", 0.2)
    add_optical(server, "2020-04-10", 0.0, cover=99.0)
    tiles, windows = look("optical", OPTICAL_COLLECTION, B02="B02", B11="B11", SCL="SCL")
    year = AnnualComposite(tiles, AREA, GRID, windows, SceneCriteria(BANDS, min_valid=0.6))
    chosen = choose_optical(year, 0.6, per_month=2)
    rows = write_optical(tmp_path, year, GRID, chosen, BANDS)
    assert [row["date"] for row in rows] == ["2020-03-06", "2020-03-11", "2020-04-05"]
    with rasterio.open(tmp_path / rows[1]["cloud_mask"]) as mask:
        assert mask.read(1).mean() == pytest.approx(0.1)
    with rasterio.open(tmp_path / rows[1]["path"]) as raster:
        assert raster.descriptions == BANDS and raster.tags()["DATE"] == "2020-03-11"
    table = series_table(2020, year.candidates, []).set_index("date")
    assert table.reason["2020-03-16"] == "shows 10 % of the area"
    assert table.reason["2020-04-10"] == "tiles 99 % clouded"
    assert table.reason["2020-03-01"] == "others of the month are clearer, or nearer to radar"


class Measured:
    """A year whose candidates are measured already."""

    def __init__(self, *scenes):
        self.candidates = [Candidate(date, "7", [], covered=1.0, valid=valid) for date, valid in scenes]

    def measure(self):
        return self.candidates


def days(*scenes, per_month=3, radar=()):
    return [one.date for one in choose_optical(Measured(*scenes), 0.6, per_month, radar)]


MARCH = [f"2020-03-{day:02d}" for day in range(1, 32, 3)]


def test_equally_clear_scenes_are_taken_near_the_radar_days():
    """Sentinel-1 comes every twelve days: each of its days finds an optical scene within two."""
    radar = ["2020-03-02", "2020-03-14", "2020-03-26"]
    found = days(*((day, 1.0) for day in MARCH), radar=radar)
    gaps = [min(abs(int(day[-2:]) - int(other[-2:])) for other in found) for day in radar]
    assert len(found) == 3 and max(gaps) <= 1
    # two orbits of neighboring days share a partner
    pairs = sorted(radar + ["2020-03-03", "2020-03-15", "2020-03-27"])
    assert days(*((day, 1.0) for day in MARCH), radar=pairs) == found
    late = days(*((day, 1.0) for day in MARCH), radar=["2020-03-20", "2020-03-28"], per_month=2)
    assert late == ["2020-03-19", "2020-03-28"]


def test_equally_clear_scenes_are_spread_over_a_month_without_radar():
    found = [int(day[-2:]) for day in days(*((day, 1.0) for day in MARCH))]
    assert found[0] <= 10 and found[-1] >= 20 and min(np.diff(found)) >= 10


def test_clearer_scenes_come_before_nearer_ones_and_a_day_counts_once():
    scenes = [("2020-03-01", 1.0), ("2020-03-14", 0.7), ("2020-03-28", 0.99), ("2020-03-28", 0.98)]
    assert days(*scenes, per_month=2, radar=["2020-03-14"]) == ["2020-03-01", "2020-03-28"]
    assert len(days(*scenes, per_month=9)) == 3


def test_radar_of_the_next_month_is_served_from_the_end_of_this_one():
    scenes = [("2020-03-05", 1.0), ("2020-03-30", 1.0)]
    assert days(*scenes, per_month=1, radar=["2020-04-01"]) == ["2020-03-30"]
