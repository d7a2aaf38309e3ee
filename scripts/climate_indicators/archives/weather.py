"""Daily weather of a place from Open-Meteo's archive, a year at a time, each kept as it came and checked when read.

Answers are FlatBuffers, read with Open-Meteo's own `openmeteo_sdk`. Its client package is left out: it brings a fork of
urllib3 that overwrites the one that everything else here is tested with.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import requests
from openmeteo_sdk.Unit import Unit
from openmeteo_sdk.VariablesWithTime import VariablesWithTime
from openmeteo_sdk.WeatherApiResponse import WeatherApiResponse

from climate_indicators.archives.http import Patience, Tries, get
from climate_indicators.files import atomic_path
from climate_indicators.grids import read_area_of_interest
from climate_indicators.logs import InputError, Progress, naming

KEY_VARIABLE = "OPEN_METEO_KEY"
DAY_S = 86400
# asked for by name, so that a change of the archive's defaults changes nothing here
ASKED_UNITS = {"temperature_unit": "celsius", "precipitation_unit": "mm", "wind_speed_unit": "kmh"}
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
_log = logging.getLogger("climate_indicators")


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


def fetch_weather(
    session: requests.Session,
    url: str,
    request: WeatherRequest,
    kept: str | Path,
    path: str | Path,
    patience: Patience | None = None,
) -> int:
    """Write daily weather as CSV in the form of Open-Meteo's export: place and timezone first, units in the header.

    Parameters
    ----------
    session : as `climate_indicators.archives.http.open_session` gives it.
    url : address of the archive's API.
    request : what is asked for.
    kept : folder where the answer of each year is kept; one that is there is not asked for again.
    path : CSV to write.
    patience : how often to ask again after an answer that broke off inside.

    Returns
    -------
    Number of years that were fetched.

    Raises
    ------
    InputError
        If the archive cannot be reached or refuses, or an answer has other days, units or another place than asked.
    """
    folder = Path(kept) / _digest(url, request)
    parts = list(years_between(request.first, request.last))
    progress = Progress(_log, len(parts), "year of weather")
    answers, fetched = [], 0
    for first, last in parts:
        place = f"{abs(request.latitude):g}° {'NS'[request.latitude < 0]}, {abs(request.longitude):g}° "
        with naming(f"weather at {place}{'EW'[request.longitude < 0]}, {first} to {last}"):
            answer, new = _part(session, url, request, first, last, folder / f"{first}_{last}.bin", patience)
        answers.append(answer)
        fetched += new
        progress.step()
    _write(answers, request.variables, path)
    return fetched


def place_of(latitude: float | None, longitude: float | None, aoi: str | Path | None) -> tuple[float, float]:
    """Latitude and longitude in degrees, those not given taken from the middle of an area of interest.

    The middle is rounded to three decimals, some hundred metres, so that the archive is asked for the same place again.
    """
    if latitude is not None and longitude is not None:
        return latitude, longitude
    west, south, east, north = read_area_of_interest(aoi).to_crs("EPSG:4326").total_bounds
    middle = round((south + north) / 2, 3), round((west + east) / 2, 3)
    return (middle[0] if latitude is None else latitude), (middle[1] if longitude is None else longitude)


def years_between(first: str, last: str) -> Iterator[tuple[str, str]]:
    """First and last day of each calendar year's part of a period, as ISO dates."""
    for year in range(int(first[:4]), int(last[:4]) + 1):
        yield max(first, f"{year}-01-01"), min(last, f"{year}-12-31")


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
        answer = _decode(message, request.variables, first, last)
    except (struct.error, IndexError, TypeError, UnicodeDecodeError, OverflowError) as error:
        raise InputError(f"the answer is no message in FlatBuffers that can be read ({error})") from error
    gap = (answer.longitude - request.longitude + 180) % 360 - 180
    if abs(answer.latitude - request.latitude) > FURTHEST_DEG or abs(gap) > FURTHEST_DEG:
        raise InputError(
            f"the answer is for {answer.latitude:g}, {answer.longitude:g}, expected within {FURTHEST_DEG:g}° of "
            f"{request.latitude:g}, {request.longitude:g}. Look at latitude and longitude in the settings."
        )
    return answer


def _part(
    session: requests.Session,
    url: str,
    request: WeatherRequest,
    first: str,
    last: str,
    kept: Path,
    patience: Patience | None,
) -> tuple[DailyAnswer, bool]:
    """The answer of one year, and whether it was fetched."""
    if kept.exists():
        try:
            return read_answer(kept.read_bytes(), request, first, last), False
        except InputError as error:
            _log.warning("%s is damaged (%s) and is fetched again", kept, error)
    content = _ask(session, url, request, first, last, patience or Patience())
    answer = read_answer(content, request, first, last)
    if answer.table.iloc[-1].isna().all():
        _log.warning("the archive has no weather of %s yet: the year is not kept, and asked for again next time", last)
    else:
        with atomic_path(kept) as temporary:
            temporary.write_bytes(content)
    return answer, True


def _ask(
    session: requests.Session, url: str, request: WeatherRequest, first: str, last: str, patience: Patience
) -> bytes:
    asked = {
        "latitude": request.latitude,
        "longitude": request.longitude,
        "start_date": first,
        "end_date": last,
        "daily": ",".join(request.variables),
        "timezone": request.timezone,
        "format": "flatbuffers",
        **ASKED_UNITS,
    }
    if request.model is not None:
        asked["models"] = request.model
    if key := os.environ.get(KEY_VARIABLE, "").strip():
        asked["apikey"] = key
    tries = Tries(url, patience)
    while True:
        content = get(session, url, params=asked).content
        # the archive says so in the middle of an answer whose status was already sent
        if not content.startswith(b"Unexpected"):
            return content
        tries.again("the archive met a fault of its own while it answered")


def _decode(message: WeatherApiResponse, variables: Sequence[str], first: str, last: str) -> DailyAnswer:
    daily, offset = message.Daily(), message.UtcOffsetSeconds()
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
    return DailyAnswer(
        latitude=message.Latitude(),
        longitude=message.Longitude(),
        elevation_m=message.Elevation(),
        utc_offset_s=offset,
        timezone=_text(message.Timezone()),
        abbreviation=_text(message.TimezoneAbbreviation()),
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


def _write(answers: Sequence[DailyAnswer], variables: Sequence[str], path: str | Path) -> None:
    cell = answers[0]
    place = {
        "latitude": f"{cell.latitude:.7g}",
        "longitude": f"{cell.longitude:.7g}",
        "elevation": f"{cell.elevation_m:.7g}",
        "utc_offset_seconds": str(cell.utc_offset_s),
        "timezone": cell.timezone,
        "timezone_abbreviation": cell.abbreviation,
    }
    table = pd.concat([answer.table for answer in answers])
    table.columns = [f"{name} ({unit_of(name)[1]})" for name in variables]
    table.index.name = "time"
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        stream.write(f"{','.join(place)}\n{','.join(place.values())}\n\n")
        # seven digits give a float32 back as it was
        table.to_csv(stream, float_format="%.7g", lineterminator="\n", date_format="%Y-%m-%d")


def _digest(url: str, request: WeatherRequest) -> str:
    """Name of the folder of kept years: all that shapes an answer but its days."""
    shape = {key: value for key, value in asdict(request).items() if key not in ("first", "last")}
    return hashlib.sha256(repr((url, sorted(shape.items()))).encode()).hexdigest()[:16]


def _text(text: bytes | str | None) -> str:
    return text.decode() if isinstance(text, bytes) else (text or "")
