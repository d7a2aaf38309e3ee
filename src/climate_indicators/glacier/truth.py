"""Areas, trend and extents of a simulated glacier site compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from climate_indicators.stats.map_agreement import Agreement, agreement_rows
from climate_indicators.stats.trend_tests import theil_sen_slope
from climate_indicators.stats.truth_checks import SeriesLimits, accuracy_row, check_table, interval_row, series_rows

# each year may be off by 5 %, twice the standard deviation; changes by 10 %
YEAR_ERROR, CHANGE_ERROR = 0.05, 0.1
# overlap from which on the correction of changes is tested by simulation (docs/statistics.md)
MIN_IOU = 0.85
AREA = "area of unflagged years"


def truth_table(
    areas: pd.DataFrame, trend: pd.DataFrame, truth: pd.DataFrame, extents: Mapping[int, Agreement]
) -> pd.DataFrame:
    """Recovered quantities and the true ones.

    Parameters
    ----------
    areas : ``year, area_km2, lower_km2, upper_km2, flag`` of each year; the flag of a sound year is empty or NaN.
    trend : ``slope_per_year, lower_per_year, upper_per_year`` in its first line; NaN if no trend was drawn.
    truth : ``year, area_km2`` of each year.
    extents : agreement of each year's extent with the true one.

    Returns
    -------
    Table of `truth_checks.check_table`. With their published intervals: the area of each year, such as ``area 2016`` or
    ``area 2020 (flagged)``, and ``trend``, whose truth is the Theil–Sen slope of the true areas of all years; a trend
    that was not drawn has no line. As accuracies: the trend over the true one; mean, changes, correlation and error of
    the years without a flag, from three of them on; overlap and offset of the extent of each year.

    Raises
    ------
    ValueError
        If a year has no true area.
    """
    true_areas = truth.set_index("year").area_km2
    unknown = sorted(set(areas.year) - set(true_areas.index))
    if unknown:
        raise ValueError(f"years {unknown} have no true area; the truth has {sorted(true_areas.index)}")
    sound = areas["flag"].isna() | (areas["flag"] == "")
    rows = [
        interval_row(
            f"area {row.year}" if is_sound else f"area {row.year} (flagged)",
            "km²", true_areas[row.year], row.area_km2, row.lower_km2, row.upper_km2,
        )
        for row, is_sound in zip(areas.itertuples(), sound, strict=True)
    ]  # fmt: skip
    drawn = trend.iloc[0]
    if np.isfinite(drawn.slope_per_year):
        slope = theil_sen_slope(truth.year.to_numpy("float64"), truth.area_km2.to_numpy())
        bounds = drawn.slope_per_year, drawn.lower_per_year, drawn.upper_per_year
        rows.append(interval_row("trend", "km² per year", slope, *bounds))
        ratio = drawn.slope_per_year / slope if slope else np.nan
        rows.append(accuracy_row("trend, estimate / truth", "ratio", 1.0, ratio, CHANGE_ERROR))
    rows += _series(areas[sound].sort_values("year"), true_areas)
    for year, found in extents.items():
        rows += agreement_rows(f"extent {year}", found, MIN_IOU)
    return check_table(rows)


def area_series(areas: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Areas of the years and the true ones, see `truth_table`: ``date`` (year)``, truth, estimate, lower, upper``."""
    columns = {"year": "date", "area_km2": "estimate", "lower_km2": "lower", "upper_km2": "upper"}
    true = truth.set_index("year").area_km2
    return areas[list(columns)].rename(columns=columns).assign(truth=areas["year"].map(true))


def _series(sound: pd.DataFrame, true_areas: pd.Series) -> list[dict[str, object]]:
    if len(sound) < 3:
        return []
    true = true_areas[sound["year"]].to_numpy()
    area = sound["area_km2"].to_numpy()
    # the standard deviation is half of the tolerance of a year
    limits = SeriesLimits(YEAR_ERROR, CHANGE_ERROR, YEAR_ERROR / 2 * float(true.mean()))
    return series_rows(AREA, "km²", None, true, area, limits, seasonal=False)
