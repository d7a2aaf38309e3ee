"""Fractal mountain terrain: a trunk valley with side valleys, U-shaped as ice leaves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from climate_indicators.synthetic.noise import band_field, fractal_field, stream

TOP_M = 6200.0
RELIEF_M = 2500.0
FULL_RELIEF_EXTENT_M = 12_800.0
SIDE_VALLEYS = 8


@dataclass(frozen=True)
class Terrain:
    """A mountain landscape on a square grid, row 0 in the north; every array has the shape (size, size).

    Attributes
    ----------
    elevation_m : float32, height of the ground.
    floor_m : float32, height of the valley floor at the nearest point of the pixel's valley.
    along_m : float32, distance of that point from the valley's lower end.
    across_m : float32, signed distance from the valley's centerline.
    valley : uint8, number of the valley whose water or ice the pixel feeds; 0 is the trunk.
    relief_m : height between the lowest valley floor and the highest ridge, before roughness.
    resolution_m : side of a pixel.
    """

    elevation_m: np.ndarray
    floor_m: np.ndarray
    along_m: np.ndarray
    across_m: np.ndarray
    valley: np.ndarray
    relief_m: float
    resolution_m: float


def make_terrain(size_px: int, resolution_m: float, seed: int) -> Terrain:
    """Terrain of a valley system: the lowest of all valley surfaces at each pixel, warped and roughened.

    Layout and ridge spacing follow the extent of the scene, so a small scene is a small copy; below 12.8 km the relief
    shrinks with it, so that slopes stay those of mountains.

    Parameters
    ----------
    size_px : side of the square grid, in pixels.
    resolution_m : side of a pixel, in meters.
    seed : seed of the synthetic site.
    """
    relief = RELIEF_M * float(np.clip(size_px * resolution_m / FULL_RELIEF_EXTENT_M, 0.3, 1.0))
    rows, columns = _warped_grid(size_px, seed)
    surface = np.full((size_px, size_px), np.inf, dtype=np.float32)
    floor, along, across = (np.zeros((size_px, size_px), dtype=np.float32) for _ in range(3))
    valley = np.zeros((size_px, size_px), dtype=np.uint8)
    for number, (points, heights) in enumerate(_valleys(seed)):
        its_floor, its_along, its_across = _valley_coordinates(points, heights, rows, columns)
        its_surface = its_floor + _wall(np.abs(its_across), trunk=number == 0)
        lower = its_surface < surface
        surface[lower] = its_surface[lower]
        for whole, part in ((floor, its_floor), (along, its_along), (across, its_across)):
            whole[lower] = part[lower]
        valley[lower] = number
    crags = _crags((surface - floor).clip(0.0, 0.2) / 0.2, along, across, valley, seed)
    share = ndimage.gaussian_filter(surface, size_px / 320) + crags
    extent_m = size_px * resolution_m
    to_meters = np.float32(TOP_M - relief)
    return Terrain(
        elevation_m=(to_meters + relief * share).astype(np.float32),
        floor_m=to_meters + relief * floor,
        along_m=along * extent_m,
        across_m=across * extent_m,
        valley=valley,
        relief_m=relief,
        resolution_m=resolution_m,
    )


def _warped_grid(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of every pixel as shares of the side, bent by a smooth field so that no valley is straight."""
    rows, columns = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size, indexing="ij")
    for number, axis in enumerate((rows, columns)):
        axis += 0.012 * fractal_field(size, 2.3, stream(seed, "warp", number), longest=0.4)
    return rows.astype(np.float32), columns.astype(np.float32)


def _crags(above_floor: np.ndarray, along: np.ndarray, across: np.ndarray, valley: np.ndarray, seed: int) -> np.ndarray:
    """Roughness and spurs of the valley sides, growing with the height above the floor, in shares of the relief."""
    size = above_floor.shape[0]
    rough = fractal_field(size, 2.1, stream(seed, "roughness"), longest=0.25)
    spurs = _spurs(size, along, across, valley, seed)
    return above_floor**1.5 * (0.03 * rough + 0.05 * spurs) + 0.004 * rough


