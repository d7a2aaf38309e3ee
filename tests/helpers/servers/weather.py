"""A server that answers as Open-Meteo's archive does: FlatBuffers, errors as JSON, days in the place's timezone.

The messages are built by the slots of the published schema (weather_api.fbs), which the SDK's readers follow.
"""

import datetime
import json
import math
from urllib.parse import parse_qs

import flatbuffers
import numpy as np
from openmeteo_sdk.Aggregation import Aggregation
from openmeteo_sdk.Unit import Unit
from openmeteo_sdk.Variable import Variable

from servers.faulty import Faulty

# what the archive says of a daily variable: variable, aggregation, unit, height
DAILY = {
    "temperature_2m_max": (Variable.temperature, Aggregation.maximum, Unit.celsius, 2),
    "temperature_2m_min": (Variable.temperature, Aggregation.minimum, Unit.celsius, 2),
    "temperature_2m_mean": (Variable.temperature, Aggregation.mean, Unit.celsius, 2),
    "precipitation_sum": (Variable.precipitation, Aggregation.sum, Unit.millimetre, 0),
    "snowfall_sum": (Variable.snowfall, Aggregation.sum, Unit.centimetre, 0),
    "relative_humidity_2m_mean": (Variable.relative_humidity, Aggregation.mean, Unit.percentage, 2),
}


class WeatherServer(Faulty):
    """Serves ``/v1/archive`` from 1940 to ``last``; ``value`` gives the number of a variable and day, NaN for null.

    ``units`` puts another unit in place of a variable's; ``offset_s``, ``zone``: timezone of every place, for ``auto``;
    ``elevation``: height of every place; ``cell``: how far its cell lies to the north, in degrees;
    ``words``: whether answers name the timezone in words.
    """

    def __init__(self, value, last="2025-12-31", offset_s=20700, units=None, key=None):
        super().__init__()
        self.zone, self.elevation, self.cell = ("Asia/Kathmandu", "GMT+5:45"), 5050.0, 0.0
        self.words = True
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
        if asked.get("format") != "flatbuffers":
            return refusal(400, "this server speaks FlatBuffers only")
        offset = self.offset_s if asked.get("timezone") == "auto" else 0
        place = (float(asked["latitude"]), float(asked["longitude"]))
        return 200, {"Content-Type": "application/octet-stream"}, self.message(names, first, last, place, offset)

    def message(self, names, first, last, place, offset):
        start, end = (datetime.date.fromisoformat(day) for day in (first, last))
        days = [start + datetime.timedelta(n) for n in range((end - start).days + 1)]
        builder = flatbuffers.Builder(1024)
        variables = []
        for name in names:
            values = np.array([self.value(name, day) for day in days], "float32")
            variables.append(self.variable(builder, name, values))
        builder.StartVector(4, len(variables), 4)
        for variable in reversed(variables):
            builder.PrependUOffsetTRelative(variable)
        vector = builder.EndVector()
        midnight = int(datetime.datetime.combine(start, datetime.time(), datetime.UTC).timestamp()) - offset
        builder.StartObject(4)
        builder.PrependInt64Slot(0, midnight, 0)
        builder.PrependInt64Slot(1, midnight + 86400 * len(days), 0)
        builder.PrependInt32Slot(2, 86400, 0)
        builder.PrependUOffsetTRelativeSlot(3, vector, 0)
        daily = builder.EndObject()
        words = self.zone if offset else ("GMT",) * 2
        name, short = (builder.CreateString(text) for text in words) if self.words else (None, None)
        builder.StartObject(15)
        # the archive answers for the middle of its cell
        builder.PrependFloat32Slot(0, round(place[0] * 10) / 10 + self.cell, 0)
        builder.PrependFloat32Slot(1, round(place[1] * 10) / 10, 0)
        builder.PrependFloat32Slot(2, self.elevation, 0)
        builder.PrependInt32Slot(6, offset, 0)
        if self.words:
            builder.PrependUOffsetTRelativeSlot(7, name, 0)
            builder.PrependUOffsetTRelativeSlot(8, short, 0)
        builder.PrependUOffsetTRelativeSlot(10, daily, 0)
        builder.FinishSizePrefixed(builder.EndObject())
        return bytes(builder.Output())

    def variable(self, builder, name, values):
        variable, aggregation, unit, height = DAILY[name]
        vector = builder.CreateNumpyVector(values)
        builder.StartObject(13)
        builder.PrependUint8Slot(0, variable, 0)
        builder.PrependUint8Slot(1, self.units.get(name, unit), 0)
        builder.PrependUOffsetTRelativeSlot(3, vector, 0)
        builder.PrependInt16Slot(5, height, 0)
        builder.PrependUint8Slot(6, aggregation, 0)
        return builder.EndObject()


def refusal(status, reason):
    return status, {"Content-Type": "application/json"}, json.dumps({"error": True, "reason": reason}).encode()


def mountain(name, day):
    """A number that tells variable and day; no snowfall is known for the first of a month."""
    if name == "snowfall_sum" and day.day == 1:
        return math.nan
    turn = math.cos(2 * math.pi * day.timetuple().tm_yday / 365)
    return {
        "temperature_2m_max": 5.1 - 12 * turn,
        "temperature_2m_min": -6.3 - 12 * turn,
        "precipitation_sum": 0.1 * (day.day % 7),
        "snowfall_sum": 0.07 * (day.day % 5),
        "relative_humidity_2m_mean": 60 + day.month,
    }[name]
