"""Keys and rules of a site of the snow study."""

import datetime
from collections.abc import Iterator
from typing import Literal

from climate_indicators.config.models.base import (
    Count,
    Day,
    Group,
    Seed,
    Site,
    Study,
    Text,
    Year,
    either,
    group,
    list_of,
    map_of,
    number,
    optional,
    whole,
    without_effect,
)
from climate_indicators.config.models.download import DownloadedWeather, SnowArchive, aoi_problems, archive_missing
from climate_indicators.config.models.segmentation import BandFiles, OffsetDn, ProcessingBaseline, Radiometry
from climate_indicators.core.scene_paths import repeated, scene_paths

NEEDED = {"table": ("table",), "series": ("snow", "weather")}
FROM_FILES = ("scenes_table", "scenes", "aoi", "aoi_layer", "mixed_orbits", "radar_bands", "optical_bands")
# sources that may have a file of weather, and name columns of it
WITH_WEATHER = ("series", "files", "archive")


class SnowScene(Group):
    """One entry per radar or optical scene."""

    sensor: Literal["radar", "optical"]
    """`radar` is Sentinel-1 or similar; `optical` is Sentinel-2."""
    path: either(text=Text, group=BandFiles)
    """Raster file, folder with one file per band (Sentinel-2 SAFE, HyP3), or group of band and file."""
    date: Day
    """Date of the scene."""
    orbit: Count | None = None
    """Relative orbit of a radar scene. null reads the tag RELATIVE_ORBIT of the file."""
    cloud_mask: Text | None = None
    """Raster that is 0 where an optical scene is clear; or SCL, QA_PIXEL or Fmask (HLS), recognized by name."""
    offset_dn: OffsetDn | None = None
    """Offset of this optical scene, instead of that of the site, added to every digital number before scaling."""
    processing_baseline: ProcessingBaseline | None = None
    """Processing baseline of a Sentinel-2 scene, used instead of its date; from 04.00 on, numbers include +1000."""

    def problems(self, path: str) -> Iterator[str]:
        """Keys of the other sensor, and dates that are none."""
        other, name = ("optical", "cloud_mask") if self.sensor == "radar" else ("radar", "orbit")
        if getattr(self, name) is not None:
            yield f"{path}.{name}: has no effect with sensor: {self.sensor}; remove it, or set sensor: {other}."
        try:
            datetime.date.fromisoformat(self.date)
        except ValueError as error:
            yield f"{path}.date: found {self.date}, which is no day of the calendar ({error})."


class SnowSimulation(Group):
    """The synthetic mountain; filled in with `simulate` only."""

    size_px: whole(ge=128, le=20000, unit="px") = 272
    """Width and height."""
    resolution_m: number(gt=0, le=100000, unit="m") = 50
    """Pixel size."""
    first_year: Year = 2015
    """The record begins on 1 October of this year."""
    years: whole(ge=1, le=200, unit="years") = 10
    """Number of hydrological years."""
    warming_c_per_decade: number(ge=-50, le=50, unit="°C per decade") = 0.8
    """Warming trend."""
    radar_every_days: whole(ge=1, le=3660, unit="days") = 36
    """Days between two radar scenes of one orbit."""
    optical_every_days: whole(ge=1, le=3660, unit="days") = 10
    """Days between two optical scenes."""
    seed: Seed = 7
    """Random seed of terrain and weather."""


