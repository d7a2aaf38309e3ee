"""Sentences about snow and weather, made of the numbers of the tables and of nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from climate_indicators.snow.climate.lagged_weather import label_unit
from climate_indicators.snow.climate.weather import WARNING
from climate_indicators.stats.p_value_text import p_text

# above this, a variable is largely explained by the others (Marquardt 1970, doi:10.1080/00401706.1970.10488699)
HIGH_VIF = 10
COLUMNS = ["topic", "statement", "evidence", "p_value", "p_adjusted", "significant"]


def conclusions(
    findings: pd.DataFrame, trends: pd.DataFrame, single: pd.DataFrame, multiple: pd.DataFrame, snow: str,
    confidence: float = 0.95, significance: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """Conclusions from the tables: warnings about the data, then trends, then regressions, each with its p-value.

    Parameters
    ----------
    findings : as `weather.finding` gives them.
    trends : as `seasons.season_trends` gives it.
    single, multiple : as `regressions.single_regressions` and `regressions.multiple_regression` give them.
    snow : column of snow.
    confidence, significance : those of the tables.

    Returns
    -------
    ``topic, statement, evidence, p_value, p_adjusted, significant``; statements follow from the p-value that is
    adjusted for the number of tests of its table. Lines without a p-value are not statements about snow or weather:
    they tell of the data, of what was not tested, and how many tests there are.
    """
    sure = f"{100 * confidence:.4g} %"
    rows = [_warning(row) for row in findings[findings["severity"] == WARNING].itertuples()]
    rows += [_trend(row, sure) for row in trends.itertuples()]
    for row in single.itertuples():
        rows += _regression(row, snow, sure)
    for row in multiple.itertuples():
        rows += _controlled_for_others(row, snow, sure)
    tests = [row for row in rows if np.isfinite(row["p_value"])]
    found = sum(row["significant"] for row in tests)
    alone = sum(row["p_value"] < significance for row in tests)
    statement = (
        f"{len(tests)} tests were made, and {found} are significant at {significance:g}, adjusted for their number"
    )
    evidence = (
        f"the tests of each table are one family (Benjamini and Hochberg 1995); {alone} p-values alone are below "
        f"{significance:g}, of which chance gives about {significance * len(tests):.1f} if there is nothing to find"
    )
    rows.append(_line("tests", statement, evidence, np.nan, np.nan, False))
    return pd.DataFrame(rows, columns=COLUMNS)


def number_text(value: float, signed: bool = True) -> str:
    """A number with three digits or all before the point, with a true minus, and a plus if signed."""
    size = abs(value)
    decimals = 0 if size == 0 else int(np.clip(2 - np.floor(np.log10(size)), 0, 8))
    sign = ("−" if value < 0 else "+" if signed else "") if round(size, decimals) else ""
    return f"{sign}{size:,.{decimals}f}"


def _line(
    topic: str, statement: str, evidence: str, p_value: float, p_adjusted: float, significant: bool
) -> dict[str, object]:
    cells = topic, statement, evidence, float(p_value), float(p_adjusted), bool(significant)
    return dict(zip(COLUMNS, cells, strict=True))


def _untested(topic: str, subject: str, reason: str) -> dict[str, object]:
    return _line(topic, f"{subject}: not tested", reason, np.nan, np.nan, False)


def _warning(row) -> dict[str, object]:
    statement, _, rest = row.message.partition(". ")
    return _line(
        "data", f"Beware: {row.check}", f"{statement}. {rest}".strip().rstrip(".") + ".", np.nan, np.nan, False
    )


def _trend(row, sure: str) -> dict[str, object]:
    label, unit = label_unit(row.quantity)
    name = _capital(label) + ("" if row.season == "all" else f" in {row.season}")
    if not np.isfinite(row.p_value):
        return _untested("trend", name, row.sentence)
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
            f"{number_text(row.deseasonalized_per_decade)} {unit} per decade ({sure} interval "
            f"{number_text(row.deseasonalized_lower)} to {number_text(row.deseasonalized_upper)}), "
            f"{p_text(row.p_deseasonalized)} as they go together"
        )
    statement = f"{name}: {verb} ({slope}, {_both(row.p_value, row.p_adjusted)})"
    return _line("trend", statement, evidence, row.p_value, row.p_adjusted, row.significant)


def _regression(row, snow: str, sure: str) -> list[dict[str, object]]:
    days = f" (mean of {row.lag_days} days)" if row.lag_days else ""
    name, topic = label_unit(row.variable)[0] + days, "lagged regression" if row.lag_days else "regression"
    subject = _capital(label_unit(snow)[0])
    if not np.isfinite(row.p_value):
        return [_untested(topic, f"{subject} and {name}", row.note)]
    slope = f"{number_text(row.slope)} {row.slope_unit}"
    evidence = (
        f"slope {slope} ({sure} interval {number_text(row.lower)} to {number_text(row.upper)}, "
        f"{row.freedom:.1f} degrees of freedom), R² = {row.r_squared:.3f}, n = {row.n}, worth {row.n_effective:.0f} "
        "independent values"
    )
    p_values, verdict = (row.p_value, row.p_adjusted), row.significant
    statement = _relation(subject, name, f"r = {_minus(row.r)}", row.slope, p_values, verdict)
    lines = [_line(topic, statement, evidence, *p_values, verdict)]
    if np.isfinite(row.p_deseasonalized):
        p_values, verdict = (row.p_deseasonalized, row.p_deseasonalized_adjusted), row.significant_deseasonalized
        about = f"{subject} without its season"
        strength = f"r = {_minus(row.r_deseasonalized)}"
        statement = _relation(about, name, strength, row.slope_deseasonalized, p_values, verdict)
        size = (
            f"slope {number_text(row.slope_deseasonalized)} {row.slope_unit} ({sure} interval "
            f"{number_text(row.lower_deseasonalized)} to {number_text(row.upper_deseasonalized)}) with "
            f"{row.harmonics:.0f} harmonics of the season"
        )
        lines.append(_line(f"{topic} without the season", statement, size, *p_values, verdict))
    return lines


def _controlled_for_others(row, snow: str, sure: str) -> list[dict[str, object]]:
    name, subject = label_unit(row.variable)[0], _capital(label_unit(snow)[0])
    if not np.isfinite(row.p_value):
        return [_untested("multiple regression", f"{subject} and {name}", row.note)]
    size = f"standardized {_minus(row.standardized)}"
    p_values = row.p_value, row.p_adjusted
    statement = _relation(f"{subject}, other variables held", name, size, row.coefficient, p_values, row.significant)
    evidence = (
        f"{number_text(row.coefficient)} {row.coefficient_unit} ({sure} interval {number_text(row.lower)} to "
        f"{number_text(row.upper)}), R² of all variables {row.r_squared:.3f}, n = {row.n}, VIF {row.vif:.1f}"
    )
    if row.vif > HIGH_VIF:
        evidence += f": above {HIGH_VIF}, the variable is collinear with others, so its separate effect is uncertain"
    lines = [_line("multiple regression", statement, evidence, *p_values, row.significant)]
    if np.isfinite(row.p_deseasonalized):
        p_values = row.p_deseasonalized, row.p_deseasonalized_adjusted
        coefficient, verdict = row.coefficient_deseasonalized, row.significant_deseasonalized
        size = f"{number_text(coefficient)} {row.coefficient_unit}"
        about = f"{subject} without its season, other variables held"
        statement = _relation(about, name, size, coefficient, p_values, verdict)
        evidence = (
            f"{sure} interval {number_text(row.lower_deseasonalized)} to {number_text(row.upper_deseasonalized)}, with "
            f"{row.harmonics:.0f} harmonics of the season"
        )
        lines.append(_line("multiple regression without the season", statement, evidence, *p_values, verdict))
    return lines


def _both(p_value: float, p_adjusted: float) -> str:
    """A p-value, and the one adjusted for the number of tests."""
    return f"{p_text(p_value)}, adjusted {p_text(p_adjusted)}"


def _relation(
    subject: str, name: str, size: str, slope: float, p_values: tuple[float, float], significant: bool
) -> str:
    numbers = f"({size}, {_both(*p_values)})"
    if not significant:
        return f"{subject}: no significant relation with the {name} {numbers}"
    return f"{subject}: {'larger' if slope > 0 else 'smaller'} where the {name} is higher {numbers}"


def _minus(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
