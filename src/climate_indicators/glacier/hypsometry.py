"""Glacier area by elevation, and topographic attributes of every glacier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import ndimage

from climate_indicators.geo.terrain import slope

BANDS = ["year", "lower_m", "upper_m", "area_km2", "change_km2", "gap_filled_km2"]
# names of the Randolph Glacier Inventory 7.0
ATTRIBUTES = ["glacier_id", "area_km2", "zmin_m", "zmed_m", "zmean_m", "zmax_m", "slope_deg", "aspect_deg", "lmax_m"]


def band_edges(elevation: np.ndarray, ice: np.ndarray, band_m: float) -> np.ndarray:
    """Edges of the elevation bands that hold all ice, whole multiples of ``band_m``; float64 (bands + 1,)."""
    heights = elevation[ice & np.isfinite(elevation)]
    if not heights.size:
        return np.array([0.0, band_m])
    low, high = np.floor(heights.min() / band_m), np.floor(heights.max() / band_m) + 1
    return np.arange(low, high + 1) * band_m


def band_areas(ice: np.ndarray, elevation: np.ndarray, edges: np.ndarray, pixel_km2: float) -> np.ndarray:
    """Area of the ice in each band, km², float64 (bands,). Ice without elevation is not counted."""
    heights = elevation[ice & np.isfinite(elevation)]
    return np.histogram(heights, edges)[0] * pixel_km2


def area_by_elevation(
    areas: Mapping[int, np.ndarray], filled: Mapping[int, np.ndarray], edges: np.ndarray, reference_year: int
) -> pd.DataFrame:
    """Table of the areas of all years by elevation band.

    Parameters
    ----------
    areas : year: area of the ice in each band, km², gaps filled from other years.
    filled : year: the part of it that was taken from other years.
    edges : of the bands, m.
    reference_year : year that changes count from.

    Returns
    -------
    ``BANDS``, one row per year and band, from the lowest. Areas are those of the maps, without the correction of the
    level that the total area has.
    """
    rows = [
        (year, low, high, area, area - before, gaps)
        for year in sorted(areas)
        for low, high, area, before, gaps in zip(
            edges[:-1], edges[1:], areas[year], areas[reference_year], filled[year], strict=True
        )
    ]
    return pd.DataFrame(rows, columns=BANDS)


def topography(
    glacier_ids: np.ndarray, names: Sequence[str], elevation: np.ndarray, pixel_m: float, lengths_m: Mapping[str, float]
) -> pd.DataFrame:
    """Topographic attributes of every glacier inside the reference outlines.

    Mean slope is the mean of the slopes of the pixels, aspect the direction of their mean unit vector downhill, as in
    the Randolph Glacier Inventory 7.0 (RGI Consortium 2023, doi:10.5067/F6JMOVY5NAVZ).

    Parameters
    ----------
    glacier_ids : uint16, shape (rows, columns): number of the glacier, from 1; 0 none.
    names : of the glaciers, number 1 first.
    elevation : float, same shape, m; NaN where unknown.
    pixel_m : side of a pixel, m.
    lengths_m : length of the main flowline by name of the glacier; others have none.

    Returns
    -------
    ``ATTRIBUTES``; elevations in m, slope in degrees, aspect in degrees clockwise from north. NaN where the elevation
    of a part of the glacier is unknown.
    """
    rows = []
    for number, window in enumerate(ndimage.find_objects(glacier_ids, len(names)), start=1):
        if window is None:
            rows.append([names[number - 1], 0.0, *[np.nan] * 7])
            continue
        larger = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in window)
        own, heights = glacier_ids[larger] == number, elevation[larger]
        area = float(own.sum()) * pixel_m**2 / 1e6
        length = lengths_m.get(names[number - 1], np.nan)
        if not np.isfinite(heights[own]).all():
            rows.append([names[number - 1], area, *[np.nan] * 6, length])
            continue
        # down to the south is positive in rows, down to the east in columns
        to_south, to_east = np.gradient(-np.where(np.isfinite(heights), heights, np.nan), pixel_m)
        angle = slope(heights, pixel_m)[own]
        steepness = np.hypot(to_south, to_east)[own]
        flat = ~(steepness > 0)
        east, north = (np.where(flat, 0.0, part[own] / np.where(flat, 1.0, steepness)) for part in (to_east, -to_south))
        aspect = np.degrees(np.arctan2(np.nanmean(east), np.nanmean(north))) % 360
        own_heights = heights[own]
        rows.append(
            [
                names[number - 1], area, own_heights.min(), np.median(own_heights), own_heights.mean(),
                own_heights.max(), np.nanmean(angle), aspect, length,
            ]
        )  # fmt: skip
    return pd.DataFrame(rows, columns=ATTRIBUTES)
