"""Daily weather of the synthetic snow site, at a station half-way up the mountain."""

from __future__ import annotations

import datetime
from itertools import accumulate

import numpy as np
import pandas as pd

from climate_indicators.synthetic.noise import stream

MEAN_C, AMPLITUDE_C, WARMEST_DAY = 3.0, 9.3, 200
NOISE_C, PERSISTENCE = 1.8, 0.75
HALF_RANGE_DRY_C, HALF_RANGE_WET_C = 5.0, 3.0
WET_AFTER_DRY, WET_AFTER_WET = 0.22, 0.62
WET_DAY_MM, RAIN_SHAPE = 5.5, 0.8
ALL_SNOW_C, ALL_RAIN_C = 0.0, 2.5
# Open-Meteo's rule: 7 cm of snow are 10 mm of water.
SNOW_CM_PER_MM = 0.7
DAYS_A_DECADE = 3652.5


def daily_weather(first: datetime.date, last: datetime.date, warming_c_per_decade: float, seed: int) -> pd.DataFrame:
    """Weather of every day, under Open-Meteo's names.

    Temperature is a yearly wave, the planted straight warming and noise of the first order; wet spells come from a
    two-state chain (Richardson 1981, doi:10.1029/WR017i001p00182) with gamma-distributed amounts.

    Parameters
    ----------
    first, last : first and last day.
    warming_c_per_decade : the same for the lowest, mean and highest temperature.
    seed : seed of the synthetic site.

    Returns
    -------
    Table ``date`` (text), ``temperature_2m_max``, ``temperature_2m_min``, ``temperature_2m_mean`` (°C),
    ``precipitation_sum``, ``rain_sum`` (mm), ``snowfall_sum`` (cm), ``relative_humidity_2m_mean`` (%), rounded as a
    weather service does.
    """
    dates = pd.date_range(first, last, freq="D")
    rng, count = stream(seed, "snow weather"), len(dates)
    wave = np.cos(2 * np.pi * (dates.day_of_year.to_numpy() - WARMEST_DAY) / 365.25)
    warming = warming_c_per_decade * (np.arange(count) - (count - 1) / 2) / DAYS_A_DECADE
    mean = MEAN_C + AMPLITUDE_C * wave + warming + _noise(count, rng)
    wet = _wet_spells(rng.random(count))
    half = np.where(wet, HALF_RANGE_WET_C, HALF_RANGE_DRY_C) + 0.8 * wave + 0.6 * rng.standard_normal(count)
    half = np.clip(half, 1.0, None)
    amount = wet * rng.gamma(RAIN_SHAPE, WET_DAY_MM / RAIN_SHAPE, count) * (1.0 + 0.2 * wave)
    snow = amount * snow_share(mean)
    humidity = 66.0 - 7.0 * wave + 14.0 * wet + 5.0 * rng.standard_normal(count)
    return pd.DataFrame({
        "date": dates.strftime("%Y-%m-%d"),
        "temperature_2m_max": (mean + half).round(1),
        "temperature_2m_min": (mean - half).round(1),
        "temperature_2m_mean": mean.round(1),
        "precipitation_sum": amount.round(1),
        "rain_sum": (amount - snow).round(1),
        "snowfall_sum": (SNOW_CM_PER_MM * snow).round(2),
        "relative_humidity_2m_mean": np.clip(humidity, 20.0, 100.0).round(),
    })  # fmt: skip


def snow_share(mean_c: np.ndarray) -> np.ndarray:
    """Share of the precipitation that falls as snow, from 1 at ``ALL_SNOW_C`` to 0 at ``ALL_RAIN_C``."""
    return np.clip((ALL_RAIN_C - mean_c) / (ALL_RAIN_C - ALL_SNOW_C), 0.0, 1.0)


def _noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Autoregressive noise of the first order with standard deviation ``NOISE_C``."""
    shocks = NOISE_C * np.sqrt(1 - PERSISTENCE**2) * rng.standard_normal(count)
    return np.array(list(accumulate(shocks.tolist(), lambda before, shock: PERSISTENCE * before + shock)))


def _wet_spells(chances: np.ndarray) -> np.ndarray:
    wet = np.zeros(len(chances), bool)
    for day in range(1, len(chances)):
        wet[day] = chances[day] < (WET_AFTER_WET if wet[day - 1] else WET_AFTER_DRY)
    return wet
