"""The synthetic snow site: a mountain, ten years of weather and snow, and what two satellites deliver of it."""

from __future__ import annotations

import datetime
import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from rasterio.warp import transform
from shapely.geometry import Polygon

from climate_indicators.core.atomic_files import write_csv, write_json
from climate_indicators.core.log import Progress
from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import Grid, area_mask
from climate_indicators.geo.rasters.guard import created
from climate_indicators.synthetic.snow import snow_pack
from climate_indicators.synthetic.snow.dates import RadarScene, SceneDates, record, snow_scene_dates
from climate_indicators.synthetic.snow.optical import (
    CLEAR_SHARE,
    CLOUDED_SHARE,
    OPTICAL_BANDS,
    SHIFT_PX,
    Camera,
    cloud_share,
)
from climate_indicators.synthetic.snow.radar import LOOKS, RADAR_BANDS, WET_DROP_DB, Radar, RadarState
from climate_indicators.synthetic.snow.snow_pack import (
    FOREST,
    LAND_NAMES,
    NO_SNOW,
    OPEN,
    WET_SNOW,
    Land,
    Snowpack,
    make_land,
    snow_cover,
)
from climate_indicators.synthetic.snow.weather import daily_weather

CRS, CENTER_LON, CENTER_LAT = "EPSG:32632", 9.6, 46.5
CORNER_CUT = 0.06
RAIN_DAYS, FRESH_SNOW_CM = 3, 1.0


@dataclass(frozen=True)
class Day:
    """Snow of one day.

    Attributes
    ----------
    date : the day.
    truth : uint8, shape (size, size): snow classes.
    swe_mm : float32, same shape: water of the snow.
    rain_mm : rain of this day and the two before.
    snow_age_days : days since it last snowed at the station.
    """

    date: datetime.date
    truth: np.ndarray
    swe_mm: np.ndarray
    rain_mm: float
    snow_age_days: float

    @property
    def cover(self) -> np.ndarray:
        """Share of each pixel under snow, float32, shape (size, size)."""
        return snow_cover(self.swe_mm)


@dataclass(frozen=True)
class Folders:
    """Where the images go: ``radar``, ``optical``, ``clouds`` and ``truth`` are folders that exist."""

    radar: Path
    optical: Path
    clouds: Path
    truth: Path


