"""A server that answers as Open-Meteo's archive does: CSV, errors as JSON, days in the place's timezone."""

import json
import math
from urllib.parse import parse_qs

import pandas as pd

from servers.faulty import Faulty

# unit and decimals of a daily variable in the archive's CSV
DAILY = {
    "temperature_2m_max": ("°C", 1),
    "temperature_2m_min": ("°C", 1),
    "temperature_2m_mean": ("°C", 1),
    "precipitation_sum": ("mm", 2),
    "snowfall_sum": ("cm", 2),
    "relative_humidity_2m_mean": ("%", 0),
}
LOCATION = "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation"


class WeatherServer(Faulty):
    """Serves ``/v1/archive`` from 1940 to ``last``; ``value`` gives the number of a variable and day, NaN for null.

    ``units`` puts another unit in place of a variable's; ``offset_s``, ``zone``: timezone of every place, for ``auto``;
    ``elevation``: height of every place; ``cell``: how far its cell lies to the north, in degrees.
    """

    def __init__(self, value, last="2025-12-31", offset_s=20700, units=None, key=None):
        super().__init__()
        self.zone, self.elevation, self.cell = ("Asia/Kathmandu", "GMT+5:45"), 5050.0, 0.0
        self.value, self.last, self.offset_s, self.units, self.key = value, last, offset_s, units or {}, key

    @property
    def endpoint(self):
        return f"{self.url}/v1/archive"

    def asked_years(self):
        return [parse_qs(query)["start_date"][0][:4] for _, query, _ in self.requests]

    def answer(self, path, query, headers):
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if self.key is not None and asked.get("apikey") != self.key:
            return refusal(401, f"The supplied API key {asked.get('apikey')} is invalid")
        first, last = asked["start_date"], asked["end_date"]
        if last > self.last:
            return refusal(
                400, f"Parameter 'end_date' is out of allowed range from 1940-01-01 to {self.last}. Given {last}."
            )
        names = asked["daily"].split(",")
        unknown = [name for name in names if name not in DAILY]
        if unknown:
            return refusal(400, f"Data corrupted at path ''. Cannot initialize from invalid value {unknown[0]}.")
        if asked.get("format") != "csv":
            return refusal(400, "this server answers in CSV only")
        offset = self.offset_s if asked.get("timezone") == "auto" else 0
        place = (float(asked["latitude"]), float(asked["longitude"]))
        return 200, {"Content-Type": "text/csv; charset=utf-8"}, self.message(names, first, last, place, offset)

    def message(self, names, first, last, place, offset):
        # the archive answers for the middle of its cell
        latitude, longitude = round(place[0] * 10) / 10 + self.cell, round(place[1] * 10) / 10
        zone = self.zone if offset else ("GMT",) * 2
        lines = [LOCATION, f"{latitude},{longitude},{self.elevation},{offset},{','.join(zone)}", ""]
        lines.append(",".join(["time", *(f"{name} ({self.units.get(name, DAILY[name][0])})" for name in names)]))
        for day in pd.date_range(first, last):
            values = [self.value(name, day.date()) for name in names]
            written = (
                "NaN" if math.isnan(value) else f"{value:.{DAILY[name][1]}f}"
                for name, value in zip(names, values, strict=True)
            )
            lines.append(",".join([f"{day:%Y-%m-%d}", *written]))
        return ("\n".join(lines) + "\n").encode()


def refusal(status, reason):
    return status, {"Content-Type": "application/json"}, json.dumps({"error": True, "reason": reason}).encode()


def mountain(name, day):
    """A number that tells variable and day; no snowfall is known for the first of a month."""
    if name == "snowfall_sum" and day.day == 1:
        return math.nan
    turn = math.cos(2 * math.pi * day.timetuple().tm_yday / 365)
    return {
        "temperature_2m_max": round(5.1 - 12 * turn, 1),
        "temperature_2m_min": round(-6.3 - 12 * turn, 1),
        "precipitation_sum": 0.1 * (day.day % 7),
        "snowfall_sum": 0.07 * (day.day % 5),
        "relative_humidity_2m_mean": 60 + day.month,
    }[name]
