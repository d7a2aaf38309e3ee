"""Areas and trend of a simulated site beside the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from climate_indicators.trend_tests import theil_sen_slope


def truth_table(areas: pd.DataFrame, trend: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Recovered quantities beside the true ones.

    Parameters
    ----------
    areas : ``year, area_km2, lower_km2, upper_km2, flag`` of each year; the flag of a sound year is empty or NaN.
    trend : ``slope_per_year, lower_per_year, upper_per_year`` in its first line; NaN if no trend was drawn.
    truth : ``year, area_km2`` of each year.

    Returns
    -------
    Table ``quantity, unit, truth, estimate, lower, upper, within``: one line a year, such as ``area 2016`` or
    ``area 2020 (flagged)``, then ``trend``. The true trend is the Theil–Sen slope of the true areas of all years. A
    trend that was not drawn has no line. ``within`` is true where the truth lies inside the interval, ends included.

    Raises
    ------
    ValueError
        If a year has no true area.
    """
    true_areas = truth.set_index("year").area_km2
    unknown = sorted(set(areas.year) - set(true_areas.index))
    if unknown:
        raise ValueError(f"years {unknown} have no true area; the truth has {sorted(true_areas.index)}")
    rows = [
        [_name(row.year, row.flag), "km²", true_areas[row.year], row.area_km2, row.lower_km2, row.upper_km2]
        for row in areas.itertuples()
    ]
    drawn = trend.iloc[0]
    if np.isfinite(drawn.slope_per_year):
        slope = theil_sen_slope(truth.year.to_numpy("float64"), truth.area_km2.to_numpy())
        rows.append(["trend", "km² per year", slope, drawn.slope_per_year, drawn.lower_per_year, drawn.upper_per_year])
    table = pd.DataFrame(rows, columns=["quantity", "unit", "truth", "estimate", "lower", "upper"])
    table["within"] = (table.lower <= table.truth) & (table.truth <= table.upper)
    return table


def _name(year: int, flag: object) -> str:
    return f"area {year}" if pd.isna(flag) or flag == "" else f"area {year} (flagged)"
