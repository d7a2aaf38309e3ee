"""What a Sentinel-2-like sensor sees of the simulated valley: surfaces, light, haze, cloud, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from climate_indicators.simulation.glaciers import Ice
from climate_indicators.simulation.noise import band_field, fractal_field, smoothstep, stream
from climate_indicators.simulation.terrain import Terrain

BANDS = ("B02", "B03", "B04", "B08", "B11")
# Reflectance by band of each surface, round figures of the usual order for late summer.
SNOW = (0.82, 0.81, 0.79, 0.70, 0.08)
ICE = (0.52, 0.50, 0.46, 0.36, 0.05)
ROCK = (0.12, 0.14, 0.17, 0.21, 0.25)
GRASS = (0.04, 0.07, 0.06, 0.30, 0.18)
CLOUD = (0.72, 0.72, 0.72, 0.72, 0.55)
SUN_AZIMUTH_DEG, SUN_ELEVATION_DEG = 145.0, 50.0


@dataclass(frozen=True)
class Sight:
    """One year's image.

    Attributes
    ----------
    reflectance : float32, shape (bands, size, size), in the order of ``BANDS``.
    cloud : bool, shape (size, size).
    """

    reflectance: np.ndarray
    cloud: np.ndarray


def make_sight(terrain: Terrain, ice: Ice, year: int, cloud_share: float, seed: int) -> Sight:
    """Image of one year.

    Debris-covered ice has the spectrum of rock; only its hummocks tell it apart. Seasonal snow lies on rock in patches
    with the spectrum of firn. So no threshold on a pixel's own bands can find the glaciers.

    Parameters
    ----------
    terrain, ice : the landscape and its ice of that year.
    year : calendar year; with the seed it fixes snow, haze, cloud and noise.
    cloud_share : share of the image under cloud, 0 to 1.
    seed : the world's seed.
    """
    size = terrain.elevation_m.shape[0]
    rng = stream(seed, "sight", year)
    height = (terrain.elevation_m - terrain.elevation_m.min()) / np.ptp(terrain.elevation_m)
    grass = smoothstep(0.30 - height + 0.03 * fractal_field(size, 1.5, stream(seed, "grass")), -0.04, 0.04)
    ground = _mix(_surface(ROCK), _surface(GRASS), grass)
    ground *= 1.0 + 0.06 * fractal_field(size, 1.2, stream(seed, "ground"))
    patches = band_field(size, 9.0, rng) + 2.0 * height
    snow = smoothstep(patches, rng.uniform(2.9, 3.3), 3.6)
    ground = _mix(ground, _surface(SNOW), snow)
    hummocks = band_field(size, 5.0, stream(seed, "hummocks"))
    debris = _surface(ROCK) * (1.0 + 0.18 * hummocks)
    glacier = _mix(_mix(_surface(ICE), _surface(SNOW), ice.firn), debris, ice.debris)
    scene = np.where(ice.extent, glacier, ground) * _light(terrain)
    haze = rng.uniform(0.0, 0.03) * np.exp(-np.arange(len(BANDS)))[:, None, None]
    scene = scene + haze * (1.0 + 0.3 * fractal_field(size, 2.0, rng))
    veil = fractal_field(size, 1.6, rng)
    cloud = veil > np.quantile(veil, 1.0 - cloud_share) if cloud_share > 0 else np.zeros((size, size), bool)
    scene = np.where(cloud, _surface(CLOUD), scene) + rng.normal(0.0, 0.004, scene.shape)
    return Sight(np.clip(scene, 1e-4, 1.5).astype(np.float32), cloud)


def _surface(reflectance: tuple[float, ...]) -> np.ndarray:
    return np.asarray(reflectance, np.float32)[:, None, None]


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first * (1.0 - share) + second * share


def _light(terrain: Terrain) -> np.ndarray:
    """Illumination of the slopes: cosine of the sun's incidence relative to level ground, plus skylight."""
    down_south, down_east = np.gradient(terrain.elevation_m, terrain.resolution_m)
    azimuth, elevation = np.radians(SUN_AZIMUTH_DEG), np.radians(SUN_ELEVATION_DEG)
    east, north, up = np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)
    cosine = (up - east * down_east + north * down_south) / np.sqrt(1.0 + down_south**2 + down_east**2)
    return 0.2 + 0.8 * np.clip(cosine, 0.0, None) / up
