"""Models of a monthly series that forecast it with intervals: exponential smoothing, regression, naive ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

from climate_indicators.carbon.series.change_points import ChangePoint, change_points, shape_of

PERIOD = 12
NAIVE, SEASONAL_NAIVE = "naive", "seasonal naive"
SMOOTHINGS = [(None, False, None), ("add", False, None), ("add", True, None), (None, False, "add"),
              ("add", False, "add"), ("add", True, "add")]  # fmt: skip
REGRESSIONS = [(trend, pairs, ar) for trend in (False, True) for pairs in (0, 1, 2) for ar in (0, 1)]


@dataclass(frozen=True)
class Smoothing:
    """Exponential smoothing with additive errors: ``trend`` None or ``add``, ``damped``, ``season`` None or ``add``."""

    trend: str | None
    damped: bool
    season: str | None

    def __str__(self) -> str:
        """Display name."""
        parts = [("damped " if self.damped else "") + "trend"] * bool(self.trend) + ["season"] * bool(self.season)
        return "exponential smoothing with " + (" and ".join(parts) or "level alone")


@dataclass(frozen=True)
class Regression:
    """Regression on a straight line and the year's waves, with autoregressive errors.

    ``trend``: with the line; ``pairs`` of sine and cosine; ``ar``: order of the errors. Changes of level that
    `change_points.change_points` finds in the values that a model is fitted to are further regressors.
    """

    trend: bool
    pairs: int
    ar: int

    def __str__(self) -> str:
        """Display name."""
        parts = ["a straight line"] * self.trend
        parts += [f"{self.pairs} harmonic{'s' if self.pairs > 1 else ''} of the year"] * bool(self.pairs)
        errors = "first-order autoregressive errors" if self.ar else "independent errors"
        return f"regression on {' and '.join(parts) or 'the mean'} with changes of level, {errors}"


@dataclass
class FitDiagnostics:
    """How many fits there were, and how many of them ended with a warning or without convergence."""

    fits: int = 0
    warned: int = 0
    kinds: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Prediction:
    """Forecast ``mean``, its standard error ``spread`` as the model has it, both float (horizon,), and a ``floor``.

    The standard error orders the leads; how wide an interval must be is measured (`forecast_intervals`). The floor is 0
    where no value was below 0, else −∞.
    """

    mean: np.ndarray
    spread: np.ndarray
    floor: float

    def bounds(self, half_width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds, ``half_width`` float (horizon,) from the mean."""
        return tuple(np.maximum(self.mean + sign * half_width, self.floor) for sign in (-1, 1))


def choose(values: np.ndarray, fit_state: FitDiagnostics) -> Smoothing | Regression:
    """Kind of model for a series: the better of the best smoothing and the best regression.

    The best of each family has the least corrected Akaike criterion (Hyndman and Athanasopoulos 2021, Forecasting:
    principles and practice, sections 8.6 and 9.6). Criteria of the two families do not compare; of their best, that is
    chosen whose forecast of the last ``PERIOD`` values, made without them, has the smaller mean absolute error.

    Parameters
    ----------
    values : float, shape (n,), n of three periods or more, not all alike.
    fit_state : counts the fits.
    """
    best, changes = [], _changes(values)
    for family in ([Smoothing(*one) for one in SMOOTHINGS], [Regression(*one) for one in REGRESSIONS]):
        criteria = [_criterion(one, values, changes, fit_state) for one in family]
        best.append(family[int(np.argmin(criteria))])
    earlier, later = values[:-PERIOD], values[-PERIOD:]
    errors = [np.abs(predict(one, earlier, PERIOD, fit_state).mean - later).mean() for one in best]
    return best[int(np.argmin(errors))]


def predict(
    model: Smoothing | Regression | str, values: np.ndarray, horizon: int, fit_state: FitDiagnostics
) -> Prediction:
    """Forecast of the values that follow, with standard errors; the model's numbers are fitted to ``values``.

    Standard errors of the regression hold the uncertainty of its coefficients; those of the smoothing do not. Where no
    value is below 0, no forecast and no bound is.

    Parameters
    ----------
    model : as `choose` gives it, ``naive`` (the last value stays) or ``seasonal naive`` (the last year repeats itself).
    values : float, shape (n,), n of three periods or more, not all alike.
    horizon : number of values to forecast.
    fit_state : counts the fits.
    """
    center, scale = values.mean(), values.std()
    if isinstance(model, str):
        mean, spread = naive(model, values, horizon)
    else:
        fit = _smoothing if isinstance(model, Smoothing) else _regression
        mean, spread = fit(model, (values - center) / scale, horizon, fit_state)
        mean, spread = center + scale * mean, scale * spread
    floor = 0.0 if values.min() >= 0 else -np.inf
    # a model without residual errors has no scale for its intervals
    return Prediction(np.maximum(mean, floor), np.maximum(spread, 1e-9 * scale), floor)


