"""Regressions of snow on the weather: each variable alone, with its lagged means, and all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.outliers_influence import variance_inflation_factor

from climate_indicators.snow.climate.hac import RobustFit, hac_fit, season_columns, years_spanned
from climate_indicators.snow.climate.lagged_weather import label_unit, lagged_name
from climate_indicators.stats.multiple_testing import adjust_table

SINGLE = [
    "r", "slope", "slope_unit", "intercept", "se_classic", "p_classic", "se_hac", "lower", "upper", "p_value",
    "r_squared", "freedom", "n_effective", "harmonics", "r_deseasonalized", "slope_deseasonalized",
    "lower_deseasonalized", "upper_deseasonalized", "p_deseasonalized",
]  # fmt: skip

# both p-values of a line belong to one family of tests
VERDICTS = {
    "p_value": ("p_adjusted", "significant"),
    "p_deseasonalized": ("p_deseasonalized_adjusted", "significant_deseasonalized"),
}
MULTIPLE = [
    "variable", "unit", "n", "coefficient", "coefficient_unit", "se_classic", "p_classic", "se_hac", "lower",
    "upper", "p_value", "p_adjusted", "standardized", "standardized_lower", "standardized_upper", "partial_r", "vif",
    "r_squared", "r_squared_adjusted", "n_effective", "freedom", "significant", "harmonics",
    "coefficient_deseasonalized", "lower_deseasonalized", "upper_deseasonalized", "p_deseasonalized",
    "p_deseasonalized_adjusted", "significant_deseasonalized", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Partial:
    """A partial regression: snow and one variable, both after removal of the effect of the other variables.

    ``variable_left``, in the variable's unit, and ``snow_left``, in the snow's unit, float (n,); ``row``: the line of
    the multiple regression.
    """

    variable: str
    variable_left: np.ndarray
    snow_left: np.ndarray
    row: dict[str, object]


def single_regressions(
    table: pd.DataFrame, snow: str, variables: Sequence[str], lags: Sequence[int] = (), confidence: float = 0.95,
    significance: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """Straight line of snow on every variable of the same day, and on its lagged means.

    Parameters
    ----------
    table : ``date``, the snow, the variables and their lagged means (`snow_weather.lagged_name`), a row per image.
    snow : column of snow.
    variables : columns of weather.
    lags : lengths of means in days; 0, the day itself, is always there.
    confidence : of the slope's interval, in (0, 1).
    significance : a slope is significant if its robust p-value, adjusted for all tests of the table, is below this.

    Returns
    -------
    ``variable, unit, lag_days, n, n_dates``; ``r`` Pearson's; ``slope, slope_unit, intercept`` of least squares;
    ``se_classic, p_classic`` of the slope for independent values; ``se_hac, lower, upper, p_value, freedom`` for
    values with memory (`hac.hac_fit`); ``r_squared, n_effective``; ``r_deseasonalized, slope_deseasonalized,
    lower_deseasonalized, upper_deseasonalized, p_deseasonalized``: the same with the season in the regression, as so
    many ``harmonics`` of the day of the year (`hac.season_columns`), which shows what remains without the season
    that both share; ``note``; ``p_adjusted,
    significant`` and ``p_deseasonalized_adjusted, significant_deseasonalized``: verdicts of both p-values, all of the
    table being one family (`multiple_testing.adjust_table`). Without enough values the numbers are NaN, and the note
    says why.
    """
    rows = []
    for variable in variables:
        for lag in sorted({0, *(lag for lag in lags if lag > 1)}):
            column = lagged_name(variable, lag)
            start = {"variable": variable, "unit": label_unit(variable)[1], "lag_days": lag}
            rows.append(start | _single(table, snow, column, lag, confidence))
    return adjust_table(pd.DataFrame(rows), significance, columns=VERDICTS)


def multiple_regression(
    table: pd.DataFrame, snow: str, variables: Sequence[str], confidence: float = 0.95, significance: float = 0.05
) -> tuple[pd.DataFrame, list[Partial]]:
    """Multiple regression of snow on all variables of the same day, and partial regressions.

    Parameters
    ----------
    table, snow, variables, confidence, significance : as for `single_regressions`.

    Returns
    -------
    rows : a line per variable, ``variable, unit, n, coefficient, coefficient_unit, se_classic, p_classic, se_hac,
        lower, upper, p_value, p_adjusted, standardized, standardized_lower, standardized_upper`` (change of snow in
        its standard deviations for one of the variable), ``partial_r, vif, r_squared, r_squared_adjusted, n_effective,
        freedom, significant``; ``harmonics, coefficient_deseasonalized, lower_deseasonalized, upper_deseasonalized,
        p_deseasonalized, p_deseasonalized_adjusted, significant_deseasonalized``: the same with the season in the
        regression; ``note``; the variables are one family of tests. Variables that do not change are left out
        and noted.
    partials : of every variable fitted, for partial regression plots.
    """
    whole = table[[snow, *variables]].notna().all(axis=1)
    used = table[whole].sort_values("date", kind="stable")
    notes = {name: "the variable does not change" for name in variables if len(used) and not np.ptp(used[name])}
    fitted = [name for name in variables if name not in notes]
    values = used[snow].to_numpy("float64")
    design = np.column_stack([np.ones(len(used)), *(used[name].to_numpy("float64") for name in fitted)])
    try:
        spanned = years_spanned(used["date"]) if len(used) else 0
        fit = hac_fit(values, design, spanned, confidence) if fitted and np.ptp(values) else None
    except ValueError as error:
        fit, notes = None, notes | {name: f"not fitted: {error}" for name in fitted}
    seasonal = [{}] * len(fitted) if fit is None else _without_season(used["date"], design, values, confidence)
    rows, partials = [], []
    for name in variables:
        start = {"variable": name, "unit": label_unit(name)[1], "n": len(used)}
        if fit is None or name in notes:
            rows.append(start | {"note": notes.get(name, "not fitted: snow does not change")})
            continue
        place = 1 + fitted.index(name)
        rows.append(start | _multiple(fit, design, values, place, snow, name) | seasonal[place - 1])
        partials.append(_partial(name, design, values, place, rows[-1]))
    table = adjust_table(pd.DataFrame(rows).reindex(columns=MULTIPLE), significance, columns=VERDICTS)
    return table[MULTIPLE], partials


def _single(table: pd.DataFrame, snow: str, column: str, lag: int, confidence: float) -> dict[str, object]:
    used = table[table[[snow, column]].notna().all(axis=1)].sort_values("date", kind="stable")
    row = {"n": len(used), "n_dates": used["date"].nunique()} | dict.fromkeys(SINGLE, np.nan)
    row |= {"slope_unit": f"{label_unit(snow)[1]}/{label_unit(column)[1]}"}
    left = len(table) - len(used)
    x, y = used[column].to_numpy("float64"), used[snow].to_numpy("float64")
    try:
        if not len(x) or not np.ptp(x) or not np.ptp(y):
            raise ValueError("the values do not change" if len(x) else "no row has both values")
        years = years_spanned(used["date"])
        fit = hac_fit(y, np.column_stack([np.ones_like(x), x]), years, confidence)
    except ValueError as error:
        reason = f"the mean of {lag} days needs daily weather: " if lag and left else ""
        return row | {"note": f"not fitted: {reason}{error}"}
    row |= {
        "r": float(np.corrcoef(x, y)[0, 1]),
        "slope": fit.coefficients[1],
        "intercept": fit.coefficients[0],
        "se_classic": fit.se_classic[1],
        "p_classic": fit.p_classic[1],
        "se_hac": fit.se_hac[1],
        "lower": fit.lower[1],
        "upper": fit.upper[1],
        "p_value": fit.p_hac[1],
        "r_squared": fit.r_squared,
        "freedom": fit.freedom[1],
        "n_effective": fit.n_effective,
    }
    row |= _deseasonalized(x, y, used["date"], confidence)
    return row | {"note": f"{left} of {len(table)} rows have no value" if left else ""}


def _deseasonalized(x: np.ndarray, y: np.ndarray, dates: pd.Series, confidence: float) -> dict[str, float]:
    """Slope and correlation without the season; empty if there are too few values."""
    design = np.column_stack([np.ones_like(x), x])
    (row,) = _without_season(dates, design, y, confidence)
    if row:
        waves = season_columns(dates, np.column_stack([x, y]))
        left = _left_over(np.column_stack([np.ones_like(x), waves]), np.column_stack([x, y]))
        row["r_deseasonalized"] = float(np.corrcoef(left.T)[0, 1])
        row["slope_deseasonalized"] = row.pop("coefficient_deseasonalized")
    return row


def _without_season(
    dates: pd.Series, design: np.ndarray, values: np.ndarray, confidence: float
) -> list[dict[str, float]]:
    """For each column of the design but the constant, its coefficient with the season; empty if values do not suffice.

    Parameters
    ----------
    design : float, shape (n, 1 + variables), the constant first.
    """
    waves = season_columns(dates, np.column_stack([design[:, 1:], values]))
    try:
        fit = hac_fit(values, np.column_stack([design, waves]), years_spanned(dates), confidence)
    except ValueError:  # hardly more values than columns: the cells stay empty
        return [{}] * (design.shape[1] - 1)
    return [
        {
            "harmonics": waves.shape[1] // 2,
            "coefficient_deseasonalized": fit.coefficients[place],
            "lower_deseasonalized": fit.lower[place],
            "upper_deseasonalized": fit.upper[place],
            "p_deseasonalized": fit.p_hac[place],
        }
        for place in range(1, design.shape[1])
    ]


def _multiple(
    fit: RobustFit, design: np.ndarray, values: np.ndarray, place: int, snow: str, name: str
) -> dict[str, object]:
    scale = design[:, place].std(ddof=1) / values.std(ddof=1)
    partial = _left_over(np.delete(design, place, axis=1), np.column_stack([design[:, place], values]))
    return {
        "coefficient": fit.coefficients[place],
        "coefficient_unit": f"{label_unit(snow)[1]}/{label_unit(name)[1]}",
        "se_classic": fit.se_classic[place],
        "p_classic": fit.p_classic[place],
        "se_hac": fit.se_hac[place],
        "lower": fit.lower[place],
        "upper": fit.upper[place],
        "p_value": fit.p_hac[place],
        "standardized": fit.coefficients[place] * scale,
        "standardized_lower": fit.lower[place] * scale,
        "standardized_upper": fit.upper[place] * scale,
        "partial_r": float(np.corrcoef(partial.T)[0, 1]),
        "vif": float(variance_inflation_factor(design, place)),
        "r_squared": fit.r_squared,
        "r_squared_adjusted": fit.r_squared_adjusted,
        "n_effective": fit.n_effective,
        "freedom": fit.freedom[place],
        "note": "",
    }


def _partial(name: str, design: np.ndarray, values: np.ndarray, place: int, row: dict[str, object]) -> Partial:
    left = _left_over(np.delete(design, place, axis=1), np.column_stack([design[:, place], values]))
    return Partial(name, left[:, 0], left[:, 1], row)


def _left_over(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Residuals of each column of values after least squares on the design, shape (n, columns)."""
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
