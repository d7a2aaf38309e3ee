"""Seasons of snow and weather: their means and their trends over the years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from climate_indicators.core.hydrological_year import ALL, SEASONS, hydro_years, season_names, season_years
from climate_indicators.snow.climate.hac import (
    HARMONICS,
    HARMONICS_OF_SEASON,
    hac_fit,
    season_columns,
    years_spanned,
)
from climate_indicators.snow.climate.lagged_weather import label_unit
from climate_indicators.stats.trends import adjusted_trends, trend_row

DAYS_PER_DECADE = 3652.425
# a season or year counts if two thirds of its months have a value
MIN_MONTHS = 2 / 3
LEAST_SQUARES = [
    "slope_per_day", "slope_per_decade", "p_least_squares", "p_hac",
    "deseasonalized_per_decade", "deseasonalized_lower", "deseasonalized_upper", "p_deseasonalized",
]  # fmt: skip


def yearly_values(table: pd.DataFrame, quantities: Sequence[str], start_month: int = 1) -> pd.DataFrame:
    """One value per year of every quantity, for every season and for whole years.

    The value is the mean over the months of the month's mean less its mean in all years, plus the season's mean
    level: a year that lacks a month, or has many dates in one, is not warmer or colder for that.

    Parameters
    ----------
    table : ``date`` datetime64 and the quantities.
    start_month : first month of a whole year, 1 to 12; seasons do not depend on it.

    Returns
    -------
    ``quantity, unit, season, year, n_dates, n_months, value, excluded``; left out of trends are years where fewer
    than two thirds of the months have a value.
    """
    parts = []
    for quantity in quantities:
        known = table[table[quantity].notna()]
        for season, chosen in _parts(known):
            if not chosen.empty:
                years = hydro_years(chosen["date"], start_month) if season == ALL else season_years(chosen["date"])
                parts.append(_one_value_a_year(chosen, quantity, years, season))
    columns = ["quantity", "unit", "season", "year", "n_dates", "n_months", "value", "excluded"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def season_trends(
    parts: Sequence[tuple[pd.DataFrame, Sequence[str]]], start_month: int = 1, confidence: float = 0.95,
    significance: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """Means and trends of every quantity, over all dates and in every season.

    Two views of one question. The least-squares line goes through the values as they are, against the day of the
    calendar, so that a season's dates lie years apart and not in a row. Theil–Sen and the Mann–Kendall test take one
    value per year (`yearly_values`), which hardly depends on the year before; they decide what is significant.

    Parameters
    ----------
    parts : tables and the quantities taken of each, as for `yearly_values`; one row an observation.
    start_month : as for `yearly_values`.
    confidence : of the intervals, in (0, 1).
    significance : a trend is significant if its p-value, adjusted for the number of trends, is below this.

    Returns
    -------
    One line per quantity and season (``all`` first): ``quantity, unit, season, n, n_dates, first, last, mean``;
    ``slope_per_day, slope_per_decade, p_least_squares`` of the line, with the classic p-value, and ``p_hac``, that
    for values with memory (`hac.hac_fit`); ``deseasonalized_per_decade, deseasonalized_lower, deseasonalized_upper,
    p_deseasonalized``: the line together with harmonics of the season, with robust interval; ``n_years, first_year,
    last_year, theil_sen_per_decade, theil_sen_lower, theil_sen_upper, lag1, effective_n, p_value, p_adjusted, test,
    significant, sentence`` of the yearly values, all trends of the table being one family (`trends.adjusted_trends`).
    NaN where there are too few, or all are alike.
    """
    rows, trends = [], []
    for table, quantities in parts:
        yearly = yearly_values(table, quantities, start_month)
        for quantity in quantities:
            label, unit = label_unit(quantity)
            known = table[table[quantity].notna()].sort_values("date", kind="stable")
            for season, chosen in _parts(known):
                own = yearly[(yearly["quantity"] == quantity) & (yearly["season"] == season)]
                name = label if season == ALL else f"{label} in {season}"
                trends.append(trend_row(name, unit, own["year"], own["value"], own["excluded"], confidence))
                row = {"quantity": quantity, "unit": unit, "season": season} | _about(chosen, quantity)
                rows.append(row | _least_squares(chosen, quantity, season, confidence))
    adjusted = adjusted_trends(pd.DataFrame(trends), significance, confidence)
    return pd.concat([pd.DataFrame(rows), _by_decade(adjusted)], axis=1)


def _parts(known: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    names = season_names(known["date"])
    return [(ALL, known), *((season, known[names == season]) for season in SEASONS)]


def _one_value_a_year(chosen: pd.DataFrame, quantity: str, years: pd.Series, season: str) -> pd.DataFrame:
    keys = [years.rename("year"), chosen["date"].dt.month.rename("month")]
    cells = chosen.groupby(keys)[quantity].mean().unstack()
    usual = cells.mean()
    value = (cells - usual).mean(axis=1) + usual.mean()
    table = pd.DataFrame({"value": value, "n_months": cells.count(axis=1)}).reset_index()
    table["n_dates"] = chosen["date"].groupby(years.to_numpy()).nunique().to_numpy()
    table["excluded"] = table["n_months"] < MIN_MONTHS * (12 if season == ALL else 3)
    return table.assign(quantity=quantity, unit=label_unit(quantity)[1], season=season)


def _about(chosen: pd.DataFrame, quantity: str) -> dict[str, object]:
    dates = chosen["date"]
    return {
        "n": len(chosen),
        "n_dates": dates.nunique(),
        "first": f"{dates.min():%Y-%m-%d}" if len(chosen) else "",
        "last": f"{dates.max():%Y-%m-%d}" if len(chosen) else "",
        "mean": chosen[quantity].mean(),
    }


def _least_squares(chosen: pd.DataFrame, quantity: str, season: str, confidence: float) -> dict[str, float]:
    """Slope against days alone, and together with the season."""
    days = (chosen["date"] - pd.Timestamp(1970, 1, 1)).dt.days.to_numpy("float64")
    values = chosen[quantity].to_numpy()
    if len(values) < 2 or not np.ptp(days) or not np.ptp(values):
        return dict.fromkeys(LEAST_SQUARES, np.nan)
    decades = (days - days.mean()) / DAYS_PER_DECADE
    design = np.column_stack([np.ones_like(decades), decades])
    try:
        # a linear trend is as slow as the slowest cosines: with one cosine per year, its error is too small if years
        # differ at random (10 to 13 % false alarms if they differ as much as dates do); with two in three years it is
        # not
        years = 2 * years_spanned(chosen["date"]) // 3
        plain = hac_fit(values, design, years, confidence)
        waves = season_columns(chosen["date"], values, HARMONICS if season == ALL else HARMONICS_OF_SEASON)
        seasonal = hac_fit(values, np.column_stack([design, waves]), years, confidence)
    except ValueError:  # too few values for errors: the cells of the table remain empty
        return dict.fromkeys(LEAST_SQUARES, np.nan)
    slope = plain.coefficients[1]
    numbers = [slope / DAYS_PER_DECADE, slope, plain.p_classic[1], plain.p_hac[1]]
    numbers += [seasonal.coefficients[1], seasonal.lower[1], seasonal.upper[1], seasonal.p_hac[1]]
    return dict(zip(LEAST_SQUARES, map(float, numbers), strict=True))


def _by_decade(trends: pd.DataFrame) -> pd.DataFrame:
    slopes = {"slope_per_year": "theil_sen_per_decade", "lower_per_year": "theil_sen_lower",
              "upper_per_year": "theil_sen_upper"}  # fmt: skip
    rows = trends.assign(**{name: 10 * trends[name] for name in slopes}).rename(columns=slopes)
    kept = ["n_years", "first_year", "last_year", *slopes.values()]
    return rows[[*kept, "lag1", "effective_n", "p_value", "p_adjusted", "test", "significant", "sentence"]]
