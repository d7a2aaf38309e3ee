"""Forecast of a monthly carbon series, and its test against naive forecasts of the past."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.carbon.series.change_points import MIN_SEGMENT, change_points
from climate_indicators.carbon.series.forecast_intervals import excluded_checks, half_widths
from climate_indicators.carbon.series.forecast_models import (
    NAIVE,
    PERIOD,
    SEASONAL_NAIVE,
    FitDiagnostics,
    Prediction,
    Regression,
    Smoothing,
    choose,
    predict,
)
from climate_indicators.carbon.series.series import CarbonSeries

MODEL = "model"
METHODS = (MODEL, NAIVE, SEASONAL_NAIVE)
MIN_MONTHS = 5 * PERIOD
MIN_TRAINING = 3 * PERIOD
MAX_GAP = 3
MAX_ORIGINS = 40
PROBABILITIES = (80, 95)
# a mean error smaller by less than this is called equal
MARGIN = 0.05
HISTORY, HELD_BACK, FORECAST, REFUSED = "history", "held back", "forecast", "refused"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CarbonForecast:
    """``values``: history, held-out last year and forecast; ``skill``: one row per method; ``verdict``: a sentence."""

    values: pd.DataFrame
    skill: pd.DataFrame
    verdict: str


def carbon_forecast(carbon: CarbonSeries, unit: str = "kg", horizon: int = 12) -> CarbonForecast:
    """Forecast of future months, forecast of the held-out last year, and the skill over past origins.

    Months without a value, no more than ``MAX_GAP`` in a row, are interpolated. The kind of model is chosen once, from
    the months before the first origin of the test (`forecast_models.choose`). The test forecasts from up to
    ``MAX_ORIGINS`` origins, evenly spread over the rest, with all months before each (rolling origin, Tashman 2000,
    doi:10.1016/S0169-2070(00)00065-0); the last origin leaves out ``horizon`` months. Errors at interpolated months do
    not count. The intervals are those that held the errors of the past at the same lead (`forecast_intervals`), of
    months without a change of level; those of the held-back year come from errors before it.

    Parameters
    ----------
    carbon : as `series.read_series` gives it.
    unit : of the values, for the verdict.
    horizon : months to forecast, 1 to 12.

    Returns
    -------
    CarbonForecast. ``values``: ``month, kind`` (``history``, ``held back``, ``forecast``; months held back are in the
    history too), ``value, interpolated, forecast, lower_80, upper_80, lower_95, upper_95, naive, seasonal_naive,
    reason``. ``skill``: ``method, model, horizon_months, n_origins, n_errors, mae, rmse, mase, coverage_80,
    coverage_95, coverage_95_no_change, held_back_mae, n_fits, n_warned, beats_naive, verdict``; coverages are shares,
    also that of forecasts without a change of level before their month. MASE is the mean absolute error divided by that
    of the seasonal naive forecast inside the months before (Hyndman and Koehler 2006,
    doi:10.1016/j.ijforecast.2006.03.001). A series that cannot be forecast gives one row in each, ``refused``, without
    numbers, with the reason.

    Raises
    ------
    ValueError
        If the horizon is not from 1 to 12.
    """
    if not 1 <= horizon <= PERIOD:
        raise ValueError(f"a forecast goes 1 to {PERIOD} months ahead; the horizon is {horizon}")
    reason = why_not(carbon)
    if reason:
        return _refusal(reason)
    months, values, interpolated = regular(carbon)
    fit_state = FitDiagnostics()
    origins = rolling_origins(len(values), horizon)
    model = choose(values[: origins[0]], fit_state)
    changes = [one.position for one in change_points(values, season=np.arange(len(values)) % PERIOD)]
    errors = back_test(model, values, interpolated, origins, horizon, fit_state, changes)
    held = {name: predict(_as(name, model), values[:-PERIOD], PERIOD, fit_state) for name in METHODS}
    ahead = {name: predict(_as(name, model), values, horizon, fit_state) for name in METHODS}
    kinds = ", ".join(sorted(fit_state.kinds)) or "none"
    logger.info("%s · %d of %d fits with a warning (%s)", model, fit_state.warned, fit_state.fits, kinds)
    skill = skill_table(errors, str(model), horizon)
    skill["held_back_mae"] = [
        float(np.abs(held[name].mean - values[-PERIOD:])[~interpolated[-PERIOD:]].mean()) for name in METHODS
    ]
    verdict = say(skill, unit)
    skill = skill.assign(n_fits=fit_state.fits, n_warned=fit_state.warned, beats_naive=beats(skill), verdict=verdict)
    own = errors[errors["method"] == MODEL]
    before = own[own["origin"] + own["ahead"] <= len(values) - PERIOD]
    bounds = [_bounds(held[MODEL], before), _bounds(ahead[MODEL], own)]
    return CarbonForecast(_value_table(months, values, interpolated, held, ahead, bounds), skill, verdict)


def why_not(carbon: CarbonSeries) -> str:
    """Sentence with the reason why a series cannot be forecast, or an empty text."""
    if carbon.months is None:
        return (
            "No forecast: the rows have no dates. Their order is no course of time, and nothing can be said of months "
            "to come. Name a column of dates in the settings."
        )
    span = len(carbon.months) + carbon.n_gaps
    if span < MIN_MONTHS:
        return f"No forecast: the series spans {span} months, and a forecast with its test needs {MIN_MONTHS}."
    steps = np.diff(carbon.months.astype("int64")) - 1
    if steps.max() > MAX_GAP:
        at = carbon.labels[int(np.argmax(steps))]
        return (
            f"No forecast: {steps.max()} months in a row have no value after {at}, and no more than {MAX_GAP} are "
            "interpolated."
        )
    if any(not np.ptp(carbon.values[:n]) for n in (MIN_TRAINING - PERIOD, len(carbon.values))):
        return "No forecast: the values do not change for two years or more at the start."
    return ""


def regular(carbon: CarbonSeries) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All months from first to last, values with gaps filled by straight lines, and which are filled; (n,) each."""
    months = np.arange(carbon.months[0], carbon.months[-1] + 1)
    present = np.isin(months, carbon.months)
    values = np.interp(months.astype("int64"), carbon.months.astype("int64"), carbon.values)
    return months, values, ~present


