"""Glaciers of the simulated valleys: a known climate forcing and the ice's shape that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from climate_indicators.synthetic.noise import band_field, smoothstep, stream
from climate_indicators.synthetic.terrain import Terrain

WARMING_K_PER_YEAR = 0.06
YEAR_NOISE_K = 0.10
LINE_M_PER_K = 130.0
RESPONSE_YEARS = 4.0
BASE_YEAR = 2016
SHRINKAGE = 0.15
SHRINKAGE_YEARS = 8
DEBRIS_SHARE = 0.22
MIN_KM2 = 0.15


@dataclass(frozen=True)
class Forcing:
    """Climate of one year.

    Attributes
    ----------
    temperature_anomaly_k : the year's temperature above that of the base year's trend line.
    equilibrium_line_m : height of the equilibrium line that this temperature gives.
    response_line_m : the same, as the glaciers feel it after their response time; their shape follows from it.
    """

    temperature_anomaly_k: float
    equilibrium_line_m: float
    response_line_m: float


@dataclass(frozen=True)
class GlacierState:
    """Ice of one year; arrays of shape (size, size).

    Attributes
    ----------
    extent : bool, where glacier is, debris-covered parts included.
    surface_m : float32, height of the fill above the ground: positive inside, about 0 at the margin.
    top_m : float32, height of the ice's surface above the sea; of no meaning outside.
    debris : float32 in 0..1, share of the surface under debris.
    firn : float32 in 0..1, share of the surface that is firn or snow rather than bare ice.
    """

    extent: np.ndarray
    surface_m: np.ndarray
    top_m: np.ndarray
    debris: np.ndarray
    firn: np.ndarray


def forcing(year: int, line_m: float, seed: int) -> Forcing:
    """Forcing of ``year``: steady warming with year-to-year noise; the glaciers feel its exponential mean.

    Parameters
    ----------
    year : calendar year.
    line_m : equilibrium line at no anomaly, meters above the sea.
    seed : seed of the synthetic site.
    """
    lags = np.arange(int(6 * RESPONSE_YEARS))
    weights = np.exp(-lags / RESPONSE_YEARS)
    anomalies = np.array([_anomaly(year - int(lag), seed) for lag in lags])
    felt = float(weights @ anomalies / weights.sum())
    return Forcing(float(anomalies[0]), line_m + LINE_M_PER_K * float(anomalies[0]), line_m + LINE_M_PER_K * felt)


def _anomaly(year: int, seed: int) -> float:
    return WARMING_K_PER_YEAR * (year - BASE_YEAR) + YEAR_NOISE_K * float(
        stream(seed, "climate", year).standard_normal()
    )


class GlacierModel:
    """The ice of every valley as a function of the equilibrium line that it feels.

    Ice fills a valley from its terminus up, its height above the floor growing as the square root of the distance
    from the snout, as that of perfectly plastic ice does (Nye 1951, doi:10.1098/rspa.1951.0140). A rise of the line
    raises the terminus and lowers the fill; how much is set once, so that the nominal warming of eight years costs
    15 % of the area.

    Parameters
    ----------
    terrain : the landscape.
    seed : seed of the synthetic site.
    """

    def __init__(self, terrain: Terrain, seed: int) -> None:
        self.terrain = terrain
        size = terrain.elevation_m.shape[0]
        self.base_line_m = float(terrain.floor_m.max() - 0.05 * terrain.relief_m)
        self.line_m = self.base_line_m
        rng = stream(seed, "glaciers")
        count = int(terrain.valley.max()) + 1
        top = np.array([terrain.floor_m[terrain.valley == number].max() for number in range(count)])
        self._terminus_m = top - terrain.relief_m * rng.uniform(0.24, 0.33, count)
        self._terminus_m[0] = top[0] - terrain.relief_m * 0.16
        self._fill_m = terrain.relief_m * rng.uniform(0.055, 0.075, count)
        self._uneven = band_field(size, size / 18, stream(seed, "margin"), width=0.4)
        self._debris_noise = band_field(size, size / 20, stream(seed, "debris"), width=0.5)
        self._moraines = rng.uniform(-0.5, 0.5, count)
        self._nominal_rise_m = LINE_M_PER_K * WARMING_K_PER_YEAR * SHRINKAGE_YEARS
        self._nominal_start_m = self.line_m + LINE_M_PER_K * _nominal_lag_k()
        self._sensitivity = self._calibrate()
        self._debris_limit = self._calibrate_debris()

    def ice(self, response_line_m: float) -> GlacierState:
        """Ice under the line that the glaciers feel, in meters above the sea."""
        extent, surface, above_snout = self._shape(response_line_m, self._sensitivity)
        margin = 0.02 * self.terrain.relief_m
        score = self._debris_score(surface, above_snout)
        debris = smoothstep(score, self._debris_limit - 0.02, self._debris_limit + 0.02) * extent
        snow_line = self.terrain.elevation_m + 0.02 * self.terrain.relief_m * self._debris_noise - response_line_m
        firn = smoothstep(snow_line, -3 * margin, margin) * extent
        top = ndimage.gaussian_filter(self.terrain.elevation_m + np.maximum(surface, 0.0), 1.0)
        return GlacierState(extent, surface, top, debris.astype(np.float32), firn.astype(np.float32))

    @property
    def snout_m(self) -> np.ndarray:
        """Height of the valley floor at the snout of each valley's glacier in the base year, float64 (valleys,)."""
        return self._terminus_m.copy()

    def forefield(self) -> np.ndarray:
        """Area covered by ice before the warming, bool, shape (size, size): still without vegetation."""
        return self._shape(self._nominal_start_m - 0.5 * self._nominal_rise_m, self._sensitivity)[0]

    def _shape(self, line_m: float, sensitivity: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        terrain = self.terrain
        rise = sensitivity * (line_m - self._nominal_start_m)
        above_snout = (terrain.floor_m - (self._terminus_m + rise)[terrain.valley]) / terrain.relief_m
        profile = np.sign(above_snout) * np.sqrt(np.abs(above_snout) / 0.06)
        fill = (self._fill_m - 0.12 * rise)[terrain.valley] * (
            np.clip(profile, -4.0, 1.0) + 2.0 * np.maximum(above_snout, 0)
        )
        surface = fill + terrain.floor_m - terrain.elevation_m + 0.006 * terrain.relief_m * self._uneven
        smooth = 50.0 / terrain.resolution_m
        surface = ndimage.gaussian_filter(surface.astype(np.float32), max(smooth, 1.0))
        return self._clean(surface > 0), surface, above_snout

    def _clean(self, ice: np.ndarray) -> np.ndarray:
        """Without specks of ice and without holes that are smaller than the smallest glacier."""
        pixels = MIN_KM2 * 1e6 / self.terrain.resolution_m**2
        return ~_without_small(~_without_small(ice, pixels), pixels / 2)

    def _calibrate(self) -> float:
        """Sensitivity of the terminus to the line at which the nominal warming costs the set share of the area."""
        goal = (1.0 - SHRINKAGE) * np.count_nonzero(self._shape(self._nominal_start_m, 1.0)[0])
        low, high = 0.05, 8.0
        for _ in range(10):
            middle = 0.5 * (low + high)
            area = np.count_nonzero(self._shape(self._nominal_start_m + self._nominal_rise_m, middle)[0])
            low, high = (middle, high) if area > goal else (low, middle)
        return 0.5 * (low + high)

    def _debris_score(self, surface: np.ndarray, above_snout: np.ndarray) -> np.ndarray:
        """How readily debris gathers: near the snout, along the margins below the line, and on medial moraines."""
        terrain = self.terrain
        tongue = 1.3 * np.exp(-np.maximum(above_snout, 0.0) / 0.11)
        below = smoothstep(-above_snout, -0.26, -0.08)
        margin = 0.2 * np.exp(-np.maximum(surface, 0.0) / (0.02 * terrain.relief_m)) * below
        half_width = 0.035 * terrain.elevation_m.shape[0] * terrain.resolution_m
        offset = terrain.across_m / half_width - self._moraines[terrain.valley]
        moraine = 0.7 * np.exp(-0.5 * (offset / 0.16) ** 2) * smoothstep(-above_snout, -0.36, -0.14)
        return tongue + margin + moraine + 0.10 * self._debris_noise

    def _calibrate_debris(self) -> float:
        extent, surface, above_snout = self._shape(self._nominal_start_m, self._sensitivity)
        return float(np.quantile(self._debris_score(surface, above_snout)[extent], 1.0 - DEBRIS_SHARE))

    def glacier_numbers(self, extent: np.ndarray) -> np.ndarray:
        """Number from 1 of the glacier of every pixel of ``extent``, 0 elsewhere: connected ice of one valley.

        Ice that crosses a divide is split there. A fragment below the smallest glacier's size goes to its neighbor.
        """
        pieces = np.zeros(extent.shape, dtype=np.int32)
        for number in range(int(self.terrain.valley.max()) + 1):
            labels, _ = ndimage.label(extent & (self.terrain.valley == number))
            pieces = np.where(labels > 0, labels + pieces.max(), pieces)
        sizes = np.bincount(pieces.ravel())
        large = sizes * self.terrain.resolution_m**2 >= MIN_KM2 * 1e6
        large[0] = False
        kept = large[pieces]
        _, (row, column) = ndimage.distance_transform_edt(~kept, return_indices=True)
        numbers = np.concatenate([[0], np.cumsum(large[1:])]) * large
        return np.where(extent, numbers[pieces[row, column]], 0).astype(np.uint16)


def _nominal_lag_k() -> float:
    """Anomaly that the glaciers feel in the base year from the trend alone: the past was colder."""
    lags = np.arange(int(6 * RESPONSE_YEARS))
    weights = np.exp(-lags / RESPONSE_YEARS)
    return float(-WARMING_K_PER_YEAR * (weights @ lags) / weights.sum())


def _without_small(mask: np.ndarray, pixels: float) -> np.ndarray:
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= pixels)[labels] & mask
