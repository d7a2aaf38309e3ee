"""Yearly means of lake levels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.tables import read_user_table


def yearly_levels(path: str | Path) -> pd.DataFrame:
    """Mean level of each calendar year.

    Parameters
    ----------
    path : CSV with the columns ``date`` (ISO) and ``level_m``, one row per measurement.

    Returns
    -------
    Table ``year`` (int), ``level_m`` (float64, m), ``n_values`` (int, measurements), in order of the years.

    Raises
    ------
    InputError
        If a column is missing, a level is no number, or a date is not ISO; names the file and the column or value.
    """
    table = read_user_table(path, "lake levels", numbers=("level_m",))
    for column in ("date", "level_m"):
        if column not in table:
            raise InputError(f"{path}: found the columns {', '.join(table)}; expected {column}. Add this column.")
    levels = pd.to_numeric(table["level_m"], errors="coerce")
    wrong = table["level_m"][levels.isna() & table["level_m"].notna()]
    if len(wrong):
        raise InputError(f"{path}: found level_m {wrong.iloc[0]}; expected a number in meters. Correct this cell.")
    dates = pd.to_datetime(table["date"], format="ISO8601", errors="coerce")
    if dates.isna().any():
        wrong = table["date"].fillna("").loc[dates.isna()].iloc[0]
        raise InputError(f"{path}: found the date '{wrong}'; expected YYYY-MM-DD. Correct this cell.")
    of_years = levels.groupby(dates.dt.year.rename("year"))
    return pd.DataFrame({"level_m": of_years.mean(), "n_values": of_years.count()}).reset_index()
