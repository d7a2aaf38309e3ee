"""Reflectance of the simulated surfaces under even light: rock, grass, lakes, ice, debris on ice, and snow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from climate_indicators.synthetic.glacier.glaciers import GlacierState
from climate_indicators.synthetic.noise import band_field, fractal_field, smoothstep, stream
from climate_indicators.synthetic.terrain import Terrain

BANDS = ("B02", "B03", "B04", "B08", "B11")
# Reflectance by band of each surface, round figures of the usual order for late summer and autumn.
SNOW = (0.80, 0.80, 0.78, 0.68, 0.08)
ICE = (0.50, 0.48, 0.44, 0.34, 0.05)
ROCK = (0.12, 0.14, 0.17, 0.21, 0.25)
GRASS = (0.04, 0.07, 0.07, 0.26, 0.19)
LAKE = (0.11, 0.13, 0.08, 0.03, 0.01)
GRASS_TOP = 0.30
SNOW_SHARES = (0.025, 0.05)
SPECKLE = 0.05


@dataclass(frozen=True)
class LandCover:
    """Properties that are constant over the years.

    Attributes
    ----------
    terrain : the landscape, its lakes filled.
    reflectance : float32, shape (bands, size, size): ground without ice and snow.
    debris : float32, same shape: the debris that lies on ice, where it does.
    water : bool, shape (size, size): lakes, where there is no ice.
    snow_hold : float32, shape (size, size): how readily snow stays: high up and in hollows.
    """

    terrain: Terrain
    reflectance: np.ndarray
    debris: np.ndarray
    water: np.ndarray
    snow_hold: np.ndarray


def make_ground(terrain: Terrain, water: np.ndarray, forefield: np.ndarray, seed: int) -> LandCover:
    """Ground and debris: both the same rock, which differs from place to place; grass low down; turbid lakes.

    Parameters
    ----------
    terrain : the landscape, its lakes filled.
    water : bool, shape (size, size): lakes.
    forefield : bool, same shape: what the glaciers covered long ago, still bare.
    seed : seed of the synthetic site.
    """
    size = terrain.elevation_m.shape[0]
    height = (terrain.elevation_m - terrain.elevation_m.min()) / np.ptp(terrain.elevation_m)
    lithology = 1.0 + 0.12 * fractal_field(size, 1.6, stream(seed, "lithology"))
    rough = (0.20 + 0.14 * forefield) * fractal_field(size, 0.8, stream(seed, "rough"), longest=0.04)
    grass_line = GRASS_TOP + 0.04 * fractal_field(size, 1.5, stream(seed, "grass"))
    grass = smoothstep(grass_line - height, -0.03, 0.05) * ~forefield
    mottled = 1.0 + 0.08 * fractal_field(size, 1.0, stream(seed, "meadows"))
    ground = mix(spectrum(ROCK) * lithology * np.clip(1.0 + rough, 0.3, None), spectrum(GRASS) * mottled, grass)
    silt = 1.0 + 0.25 * fractal_field(size, 2.0, stream(seed, "silt"))
    ground = np.where(water, spectrum(LAKE) * np.clip(silt, 0.4, 1.6), ground)
    debris = spectrum(ROCK) * lithology * (1.0 + 0.10 * _stripes(terrain, seed))
    hollows = ndimage.gaussian_filter(terrain.elevation_m, size / 80) - terrain.elevation_m
    hold = 3.0 * smoothstep(height, 0.25, 0.6) + 0.4 * hollows / hollows.std()
    hold += 0.5 * fractal_field(size, 1.5, stream(seed, "snow hold"), longest=0.1)
    return LandCover(terrain, ground.astype(np.float32), debris.astype(np.float32), water, hold.astype(np.float32))


def _stripes(terrain: Terrain, seed: int) -> np.ndarray:
    """Moraine stripes along the flow of the ice, standard deviation about 1."""
    size, resolution = terrain.elevation_m.shape[0], terrain.resolution_m
    field = band_field(size, 6.0, stream(seed, "stripes"), width=0.4)
    along, across = (values / resolution for values in (terrain.along_m, terrain.across_m))
    places = np.stack([0.08 * along + 37.0 * terrain.valley, across])
    return ndimage.map_coordinates(field, places, order=1, mode="grid-wrap")


def surface_reflectance(ground: LandCover, ice: GlacierState, year: int, seed: int) -> np.ndarray:
    """Reflectance of one year's surface before light and air; float32, shape (bands, size, size).

    Debris has the spectrum of the rock around it and lies smooth; snow has that of firn and lies ragged. So a pixel's
    own bands cannot tell the glaciers, but texture and shape can.
    """
    size = ice.extent.shape[0]
    snow = seasonal_snow(ground, ice, year, seed)
    off_ice = mix(ground.reflectance, spectrum(SNOW), snow)
    albedo = 1.0 + 0.05 * band_field(size, 10.0, stream(seed, "albedo"), width=0.6)
    on_ice = mix(mix(spectrum(ICE), spectrum(SNOW), ice.firn) * albedo, ground.debris, ice.debris)
    scene = np.where(ice.extent, on_ice, off_ice)
    return scene * (1.0 + SPECKLE * stream(seed, "speckle", year).standard_normal((size, size), dtype=np.float32))


def seasonal_snow(ground: LandCover, ice: GlacierState, year: int, seed: int) -> np.ndarray:
    """Share of each pixel under seasonal snow, off the glaciers: ragged patches, high up and in hollows.

    Parameters
    ----------
    ground, ice : what snow may lie on, and what it may not.
    year : calendar year: how much there is and where it lies differ from year to year.
    seed : seed of the synthetic site.
    """
    size, rng = ice.extent.shape[0], stream(seed, "snow", year)
    share = rng.uniform(*SNOW_SHARES)
    ragged = 0.5 * fractal_field(size, 1.5, rng, longest=0.1) + 1.2 * band_field(size, 16.0, rng, width=0.5)
    score = ground.snow_hold + ragged
    free = ~ice.extent & ~ground.water
    limit = np.quantile(score[free], 1.0 - share)
    return smoothstep(score, limit - 0.05, limit + 0.25) * free


def spectrum(reflectance: tuple[float, ...]) -> np.ndarray:
    """Reflectance by band as an array that spreads over an image: float32, shape (bands, 1, 1)."""
    return np.asarray(reflectance, np.float32)[:, None, None]


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """``first``, with ``share`` of each pixel replaced by ``second``."""
    return first + (second - first) * share
