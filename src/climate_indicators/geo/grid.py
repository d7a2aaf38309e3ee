"""Grid of a site: coordinate reference system, resolution, extent and area of interest."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.features import rasterize
from shapely.geometry import Polygon, box

from climate_indicators.core.atomic_files import read_json, write_json
from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.geo.rasters.understanding import check_place, understand
from climate_indicators.geo.vector_files import polygons, read_layer

# largest relative difference between areas in the reference system and on the ground; in UTM zones it is about 0.001
MAX_STRETCH = 0.1
HALF_ROUND_DEG = 180
# 65,536 pixels squared; one mask of this size takes 4 GB, and rules load several
MAX_PIXELS = 2**32
_NEAR_POLES = "Set crs to a polar one: EPSG:3995 in the north, EPSG:3031 in the south."


@dataclass(frozen=True)
class Grid:
    """North-up raster grid: ``crs`` as text, affine ``transform``, size in pixels."""

    crs: str
    transform: Affine
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in the units of the reference system."""
        return rasterio.transform.array_bounds(self.height, self.width, self.transform)

    def write(self, path: str | Path) -> None:
        """Write the grid as JSON."""
        content = {"crs": self.crs, "transform": list(self.transform)[:6], "width": self.width, "height": self.height}
        write_json(content, path)

    @classmethod
    def read(cls, path: str | Path) -> Grid:
        """Read a grid written by `write`."""
        content = read_json(path)
        return cls(content["crs"], Affine(*content["transform"]), content["width"], content["height"])


def read_area_of_interest(path: str | Path, layer: str | None = None, warn: bool = True) -> gpd.GeoSeries:
    """Polygons of an area of interest, valid, in their own reference system.

    Parameters
    ----------
    path : vector file of any OGR format, or a zip with one.
    layer : name of the layer; None uses the only one.
    warn : whether repaired or excluded polygons give a warning; False for jobs that read the file again.

    Raises
    ------
    InputError
        If the file cannot be read, has several layers and ``layer`` is None, has no reference system, or contains no
        polygon with an area.
    """
    features = read_layer(path, "area of interest", layer)
    if features.empty:
        raise InputError(f"area of interest {path} is empty: it has 0 features; expected a polygon.")
    return polygons(features, f"area of interest {path}", logging.WARNING if warn else logging.INFO).geometry


def in_degrees(area: gpd.GeoSeries) -> gpd.GeoSeries:
    """An area in longitude and latitude from −180 to 180, for requests to archives.

    Raises
    ------
    InputError
        If it crosses the 180th meridian, where longitudes jump, so that its bounds would span the Earth.
    """
    shapes = _in_one_piece(area)
    west, _, east, _ = shapes.total_bounds
    turns = math.floor((west + HALF_ROUND_DEG) / (2 * HALF_ROUND_DEG)) * 2 * HALF_ROUND_DEG
    # an area that ends at the meridian does not cross it
    if east - turns > HALF_ROUND_DEG + 1e-9:
        raise InputError(
            f"the area of interest goes from {west - turns:.2f} to {east - turns:.2f} degrees of longitude, so it "
            "crosses the 180th meridian; requests to archives cannot cross it. Make one site per side, or "
            "use files (source: files), with which a grid may cross it; for outlines use ids."
        )
    return shapes.translate(xoff=-turns) if turns else shapes


def middle_in_degrees(area: gpd.GeoSeries) -> tuple[float, float]:
    """Longitude, from −180 to 180, and latitude of the center of an area's bounds."""
    west, south, east, north = _in_one_piece(area).total_bounds
    longitude = (west + east) / 2
    return float(longitude - 360 * math.floor((longitude + 180) / 360)), float((south + north) / 2)


