"""Daily weather: columns and checks of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from climate_indicators.core.daily_csv import DATE, PLACE, DailyTable, dates, numbers, read_daily
from climate_indicators.core.errors import InputError

INFO, WARNING = "info", "warning"


@dataclass(frozen=True)
class Variable:
    """A daily variable: display name, unit, and the physical range of its values."""

    label: str
    unit: str
    low: float
    high: float


# Open-Meteo's daily names; the ranges hold the records of the World Meteorological Organization
VARIABLES = {
    "temperature_2m_max": Variable("highest temperature", "°C", -95, 60),
    "temperature_2m_min": Variable("lowest temperature", "°C", -95, 60),
    "temperature_2m_mean": Variable("mean temperature", "°C", -95, 60),
    "precipitation_sum": Variable("precipitation", "mm", 0, 2000),
    "rain_sum": Variable("rain", "mm", 0, 2000),
    "snowfall_sum": Variable("snowfall", "cm", 0, 500),
    "relative_humidity_2m_mean": Variable("relative humidity", "%", 0, 100),
    "relative_humidity_2m_max": Variable("highest relative humidity", "%", 0, 100),
    "relative_humidity_2m_min": Variable("lowest relative humidity", "%", 0, 100),
    "wind_speed_10m_max": Variable("highest wind speed", "km/h", 0, 450),
    "shortwave_radiation_sum": Variable("shortwave radiation", "MJ/m²", 0, 50),
}
SPELLINGS = {
    "°C": {"°C", "C", "degC", "celsius"},
    "mm": {"mm"},
    "cm": {"cm"},
    "%": {"%", "percent"},
    "km/h": {"km/h", "kmh"},
    "MJ/m²": {"MJ/m²", "MJ/m2"},
}
ASK = {
    "°C": "Ask Open-Meteo for temperature_unit=celsius, or convert the column and its unit.",
    "mm": "Ask Open-Meteo for precipitation_unit=mm, or convert the column and its unit.",
    "cm": "Ask Open-Meteo for precipitation_unit=mm, which gives snowfall in cm, or convert the column and its unit.",
    "km/h": "Ask Open-Meteo for wind_speed_unit=kmh, or convert the column and its unit.",
}
CONVERT = "Convert the column and its unit."
# snow falls near the freezing point: a typical lowest temperature above this on days with snowfall is no °C
WARMEST_SNOW_C = 8.0
# 7 cm of Open-Meteo's snow are 10 mm of water; in inches the ratio is near 7. Even very dry snow has less than 3 cm/mm
MAX_SNOW_PER_WATER = 3.0
MIN_SNOW_DAYS = 10
# a time zone that differs more than this from solar time shifts many days
MAX_SHIFT_H = 3.0


def read_weather(
    path: str | Path, variables: Sequence[str], columns: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Read and check daily weather from a CSV with Open-Meteo's names; returns it with the results of the checks.

    Parameters
    ----------
    path : plain CSV or Open-Meteo's own export; column ``time`` or ``date``, one row per day (and place).
    variables : names among `VARIABLES`, in the units given there.
    columns : the file's name of a column where it differs, by canonical name.

    Returns
    -------
    table : ``date`` datetime64, ``place`` if the file has one, the variables as float64; NaN where there is no
        value; in order of place and date. Rows alike are there once.
    findings : ``check, severity, count, message``, as `finding` gives them.

    Raises
    ------
    InputError
        If the file holds other units, impossible values, text, or shifted days; see `checked`.
    """
    source = read_daily(path, variables, columns=columns)
    table, findings = checked(source, variables)
    table, alike = without_repeats(table, source.path)
    findings += [*alike, *_missing_days(table, source.path), *_empty_values(table, variables, source.path)]
    return table, findings


