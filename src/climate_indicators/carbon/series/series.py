"""A column of carbon values as a series in order, by month where there are dates, and the series made from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from climate_indicators.core.errors import InputError

# at least year and month
DATE = r"\d{4}(?:-?\d{2}-?\d{2}|-\d{2}|/\d{2}(?:/\d{2})?)(?:[T ].*)?"
FIRST_YEAR, LAST_YEAR = 1800, 2200
SERIES, MOVING_AVERAGE = "series", "moving_average"
RUNNING_TOTAL, RUNNING_AVERAGE = "running_total", "running_average"
ROW_ORDER, DATES = "row order", "date"


@dataclass(frozen=True)
class CarbonSeries:
    """Values in order: of rows, or, where there are dates, means of months.

    ``values`` float (n,); ``labels`` text (n,), ``row 17`` (the first row under the header is 1) or ``2019-03``;
    ``months`` datetime64[M] (n,), strictly increasing, or None; ``n_rows`` of the table; ``n_excluded`` of them
    without a value; ``n_places`` whose effects were removed, 0 if none; ``n_apart``: months with values that cannot be
    compared with the others, since no place links them.
    """

    values: np.ndarray
    labels: np.ndarray
    months: np.ndarray | None
    n_rows: int
    n_excluded: int
    n_places: int = 0
    n_apart: int = 0

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
        """Calendar month of every value, int (n,), or None if season and trend cannot be separated.

        It can where there are dates, values of 24 months or more, and two calendar months or more. A calendar month
        with one value is then fitted exactly and tells nothing of the trend; its season would count as noise.
        """
        if self.months is None or len(self.months) < 24:
            return None
        calendar = self.months.astype("int64") % 12 + 1
        return calendar if len(np.unique(calendar)) > 1 else None


def read_series(table: pd.DataFrame, value: str, date: str | None = None, place: str | None = None) -> CarbonSeries:
    """Series of one column, in order of rows, or by month where there are dates.

    Rows without a value are left out and counted. With dates, values of one month are averaged, also those of the same
    day; months without a value stay gaps. With places too, the values are those of the mean place (`month_effects`), so
    that a month does not differ because other places were imaged.

    Parameters
    ----------
    table : one row per image.
    value : name of the column of values, in any unit.
    date : name of the column of ISO dates (``2019-03-21``, ``2019-03``). None, or a column that is empty in every
        row, means that rows have no date.
    place : name of the column of places. None, a column that is empty in every row, and places that are all there in
        one month only, mean that months cannot be compared by place: they are plain means.

    Raises
    ------
    InputError
        If a column is missing, a value is no finite number, or a row has no date or none of 1800 to 2200 with a month
        while others have; the message names the row.
    """
    for column in (value, date, place):
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
    number = times.to_numpy()[kept].astype("datetime64[M]").astype("int64")
    places = _places(table[place])[kept] if place else np.full(kept.sum(), "")
    repeated = pd.Series(number).groupby(places).nunique().max() > 1 if kept.any() else False
    n_places = len(np.unique(places)) if place and repeated else 0
    if n_places > 1:
        month, means = month_effects(number, places, numbers[kept])
    else:
        by_month = pd.Series(numbers[kept]).groupby(number).mean()
        month, means = by_month.index.to_numpy("int64"), by_month.to_numpy()
    known = np.isfinite(means)
    months = month[known].astype("datetime64[M]")
    labels = months.astype(str).astype(object)
    apart = int((~known).sum())
    return CarbonSeries(means[known], labels, months, len(table), int((~kept).sum()), n_places, apart)


def month_effects(months: np.ndarray, places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value of every month for the mean place: the months' part of the two-way model place + month.

    Least squares of value = month + place (Searle 1971, Linear Models, chapter 7), the mean of the parts of places with
    two months or more being 0. Where every place has a value in every month, these are the months' means. Months can be
    compared only if places link them, directly or through other months; the largest linked set has values, the other
    months are NaN.

    Parameters
    ----------
    months : int, shape (n,); places : any, shape (n,); values : float, shape (n,), finite. Values of one place and
        month are averaged first.

    Returns
    -------
    Months in increasing order, and their values, float64.
    """
    cells = pd.DataFrame({"month": months, "place": places, "value": values}).groupby(["month", "place"])["value"]
    cells = cells.mean().reset_index()
    known, month = np.unique(cells["month"], return_inverse=True)
    names, place = np.unique(cells["place"].astype(str), return_inverse=True)
    value, n = cells["value"].to_numpy(), len(known)
    links = coo_array((np.ones(len(cells)), (month, n + place)), shape=(n + len(names),) * 2)
    part = connected_components(links, directed=False)[1]
    largest = np.argmax(np.bincount(part[:n]))
    inside = part[month] == largest
    there = np.zeros((n, len(names)))
    there[month[inside], place[inside]] = 1.0
    sums = np.zeros((n, len(names)))
    sums[month[inside], place[inside]] = value[inside]
    count = np.maximum(there.sum(axis=0), 1.0)
    # the places' parts are eliminated: one equation a month is left, whose sum is 0 = 0
    matrix = np.diag(there.sum(axis=1)) - there / count @ there.T
    effects = np.linalg.lstsq(matrix, sums.sum(axis=1) - there @ (sums.sum(axis=0) / count), rcond=None)[0]
    own = (sums.sum(axis=0) - there.T @ effects) / count
    several = (part[n:] == largest) & (there.sum(axis=0) > 1)
    effects += own[several if several.any() else part[n:] == largest].mean()
    return known, np.where(part[:n] == largest, effects, np.nan)


def _places(column: pd.Series) -> np.ndarray:
    """Texts of a column of places; a row without a place is a separate place, unless all rows have none."""
    texts = column.astype("string").fillna("").to_numpy(object)
    rows = [text or f"row {number}" for number, text in enumerate(texts)]
    return np.array(rows if any(texts) else texts, dtype=object)


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
    centered = positions - positions.mean()
    slope = centered @ (values - values.mean()) / (centered @ centered)
    return float(slope), float(values.mean() + slope * centered[0])


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