def _in_one_piece(area: gpd.GeoSeries) -> gpd.GeoSeries:
    """An area in longitude and latitude; across the 180th meridian, longitudes exceed 180."""
    shapes = area.to_crs("EPSG:4326")
    west, _, east, _ = shapes.total_bounds
    if east - west <= HALF_ROUND_DEG:
        return shapes
    return shapes.transform(lambda points: np.column_stack([np.mod(points[:, 0], 360), points[:, 1]]))


def tiles_outline(paths: Sequence[str], crs: str | None = None) -> gpd.GeoSeries:
    """Outline of the tiles together, as a polygon in ``crs`` or, if None, in the first tile's own system.

    Raises
    ------
    InputError
        If a tile cannot be opened or is not georeferenced.
    """
    shapes = []
    for path in paths:
        with opened(path) as tile:
            info = understand(tile)
        check_place(info)
        crs = crs or info.crs
        # straight edges of one reference system are curves in another
        edge = max(info.width * abs(info.transform.a), info.height * abs(info.transform.e)) / 20
        corners = ((0, 0), (info.width, 0), (info.width, info.height), (0, info.height))
        outline = gpd.GeoSeries([Polygon([info.transform @ corner for corner in corners])], crs=info.crs)
        shapes.append((outline.segmentize(edge) if edge > 0 else outline).to_crs(crs).iloc[0])
    return gpd.GeoSeries([gpd.GeoSeries(shapes).union_all()], crs=crs)


def meets_tiles(area: gpd.GeoSeries, paths: Sequence[str]) -> bool:
    """Whether an area intersects a tile; tested in the reference system of each tile, without a seam at 180 degrees."""
    for path in paths:
        with opened(path) as tile:
            shapes = area.to_crs(tile.crs)
            known = np.isfinite(shapes.bounds.to_numpy()).all(axis=1)
            if shapes[known].intersects(box(*tile.bounds)).any():
                return True
    return False


def site_grid(area: gpd.GeoSeries, resolution: float, crs: str | None, align_to: str | None = None) -> Grid:
    """Grid that covers an area of interest.

    Parameters
    ----------
    area : polygons with a reference system.
    resolution : pixel size, meters.
    crs : reference system of the grid, projected, in meters; None uses the UTM zone of the area's center.
    align_to : raster for the alignment of pixel corners, if reference system and pixel size agree (this avoids
        resampling); otherwise corners are multiples of ``resolution``.

    Returns
    -------
    Grid whose pixels cover the area's bounds.

    Raises
    ------
    InputError
        If ``crs`` is unknown, is not in meters, or distorts areas; if it is None and the area is near a pole; if the
        grid would have more than `MAX_PIXELS`.
    """
    target = metric_crs(area, crs) if crs else utm_zone(area)
    left, bottom, right, top = area.to_crs(target).total_bounds
    if not (np.isfinite([left, bottom, right, top]).all() and right > left and top > bottom):
        raise InputError(
            f"the area of interest has no bounds in {target.to_string()} ({left:g} {bottom:g} {right:g} {top:g}): it "
            "is too large for one grid. Make it smaller, or set crs to a system that covers it."
        )
    _check_size((right - left) / resolution, (top - bottom) / resolution, resolution)
    origin_x, origin_y = 0.0, 0.0
    if align_to is not None:
        with opened(align_to) as raster:
            same_size = np.allclose(np.abs([raster.transform.a, raster.transform.e]), resolution, rtol=1e-6)
            if raster.crs == target and same_size:
                origin_x, origin_y = raster.transform.c, raster.transform.f
    # differences below a thousandth of a pixel are rounding errors and add no row
    first_col = math.floor((left - origin_x) / resolution + 1e-3)
    last_col = math.ceil((right - origin_x) / resolution - 1e-3)
    first_row = math.ceil((top - origin_y) / resolution - 1e-3)
    last_row = math.floor((bottom - origin_y) / resolution + 1e-3)
    corner = (origin_x + first_col * resolution, origin_y + first_row * resolution)
    transform = Affine(resolution, 0.0, corner[0], 0.0, -resolution, corner[1])
    return Grid(target.to_string(), transform, last_col - first_col, first_row - last_row)


