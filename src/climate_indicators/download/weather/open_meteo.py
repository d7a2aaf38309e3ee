"""Daily weather of a place from Open-Meteo's archive, a year at a time, each kept as it came and checked when read."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.credentials import OPEN_METEO_KEY, credential
from climate_indicators.core.errors import InputError, error_context
from climate_indicators.core.log import Progress
from climate_indicators.download.http.http_errors import TransientError
from climate_indicators.download.http.session import Session, get, retry
from climate_indicators.download.weather.open_meteo_response import (
    DailyAnswer,
    WeatherRequest,
    check_alike,
    is_settled,
    read_answer,
    unit_of,
)
from climate_indicators.geo.grid import middle_in_degrees, read_area_of_interest

# asked for by name, so that a change of the archive's defaults changes nothing here
ASKED_UNITS = {"temperature_unit": "celsius", "precipitation_unit": "mm", "wind_speed_unit": "kmh"}
_log = logging.getLogger("climate_indicators")


def fetch_weather(
    session: Session,
    url: str,
    request: WeatherRequest,
    kept: str | Path,
    path: str | Path,
) -> int:
    """Write daily weather as CSV in the form of Open-Meteo's export: place and timezone first, units in the header.

    Parameters
    ----------
    url : address of the archive's API.
    request : what is asked for.
    kept : folder where the answer of each year is kept; one that is there is not asked for again.
    path : CSV to write.

    Returns
    -------
    Number of years that were fetched.

    Raises
    ------
    InputError
        If the archive cannot be reached or refuses, an answer has other days, units or another place than asked, or
        answers of several years cannot stand in one table.
    """
    folder = Path(kept) / _digest(url, request)
    parts = list(years_between(request.first, request.last))
    ask = partial(_ask, session, url, request)
    progress = Progress(_log, len(parts), "year of weather")
    answers, fetched = [], set()
    for number, (first, last) in enumerate(parts):
        with error_context(_place(request, first, last)):
            answer, new = _part(ask, request, first, last, folder / f"{first}_{last}.csv")
        answers.append(answer)
        fetched |= {number} if new else set()
        progress.step()
    for number in _out_of_date(answers, fetched):
        first, last = parts[number]
        _log.info("%s to %s was kept for another cell or clock than the archive has now: fetched again", first, last)
        with error_context(_place(request, first, last)):
            answers[number], _ = _part(ask, request, first, last, folder / f"{first}_{last}.csv", anew=True)
        fetched.add(number)
    with error_context(_place(request, request.first, request.last)):
        for one in answers[:-1]:
            if said := check_alike(one, answers[-1]):
                _log.warning("weather: %s", said)
    _write(answers, path)
    return len(fetched)


def _out_of_date(answers: Sequence[DailyAnswer], fetched: set[int]) -> list[int]:
    """Places of kept years that are not for the cell and clock of those just fetched; all if the kept ones disagree."""
    if not fetched:
        return [] if all(one.location == answers[-1].location for one in answers) else list(range(len(answers)))
    now = answers[max(fetched)]
    return [at for at, one in enumerate(answers) if at not in fetched and one.location != now.location]


def _place(request: WeatherRequest, first: str, last: str) -> str:
    north, east = "NS"[request.latitude < 0], "EW"[request.longitude < 0]
    return f"weather at {abs(request.latitude):g}° {north}, {abs(request.longitude):g}° {east}, {first} to {last}"


def place_of(
    latitude: float | None, longitude: float | None, aoi: str | Path | None, layer: str | None = None
) -> tuple[float, float]:
    """Latitude and longitude in degrees, those not given taken from the middle of an area of interest.

    The middle is rounded to three decimals, some hundred meters, so that the archive is asked for the same place again.
    """
    if latitude is not None and longitude is not None:
        return latitude, longitude
    east, north = middle_in_degrees(read_area_of_interest(aoi, layer))
    return (round(north, 3) if latitude is None else latitude), (round(east, 3) if longitude is None else longitude)


def years_between(first: str, last: str) -> Iterator[tuple[str, str]]:
    """First and last day of each calendar year's part of a period, as ISO dates."""
    for year in range(int(first[:4]), int(last[:4]) + 1):
        yield max(first, f"{year}-01-01"), min(last, f"{year}-12-31")


def _part(
    ask: Callable[[str, str], bytes], request: WeatherRequest, first: str, last: str, kept: Path, anew: bool = False
) -> tuple[DailyAnswer, bool]:
    """The answer of one year, and whether it was fetched; ``anew`` fetches it though it is kept."""
    if kept.exists() and not anew:
        try:
            return read_answer(kept.read_bytes(), request, first, last), False
        except InputError as error:
            _log.warning("%s is damaged (%s) and is fetched again", kept, error)
    content = ask(first, last)
    answer = read_answer(content, request, first, last)
    if is_settled(answer):
        with atomic_path(kept) as temporary:
            temporary.write_bytes(content)
    else:
        _log.warning("the archive does not have all weather of %s yet: the year is asked for again next time", last)
    return answer, True


def _ask(session: Session, url: str, request: WeatherRequest, first: str, last: str) -> bytes:
    """What the archive answers for some days."""
    asked = {
        "latitude": request.latitude,
        "longitude": request.longitude,
        "start_date": first,
        "end_date": last,
        "daily": ",".join(request.variables),
        "timezone": request.timezone,
        "format": "csv",
        "models": request.model,
        "apikey": credential(OPEN_METEO_KEY) or None,
        **ASKED_UNITS,
    }

    def ask() -> bytes:
        content = get(session, url, params=asked).content
        # the archive says so in the middle of an answer whose status was already sent
        if b"Unexpected error" in content:
            raise TransientError("the archive met an error while it answered")
        return content

    return retry(url, session.policy, ask)


def _write(answers: Sequence[DailyAnswer], path: str | Path) -> None:
    location = answers[0].location
    table = pd.concat([answer.table for answer in answers])
    table.columns = [f"{name} ({unit_of(name)})" for name in table.columns]
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        stream.write(f"{','.join(location)}\n{','.join(location.values())}\n\n")
        table.to_csv(stream, float_format="%.10g", lineterminator="\n", date_format="%Y-%m-%d")


def _digest(url: str, request: WeatherRequest) -> str:
    """Name of the folder of kept years: all that shapes an answer but its days."""
    shape = {key: value for key, value in asdict(request).items() if key not in ("first", "last")}
    return hashlib.sha256(repr((url, sorted(shape.items()))).encode()).hexdigest()[:16]
