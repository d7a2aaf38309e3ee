"""Landscapes of a simulated region: fixed terrain of a place, and monthly land cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from climate_indicators.synthetic.carbon.series import CLOUD_CHANCE, CLOUD_COVER, Design
from climate_indicators.synthetic.noise import fractal_field, smoothstep, stream

FIELD_PX = 13.0  # width of a crop field
CROPLAND, ROCK, WATER = 0.29, 0.1, 0.09  # shares of the seen pixels
RIVER = (0.018, 0.028)  # half of the river's width, least and greatest, as a share of the picture's side
SHADOW_SHIFT_PX = (-5, -4)  # from a cloud to its shadow, away from the sun: rows, columns


@dataclass(frozen=True)
class Place:
    """Constant properties of a place; all arrays have the shape (size, size).

    Attributes
    ----------
    number : of the place, from 0.
    seen : bool; False in the corners outside the rotated scene.
    height : float, relief without unit.
    water, rock : bool.
    algae : float, how well algae grow; above 0 in the parts of the water that turn green.
    field : int, number of the crop field, -1 outside cropland.
    edge : bool, tracks between fields.
    forest_order, fire_order, snow_order : float; forest, fire and snow take the pixels with the highest values first.
    broadleaved : bool, where forest would be of trees that turn yellow in autumn.
    """

    number: int
    seen: np.ndarray
    height: np.ndarray
    water: np.ndarray
    rock: np.ndarray
    algae: np.ndarray
    field: np.ndarray
    edge: np.ndarray
    forest_order: np.ndarray
    fire_order: np.ndarray
    snow_order: np.ndarray
    broadleaved: np.ndarray


@dataclass(frozen=True)
class Cover:
    """Land cover of a place in one month; bool arrays of shape (size, size) unless noted otherwise.

    Attributes
    ----------
    forest, green, burnt, snow : forest and green crops also where snow or cloud hides them; ``snow`` as if no cloud.
    cloud : float32, 0…1, opacity; it hides the ground from one half on.
    cloud_shadow : float32, 0…1.
    vegetation : vegetation that is seen, the true mask.
    """

    forest: np.ndarray
    green: np.ndarray
    burnt: np.ndarray
    snow: np.ndarray
    cloud: np.ndarray
    cloud_shadow: np.ndarray
    vegetation: np.ndarray


def make_place(number: int, size: int, seed: int) -> Place:
    """Place of a synthetic site.

    Parameters
    ----------
    number : of the place, from 0.
    size : side of its pictures, in pixels.
    seed : seed of the synthetic site.
    """
    seen = _seen(size, stream(seed, "slant", number))
    height = fractal_field(size, 2.2, stream(seed, "relief", number), longest=0.7)
    water = _water(seen, height, stream(seed, "water", number))
    ruggedness = fractal_field(size, 2.6, stream(seed, "rock", number), longest=0.4)
    rock = _top(ruggedness, seen & ~water, round(ROCK * seen.sum()))
    farmed = round(CROPLAND * seen.sum())
    field, edge = _fields(seen & ~water & ~rock, height, farmed, stream(seed, "fields", number))
    stands = fractal_field(size, 2.8, stream(seed, "forest", number), longest=0.4)
    return Place(
        number=number,
        seen=seen,
        height=height,
        water=water,
        rock=rock,
        algae=fractal_field(size, 2.0, stream(seed, "algae", number), longest=0.5) + 0.3,
        field=field,
        edge=edge,
        forest_order=np.where(seen & ~water & ~rock & (field < 0), stands + 0.4 * height, -np.inf),
        fire_order=fractal_field(size, 2.4, stream(seed, "fire", number), longest=0.7),
        snow_order=height + 0.4 * fractal_field(size, 2.0, stream(seed, "snow", number), longest=0.3),
        broadleaved=fractal_field(size, 2.4, stream(seed, "trees", number), longest=0.35) > 0.3,
    )


def cover_of(place: Place, design: Design, month: int, seed: int) -> Cover:
    """Cover of a place in a month; the shares of its seen pixels are those of the design, but for clouds.

    Parameters
    ----------
    place, design : of one synthetic site.
    month : number of the month, from 0.
    seed : seed of the synthetic site.

    Raises
    ------
    ValueError
        If there is less land than the design needs.
    """

    def count(share: np.ndarray) -> int:
        return round(float(share[place.number, month]) * place.seen.sum())

    burnt = np.zeros_like(place.seen)
    lost = count(design.lost)
    if lost:
        before = _forest(place, design, design.disturbance)
        burnt = _top(place.fire_order, before, lost)
    forest = _forest(place, design, month) & ~burnt
    green = _green(place, design.months[month], count(design.crops + design.weather), seed)
    growing = forest | green
    snow = _snow(place, growing, count(design.snow))
    cloud, shadow = _cloud(place, month, seed)
    return Cover(forest, green, burnt, snow, cloud, shadow, growing & ~snow & (cloud < 0.5))


def _top(order: np.ndarray, where: np.ndarray, count: int) -> np.ndarray:
    """Exactly ``count`` pixels of ``where``, those with the highest order; equal ones by position."""
    places = np.flatnonzero(where)
    if count > len(places):
        raise ValueError(f"the design needs {count} pixels of a kind of land of which there are {len(places)}")
    chosen = np.zeros(where.size, bool)
    chosen[places[np.argsort(-order.ravel()[places], kind="stable")[:count]]] = True
    return chosen.reshape(where.shape)


def _seen(size: int, rng: np.random.Generator) -> np.ndarray:
    """Slightly rotated scene, with its corners on the sides of the image."""
    angle = np.radians(rng.uniform(4, 8)) * rng.choice([-1, 1])
    across, down = np.meshgrid(np.arange(size) - (size - 1) / 2, np.arange(size) - (size - 1) / 2)
    half = size / 2 / (abs(np.sin(angle)) + np.cos(angle))
    turned = np.cos(angle) * across + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * across
    return np.maximum(np.abs(turned[0]), np.abs(turned[1])) <= half


def _water(seen: np.ndarray, height: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A winding river with a different direction in every place, and lakes in depressions, up to the share of water."""
    size = len(seen)
    angle, meander = rng.uniform(0, np.pi), fractal_field(2 * size, 2.2, rng, longest=0.4)[0]
    across, down = np.meshgrid(np.arange(size) - size / 2, np.arange(size) - size / 2)
    along = np.cos(angle) * across + np.sin(angle) * down
    aside = np.cos(angle) * down - np.sin(angle) * across - rng.uniform(-0.25, 0.25) * size
    middle = np.interp(along, np.arange(2 * size) - size, 0.05 * size * ndimage.gaussian_filter1d(meander, 2))
    inside = rng.uniform(*RIVER) * size - np.abs(aside - middle)
    hollow = fractal_field(size, 2.8, rng, longest=0.35) - 0.6 * height
    # the river comes before every lake, its middle first
    return _top(np.where(inside > 0, hollow.max() + inside, hollow), seen, round(WATER * seen.sum()))


