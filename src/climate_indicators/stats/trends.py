"""Trend of an annual series: Theil–Sen slope, Mann–Kendall test, and a sentence with the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from climate_indicators.stats.multiple_testing import adjust_table
from climate_indicators.stats.p_value_text import p_text
from climate_indicators.stats.trend_tests import TEST, monotonic_trend

# with fewer values no test can reach p < 0.05: of four, the smallest p-value of the Mann-Kendall test is 0.089
MIN_YEARS = 5
NUMBERS = (
    "slope_per_year", "lower_per_year", "upper_per_year", "line_at_first_year", "total_change", "total_lower",
    "total_upper", "total_percent", "lag1", "effective_n", "p_value",
)  # fmt: skip


def trend_row(
    quantity: str,
    unit: str,
    years: Sequence[int],
    values: Sequence[float],
    flagged: Sequence[bool],
    confidence: float = 0.95,
    significance: float = 0.05,
    change_factors: tuple[float, float] = (1.0, 1.0),
) -> dict[str, object]:
    """Trend of a yearly series over its unflagged years, as one line of a table.

    Parameters
    ----------
    quantity, unit : what the values are, as the sentence names it: "glacier area", "km²".
    years, values, flagged : shape (n,), in order of time; flagged years are left out.
    confidence : of the slope's interval, in (0, 1).
    significance : the trend is significant if its p-value is below this.
    change_factors : smallest and largest factor, at most and at least 1, by which true changes may differ from those
        of the values; the intervals contain both.

    Returns
    -------
    ``quantity, unit, n_years, first_year, last_year, slope_per_year, lower_per_year, upper_per_year,
    line_at_first_year``; ``total_change, total_lower, total_upper``: the slope times the years from first to last, with
    its interval, and ``total_percent``: in percent of the line in the first year; ``lag1, effective_n``: lag-1
    correlation and effective sample size that test and interval account for; ``p_value, test, significant, sentence``.
    With fewer than ``MIN_YEARS`` years the numbers are NaN, the test is ``none``, and the sentence gives the reason.
    """
    kept = ~np.asarray(flagged, bool)
    years, values = np.asarray(years)[kept], np.asarray(values, "float64")[kept]
    row = {
        "quantity": quantity,
        "unit": unit,
        "n_years": len(years),
        "first_year": int(years[0]) if len(years) else pd.NA,
        "last_year": int(years[-1]) if len(years) else pd.NA,
    }
    if len(years) < MIN_YEARS:
        nothing = dict.fromkeys(NUMBERS, np.nan) | {"test": "none", "significant": False}
        return row | nothing | {"sentence": _why_none(quantity, len(years), len(flagged))}
    trend = monotonic_trend(years, values, confidence)
    trend = replace(
        trend,
        lower=min(trend.lower * factor for factor in change_factors),
        upper=max(trend.upper * factor for factor in change_factors),
    )
    span = int(years[-1] - years[0])
    row |= {
        "slope_per_year": trend.slope,
        "lower_per_year": trend.lower,
        "upper_per_year": trend.upper,
        "line_at_first_year": trend.start,
        "total_change": span * trend.slope,
        "total_lower": span * trend.lower,
        "total_upper": span * trend.upper,
        "total_percent": 100 * span * trend.slope / trend.start if trend.start else np.nan,
        "lag1": trend.lag1,
        "effective_n": trend.effective_n,
        "p_value": trend.p_value,
        "test": TEST,
        "significant": bool(trend.p_value < significance),
    }
    return row | {"sentence": _sentence(row, confidence)}


def adjusted_trends(
    rows: pd.DataFrame,
    significance: float = 0.05,
    confidence: float = 0.95,
    family: Sequence[str] = (),
) -> pd.DataFrame:
    """Trends of one table, with verdicts and sentences that allow for the number of tests.

    Parameters
    ----------
    rows : lines of `trend_row`, perhaps with further columns.
    significance : a trend is significant if its adjusted p-value is below this.
    confidence : that of the rows.
    family : as for `multiple_testing.adjust_table`.

    Returns
    -------
    The rows with ``p_adjusted`` as a further column, and ``significant`` and ``sentence`` that follow from it.
    """
    table = adjust_table(rows, significance, family)
    counts = table.groupby(list(family), sort=False)["p_value"].transform("count") if family else None
    tests = counts if family else pd.Series(table["p_value"].count(), table.index)
    told = [
        row["sentence"] if row["test"] == "none" else _sentence(row, confidence, int(count))
        for row, count in zip(table.to_dict("records"), tests, strict=True)
    ]
    return table.assign(sentence=told)


def _sentence(row: Mapping[str, object], confidence: float, tests: int = 1) -> str:
    """A significant trend by its direction and size; another one with "no significant trend" first."""
    quantity, unit = row["quantity"], row["unit"]
    slope, lower, upper = (row[f"{name}_per_year"] for name in ("slope", "lower", "upper"))
    name = quantity[0].upper() + quantity[1:]
    span = f"{row['first_year']} to {row['last_year']}"
    test = f"{row['test']}, {p_text(row['p_value'])}, lag-1 correlation {_numbers(row['lag1'])[0]}"
    if tests > 1:
        test += f"; {p_text(row['p_adjusted'])} adjusted for {tests} tests"
    if row["significant"] and slope:
        verb, sign = ("fell", -1) if slope < 0 else ("rose", 1)
        low, high = sorted((sign * lower, sign * upper))
        size, interval = _with_interval(abs(slope), low, high, confidence)
        text = f"{name} {verb} by {size} {unit} per year ({interval}), {span}{_total(row)}: significant ({test})."
    else:
        size, interval = _with_interval(slope, lower, upper, confidence)
        text = f"{name} has no significant trend, {span}: {size} {unit} per year ({interval}){_total(row)} ({test})."
    excludes_zero = not lower <= 0 <= upper and np.isfinite(lower)
    if excludes_zero != row["significant"]:
        why = "it is that of one test alone" if tests > 1 and excludes_zero else "its level is not 1 − significance"
        text += f" The interval {'excludes' if excludes_zero else 'includes'} 0, since {why}."
    return text


def _with_interval(size: float, lower: float, upper: float, confidence: float) -> tuple[str, str]:
    """A number and the words of its interval; a series can be too short for one."""
    if not np.isfinite(lower):
        return _numbers(size)[0], f"too few values for a {100 * confidence:.4g} % interval"
    text, low, high = _numbers(size, lower, upper)
    return text, f"{100 * confidence:.4g} % interval {low} to {high}"


def _total(row: Mapping[str, object]) -> str:
    """Total change with its interval and in percent, for the middle of a sentence; empty without an interval."""
    total, lower, upper = (float(row[f"total_{name}"]) for name in ("change", "lower", "upper"))
    if not np.isfinite(lower):
        return ""
    percent = float(row["total_percent"])
    # no use where the line begins at 0 or near it
    share = f", {percent:+.1f} %".replace("-", "−") if np.isfinite(percent) and abs(percent) < 1000 else ""
    text, low, high = _numbers(total, lower, upper)
    return f", in total {text} {row['unit']} ({low} to {high}{share})"


def _numbers(*values: float) -> list[str]:
    """Numbers with as many decimals as give the largest of them three digits, with a true minus sign."""
    largest = max(abs(value) for value in values)
    decimals = 2 if largest == 0 else int(np.clip(2 - np.floor(np.log10(largest)), 0, 6))
    return [f"{value + 0.0:.{decimals}f}".replace("-", "−") for value in values]


def _why_none(quantity: str, found: int, all_years: int) -> str:
    excluded = all_years - found
    years = f"{found} year{'' if found == 1 else 's'}"
    flagged = f" ({excluded} more flagged and left out)" if excluded else ""
    verb = "is" if found == 1 else "are"
    return f"No trend of {quantity} is drawn: there {verb} {years}{flagged}, and a trend needs {MIN_YEARS}."
