"""Robust slope of a yearly series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Slope:
    """Theil–Sen line: change a year with its interval, and ``start``, the line's value in the first year."""

    per_year: float
    lower: float
    upper: float
    start: float


def theil_sen(years: Sequence[float], values: Sequence[float], confidence: float = 0.95) -> Slope:
    """Median of the slopes of all pairs of years (Sen 1968, doi:10.1080/01621459.1968.10480934), with its interval.

    Parameters
    ----------
    years : float, shape (n,): two or more, no two alike; they need not be evenly spaced.
    values : float, shape (n,): no NaN.
    confidence : of the interval, in (0, 1).

    Returns
    -------
    Slope; the line goes through the medians of years and values.
    """
    years, values = np.asarray(years, "float64"), np.asarray(values, "float64")
    line = stats.theilslopes(values, years, confidence)
    return Slope(
        float(line.slope),
        float(line.low_slope),
        float(line.high_slope),
        float(line.intercept + line.slope * years.min()),
    )
