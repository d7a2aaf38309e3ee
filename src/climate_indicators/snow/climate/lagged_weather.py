"""Snow per date joined with the weather of that day and of the preceding days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from climate_indicators.core.daily_csv import DATE, PLACE, DailyTable, dates, numbers, read_daily
from climate_indicators.core.errors import InputError
from climate_indicators.snow.climate.weather import (
    INFO,
    VARIABLES,
    WARNING,
    checked,
    finding,
    pooled_dates,
    read_weather,
    without_repeats,
)

# measures of snow: name in sentences, unit
SNOW = {
    "snow_pixels": ("number of snow pixels", "px"),
    "snow_area_km2": ("snow-covered area", "km²"),
    "snow_fraction": ("snow cover", "share"),
    "corrected_fraction": ("corrected snow cover", "share"),
}
# columns of a series of optical scenes about the unseen part: visible fraction, bounds of the snow cover
SEEN, BOUNDS = "valid_fraction", ("snow_lower", "snow_upper")
# bounds this far apart on average, or this much of the area unseen where only seen pixels are counted, are a warning
WIDE, MUCH_UNSEEN = 0.1, 0.05
# a lagged mean is computed if this share of its days has a value
MIN_SHARE = 0.8


@dataclass(frozen=True)
class SnowWeather:
    """Snow and weather on one table.

    ``table``: ``date``, ``place`` if known, measures of snow, variables, lagged means, in order of date;
    ``weather``: ``date``, ``place`` if known and the variables, of all days known; ``findings``: ``check, severity,
    count, message``.
    """

    table: pd.DataFrame
    weather: pd.DataFrame
    findings: list[dict[str, object]]


def label_unit(quantity: str) -> tuple[str, str]:
    """Display name and unit of a measure of snow, a variable or a lagged mean."""
    if quantity in SNOW:
        return SNOW[quantity]
    name, _, days = quantity.rpartition("_mean_")
    if days.removesuffix("d").isdigit() and name in VARIABLES:
        return f"{VARIABLES[name].label}, mean of {days.removesuffix('d')} days", VARIABLES[name].unit
    return VARIABLES[quantity].label, VARIABLES[quantity].unit


def lagged_name(variable: str, days: int) -> str:
    """Name of the column with a variable's mean of so many days; 0 or 1 is the day itself."""
    return f"{variable}_mean_{days}d" if days > 1 else variable


def read_joined(
    path: str | Path, snow: str, variables: Sequence[str], columns: Mapping[str, str] | None = None,
    lags: Sequence[int] = (),
) -> SnowWeather:  # fmt: skip
    """A table that has snow and weather already, one row per image.

    Parameters
    ----------
    path : CSV with a column of dates, one of snow and the variables.
    snow : measure of snow among `SNOW` that the analysis takes; others are kept where the file has them.
    variables, columns : as for `weather.read_weather`; ``columns`` may name the snow too.
    lags : lengths of lagged means in days. They need the days between the images: where the table has too few, they
        stay empty, with a finding that says so.

    Raises
    ------
    InputError
        As `weather.checked`; or if snow is negative, or a share above 1.
    """
    source = read_daily(path, [snow, *variables], [name for name in SNOW if name != snow], columns)
    weather, findings = checked(source, variables)
    table = _with_snow(source, weather)
    table, repeats = without_repeats(table, source.path)
    findings += repeats + pooled_dates(table, variables, source.path)
    findings += _several_images(table, variables, source.path) + _empty(table, [snow, *variables], source.path)
    keys = [key for key in (PLACE, DATE) if key in table]
    daily = table[[*keys, *variables]].drop_duplicates(ignore_index=True)
    return _finished(table, daily, variables, lags, findings, source.path)


