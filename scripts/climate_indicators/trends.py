"""Whether a yearly series has a trend: Theil–Sen slope, Mann–Kendall test, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pymannkendall

from climate_indicators.slopes import Slope, theil_sen

MIN_YEARS = 4
# with fewer, no autocorrelation can reach the limit of significance that the correction asks for
MIN_YEARS_CORRECTION = 8
PLAIN, CORRECTED = "Mann-Kendall test", "Mann-Kendall test with Hamed-Rao correction"


def mann_kendall(values: Sequence[float]) -> tuple[float, str]:
    """P-value of a monotonic trend, and the name of the test that gave it.

    The Mann–Kendall test with the correction for autocorrelation of Hamed and Rao (1998,
    doi:10.1016/S0022-1694(97)00125-X), from ``MIN_YEARS_CORRECTION`` values on. In short series the correction often
    finds negative autocorrelation by chance and would make the test bolder, or even the variance negative; so
    it may raise the p-value but never lower it.

    Parameters
    ----------
    values : float, shape (n,), in order of time.
    """
    plain = float(pymannkendall.original_test(values).p)
    if len(values) < MIN_YEARS_CORRECTION:
        return plain, PLAIN
    # values that do not change have no autocorrelation: the package divides by their variance
    with np.errstate(invalid="ignore", divide="ignore"):
        corrected = float(pymannkendall.hamed_rao_modification_test(values).p)
    return float(np.nanmax([plain, corrected])), CORRECTED


def trend_row(
    quantity: str,
    unit: str,
    years: Sequence[int],
    values: Sequence[float],
    flagged: Sequence[bool],
    confidence: float = 0.95,
    significance: float = 0.05,
) -> dict[str, object]:
    """Trend of a yearly series over its unflagged years, as one line of a table.

    Parameters
    ----------
    quantity, unit : what the values are, as the sentence names it: "glacier area", "km²".
    years, values, flagged : shape (n,), in order of time; flagged years are left out.
    confidence : of the slope's interval, in (0, 1).
    significance : the trend is significant if its p-value is below this.

    Returns
    -------
    ``quantity, unit, n_years, first_year, last_year, slope_per_year, lower_per_year, upper_per_year,
    line_at_first_year, p_value, test, significant, sentence``. With fewer than ``MIN_YEARS`` years the numbers are NaN,
    the test is ``none``, and the sentence says why no trend is drawn.
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
        return row | {
            "slope_per_year": np.nan,
            "lower_per_year": np.nan,
            "upper_per_year": np.nan,
            "line_at_first_year": np.nan,
            "p_value": np.nan,
            "test": "none",
            "significant": False,
            "sentence": _why_none(quantity, len(years), len(flagged)),
        }
    slope = theil_sen(years, values, confidence)
    p_value, test = mann_kendall(values)
    significant = p_value < significance
    span = f"{years[0]} to {years[-1]}"
    return row | {
        "slope_per_year": slope.per_year,
        "lower_per_year": slope.lower,
        "upper_per_year": slope.upper,
        "line_at_first_year": slope.start,
        "p_value": p_value,
        "test": test,
        "significant": significant,
        "sentence": _sentence(quantity, unit, slope, f"{test}, {_p_text(p_value)}", significant, span, confidence),
    }


def _sentence(
    quantity: str, unit: str, slope: Slope, test: str, significant: bool, span: str, confidence: float
) -> str:
    """Plain words: of a significant trend the direction and size, of another one first that it is not significant."""
    name = quantity[0].upper() + quantity[1:]
    sure = f"{100 * confidence:.4g}"
    low, high = slope.lower, slope.upper
    if significant and slope.per_year:
        verb, sign = ("fell", -1) if slope.per_year < 0 else ("rose", 1)
        low, high = sorted((sign * low, sign * high))
        size, low_text, high_text = _numbers(abs(slope.per_year), low, high)
        return (
            f"{name} {verb} by {size} {unit} a year ({sure} % interval {low_text} to {high_text}), {span}: "
            f"significant ({test})."
        )
    size, low_text, high_text = _numbers(slope.per_year, low, high)
    return (
        f"{name} has no significant trend, {span}: {size} {unit} a year ({sure} % interval {low_text} to {high_text}; "
        f"{test})."
    )


def _numbers(*values: float) -> list[str]:
    """Numbers with as many decimals as give the largest of them three digits, with a true minus sign."""
    largest = max(abs(value) for value in values)
    decimals = 2 if largest == 0 else int(np.clip(2 - np.floor(np.log10(largest)), 0, 6))
    return [f"{value + 0.0:.{decimals}f}".replace("-", "−") for value in values]


def _p_text(p_value: float) -> str:
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"


def _why_none(quantity: str, found: int, all_years: int) -> str:
    left_out = all_years - found
    years = f"{found} year{'' if found == 1 else 's'}"
    flagged = f" ({left_out} more flagged and left out)" if left_out else ""
    verb = "is" if found == 1 else "are"
    return f"No trend of {quantity} is drawn: there {verb} {years}{flagged}, and a trend needs {MIN_YEARS}."