def rolling_origins(n: int, horizon: int) -> np.ndarray:
    """Numbers of months before each forecast of the test, increasing; the last is ``n - horizon``.

    Parameters
    ----------
    n : months of the series, ``MIN_MONTHS`` or more.
    horizon : months to forecast.
    """
    first = max(MIN_TRAINING, n // 2)
    return np.unique(np.linspace(first, n - horizon, min(MAX_ORIGINS, n - horizon - first + 1)).astype(int))


def back_test(
    model: Smoothing | Regression, values: np.ndarray, interpolated: np.ndarray, origins: np.ndarray, horizon: int,
    fit_state: FitDiagnostics, changes: Sequence[int] = (),
) -> pd.DataFrame:  # fmt: skip
    """Errors of all methods from every origin.

    Parameters
    ----------
    model : kind of model, fitted anew at every origin to the values before it.
    values, interpolated : float and bool, shape (n,).
    origins : as `rolling_origins` gives them.
    horizon : months to forecast.
    fit_state : counts the fits.
    changes : numbers of the first months after the changes of level of the whole series.

    Returns
    -------
    ``method, origin, ahead, error, scaled, spread`` (the model's standard error)``, spans_change``
    (a change lies between the origin and the month, or so shortly before that it cannot be found yet)``, in_80, in_95``
    (`forecast_intervals.excluded_checks`).
    """
    rows = []
    for origin in origins:
        before, after = values[:origin], slice(origin, origin + horizon)
        scale = np.abs(before[PERIOD:] - before[:-PERIOD]).mean()
        for name in METHODS:
            found = predict(_as(name, model), before, horizon, fit_state)
            error = found.mean - values[after]
            columns = {"ahead": np.arange(1, horizon + 1), "error": error, "scaled": np.abs(error) / scale}
            columns |= {"spread": found.spread}
            last = origin + columns["ahead"]
            columns |= {"spans_change": [any(origin - MIN_SEGMENT < one < end for one in changes) for end in last]}
            rows.append(pd.DataFrame({"method": name, "origin": origin} | columns)[~interpolated[after]])
    errors = pd.concat(rows, ignore_index=True)
    inside = [excluded_checks(one, horizon, PROBABILITIES) for _, one in errors.groupby("method", sort=False)]
    return errors.join(pd.concat(inside))


def skill_table(errors: pd.DataFrame, model: str, horizon: int) -> pd.DataFrame:
    """One line per method, as `carbon_forecast` describes them, without the last year's.

    Parameters
    ----------
    errors : as `back_test` gives them.
    model : display name of the model.
    horizon : months of each forecast.
    """
    rows = []
    for name in METHODS:
        one = errors[errors["method"] == name]
        rows.append(
            {
                "method": name,
                "model": model if name == MODEL else name,
                "horizon_months": horizon,
                "n_origins": one["origin"].nunique(),
                "n_errors": len(one),
                "mae": one["error"].abs().mean(),
                "rmse": np.sqrt((one["error"] ** 2).mean()),
                "mase": one["scaled"].mean(),
                "coverage_80": one["in_80"].mean(),
                "coverage_95": one["in_95"].mean(),
                "coverage_95_no_change": one["in_95"][~one["spans_change"]].mean(),
            }
        )
    return pd.DataFrame(rows)


def beats(skill: pd.DataFrame) -> bool:
    """Whether the model's mean absolute error is below that of both naive forecasts by more than ``MARGIN``."""
    errors = skill.set_index("method")["mae"]
    return bool(errors[MODEL] < (1 - MARGIN) * min(errors[NAIVE], errors[SEASONAL_NAIVE]))


def short_number(value: float) -> str:
    """A number as text: three significant digits, all integer digits, thousands separators."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def say(skill: pd.DataFrame, unit: str) -> str:
    """Plain sentence: whether the model beats the naive forecasts, by how much, and whether its intervals hold."""
    rows = skill.set_index("method")
    model, best = rows.loc[MODEL], rows.loc[[NAIVE, SEASONAL_NAIVE], "mae"].idxmin()
    start = "The forecast beats" if beats(skill) else "The forecast does NOT beat"
    count = int(model["n_origins"])
    words = (
        f"{start} the naive forecasts: mean absolute error {short_number(model['mae'])} {unit} against "
        f"{short_number(rows.loc[NAIVE, 'mae'])} (naive) and {short_number(rows.loc[SEASONAL_NAIVE, 'mae'])} (seasonal "
        f"naive), {count} forecast{'' if count == 1 else 's'} of past months ({model['model']})."
    )
    if not beats(skill):
        words += f" Take the {best} forecast instead, or read both."
    if not np.isfinite(model["coverage_95"]):
        return f"{words} The forecasts of the past are too few to test its intervals."
    share, without = (f"{100 * model[name]:.0f} %" for name in ("coverage_95", "coverage_95_no_change"))
    words += f" Intervals made without them held {share} of the true values at 95 %"
    if np.isfinite(model["coverage_95_no_change"]) and share != without:
        words += f", {without} where no change of level lies in the forecast months; they do not foresee such a change"
    elif model["coverage_95"] < 0.85:
        words += ": they are too narrow"
    return f"{words}."


def _as(name: str, model: Smoothing | Regression) -> Smoothing | Regression | str:
    return model if name == MODEL else name


def _value_table(
    months: np.ndarray, values: np.ndarray, interpolated: np.ndarray, held: dict[str, Prediction],
    ahead: dict[str, Prediction], bounds: Sequence[dict[str, np.ndarray]],
) -> pd.DataFrame:  # fmt: skip
    history = {"month": months.astype(str), "kind": HISTORY, "value": values, "interpolated": interpolated}
    horizon = len(ahead[MODEL].mean)
    next_months = (months[-1] + 1 + np.arange(horizon)).astype(str)
    last = {"value": values[-PERIOD:], "interpolated": interpolated[-PERIOD:]}
    parts = [
        pd.DataFrame(history),
        pd.DataFrame({"month": months[-PERIOD:].astype(str), "kind": HELD_BACK} | last | _columns(held, bounds[0])),
        pd.DataFrame(
            {"month": next_months, "kind": FORECAST, "value": np.nan, "interpolated": False}
            | _columns(ahead, bounds[1])
        ),
    ]
    return pd.concat(parts, ignore_index=True).assign(reason="")


def _bounds(prediction: Prediction, errors: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of lower and upper bounds."""
    columns = {}
    widths = half_widths(errors, prediction.spread, [one / 100 for one in PROBABILITIES])
    for one, width in zip(PROBABILITIES, widths, strict=True):
        low, high = prediction.bounds(width)
        columns |= {f"lower_{one}": low, f"upper_{one}": high}
    return columns


def _columns(predictions: dict[str, Prediction], bounds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    columns = {"forecast": predictions[MODEL].mean} | bounds
    return columns | {"naive": predictions[NAIVE].mean, "seasonal_naive": predictions[SEASONAL_NAIVE].mean}


def _refusal(reason: str) -> CarbonForecast:
    logger.warning("%s", reason)
    numbers = ["forecast", "lower_80", "upper_80", "lower_95", "upper_95", "naive", "seasonal_naive"]
    values = {"month": "", "kind": REFUSED, "value": np.nan, "interpolated": False} | dict.fromkeys(numbers, np.nan)
    scores = ["mae", "rmse", "mase", "coverage_80", "coverage_95", "coverage_95_no_change", "held_back_mae"]
    counts = {"method": REFUSED, "model": "none", "horizon_months": 0, "n_origins": 0, "n_errors": 0}
    end = {"n_fits": 0, "n_warned": 0, "beats_naive": False, "verdict": reason}
    skill = counts | dict.fromkeys(scores, np.nan) | end
    return CarbonForecast(pd.DataFrame([values | {"reason": reason}]), pd.DataFrame([skill]), reason)