def read_snow_and_weather(
    snow_path: str | Path, weather_path: str | Path, snow: str, variables: Sequence[str],
    columns: Mapping[str, str] | None = None, lags: Sequence[int] = (),
) -> SnowWeather:  # fmt: skip
    """Snow per date joined with daily weather, by date, and by place where both have one.

    Parameters
    ----------
    snow_path : CSV ``date``, perhaps ``place``, and measures of snow.
    weather_path : as for `weather.read_weather`, with ``columns``.
    snow, variables, lags : as for `read_joined`.

    Raises
    ------
    InputError
        As the readers; or if weather of several places meets snow without place, or no date is in both.
    """
    weather, findings = read_weather(weather_path, variables, columns)
    findings += pooled_dates(weather, variables, str(weather_path))
    source = read_daily(snow_path, [snow], [*(name for name in SNOW if name != snow), SEEN, *BOUNDS])
    findings += _unseen(source, snow)
    table = dates(source)[0].to_frame()
    if PLACE in source.cells:
        table[PLACE] = source.cells[PLACE]
    table, repeats = without_repeats(_with_snow(source, table), source.path)
    keys = _join_keys(table, weather, source.path, str(weather_path))
    by = weather if PLACE in keys else weather.drop(columns=PLACE, errors="ignore")
    joined = table.merge(by, on=keys, how="left", indicator="found")
    without = joined["found"].eq("left_only")
    if without.all():
        raise InputError(
            f"{source.path} and {weather_path} have no {' and '.join(keys)} in common: snow {_span(table)}, weather "
            f"{_span(weather)}. Give weather of the days of the images, with the same names of places."
        )
    if without.any():
        message = f"{weather_path}: {without.sum()} of {len(joined)} rows of snow have no weather and are left out"
        findings.append(finding("snow without weather", without.sum(), message, WARNING))
    joined = joined[~without].drop(columns="found").reset_index(drop=True)
    findings += repeats + _empty(joined, [snow], source.path)
    return _finished(joined, by, variables, lags, findings, str(weather_path))


