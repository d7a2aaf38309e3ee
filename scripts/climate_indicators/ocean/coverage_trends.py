"""Trends of coverage, of yearly means and of the months with their season taken out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pymannkendall
from scipy import stats

from climate_indicators.ocean.coverage import KEYS, yearly_coverage
from climate_indicators.trends import MIN_YEARS, trend_row

# "%" a year would read as a change relative to the coverage itself
UNIT = "percentage points"
SEASONAL_TEST = "seasonal Mann-Kendall test with Hirsch-Slack correction"

logger = logging.getLogger(__name__)


def coverage_trends(
    table: pd.DataFrame, titles: Mapping[str, str], confidence: float = 0.95, significance: float = 0.05
) -> pd.DataFrame:
    """Trend of the yearly mean coverage of every biome in every zone, one line for each and scaler.

    Parameters
    ----------
    table : as `coverage.coverage_table` gives it, of one or more scalers.
    titles : name of each zone for people, by its name.
    confidence : of the slopes' intervals, in (0, 1).
    significance : a trend is significant if its p-value is below this.

    Returns
    -------
    ``scaler, zone, biome``, what `trends.trend_row` gives, and ``p_adjusted``: the p-values of one scaler corrected for
    the number of zones and biomes by Benjamini and Yekutieli (2001, doi:10.1214/aos/1013699998), who allow tests that
    depend on one another, as shares of one whole do.
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
    return _adjusted(pd.DataFrame(rows))


def seasonal_trends(
    table: pd.DataFrame, titles: Mapping[str, str], confidence: float = 0.95, significance: float = 0.05
) -> pd.DataFrame:
    """Trend of the monthly coverage of every biome in every zone: each calendar month is compared with itself only.

    Seasonal Kendall slope and test of Hirsch, Slack and Smith (1982, doi:10.1029/WR018i001p00107), with the correction
    for months of one year that go together of Hirsch and Slack (1984, doi:10.1029/WR020i006p00727), which may raise the
    p-value but never lower it; the interval is that of Gilbert (1987, section 17.3) with the larger of both
    variances, taken after the trend. Months without a coverage are left out of both.
    A memory from one year to the next is not corrected for: read the table beside that of the yearly means, which is.

    Parameters
    ----------
    table, titles, confidence, significance : as for `coverage_trends`.

    Returns
    -------
    ``scaler, zone, biome, quantity, unit, n_years, n_months, first_month, last_month, slope_per_year, lower_per_year,
    upper_per_year, p_value, test, significant, p_adjusted``. With fewer than ``MIN_YEARS`` years the numbers are NaN
    and the test is ``none``.
    """
    rows = []
    for keys, quantity, values in _series(table, titles):
        known = values[values["percent"].notna()]
        months = np.asarray(known["month"])
        seasons = by_calendar_month(months, known["percent"].to_numpy())
        slope, lower, upper, p_value = seasonal_slope(seasons, confidence)
        first, last = (months[0], months[-1]) if len(months) else ("", "")
        span = {"n_years": len(seasons), "n_months": len(months), "first_month": first, "last_month": last}
        rows.append(
            keys
            | {"quantity": quantity, "unit": UNIT}
            | span
            | {
                "slope_per_year": slope,
                "lower_per_year": lower,
                "upper_per_year": upper,
                "p_value": p_value,
                "test": SEASONAL_TEST if np.isfinite(p_value) else "none",
                "significant": bool(p_value < significance),
            }
        )
    return _adjusted(pd.DataFrame(rows))


