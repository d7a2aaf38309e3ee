"""Elevation and slope on the site's grid, as further channels of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from climate_indicators.cogs import cog_writer, strips
from climate_indicators.grids import Grid
from climate_indicators.logs import InputError

TERRAIN_NODATA = -32768.0


def write_terrain(
    path: str, dem: str, grid: Grid, bands: Sequence[str], progress: Callable[[], None] = lambda: None
) -> None:
    """Warp an elevation model onto the grid and write the wanted terrain bands as a COG.

    Parameters
    ----------
    path : COG to write: float32, nodata −32768.
    dem : raster of elevations in metres, any reference system.
    grid : the site's grid, in metres.
    bands : of ``elevation`` (m) and ``slope`` (degrees, from central differences).
    progress : called once a strip.

    Raises
    ------
    InputError
        If the elevation model cannot be read or has no reference system.
    """
    try:
        source = rasterio.open(dem)
    except RasterioError as error:
        raise InputError(f"{dem} cannot be read as a raster (truncated, damaged or no raster): {error}") from error
    options = {
        "crs": grid.crs, "transform": grid.transform, "width": grid.width, "height": grid.height,
        "nodata": TERRAIN_NODATA, "dtype": "float32", "resampling": Resampling.bilinear,
    }  # fmt: skip
    with source:
        if source.crs is None:
            raise InputError(f"{dem} has no coordinate reference system; write it into the file.")
        with (
            WarpedVRT(source, **options) as warped,
            cog_writer(path, grid, "float32", bands, TERRAIN_NODATA) as output,
        ):
            for window in strips(grid):
                above = min(1, window.row_off)
                below = min(1, grid.height - window.row_off - window.height)
                rows = Window(0, window.row_off - above, grid.width, window.height + above + below)
                height = warped.read(1, window=rows)
                known = height != TERRAIN_NODATA
                values = {"elevation": height, "slope": slope(np.where(known, height, np.nan), abs(grid.transform.a))}
                inner = slice(above, above + window.height)
                for number, band in enumerate(bands, start=1):
                    numbers = np.nan_to_num(values[band][inner], nan=TERRAIN_NODATA)
                    output.write(numbers.astype("float32"), number, window=window)
                progress()


def slope(elevation: np.ndarray, resolution_m: float) -> np.ndarray:
    """Steepness in degrees, float32, of an elevation in metres with square pixels, shape (rows, columns).

    Central differences, one-sided at the edge; NaN where a neighbour is missing.
    """
    down, right = np.gradient(elevation, resolution_m)
    return np.degrees(np.arctan(np.hypot(down, right))).astype("float32")