def lagged_means(weather: pd.DataFrame, variables: Sequence[str], days: int) -> pd.DataFrame:
    """Means over the day itself and the days before, ``days`` in all, of every date (and place).

    Parameters
    ----------
    weather : ``date``, perhaps ``place``, and the variables. Several records of one day are averaged first.
    days : 2 or more.

    Returns
    -------
    ``date``, ``place`` if there, and a column per variable, named by `lagged_name`; NaN where less than ``MIN_SHARE``
    of the days have a value.
    """
    keys = [key for key in (PLACE, DATE) if key in weather]
    daily = weather.groupby(keys)[list(variables)].mean()
    need = int(-(-MIN_SHARE * days // 1))

    def rolled(values: pd.DataFrame) -> pd.DataFrame:
        return values.rolling(f"{days}D", min_periods=need).mean()

    if PLACE in weather:
        means = pd.concat(
            {place: rolled(group.droplevel(PLACE)) for place, group in daily.groupby(level=PLACE)}, names=[PLACE]
        )
    else:
        means = rolled(daily)
    return means.rename(columns={name: lagged_name(name, days) for name in variables}).reset_index()


def _finished(
    table: pd.DataFrame, daily: pd.DataFrame, variables: Sequence[str], lags: Sequence[int], findings: list, path: str
) -> SnowWeather:
    keys = [key for key in (PLACE, DATE) if key in daily]
    for days in sorted({lag for lag in lags if lag > 1}):
        table = table.merge(lagged_means(daily, variables, days), on=keys, how="left")
        column = lagged_name(variables[0], days)
        found = int(table[column].notna().sum())
        if found < len(table):
            findings.append(_lag_finding(days, found, table, daily, path))
    order = [DATE, *([PLACE] if PLACE in table else [])]
    rest = [column for column in table if column not in order]
    table = table.sort_values(order, kind="stable", ignore_index=True)[[*order, *rest]]
    days = table[DATE]
    message = f"{len(table)} rows, {days.nunique()} dates, {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    return SnowWeather(table, daily, [finding("rows", len(table), message), *findings])


def _lag_finding(days: int, found: int, table: pd.DataFrame, daily: pd.DataFrame, path: str) -> dict[str, object]:
    """A warning where most rows have no lagged mean, a note where some have none."""
    message = (
        f"{path}: the mean of {days} days is known for {found} of {len(table)} rows, where {100 * MIN_SHARE:g} % of "
        "the days have weather"
    )
    lacking = len(table) - found
    if 2 * found >= len(table):
        return finding(f"lag of {days} days", lacking, message)
    gap = pd.Series(daily[DATE].unique()).sort_values().diff().dt.days.median()
    message += f". The dates of the weather are {gap:g} days apart (median): give daily weather"
    return finding(f"lag of {days} days", lacking, message, WARNING)


def _unseen(source: DailyTable, snow: str) -> list[dict[str, object]]:
    """Warning about clouds on the dates of a series, if it contains this information."""
    if not {SEEN, *BOUNDS} <= set(source.cells):
        return []
    seen, lower, upper = (numbers(source, name).mean() for name in (SEEN, *BOUNDS))
    if not seen < 1:
        return []
    hidden = f"{100 * (1 - seen):.0f} % of the area is unseen on an average date"
    if snow == "snow_pixels":
        message = (
            f"{source.path}: {hidden}, and snow_pixels counts what is seen: clouds lower it. Analyze snow_fraction"
        )
        severity = WARNING if 1 - seen > MUCH_UNSEEN else INFO
    else:
        message = (
            f"{source.path}: {hidden}; bounds of the snow cover for it are {100 * (upper - lower):.0f} points apart"
        )
        severity = WARNING if upper - lower > WIDE else INFO
    return [finding("snow under clouds", int((numbers(source, SEEN) < 1).sum()), message, severity)]


def _with_snow(source: DailyTable, table: pd.DataFrame) -> pd.DataFrame:
    found = [name for name in SNOW if name in source.cells]
    for name in found:
        values = numbers(source, name)
        most, expected = (1.0, "a share from 0 to 1") if SNOW[name][1] == "share" else (float("inf"), "0 or more")
        source.refuse(name, (values < 0) | (values > most), expected, "Mend the row, or leave the cell empty.")
        table[name] = values
    rest = [column for column in table if column not in (DATE, PLACE, *found)]
    return table[[column for column in (DATE, PLACE) if column in table] + found + rest]


def _join_keys(snow: pd.DataFrame, weather: pd.DataFrame, snow_path: str, weather_path: str) -> list[str]:
    if PLACE not in weather or (PLACE not in snow and weather[PLACE].nunique() == 1):
        return [DATE]
    if PLACE in snow:
        return [DATE, PLACE]
    places = ", ".join(sorted(weather[PLACE].unique())[:8])
    raise InputError(
        f"{weather_path} has the places {places}, and {snow_path} has no column 'place': a join by date would mix "
        "them. Add the column to the snow, or give the weather of one place."
    )


def _several_images(table: pd.DataFrame, variables: Sequence[str], path: str) -> list[dict[str, object]]:
    keys = [key for key in (PLACE, DATE) if key in table]
    counts = table.groupby([*keys, *variables], dropna=False).size()
    same = int((counts > 1).sum())
    message = f"{path}: {same} dates have several rows with the same weather and different snow; all are kept"
    return [finding("several images of a date", same, message)] if same else []


def _empty(table: pd.DataFrame, columns: Sequence[str], path: str) -> list[dict[str, object]]:
    counts = {column: int(table[column].isna().sum()) for column in columns}
    return [
        finding("empty values", count, f"{path}, column '{column}': {count} of {len(table)} values are empty", WARNING)
        for column, count in counts.items()
        if count
    ]


def _span(table: pd.DataFrame) -> str:
    places = f" ({', '.join(sorted(table[PLACE].unique())[:4])})" if PLACE in table else ""
    return f"{table[DATE].min():%Y-%m-%d} to {table[DATE].max():%Y-%m-%d}{places}"
