"""Windows of an archive's rasters: the part over a grid, fetched once, kept, and warped onto the grid."""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.http.http_errors import redact_url
from climate_indicators.download.http.ranges import opened
from climate_indicators.download.http.session import Session
from climate_indicators.download.http.signing import Signer
from climate_indicators.download.stac.search import Tile, asset_address
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import Reader, created
from climate_indicators.geo.rasters.guard import opened as opened_here
from climate_indicators.geo.rasters.understanding import RasterInfo, understand

# pixels beyond the grid's edge that interpolation wants where a raster has another reference system
MARGIN_PX = 2
_ROUNDING_PX = 1e-3
# tag of a kept window that says that the file shows nothing of the grid
_EMPTY = "EMPTY"
_INSTEAD = (
    "Radar must be calibrated, corrected for terrain and in linear power: take sentinel-1-rtc of planetary_computer, "
    "or another collection of that kind."
)


class Windows:
    """Windows of one archive's files, each fetched once into a folder.

    Parameters
    ----------
    folder : where windows are kept. It may be deleted; what is needed is fetched again.
    catalog : the archive.
    nodata : number of missing pixels in what is read, whatever number a file has for them; of files that declare
        none, in them too.
    """

    def __init__(self, folder: str | Path, catalog: Catalog, session: Session, nodata: float = 0.0) -> None:
        self.catalog = catalog
        self._folder, self._session, self._nodata = Path(folder), session, nodata
        self._signer = Signer(session, catalog.tokens, catalog.collection)

    def read(
        self, tile: Tile, band: str, grid: Grid, onto: Grid | None = None, resampling: Resampling = Resampling.bilinear
    ) -> np.ndarray:
        """A band of a tile on a grid.

        Parameters
        ----------
        tile, band : which file.
        grid : what of it is fetched: the window over the grid's bounds, from an overview where its pixels are larger.
        onto : grid of the result, if another.
        resampling : how pixels of another lattice are warped.

        Returns
        -------
        Array of the file's type, shape ``(onto or grid).shape``; ``nodata`` where the tile shows nothing.

        Raises
        ------
        InputError
            If the tile lacks the band, or its file cannot be fetched, is no raster, is not on a map or has numbers of a
            type that cannot hold ``nodata``; the message names the tile.
        """
        path = self._fetched(tile, band, grid)
        target = onto or grid
        with opened_here(path, ("GTiff",)) as raster:
            numbers, transform, crs, nodata = raster.read(1), raster.transform, raster.crs, raster.nodata
            empty = _EMPTY in raster.tags()
        if empty:
            return np.full(target.shape, self._nodata, numbers.dtype)
        result = np.full(target.shape, nodata, numbers.dtype)
        reproject(
            numbers, result, src_transform=transform, src_crs=crs, src_nodata=nodata, dst_transform=target.transform,
            dst_crs=CRS.from_string(target.crs), dst_nodata=nodata, resampling=resampling,
        )  # fmt: skip
        result[np.isnan(result) if np.isnan(nodata) else result == nodata] = self._nodata
        return result

    def _fetched(self, tile: Tile, band: str, grid: Grid) -> Path:
        """Path of the kept window, fetched now if it is not there."""
        href = asset_address(tile, self.catalog, band)
        what = json.dumps([href, grid.crs, list(grid.transform)[:6], grid.width, grid.height])
        digest = hashlib.sha256(what.encode()).hexdigest()[:16]
        path = self._folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', tile.name)[:80]}_{band}_{digest}.tif"
        if not path.exists():
            try:
                self._fetch(href, grid, path)
            except InputError as error:
                raise InputError(f"tile {tile.name} of {tile.date}, band {band}: {error}") from error
        return path

    def _fetch(self, href: str, grid: Grid, path: Path) -> None:
        with opened(href, self._session, self._signer.sign, self.catalog.s3_endpoint) as raster:
            if raster.crs is None:
                raise InputError(f"{redact_url(href)} has no coordinate reference system.{_raw(raster)}")
            info = understand(Reader(raster, redact_url(href)))
            nodata = self._nodata_of(info)
            place = source_window(raster, grid)
            if place is None:
                numbers, transform = np.full((1, 1), nodata, info.bands[0].dtype), raster.transform
            else:
                window, shape = place
                numbers = raster.read(1, window=window, out_shape=shape)
                if info.masked or info.alpha is not None:
                    numbers[raster.read_masks(1, window=window, out_shape=shape) == 0] = nodata
                scale = Affine.scale(window.width / shape[1], window.height / shape[0])
                transform = raster.window_transform(window) @ scale
            crs = raster.crs
        _keep(path, numbers, transform, crs, nodata, empty=place is None)

    def _nodata_of(self, info: RasterInfo) -> float:
        """Number of a file's missing pixels: the declared one, unless no pixel of its type can have it."""
        band = info.bands[0]
        if not can_hold(band.dtype, self._nodata):
            raise InputError(
                f"found numbers of type {band.dtype}, expected such as can hold {self._nodata:g}: float32 for "
                f"backscatter in linear power. {_INSTEAD}"
            )
        return self._nodata if band.nodata is None else band.nodata


