"""Land of the synthetic snow site, and the snow on it, day by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from climate_indicators.synthetic.light import Sun, direct_light
from climate_indicators.synthetic.noise import fractal_field, smoothstep, stream
from climate_indicators.synthetic.snow.weather import ALL_RAIN_C, ALL_SNOW_C
from climate_indicators.synthetic.terrain import make_terrain

OPEN, FOREST, WATER, ROCK = range(4)
LAND_NAMES = ("open", "forest", "water", "rock")
NO_SNOW, DRY_SNOW, WET_SNOW = range(3)
STATION_M, RELIEF_M, FULL_RELIEF_EXTENT_M, BELOW_STATION = 1500.0, 1400.0, 12_000.0, 0.4
TREE_LINE_M, LAKE_SHARE, RANK_SHARE = 1500.0, 0.012, 0.35
# Mean sun of the months of melt, south-east at a middle height.
MELT_SUN = Sun(np.radians(160.0), np.radians(40.0))
LAPSE_C_PER_M = 0.0055
DEGREE_DAY_MM, REFREEZE_MM, SUN_WARMS_C = 2.4, 1.5, 2.0
FOREST_MELT, FOREST_CATCH = 0.75, 0.8
# Thresholds: water equivalent for snow cover, and liquid water for wet snow; excess water runs off.
MIN_SNOW_MM, FULL_COVER_MM, MIN_LIQUID_MM, HOLDS = 5.0, 12.0, 2.0, 0.08


@dataclass(frozen=True)
class Land:
    """The mountain without snow; every array has the shape (size, size), row 0 in the north.

    Attributes
    ----------
    elevation_m : float32.
    cover : uint8, ``OPEN``, ``FOREST``, ``WATER`` or ``ROCK``.
    sun_c : float32: what slopes turned to the sun have above the air's temperature by day.
    catch : float32: snow that lies per snow that falls, by wind and trees.
    resolution_m : side of a pixel.
    """

    elevation_m: np.ndarray
    cover: np.ndarray
    sun_c: np.ndarray
    catch: np.ndarray
    resolution_m: float


def make_land(size_px: int, resolution_m: float, seed: int) -> Land:
    """Mountain around a valley: lake, forest with clearings up to the tree line, meadows, and rock where it is steep.

    Parameters
    ----------
    size_px, resolution_m : side of the square grid in pixels, and of a pixel in meters.
    seed : seed of the synthetic site.
    """
    shape = make_terrain(size_px, resolution_m, seed).elevation_m
    relief = RELIEF_M * float(np.clip(size_px * resolution_m / FULL_RELIEF_EXTENT_M, 0.4, 1.0))
    height = (1.0 - RANK_SHARE) * (shape - shape.min()) / np.ptp(shape) + RANK_SHARE * _rank(shape)
    lake = np.float32(np.quantile(height, LAKE_SHARE))
    height = np.maximum(ndimage.gaussian_filter(height, 1.2), lake)
    elevation = (STATION_M + relief * (height - BELOW_STATION)).astype(np.float32)
    slope = np.hypot(*np.gradient(elevation, resolution_m))
    line = TREE_LINE_M + 60.0 * fractal_field(size_px, 1.5, stream(seed, "tree line"), longest=0.3)
    clearing = fractal_field(size_px, 1.4, stream(seed, "clearings"), longest=0.15) > 0.45
    cover = np.full(height.shape, OPEN, np.uint8)
    cover[(elevation < line) & ~clearing] = FOREST
    bare = slope + 0.08 * fractal_field(size_px, 1.2, stream(seed, "bare"), longest=0.1)
    cover[bare > np.quantile(bare, 0.94)] = ROCK
    cover[height <= lake] = WATER
    sun = np.clip(direct_light(elevation, resolution_m, MELT_SUN) - 1.0, -1.0, 1.0)
    drift = 1.0 + 0.2 * fractal_field(size_px, 1.6, stream(seed, "drift"), longest=0.15)
    catch = np.clip(drift, 0.5, 1.5) * np.where(cover == FOREST, FOREST_CATCH, 1.0)
    catch *= 1.0 + 0.5 * (elevation - STATION_M) / 1000.0
    sun_c = SUN_WARMS_C * sun * np.where(cover == FOREST, 0.4, 1.0)
    return Land(elevation, cover, sun_c.astype(np.float32), catch.astype(np.float32), resolution_m)


def _rank(values: np.ndarray) -> np.ndarray:
    """Share of the pixels that are lower: spreads a valley's many low pixels over all heights."""
    ranks = np.empty(values.size, np.float32)
    ranks[np.argsort(values, axis=None, kind="stable")] = np.arange(values.size) / values.size
    return ranks.reshape(values.shape)


