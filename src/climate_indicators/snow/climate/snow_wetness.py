"""Wet or dry snow by date, estimated from the weather of the preceding days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from climate_indicators.snow.climate.weather import read_weather
from climate_indicators.snow.climate.wetness_classes import DRY, UNKNOWN, WET

TEMPERATURE = "temperature_2m_max"
DAYS = 3


def read_temperature(path: str | Path, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Daily highest temperature of a weather file: ``date`` datetime64 and ``temperature_2m_max``, °C.

    Parameters
    ----------
    path, columns : as for `climate_indicators.snow.climate.weather.read_weather`, whose checks the file must pass.
    """
    return read_weather(path, [TEMPERATURE], columns)[0]


def regime_of_dates(
    dates: Iterable, weather: pd.DataFrame | None, wet_above_c: float = 5.0, days: int = DAYS
) -> list[str]:
    """Snow wetness of each date: wet after warm days, dry after cold ones.

    C-band radar is sensitive to wet snow and hardly to dry snow, so skill is reported separately; the temperature at
    one station is a rough sign of it only.

    Parameters
    ----------
    dates : of scenes, anything that pandas takes for dates.
    weather : ``date`` datetime64 and ``temperature_2m_max`` in °C, one row per day (of several places: their mean
        counts); None or empty if there is no weather.
    wet_above_c : from this mean highest temperature on, snow counts as wet, °C.
    days : length of the mean: the date and the days before it; days without a value are left out.

    Returns
    -------
    ``wet``, ``dry``, or ``unknown`` where no day has a value.
    """
    dates = pd.DatetimeIndex(pd.to_datetime(list(dates)))
    if weather is None or weather.empty:
        return [UNKNOWN] * len(dates)
    daily = weather.groupby("date")[TEMPERATURE].mean()
    before = [daily.reindex(dates - pd.Timedelta(days=back)).to_numpy() for back in range(days)]
    means = pd.DataFrame(before).mean(axis=0)
    return [UNKNOWN if pd.isna(mean) else WET if mean >= wet_above_c else DRY for mean in means]