class SyntheticSnowSite:
    """A mountain with snow, made from its settings alone.

    Parameters
    ----------
    settings : ``size_px``, ``resolution_m``, ``first_year``, ``years``, ``warming_c_per_decade``,
        ``radar_every_days`` (in each orbit), ``optical_every_days``, ``seed``.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.scenes: SceneDates = snow_scene_dates(settings)

    @cached_property
    def weather(self) -> pd.DataFrame:
        """Daily weather of the station."""
        return daily_weather(*record(self.settings), self.settings["warming_c_per_decade"], self.settings["seed"])

    @cached_property
    def land(self) -> Land:
        """The mountain without snow."""
        return make_land(*(self.settings[key] for key in ("size_px", "resolution_m", "seed")))

    @cached_property
    def grid(self) -> Grid:
        """Grid of all images, in UTM zone 32."""
        (x,), (y,) = transform("EPSG:4326", CRS, [CENTER_LON], [CENTER_LAT])
        size, step = self.settings["size_px"], self.settings["resolution_m"]
        left, top = (round(value / step) * step for value in (x - size * step / 2, y + size * step / 2))
        return Grid(CRS, Affine(step, 0, left, 0, -step, top), size, size)

    @cached_property
    def area_of_interest(self) -> gpd.GeoDataFrame:
        """The grid with two cut corners."""
        left, bottom, right, top = self.grid.bounds
        cut = CORNER_CUT * (right - left)
        corners = [(left + cut, top), (right, top), (right, bottom + cut), (right - cut, bottom), (left, bottom)]
        return gpd.GeoDataFrame(
            {"name": ["simulated mountain"]}, geometry=[Polygon([*corners, (left, top - cut)])], crs=CRS
        )

    def days(self) -> Iterator[Day]:
        """Snow of every day of the record, in order; the arrays of SWE are only good until the next day."""
        pack, age = Snowpack(self.land), 30.0
        rain = self.weather.rain_sum.rolling(RAIN_DAYS, min_periods=1).sum()
        for row, rain_mm in zip(self.weather.itertuples(), rain, strict=True):
            pack.step(row.temperature_2m_max, row.temperature_2m_min, row.precipitation_sum)
            age = 0.0 if row.snowfall_sum >= FRESH_SNOW_CM else age + 1.0
            date = datetime.date.fromisoformat(row.date)
            yield Day(date, pack.truth(), pack.swe_mm, float(rain_mm), age)

    def scene_table(self) -> pd.DataFrame:
        """Table of all scenes: ``sensor, path, date, orbit, cloud_mask``; paths relative to the table."""
        radar = [["radar", f"radar/{_radar_name(s)}", s.date.isoformat(), s.orbit, ""] for s in self.scenes.radar]
        optical = [
            ["optical", f"optical/{date}.tif", date.isoformat(), "", f"clouds/{date}.tif"]
            for date in self.scenes.optical
        ]
        return pd.DataFrame(radar + optical, columns=["sensor", "path", "date", "orbit", "cloud_mask"])

    def defects(self) -> pd.DataFrame:
        """Planted defects: ``scene_a`` (radar), ``scene_b`` (optical or empty), ``defect``."""
        rows = [[defect.radar, defect.optical, defect.reason] for defect in self.scenes.defects]
        return pd.DataFrame(rows, columns=["scene_a", "scene_b", "defect"])

    def planted(self) -> dict[str, Any]:
        """Numbers that the analysis should find again, and the site's settings."""
        settings = self.settings
        shift = [(SHIFT_PX[1] * settings["resolution_m"]), -SHIFT_PX[0] * settings["resolution_m"]]
        return {
            **settings,
            "lapse_rate_c_per_m": snow_pack.LAPSE_C_PER_M,
            "station_elevation_m": snow_pack.STATION_M,
            "degree_day_factor_mm_per_c_day": snow_pack.DEGREE_DAY_MM,
            "least_snow_mm": snow_pack.MIN_SNOW_MM,
            "wet_drop_db": dict(zip(RADAR_BANDS, WET_DROP_DB[OPEN], strict=True)),
            "wet_drop_forest_db": dict(zip(RADAR_BANDS, WET_DROP_DB[FOREST], strict=True)),
            "looks": LOOKS,
            "misregistration_px": float(np.hypot(*SHIFT_PX)),
            "misregistration_east_north_m": shift,
            "signs_of_snow_on": {
                "temperature_2m_max": -1,
                "temperature_2m_min": -1,
                "snowfall_sum": 1,
                "relative_humidity_2m_mean": 1,
            },
            "land_classes": dict(enumerate(LAND_NAMES)),
        }


