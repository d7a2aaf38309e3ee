"""Seasons and hydrological years of dates."""

from __future__ import annotations

import pandas as pd

ALL = "all"
SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
HYDRO_START_MONTH = 10


def season_names(dates: pd.Series) -> pd.Series:
    """``DJF``, ``MAM``, ``JJA`` or ``SON`` of every date."""
    names = {month: name for name, months in SEASONS.items() for month in months}
    return dates.dt.month.map(names)


def season_years(dates: pd.Series) -> pd.Series:
    """Year that the season of every date belongs to: December goes with the next year's January."""
    return dates.dt.year + (dates.dt.month == 12)


def hydro_years(dates: pd.Series, start_month: int = HYDRO_START_MONTH) -> pd.Series:
    """Hydrological year of every date, named by the calendar year in which it ends; 1 gives calendar years."""
    return dates.dt.year + ((dates.dt.month >= start_month) & (start_month > 1))
