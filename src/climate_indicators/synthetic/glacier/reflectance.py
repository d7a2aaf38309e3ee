"""Simulated Sentinel-2-like reflectance of the valley: illumination, haze, cloud, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from climate_indicators.synthetic.glacier.glaciers import GlacierState
from climate_indicators.synthetic.glacier.surfaces import LandCover, mix, spectrum, surface_reflectance
from climate_indicators.synthetic.light import Sun, direct_light
from climate_indicators.synthetic.noise import fractal_field, smoothstep, stream

CLOUD = (0.72, 0.72, 0.72, 0.72, 0.55)
# Share of the light on level ground that comes from the sky; in shadow it is all there is.
SKYLIGHT = (0.30, 0.24, 0.20, 0.15, 0.09)
PATH_REFLECTANCE = (1.0, 0.66, 0.43, 0.2, 0.05)
HAZIEST = 0.035
SENSOR_NOISE = 0.004
# Cloud thins out over this much of its field's standard deviation; the mask knows the thick part only.
THIN_EDGE = 0.2


@dataclass(frozen=True)
class SyntheticImage:
    """One year's image.

    Attributes
    ----------
    reflectance : float32, shape (bands, size, size), in the order of ``surfaces.BANDS``.
    cloud : bool, shape (size, size): the mask of the clouds' thick parts.
    """

    reflectance: np.ndarray
    cloud: np.ndarray


def render_image(
    ground: LandCover, ice: GlacierState, sun: Sun, year: int, cloud_share: float, seed: int
) -> SyntheticImage:
    """Image of one year.

    Parameters
    ----------
    ground, ice : the landscape and its ice of that year.
    sun : its position.
    year : calendar year; with the seed it fixes snow, haze, cloud and noise.
    cloud_share : share of the image under masked cloud, 0 to 1.
    seed : seed of the synthetic site.
    """
    size, terrain = ice.extent.shape[0], ground.terrain
    top = np.where(ice.extent, ice.top_m, terrain.elevation_m)
    direct = direct_light(top, terrain.resolution_m, sun)
    sky = spectrum(SKYLIGHT)
    scene = surface_reflectance(ground, ice, year, seed) * (sky + (1.0 - sky) * direct)
    rng = stream(seed, "sight", year)
    haze = rng.uniform(0.0, HAZIEST) * (1.0 + 0.3 * fractal_field(size, 2.0, rng)) * spectrum(PATH_REFLECTANCE)
    scene = scene * (1.0 - 2.0 * haze) + haze
    thickness, cloud = _cloud(size, cloud_share, rng)
    scene = mix(scene, spectrum(CLOUD), thickness)
    scene = scene + SENSOR_NOISE * rng.standard_normal(scene.shape, dtype=np.float32)
    return SyntheticImage(np.clip(scene, 1e-4, 1.5).astype(np.float32), cloud)


def _cloud(size: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Opacity of the cloud, 0 to 1, and the mask: ``share`` of the image, without the thin edges."""
    veil = fractal_field(size, 1.6, rng)
    if share <= 0:
        return np.zeros((size, size), np.float32), np.zeros((size, size), bool)
    limit = np.quantile(veil, 1.0 - share)
    return smoothstep(veil, limit - THIN_EDGE, limit + THIN_EDGE), veil > limit
