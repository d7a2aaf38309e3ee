"""Elevation and slope on the site's grid, as further channels of the network."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.elevations import (
    MAX_ELEVATION_M,
    MIN_ELEVATION_M,
    Elevations,
    Knowledge,
    Survey,
    check_elevation_model,
    pixel_m,
    survey,
)
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.guard import check_complete, opened
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.geo.rasters.understanding import understand

TERRAIN_NODATA = -32768.0
# share of the area of interest that may be without elevations or with interpolated ones
MAX_MISSING = 0.01
# a share of slopes above this that no landscape has on pixels of ten meters and more
_STEEPEST_DEG, _MAX_STEEP = 80.0, 0.001
# pixels of the elevation model so many times larger than the grid's have other slopes
_COARSEST = 10
# a pixel lies on known ground if this share of what its value is made from does; an elevation model that ends with the
# area of interest reaches to its edge then
_MOSTLY_KNOWN = 0.5

_log = logging.getLogger(__name__)


def write_terrain(
    path: str,
    dem: str,
    grid: Grid,
    inside: np.ndarray,
    bands: Sequence[str],
    progress: Callable[[], None] = lambda: None,
) -> InputRow:
    """Warp an elevation model onto the grid and write the wanted terrain bands as a COG.

    Voids are what the file declares, NaN, elevations that no land on earth has, and fill such as 0 far below the ground
    around it. Small ones are interpolated; elevation and slope are missing in the others, and slope next to them.

    Parameters
    ----------
    path : COG to write: float32, nodata −32768.
    dem : raster of elevations in meters, any reference system.
    grid : the site's grid, in meters.
    inside : uint8, shape ``grid.shape``: 1 inside the area of interest.
    bands : of ``elevation`` (m) and ``slope`` (degrees, from central differences).
    progress : called once per strip.

    Returns
    -------
    Interpretation of the elevation model, a row of ``inputs.csv``; ``covered_fraction`` before interpolation.

    Raises
    ------
    InputError
        If the elevation model cannot be read, has no reference system or no elevations in meters, or more than
        `MAX_MISSING` of the area of interest has no elevation or an interpolated one.
    """
    with opened(dem) as raster:
        check_complete(raster)
        info = understand(raster)
        check_elevation_model(info)
        found = survey(Elevations(raster, info, grid))
        _check_survey(dem, found)
        heights = Elevations(raster, info, grid, found)
        knowledge = [Knowledge(raster, info, grid, found, interpolate) for interpolate in (True, False)]
        terrain = _Terrain(heights, knowledge if found.n_void else [], inside)
        with cog_writer(path, grid, "float32", bands, TERRAIN_NODATA) as output:
            for window in strips(grid):
                for number, values in enumerate(terrain.read(window, bands), start=1):
                    output.write(np.nan_to_num(values, nan=TERRAIN_NODATA).astype("float32"), number, window=window)
                progress()
            terrain.check(dem, found, "slope" in bands)
    return terrain.row(found)


def _check_survey(dem: str, found: Survey) -> None:
    if not found.n_pixels:
        raise InputError(
            f"elevation model {dem}: it does not meet the area of interest; expected is one of the place (dem). "
            "Longitudes are read from −180 to 180."
        )
    if found.lowest == found.highest:
        raise InputError(
            f"elevation model {dem}: {found.lowest:g} m is its only number there, which is no landscape. Name another "
            "one, or remove dem and terrain_bands."
        )


class _Terrain:
    """Terrain of strips of the grid, and counts of what was known inside the area of interest.

    ``knowledge`` has what is known with interpolated voids and without; empty where the elevation model has no voids.
    """

    def __init__(self, heights: Elevations, knowledge: Sequence[Knowledge], inside: np.ndarray) -> None:
        self._heights, self._knowledge, self._inside = heights, knowledge, inside == 1
        self._grid = heights.grid
        self._counts = {"area": 0, "own": 0, "interpolated": 0, "missing": 0, "steep": 0}
        # meters from the lowest elevation on
        self._levels = np.zeros(int(MAX_ELEVATION_M - MIN_ELEVATION_M) + 1, "int64")

    def read(self, window: Window, bands: Sequence[str]) -> list[np.ndarray]:
        """Bands of a strip, float32 (rows, columns), NaN where unknown; its pixels are counted."""
        above = min(1, window.row_off)
        below = min(1, self._grid.height - window.row_off - window.height)
        rows = Window(0, window.row_off - above, self._grid.width, window.height + above + below)
        height = self._heights.read(rows)[0]
        # weight of known ground in each value: all of it with interpolated voids, and without
        weights = [part.read(rows)[0] for part in self._knowledge] or [np.isfinite(height).astype("float32")] * 2
        height[~(weights[0] > _MOSTLY_KNOWN)] = np.nan
        steep = slope(height, abs(self._grid.transform.a))
        inner = slice(above, above + int(window.height))
        height, steep = height[inner], steep[inner]
        self._count(window, height, steep, *(weight[inner] > _MOSTLY_KNOWN for weight in weights))
        values = {"elevation": height, "slope": steep}
        return [values[band] for band in bands]

    def _count(self, window: Window, height: np.ndarray, steep: np.ndarray, known: np.ndarray, own: np.ndarray) -> None:
        inside = self._inside[int(window.row_off) : int(window.row_off + window.height)]
        self._counts["area"] += int(inside.sum())
        self._counts["own"] += int((own & inside).sum())
        self._counts["interpolated"] += int((known & ~own & inside).sum())
        self._counts["missing"] += int((~known & inside).sum())
        self._counts["steep"] += int((steep[inside] > _STEEPEST_DEG).sum())
        meters = np.clip(
            np.rint(height[inside & np.isfinite(height)] - MIN_ELEVATION_M), 0, len(self._levels) - 1
        ).astype("int64")
        self._levels += np.bincount(meters, minlength=len(self._levels))

    def share(self, what: str) -> float:
        """Share of the area of interest: ``own``, ``interpolated`` or ``missing`` elevations, ``steep`` slopes."""
        return self._counts[what] / max(self._counts["area"], 1)

    def check(self, dem: str, found: Survey, slopes: bool) -> None:
        """Warn of ground without elevations, refuse more than a little; warn of steep slopes where they are used."""
        own, missing = self.share("own"), self.share("missing")
        if self._counts["own"] < self._counts["area"]:
            text = (
                f"elevation model {dem}: it has elevations for {_percent(own)} of the area of interest; "
                f"{_percent(self.share('interpolated'))} lies in small voids and was interpolated, "
                f"{_percent(missing)} has none"
            )
            text += f" ({found.note})." if found.note else "."
            if 1 - own > MAX_MISSING:
                raise InputError(
                    f"{text} Found are elevations from {found.lowest:g} to {found.highest:g}; expected are meters for "
                    f"at least {1 - MAX_MISSING:.0%} of the area. Name an elevation model that covers the area and "
                    "whose voids are filled (dem), make the area smaller (aoi), or remove dem and terrain_bands."
                )
            _log.warning("%s", text + (" Pixels without elevation are not mapped in any year." if missing else ""))
        else:
            _log.info("elevation model %s: it has elevations for the whole area of interest", dem)
        size, resolution = pixel_m(self._heights), abs(self._grid.transform.a)
        if size > _COARSEST * resolution:
            _log.warning(
                "elevation model %s: its pixels are %.0f m high, those of the grid %g m: slopes are much too gentle.",
                dem, size, resolution,
            )  # fmt: skip
        if slopes and self.share("steep") > _MAX_STEEP:
            _log.warning(
                "elevation model %s: slopes above %g degrees in %s of the area of interest, as at the edges of "
                "undeclared voids or of elevations that are not in meters.", dem, _STEEPEST_DEG,
                _percent(self.share("steep")),
            )  # fmt: skip

    def row(self, found: Survey) -> InputRow:
        """Interpretation of the elevation model."""
        info, levels = self._heights.info, np.flatnonzero(self._levels)
        (band,) = info.bands
        middle = np.searchsorted(np.cumsum(self._levels), self._levels.sum() / 2)
        interpolated = self.share("interpolated")
        notes = [found.note, f"{_percent(interpolated)} of the area was interpolated" if interpolated else ""]
        return InputRow(
            file=info.path,
            role="dem",
            bands=band.name or "",
            unit="m",
            scale=band.scale,
            offset=band.offset,
            nodata=band.nodata,
            missing_by=info.missing_by or "range of elevations",
            crs=info.crs,
            covered_fraction=self.share("own"),
            minimum=float(levels[0] + MIN_ELEVATION_M),
            median=float(middle + MIN_ELEVATION_M),
            maximum=float(levels[-1] + MIN_ELEVATION_M),
            note="; ".join(note for note in notes if note),
        )


def slope(elevation: np.ndarray, resolution_m: float) -> np.ndarray:
    """Steepness in degrees, float32, of an elevation in meters with square pixels, shape (rows, columns).

    Central differences, one-sided at the edge; NaN where the pixel or a neighbor is missing.
    """
    down, right = np.gradient(elevation, resolution_m)
    steep = np.degrees(np.arctan(np.hypot(down, right)))
    return np.where(np.isfinite(elevation), steep, np.nan).astype("float32")


def _percent(share: float) -> str:
    """A share in percent, never rounded to all or nothing."""
    if 0 < share < 1:
        return f"{100 * min(max(share, 1e-4), 1 - 1e-4):.2f} %"
    return f"{100 * share:.0f} %"
