"""Answers of Open-Meteo's archive: read, checked against what was asked, and against those of other years.

Answers are FlatBuffers, read with Open-Meteo's own `openmeteo_sdk`. Its client package is left out: it brings a fork of
urllib3 that overwrites the one that everything else here is tested with.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import pandas as pd
from openmeteo_sdk.Unit import Unit
from openmeteo_sdk.VariablesWithTime import VariablesWithTime
from openmeteo_sdk.WeatherApiResponse import WeatherApiResponse

from climate_indicators.core.errors import InputError

DAY_S = 86400
# unit of a variable by the start of its name: the archive's number, and its sign in the table
UNITS = {
    "temperature_": (Unit.celsius, "°C"),
    "precipitation_": (Unit.millimetre, "mm"),
    "rain_": (Unit.millimetre, "mm"),
    "snowfall_": (Unit.centimetre, "cm"),
    "relative_humidity_": (Unit.percentage, "%"),
    "wind_speed_": (Unit.kilometres_per_hour, "km/h"),
    "shortwave_radiation_": (Unit.megajoule_per_square_metre, "MJ/m²"),
}
UNIT_NAMES = {number: name for name, number in vars(Unit).items() if isinstance(number, int)}
# the centre of the archive's cell is no further than this from the place, in degrees: its coarsest model has 0.5°
FURTHEST_DEG = 0.5
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
    """One answer: the cell (degrees, metres), its timezone, and float32 values, a row a day, NaN for nulls."""

    latitude: float
    longitude: float
    elevation_m: float
    utc_offset_s: int
    timezone: str
    abbreviation: str
    table: pd.DataFrame


def read_answer(content: bytes, request: WeatherRequest, first: str, last: str) -> DailyAnswer:
    """An answer of the archive, checked against what was asked.

    Raises
    ------
    InputError
        If it is no such answer, or has other days, units or another place.
    """
    try:
        length = int.from_bytes(content[:4], "little")
        if length + 4 != len(content):
            raise InputError(f"the answer is no single message in FlatBuffers (it begins with {content[:20]!r})")
        message = WeatherApiResponse.GetRootAs(content, 4)
        answer = _decode(message, request, first, last)
    except InputError:
        raise
    # numbers of a damaged message lead beyond its end, or to days that no calendar has
    except (struct.error, IndexError, TypeError, ValueError, OverflowError, NotImplementedError) as error:
        raise InputError(f"the answer is no message in FlatBuffers that can be read ({error})") from error
    gap = (answer.longitude - request.longitude + 180) % 360 - 180
    if abs(answer.latitude - request.latitude) > FURTHEST_DEG or abs(gap) > FURTHEST_DEG:
        raise InputError(
            f"the answer is for {answer.latitude:g}, {answer.longitude:g}, expected within {FURTHEST_DEG:g}° of "
            f"{request.latitude:g}, {request.longitude:g}. Look at latitude and longitude in the settings."
        )
    return answer


def is_settled(answer: DailyAnswer) -> bool:
    """Whether the last day is known in all variables that the archive has; it may lag by days, and in some alone."""
    table = answer.table
    expected = table.columns if len(table) < FEW_DAYS else table.columns[table.notna().any()]
    return len(expected) > 0 and bool(table.iloc[-1][expected].notna().all())


def is_alike(one: DailyAnswer, other: DailyAnswer) -> bool:
    """Whether two answers are for the same cell and height, and their days for the same clock."""
    return _place_and_clock(one) == _place_and_clock(other)


def check_alike(one: DailyAnswer, other: DailyAnswer) -> str:
    """In what two answers for one place differ that can stand in one table; "" if in nothing.

    The archive cuts days at midnight by the clock of the day on which it is asked: an hour between summer and winter.

    Raises
    ------
    InputError
        If they differ in height, in timezone, or by more than that hour.
    """
    first, second = _years(one), _years(other)
    if abs(one.elevation_m - other.elevation_m) > SAME_HEIGHT_M:
        raise InputError(
            f"the values of {first} are for {one.elevation_m:g} m above sea level, those of {second} for "
            f"{other.elevation_m:g} m; expected one height. Set weather.model, such as era5, to have one model for all "
            "years."
        )
    clocks = [f"{answer.timezone} ({answer.utc_offset_s / HOUR_S:+g} h)" for answer in (one, other)]
    if one.timezone != other.timezone or abs(one.utc_offset_s - other.utc_offset_s) > HOUR_S:
        raise InputError(
            f"the days of {first} are those of {clocks[0]}, of {second} those of {clocks[1]}; expected one timezone. "
            "Set weather.timezone, such as GMT."
        )
    said = []
    if one.utc_offset_s != other.utc_offset_s:
        said.append(f"the days of {first} begin by the clock of {clocks[0]}, of {second} by that of {clocks[1]}")
    cells = [f"{answer.latitude:g}, {answer.longitude:g}" for answer in (one, other)]
    if cells[0] != cells[1]:
        said.append(f"the values of {first} are of the cell {cells[0]}, of {second} of {cells[1]}")
    return "; ".join(said)


def _place_and_clock(answer: DailyAnswer) -> tuple[float, float, float, int, str]:
    return answer.latitude, answer.longitude, answer.elevation_m, answer.utc_offset_s, answer.timezone


def _years(answer: DailyAnswer) -> str:
    days = answer.table.index
    return f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"


def _decode(message: WeatherApiResponse, request: WeatherRequest, first: str, last: str) -> DailyAnswer:
    daily, offset, variables = message.Daily(), message.UtcOffsetSeconds(), request.variables
    if daily is None or daily.Interval() != DAY_S:
        raise InputError("the answer has no daily values")
    days = pd.date_range(first, last, freq="D")
    # times are UTC; the day of a place begins at its own midnight
    found = [pd.Timestamp(time + offset, unit="s") for time in (daily.Time(), daily.TimeEnd() - DAY_S)]
    if found != [days[0], days[-1]]:
        raise InputError(
            f"the answer is for {found[0]:%Y-%m-%d %H:%M} to {found[1]:%Y-%m-%d %H:%M} in a timezone "
            f"{offset / 3600:+g} h from UTC, expected are whole days of {first} to {last}"
        )
    if daily.VariablesLength() != len(variables):
        raise InputError(f"the answer has {daily.VariablesLength()} variables, asked for were {len(variables)}")
    columns = {name: _values(daily, at, name, len(days)) for at, name in enumerate(variables)}
    clock = _clock(offset)
    return DailyAnswer(
        latitude=message.Latitude(),
        longitude=message.Longitude(),
        elevation_m=message.Elevation(),
        utc_offset_s=offset,
        # the archive leaves the words out, as for days in GMT
        timezone=_text(message.Timezone()) or (clock if request.timezone == "auto" else request.timezone),
        abbreviation=_text(message.TimezoneAbbreviation()) or clock,
        table=pd.DataFrame(columns, days),
    )


def _values(daily: VariablesWithTime, at: int, name: str, count: int) -> np.ndarray:
    """Values of the variable that was asked for as number ``at``, in the unit that was asked for."""
    variable = daily.Variables(at)
    values = np.full(count, np.nan, "float32") if variable.ValuesIsNone() else variable.ValuesAsNumpy()
    number, sign = unit_of(name)
    # without any value the archive may name no unit
    empty = np.isnan(values).all() and variable.Unit() == Unit.undefined
    if variable.Unit() != number and not empty:
        found = UNIT_NAMES.get(variable.Unit(), variable.Unit())
        raise InputError(f"{name} came in the unit '{found}', asked for was {sign}")
    if len(values) != count:
        raise InputError(f"{name} has {len(values)} values for {count} days")
    return values


def unit_of(name: str) -> tuple[int, str]:
    """Unit of a daily variable: the archive's number and its sign.

    Raises
    ------
    InputError
        If the variable is not known.
    """
    for start, unit in UNITS.items():
        if name.startswith(start):
            return unit
    raise InputError(f"the unit of the variable '{name}' is not known; known are {', '.join(f'{k}…' for k in UNITS)}")


def _clock(offset_s: int) -> str:
    """A clock in the archive's words: ``GMT``, ``GMT+5:45``."""
    if offset_s == 0:
        return "GMT"
    minutes = abs(offset_s) // 60
    return f"GMT{'-' if offset_s < 0 else '+'}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")


def _text(text: bytes | str | None) -> str:
    return text.decode() if isinstance(text, bytes) else (text or "")
