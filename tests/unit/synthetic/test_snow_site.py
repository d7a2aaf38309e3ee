"""The simulated snow world: its weather, snow, images and planted defects are what they are said to be."""

import datetime
import hashlib
import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from climate_indicators.synthetic.snow import (
    dates as snow_dates,
)
from climate_indicators.synthetic.snow import (
    optical as snow_optical,
)
from climate_indicators.synthetic.snow import (
    radar as snow_radar,
)
from climate_indicators.synthetic.snow import (
    snow_pack,
)
from climate_indicators.synthetic.snow import (
    weather as snow_weather,
)
from climate_indicators.synthetic.snow.site import Folders, SyntheticSnowSite, write_area, write_scenes
from climate_indicators.synthetic.snow.snow_pack import (
    DRY_SNOW,
    FOREST,
    NO_SNOW,
    OPEN,
    ROCK,
    WATER,
    WET_SNOW,
    Land,
    Snowpack,
)

SETTINGS = {
    "size_px": 272, "resolution_m": 50, "first_year": 2015, "years": 10, "warming_c_per_decade": 0.8,
    "radar_every_days": 36, "optical_every_days": 15, "seed": 7,
}  # fmt: skip
TINY = SETTINGS | {"size_px": 40, "years": 1, "resolution_m": 100}
REASONS = {"nodata", "cloud", "misregistration", "duplicate", "no_pair", "orbit_mix"}
SUMMER_DAY = datetime.date(2018, 7, 10)


