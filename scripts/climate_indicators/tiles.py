"""Tiles of a scene: checked, then merged and warped onto the site's grid as physical reflectance."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from climate_indicators.cogs import REFLECTANCE_NODATA, REFLECTANCE_SCALE, cog_writer, strips
from climate_indicators.grids import Grid, meets_tiles, tiles_outline
from climate_indicators.logs import InputError

# Sentinel-2 processing baseline 04.00: L2A digital numbers carry +1000 (BOA_ADD_OFFSET −1000) from this day on.
SENTINEL2_OFFSET_FROM = datetime.date(2022, 1, 25)
SENTINEL2_OFFSET_DN = -1000


@dataclass(frozen=True)
class Radiometry:
    """How digital numbers become physical values: ``(number + offset_dn) × scale``, missing where ``nodata``.

    ``nodata`` is used for tiles that declare none themselves.
    """

    scale: float
    offset_dn: float = 0.0
    nodata: float | None = None


def offset_of_date(offset_dn: float, date: str | None, sentinel2_baseline: bool, already_applied: bool) -> float:
    """Offset to add to digital numbers of a scene.

    Parameters
    ----------
    offset_dn : offset of all scenes of the site, in digital numbers.
    date : ISO date of the scene; needed if ``sentinel2_baseline``.
    sentinel2_baseline : true for Sentinel-2 L2A, whose numbers carry +1000 from 2022-01-25 on.
    already_applied : true if the archive removed that offset before delivery.

    Raises
    ------
    InputError
        If the date is needed and missing.
    """
    if not sentinel2_baseline or already_applied:
        return offset_dn
    if date is None:
        raise InputError(
            "the scene has no date, and radiometry.sentinel2_baseline needs it to know whether digital numbers carry "
            "the +1000 offset of 2022-01-25; add `date` to the scene."
        )
    late = datetime.date.fromisoformat(date) >= SENTINEL2_OFFSET_FROM
    return offset_dn + (SENTINEL2_OFFSET_DN if late else 0)


def tile_date(path: str) -> str | None:
    """ISO date of a fetched tile from its tag ``DATE``; None where it has none.

    Raises
    ------
    InputError
        If the tag is no date.
    """
    with rasterio.open(path) as tile:
        date = tile.tags().get("DATE", "").strip()
    if not date:
        return None
    try:
        return datetime.date.fromisoformat(date).isoformat()
    except ValueError as error:
        raise InputError(f"{path} has the tag DATE={date}; expected a day such as 2019-09-12.") from error


def band_names(tile: DatasetReader, names: Sequence[str] | None) -> tuple[str, ...]:
    """Names of a tile's bands in file order: as given, else its band descriptions.

    Raises
    ------
    InputError
        If ``names`` has another length than the tile, or the tile names no bands and none are given.
    """
    if names is not None:
        if len(names) != tile.count:
            raise InputError(f"{tile.name} has {tile.count} bands, but config band_names lists {len(names)}: {names}")
        return tuple(names)
    if any(name is None for name in tile.descriptions):
        raise InputError(
            f"{tile.name} has {tile.count} bands without names; name them in file order in the site's `band_names`."
        )
    return tuple(str(name) for name in tile.descriptions)


def check_tiles(
    paths: Sequence[str], bands: Sequence[str], names: Sequence[str] | None, area: gpd.GeoSeries | None
) -> None:
    """Check the tiles of one scene by their headers, in a second, before anything long starts.

    Parameters
    ----------
    paths : the scene's tiles.
    bands : names of the bands that the study uses.
    names : names of the tiles' bands in file order, or None to read them from the tiles.
    area : area of interest; None where it is the extent of the tiles themselves.

    Raises
    ------
    InputError
        If a tile is unreadable, truncated or without reference system, lacks a band, names its bands in another order
        than the scene's first tile, or if the tiles together do not touch the area.
    """
    first: tuple[str, ...] | None = None
    for path in paths:
        try:
            with rasterio.open(path) as tile:
                found = _check_tile(tile, path, bands, names)
        except RasterioError as error:
            raise InputError(f"{path} cannot be read as a raster (truncated, damaged or no raster): {error}") from error
        if first is not None and found != first:
            raise InputError(
                f"{path} has its bands in the order {', '.join(found)}; {paths[0]} has {', '.join(first)}. "
                "All tiles of a scene need the same bands in the same order."
            )
        first = found
    if area is None:
        return
    if not meets_tiles(area, paths):
        covered = tiles_outline(list(paths), area.crs.to_string()).union_all()
        raise InputError(
            f"the area of interest ({_bounds(area.total_bounds)}) lies outside the tiles "
            f"({_bounds(covered.bounds)}, same reference system): {', '.join(map(str, paths))}"
        )


def _check_tile(tile: DatasetReader, path: str, bands: Sequence[str], names: Sequence[str] | None) -> tuple[str, ...]:
    found = band_names(tile, names)
    missing = [band for band in bands if band not in found]
    if missing:
        raise InputError(
            f"{path} has bands {', '.join(found)}; band {', '.join(missing)} is listed in the site's `bands`. "
            "Add the band to the tile or remove it from the list."
        )
    if tile.crs is None:
        raise InputError(f"{path} has no coordinate reference system; write it into the file.")
    _check_complete(tile, path)
    return found


def _check_complete(tile: DatasetReader, path: str) -> None:
    """Compare where the TIFF directory says that the blocks lie with the file's size: reads no pixel."""
    if tile.driver != "GTiff" or not os.path.isfile(path):
        return
    size = os.path.getsize(path)
    for band in range(1, tile.count + 1):
        rows, cols = (-(-n // b) for n, b in zip(tile.shape, tile.block_shapes[band - 1], strict=True))
        for row in range(rows):
            for col in range(cols):
                offset = tile.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=band)
                length = tile.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=band)
                if offset is not None and int(offset) + int(length or 0) > size:
                    raise InputError(
                        f"{path} is truncated: its directory places a block at byte {offset}, but the file ends at "
                        f"byte {size}. Copy or download it again."
                    )


