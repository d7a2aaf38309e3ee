"""Least squares with autocorrelation-robust errors, and the season of dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tsa.stattools import acf

MIN_VALUES = 10
# harmonics of the year that describe a season: at least, at most; of the dates of one season alone
HARMONICS, HARMONICS_OF_SEASON = (3, 10), (1, 3)
_SPARE_VALUES = 10  # values more than columns that a larger number of harmonics must leave
_DAYS_PER_YEAR = 365.2425


@dataclass(frozen=True)
class RobustFit:
    """Ordinary least squares of one target, arrays of shape (columns,), in the order of the design's columns.

    ``se_classic, p_classic`` take the values as independent; ``se_hac, p_hac, lower, upper`` do not.
    ``freedom``: degrees of freedom of the robust errors. ``n_effective``: number of independent values whose mean would
    be as sure as that of the residuals.
    """

    coefficients: np.ndarray
    se_classic: np.ndarray
    p_classic: np.ndarray
    se_hac: np.ndarray
    p_hac: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    freedom: np.ndarray
    r_squared: float
    r_squared_adjusted: float
    n: int
    n_effective: float


def hac_fit(target: np.ndarray, design: np.ndarray, years: int, confidence: float = 0.95) -> RobustFit:
    """Least squares with a variance that allows for memory and for scatter that changes.

    The variance of a coefficient is the mean square of a few low-frequency cosine sums of its scores (equal-weighted
    cosine estimator, Lazarus et al. 2018, doi:10.1080/07350015.2018.1506926): 0.41 n^(2/3) cosines, but not more than
    there are years, so that years that differ from one another are seen. It is made unbiased for independent values,
    whose residuals a design of many columns shrinks, and has the degrees of freedom that such values give it (Bell and
    McCaffrey 2002; Imbens and Kolesár 2016, doi:10.1162/REST_a_00552). Measured size: docs/statistics.md.

    Parameters
    ----------
    target : float, shape (n,), in order of time, no NaN.
    design : float, shape (n, columns), a constant among them.
    years : that the values span, as `years_spanned` gives them; at most so many cosines are taken, at least 2.
    confidence : of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than ``MIN_VALUES`` values, or not more than columns and 2, or columns depend on one another.
    """
    n, columns = design.shape
    if n < max(MIN_VALUES, columns + 3) or np.linalg.matrix_rank(_scaled(design)) < columns:
        raise ValueError(f"{n} values do not determine {columns} coefficients with their errors")
    classic = sm.OLS(target, design).fit()
    error, freedom = _low_frequency_errors(design, np.asarray(classic.resid), years)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_hac = 2 * stats.t.sf(np.abs(classic.params / error), freedom)
    half = stats.t.ppf((1 + confidence) / 2, freedom) * error
    return RobustFit(
        coefficients=np.asarray(classic.params),
        se_classic=np.asarray(classic.bse),
        p_classic=np.asarray(classic.pvalues),
        se_hac=error,
        p_hac=p_hac,
        lower=classic.params - half,
        upper=classic.params + half,
        freedom=freedom,
        r_squared=float(classic.rsquared),
        r_squared_adjusted=float(classic.rsquared_adj),
        n=n,
        n_effective=effective_number(np.asarray(classic.resid)),
    )


def _low_frequency_errors(design: np.ndarray, residuals: np.ndarray, years: int) -> tuple[np.ndarray, np.ndarray]:
    """Standard error and degrees of freedom of each coefficient, see `hac_fit`."""
    n = len(residuals)
    count = max(2, min(int(0.41 * n ** (2 / 3)), years))
    cosines = np.sqrt(2 / n) * np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(1, count + 1)) / n)
    basis, triangle = np.linalg.qr(_scaled(design))
    # shape (columns, n): a coefficient is the sum of weights times values
    weights = np.linalg.solve(triangle, basis.T) / _size(design)[:, None]
    sums = (weights * residuals) @ cosines
    # the sums in terms of the errors before the fit, shape (columns, n, cosines)
    parts = weights[:, :, None] * cosines
    parts -= basis @ (basis.T @ parts)
    spread = parts.swapaxes(1, 2) @ parts
    # independent errors of variance 1 make the sum of squares trace(spread) on average, and the coefficient's variance
    # the sum of the squares of its weights
    trace = np.trace(spread, axis1=1, axis2=2)
    errors = np.sqrt((sums**2).sum(axis=1) / trace * (weights**2).sum(axis=1))
    freedom = trace**2 / (spread**2).sum(axis=(1, 2))
    return errors, freedom


def years_spanned(dates: pd.Series) -> int:
    """Whole years from the first to the last date, rounded, at least 1."""
    return max(1, round((dates.max() - dates.min()).days / _DAYS_PER_YEAR))


def effective_number(values: np.ndarray) -> float:
    """Effective number of independent values, n / (1 + 2 Σ w ρ), from 2 to n.

    ρ are the autocorrelations, w Bartlett's weights (Thiébaux and Zwiers 1984,
    doi:10.1175/1520-0450(1984)023<0800:TIAEOE>2.0.CO;2), to the lag 1.3 √n.

    Parameters
    ----------
    values : float, shape (n,), in order of time.
    """
    n = len(values)
    if np.ptp(values) == 0:
        return float(n)
    lags = max(1, min(int(np.ceil(1.3 * np.sqrt(n))), n // 3))
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)
    inflation = 1 + 2 * float(weights @ acf(values, nlags=lags, fft=True)[1:])
    return float(np.clip(n / max(inflation, 1 / n), min(2, n), n))


def season_columns(dates: pd.Series, values: np.ndarray, harmonics: tuple[int, int] = HARMONICS) -> np.ndarray:
    """Sines and cosines of the day of the year that describe the season of all values, centered, shape (n, 2 waves).

    Each column of values takes the number of harmonics of the smallest corrected AIC (Hurvich and Tsai 1989,
    doi:10.1093/biomet/76.2.297), and the largest number counts: a season that only one side has needs no control, and
    one that both have is controlled whichever shows it more (Belloni, Chernozhukov and Hansen 2014,
    doi:10.1093/restud/rdt044). With three harmonics for all, snow that melts at once and temperature with a plateau
    seem related in up to 70 % of simulated tables, with levels of calendar months in 34 to 88 %.

    Parameters
    ----------
    dates : datetime64, shape (n,).
    values : float, shape (n,) or (n, columns), no NaN.
    harmonics : least and largest number; the dates of one season need few, since their cycle is a piece of the year's.
    """
    year = pd.DatetimeIndex(dates)
    phase = 2 * np.pi * (year.day_of_year.to_numpy() - 1) / np.where(year.is_leap_year, 366, 365)
    least, most = harmonics
    angles = phase[:, None] * np.arange(1, most + 1)
    # sine and cosine of a harmonic are adjacent, so that fewer harmonics are the first columns
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(phase), 2 * most)
    chosen = _waves_of(np.asarray(values, "float64").reshape(len(phase), -1), waves, least)
    waves = waves[:, : 2 * chosen]
    return waves - waves.mean(axis=0)


def _waves_of(values: np.ndarray, waves: np.ndarray, least: int) -> int:
    """Number of harmonics with the smallest corrected AIC, the largest of the columns of values."""
    n = len(values)
    counts = np.arange(least, waves.shape[1] // 2 + 1)
    counts = counts[n >= 2 * counts + 1 + _SPARE_VALUES]
    if not len(counts):
        return least
    columns = 2 * counts + 1
    basis, _ = np.linalg.qr(np.column_stack([np.ones(n), waves[:, : columns[-1] - 1]]))
    parts = basis.T @ values
    # each harmonic that is left out adds the squares of its parts to what all of them leave
    left = ((values - basis @ parts) ** 2).sum(axis=0) + np.array([(parts[own:] ** 2).sum(axis=0) for own in columns])
    floor = np.finfo("float64").eps ** 2 * np.maximum((values**2).sum(axis=0), 1.0)
    penalty = 2 * columns * n / (n - columns - 1)
    criteria = n * np.log(np.maximum(left, floor) / n) + penalty[:, None]
    return int(counts[criteria.argmin(axis=0)].max())


def _scaled(design: np.ndarray) -> np.ndarray:
    return design / _size(design)


def _size(design: np.ndarray) -> np.ndarray:
    """Largest value of each column, 1 where all are 0."""
    size = np.abs(design).max(axis=0)
    return np.where(size > 0, size, 1)
