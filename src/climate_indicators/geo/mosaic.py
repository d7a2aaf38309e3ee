"""Tiles of a scene: checked by their headers, then merged and warped onto the site's grid as physical reflectance."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from rasterio.enums import Resampling

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from climate_indicators.geo.grid import Grid, meets_tiles, tiles_outline
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.guard import check_complete, opened
from climate_indicators.geo.rasters.layouts import Tile, TileFiles, tile_files
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset, levels_of
from climate_indicators.geo.rasters.scenes import Scene, bands_of_file, completed, with_product
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.geo.rasters.understanding import check_place, understand

# share of the tiles that a cloud mask may miss: outlines in different reference systems differ slightly
MAX_EXCLUDED = 1e-3


@dataclass(frozen=True)
class SceneInputs:
    """Inputs of one scene, as configured.

    Attributes
    ----------
    tiles : files, folders, or mappings from band to file.
    bands : names of the wanted bands.
    names : band names of files with several bands, in file order; None uses their descriptions.
    masks : cloud masks: none, one for all tiles, or one per tile.
    radiometry, offset : settings for all scenes, and for this one.
    """

    tiles: Sequence[Tile]
    bands: Sequence[str]
    names: Sequence[str] | None = None
    masks: Sequence[str] = ()
    radiometry: Radiometry = Radiometry()
    offset: SceneOffset = SceneOffset()

    @property
    def files(self) -> list[TileFiles]:
        """Files of each tile."""
        return tile_files(self.tiles, self.bands)


def tiles_area(tiles: Sequence[Tile], bands: Sequence[str]) -> gpd.GeoSeries:
    """Outline of the tiles of a scene in the first tile's reference system; the default area of interest."""
    return tiles_outline([path for tile in tile_files(tiles, bands) for path in tile.paths])


def tile_date(path: str) -> str | None:
    """ISO date of a fetched tile from its tag ``DATE``; None if it has none.

    Raises
    ------
    InputError
        If the file cannot be opened, or the tag is not a date.
    """
    with opened(path) as tile:
        date = tile.tags().get("DATE", "").strip()
    if not date:
        return None
    try:
        return datetime.date.fromisoformat(date).isoformat()
    except ValueError as error:
        raise InputError(f"{path} has the tag DATE={date}; expected a date such as 2019-09-12.") from error


def check_scene(scene: SceneInputs, area: gpd.GeoSeries | None) -> None:
    """Check the headers of the files of a scene before long computations.

    Parameters
    ----------
    scene : tiles and cloud masks.
    area : area of interest; None if it is the extent of the tiles themselves.

    Raises
    ------
    InputError
        If a file is unreadable, truncated or without reference system, lacks a band, has its bands in another order
        than the first tile, or contradicts the settings; if the tiles do not intersect the area; or if the cloud masks
        do not cover the tiles within the area.
    """
    files = scene.files
    first: tuple[str, tuple[str | None, ...]] | None = None
    for tile in files:
        offset = with_product(scene.offset, tile)
        for path, band in tile.files:
            found = _check_file(path, band, tile, scene, offset)
            if band is not None:
                continue
            if first is not None and found != first[1]:
                raise InputError(
                    f"{path} has its bands in the order {', '.join(map(str, found))}; {first[0]} has "
                    f"{', '.join(map(str, first[1]))}. All tiles of a scene need the same bands in the same order."
                )
            first = first or (path, found)
    if len(scene.masks) > 1 and len(scene.masks) != len(files):
        raise InputError(
            f"cloud_mask lists {len(scene.masks)} files, but the scene has {len(files)} tiles; expected one mask for "
            "all of them, or one per tile in the order of `tiles`."
        )
    _check_touching(files, area)
    for number, mask in enumerate(scene.masks):
        check_mask(mask, [files[number]] if len(scene.masks) == len(files) else files, area)


def _check_file(
    path: str, band: str | None, tile: TileFiles, scene: SceneInputs, offset: SceneOffset
) -> tuple[str | None, ...]:
    """Names of the bands of a file, after it was checked."""
    with opened(path) as raster:
        info = understand(raster, scene.names if band is None else None)
        chosen = [completed(one, tile) for one in bands_of_file(info, band, scene.bands, "`band_names`")]
        check_place(info)
        check_complete(raster)
    levels_of(path, chosen, scene.radiometry, offset, tile.product.stated_by)
    return info.names