def _fields(
    land: np.ndarray, height: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Number of the field of ``count`` pixels, and the tracks between fields; low ground is farmed first."""
    size = len(land)
    angle = rng.uniform(0, np.pi / 2)
    across, down = np.meshgrid(np.arange(size, dtype=float), np.arange(size, dtype=float))
    turned = np.stack([np.cos(angle) * across + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * across])
    grid = np.stack(np.meshgrid(np.arange(-size, 2 * size, FIELD_PX), np.arange(-size, 2 * size, 0.7 * FIELD_PX)))
    seeds = grid.reshape(2, -1) + rng.uniform(-0.25, 0.25, (2, grid[0].size)) * FIELD_PX
    # the largest of the two distances makes cells of straight sides, such as fields have
    nearest = cKDTree(seeds.T).query(turned.reshape(2, -1).T, p=np.inf)[1]
    cell = np.unique(nearest, return_inverse=True)[1].reshape(size, size)
    lowness = -height + 0.5 * fractal_field(size, 2.0, rng, longest=0.5)
    by_cell = ndimage.mean(lowness, cell, np.arange(cell.max() + 1))
    # the whole of a cell comes before the next one; a last field may be cut
    rank = np.argsort(np.argsort(-by_cell, kind="stable"))
    farmed = _top(-rank[cell].astype(float), land, count)
    edge = (ndimage.maximum_filter(cell, size=2) != ndimage.minimum_filter(cell, size=2)) & farmed
    return np.where(farmed, cell, -1), edge


def _forest(place: Place, design: Design, month: int) -> np.ndarray:
    count = round(float(design.forest[place.number, month]) * place.seen.sum())
    return _top(place.forest_order, np.isfinite(place.forest_order), count)


def _green(place: Place, month: np.datetime64, count: int, seed: int) -> np.ndarray:
    """Green crops, first on the fields with the nearest growing season; crops on a field change every year."""
    year, calendar = int(month.astype("datetime64[Y]").astype("int64")), int(month.astype("int64")) % 12 + 1
    best = stream(seed, "crops", place.number, year).normal(7.2, 1.2, int(place.field.max()) + 1)
    nearness = np.cos(2 * np.pi * (calendar - best[place.field]) / 12)
    return _top(nearness, place.field >= 0, count)


def _snow(place: Place, growing: np.ndarray, hidden: int) -> np.ndarray:
    """Snow on high ground, down to the elevation at which it covers ``hidden`` pixels of vegetation."""
    if hidden == 0:
        return np.zeros_like(growing)
    lowest = np.sort(place.snow_order[growing])[-hidden]
    return (place.snow_order >= lowest) & place.seen & ~place.water


def _cloud(place: Place, month: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Opacity of a cloud and depth of its shadow; three months of four have no cloud."""
    rng, size = stream(seed, "cloud", place.number, month), len(place.seen)
    if rng.random() >= CLOUD_CHANCE:
        return np.zeros((2, size, size), np.float32)
    thickness = fractal_field(size, 1.9, rng, longest=0.5)
    rim = np.quantile(thickness[place.seen], 1 - rng.uniform(*CLOUD_COVER))
    cloud = smoothstep(thickness, rim - 0.25, rim + 0.25).astype(np.float32)
    shadow = ndimage.shift(cloud, SHADOW_SHIFT_PX, order=1, mode="constant")
    return cloud, shadow
