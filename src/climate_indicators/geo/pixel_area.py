"""Ground area of a raster's pixel."""

from __future__ import annotations

import numpy as np
import pyproj
from affine import Affine
from pyproj.exceptions import ProjError
from rasterio.crs import CRS

# below this distortion, the area in the map projection is used: a UTM pixel of 10 m by 10 m counts as 100 m²
MAX_AREA_ERROR = 0.01


def pixel_area(crs: CRS | None, transform: Affine, width: int, height: int) -> float | None:
    """Area of one pixel at the center of a raster, in m²; None if the raster is not georeferenced.

    For a projected raster, the area in the projection is used. If it is wrong by more than one percent, as in web maps
    (Mercator) away from the equator, it is divided by the area scale factor at the center. A pixel in degrees
    is measured on the WGS84 ellipsoid, by the radii of curvature M and N at its latitude φ: M N cos φ times its area in
    radians (Snyder 1987, doi:10.3133/pp1395, equations 4-18 to 4-21). Rotated and sheared pixels have the area of their
    parallelogram.

    Parameters
    ----------
    crs : None if there is none.
    transform : from column and row to the units of ``crs``; the identity means no georeference.
    width, height : of the raster, pixels.
    """
    if crs is None or transform.is_identity or not (crs.is_geographic or crs.is_projected):
        return None
    middle = transform @ (width / 2, height / 2)
    size = abs(transform.determinant)
    if crs.is_geographic:
        return _area_of_degrees(size * _to_degrees(crs) ** 2, middle[1] * _to_degrees(crs))
    enlargement = _enlargement(crs, *middle)
    mapped = size * crs.linear_units_factor[1] ** 2
    return float(mapped / enlargement if abs(enlargement - 1) > MAX_AREA_ERROR else mapped)


def _to_degrees(crs: CRS) -> float:
    """Degrees in one unit of a geographic reference system (usually 1)."""
    return float(np.degrees(pyproj.CRS(crs).axis_info[0].unit_conversion_factor))


def _area_of_degrees(square_degrees: float, latitude: float) -> float:
    ellipsoid = pyproj.Geod(ellps="WGS84")
    flatter = 1 - ellipsoid.es * np.sin(np.radians(latitude)) ** 2
    meridian, normal = ellipsoid.a * (1 - ellipsoid.es) / flatter**1.5, ellipsoid.a / np.sqrt(flatter)
    return float(square_degrees * np.radians(1) ** 2 * meridian * normal * np.cos(np.radians(latitude)))


def _enlargement(crs: CRS, x: float, y: float) -> float:
    """Area in the projection over area on the ground; 1 where it is undefined, for example far outside its range."""
    try:
        projection = pyproj.Proj(crs)
        found = projection.get_factors(*projection(x, y, inverse=True)).areal_scale
    except ProjError:
        return 1.0
    return found if np.isfinite(found) and found > 0 else 1.0