class SnowSite(Site):
    """A region with images, or a table of snow."""

    SIMULATION = SnowSimulation

    source: Literal["simulate", "files", "archive", "table", "series"]
    """Origin of the data: `simulate` is synthetic data, `files` are your own images, `archive` downloads scenes,
    `table` is one table of snow and weather, `series` is a table of snow and one of daily weather."""
    scenes_table: Text | None = None
    """CSV table of scenes with the keys of `scenes` as columns; paths are relative to it. `files` needs this or
    `scenes`."""
    scenes: list[SnowScene] = []
    aoi: Text | None = None
    """Vector file of the area of interest. null: extent of the first optical scene. Required with `archive`."""
    aoi_layer: Text | None = None
    """Layer of the area of interest, for files with several. null: the only one."""
    archive: SnowArchive | None = None
    mixed_orbits: bool = False
    """True for radar mosaics of several orbits, which have no orbit of their own."""
    radar_bands: list_of(Text, distinct=True, min_length=2) | None = None
    """Band names of the radar files in file order, for files without band descriptions. null reads the descriptions."""
    optical_bands: list_of(Text, distinct=True, min_length=5) | None = None
    """Band names of the optical files in file order. null reads the descriptions."""
    radiometry: Radiometry = group(Radiometry)
    split_seed: Seed = 0
    """Random seed for assigning places and years to training, validation and test."""
    table: Text | None = None
    """CSV table with snow and weather in each row. Required with `table`."""
    snow: Text | None = None
    """CSV table with date and snow. Required with `series`."""
    weather: either(text=Text, group=DownloadedWeather) | None = None
    """CSV table of daily weather, such as an export of Open-Meteo, or a group of keys for a download. Required with
    `series`; optional with images."""
    measure: Literal["snow_fraction", "snow_pixels", "snow_area_km2", "corrected_fraction"] = "snow_fraction"
    """Column that is analyzed. `corrected_fraction`: snow cover of radar maps, corrected for classification errors;
    with images it needs `cover.source: radar`."""
    columns: map_of(Text, example={"snow_pixels": "snow_pixel_count"}) = {}
    """Column names of the file where they differ: date, place, the measure, or a weather variable."""
    simulate: SnowSimulation = optional()

    def problems(self, path: str, study: Study) -> Iterator[str]:
        """Problems of this site, one line each."""
        source = self.source
        for other, names in NEEDED.items():
            for name in names:
                given = getattr(self, name)
                if other == source and not given:
                    yield f"{path}.{name}: missing; source: {source} needs it."
                if other != source and given and not (name == "weather" and source in WITH_WEATHER):
                    yield f"{path}.{name}: has no effect with source: {source}; remove it, or set source: {other}."
        if source == "files":
            yield from self._files_problems(path)
        else:
            allowed = ("aoi", "aoi_layer") if source == "archive" else ()
            yield from without_effect(path, self, [name for name in FROM_FILES if name not in allowed])
        if isinstance(self.weather, DownloadedWeather):
            yield from self.weather.problems(path, self)
        yield from aoi_problems(path, self)
        if source == "archive":
            yield from self._archive_problems(path)
        elif self.archive is not None:
            yield f"{path}.archive: has no effect with source: {source}; remove it, or set source: archive."
        if source != "simulate" and self.simulate is not None:
            yield f"{path}.simulate: has no effect with source: {source}; remove it, or set source: simulate."
        yield from self._column_problems(path, study)

    def _archive_problems(self, path: str) -> Iterator[str]:
        if not self.aoi:
            yield f"{path}.aoi: missing; source: archive needs an area of interest."
        missing = archive_missing(path, self.archive)
        yield from [missing] if missing else self.archive.problems(path)

    def _column_problems(self, path: str, study: Study) -> Iterator[str]:
        radar_series = self.source in NEEDED or study.cover.source == "radar"
        if self.measure == "corrected_fraction" and not radar_series:
            yield f"{path}.measure: found corrected_fraction, which only radar maps have; set snow.cover.source: radar."
        known = {"date", "place", self.measure, *study.climate.variables}
        for name in self.columns:
            if name not in known:
                yield f"{path}.columns.{name}: no such column is used; those that are: {', '.join(sorted(known))}."

    def _files_problems(self, path: str) -> Iterator[str]:
        if bool(self.scenes) == bool(self.scenes_table):
            found = "both are given" if self.scenes else "neither is given"
            yield f"{path}.scenes: {found}; source: files needs either scenes_table, a CSV, or scenes, a list."
        for sensor in ("radar", "optical"):
            if self.scenes and sensor not in {scene.sensor for scene in self.scenes}:
                yield (
                    f"{path}.scenes: no {sensor} scene; the network learns from optical masks and radar, so name some "
                    "of each."
                )
        for position, scene in enumerate(self.scenes):
            yield from scene.problems(f"{path}.scenes[{position}]")
        yield from repeated(scene_paths(f"{path}.scenes", map(vars, self.scenes), "path", "cloud_mask"))
