"""Answers of Open-Meteo's archive in CSV: read, checked against the request and against answers of other years."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from climate_indicators.core.daily_csv import dates, numbers, read_daily
from climate_indicators.core.errors import InputError

# unit of a variable by the start of its name
UNITS = {
    "temperature_": "°C",
    "precipitation_": "mm",
    "rain_": "mm",
    "snowfall_": "cm",
    "relative_humidity_": "%",
    "wind_speed_": "km/h",
    "shortwave_radiation_": "MJ/m²",
}
LOCATION = ("latitude", "longitude", "elevation", "utc_offset_seconds", "timezone", "timezone_abbreviation")
# largest distance between the place and the center of the archive's cell, in degrees: the coarsest model has 0.5°
MAX_DISTANCE_DEG = 0.5
# a variable without any value in fewer days than this may be one that the archive does not have yet
FEW_DAYS = 30
# heights that differ by less are one height
SAME_HEIGHT_M = 1.0
HOUR_S = 3600


@dataclass(frozen=True)
class WeatherRequest:
    """What is asked for: a place in degrees, days from first to last, variables under Open-Meteo's daily names.

    ``timezone``: that of the days: a name such as ``Asia/Kathmandu``, ``GMT``, or ``auto`` for that of the place;
    ``model``: a reanalysis of the archive, None for the best at the place.
    """

    latitude: float
    longitude: float
    first: str
    last: str
    variables: tuple[str, ...]
    timezone: str = "auto"
    model: str | None = None


@dataclass(frozen=True)
class DailyAnswer:
    """One answer: text of `LOCATION` as the archive wrote it, and float64 values, a row per day, NaN where missing."""

    location: dict[str, str]
    table: pd.DataFrame

    def number(self, key: str) -> float:
        """A number of the location."""
        return float(self.location[key])

    @property
    def cell(self) -> str:
        """Coordinates of the cell, for messages."""
        return f"{self.number('latitude'):g}, {self.number('longitude'):g}"

    @property
    def clock(self) -> str:
        """Timezone and its offset, for messages."""
        return f"{self.location['timezone']} ({self.number('utc_offset_seconds') / HOUR_S:+g} h)"

    @property
    def days(self) -> str:
        """First and last day, for messages."""
        return f"{self.table.index[0]:%Y-%m-%d} to {self.table.index[-1]:%Y-%m-%d}"


def read_answer(content: bytes, request: WeatherRequest, first: str, last: str) -> DailyAnswer:
    """Read an answer and check it against the request.

    Raises
    ------
    InputError
        If it is no such CSV, or has other days, units or another place.
    """
    name = "the answer"
    source = read_daily(name, request.variables, content=content)
    days, expected = dates(source)[0], pd.date_range(first, last, name="time")
    if not expected.equals(pd.DatetimeIndex(days)):
        raise InputError(
            f"{name} has {len(days)} days from {days.iloc[0]:%Y-%m-%d} to {days.iloc[-1]:%Y-%m-%d}, expected every day "
            f"of {first} to {last}"
        )
    table = pd.DataFrame({one: numbers(source, one).to_numpy() for one in request.variables}, expected)
    for variable in request.variables:
        found = source.units.get(variable, "none")
        # the archive may name no unit for a variable without any value
        if found != unit_of(variable) and table[variable].notna().any():
            raise InputError(f"{variable} has the unit '{found}', expected {unit_of(variable)}")
    location = source.locations[0] if source.locations else {}
    try:
        answer = DailyAnswer({key: location[key] for key in LOCATION}, table)
        distances = [answer.number(key) - getattr(request, key) for key in ("latitude", "longitude")]
        answer.number("elevation"), answer.number("utc_offset_seconds")
    except (KeyError, ValueError) as error:
        raise InputError(f"{name} has no line with {', '.join(LOCATION)}") from error
    if not max(abs(distances[0]), abs((distances[1] + 180) % 360 - 180)) <= MAX_DISTANCE_DEG:
        raise InputError(
            f"{name} is for {answer.cell}, expected a place within {MAX_DISTANCE_DEG:g}° of {request.latitude:g}, "
            f"{request.longitude:g}. Look at latitude and longitude in the settings."
        )
    return answer


def is_settled(answer: DailyAnswer) -> bool:
    """Whether the last day is known in all variables that the archive has; some lag by days."""
    table = answer.table
    expected = table.columns if len(table) < FEW_DAYS else table.columns[table.notna().any()]
    return len(expected) > 0 and bool(table.iloc[-1][expected].notna().all())


def check_alike(one: DailyAnswer, other: DailyAnswer) -> str:
    """How two answers for one place differ that may be in one table; "" if they do not differ.

    The archive begins days at midnight by the clock of the day of the request: an hour differs between summer and
    winter.

    Raises
    ------
    InputError
        If they differ in height, in timezone, or by more than that hour.
    """
    heights = [answer.number("elevation") for answer in (one, other)]
    if abs(heights[0] - heights[1]) > SAME_HEIGHT_M:
        raise InputError(
            f"the values of {one.days} are for {heights[0]:g} m above sea level, those of {other.days} for "
            f"{heights[1]:g} m; expected one height. Set weather.model, such as era5, to have one model for all years."
        )
    shift = abs(one.number("utc_offset_seconds") - other.number("utc_offset_seconds"))
    if one.location["timezone"] != other.location["timezone"] or shift > HOUR_S:
        raise InputError(
            f"the days of {one.days} are in {one.clock}, those of {other.days} in {other.clock}; expected one "
            "timezone. Set weather.timezone, such as GMT."
        )
    found = []
    if shift:
        found.append(
            f"the days of {one.days} begin by the clock of {one.clock}, those of {other.days} by {other.clock}"
        )
    if one.cell != other.cell:
        found.append(f"the values of {one.days} are of the cell {one.cell}, those of {other.days} of {other.cell}")
    return "; ".join(found)


def unit_of(name: str) -> str:
    """Unit of a daily variable.

    Raises
    ------
    InputError
        If the variable is not known.
    """
    for start, unit in UNITS.items():
        if name.startswith(start):
            return unit
    raise InputError(f"the unit of the variable '{name}' is not known; known are {', '.join(f'{k}…' for k in UNITS)}")
