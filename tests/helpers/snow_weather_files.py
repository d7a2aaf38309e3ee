"""Small weather files for the tests of the snow study's climate part."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

VARIABLES = [
    "temperature_2m_max", "temperature_2m_min", "precipitation_sum", "snowfall_sum", "relative_humidity_2m_mean",
]  # fmt: skip
UNITS = dict(zip(VARIABLES, ["°C", "°C", "mm", "cm", "%"], strict=True))
_PUBLISHED = os.environ.get("SNOW_WEATHER") or Path(__file__).resolve().parents[3] / "shared/data/snow_weather"
PUBLISHED = Path(_PUBLISHED) if str(_PUBLISHED).endswith(".csv") else Path(_PUBLISHED) / "results_df.csv"
needs_published = pytest.mark.skipif(
    not PUBLISHED.exists(), reason=f"the published table is not at {PUBLISHED}; set SNOW_WEATHER to its folder"
)


def daily_weather(years=10, warming=0.0, seed=0, start="2010-01-01"):
    """Weather of a mountain: annual cycle, noise with a memory, ``warming`` in °C per decade."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range(start, periods=int(365.25 * years))
    noise = np.zeros(len(dates))
    steps = rng.normal(0, 2, len(dates))
    for day in range(1, len(dates)):
        noise[day] = 0.7 * noise[day - 1] + steps[day]
    mean = 2 - 10 * np.cos(2 * np.pi * (dates.day_of_year - 20) / 365.25) + noise
    mean = mean + warming * np.arange(len(dates)) / 3652.425
    water = np.where(rng.random(len(dates)) < 0.4, rng.gamma(1, 5, len(dates)), 0.0)
    snow = np.where(mean < 0, 0.7 * water, 0.0)
    humidity = np.clip(70 + 2 * water + rng.normal(0, 8, len(dates)), 5, 100)
    values = [mean + rng.uniform(2, 6, len(dates)), mean - rng.uniform(2, 6, len(dates)), water, snow, humidity]
    return pd.DataFrame({"time": dates, **dict(zip(VARIABLES, np.round(values, 2), strict=True))})


def write(table, path, dates="%Y-%m-%d"):
    table.assign(time=table["time"].dt.strftime(dates)).to_csv(path, index=False)
    return path


def export(table, path, units=UNITS, longitude=86.8, offset=20700, zone="Asia/Kathmandu"):
    """Open-Meteo's own CSV: lines of location, an empty line, a header with units."""
    head = (
        "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
        f"27.97,{longitude},5100.0,{offset},{zone},GMT+5:45\n\n"
    )
    body = table.assign(time=table["time"].dt.strftime("%Y-%m-%d")).rename(columns=lambda c: (
        f"{c} ({units[c]})" if c in units else c
    )).to_csv(index=False, na_rep="NaN")  # fmt: skip
    path.write_text(head + body, encoding="utf-8")
    return path