def naive(kind: str, values: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Naive forecast and its standard deviation, (horizon,) each (Hyndman and Athanasopoulos 2021, section 5.5).

    Parameters
    ----------
    kind : ``naive`` or ``seasonal naive``.
    values : float, shape (n,), n above ``PERIOD``.
    horizon : number of values to forecast.
    """
    lag = PERIOD if kind == SEASONAL_NAIVE else 1
    steps = np.arange(horizon)
    mean = values[len(values) - lag + steps % lag]
    spread = np.sqrt(np.mean((values[lag:] - values[:-lag]) ** 2))
    return mean, spread * np.sqrt(steps // lag + 1)


def _criterion(
    model: Smoothing | Regression, values: np.ndarray, changes: Sequence[ChangePoint], fit_state: FitDiagnostics
) -> float:
    scaled = (values - values.mean()) / values.std()
    fitted = _fit(_build(model, scaled, changes), fit_state)
    return float(fitted.aicc) if np.isfinite(fitted.aicc) else np.inf


def _build(
    model: Smoothing | Regression, values: np.ndarray, changes: Sequence[ChangePoint] = (), in_state: bool = False
) -> ETSModel | SARIMAX:
    """Model of statsmodels; ``in_state``: coefficients are part of the state, so that forecasts know their error."""
    if isinstance(model, Smoothing):
        return ETSModel(
            pd.Series(values), error="add", trend=model.trend, damped_trend=model.damped, seasonal=model.season,
            seasonal_periods=PERIOD if model.season else None,
        )  # fmt: skip
    known = _columns(model, np.arange(len(values)), len(values), changes)
    return SARIMAX(values, exog=known, order=(model.ar, 0, 0), mle_regression=not in_state)


def _columns(model: Regression, months: np.ndarray, n: int, changes: Sequence[ChangePoint]) -> np.ndarray:
    angle = 2 * np.pi * months / PERIOD
    waves = [wave(pair * angle) for pair in range(1, model.pairs + 1) for wave in (np.sin, np.cos)]
    steps = [shape_of(change, months) for change in changes]
    return np.column_stack([np.ones(len(months)), *[months / n] * model.trend, *waves, *steps])


def _changes(values: np.ndarray) -> list[ChangePoint]:
    return change_points(values, season=np.arange(len(values)) % PERIOD, draws=199)


def _fit(built: ETSModel | SARIMAX, fit_state: FitDiagnostics):  # noqa: ANN202 - results of either class
    """Results of a fit; warnings are counted, not printed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = built.fit(disp=False, maxiter=500)
    kinds = {warning.category.__name__ for warning in caught}
    if not getattr(fitted, "mle_retvals", {}).get("converged", True):
        kinds.add("ConvergenceWarning")
    fit_state.fits += 1
    fit_state.warned += bool(kinds)
    fit_state.kinds |= kinds
    return fitted


def _smoothing(
    model: Smoothing, values: np.ndarray, horizon: int, fit_state: FitDiagnostics
) -> tuple[np.ndarray, np.ndarray]:
    fitted = _fit(_build(model, values), fit_state)
    n = len(values)
    frame = fitted.get_prediction(n, n + horizon - 1).summary_frame(alpha=0.05)
    mean = frame["mean"].to_numpy()
    return mean, (frame["pi_upper"].to_numpy() - mean) / stats.norm.ppf(0.975)


def _regression(
    model: Regression, values: np.ndarray, horizon: int, fit_state: FitDiagnostics
) -> tuple[np.ndarray, np.ndarray]:
    n, changes = len(values), _changes(values)
    fitted = _fit(_build(model, values, changes, in_state=True), fit_state)
    forecast = fitted.get_forecast(horizon, exog=_columns(model, np.arange(n, n + horizon), n, changes))
    return np.asarray(forecast.predicted_mean), np.asarray(forecast.se_mean)