def weather_summary(weather: pd.DataFrame, variables: Sequence[str], days: pd.Series, path: str | Path) -> pd.DataFrame:
    """Days and values of each variable, after checking that the weather covers days of the scenes.

    Parameters
    ----------
    weather, variables : as `read_weather` gives and takes them.
    days : of the scenes, datetime64.
    path : of the weather, for the message.

    Returns
    -------
    Table ``variable, unit, first, last, n_days, n_missing, minimum, mean, maximum``, one row per variable; days and
    values of all places together.

    Raises
    ------
    InputError
        If no scene is of a day that the weather has.
    """
    known = weather["date"].dt.normalize()
    first, last = (f"{day:%Y-%m-%d}" for day in (known.min(), known.max()))
    if not days.dt.normalize().isin(known).any():
        raise InputError(
            f"{path}: it has weather of {first} to {last}, and of no day of the scenes, which are of "
            f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}. Give weather of the days of the scenes."
        )
    rows = [
        (
            variable, VARIABLES[variable].unit, first, last, known.nunique(), int(weather[variable].isna().sum()),
            weather[variable].min(), weather[variable].mean(), weather[variable].max(),
        )
        for variable in variables
    ]  # fmt: skip
    columns = ["variable", "unit", "first", "last", "n_days", "n_missing", "minimum", "mean", "maximum"]
    return pd.DataFrame(rows, columns=columns)


