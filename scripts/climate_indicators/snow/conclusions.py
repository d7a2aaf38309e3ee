"""Sentences about snow and weather, made of the numbers of the tables and of nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from climate_indicators.snow.snow_weather import label_unit
from climate_indicators.snow.weather import WARNING

# above this a variable says mostly what the others say (Marquardt 1970, doi:10.1080/00401706.1970.10488699)
HIGH_VIF = 10
COLUMNS = ["topic", "statement", "evidence", "p_value", "significant"]


def conclusions(
    findings: pd.DataFrame, trends: pd.DataFrame, single: pd.DataFrame, multiple: pd.DataFrame, snow: str,
    confidence: float = 0.95, significance: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """What the tables say: warnings about the data first, then trends, then regressions; every claim with its p-value.

    Parameters
    ----------
    findings : as `weather.finding` gives them.
    trends : as `seasons.season_trends` gives it.
    single, multiple : as `regressions.single_regressions` and `regressions.multiple_regression` give them.
    snow : column of snow.
    confidence, significance : those of the tables.

    Returns
    -------
    ``topic, statement, evidence, p_value, significant``. Lines without a p-value claim nothing of snow or weather:
    they tell of the data, of what was not tested, and how many tests there are.
    """
    sure = f"{100 * confidence:.4g} %"
    rows = [_warning(row) for row in findings[findings["severity"] == WARNING].itertuples()]
    rows += [_trend(row, sure) for row in trends.itertuples()]
    for row in single.itertuples():
        rows += _regression(row, snow, sure, significance)
    rows += [_beside_others(row, snow, sure) for row in multiple.itertuples()]
    tests = [row for row in rows if np.isfinite(row["p_value"])]
    found = sum(row["significant"] for row in tests)
    rows.append({
        "topic": "tests",
        "statement": f"{len(tests)} tests were made, and {found} are significant at {significance:g}",
        "evidence": f"about {significance * len(tests):.1f} would be by chance alone; the p-values are not corrected "
        "for their number",
        "p_value": np.nan,
        "significant": False,
    })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def p_text(p_value: float) -> str:
    """``p = 0.72``, with two digits, or ``p < 0.0001``."""
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"


def number_text(value: float, signed: bool = True) -> str:
    """A number with three digits or all before the point, with a true minus, and a plus if signed."""
    size = abs(value)
    decimals = 0 if size == 0 else int(np.clip(2 - np.floor(np.log10(size)), 0, 8))
    sign = ("−" if value < 0 else "+" if signed else "") if round(size, decimals) else ""
    return f"{sign}{size:,.{decimals}f}"


def _line(topic: str, statement: str, evidence: str, p_value: float, significant: bool) -> dict[str, object]:
    return dict(zip(COLUMNS, (topic, statement, evidence, float(p_value), bool(significant)), strict=True))


def _warning(row) -> dict[str, object]:
    statement, _, rest = row.message.partition(". ")
    return _line("data", f"Beware: {row.check}", f"{statement}. {rest}".strip().rstrip(".") + ".", np.nan, False)


def _trend(row, sure: str) -> dict[str, object]:
    label, unit = label_unit(row.quantity)
    name = _capital(label) + ("" if row.season == "all" else f" in {row.season}")
    if not np.isfinite(row.p_value):
        return _line("trend", f"{name}: not tested", row.sentence, np.nan, False)
    verb = "no significant trend"
    if row.significant:
        verb = "a trend without size" if not row.theil_sen_per_decade else (
            "rises" if row.theil_sen_per_decade > 0 else "falls"
        )  # fmt: skip
    slope = f"{number_text(row.theil_sen_per_decade)} {unit} per decade"
    evidence = (
        f"Theil–Sen {slope} ({sure} interval {number_text(row.theil_sen_lower)} to "
        f"{number_text(row.theil_sen_upper)}) of {row.n_years} yearly values, {row.test}"
    )
    if np.isfinite(row.slope_per_day):
        evidence += (
            f"; least-squares line of {row.n} values: {number_text(row.slope_per_day)} {unit} per day, "
            f"{p_text(row.p_least_squares)} if they were independent; with harmonics of the season "
            f"{number_text(row.beside_cycle_per_decade)} {unit} per decade ({sure} interval "
            f"{number_text(row.beside_cycle_lower)} to {number_text(row.beside_cycle_upper)}), "
            f"{p_text(row.p_beside_cycle)} as they go together"
        )
    return _line("trend", f"{name}: {verb} ({slope}, {p_text(row.p_value)})", evidence, row.p_value, row.significant)


def _regression(row, snow: str, sure: str, significance: float) -> list[dict[str, object]]:
    days = f" (mean of {row.lag_days} days)" if row.lag_days else ""
    name, topic = label_unit(row.variable)[0] + days, "lagged regression" if row.lag_days else "regression"
    subject = _capital(label_unit(snow)[0])
    if not np.isfinite(row.p_value):
        return [_line(topic, f"{subject} and {name}: not tested", row.note, np.nan, False)]
    slope = f"{number_text(row.slope)} {row.slope_unit}"
    evidence = (
        f"slope {slope} ({sure} interval {number_text(row.lower)} to {number_text(row.upper)}, Newey–West with "
        f"{row.max_lags:.0f} lags), R² = {row.r_squared:.3f}, n = {row.n}, worth {row.n_effective:.0f} "
        "independent values"
    )
    statement = _relation(subject, name, f"r = {_minus(row.r)}", row.slope, row.p_value, row.significant)
    lines = [_line(topic, statement, evidence, row.p_value, row.significant)]
    if np.isfinite(row.p_deseasonalized):
        within = bool(row.p_deseasonalized < significance)
        about = f"{subject} less its usual level of the calendar month"
        statement = _relation(
            about, name, f"r = {_minus(row.r_deseasonalized)}", row.slope_deseasonalized, row.p_deseasonalized, within
        )
        size = f"slope {number_text(row.slope_deseasonalized)} {row.slope_unit} with three harmonics of the season"
        lines.append(_line(f"{topic} without the season", statement, size, row.p_deseasonalized, within))
    return lines


def _beside_others(row, snow: str, sure: str) -> dict[str, object]:
    name, subject = label_unit(row.variable)[0], _capital(label_unit(snow)[0])
    if not np.isfinite(row.p_value):
        return _line("multiple regression", f"{subject} and {name}: not tested", row.note, np.nan, False)
    size = f"standardised {_minus(row.standardised)}"
    statement = _relation(f"{subject}, other variables held", name, size, row.coefficient, row.p_value, row.significant)
    evidence = (
        f"{number_text(row.coefficient)} {row.coefficient_unit} ({sure} interval {number_text(row.lower)} to "
        f"{number_text(row.upper)}), R² of all variables {row.r_squared:.3f}, n = {row.n}, VIF {row.vif:.1f}"
    )
    if row.vif > HIGH_VIF:
        evidence += f": above {HIGH_VIF}, the variable goes along with the others, and its own part is hard to tell"
    return _line("multiple regression", statement, evidence, row.p_value, row.significant)


def _relation(subject: str, name: str, size: str, slope: float, p_value: float, significant: bool) -> str:
    numbers = f"({size}, {p_text(p_value)})"
    if not significant:
        return f"{subject}: no significant relation with the {name} {numbers}"
    return f"{subject}: {'larger' if slope > 0 else 'smaller'} where the {name} is higher {numbers}"


def _minus(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
