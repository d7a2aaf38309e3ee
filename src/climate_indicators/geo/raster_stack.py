"""Rasters on one grid, read together by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.io import DatasetReader
from rasterio.windows import Window

from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import GDAL_CACHE, opened


def read_band(path: str | Path, band: int = 1) -> np.ndarray:
    """One band of a raster, array of its type, shape (rows, columns).

    Raises
    ------
    InputError
        If it cannot be read; the message has the path.
    """
    with opened(path) as raster:
        return raster.read(band)


def strips(grid: Grid, rows: int = 512) -> Iterator[Window]:
    """Windows over the full width of ``grid``, ``rows`` pixels high, from the top."""
    for start in range(0, grid.height, rows):
        yield Window(0, start, grid.width, min(rows, grid.height - start))


class RasterStack:
    """Rasters on one grid, read together as the channels of an image.

    Parameters
    ----------
    paths : rasters of the same grid, for example a scene and the site's terrain. Their bands are concatenated.

    Attributes
    ----------
    bands : tuple of band descriptions, in channel order.
    grid : Grid

    Raises
    ------
    ValueError
        If the rasters differ in size, reference system or position.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self._stack = ExitStack()
        self._stack.enter_context(rasterio.Env(**GDAL_CACHE))
        self._rasters = [self._stack.enter_context(opened(path)) for path in paths]
        first = self._rasters[0]
        self.grid = raster_grid(first)
        self.bands = tuple(str(name) for raster in self._rasters for name in raster.descriptions)
        for raster in self._rasters[1:]:
            if raster.shape != first.shape or raster.crs != first.crs or raster.transform != first.transform:
                raise ValueError(f"{raster.name} is not on the grid of {first.name}")

    def __enter__(self) -> RasterStack:
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
        """Like `read`, for a window that may extend beyond the grid, where the image is mirrored at its edge."""
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
    with RasterStack(paths) as stack:
        return float((stack.valid() & (inside == 1)).sum() / (inside == 1).sum())


def raster_grid(raster: DatasetReader) -> Grid:
    """Grid of an open raster."""
    return Grid(raster.crs.to_string(), raster.transform, raster.width, raster.height)


def _mirror(index: np.ndarray, size: int) -> np.ndarray:
    """Indices reflected repeatedly into 0 … size − 1 about the centers of the edge pixels."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    index = np.abs(index) % period
    return np.where(index >= size, period - index, index)