def can_hold(kind: str, number: float) -> bool:
    """Whether a type, such as ``uint16``, has a number among its values."""
    if kind.startswith("complex"):
        return False
    if np.dtype(kind).kind == "f":
        return True
    limits = np.iinfo(kind)
    return float(number).is_integer() and limits.min <= number <= limits.max


def _raw(raster: DatasetReader) -> str:
    """What a raster without a reference system but with points on the ground is, and what to use instead; else ""."""
    points, _ = raster.gcps
    return f" It is placed by ground control points, as raw ground-range (GRD) scenes are. {_INSTEAD}" if points else ""


def _keep(path: Path, numbers: np.ndarray, transform: Affine, crs: CRS, nodata: float, empty: bool) -> None:
    profile = {
        "driver": "GTiff", "dtype": numbers.dtype, "count": 1, "height": numbers.shape[0], "width": numbers.shape[1],
        "crs": crs, "transform": transform, "nodata": nodata, "compress": "deflate", "zlevel": 1,
    }  # fmt: skip
    with atomic_path(path) as temporary, created(temporary, path, **profile) as kept:
        kept.write(numbers, 1)
        if empty:
            kept.update_tags(**{_EMPTY: "1"})


def source_window(raster: DatasetReader, grid: Grid) -> tuple[Window, tuple[int, int]] | None:
    """Window of a raster over a grid's bounds, and the rows and columns that it is read as.

    Pixels that are at least twice as fine as the grid's are read as fewer, from an overview where the raster has one.

    Returns
    -------
    None if the raster lies beside the grid.
    """
    same = raster.crs == CRS.from_string(grid.crs)
    bounds = grid.bounds if same else transform_bounds(grid.crs, raster.crs, *grid.bounds, densify_pts=21)
    corners = [~raster.transform @ corner for corner in ((bounds[0], bounds[3]), (bounds[2], bounds[1]))]
    margin = 0 if same else MARGIN_PX
    spans = []
    for first, last, size in zip(*corners, (raster.width, raster.height), strict=True):
        start = max(math.floor(min(first, last) + _ROUNDING_PX) - margin, 0)
        stop = min(math.ceil(max(first, last) - _ROUNDING_PX) + margin, size)
        if start >= stop:
            return None
        spans.append((start, stop))
    (col, end_col), (row, end_row) = spans
    height, width = grid.shape
    # the grid's pixel in pixels of the raster, along its rows
    finer = max(1, int((abs(corners[1][0] - corners[0][0]) / width) + _ROUNDING_PX))
    shape = (-(-(end_row - row) // finer), -(-(end_col - col) // finer))
    return Window(col, row, end_col - col, end_row - row), shape


def coarser(grid: Grid, factor: int) -> Grid:
    """Grid from the same corner with pixels ``factor`` times as wide, that covers all of ``grid``."""
    width, height = -(-grid.width // factor), -(-grid.height // factor)
    return Grid(grid.crs, grid.transform @ Affine.scale(factor), width, height)
