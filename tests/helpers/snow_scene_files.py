"""Small radar and optical scenes as a user would have them, for the tests of the snow study."""

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from rasters import grid

ROOT = Path(__file__).resolve().parents[2]
KHUMBU = Path(os.environ.get("SNOW_KHUMBU", ROOT.parent / "shared" / "data" / "snow_khumbu"))
needs_khumbu = pytest.mark.skipif(
    not KHUMBU.is_dir(), reason=f"real data not found at {KHUMBU}; set SNOW_KHUMBU to their folder"
)
OPTICAL = ["B02", "B03", "B04", "B08", "B11"]
GRID = grid(24, 32)


def write_raster(path, array, bands, transform=GRID.transform, crs=GRID.crs, nodata=None, tags=None):
    """Write an array (bands, rows, columns) as a plain GeoTIFF; its path as text."""
    count, rows, cols = array.shape
    with rasterio.open(
        path, "w", driver="GTiff", dtype=array.dtype, count=count, width=cols, height=rows, crs=crs,
        transform=transform, nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(array)
        raster.descriptions = bands
        raster.update_tags(**(tags or {}))
    return str(path)


def power(shape=GRID.shape, seed=0, looks=5):
    """Linear power of two bands with speckle, float64 (2, rows, columns)."""
    rng = np.random.default_rng(seed)
    ground = np.linspace(0.05, 0.3, shape[1])[None, :] * np.array([1.0, 0.2])[:, None, None]
    return ground * rng.gamma(looks, 1 / looks, (2, *shape))


def write_radar(path, seed=0, orbit="48", transform=GRID.transform, **kinds):
    tags = {"RELATIVE_ORBIT": orbit} if orbit else {}
    decibels = (10 * np.log10(power(seed=seed))).astype("float32")
    return write_raster(path, decibels, ["VV", "VH"], transform, tags=tags, **kinds)


def optical(shape=GRID.shape):
    """Digital numbers of a scene whose left half is snow and whose right half is bare soil."""
    snow, soil = [8000, 8200, 8100, 7600, 900], [600, 900, 1200, 2000, 2600]
    numbers = np.empty((5, *shape), "uint16")
    half = shape[1] // 2
    numbers[:, :, :half] = np.array(snow)[:, None, None]
    numbers[:, :, half:] = np.array(soil)[:, None, None]
    return numbers


def write_optical(path, numbers=None, transform=GRID.transform, **kinds):
    return write_raster(path, optical() if numbers is None else numbers, OPTICAL, transform, **kinds)


def shifted(cols=0, rows=0, size=1.0):
    """The grid's transform, moved by pixels, with pixels ``size`` times as large."""
    base = GRID.transform
    return Affine(base.a * size, 0, base.c + cols * base.a, 0, base.e * size, base.f + rows * base.e)
