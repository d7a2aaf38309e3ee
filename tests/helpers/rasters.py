"""Small rasters for tests of the library."""

import numpy as np
from affine import Affine

from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer


def grid(rows, columns, resolution=10.0):
    return Grid("EPSG:32644", Affine(resolution, 0, 500_000, 0, -resolution, 3_400_000), columns, rows)


def write_scene(path, values, valid=None):
    """Write float reflectance (rows, columns, bands) as a scene: int16, scale 1e-4, nodata −32768."""
    numbers = np.rint(values * 1e4).astype("int16")
    if valid is not None:
        numbers[~valid] = -32768
    names = [f"band{number}" for number in range(values.shape[2])]
    with cog_writer(path, grid(*values.shape[:2]), "int16", names, -32768, 1e-4) as raster:
        raster.write(numbers.transpose(2, 0, 1))
    return path


def textured_scene(path, size=96, seed=0, bands=2):
    """A scene whose disc is told from its surroundings by level, with noise; path and labels."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:size, :size]
    labels = (np.hypot(rows - size / 2, cols - size / 3) < size / 3).astype("uint8")
    values = 0.3 + 0.3 * labels[..., None] + rng.normal(0, 0.05, (size, size, bands))
    write_scene(path, values)
    return path, labels