class Snowpack:
    """Degree-day snowpack of every pixel (Hock 2003, doi:10.1016/S0022-1694(03)00257-9), night and day apart.

    A day's cold first freezes the liquid water that the snow holds, then the warmth melts; so snow is wet in the
    evening of a day that was warm enough, and dry through a cold spell. The lake stays free of snow.

    Attributes
    ----------
    swe_mm : float32, shape (size, size): water of the snow, liquid included.
    liquid_mm : float32, same shape: its liquid part.
    """

    def __init__(self, land: Land) -> None:
        self._land = land
        self._lapse = (-LAPSE_C_PER_M * (land.elevation_m - STATION_M)).astype(np.float32)
        self._day_lapse = self._lapse + land.sun_c
        self._melt = np.where(land.cover == FOREST, FOREST_MELT, 1.0).astype(np.float32) * np.float32(DEGREE_DAY_MM / 2)
        self._catch = np.where(land.cover == WATER, 0.0, land.catch).astype(np.float32)
        self.swe_mm = np.zeros_like(self._lapse)
        self.liquid_mm = np.zeros_like(self._lapse)

    def step(self, highest_c: float, lowest_c: float, precipitation_mm: float) -> None:
        """Snowfall, frost, melt and runoff of one day, from the station's weather."""
        swe, liquid = self.swe_mm, self.liquid_mm
        mean = np.float32((highest_c + lowest_c) / 2)
        if precipitation_mm > 0:
            share = np.clip((ALL_RAIN_C - mean - self._lapse) / np.float32(ALL_RAIN_C - ALL_SNOW_C), 0, 1)
            swe += np.float32(precipitation_mm) * share * self._catch
        if not swe.any():
            return  # and no liquid either
        night = self._lapse + np.float32(lowest_c)
        np.minimum(night, 0, out=night)
        night *= np.float32(REFREEZE_MM)
        liquid += night
        np.maximum(liquid, 0, out=liquid)
        for air in (self._day_lapse + np.float32(highest_c), self._lapse + np.float32(lowest_c)):
            np.maximum(air, 0, out=air)
            air *= self._melt
            liquid += air
        np.minimum(liquid, swe, out=liquid)
        runoff = np.maximum(liquid - np.float32(HOLDS) * swe, 0)
        # the last snow cannot hold water without ice
        np.copyto(runoff, swe, where=liquid >= swe)
        swe -= runoff
        liquid -= runoff

    def truth(self) -> np.ndarray:
        """Class of every pixel: uint8, ``NO_SNOW``, ``DRY_SNOW`` or ``WET_SNOW``."""
        snow = self.swe_mm >= MIN_SNOW_MM
        wet = self.liquid_mm >= np.minimum(MIN_LIQUID_MM, np.float32(HOLDS / 2) * self.swe_mm)
        truth = np.full(snow.shape, NO_SNOW, np.uint8)
        np.copyto(truth, DRY_SNOW, where=snow)
        np.copyto(truth, WET_SNOW, where=snow & wet)
        return truth


def snow_cover(swe_mm: np.ndarray) -> np.ndarray:
    """Share of each pixel under snow, 0 to 1, float32: patchy where little water, in mm, is left."""
    return smoothstep(swe_mm, 0.0, FULL_COVER_MM)
