"""A column of carbon values as a series in order, by month where there are dates, and the series made from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.logs import InputError

# year and month, at least; a year alone is no month
DATE = r"\d{4}(?:-?\d{2}-?\d{2}|-\d{2}|/\d{2}(?:/\d{2})?)(?:[T ].*)?"
FIRST_YEAR, LAST_YEAR = 1800, 2200
SERIES, MOVING_AVERAGE = "series", "moving_average"
RUNNING_TOTAL, RUNNING_AVERAGE = "running_total", "running_average"
ROW_ORDER, DATES = "row order", "date"


@dataclass(frozen=True)
class CarbonSeries:
    """Values in order: of rows, or, where there are dates, means of months.

    ``values`` float (n,); ``labels`` text (n,), ``row 17`` (the first row under the header is 1) or ``2019-03``;
    ``months`` datetime64[M] (n,), strictly increasing, or None; ``n_rows`` of the table; ``n_left_out`` of them
    without a value.
    """

    values: np.ndarray
    labels: np.ndarray
    months: np.ndarray | None
    n_rows: int
    n_left_out: int

    @property
    def axis(self) -> str:
        """``row order`` or ``date``."""
        return ROW_ORDER if self.months is None else DATES

    @property
    def positions(self) -> np.ndarray:
        """Places on the axis, float (n,): 0, 1, 2, … by row order, or middles of months in years."""
        if self.months is None:
            return np.arange(len(self.values), dtype="float64")
        return 1970 + (self.months.astype("int64") + 0.5) / 12

    @property
    def n_gaps(self) -> int:
        """Months without a value between the first and the last; 0 by row order."""
        if self.months is None or not len(self.months):
            return 0
        return int((self.months[-1] - self.months[0]).astype("int64")) + 1 - len(self.months)

    @property
    def season(self) -> np.ndarray | None:
        """Calendar month of every value, int (n,), or None where a season cannot be told from a trend.

        It can where there are dates, two values or more of every calendar month that occurs, two such months or more,
        and values of 24 months or more.
        """
        if self.months is None or len(self.months) < 24:
            return None
        calendar = self.months.astype("int64") % 12 + 1
        counts = np.unique(calendar, return_counts=True)[1]
        return calendar if len(counts) > 1 and counts.min() > 1 else None


def read_series(table: pd.DataFrame, value: str, date: str | None = None) -> CarbonSeries:
    """Series of one column, in order of rows, or by month where there are dates.

    Rows without a value are left out and counted. With dates, values of one month are averaged, also those of the same
    day; months without a value stay gaps.

    Parameters
    ----------
    table : one row an image.
    value : name of the column of values, in any unit.
    date : name of the column of ISO dates (``2019-03-21``, ``2019-03``). None, or a column that is empty in every
        row, means that rows have no date.

    Raises
    ------
    InputError
        If a column is missing, a value is no finite number, or a row has no date or none of 1800 to 2200 with a month
        while others have; the message names the row.
    """
    for column in (value, date):
        if column and column not in table:
            raise InputError(
                f"carbon table: there is no column '{column}'; it has {', '.join(map(str, table.columns))}. "
                "Name one of these in the settings, or add the column."
            )
    numbers = pd.to_numeric(table[value], errors="coerce").to_numpy("float64", na_value=np.nan)
    _refuse(table[value], table[value].notna().to_numpy() & ~np.isfinite(numbers), "a finite number")
    kept = np.isfinite(numbers)
    rows = np.flatnonzero(kept) + 1
    if not date or table[date].isna().all():
        labels = np.array([f"row {row}" for row in rows], dtype=object)
        return CarbonSeries(numbers[kept], labels, None, len(table), int((~kept).sum()))
    texts = table[date].astype("string").where(table[date].astype("string").str.fullmatch(DATE).fillna(False))
    times = pd.to_datetime(texts.str[:10], format="ISO8601", errors="coerce")
    wrong = times.isna() | (times.dt.year < FIRST_YEAR) | (times.dt.year > LAST_YEAR)
    _refuse(table[date], wrong.to_numpy(), "a date such as 2019-03-21 or 2019-03")
    means = pd.Series(numbers[kept]).groupby(times.to_numpy()[kept].astype("datetime64[M]").astype("int64")).mean()
    months = means.index.to_numpy("int64").astype("datetime64[M]")
    return CarbonSeries(means.to_numpy(), months.astype(str).astype(object), months, len(table), int((~kept).sum()))


def four_series(values: np.ndarray, window: int = 20) -> dict[str, np.ndarray]:
    """The values, their moving average, running total and running average.

    Parameters
    ----------
    values : float, shape (n,), in order.
    window : values of one moving average, 2 or more.

    Returns
    -------
    ``series``, ``running_total`` and ``running_average``, of shape (n,), and ``moving_average`` of whole windows only,
    of shape (n − window + 1,), which belong to the last n − window + 1 places; empty if the window is longer than the
    series.

    Raises
    ------
    ValueError
        If the window is shorter than 2.
    """
    if window < 2:
        raise ValueError(f"a moving average takes 2 values or more; the window is {window}")
    total = np.cumsum(values)
    whole = (
        np.lib.stride_tricks.sliding_window_view(values, window).mean(axis=1) if window <= len(values) else total[:0]
    )
    return {
        SERIES: values,
        MOVING_AVERAGE: whole,
        RUNNING_TOTAL: total,
        RUNNING_AVERAGE: total / np.arange(1, len(values) + 1),
    }


def line(positions: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line, and the line's value at the first position.

    Parameters
    ----------
    positions, values : float, shape (n,); n of 2 or more.
    """
    centred = positions - positions.mean()
    slope = centred @ (values - values.mean()) / (centred @ centred)
    return float(slope), float(values.mean() + slope * centred[0])


def direction(slope: float, values: np.ndarray) -> str:
    """``increasing``, ``decreasing``, or ``level`` where the slope is 0 but for rounding.

    Parameters
    ----------
    slope : of a line through ``values``, float of shape (n,).
    """
    if not np.ptp(values) or abs(slope) <= 1e-12 * np.abs(values).max():
        return "level"
    return "increasing" if slope > 0 else "decreasing"


def _refuse(column: pd.Series, wrong: np.ndarray, expected: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        found = "nothing" if pd.isna(column.iloc[first]) else f"'{column.iloc[first]}'"
        raise InputError(
            f"carbon table, column '{column.name}', row {first + 1}: found {found}, expected {expected}; "
            f"{int(wrong.sum())} of {len(column)} rows are like that. Mend or remove them."
        )
