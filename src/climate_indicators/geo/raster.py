"""Rasters as Cloud-Optimized GeoTIFF: streamed writing, and stacks of them read by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import GDAL_CACHE, Writer, check_written, created, raster_errors

BLOCK_PX = 512


@contextmanager
def cog_writer(
    path: str | Path,
    grid: Grid,
    dtype: str,
    bands: Sequence[str],
    nodata: float | None = None,
    scale: float = 1.0,
    tags: dict[str, str] | None = None,
    overview_resampling: str = "average",
) -> Iterator[Writer]:
    """Open a raster for windowed writing; it becomes a Cloud-Optimized GeoTIFF at ``path`` when the block ends.

    The pixels go to an uncompressed temporary file first and are then copied by GDAL's COG driver block by block, so
    memory does not depend on the image size. After an error there is no file at ``path``.

    Parameters
    ----------
    path : file to write.
    grid : grid of the raster.
    dtype : NumPy name of the pixel type.
    bands : names, one per band, written as band descriptions.
    nodata : value of missing pixels.
    scale : physical value of one digital number.
    tags : text tags of the data set, such as the engine that made it.
    overview_resampling : method for overviews; ``nearest`` for classes.

    Raises
    ------
    InputError
        If the file cannot be written, as on a full disk; names path, cause and errno.
    """
    block = _block_size(grid)
    profile = {
        "driver": "GTiff", "dtype": dtype, "count": len(bands), "nodata": nodata, "crs": grid.crs,
        "transform": grid.transform, "width": grid.width, "height": grid.height, "tiled": True,
        "blockxsize": block, "blockysize": block, "BIGTIFF": "IF_SAFER", "interleave": "band",
    }  # fmt: skip
    with rasterio.Env(**GDAL_CACHE), atomic_path(path) as temporary:
        plain = temporary.with_name(temporary.stem + ".plain.tif")
        try:
            with created(plain, path, **profile) as raster:
                raster.descriptions = tuple(bands)
                raster.scales = (scale,) * len(bands)
                raster.update_tags(**(tags or {}))
                yield raster
            predictor = "YES" if np.dtype(dtype).itemsize > 1 else "NO"
            with raster_errors(path, temporary):
                rasterio.shutil.copy(
                    plain, temporary, driver="COG", COMPRESS="DEFLATE", LEVEL=1, PREDICTOR=predictor, BLOCKSIZE=block,
                    OVERVIEW_RESAMPLING=overview_resampling, NUM_THREADS="ALL_CPUS", BIGTIFF="IF_SAFER",
                )  # fmt: skip
                check_written(temporary)
        finally:
            plain.unlink(missing_ok=True)


def write_cog(path: str | Path, grid: Grid, array: np.ndarray, band: str, nodata: float | None = None) -> None:
    """Write one band that is in memory, ``array`` of shape ``grid.shape``, classes or ids (nearest overviews)."""
    with cog_writer(path, grid, str(array.dtype), [band], nodata, overview_resampling="nearest") as raster:
        raster.write(array, 1)


def _block_size(grid: Grid) -> int:
    """Side of the blocks of a raster, so that small rasters are not padded; GDAL requires a multiple of 16."""
    return min(BLOCK_PX, -(-max(grid.shape) // 16) * 16)