def _spurs(size: int, along: np.ndarray, across: np.ndarray, valley: np.ndarray, seed: int) -> np.ndarray:
    """Spurs and gullies that run down the valley sides: sharp ridges across the slope, stretched along it; <= 0."""
    total = np.zeros((size, size), dtype=np.float32)
    for octave, (wavelength, stretch) in enumerate(((size / 14, 0.22), (size / 30, 0.3), (size / 64, 0.4))):
        field = band_field(size, wavelength, stream(seed, "spurs", octave), width=0.4)
        places = np.stack([along * size + 89.0 * valley, stretch * across * size + 31.0 * valley])
        total -= 0.55**octave * np.abs(ndimage.map_coordinates(field, places, order=1, mode="grid-wrap"))
        # headwalls, where all points have the same distance along, get crags without a direction
        total -= 0.4 * 0.55**octave * np.abs(field)
    return total


def _valleys(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Centerlines from mouth to head, (row, column) in shares of the side, and floor heights in shares of relief."""
    rng = stream(seed, "valleys")
    steps = np.linspace(0.0, 1.0, 240)
    phase = rng.uniform(0, 2 * np.pi)

    def trunk_column(row: np.ndarray | float) -> np.ndarray | float:
        return 0.5 + 0.035 * np.sin(5.0 * row + phase)

    def trunk_height(row: np.ndarray | float) -> np.ndarray | float:
        return 0.02 + 0.42 * (1.0 - row) ** 1.3

    trunk_rows = 1.06 - 1.02 * steps
    valleys = [(np.stack([trunk_rows, trunk_column(trunk_rows)], axis=1), trunk_height(np.minimum(trunk_rows, 1.0)))]
    per_side = SIDE_VALLEYS // 2
    for side in (-1, 1):
        mouths = 0.20 + 0.26 * np.arange(per_side) + (0.13 if side > 0 else 0.0) + rng.uniform(-0.02, 0.02, per_side)
        for mouth in mouths:
            head = np.array([mouth - rng.uniform(0.10, 0.15), 0.5 + side * rng.uniform(0.40, 0.44)])
            start = np.array([mouth, trunk_column(mouth)])
            path = start + (head - start) * steps[:, None]
            path[:, 0] += 0.018 * np.sin(2 * np.pi * (steps * rng.uniform(0.8, 1.3) + rng.uniform())) * steps
            low, high = trunk_height(min(mouth, 1.0)), rng.uniform(0.55, 0.62)
            valleys.append((path, low + (high - low) * steps**0.9))
    return valleys


def _valley_coordinates(
    points: np.ndarray, heights: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Floor height, distance along and signed distance across one valley, at every pixel."""
    size = rows.shape[0]
    grid = 320  # a coarse lattice finds the nearest point; positions on it are then refined with true distances
    nearest = _nearest_point(points, grid)
    index = nearest[
        np.clip((rows * grid).astype(np.intp), 0, grid - 1), np.clip((columns * grid).astype(np.intp), 0, grid - 1)
    ]
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    away_row, away_column = rows - points[index, 0], columns - points[index, 1]
    across = away_column * tangent[index, 0] - away_row * tangent[index, 1]
    distance = np.hypot(away_row, away_column)
    smooth = size / 160
    floor = ndimage.gaussian_filter(heights[index].astype(np.float32), smooth)
    along = ndimage.gaussian_filter(length[index].astype(np.float32), smooth)
    return floor, along, (np.where(across < 0, -1.0, 1.0) * distance).astype(np.float32)


def _nearest_point(points: np.ndarray, grid: int) -> np.ndarray:
    """Index of the nearest centerline point for every cell of a ``grid`` × ``grid`` lattice."""
    cells = np.clip((points * grid).astype(int), 0, grid - 1)
    number = np.zeros((grid, grid), dtype=np.intp)
    number[cells[:, 0], cells[:, 1]] = np.arange(len(points))
    empty = np.ones((grid, grid), dtype=bool)
    empty[cells[:, 0], cells[:, 1]] = False
    _, (row, column) = ndimage.distance_transform_edt(empty, return_indices=True)
    return number[row, column]


def _wall(distance: np.ndarray, trunk: bool) -> np.ndarray:
    """Height of a U-shaped valley's side above its floor, in shares of relief, by distance in shares of the side."""
    width = 0.13 if trunk else 0.115
    return 0.40 * (distance / width) ** 1.7