def flat_land(*covers: int, size: int = 64) -> Land:
    """Level ground at the station's height, with equal parts of ``covers`` from west to east."""
    columns = np.arange(size) * len(covers) // size
    cover = np.broadcast_to(np.array(covers, np.uint8)[columns], (size, size)).copy()
    level = np.full((size, size), snow_pack.STATION_M, np.float32)
    return Land(level, cover, np.zeros_like(level), np.ones_like(level), 50.0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[SyntheticSnowSite, Path]:
    folder = tmp_path_factory.mktemp("world")
    return _write(folder), folder


def _write(folder: Path) -> SyntheticSnowSite:
    world = SyntheticSnowSite(TINY)
    folders = Folders(*(folder / name for name in ("radar", "optical", "clouds", "truth")))
    for part in (folders.radar, folders.optical, folders.clouds, folders.truth):
        part.mkdir()
    write_scenes(world, folders, logging.getLogger("test"))
    write_area(world.area_of_interest, folder / "aoi.gpkg")
    return world


def test_dates_need_the_standard_library_only():
    code = "import sys, climate_indicators.synthetic.snow.dates; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("radar_every", "optical_every"), [(36, 15), (36, 10)])
def test_every_defect_is_planted_once_and_apart_from_the_others(seed: int, radar_every: int, optical_every: int):
    settings = SETTINGS | {"seed": seed, "radar_every_days": radar_every, "optical_every_days": optical_every}
    scenes = snow_dates.snow_scene_dates(settings)
    found = Counter(defect.reason for defect in scenes.defects)
    assert set(found) == REASONS
    radar = [defect.radar for defect in scenes.defects]
    assert len(set(radar)) == len(radar)
    assert set(radar) <= {scene.name for scene in scenes.radar}
    assert {defect.optical for defect in scenes.defects} - {f"{date:%Y%m%d}" for date in scenes.optical} == {""}


def test_lonely_scene_has_no_optical_scene_within_six_days():
    scenes = snow_dates.snow_scene_dates(SETTINGS)
    (name,) = [defect.radar for defect in scenes.defects if defect.reason == "no_pair"]
    (scene,) = [scene for scene in scenes.radar if scene.name == name]
    assert min(abs((date - scene.date).days) for date in scenes.optical) > 6


def test_dates_lie_in_the_record_and_pairs_are_many():
    scenes = snow_dates.snow_scene_dates(SETTINGS)
    first, last = snow_dates.record(SETTINGS)
    assert (first, last) == (datetime.date(2015, 10, 1), datetime.date(2025, 9, 30))
    assert all(first <= date <= last for date in scenes.optical + [scene.date for scene in scenes.radar])
    assert 60 <= len(snow_dates.scene_pairs(scenes)) <= 140


def test_warming_is_a_straight_line_and_nothing_else():
    first, last = snow_dates.record(SETTINGS)
    cold, warm = (snow_weather.daily_weather(first, last, warming, 7) for warming in (0.0, 2.0))
    for name in ("temperature_2m_max", "temperature_2m_min", "temperature_2m_mean"):
        line = (warm[name] - cold[name]).to_numpy()
        slope = np.polyfit(np.arange(len(line)), line, 1)[0] * 3652.5
        assert slope == pytest.approx(2.0, abs=0.02)
        assert np.abs(line - np.linspace(line[0], line[-1], len(line))).max() <= 0.11
    pd.testing.assert_series_equal(warm.precipitation_sum, cold.precipitation_sum)


def test_weather_keeps_open_meteos_units_and_order():
    weather = snow_weather.daily_weather(*snow_dates.record(SETTINGS), 0.8, 7)
    water = weather.rain_sum + weather.snowfall_sum / 0.7
    assert np.abs(water - weather.precipitation_sum).max() < 0.12
    assert (weather.temperature_2m_max > weather.temperature_2m_min).all()
    assert weather.relative_humidity_2m_mean.between(0, 100).all()
    anomaly = weather.temperature_2m_mean - weather.groupby(weather.date.str[5:]).temperature_2m_mean.transform("mean")
    assert 0.6 < anomaly.autocorr(1) < 0.85


def test_snow_falls_dry_melts_wet_refreezes_and_goes():
    pack = Snowpack(flat_land(OPEN, WATER))
    dry_land, lake = np.s_[:, :32], np.s_[:, 32:]
    for _ in range(10):
        pack.step(-4.0, -10.0, 8.0)
    assert pack.swe_mm[dry_land] == pytest.approx(80.0)
    assert (pack.truth()[dry_land] == DRY_SNOW).all()
    assert (pack.truth()[lake] == NO_SNOW).all()
    pack.step(8.0, 0.0, 0.0)
    assert (pack.truth()[dry_land] == WET_SNOW).all()
    before = pack.swe_mm[0, 0]
    for _ in range(3):
        pack.step(-4.0, -12.0, 0.0)
    assert (pack.truth()[dry_land] == DRY_SNOW).all()
    assert pack.swe_mm[0, 0] == before
    for _ in range(30):
        pack.step(12.0, 4.0, 0.0)
    assert (pack.truth() == NO_SNOW).all()
    assert (pack.swe_mm == 0).all()


def test_melt_follows_the_degree_days():
    pack = Snowpack(flat_land(OPEN))
    for _ in range(40):
        pack.step(-4.0, -10.0, 10.0)
    pack.step(6.0, 2.0, 0.0)
    # half a day at each temperature
    assert pack.liquid_mm == pytest.approx(snow_pack.DEGREE_DAY_MM * (6.0 + 2.0) / 2, rel=1e-5)


def test_snow_lies_longer_higher_up():
    land = flat_land(OPEN)
    land.elevation_m[:] = np.linspace(2300, 900, 64)[:, None]
    pack = Snowpack(land)
    for high, low, water in ((-2.0, -8.0, 10.0),) * 10 + ((7.0, 0.0, 0.0),) * 9:
        pack.step(high, low, water)
    snow = pack.truth() != NO_SNOW
    assert snow[0].all() and not snow[-1].any()
    assert (np.diff(snow[:, 0].astype(int)) <= 0).all()


def test_level_ground_shows_no_terrain_and_slopes_facing_the_radar_are_bright():
    level = np.full((20, 20), 100.0, np.float32)
    effect, shadow = snow_radar.terrain_effect(level, 50.0, np.radians(79.0))
    assert effect == pytest.approx(0.0, abs=1e-5)
    assert not shadow.any()
    ramp = np.broadcast_to(np.arange(20, dtype=np.float32) * 10.0, (20, 20))
    towards, away = (snow_radar.terrain_effect(ramp, 50.0, np.radians(azimuth))[0] for azimuth in (90.0, 270.0))
    assert towards.min() > 1.0
    assert away.max() < -0.5
    assert snow_radar.terrain_effect(ramp * 10, 50.0, np.radians(270.0))[1].all()


def test_speckle_has_mean_one_and_the_variance_of_its_looks():
    values = snow_radar.speckle((400, 400), np.random.default_rng(1))
    assert values.mean() == pytest.approx(1.0, abs=0.003)
    assert values.var() == pytest.approx(1 / snow_radar.LOOKS, rel=0.03)


def test_wet_snow_darkens_open_ground_by_three_decibels_the_forest_less_and_dry_snow_nothing():
    land = flat_land(OPEN, FOREST, size=128)
    radar = snow_radar.Radar(land, seed=3)
    scene = snow_dates.RadarScene(datetime.date(2018, 4, 20), "117", "117")
    full, none = np.ones(land.cover.shape, np.float32), np.zeros(land.cover.shape, np.float32)
    images = {
        kind: radar.scene(scene, snow_radar.RadarState(np.full_like(land.cover, kind), cover, 0.0), wedge=False)
        for kind, cover in ((NO_SNOW, none), (DRY_SNOW, full), (WET_SNOW, full))
    }
    for band in range(2):
        for number, cover in enumerate((OPEN, FOREST)):
            half = np.s_[band, :, 64 * number : 64 * number + 64]
            drop = np.nanmean(images[NO_SNOW][half] - images[WET_SNOW][half])
            assert drop == pytest.approx(snow_radar.WET_DROP_DB[cover][band], abs=0.15)
            assert np.nanmean(images[DRY_SNOW][half] - images[NO_SNOW][half]) == pytest.approx(0.0, abs=0.1)


def test_orbits_see_different_images_and_one_orbit_the_same():
    land = snow_pack.make_land(160, 50, 7)
    radar = snow_radar.Radar(land, seed=7)
    bare = snow_radar.RadarState(np.zeros_like(land.cover), np.zeros(land.cover.shape, np.float32), 0.0)
    dates = datetime.date(2018, 7, 10), datetime.date(2018, 11, 20)
    one, later = (radar.scene(snow_dates.RadarScene(date, "117", "117"), bare, wedge=False)[0] for date in dates)
    other = radar.scene(snow_dates.RadarScene(dates[0], "95", "95"), bare, wedge=False)[0]
    assert np.isneginf(one).any()

    def correlation(first: np.ndarray, second: np.ndarray) -> float:
        both = np.isfinite(first) & np.isfinite(second)
        return float(np.corrcoef(first[both], second[both])[0, 1])

    assert correlation(one, later) > 0.8
    # a small mountain has much of its contrast in its land cover, which both orbits see
    assert abs(correlation(one, other)) < 0.4


def test_a_scene_that_states_another_orbit_has_its_own_orbits_pixels():
    land = flat_land(OPEN)
    radar = snow_radar.Radar(land, seed=7)
    bare = snow_radar.RadarState(np.zeros_like(land.cover), np.zeros(land.cover.shape, np.float32), 0.0)
    true = radar.scene(snow_dates.RadarScene(SUMMER_DAY, "117", "117"), bare, wedge=False)
    mixed = radar.scene(snow_dates.RadarScene(SUMMER_DAY, "95", "117"), bare, wedge=False)
    assert np.array_equal(true, mixed, equal_nan=True)


def test_wedge_leaves_much_of_the_scene_without_values():
    land = flat_land(OPEN)
    bare = snow_radar.RadarState(np.zeros_like(land.cover), np.zeros(land.cover.shape, np.float32), 0.0)
    image = snow_radar.Radar(land, 7).scene(snow_dates.RadarScene(SUMMER_DAY, "95", "95"), bare, wedge=True)
    assert 0.3 < np.isnan(image[0]).mean() < 0.6
    assert (np.isnan(image[0]) == np.isnan(image[1])).all()


def test_snow_indices_tell_open_snow_and_snow_under_trees():
    land = flat_land(OPEN, FOREST, ROCK, WATER)
    camera = snow_optical.Camera(land, 46.5, 7)
    full, none = np.ones(land.cover.shape, np.float32), np.zeros(land.cover.shape, np.float32)
    parts = [np.s_[:, 16 * number : 16 * number + 16] for number in range(4)]

    def indices(snow: np.ndarray, part: tuple) -> tuple[float, float]:
        green, near, short = (camera.reflectance(SUMMER_DAY, snow, 3.0)[band][part].mean() for band in (1, 3, 4))
        return (green - short) / (green + short), (near - short) / (near + short)

    for number in (0, 2):
        ndsi, _ = indices(full, parts[number])
        assert ndsi > 0.6
    ndsi, ndfsi = indices(full, parts[1])
    assert ndsi < 0.4 < ndfsi
    for part in parts[:3]:
        ndsi, ndfsi = indices(none, part)
        assert ndsi < 0.4 and ndfsi < 0.4
    # open water fools NDSI, and its near infrared gives it away
    ndsi, _ = indices(none, parts[3])
    assert ndsi > 0.4
    assert camera.reflectance(SUMMER_DAY, none, 3.0)[3][parts[3]].max() < 0.11


def test_cloud_covers_the_asked_share_and_its_mask_nearly_all_of_it():
    land = flat_land(OPEN, size=96)
    camera = snow_optical.Camera(land, 46.5, 7)
    bare = np.zeros(land.cover.shape, np.float32)
    numbers, mask = camera.scene(SUMMER_DAY, bare, 3.0, 0.5, shifted=False)
    seen = numbers[0] > 0
    white = numbers[0] > 3500
    assert mask.mean() == pytest.approx(0.5, abs=0.1)
    assert 0.9 < (white == (mask == 1))[seen].mean() < 1.0


def test_shift_moves_by_whole_pixels_and_leaves_zeros():
    image = np.arange(1, 31).reshape(1, 5, 6)
    moved = snow_optical.shift(image, (2, -1))
    assert (moved[0, 2:, :-1] == image[0, :-2, 1:]).all()
    assert (moved[0, :2] == 0).all() and (moved[0, :, -1] == 0).all()


def test_table_names_files_that_exist_with_their_orbits(tiny: tuple[SyntheticSnowSite, Path]):
    world, folder = tiny
    table = world.scene_table()
    assert list(table.columns) == ["sensor", "path", "date", "orbit", "cloud_mask"]
    for row in table.itertuples():
        with rasterio.open(folder / row.path) as raster:
            assert raster.shape == world.grid.shape
            if row.sensor == "radar":
                assert (raster.tags()["RELATIVE_ORBIT"], raster.descriptions) == (row.orbit, ("VV", "VH"))
            else:
                assert raster.descriptions == ("B02", "B03", "B04", "B08", "B11")
        assert row.sensor == "radar" or (folder / row.cloud_mask).is_file()
    dates = {path.stem for path in (folder / "truth" / "snow").iterdir()}
    assert dates == set(table.date)


def test_a_copied_scene_repeats_the_pixels_of_another_date(tiny: tuple[SyntheticSnowSite, Path]):
    world, folder = tiny
    ((copy, original),) = world.scenes.copies.items()
    assert copy > original
    with (
        rasterio.open(folder / "optical" / f"{copy}.tif") as one,
        rasterio.open(folder / "optical" / f"{original}.tif") as other,
    ):
        assert np.array_equal(one.read(), other.read())


def test_cover_table_agrees_with_the_true_maps(tiny: tuple[SyntheticSnowSite, Path]):
    world, folder = tiny
    cover = pd.read_csv(folder / "truth" / "cover.csv", index_col="date")
    assert len(cover) == 366
    assert (cover.wet_fraction <= cover.snow_fraction).all()
    for path in (folder / "truth" / "snow").iterdir():
        with rasterio.open(path) as raster:
            share = (raster.read(1) > 0).mean()
        # the table leaves the two cut corners out
        assert cover.snow_fraction[path.stem] == pytest.approx(share, abs=0.02)
    assert cover.snow_fraction["2016-08-01"] == 0
    assert cover.snow_fraction["2016-01-20"] > 0.8


def test_two_runs_write_the_same_bytes(tiny: tuple[SyntheticSnowSite, Path], tmp_path: Path):
    def sums(folder: Path) -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    _write(tmp_path)
    assert sums(tmp_path) == sums(tiny[1])
