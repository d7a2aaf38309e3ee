"""Table of a truth check: results for a synthetic site compared with the truth."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = ["quantity", "unit", "truth", "estimate", "lower", "upper", "tolerance", "expected", "within"]
DAYS_PER_YEAR = 365.2425
# cosines and sines of the year that describe a season
HARMONICS = 3
# maximum number of failed quantities with separate warnings; further ones are counted
MAX_WARNED = 4


def interval_row(
    quantity: str, unit: str, truth: float, estimate: float, lower: float, upper: float, expected: bool = True
) -> dict[str, object]:
    """Line of a quantity with a published interval, which should contain the truth.

    Parameters
    ----------
    expected : False where the truth is known to lie outside, for example because a published method that is shown for
        comparison loses the quantity.
    """
    return {
        "quantity": quantity, "unit": unit, "truth": truth, "estimate": estimate, "lower": lower, "upper": upper,
        "tolerance": np.nan, "expected": expected,
    }  # fmt: skip


def accuracy_row(quantity: str, unit: str, truth: float, estimate: float, tolerance: float) -> dict[str, object]:
    """Line of an accuracy, which should be within ``tolerance`` of the truth: 0 of an error, 1 of a ratio."""
    return {
        "quantity": quantity, "unit": unit, "truth": truth, "estimate": estimate, "lower": np.nan, "upper": np.nan,
        "tolerance": tolerance, "expected": True,
    }  # fmt: skip


def check_table(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Table of the lines of `interval_row` and `accuracy_row`.

    Returns
    -------
    Table with columns ``COLUMNS``. A line has either an interval (``lower``, ``upper``) or a ``tolerance``. ``within``
    is true where the interval contains the truth, ends included, or where the estimate differs from the truth by the
    tolerance at most. A missing value is never within.

    Raises
    ------
    ValueError
        If two lines have the same quantity.
    """
    table = pd.DataFrame(list(rows), columns=COLUMNS[:-1])
    again = table["quantity"][table["quantity"].duplicated()]
    if len(again):
        raise ValueError(f"quantity '{again.iloc[0]}' has more than one line in the table of the truth check")
    inside = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    near = (table["estimate"] - table["truth"]).abs() <= table["tolerance"]
    table["within"] = inside.where(table["tolerance"].isna(), near)
    return table


def failed_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Lines of a `check_table` that are expected to be within their limits and are not."""
    return table[table["expected"].astype(bool) & ~table["within"].astype(bool)]


def report_checks(table: pd.DataFrame, log: logging.Logger) -> None:
    """Log every line of a `check_table`; each line that fails is a warning, so that the run and its report show it."""
    failed = failed_rows(table)
    for row in table.itertuples():
        if row.Index not in failed.index[:MAX_WARNED]:
            note = "" if row.within else ", outside its limits"
            log.info("%s: %.4g, truth %.4g %s%s", row.quantity, row.estimate, row.truth, row.unit, note)
            continue
        reach = f"± {row.tolerance:.4g}" if np.isfinite(row.tolerance) else f"{row.lower:.4g} to {row.upper:.4g}"
        log.warning(
            "truth check failed: %s is %.4g %s, the truth %.4g; limits: %s",
            row.quantity, row.estimate, row.unit, row.truth, reach,
        )  # fmt: skip
    if len(failed) > MAX_WARNED:
        log.warning("truth check failed for %d further quantities; see truth_check.csv", len(failed) - MAX_WARNED)


@dataclass(frozen=True)
class SeriesLimits:
    """Largest deviations of a series from the truth.

    Attributes
    ----------
    mean : of estimated / true mean from 1.
    changes : of the slope of the estimate on the truth from 1.
    error : root-mean-square of the error of the values without season and mean, in the series' unit.
    """

    mean: float
    changes: float
    error: float


def series_rows(
    name: str, unit: str, dates: pd.Series | np.ndarray, truth: np.ndarray, estimate: np.ndarray, limits: SeriesLimits,
    seasonal: bool = True,
) -> list[dict[str, object]]:  # fmt: skip
    """Lines of a series: its mean, its changes, and what remains without its season.

    The slope of the estimate on the truth by least squares is the share of all changes that the estimate shows: the
    truth has no error, so that noise of the estimate does not bias it. The season is a least-squares fit of
    ``HARMONICS`` harmonics of the year to each of the two series; with a season, its amplitude (half of peak to trough
    of the fit) has a separate line. The correlation of what remains must reach s / √(s² + e²): the correlation of a
    series whose true values spread with standard deviation s and whose independent errors have the largest permitted
    root-mean-square e. Values that belong to other dates have a correlation near 0 and an error near √2 s.

    Parameters
    ----------
    name, unit : of the series.
    dates : time of each value, datetime64.
    truth, estimate : float, shape (n,), without missing values.
    limits : largest deviations.
    seasonal : False for values of one season, such as one per year.
    """
    truth, estimate = np.asarray(truth, "float64"), np.asarray(estimate, "float64")
    fits = [_season(dates, values) if seasonal else np.full(len(values), values.mean()) for values in (truth, estimate)]
    rows = [
        accuracy_row(
            f"mean of {name}, estimate / truth", "ratio", 1.0, _ratio(estimate.mean(), truth.mean()), limits.mean
        ),
        accuracy_row(f"changes of {name}, estimate / truth", "ratio", 1.0, _gain(truth, estimate), limits.changes),
    ]
    if seasonal:
        ratio = _ratio(np.ptp(fits[1]), np.ptp(fits[0]))
        rows.append(accuracy_row(f"season of {name}, estimate / truth", "ratio", 1.0, ratio, limits.changes))
    left, found = truth - fits[0], estimate - fits[1]
    spread, error = float(left.std()), float(np.sqrt(np.mean((found - left) ** 2)))
    least = spread / np.hypot(spread, limits.error)
    words = f"{name} without season" if seasonal else name
    rows.append(accuracy_row(f"correlation of {words}", "correlation", 1.0, _correlation(left, found), 1 - least))
    rows.append(accuracy_row(f"error of {words}", f"{unit}, RMS", 0.0, error, limits.error))
    return rows


def _season(dates: pd.Series | np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean and harmonics of the year, fitted to values by least squares, at the dates; float64, shape (n,)."""
    days = np.asarray(dates, "datetime64[D]").astype("int64")
    angles = 2 * np.pi * days[:, None] / DAYS_PER_YEAR * np.arange(1, HARMONICS + 1)
    design = np.column_stack([np.ones(len(days)), np.cos(angles), np.sin(angles)])
    return design @ np.linalg.lstsq(design, values, rcond=None)[0]


def _ratio(estimate: float, truth: float) -> float:
    return float(estimate / truth) if truth else np.nan


def _gain(truth: np.ndarray, estimate: np.ndarray) -> float:
    apart = truth - truth.mean()
    return _ratio(float(apart @ estimate), float(apart @ apart))


def _correlation(truth: np.ndarray, estimate: np.ndarray) -> float:
    if len(truth) < 2 or truth.std() == 0 or estimate.std() == 0:
        return np.nan
    return float(np.corrcoef(truth, estimate)[0, 1])