def _check_touching(files: Sequence[TileFiles], area: gpd.GeoSeries | None) -> None:
    if area is None:
        return
    paths = [path for tile in files for path in tile.paths]
    if not meets_tiles(area, paths):
        covered = tiles_outline(paths, area.crs.to_string()).union_all()
        raise InputError(
            f"the area of interest ({_bounds(area.total_bounds)}) is outside the tiles "
            f"({_bounds(covered.bounds)}, same reference system): {', '.join(tile.label for tile in files)}"
        )


def check_mask(mask: str, files: Sequence[TileFiles], area: gpd.GeoSeries | None) -> None:
    """Check a cloud mask by its header.

    Parameters
    ----------
    mask : raster.
    files : tiles that it is for.
    area : area of interest; None uses the full extent of the tiles.

    Raises
    ------
    InputError
        If it cannot be read, is truncated, is not georeferenced, or misses more than a pixel's width of the tiles
        within the area.
    """
    with opened(mask) as raster:
        check_place(understand(raster))
        check_complete(raster)
        pixel = max(abs(raster.transform.a), abs(raster.transform.e))
    own = tiles_outline([mask])
    needed = tiles_outline([path for tile in files for path in tile.paths], own.crs).union_all()
    if area is not None:
        needed = needed.intersection(area.to_crs(own.crs).union_all())
    excluded = needed.difference(own.buffer(pixel, join_style="mitre").iloc[0]).area
    if excluded > MAX_EXCLUDED * needed.area:
        raise InputError(
            f"the cloud mask {mask} ({_bounds(own.total_bounds)} in {own.crs.to_string()}) does not cover what "
            f"{', '.join(tile.label for tile in files)} shows of the area of interest ({_bounds(needed.bounds)}): "
            f"{100 * excluded / needed.area:.1f} % is not covered, so clouds there would be missed. Make it as "
            "large as the tiles, or give one mask per tile."
        )


def write_scene(
    path: str,
    grid: Grid,
    area: np.ndarray,
    scene: SceneInputs,
    resampling: str = "bilinear",
    tags: dict[str, str] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[float, list[InputRow]]:
    """Merge tiles onto the grid, convert digital numbers to reflectance, mask clouds and the outside, write a COG.

    A pixel is valid if all bands of a tile have a value and its cloud mask is clear; where tiles overlap, the first
    such tile is used. The image is processed in strips, so memory does not depend on its height.

    Parameters
    ----------
    path : COG to write: int16, scale 1e-4, nodata −32768.
    grid, area : the site's grid and its area of interest, uint8 of ``grid.shape``.
    scene : tiles, masks and settings for reading them.
    resampling : rasterio's name of the method.
    tags : text tags of the output.
    progress : called once per strip.

    Returns
    -------
    Share of the area's pixels that have a value, 0 to 1, and rows of ``inputs.csv``.

    Raises
    ------
    InputError
        If a tile contains undeclared NaN, infinite or fill values, its values cannot be reflectance, or no pixel has a
        value.
    """
    n_valid = 0
    with ExitStack() as stack:
        source = Scene(
            stack, scene.files, scene.masks, scene.bands, scene.names, grid, area, scene.radiometry, scene.offset,
            Resampling[resampling],
        )  # fmt: skip
        tags = {"OFFSET_DN": f"{source.offset_dn:g}"} | (tags or {})
        output = stack.enter_context(
            cog_writer(path, grid, "int16", scene.bands, REFLECTANCE_NODATA, REFLECTANCE_SCALE, tags)
        )
        for strip in source.strips(strips(grid)):
            output.write(strip.numbers, window=strip.window)
            n_valid += int(strip.valid.sum())
            progress()
        labels = ", ".join(tile.label for tile in scene.files)
        if n_valid == 0:
            raise InputError(
                f"no pixel of the area of interest has a value in {labels}"
                + (f" after masking with {', '.join(scene.masks)}" if scene.masks else "")
                + ": all pixels are nodata, cloud or outside. Choose another scene."
            )
        source.check(labels)
        rows = source.rows()
    return n_valid / int((area == 1).sum()), rows


def _bounds(bounds: Sequence[float]) -> str:
    return " ".join(f"{value:.6g}" for value in bounds)
