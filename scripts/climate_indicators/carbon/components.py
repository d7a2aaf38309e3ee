"""Trend, season and one lasting step of a monthly series, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy import stats

from climate_indicators.carbon.change_points import MIN_SEGMENT, memory

HARMONICS = 2
MIN_MONTHS = 36
MAX_ROUNDS = 20
# places of the coefficients: level, trend, step, then cosine and sine of each harmonic
TREND, STEP, SEASON = 1, 2, 3


@dataclass(frozen=True)
class Interval:
    """A value between its bounds, in one unit."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Components:
    """Parts of a monthly series, in the unit of its values.

    ``trend`` per year; ``season`` float (12,), January first, of mean 0; ``amplitude``: half of the season from peak
    to trough; ``peak``: calendar month of the peak, whose bounds may be below 1 or above 12 where they pass the turn
    of the year; ``change_month`` datetime64[M]: the first month after the step; ``change``: the same as months after
    the first month of the series; ``size`` of the step; ``fitted`` float (n,); ``rho``: autocorrelation of the
    residuals from month to month.
    """

    trend: Interval
    season: np.ndarray
    amplitude: Interval
    peak: Interval
    change_month: np.datetime64
    change: Interval
    size: Interval
    fitted: np.ndarray
    rho: float


def components(months: np.ndarray, values: np.ndarray, confidence: float = 0.95) -> Components:
    """Straight line, season of two harmonics of the year, and one lasting step where it explains most.

    Generalised least squares with a first-order autoregressive error, whose coefficient comes from the residuals
    (Cochrane and Orcutt 1949, doi:10.1080/01621459.1949.10483290; months without a value count). A step is tried at
    every month but the first and last ``MIN_SEGMENT``. Its interval holds the months whose sum of squares is so near
    the least that the likelihood ratio does not refuse them; the bound is that of Hansen (2000,
    doi:10.1111/1468-0262.00124), −2 ln(1 − √confidence), since a month is no smooth parameter and χ² would be too
    narrow. The other intervals are Student's t of the fit with the step at its best month. The peak's interval holds
    the months around it whose season is not significantly below the peak's.

    Parameters
    ----------
    months : datetime64[M], shape (n,), strictly increasing; gaps are allowed.
    values : float, shape (n,), no NaN.
    confidence : of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than ``MIN_MONTHS`` values, or not every calendar month is there.
    """
    months, values = np.asarray(months, "datetime64[M]"), np.asarray(values, "float64")
    calendar = months.astype("int64") % 12
    if len(months) < MIN_MONTHS or len(np.unique(calendar)) < 12:
        raise ValueError(
            f"trend, season and step need {MIN_MONTHS} months or more with all twelve calendar months among them; the "
            f"series has {len(months)} months and {len(np.unique(calendar))} calendar months"
        )
    number = (months - months[0]).astype("int64")
    places = np.arange(MIN_SEGMENT, len(months) - MIN_SEGMENT + 1)
    design = _design(number, calendar)
    rho, place = 0.0, -1
    for _ in range(MAX_ROUNDS):
        before = (rho, place)
        squares = _squares_of_steps(design, values, number, places, rho)
        place = int(places[np.argmin(squares)])
        weights = np.linalg.lstsq(_whiten(_with_step(design, place), number, rho), _whiten(values, number, rho))[0]
        rho = memory(values - _with_step(design, place) @ weights, design.shape[1])
        if place == before[1] and abs(rho - before[0]) < 1e-4:
            break
    squares = _squares_of_steps(design, values, number, places, rho)
    place = int(places[np.argmin(squares)])
    whole = _with_step(design, place)
    fit = sm.OLS(_whiten(values, number, rho), _whiten(whole, number, rho)).fit()
    bounds = fit.conf_int(1 - confidence)
    trend, size = (Interval(*map(float, (fit.params[at], *bounds[at]))) for at in (TREND, STEP))
    near = places[squares <= squares.min() + _largest_ratio(confidence) * fit.mse_resid]
    # where months are missing before it, the step may be in any of them
    change = Interval(float(number[place]), float(number[near.min() - 1] + 1), float(number[near.max()]))
    season, amplitude, peak = _season(fit, confidence)
    return Components(trend, season, amplitude, peak, months[place], change, size, whole @ fit.params, rho)


def season_columns(calendar: np.ndarray) -> np.ndarray:
    """Cosine and sine of each harmonic, shape (n, 2 × HARMONICS).

    Parameters
    ----------
    calendar : int, shape (n,): calendar months, January 0.
    """
    angle = 2 * np.pi * np.asarray(calendar) / 12
    return np.column_stack([part(wave * angle) for wave in range(1, HARMONICS + 1) for part in (np.cos, np.sin)])


def _design(number: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """Columns of level, trend in years, an empty one for the step, and the season."""
    years = (number - number.mean()) / 12
    return np.column_stack([np.ones(len(number)), years, np.zeros(len(number)), season_columns(calendar)])


def _with_step(design: np.ndarray, place: int) -> np.ndarray:
    design = design.copy()
    design[place:, STEP] = 1.0
    return design


def _whiten(columns: np.ndarray, number: np.ndarray, rho: float) -> np.ndarray:
    """Columns whose first-order autoregressive errors become independent, of the same variance."""
    kept = rho ** np.diff(number)
    shrunk = np.sqrt((1 - rho**2) / (1 - kept**2))
    turned = columns.T.copy()
    turned[..., 1:] = (columns.T[..., 1:] - kept * columns.T[..., :-1]) * shrunk
    turned[..., 0] *= np.sqrt(1 - rho**2)
    return turned.T


def _squares_of_steps(
    design: np.ndarray, values: np.ndarray, number: np.ndarray, places: np.ndarray, rho: float
) -> np.ndarray:
    """Sum of squares left by a step at each place, shape (places,)."""
    basis = np.linalg.qr(_whiten(np.delete(design, STEP, axis=1), number, rho))[0]
    steps = _whiten((np.arange(len(number))[:, None] >= places).astype("float64"), number, rho)
    target = _whiten(values, number, rho)
    steps -= basis @ (basis.T @ steps)
    target = target - basis @ (basis.T @ target)
    return target @ target - (steps.T @ target) ** 2 / (steps**2).sum(axis=0)


def _largest_ratio(confidence: float) -> float:
    """Quantile of the likelihood ratio of a step's place, Hansen (2000), theorem 2."""
    return -2 * np.log(1 - np.sqrt(confidence))


def _season(fit: sm.regression.linear_model.RegressionResults, confidence: float) -> tuple:
    """Season by calendar month, its amplitude and its peak."""
    columns = np.zeros((12, len(fit.params)))
    columns[:, SEASON:] = season_columns(np.arange(12))
    season = columns @ fit.params
    top, low = int(season.argmax()), int(season.argmin())
    reach = stats.t.ppf((1 + confidence) / 2, fit.df_resid)

    def between(contrast: np.ndarray) -> Interval:
        value, error = contrast @ fit.params, np.sqrt(contrast @ fit.cov_params() @ contrast)
        return Interval(float(value), float(value - reach * error), float(value + reach * error))

    def far(way: int) -> int:
        """Months from the peak, this way, that cannot be told from it; at most half a year."""
        steps = (s for s in range(1, 7) if between(columns[top] - columns[(top + way * s) % 12]).lower > 0)
        return next(steps, 7) - 1

    peak = Interval(float(top + 1), float(top + 1 - far(-1)), float(top + 1 + far(1)))
    return season, between((columns[top] - columns[low]) / 2), peak
