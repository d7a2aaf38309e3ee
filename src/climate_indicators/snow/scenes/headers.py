"""Headers of the scenes of a site: bands, orbits, location, and the grid of the site."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.warp import transform_bounds
from rasterio.windows import Window
from rasterio.windows import transform as window_transform
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.mosaic import check_mask
from climate_indicators.geo.rasters.guard import Reader, check_complete, opened
from climate_indicators.geo.rasters.layouts import tile_files, tile_of
from climate_indicators.geo.rasters.understanding import check_place, understand
from climate_indicators.snow.scenes.table import MIXED, OPTICAL, RADAR, orbit_text

RADAR_BANDS = ("VV", "VH")
OPTICAL_BANDS = ("B02", "B03", "B04", "B08", "B11")
ORBIT_TAG = "RELATIVE_ORBIT"
_NEEDED = {RADAR: RADAR_BANDS, OPTICAL: OPTICAL_BANDS}
# positions that differ by less than this share of a pixel are the same
_SAME_PLACE_PX = 1e-3


def scene_bands(raster: Reader | DatasetReader, sensor: str, names: Sequence[str] | None = None) -> list[int]:
    """Numbers of the bands that the study uses, from 1: VV, VH of a radar scene, B02 … B11 of an optical one.

    Parameters
    ----------
    raster : scene.
    sensor : ``radar`` or ``optical``.
    names : names of the bands in file order, for rasters without band descriptions.

    Raises
    ------
    InputError
        If the bands have no names, ``names`` has another length than the raster, or a band is missing.
    """
    key = f"{sensor}_bands"
    info = understand(raster if isinstance(raster, Reader) else Reader(raster, raster.name), names, key)
    found = [str(name) for name in info.names if name is not None]
    if len(found) < len(info.names):
        raise InputError(
            f"{info.path} has {len(info.names)} bands without names; name them in file order in the site's {key}."
        )
    missing = [band for band in _NEEDED[sensor] if band not in found]
    if missing:
        raise InputError(
            f"{info.path} has bands {', '.join(found)}; the study needs {', '.join(_NEEDED[sensor])} of {sensor} "
            f"scenes. Missing: {', '.join(missing)}. Add the band, or give the right names in the site's {key}."
        )
    return [info.bands[found.index(band)].index for band in _NEEDED[sensor]]


def scene_paths(path: str, sensor: str) -> list[str]:
    """Files of a scene: itself, or those of the study's bands in a folder, such as one of Sentinel-2 (SAFE), or a map.

    Raises
    ------
    InputError
        If a folder lacks a band.
    """
    return tile_files([tile_of(path)], _NEEDED[sensor])[0].paths


def find_orbits(
    table: pd.DataFrame, mixed_orbits: bool, warn: Callable[[str], None] = lambda message: None
) -> pd.DataFrame:
    """Scenes with the relative orbit of every radar scene: the table's, else the raster's tag ``RELATIVE_ORBIT``.

    Parameters
    ----------
    table : result of `read_scene_list`.
    mixed_orbits : whether a radar scene without an orbit is taken, as one called ``mixed`` (a mosaic of orbits).
    warn : called if table and tag disagree; the orbit of the table is used then.

    Raises
    ------
    InputError
        If a radar scene has no orbit in the table or the tag and ``mixed_orbits`` is false, or cannot be opened.
    """
    table = table.copy()
    for index, row in table[table.sensor == RADAR].iterrows():
        with opened(scene_paths(row.path, RADAR)[0]) as raster:
            tag = raster.tags().get(ORBIT_TAG, "").strip()
        tag = orbit_text(tag) if tag else ""
        given = orbit_text(row.orbit) if row.orbit else ""
        if given and tag and given != tag:
            warn(f"{row.path}: relative orbit {given} in the table, {tag} in the tag {ORBIT_TAG}; the table's is taken")
        if not (given or tag or mixed_orbits):
            raise InputError(
                f"{row.path} has no relative orbit: none in the table of scenes and no tag {ORBIT_TAG}. Scenes of "
                "different orbits cannot be compared. Give its orbit, or set mixed_orbits: true for mosaics."
            )
        table.loc[index, "orbit"] = given or tag or MIXED
    return table


def find_grid(path: str, area: gpd.GeoSeries | None) -> Grid:
    """Grid of a raster, cropped to the bounds of an area: pixels stay where they are.

    Parameters
    ----------
    path : optical scene whose grid is the site's.
    area : polygons with a reference system; None uses the whole raster.

    Raises
    ------
    InputError
        If the raster is turned or upside down, has no reference system, or lies outside the area.
    """
    with opened(scene_paths(path, OPTICAL)[0]) as raster:
        _check_upright(raster)
        crs, transform = raster.crs.to_string(), raster.transform
        rows, cols = (0, raster.height), (0, raster.width)
        if area is not None:
            left, bottom, right, top = area.to_crs(raster.crs).total_bounds
            cols = _span(left, right, transform.c, transform.a, raster.width)
            rows = _span(top, bottom, transform.f, transform.e, raster.height)
            if cols[0] >= cols[1] or rows[0] >= rows[1]:
                raise InputError(
                    f"the area of interest ({_text(area.to_crs(raster.crs).total_bounds)}) lies outside {path} "
                    f"({_text(raster.bounds)}, same reference system {crs}), the first optical scene by date."
                )
    corner = window_transform(Window(cols[0], rows[0], 1, 1), transform)
    return Grid(crs, corner, cols[1] - cols[0], rows[1] - rows[0])


def check_scene(row: pd.Series, grid: Grid, names: Sequence[str] | None = None) -> None:
    """Check a scene by its header, without reading a pixel: readable, whole, bands, reference system, place.

    Parameters
    ----------
    row : line of the table of scenes, with ``sensor``, ``path`` and ``cloud_mask``.
    grid : the site's grid.
    names : names of its bands in file order, where it has none.

    Raises
    ------
    InputError
        If a check fails, or the cloud mask does not cover what the scene shows of the grid.
    """
    for path in scene_paths(row.path, row.sensor):
        _check_file(path, row, grid, names)
    if row.cloud_mask:
        outline = gpd.GeoSeries([box(*grid.bounds)], crs=grid.crs)
        check_mask(row.cloud_mask, tile_files([tile_of(row.path)], _NEEDED[row.sensor]), outline)


def _check_file(path: str, row: pd.Series, grid: Grid, names: Sequence[str] | None) -> None:
    """Check the header of a file of a scene."""
    with opened(path) as raster:
        if path == row.path:
            scene_bands(raster, row.sensor, names)
        if any("complex" in dtype for dtype in raster.dtypes):
            raise InputError(f"{path} has complex numbers; expected detected backscatter, in dB or linear power.")
        _check_upright(raster)
        if not _overlaps(raster, grid):
            raise InputError(
                f"{path} ({_text(raster.bounds)} in {raster.crs.to_string()}) lies outside the site's grid "
                f"({_text(grid.bounds)} in {grid.crs}). Remove the scene, or correct its reference system."
            )
        check_complete(raster)


def _check_upright(raster: DatasetReader) -> None:
    check_place(understand(raster))
    transform = raster.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InputError(f"{raster.name} is turned or upside down; warp it to a north-up grid (gdalwarp does).")


def _overlaps(raster: Reader, grid: Grid) -> bool:
    own = transform_bounds(raster.crs, CRS.from_string(grid.crs), *raster.bounds, densify_pts=21)
    wanted = grid.bounds
    left, bottom = max(own[0], wanted[0]), max(own[1], wanted[1])
    right, top = min(own[2], wanted[2]), min(own[3], wanted[3])
    return left < right and bottom < top


def _span(first: float, last: float, origin: float, step: float, size: int) -> tuple[int, int]:
    """First pixel and one past the last that a stretch of an axis touches, within the raster."""
    start, stop = np.floor((first - origin) / step + _SAME_PLACE_PX), np.ceil((last - origin) / step - _SAME_PLACE_PX)
    return int(np.clip(start, 0, size)), int(np.clip(stop, 0, size))


def _text(bounds: Sequence[float]) -> str:
    return " ".join(f"{value:.6g}" for value in bounds)
