"""Trends of coverage: of the means of whole years, and of all months with the means of the calendar months removed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from climate_indicators.ocean.indicators.coverage import KEYS, yearly_coverage
from climate_indicators.stats.trends import adjusted_trends, trend_row

# "%" a year would read as a change relative to the coverage itself
UNIT = "percentage points"
# a year is used in the trend of all months if it has at least this number of months
MIN_MONTHS = 6

logger = logging.getLogger(__name__)


def coverage_trends(
    table: pd.DataFrame, titles: Mapping[str, str], confidence: float = 0.95, significance: float = 0.05
) -> pd.DataFrame:
    """Trend of the yearly mean coverage of every biome in every zone, one line for each and scaler.

    Parameters
    ----------
    table : as `coverage.coverage_table` gives it, of one or more scalers.
    titles : display name of each zone, by its name.
    confidence : of the slopes' intervals, in (0, 1).
    significance : a trend is significant if its adjusted p-value is below this.

    Returns
    -------
    ``scaler, zone, biome``, what `trends.trend_row` gives, and ``p_adjusted``. The zones and biomes of one scaler are
    one family of tests, adjusted after Benjamini and Hochberg: ``significant`` and ``sentence`` follow from
    ``p_adjusted``. Shares of one whole depend on one another, for which that adjustment is not proven; simulations in
    which they do have fewer false rejections than allowed (docs/statistics.md).
    """
    yearly = yearly_coverage(table)
    lacking = yearly[yearly["percent"].isna()].groupby("zone", sort=False)["year"].unique()
    for zone, years in lacking.items():
        logger.info("zone %s: trends leave out years that lack months: %s", zone, ", ".join(map(str, sorted(years))))
    rows = []
    for keys, quantity, values in _series(yearly, titles):
        flagged = values["percent"].isna()
        found = trend_row(quantity, UNIT, values["year"], values["percent"], flagged, confidence, significance)
        rows.append(keys | found)
    return adjusted_trends(pd.DataFrame(rows), significance, confidence, ["scaler"])


def seasonal_trends(
    table: pd.DataFrame, titles: Mapping[str, str], confidence: float = 0.95, significance: float = 0.05
) -> pd.DataFrame:
    """Trend of the coverage of every biome in every zone from all months, those of incomplete years too.

    `yearly_levels` removes the calendar months' means; its years have the trend, test and interval of
    `trend_tests.monotonic_trend`, which accounts for the memory from year to year. Months of one year that vary
    together make the years vary, so that test and interval account for them without a further correction.

    Parameters
    ----------
    table, titles, confidence, significance : as for `coverage_trends`.

    Returns
    -------
    ``scaler, zone, biome, quantity, unit, n_years, n_months, first_month, last_month, slope_per_year, lower_per_year,
    upper_per_year, lag1, effective_n, p_value, test, significant, p_adjusted``; the family of tests is that of
    `coverage_trends`. ``n_years`` are the years of the trend. With too few years the numbers are NaN and the test is
    ``none``.
    """
    rows = []
    for keys, quantity, values in _series(table, titles):
        known = values[values["percent"].notna()]
        months = known["month"].to_numpy(str)
        years, seasons = by_calendar_month(months, known["percent"].to_numpy())
        levels = yearly_levels(seasons)
        found = trend_row(quantity, UNIT, years, levels, np.isnan(levels), confidence, significance)
        first, last = (months[0], months[-1]) if len(months) else ("", "")
        rows.append(keys | found | {"n_months": len(months), "first_month": first, "last_month": last})
    columns = [
        *("scaler", "zone", "biome", "quantity", "unit", "n_years", "n_months", "first_month", "last_month"),
        *("slope_per_year", "lower_per_year", "upper_per_year", "lag1", "effective_n", "p_value", "test"),
        *("significant", "p_adjusted"),
    ]
    return adjusted_trends(pd.DataFrame(rows), significance, confidence, ["scaler"])[columns]


def by_calendar_month(months: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values of months as a table of years and calendar months.

    Parameters
    ----------
    months : text ``YYYY-MM``, shape (n,), in order of time.
    values : float, shape (n,).

    Returns
    -------
    Years from the first to the last one, int, shape (years,), and the values, float64, shape (years, 12), NaN where
    there is no month.
    """
    if not len(months):
        return np.empty(0, int), np.full((0, 12), np.nan)
    dates = np.array(months, "datetime64[M]").astype(int)
    place, calendar = np.divmod(dates, 12)
    seasons = np.full((place[-1] - place[0] + 1, 12), np.nan)
    seasons[place - place[0], calendar] = values
    return np.arange(place[0], place[-1] + 1) + 1970, seasons


def yearly_levels(seasons: np.ndarray) -> np.ndarray:
    """Level of each year, from the months that it has.

    Least squares of a year effect and a calendar-month effect, as in the analysis of a two-way table with unequal
    numbers (Yates 1934, doi:10.2307/2279066): a month that is missing neither shifts its year nor, if there is a trend,
    the month's own mean. The effects add: where the calendar months change differently, missing months shift the
    levels. Of whole years the level is the mean of the year.

    Parameters
    ----------
    seasons : float, shape (years, 12), NaN where there is no value.

    Returns
    -------
    float64, shape (years,), in the unit of the values; NaN in years with fewer than ``MIN_MONTHS`` months, and
    everywhere if the years fall into groups without a calendar month in common, which cannot be compared.
    """
    present = np.isfinite(seasons)
    used = present.sum(axis=1) >= MIN_MONTHS
    levels = np.full(len(seasons), np.nan)
    values, here = np.where(present, seasons, 0.0)[used], present[used].astype("float64")
    here, values = here[:, here.any(axis=0)], values[:, here.any(axis=0)]
    if not used.any():
        return levels
    per_month = here.sum(axis=0)
    # normal equations of the year effects, the month effects eliminated; of rank years − 1 if all are connected
    matrix = np.diag(here.sum(axis=1)) - here / per_month @ here.T
    if np.linalg.matrix_rank(matrix, tol=1e-9) < used.sum() - 1:
        return levels
    sums = values.sum(axis=1) - here @ (values.sum(axis=0) / per_month)
    # the effects of the years sum to 0
    effects = np.linalg.solve(matrix + 1, sums)
    season = (values.sum(axis=0) - effects @ here) / per_month
    # errors of rounding are no change: equal years stay equal
    levels[used] = (season.mean() + effects).round(9)
    return levels


def _series(values: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str, pd.DataFrame]]:
    """Keys, quantity and values of every scaler, zone and biome."""
    groups = dict(iter(values.groupby(KEYS, sort=False)))
    for key in values[KEYS].drop_duplicates().sort_values(["scaler"], kind="stable").itertuples(index=False):
        keys = {"scaler": key.scaler, "zone": key.zone, "biome": key.biome}
        yield keys, f"{key.biome} coverage ({titles[key.zone]})", groups[tuple(key)]
