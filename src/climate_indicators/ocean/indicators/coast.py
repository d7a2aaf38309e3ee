"""Where the data's own ocean ends: a regular grid to draw coast lines by."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

EARTH_RADIUS_M = 6_371_229.0


def unit_vectors(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Places on the unit sphere, float64, shape (…, 3), of degrees north and east of shape (…)."""
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def coast_grid(
    lat: np.ndarray, lon: np.ndarray, ocean: np.ndarray, area_m2: np.ndarray, step: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ocean or land on a regular grid over the globe, by the nearest point of the data.

    A place is ocean if an ocean point is at least as near as any land point, and not farther than one step of this
    grid or one and a half spacings of the data: what the data do not cover counts as land.

    Parameters
    ----------
    lat, lon : float, shape (y, x), degrees; NaN allowed on land.
    ocean : bool, shape (y, x).
    area_m2 : float, shape (y, x), m².
    step : spacing in degrees; divides 180.

    Returns
    -------
    coast_lat, coast_lon : float64, shape (180 / step,) and (360 / step,), ascending.
    ocean : int8, shape (coast_lat, coast_lon): 1 ocean, 0 land.
    """
    coast_lat = np.round(np.arange(round(180 / step)) * step - 90 + step / 2, 9)
    coast_lon = np.round(np.arange(round(360 / step)) * step - 180 + step / 2, 9)
    places = unit_vectors(*np.meshgrid(coast_lat, coast_lon, indexing="ij"))
    spacing = 1.5 * np.sqrt(np.median(area_m2[ocean])) / EARTH_RADIUS_M
    reach = 2 * np.sin(max(np.radians(step), spacing) / 2)
    to_ocean, _ = cKDTree(unit_vectors(lat[ocean], lon[ocean])).query(places, distance_upper_bound=reach)
    land = ~ocean & np.isfinite(lat) & np.isfinite(lon)
    to_land = np.full(to_ocean.shape, np.inf)
    if land.any():
        to_land, _ = cKDTree(unit_vectors(lat[land], lon[land])).query(places, distance_upper_bound=reach)
    # a point stored twice counts once as ocean; its copies, marked as land, have the same position
    return coast_lat, coast_lon, (np.isfinite(to_ocean) & (to_ocean <= to_land + 1e-6)).astype("int8")
