"""Landscapes as a satellite's color pictures show them, with light, haze, a color cast and noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from climate_indicators.synthetic.carbon.landscapes import Cover, Place
from climate_indicators.synthetic.noise import band_field, fractal_field, smoothstep, stream

# red, green, blue of a mean picture, 0…255
NEEDLES, AUTUMN, LEAFLESS = (44, 70, 40), (128, 100, 50), (96, 84, 58)
CROP, STUBBLE, SOIL, TRACK = (114, 142, 74), (168, 146, 104), (140, 112, 84), (150, 132, 108)
ROCK, BURNT = (112, 130, 100), (118, 104, 98)
WATER, ALGAE, SNOW, CLOUD, VEIL = (36, 56, 74), (56, 104, 66), (236, 241, 248), (244, 245, 247), (196, 203, 212)
SKYLIGHT = (0.30, 0.36, 0.50)  # what is left of each color in shadow: the sky's light is blue
CAST, EXPOSURE, NOISE = 0.04, 0.1, 2.0  # standard deviations: of each color, of all in common, of the sensor
BLUR_PX, RELIEF_PX = 0.35, 3.4
DARKEST = 16  # of a seen pixel's brightest color: only the border outside the scene is black
QUALITY = 100  # at less the compression makes parts of the black border brighter than a reader takes for black


def picture(place: Place, cover: Cover, month: np.datetime64, number: int, seed: int) -> np.ndarray:
    """Color picture of a place in a month.

    Parameters
    ----------
    place, cover : what lies there, and what covers it.
    month : datetime64[M]; the sun's height and the color of leaves follow from it.
    number : of the month in the record, from 0.
    seed : seed of the synthetic site.

    Returns
    -------
    uint8 array, shape (size, size, 3), red, green, blue; 0 in the corners that are not seen.
    """
    calendar = int(month.astype("int64")) % 12 + 1
    rng = stream(seed, "picture", place.number, number)
    image = _ground(place, cover, month, seed)
    light = _light(place, calendar) * (1 - 0.55 * cover.cloud_shadow)
    image *= _mix(np.array(SKYLIGHT), np.ones(3), light[..., None])
    image = _mix(image, np.array(CLOUD), cover.cloud[..., None])
    image = _mix(image, np.array(VEIL), _haze(len(image), rng)[..., None])
    image *= np.exp(EXPOSURE * np.clip(rng.standard_normal(), -2, 2) + CAST * np.clip(rng.standard_normal(3), -2, 2))
    image = ndimage.gaussian_filter(image, (BLUR_PX, BLUR_PX, 0)) + NOISE * rng.standard_normal(image.shape)
    darkness = np.maximum(DARKEST - image.max(axis=2, keepdims=True), 0)
    image = np.clip(np.rint(image + darkness), 0, 255).astype(np.uint8)
    image[~place.seen] = 0
    return image


def write_jpeg(path: str | Path, image: np.ndarray) -> None:
    """Write uint8 (rows, columns, 3) as JPEG; colors are kept at full resolution."""
    Image.fromarray(image).save(path, format="JPEG", quality=QUALITY, subsampling=0)


def write_mask(path: str | Path, mask: np.ndarray) -> None:
    """Write bool (rows, columns) as a gray PNG: 255 where true, else 0."""
    Image.fromarray(mask.astype(np.uint8) * 255).save(path, format="PNG")


def _ground(place: Place, cover: Cover, month: np.datetime64, seed: int) -> np.ndarray:
    """Colors without light, float64, shape (size, size, 3)."""
    size, calendar = len(place.seen), int(month.astype("int64")) % 12 + 1
    rng = stream(seed, "ground", place.number)
    mottle = fractal_field(size, 1.4, rng)[..., None]
    strata = band_field(size, 7.0, rng)[..., None]
    canopy = (0.75 * band_field(size, 3.2, rng) + 0.5 * band_field(size, 6.0, rng))[..., None]
    image = np.array(SOIL) * (1 + 0.09 * mottle)
    image[place.rock] = (np.array(ROCK) * (1 + 0.12 * strata + 0.05 * mottle))[place.rock]
    image[cover.burnt] = (np.array(BURNT) * (1 + 0.14 * mottle))[cover.burnt]
    fields = _crops(place, cover, month, seed) * (1 + 0.02 * mottle)
    image[place.field >= 0] = fields[place.field >= 0]
    image[cover.forest] = (_leaves(place, calendar) * np.maximum(1 + 0.34 * canopy, 0.25))[cover.forest]
    bloom = smoothstep(place.algae, 0.0, 0.6) * (0.35 + 0.65 * (0.5 - 0.5 * np.cos(2 * np.pi * (calendar - 1.5) / 12)))
    image[place.water] = _mix(np.array(WATER), np.array(ALGAE), bloom[..., None])[place.water]
    image[cover.snow] = (np.array(SNOW) * (1 + 0.02 * mottle))[cover.snow]
    return image


def _leaves(place: Place, calendar: int) -> np.ndarray:
    """Colors of trees: broadleaved ones are yellow-brown in autumn and gray-brown in winter."""
    share = {9: 0.5, 10: 1, 11: 1, 12: 1, 1: 1, 2: 1, 3: 1, 4: 0.4}.get(calendar, 0.0)
    color = AUTUMN if 9 <= calendar <= 11 else LEAFLESS
    broad = _mix(np.array(NEEDLES), np.array(color), share)
    return np.where(place.broadleaved[..., None], broad, np.array(NEEDLES))


def _crops(place: Place, cover: Cover, month: np.datetime64, seed: int) -> np.ndarray:
    """Colors of fields: each its own green, stubble or bare soil, in rows, with tracks between."""
    year, size = int(month.astype("datetime64[Y]").astype("int64")), len(place.seen)
    # the text is part of the seed: another spelling would give other fields
    rng, count = stream(seed, "colours of fields", place.number, year), int(place.field.max()) + 1
    tone, ripe = rng.normal(1, 0.09, count)[place.field], rng.random(count)[place.field]
    angle = rng.uniform(0, np.pi, count)[place.field]
    down, across = np.mgrid[:size, :size]
    rows = np.sin((np.cos(angle) * across + np.sin(angle) * down) * 2 * np.pi / 3.5)
    dry = _mix(np.array(SOIL), np.array(STUBBLE), ripe[..., None])
    image = np.where(cover.green[..., None], np.array(CROP), dry) * (tone + 0.04 * rows)[..., None]
    return np.where(place.edge[..., None], _mix(image, np.array(TRACK), 0.25), image)


def _light(place: Place, calendar: int) -> np.ndarray:
    """Light on hills that rise from a plain, 0…1.15, the sun low in winter; shape (size, size)."""
    sun = np.radians(44 + 18 * np.cos(2 * np.pi * (calendar - 6.5) / 12))
    hills = ndimage.gaussian_filter(place.height * smoothstep(place.height, -0.4, 0.8), 0.8)
    down, across = np.gradient(RELIEF_PX * hills)
    # the sun is in the southeast: slopes that descend to the lower right face it
    facing = np.sin(sun) - np.cos(sun) * (0.8 * down + 0.6 * across)
    light = facing / np.sqrt(1 + down**2 + across**2) / np.sin(sun)
    return np.clip(np.where(place.water, 1.0, light), 0.0, 1.15)


def _haze(size: int, rng: np.random.Generator) -> np.ndarray:
    """Share of the veil in each pixel: little in most pictures, up to a half in one of four."""
    depth = rng.uniform(0.2, 0.4) if rng.random() < 0.25 else rng.uniform(0.0, 0.12)
    return np.clip(depth * (1 + 0.35 * fractal_field(size, 2.2, rng)), 0, 0.6)


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    return first + (second - first) * share
