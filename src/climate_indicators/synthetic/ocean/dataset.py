"""A simulated surface ocean: water of four regimes, mixed at fronts and stirred by eddies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter

from climate_indicators.synthetic.noise import stream
from climate_indicators.synthetic.ocean.land import is_land
from climate_indicators.synthetic.ocean.regimes import ICE, LAND, SUBPOLAR, SUBTROPICAL, UPWELLING, Fronts, fronts

EDDY_DEG = 0.5
FREEZING_C = -1.8


@dataclass(frozen=True)
class Water:
    """Mean state of a regime's water and how it varies.

    Attributes
    ----------
    sst : °C. sst_slope : K per degree of latitude toward the pole. sst_season : half of the seasonal swing, K.
    salinity : practical salinity. alk, dic : µmol/kg. dic_per_k : change of DIC with temperature, µmol/kg per K, which
        keeps fCO2 from following the temperature all the way.
    middle : latitude of the means, degrees north or south.
    eddy_sst : standard deviation of the eddies' temperature, K.
    mld, mld_season : mixed-layer depth and half of its seasonal swing, m, deepest at the end of winter.
    """

    sst: float
    sst_slope: float
    sst_season: float
    salinity: float
    alk: float
    dic: float
    dic_per_k: float
    middle: float
    eddy_sst: float
    mld: float
    mld_season: float


# dic_per_k is chosen so that the sensitivity to DIC hardly changes with the temperature inside a regime
WATERS = {
    ICE: Water(0.0, 0.0, 0.2, 33.2, 2235.0, 2103.0, -4.4, 74.0, 0.8, 60.0, 30.0),
    SUBPOLAR: Water(6.0, -0.05, 1.2, 34.1, 2275.0, 2078.0, -5.2, 52.0, 0.8, 120.0, 80.0),
    SUBTROPICAL: Water(24.0, -0.08, 1.5, 35.9, 2365.0, 2000.0, -7.1, 18.0, 0.8, 55.0, 30.0),
    UPWELLING: Water(26.0, 0.0, 1.0, 35.1, 2350.0, 2060.0, -6.0, 10.0, 0.8, 30.0, 10.0),
}
EDDY_SALINITY, EDDY_DIC, EDDY_ALK = 0.02, 4.0, 5.0
# a fresher parcel holds less alkalinity and carbon: the open ocean's ratios at salinity 35
ALK_PER_SALINITY, DIC_PER_SALINITY = 66.0, 58.0


@dataclass(frozen=True)
class SyntheticOcean:
    """A simulated ocean on a regular grid.

    Parameters
    ----------
    resolution_deg : size of the grid's points, degrees; it divides 180.
    first_year : year that the drift starts in.
    drift_deg_per_decade : poleward drift of the subtropical fronts.
    seed : start of every random number. A month's fields do not depend on which other months are made.
    dic_per_decade : carbon that all water takes up, µmol/kg per decade; it makes fCO2 more sensitive everywhere.
    """

    resolution_deg: float
    first_year: int
    drift_deg_per_decade: float
    seed: int
    dic_per_decade: float = 0.0

    @cached_property
    def lat(self) -> np.ndarray:
        """Latitudes of the points, degrees north, ascending."""
        step = self.resolution_deg
        return np.arange(-90 + step / 2, 90, step)

    @cached_property
    def lon(self) -> np.ndarray:
        """Longitudes of the points, degrees east, from −180."""
        step = self.resolution_deg
        return np.arange(-180 + step / 2, 180, step)

    @cached_property
    def land(self) -> np.ndarray:
        """Where there is land: bool, shape (lat, lon)."""
        lon, lat = np.meshgrid(self.lon, self.lat)
        return is_land(lat, lon)

    def fronts(self, year: int, month: int) -> Fronts:
        """Borders of the regimes in a month."""
        months = 12 * (year - self.first_year) + month - 1
        return fronts(self.lat, self.lon, months, self.drift_deg_per_decade, self.seed)

    def regime(self, year: int, month: int) -> np.ndarray:
        """True regime of every point: int8, shape (lat, lon), see `ocean_regimes`; −1 on land."""
        return np.where(self.land, LAND, self.fronts(year, month).regime).astype("int8")

    def fields(self, year: int, month: int) -> dict[str, np.ndarray]:
        """Fields of a month, NaN on land.

        Returns
        -------
        ``sst`` (°C), ``salinity``, ``dic``, ``alk`` (µmol/kg), ``mld`` (m), ``ice`` (fraction): float32, shape
        (lat, lon) each.
        """
        weights = self.fronts(year, month).weights
        rng = stream(self.seed, "eddies", 12 * (year - self.first_year) + month)
        eddy_sst, eddy_salinity, eddy_dic, eddy_alk = (self._eddies(rng) for _ in range(4))
        mixed = self._mixed(weights, month)
        # under ice the water sits near its freezing point and has little to vary; near the poles least
        calm = 1 - 0.5 * weights[ICE] * np.clip((np.abs(self.lat[:, None]) - 78) / 12, 0, 1)
        change = eddy_sst * mixed["eddy_sst"] * calm
        salinity = eddy_salinity * EDDY_SALINITY
        uptake = self.dic_per_decade * (12 * (year - self.first_year) + month - 1) / 120
        fields = {
            "sst": np.maximum(mixed["sst"] + change, FREEZING_C + 0.02 * eddy_sst),
            "salinity": mixed["salinity"] + salinity,
            "dic": mixed["dic"] + uptake + DIC_PER_SALINITY * salinity + EDDY_DIC * eddy_dic,
            "alk": mixed["alk"] + ALK_PER_SALINITY * salinity + EDDY_ALK * eddy_alk,
            "mld": mixed["mld"] * np.exp(0.1 * eddy_dic),
            "ice": np.clip(1.15 * weights[ICE] - 0.1, 0, 1),
        }
        return {name: np.where(self.land, np.nan, field).astype("float32") for name, field in fields.items()}

    def _mixed(self, weights: dict[int, np.ndarray], month: int) -> dict[str, np.ndarray]:
        """Means of the regimes' waters, weighted by their shares."""
        poleward = np.abs(self.lat)[:, None]
        summer = np.sign(self.lat)[:, None] * np.cos(2 * np.pi * (month - 8) / 12)
        mixed = dict.fromkeys(("sst", "salinity", "dic", "alk", "mld", "eddy_sst"), 0.0)
        for regime, water in WATERS.items():
            warmth = water.sst_slope * (poleward - water.middle) + water.sst_season * summer
            state = {
                "sst": water.sst + warmth,
                "salinity": water.salinity,
                "dic": water.dic + water.dic_per_k * warmth,
                "alk": water.alk,
                "mld": water.mld - water.mld_season * summer,
                "eddy_sst": water.eddy_sst,
            }
            for name, value in state.items():
                mixed[name] = mixed[name] + weights[regime] * value
        return mixed

    def _eddies(self, rng: np.random.Generator) -> np.ndarray:
        """Random field of eddy size, mean 0 and standard deviation 1, closed in longitude."""
        noise = rng.standard_normal((len(self.lat), len(self.lon)))
        field = gaussian_filter(noise, EDDY_DEG / self.resolution_deg, mode=("nearest", "wrap"))
        return field / field.std()