def checked(source: DailyTable, variables: Sequence[str]) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Dates, place and variables of a table as numbers, and a warning if its days may be those of another timezone.

    Raises
    ------
    InputError
        By file, column and line: units other than those of `VARIABLES`, in the header or by the values; text in
        numbers; values out of range; the lowest temperature above the highest; dates that are not midnight.
    """
    for variable in variables:
        _check_unit(source, variable)
    days, offset = dates(source)
    table = days.to_frame()
    if PLACE in source.cells:
        table[PLACE] = source.cells[PLACE]
    for variable in variables:
        known = VARIABLES[variable]
        table[variable] = values = numbers(source, variable)
        way_out = (
            ASK.get(known.unit, CONVERT) if known.low < 0 else f"Mend the rows or leave their cells empty. {CONVERT}"
        )
        expected = f"{known.low:g} to {known.high:g} {known.unit}"
        source.refuse(variable, (values < known.low) | (values > known.high), expected, way_out)
    _check_pair(source, table)
    _check_scale(source, table)
    return table, _timezone_findings(source, offset)


def without_repeats(table: pd.DataFrame, path: str) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """A table sorted by place and date without duplicate rows, and the number of removed rows."""
    keys = [key for key in (PLACE, DATE) if key in table]
    kept = table.drop_duplicates().sort_values(keys, kind="stable", ignore_index=True)
    dropped = len(table) - len(kept)
    message = f"{path}: {dropped} rows repeat another row in every column and are left out"
    return kept, [finding("repeated rows", dropped, message)] if dropped else []


def pooled_dates(table: pd.DataFrame, variables: Sequence[str], path: str) -> list[dict[str, object]]:
    """A warning if one date (of one place) has several different weather records: places pooled without an id.

    Parameters
    ----------
    table : ``date``, perhaps ``place``, and the variables; one row an observation.
    """
    keys = [key for key in (PLACE, DATE) if key in table]
    counts = table.drop_duplicates([*keys, *variables]).groupby(keys).size()
    several = counts[counts > 1]
    if several.empty:
        return []
    rows = table.set_index(keys).index.isin(several.index).sum()
    most = int(several.max())
    up_to = "2" if most == 2 else f"2 to {most}"
    first = table.groupby(keys)[variables[0]].nunique().gt(1).sum()
    message = (
        f"{path}: {len(several)} of {len(counts)} dates carry {up_to} different weather records ({rows} of "
        f"{len(table)} rows; {variables[0]} differs on {first} dates). At least {most} places are pooled without a "
        "column of places: the rows are used as they are, but those of one date are no independent observations, and "
        "a join by date mixes the places. Add a column 'place'."
    )
    return [finding("pooled places", len(several), message, WARNING)]


def finding(check: str, count: int, message: str, severity: str = INFO) -> dict[str, object]:
    """One line of the table of checks."""
    return {"check": check, "severity": severity, "count": int(count), "message": message}


def findings_table(findings: list[dict[str, object]]) -> pd.DataFrame:
    """Table ``check, severity, count, message`` of findings, in their order."""
    return pd.DataFrame(findings, columns=["check", "severity", "count", "message"])


def _check_unit(source: DailyTable, variable: str) -> None:
    unit, known = source.units.get(variable), VARIABLES[variable].unit
    if unit and unit.lower() not in {one.lower() for one in SPELLINGS[known]}:
        raise InputError(
            f"{source.path}, column '{variable}': found the unit '{unit}', expected {known}. {ASK.get(known, CONVERT)}"
        )


def _check_pair(source: DailyTable, table: pd.DataFrame) -> None:
    low, high = "temperature_2m_min", "temperature_2m_max"
    if {low, high} <= set(table):
        way_out = "Mend the row, or look whether the two columns are swapped."
        source.refuse(low, table[low] > table[high], f"no more than {high} of the same day", way_out)


def _check_scale(source: DailyTable, table: pd.DataFrame) -> None:
    """Reject undeclared °F and inches, detected by snowfall at high temperatures or with very low density."""
    cold, snow, water = "temperature_2m_min", "snowfall_sum", "precipitation_sum"
    if not {cold, snow} <= set(table):
        return
    snowy = table[(table[snow] > 0) & table[cold].notna()]
    if len(snowy) < MIN_SNOW_DAYS:
        return
    if (typical := snowy[cold].median()) > WARMEST_SNOW_C:
        raise InputError(
            f"{source.path}, column '{cold}': on the {len(snowy)} days with snowfall it is typically {typical:.1f}, "
            f"expected less than {WARMEST_SNOW_C:g} °C: the temperatures are probably in °F. {ASK['°C']}"
        )
    if water not in table:
        return
    wet = snowy[snowy[water] > 0]
    if len(wet) >= MIN_SNOW_DAYS and (ratio := wet[snow].sum() / wet[water].sum()) > MAX_SNOW_PER_WATER:
        raise InputError(
            f"{source.path}, column '{water}': on {len(wet)} days with snowfall there are {ratio:.1f} of '{snow}' to 1 "
            f"of it, expected less than {MAX_SNOW_PER_WATER:g} cm/mm: one or both are probably in inches. {ASK['mm']}"
        )


def _timezone_findings(source: DailyTable, offset: bool) -> list[dict[str, object]]:
    advice = "If the place keeps another time, days are shifted: ask Open-Meteo for timezone=auto."
    if offset:
        message = f"{source.path}: the dates are midnights with an offset from UTC and are taken as written. {advice}"
        return [finding("timezone", len(source.cells), message, WARNING)]
    far = []
    for place in source.locations:
        hours = [pd.to_numeric(place.get(key), errors="coerce") for key in ("longitude", "utc_offset_seconds")]
        shift = hours[0] / 15 - hours[1] / 3600
        # across the date line they differ by a whole day
        if abs((shift + 12) % 24 - 12) > MAX_SHIFT_H:
            far.append(f"longitude {hours[0]:.1f}° with {place.get('timezone', '')} (UTC{hours[1] / 3600:+g} h)")
    if not far:
        return []
    message = f"{source.path}: {'; '.join(far)}: days begin more than {MAX_SHIFT_H:g} h from midnight there. {advice}"
    return [finding("timezone", len(far), message, WARNING)]


def _missing_days(table: pd.DataFrame, path: str) -> list[dict[str, object]]:
    groups = table.groupby(PLACE)[DATE] if PLACE in table else [("", table[DATE])]
    missing, first = 0, None
    for _, days in groups:
        absent = pd.date_range(days.min(), days.max()).difference(pd.DatetimeIndex(days.unique()))
        missing += len(absent)
        first = first if first is not None or absent.empty else absent[0]
    if not missing:
        return []
    message = f"{path}: {missing} days between the first and the last are missing, the first is {first:%Y-%m-%d}"
    return [finding("missing days", missing, message, WARNING)]


def _empty_values(table: pd.DataFrame, variables: Sequence[str], path: str) -> list[dict[str, object]]:
    empty = {variable: int(np.isnan(table[variable]).sum()) for variable in variables}
    return [
        finding(
            "empty values", count, f"{path}, column '{variable}': {count} of {len(table)} values are empty", WARNING
        )
        for variable, count in empty.items()
        if count
    ]
