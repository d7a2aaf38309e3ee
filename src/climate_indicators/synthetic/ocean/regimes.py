"""Positions of the regimes of the simulated ocean by month: fronts with seasonal migration and a trend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from climate_indicators.synthetic.noise import stream

LAND, ICE, SUBPOLAR, SUBTROPICAL, UPWELLING = -1, 1, 2, 3, 4
REGIMES = {ICE: "ice", SUBPOLAR: "subpolar", SUBTROPICAL: "subtropical", UPWELLING: "upwelling"}
# of ice edge, subtropical front and upwelling tongue
FRONT_WIDTHS_DEG = (0.4, 0.4, 0.4)
# latitude, half of its seasonal swing, month of its northernmost place (summer's end in the north, winter's in the
# south), share of the drift that it takes
SUBTROPICAL_FRONTS = {"north": (38.0, 4.0, 9, 1.0), "south": (-39.0, 3.0, 9, 1.0)}
ICE_EDGES = {"north": (66.0, 2.5, 9, 1.0), "south": (-62.0, 4.0, 9, 1.0)}
# longitude and latitude of the middle, half axes, all in degrees; they widen in the season of the trade winds
TONGUES = (
    (-110.0, -1.0, 44.0, 15.0),
    (-10.0, -4.0, 24.0, 9.0),
    (60.0, 14.0, 12.0, 11.0),
    (-80.0, -15.0, 12.0, 14.0),
    (6.0, -22.0, 12.0, 13.0),
)
# growth of the tongues' long half axis, degrees per degree of drift
TONGUE_DRIFT = 4.0


@dataclass(frozen=True)
class Fronts:
    """Signed distances to the borders of the regimes in one month, in degrees, positive inside.

    Attributes
    ----------
    ice, subtropical, upwelling : float64, shape (lat, lon). Ice has priority, then upwelling; the
        rest of the ocean that is not subtropical is subpolar.
    """

    ice: np.ndarray
    subtropical: np.ndarray
    upwelling: np.ndarray

    @property
    def regime(self) -> np.ndarray:
        """Regime of every place: int8, shape (lat, lon)."""
        inner = np.where(self.subtropical > 0, SUBTROPICAL, SUBPOLAR)
        return np.where(self.ice > 0, ICE, np.where(self.upwelling > 0, UPWELLING, inner)).astype("int8")

    @property
    def weights(self) -> dict[int, np.ndarray]:
        """Share of each regime's water at every place, shape (lat, lon) each; together 1."""
        ice, subtropical, upwelling = (
            0.5 + 0.5 * np.tanh(distance / width)
            for distance, width in zip((self.ice, self.subtropical, self.upwelling), FRONT_WIDTHS_DEG, strict=True)
        )
        rest = (1 - ice) * (1 - upwelling)
        return {
            ICE: ice,
            UPWELLING: (1 - ice) * upwelling,
            SUBTROPICAL: rest * subtropical,
            SUBPOLAR: rest * (1 - subtropical),
        }


def fronts(lat: np.ndarray, lon: np.ndarray, months: float, drift_deg_per_decade: float, seed: int) -> Fronts:
    """Borders of the regimes.

    Parameters
    ----------
    lat, lon : float, shapes (n_lat,) and (n_lon,), degrees north and east.
    months : whole months since January of the first year.
    drift_deg_per_decade : poleward drift of the subtropical fronts; ice edges take a share of it, and
        the tongues of upwelling grow with it.
    seed : start of the random meanders.
    """
    decades = months / 120
    north, south, ice_north, ice_south = (
        _line(lon, name, *place, months, decades * drift_deg_per_decade, seed)
        for name, place in (
            ("north front", SUBTROPICAL_FRONTS["north"]),
            ("south front", SUBTROPICAL_FRONTS["south"]),
            ("north ice", ICE_EDGES["north"]),
            ("south ice", ICE_EDGES["south"]),
        )
    )
    latitude = lat[:, None]
    return Fronts(
        ice=np.maximum(latitude - ice_north, ice_south - latitude),
        subtropical=np.minimum(north - latitude, latitude - south),
        upwelling=_tongues(lat, lon, months, decades * drift_deg_per_decade, seed),
    )


def _line(
    lon: np.ndarray, name: str, mean: float, swing: float, peak: int, share: float, months: int, drift: float, seed: int
) -> np.ndarray:
    """Latitude of a border along all longitudes."""
    season = swing * np.cos(2 * np.pi * (months % 12 + 1 - peak) / 12)
    year, month = (stream(seed, name, 1 + key) for key in (months // 12, 10_000 + months))
    wobble = 0.35 * year.standard_normal() + 0.15 * month.standard_normal()
    standing = _meander(lon, stream(seed, name, 0), 2.0)
    eddies = _meander(lon, month, 0.7, highest=20)
    return mean + season + np.sign(mean) * share * drift + wobble + standing + eddies


def _meander(lon: np.ndarray, rng: np.random.Generator, amplitude: float, highest: int = 8) -> np.ndarray:
    """Periodic line with the given standard deviation, a sum of waves with decreasing amplitude."""
    number = np.arange(2, highest + 1)
    height, phase = rng.standard_normal(len(number)) / number, rng.uniform(0, 2 * np.pi, len(number))
    height *= amplitude / np.sqrt((height**2).sum() / 2)
    return (height[:, None] * np.cos(number[:, None] * np.radians(lon) + phase[:, None])).sum(axis=0)


def _tongues(lat: np.ndarray, lon: np.ndarray, months: int, drift: float, seed: int) -> np.ndarray:
    swell = 1 + 0.15 * np.cos(2 * np.pi * (months % 12 + 1 - 8) / 12)
    rng = stream(seed, "tongues", months // 12)
    distances = []
    for east, north, along, across in TONGUES:
        size = swell * (1 + 0.03 * rng.standard_normal())
        length = (along + TONGUE_DRIFT * drift) * size
        radius = np.hypot((lon[None] - east) / length, (lat[:, None] - north) / (across * size))
        distances.append((1 - radius) * across * size)
    return np.max(distances, axis=0)
