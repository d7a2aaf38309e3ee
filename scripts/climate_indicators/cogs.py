"""Rasters as Cloud-Optimised GeoTIFF: streamed writing, and stacks of them read by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.io import DatasetReader
from rasterio.windows import Window

from climate_indicators.files import atomic_path
from climate_indicators.grids import Grid
from climate_indicators.rasters.guard import Writer, check_written, created, opened, raster_errors

REFLECTANCE_SCALE = 1e-4
REFLECTANCE_NODATA = -32768
PROBABILITY_SCALE = 1 / 250
BYTE_NODATA = 255
BLOCK_PX = 512

# A cache of a few rows of blocks is enough for streaming; GDAL's default is 5 % of the machine's memory.
_GDAL_CACHE = {"GDAL_CACHEMAX": 256}


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
    """Open a raster for windowed writing that becomes a Cloud-Optimised GeoTIFF at ``path`` when the block ends.

    The pixels go to an uncompressed temporary file first and are then copied by GDAL's COG driver block by block, so
    memory does not grow with the image. On an error nothing is left at ``path``.

    Parameters
    ----------
    path : file to write.
    grid : grid of the raster.
    dtype : NumPy name of the pixel type.
    bands : names, one a band, written as band descriptions.
    nodata : value of missing pixels.
    scale : physical value of one digital number.
    tags : text tags of the data set, such as the engine that made it.
    overview_resampling : how overviews are made; ``nearest`` for classes.

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
    with rasterio.Env(**_GDAL_CACHE), atomic_path(path) as temporary:
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


def read_band(path: str | Path, band: int = 1) -> np.ndarray:
    """One band of a raster, array of its type, shape (rows, columns).

    Raises
    ------
    InputError
        If it cannot be read; names the file.
    """
    with opened(path) as raster:
        return raster.read(band)


def strips(grid: Grid, rows: int = 512) -> Iterator[Window]:
    """Windows over the full width of ``grid``, ``rows`` pixels high, from the top."""
    for start in range(0, grid.height, rows):
        yield Window(0, start, grid.width, min(rows, grid.height - start))


class Stack:
    """Rasters on one grid, read together as the channels of an image.

    Parameters
    ----------
    paths : rasters of the same grid, for example a scene and the site's terrain. Their bands follow each other.

    Attributes
    ----------
    bands : tuple of band descriptions, in channel order.
    grid : Grid

    Raises
    ------
    ValueError
        If the rasters differ in size, reference system or place.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self._stack = ExitStack()
        self._stack.enter_context(rasterio.Env(**_GDAL_CACHE))
        self._rasters = [self._stack.enter_context(opened(path)) for path in paths]
        first = self._rasters[0]
        self.grid = raster_grid(first)
        self.bands = tuple(str(name) for raster in self._rasters for name in raster.descriptions)
        for raster in self._rasters[1:]:
            if raster.shape != first.shape or raster.crs != first.crs or raster.transform != first.transform:
                raise ValueError(f"{raster.name} is not on the grid of {first.name}")

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def read(self, rows: tuple[int, int], cols: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Physical values of a window inside the grid.

        Parameters
        ----------
        rows, cols : first and one past the last row and column.

        Returns
        -------
        values : float32 array, shape (rows, columns, bands), 0 where invalid.
        valid : bool array, shape (rows, columns): true where every band has a value.
        """
        window = Window.from_slices(rows, cols)
        parts, valid = [], np.ones((rows[1] - rows[0], cols[1] - cols[0]), bool)
        for raster in self._rasters:
            numbers = raster.read(window=window)
            if raster.nodata is not None:
                valid &= (numbers != raster.nodata).all(axis=0)
            scales = np.asarray(raster.scales, "float32")[:, None, None]
            parts.append(numbers.astype("float32") * scales)
        values = np.concatenate(parts).transpose(1, 2, 0)
        values[~valid] = 0.0
        return np.ascontiguousarray(values), valid

    def valid(self) -> np.ndarray:
        """Pixels where every band has a value, bool, shape ``grid.shape``; read strip by strip."""
        valid = np.ones(self.grid.shape, bool)
        for window in strips(self.grid):
            part = valid[window.toslices()]
            for raster in self._rasters:
                if raster.nodata is not None:
                    part &= (raster.read(window=window) != raster.nodata).all(axis=0)
        return valid

    def read_padded(self, rows: tuple[int, int], cols: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Like `read`, for a window that may reach beyond the grid: there the image is mirrored at its edge."""
        height, width = self.grid.shape
        row_index = _mirror(np.arange(*rows), height)
        col_index = _mirror(np.arange(*cols), width)
        row_span = (int(row_index.min()), int(row_index.max()) + 1)
        col_span = (int(col_index.min()), int(col_index.max()) + 1)
        values, valid = self.read(row_span, col_span)
        if (row_span, col_span) == (rows, cols):
            return values, valid
        take = np.ix_(row_index - row_span[0], col_index - col_span[0])
        return values[take], valid[take]


def valid_share(paths: Sequence[str | Path], inside: np.ndarray) -> float:
    """Share, 0 to 1, of an area's pixels where every band of a stack has a value; ``inside`` is 1 in the area."""
    with Stack(paths) as stack:
        return float((stack.valid() & (inside == 1)).sum() / (inside == 1).sum())


def raster_grid(raster: DatasetReader) -> Grid:
    """Grid of an open raster."""
    return Grid(raster.crs.to_string(), raster.transform, raster.width, raster.height)


def _block_size(grid: Grid) -> int:
    """Side of a raster's blocks: small rasters are not padded to large blocks. GDAL wants a multiple of 16."""
    return min(BLOCK_PX, -(-max(grid.shape) // 16) * 16)


def _mirror(index: np.ndarray, size: int) -> np.ndarray:
    """Indices reflected into 0 … size − 1 about the edge pixels' centres, as often as it takes."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    index = np.abs(index) % period
    return np.where(index >= size, period - index, index)
