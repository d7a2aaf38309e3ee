"""Shrinking glaciers and maps of them, wrong in ways that the correction of areas does not assume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

SIZE, BLOCK = 240, 30
WHOLE_KM2, FIRST_KM2, LAST_KM2 = 100.0, 42.0, 25.0
PIXEL_KM2 = WHOLE_KM2 / SIZE**2


@dataclass(frozen=True)
class Land:
    """Yearly glaciers, bool (years, rows, columns), and the surface whose level is the margin."""

    ice: np.ndarray
    surface: np.ndarray


def field(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Smooth noise of mean 0 and standard deviation 1, periodic, from a Gaussian filter of the spectrum."""
    spectrum = fft.rfft2(rng.standard_normal((SIZE, SIZE)))
    noise = fft.irfft2(ndimage.fourier_gaussian(spectrum, scale, SIZE), (SIZE, SIZE))
    return (noise - noise.mean()) / noise.std()


def land(rng: np.random.Generator, years: int) -> Land:
    """Glaciers that shrink from 42 to 25 of 100 km²; the loss speeds up, and years scatter by 0.3 km²."""
    surface = field(rng, 18) + 0.3 * field(rng, 6)
    time = np.linspace(0, 1, years)
    areas = FIRST_KM2 + (LAST_KM2 - FIRST_KM2) * (0.8 * time + 0.2 * time**2)
    areas[1:-1] += rng.normal(0, 0.3, years - 2)
    levels = np.quantile(surface, 1 - areas / WHOLE_KM2)
    return Land(surface > levels[:, None, None], surface)


def constant_rates(rate: float) -> Callable:
    """Sensitivity and specificity are the same everywhere and in all years; pixels err alone."""

    def maps(world: Land, rng: np.random.Generator) -> np.ndarray:
        return world.ice ^ (rng.random(world.ice.shape) > rate)

    return maps


def patches(share: float, scale: float = 4.0) -> Callable:
    """Errors of both kinds in patches of neighboring pixels, other ones each year."""

    def maps(world: Land, rng: np.random.Generator) -> np.ndarray:
        found = world.ice.copy()
        for year in range(len(found)):
            noise = field(rng, scale)
            found[year] ^= noise > np.quantile(noise, 1 - share)
        return found

    return maps


def moved_margins(pixels: float, bias: float) -> Callable:
    """The margin is mapped too far out by ``bias`` pixels and wanders by ``pixels`` about that."""

    def maps(world: Land, rng: np.random.Generator) -> np.ndarray:
        found = np.empty_like(world.ice)
        for year, ice in enumerate(world.ice):
            signed = ndimage.distance_transform_edt(ice) - ndimage.distance_transform_edt(~ice)
            found[year] = signed + bias + pixels * field(rng, 5) > 0
        return found

    return maps


def snow_of_the_year(mean: float, spread: float) -> Callable:
    """Snow beside the ice is mapped as glacier: another share of the ground each year, in patches on high ground."""

    def maps(world: Land, rng: np.random.Generator) -> np.ndarray:
        found = world.ice.copy()
        for year, ice in enumerate(world.ice):
            share = np.clip(rng.normal(mean, spread), 0.0, 0.5)
            height = world.surface + 1.5 * field(rng, 5)
            snow = height > np.quantile(height[~ice], 1 - share)
            found[year] = ice | snow
        return found

    return maps


def shade(share: float, missed: float) -> Callable:
    """In shade, the same places each year, ice is missed and some ground taken for ice."""

    def maps(world: Land, rng: np.random.Generator) -> np.ndarray:
        relief, texture = field(rng, 7), rng.random(world.ice.shape[1:])
        dark = relief > np.quantile(relief, 1 - share)
        found = world.ice & ~(dark & (texture < missed))
        return found | (~world.ice & dark & (texture > 1 - missed / 4))

    return maps


def prevalence(strength: float) -> Callable:
    """Where little ice is near, more of it is missed; where much is near, more ground is taken for ice."""

    def maps(world: Land, rng: np.random.Generator) -> np.ndarray:
        near = np.array([ndimage.gaussian_filter(ice.astype("float32"), 8) for ice in world.ice])
        draw = rng.random(world.ice.shape)
        return np.where(world.ice, draw > strength * (1 - near), draw < strength / 2 * near)

    return maps


WORLDS: dict[str, Callable] = {
    "constant rates 0.97": constant_rates(0.97),
    "constant rates 0.92": constant_rates(0.92),
    "patches 3 %": patches(0.03),
    "patches 8 %": patches(0.08),
    "margins ± 1 px": moved_margins(1.0, 0.5),
    "margins ± 3 px": moved_margins(3.0, 1.0),
    "snow 4 % of the ground": snow_of_the_year(0.04, 0.02),
    "snow 12 % of the ground": snow_of_the_year(0.12, 0.05),
    "shade 10 %": shade(0.10, 0.5),
    "shade 25 %": shade(0.25, 0.6),
    "prevalence, weak": prevalence(0.10),
    "prevalence, strong": prevalence(0.25),
}