def _check_size(width: float, height: float, resolution: float) -> None:
    """Reject a grid that is too large, before any computation."""
    if width * height > MAX_PIXELS:
        raise InputError(
            f"resolution_m: found {resolution:g}, which makes {width:,.0f} × {height:,.0f} pixels for the area "
            f"of interest, {width * height / 2**30:,.1f} GiB for each 8-bit raster; expected at most "
            f"{MAX_PIXELS:,} pixels. Enlarge resolution_m, or divide the area into several sites."
        )


def metric_crs(area: gpd.GeoSeries, crs: str) -> CRS:
    """Reference system of a site's grid, in which lengths are in meters and areas near those on the ground.

    Parameters
    ----------
    area : polygons with a reference system.
    crs : as configured.

    Raises
    ------
    InputError
        If it is unknown, is not projected in meters, or distorts areas by more than `MAX_STRETCH`, as web maps do far
        from the equator.
    """
    ways = _way_out(area)
    try:
        target = CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(f"crs: found '{crs}', which is not a known reference system ({error}). {ways}") from error
    if not target.is_projected or target.linear_units_factor[1] != 1.0:
        unit = target.linear_units if target.is_projected else "degrees"
        raise InputError(f"crs: found {crs}, in {unit}; expected a projected reference system in meters. {ways}")
    shapes = area.to_crs(target)
    if not np.isfinite(shapes.total_bounds).all():
        raise InputError(f"crs: found {crs}, which does not cover the area of interest. {ways}")
    outline = gpd.GeoSeries([shapes.union_all().convex_hull], crs=target)
    mapped = float(outline.area.iloc[0])
    # the hull is computed in the target system, where an area across the 180th meridian is contiguous
    lonlat = outline.segmentize(outline.length.iloc[0] / 400).to_crs("EPSG:4326")
    ground = abs(lonlat.crs.get_geod().geometry_area_perimeter(lonlat.iloc[0])[0])
    if not abs(mapped / ground - 1) <= MAX_STRETCH:
        raise InputError(
            f"crs: found {crs}, in which the area of interest has {mapped / 1e6:.4g} km², but on the ground it has "
            f"{ground / 1e6:.4g}; expected a reference system with true areas there. {ways}"
        )
    return target


def utm_zone(area: gpd.GeoSeries) -> CRS:
    """UTM zone of the center of an area, on WGS 84.

    Raises
    ------
    InputError
        If it is near a pole, outside all zones.
    """
    longitude, latitude = middle_in_degrees(area)
    try:
        return CRS.from_user_input(gpd.GeoSeries.from_xy([longitude], [latitude], crs="EPSG:4326").estimate_utm_crs())
    except RuntimeError as error:  # no zone reaches there
        raise InputError(f"crs: found null, but the area of interest is not in a UTM zone. {_NEAR_POLES}") from error


def _way_out(area: gpd.GeoSeries) -> str:
    try:
        return f"Set crs to one such as the site's UTM zone, {utm_zone(area).to_string()}, or to null (automatic)."
    except InputError:
        return _NEAR_POLES


def area_mask(area: gpd.GeoSeries, grid: Grid) -> np.ndarray:
    """Pixels with their center inside the area.

    Returns
    -------
    uint8 array, shape ``grid.shape``: 1 inside, 0 outside.

    Raises
    ------
    InputError
        If no pixel center is inside.
    """
    shapes = area.to_crs(CRS.from_user_input(grid.crs))
    mask = rasterize(((shape, 1) for shape in shapes), out_shape=grid.shape, transform=grid.transform, dtype="uint8")
    if not mask.any():
        raise InputError(
            f"the area of interest contains no pixel center of the grid ({grid.transform.a:g} units per pixel)."
        )
    return mask