def write_scene(
    path: str,
    grid: Grid,
    area: np.ndarray,
    tiles: Sequence[str],
    bands: Sequence[str],
    names: Sequence[str] | None,
    radiometry: Radiometry,
    resampling: str = "bilinear",
    cloud_mask: str | None = None,
    tags: dict[str, str] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> float:
    """Merge tiles onto the grid, turn digital numbers into reflectance, mask clouds and the outside, write a COG.

    Where tiles overlap, the first one with a value wins. Works in strips: memory does not grow with the image's height.

    Parameters
    ----------
    path : COG to write: int16, scale 1e-4, nodata −32768.
    grid, area : the site's grid and its area of interest, uint8 of ``grid.shape``.
    tiles, bands, names : rasters, bands to take in order, and names of the tiles' bands where they have none.
    radiometry : how digital numbers become reflectance.
    resampling : rasterio's name of the method.
    cloud_mask : raster that is not 0 where a pixel is to be left out.
    tags : text tags of the output.
    progress : called once a strip.

    Returns
    -------
    Share of the area's pixels that have a value, 0 to 1.

    Raises
    ------
    InputError
        If a tile holds NaN or infinite values that it does not declare as nodata, or no pixel has a value.
    """
    n_valid = 0
    with ExitStack() as stack:
        output = stack.enter_context(
            cog_writer(path, grid, "int16", bands, REFLECTANCE_NODATA, REFLECTANCE_SCALE, tags)
        )
        sources = [_Source(stack, tile, grid, bands, names, radiometry, Resampling[resampling]) for tile in tiles]
        clouds = None
        if cloud_mask is not None:
            mask = stack.enter_context(rasterio.open(cloud_mask))
            clouds = stack.enter_context(WarpedVRT(mask, **_warp_options(grid), resampling=Resampling.nearest))
        for window in strips(grid):
            values, valid = _merge(sources, window, len(bands))
            rows = slice(window.row_off, window.row_off + window.height)
            valid &= area[rows] == 1
            if clouds is not None:
                valid &= clouds.read(1, window=window) == 0
            numbers = np.clip(np.rint(values / REFLECTANCE_SCALE), -32767, 32767)
            output.write(np.where(valid, numbers, REFLECTANCE_NODATA).astype("int16"), window=window)
            n_valid += int(valid.sum())
            progress()
        if n_valid == 0:
            raise InputError(
                f"no pixel of the area of interest has a value in {', '.join(map(str, tiles))}"
                + (f" after masking with {cloud_mask}" if cloud_mask else "")
                + ": all is nodata, cloud or outside. Choose another scene."
            )
    return n_valid / int((area == 1).sum())


class _Source:
    """One tile, warped onto the grid on the fly."""

    def __init__(
        self,
        stack: ExitStack,
        path: str,
        grid: Grid,
        bands: Sequence[str],
        names: Sequence[str] | None,
        radiometry: Radiometry,
        resampling: Resampling,
    ) -> None:
        self.path = path
        tile = stack.enter_context(rasterio.open(path))
        found = band_names(tile, names)
        self._indexes = [found.index(band) + 1 for band in bands]
        self._radiometry = radiometry
        nodata = tile.nodata if tile.nodata is not None else radiometry.nodata
        options = _warp_options(grid)
        if nodata is None:
            # without a nodata value only an alpha band tells pixels beyond the tile from dark ones
            self._warped = stack.enter_context(WarpedVRT(tile, add_alpha=True, resampling=resampling, **options))
        else:
            self._warped = stack.enter_context(
                WarpedVRT(tile, src_nodata=nodata, nodata=nodata, resampling=resampling, **options)
            )
        self._nodata = nodata

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Physical values, float32 (bands, rows, columns), and where all bands have one."""
        numbers = self._warped.read(self._indexes, window=window)
        if self._nodata is None:
            valid = self._warped.read(self._warped.count, window=window) > 0
        elif np.isnan(self._nodata):
            valid = ~np.isnan(numbers).any(axis=0)
        else:
            valid = (numbers != self._nodata).all(axis=0)
        bad = ~np.isfinite(numbers) & valid if numbers.dtype.kind == "f" else np.zeros(1, bool)
        if bad.any():
            raise InputError(
                f"{self.path} holds {int(bad.sum())} NaN or infinite values that are not declared as nodata "
                f"(its nodata is {self._nodata}). Set the raster's nodata value, or clean the pixels."
            )
        values = (numbers.astype("float32") + np.float32(self._radiometry.offset_dn)) * np.float32(
            self._radiometry.scale
        )
        return values, valid


def _merge(sources: Sequence[_Source], window: Window, n_bands: int) -> tuple[np.ndarray, np.ndarray]:
    values = np.zeros((n_bands, window.height, window.width), "float32")
    valid = np.zeros((window.height, window.width), bool)
    for source in sources:
        new, has_value = source.read(window)
        take = has_value & ~valid
        values[:, take] = new[:, take]
        valid |= has_value
        if valid.all():
            break
    return values, valid


def _warp_options(grid: Grid) -> dict[str, object]:
    return {"crs": grid.crs, "transform": grid.transform, "width": grid.width, "height": grid.height}


def _bounds(bounds: Sequence[float]) -> str:
    return " ".join(f"{value:.6g}" for value in bounds)