def write_scenes(site: SyntheticSnowSite, folders: Folders, logger: logging.Logger) -> None:
    """Run the snow through all days and write every image, cloud mask and true snow map, and the tables of the truth.

    Parameters
    ----------
    site : the synthetic site.
    folders : where to write; ``truth`` gets ``snow/DATE.tif``, ``land.tif``, ``elevation.tif``, ``cover.csv``,
        ``defects.csv`` and ``planted.json``.
    logger : where the progress goes.
    """
    radar = Radar(site.land, site.settings["seed"])
    camera = Camera(site.land, CENTER_LAT, site.settings["seed"])
    inside = area_mask(site.area_of_interest.geometry, site.grid) == 1
    by_date: dict[datetime.date, list[RadarScene]] = {}
    for scene in site.scenes.radar:
        by_date.setdefault(scene.date, []).append(scene)
    (folders.truth / "snow").mkdir()
    rows, optical = [], set(site.scenes.optical)
    progress = Progress(logger, len(site.weather), "day")
    for day in site.days():
        rows.append([day.date.isoformat(), *_means(day, inside)])
        for scene in by_date.get(day.date, []):
            _write_radar(site, radar, scene, day, folders)
        if day.date in optical:
            _write_optical(site, camera, day, folders)
        if day.date in optical or day.date in by_date:
            write_tif(folders.truth / "snow" / f"{day.date}.tif", day.truth[None], site.grid, ("snow",))
        progress.step()
    write_tif(folders.truth / "land.tif", site.land.cover[None], site.grid, ("land",))
    write_tif(folders.truth / "elevation.tif", site.land.elevation_m[None], site.grid, ("elevation",))
    columns = ["date", "snow_fraction", "wet_fraction", "swe_mm"]
    write_csv(pd.DataFrame(rows, columns=columns), folders.truth / "cover.csv")
    write_csv(site.defects(), folders.truth / "defects.csv")
    write_json(site.planted(), folders.truth / "planted.json")


def _means(day: Day, inside: np.ndarray) -> tuple[float, float, float]:
    """Shares of the area under snow and under wet snow, and mean water of its snow in mm."""
    truth = day.truth[inside]
    return (truth != NO_SNOW).mean(), (truth == WET_SNOW).mean(), day.swe_mm[inside].mean(dtype=float)


def write_area(area: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write the area of interest as GeoPackage; the same area gives the same bytes."""
    write_geopackage(area, path, "aoi")


def write_tif(
    path: Path, array: np.ndarray, grid: Grid, names: tuple[str, ...], nodata: float | None = None, **tags: str
) -> None:
    """Write an array of shape (bands, rows, columns) as a GeoTIFF with band descriptions and text tags."""
    predictor = {"f": 3, "u": 2 if array.dtype.itemsize > 1 else 1}[array.dtype.kind]
    profile = {
        "driver": "GTiff", "dtype": array.dtype, "count": len(array), "nodata": nodata, "crs": grid.crs,
        "transform": grid.transform, "width": grid.width, "height": grid.height, "tiled": False, "blockysize": 64,
        "compress": "zstd", "zstd_level": 1, "predictor": predictor, "interleave": "band",
    }  # fmt: skip
    with created(path, **profile) as raster:
        raster.descriptions = names
        raster.update_tags(**tags)
        raster.write(array)


def _radar_name(scene: RadarScene) -> str:
    return f"{scene.date}_o{scene.orbit}.tif"


def _write_radar(site: SyntheticSnowSite, radar: Radar, scene: RadarScene, day: Day, folders: Folders) -> None:
    state = RadarState(day.truth, day.cover, day.rain_mm)
    image = radar.scene(scene, state, wedge=scene.name in site.scenes.wedged)
    path = folders.radar / _radar_name(scene)
    write_tif(path, image, site.grid, RADAR_BANDS, float("nan"), RELATIVE_ORBIT=scene.orbit)


def _write_optical(site: SyntheticSnowSite, camera: Camera, day: Day, folders: Folders) -> None:
    scenes, name = site.scenes, f"{day.date}.tif"
    if day.date in scenes.copies:
        for folder in (folders.optical, folders.clouds):
            shutil.copyfile(folder / f"{scenes.copies[day.date]}.tif", folder / name)
        return
    share = cloud_share(day.date, site.settings["seed"])
    share = CLOUDED_SHARE if day.date in scenes.clouded else CLEAR_SHARE if day.date in scenes.clear else share
    numbers, mask = camera.scene(day.date, day.cover, day.snow_age_days, share, day.date in scenes.shifted)
    write_tif(folders.optical / name, numbers, site.grid, OPTICAL_BANDS, 0)
    write_tif(folders.clouds / name, mask[None], site.grid, ("cloud",))