def by_calendar_month(months: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values of months, text ``YYYY-MM`` of shape (n,), as a float array (years, 12), NaN where there is no month."""
    if not len(months):
        return np.full((0, 12), np.nan)
    years = np.array([int(month[:4]) for month in months])
    seasons = np.full((years.max() - years.min() + 1, 12), np.nan)
    seasons[years - years.min(), [int(month[5:7]) - 1 for month in months]] = values
    return seasons


def seasonal_slope(seasons: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float, float]:
    """Seasonal Kendall slope a year, its lower and upper bound and the p-value; see `seasonal_trends`.

    Parameters
    ----------
    seasons : float, shape (years, 12), NaN where there is no value.
    confidence : of the interval, in (0, 1).

    Returns
    -------
    Four numbers, NaN if no calendar month has ``MIN_YEARS`` values. Values that never change have slope 0 and p = 1.
    """
    present = np.isfinite(seasons)
    if present.sum(axis=0).max(initial=0) < MIN_YEARS:
        return np.nan, np.nan, np.nan, np.nan
    first, second = np.triu_indices(len(seasons), 1)
    slopes = (seasons[second] - seasons[first]) / (second - first)[:, None]
    slopes = np.sort(slopes[np.isfinite(slopes)])
    if not np.any(slopes):
        return 0.0, 0.0, 0.0, 1.0
    used = seasons[:, present.sum(axis=0) >= 2]
    p_value, _ = _test(used)
    # a trend that months share would pass for their going together, and widen the interval
    _, variance = _test(used - np.median(slopes) * np.arange(len(used))[:, None])
    reach = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    last = len(slopes) - 1
    low, high = (len(slopes) - reach) / 2 - 1, (len(slopes) + reach) / 2
    lower, upper = np.interp([max(low, 0), min(high, last)], np.arange(len(slopes)), slopes)
    return float(np.median(slopes)), float(lower), float(upper), p_value


def _test(seasons: np.ndarray) -> tuple[float, float]:
    """Larger p-value and larger variance of the seasonal test with and without the correction, (years, months)."""
    if np.isnan(seasons).any():
        return _test_with_gaps(seasons)
    # either test may divide by a variance of 0, where the months that change cancel out; the other one then counts
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = pymannkendall.multivariate_test(seasons)
        corrected = pymannkendall.correlated_multivariate_test(seasons)
    return float(np.nanmax([plain.p, corrected.p])), float(max(plain.var_s, corrected.var_s))


def _test_with_gaps(seasons: np.ndarray) -> tuple[float, float]:
    """The same where values are missing, which the package would leave out with all of their year.

    Covariances of the months' scores after Hirsch and Slack (1984), in which a missing value has the middle rank.
    """
    signs = np.nan_to_num(np.sign(seasons[:, None] - seasons[None]))
    counts = np.isfinite(seasons).sum(axis=0)
    ranks = (counts + 1 + signs.sum(axis=1)) / 2
    ranks = np.where(np.isfinite(seasons), ranks, (counts + 1) / 2)
    concordant = np.einsum("ijg,ijh->gh", signs, signs) / 2
    products = 4 * ranks.T @ ranks - len(seasons) * np.outer(counts + 1, counts + 1)
    covariance = (concordant + products) / 3
    score = np.tril(signs.transpose(2, 0, 1), -1).sum()
    variance = float(max(np.trace(covariance), covariance.sum()))
    if variance <= 0:
        return 1.0, 0.0
    z = np.sign(score) * max(abs(score) - 1, 0) / np.sqrt(variance)
    return float(2 * stats.norm.sf(abs(z))), variance


def _series(values: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str, pd.DataFrame]]:
    """Keys, quantity and values of every scaler, zone and biome."""
    groups = dict(iter(values.groupby(KEYS, sort=False)))
    for key in values[KEYS].drop_duplicates().sort_values(["scaler"], kind="stable").itertuples(index=False):
        keys = {"scaler": key.scaler, "zone": key.zone, "biome": key.biome}
        yield keys, f"{key.biome} coverage ({titles[key.zone]})", groups[tuple(key)]


def _adjusted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with ``p_adjusted`` after the last column; rows without a p-value are not counted as tests."""
    adjusted = pd.Series(np.nan, rows.index)
    for _, one in rows.groupby("scaler"):
        tested = one.index[one["p_value"].notna()]
        if len(tested):
            adjusted[tested] = stats.false_discovery_control(rows["p_value"][tested].astype(float), method="by")
    return rows.assign(p_adjusted=adjusted)
