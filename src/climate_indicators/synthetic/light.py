"""Sunlight on the simulated terrain: position of the sun, slopes turned to it, and cast shadow."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

import numpy as np

from climate_indicators.synthetic.noise import smoothstep

OVERPASS_HOUR = 10.5
PENUMBRA_M = 12.0


@dataclass(frozen=True)
class Sun:
    """Position of the sun.

    Attributes
    ----------
    azimuth_rad : clockwise from north.
    elevation_rad : above the horizon.
    """

    azimuth_rad: float
    elevation_rad: float


def sun_at_overpass(date: datetime.date, latitude_deg: float) -> Sun:
    """Sun at half past ten, solar time, when Sentinel-2 passes; declination after Cooper (1969).

    Parameters
    ----------
    date : day of the image.
    latitude_deg : northern positive.
    """
    day = date.timetuple().tm_yday
    declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + day) / 365)
    latitude, hour_angle = math.radians(latitude_deg), math.radians(15 * (OVERPASS_HOUR - 12))
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    elevation = math.asin(sine)
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.cos(latitude) * math.sin(declination) - math.sin(latitude) * math.cos(declination) * math.cos(
        hour_angle
    )
    return Sun(math.atan2(east, north) % (2 * math.pi), elevation)


def direct_light(surface_m: np.ndarray, resolution_m: float, sun: Sun) -> np.ndarray:
    """Direct sunlight relative to that on level open ground: cosine of incidence, 0 in shadow.

    Parameters
    ----------
    surface_m : height of ground, ice or water, float32, shape (rows, columns), row 0 in the north.
    resolution_m : side of a pixel.
    sun : its position.
    """
    down_south, down_east = np.gradient(surface_m, resolution_m)
    level = math.cos(sun.elevation_rad)
    east, north, up = math.sin(sun.azimuth_rad) * level, math.cos(sun.azimuth_rad) * level, math.sin(sun.elevation_rad)
    cosine = (up - east * down_east + north * down_south) / np.sqrt(1.0 + down_south**2 + down_east**2)
    return (np.clip(cosine, 0.0, None) / up * (1.0 - cast_shadow(surface_m, resolution_m, sun))).astype(np.float32)


def cast_shadow(surface_m: np.ndarray, resolution_m: float, sun: Sun) -> np.ndarray:
    """Shadow of the terrain on itself, 0 lit to 1 shadowed, by marching from every pixel toward the sun.

    Parameters
    ----------
    surface_m, resolution_m, sun : as in `direct_light`.

    Returns
    -------
    float32, shape of ``surface_m``. What lies beyond the edge casts no shadow.
    """
    rows, columns = surface_m.shape
    highest = float(np.ptp(surface_m)) / math.tan(sun.elevation_rad) / resolution_m
    blocked = np.full(surface_m.shape, -np.inf, np.float32)
    for step in range(1, min(math.ceil(highest), max(rows, columns)) + 1):
        down, right = round(-math.cos(sun.azimuth_rad) * step), round(math.sin(sun.azimuth_rad) * step)
        if abs(down) >= rows or abs(right) >= columns:
            break
        here = _span(down, rows), _span(right, columns)
        there = _span(-down, rows), _span(-right, columns)
        rise = np.float32(math.hypot(down, right) * resolution_m * math.tan(sun.elevation_rad))
        np.maximum(blocked[here], surface_m[there] - rise, out=blocked[here])
    return smoothstep(blocked - surface_m, 0.0, PENUMBRA_M)


def _span(offset: int, length: int) -> slice:
    """Pixels along an axis whose neighbor ``offset`` further is inside."""
    return slice(max(-offset, 0), length - max(offset, 0))
