"""Backscatter of the synthetic snow site as a radar at C-band sees it from two orbits."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from climate_indicators.synthetic.noise import band_field, fractal_field, stream
from climate_indicators.synthetic.snow.dates import RadarScene
from climate_indicators.synthetic.snow.snow_pack import FOREST, OPEN, ROCK, WATER, WET_SNOW, Land

RADAR_BANDS = ("VV", "VH")
# Mean VV and VH of each land cover in dB, round figures of the usual order at 39 degrees.
BACKSCATTER_DB = {OPEN: (-11.3, -18.0), FOREST: (-9.3, -14.8), WATER: (-18.0, -25.0), ROCK: (-9.5, -16.8)}
# Looks eastward when ascending, westward when descending.
LOOK_AZIMUTH_RAD = {"117": np.radians(79.0), "95": np.radians(281.0)}
INCIDENCE_RAD = np.radians(39.0)
TERRAIN_LIMITS_DB = (-9.0, 6.0)
# Parts common to both orbits, and parts of a single look direction.
GROUND_DB, TEXTURE_DB = 1.7, 0.7
LOOKS = 20
WET_DROP_DB = {OPEN: (3.0, 3.2), FOREST: (1.0, 1.0), WATER: (0.0, 0.0), ROCK: (2.6, 2.8)}
DRY_SNOW_DB, DROP_SPREAD = 0.2, 0.15
CALIBRATION_DB = 0.15
# Increase from rain of three days on open ground, and from leaves and grass in summer, VV and VH.
RAIN_DB, RAIN_MM = 0.8, 15.0
SUMMER_DB = {OPEN: (0.2, 0.5), FOREST: (0.2, 0.4), WATER: (0.0, 0.0), ROCK: (0.0, 0.0)}
# Slopes facing away from the radar are in shadow and give noise or no signal.
SHADOW_COSINE, NOISE_FLOOR_DB, SILENT_SHARE, SILENT_WATER = 0.36, -26.0, 0.5, 0.01
STRIP_CHANCE, STRIP_PX, WEDGE_SHARE = 0.25, (2, 7), 0.45


@dataclass(frozen=True)
class RadarState:
    """Ground conditions of a radar scene.

    Attributes
    ----------
    truth : uint8, shape (size, size): snow classes.
    cover : float32, same shape: share of each pixel under snow.
    rain_mm : rain of the three days.
    """

    truth: np.ndarray
    cover: np.ndarray
    rain_mm: float


class Radar:
    """Radar over one mountain.

    Parameters
    ----------
    land : the mountain.
    seed : seed of the synthetic site.
    """

    def __init__(self, land: Land, seed: int) -> None:
        self._land, self._seed = land, seed
        self._base, self._shadow = {}, {}
        size = len(land.cover)
        self._summer, self._drop = of_cover(SUMMER_DB, land.cover), of_cover(WET_DROP_DB, land.cover)
        self._open = np.isin(land.cover, (OPEN, ROCK))
        common = GROUND_DB * fractal_field(size, 1.0, stream(seed, "radar ground"), longest=0.1)
        for number, (orbit, azimuth) in enumerate(LOOK_AZIMUTH_RAD.items()):
            terrain, self._shadow[orbit] = terrain_effect(land.elevation_m, land.resolution_m, azimuth)
            terrain += TEXTURE_DB * band_field(size, 6.0, stream(seed, "radar texture", number), width=0.6)
            self._base[orbit] = of_cover(BACKSCATTER_DB, land.cover) + common + terrain

    def scene(self, scene: RadarScene, state: RadarState, wedge: bool) -> np.ndarray:
        """Image of one scene.

        Parameters
        ----------
        scene : its date and its orbit.
        state : snow and rain of its day.
        wedge : whether the image misses a large part of the area.

        Returns
        -------
        float32, shape (2, size, size), dB: VV and VH; -inf where nothing came back, NaN outside the image.
        """
        rng = stream(self._seed, "radar", scene.date.toordinal())
        size = len(self._land.cover)
        level = self._base[scene.pixels_of] + self._summer * _summer(scene.date)
        level += CALIBRATION_DB * rng.standard_normal((2, 1, 1), dtype=np.float32)
        bare = (1.0 - state.cover) * self._open
        level += np.float32(RAIN_DB * np.tanh(state.rain_mm / RAIN_MM)) * bare
        wet = state.truth == WET_SNOW
        drop = self._drop * (1.0 + DROP_SPREAD * fractal_field(size, 1.0, rng, longest=0.1))
        level -= drop * (wet * state.cover)
        level += DRY_SNOW_DB * fractal_field(size, 1.0, rng, longest=0.1) * (~wet * state.cover)
        power = 10.0 ** (level / 10.0) * speckle(level.shape, rng)
        image = self._silence(power.astype(np.float32), scene.pixels_of, rng)
        image[:, ~_inside(size, wedge, rng)] = np.nan
        return image

    def _silence(self, power: np.ndarray, orbit: str, rng: np.random.Generator) -> np.ndarray:
        """Decibels of ``power``; noise or no echo at all in radar shadow, no echo from some of the water."""
        shadow = self._shadow[orbit]
        floor = np.float32(10.0 ** (NOISE_FLOOR_DB / 10.0)) * speckle(power.shape, rng)
        power = np.where(shadow, floor, power)
        chance = rng.random(shadow.shape)
        silent = (shadow & (chance < SILENT_SHARE)) | ((self._land.cover == WATER) & (chance < SILENT_WATER))
        with np.errstate(divide="ignore"):
            return (10.0 * np.log10(np.where(silent, 0.0, power))).astype(np.float32)


def terrain_effect(elevation_m: np.ndarray, resolution_m: float, azimuth_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """How slopes brighten and darken a radar image, and where they hide.

    Backscatter falls with the cosine of the local incidence angle, and the ground that one pixel gathers grows with
    the sine's inverse in the plane of sight (Ulander 1996, doi:10.1109/36.536527).

    Parameters
    ----------
    elevation_m : float32, shape (rows, columns), row 0 in the north.
    resolution_m : side of a pixel.
    azimuth_rad : where the radar looks to, clockwise from north.

    Returns
    -------
    effect_db : float32, same shape, 0 on level ground.
    shadow : bool, same shape.
    """
    down_south, down_east = np.gradient(elevation_m, resolution_m)
    # rise of the ground along the line of sight: positive slopes face the radar
    rise = down_east * np.sin(azimuth_rad) - down_south * np.cos(azimuth_rad)
    length = np.sqrt(1.0 + down_south**2 + down_east**2)
    cosine = (np.cos(INCIDENCE_RAD) + rise * np.sin(INCIDENCE_RAD)) / length
    in_plane = INCIDENCE_RAD - np.arctan(rise)
    area = np.sin(INCIDENCE_RAD) / np.maximum(np.sin(in_plane), 0.1)
    effect = 10.0 * np.log10(np.maximum(cosine, 0.02) / np.cos(INCIDENCE_RAD)) + 10.0 * np.log10(area)
    # the sensor's own resolution is finer than the terrain model's, so single pixels mix slopes
    effect = ndimage.gaussian_filter(np.clip(effect, *TERRAIN_LIMITS_DB), 0.5)
    return effect.astype(np.float32), cosine < SHADOW_COSINE


def of_cover(values: dict[int, tuple[float, float]], cover: np.ndarray) -> np.ndarray:
    """VV and VH values of each pixel's land cover: float32, shape (2, rows, columns)."""
    table = np.array([values[key] for key in sorted(values)], np.float32)
    return np.ascontiguousarray(np.moveaxis(table[cover], -1, 0))


def speckle(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Multiplicative speckle of ``LOOKS`` looks: gamma-distributed with mean 1 and variance 1 / looks, float32."""
    return rng.standard_gamma(LOOKS, shape, dtype=np.float32) / np.float32(LOOKS)


def _summer(date: datetime.date) -> float:
    """1 in the height of summer, 0 in winter."""
    return 0.5 + 0.5 * float(np.cos(2 * np.pi * (date.timetuple().tm_yday - 205) / 365.25))


def _inside(size: int, wedge: bool, rng: np.random.Generator) -> np.ndarray:
    """Pixels that the image reaches: without a strip at one side now and then, and without a wedge if planted."""
    rows, columns = np.mgrid[:size, :size] / size
    inside = np.ones((size, size), bool)
    if rng.random() < STRIP_CHANCE:
        width = rng.integers(*STRIP_PX) / size
        inside &= columns >= width if rng.random() < 0.5 else columns < 1.0 - width
    if wedge:
        inside &= columns + 0.25 * (rows - 0.5) < 1.0 - WEDGE_SHARE
    return inside
