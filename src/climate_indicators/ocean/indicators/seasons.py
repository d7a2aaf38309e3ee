"""The seasonal cycle of coverage with its spread over the years."""

from __future__ import annotations

import pandas as pd

from climate_indicators.ocean.indicators.coverage import KEYS


def seasonal_cycle(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, spread and range of coverage over the years, for every calendar month.

    Parameters
    ----------
    table : as `coverage.coverage_table` gives it, of one or more scalers.

    Returns
    -------
    ``scaler, zone, label, biome, calendar_month, n_years, mean_percent, sd_percent, min_percent, max_percent``. The
    standard deviation is that of a sample (divided by n − 1); with one year there is none, and it is NaN.
    """
    dated = table.assign(calendar_month=table["month"].str[5:7].astype(int))
    keys = [*KEYS, "calendar_month"]
    cycle = dated.groupby(keys, sort=False)["percent"].agg(["count", "mean", "std", "min", "max"])
    cycle.columns = ["n_years", "mean_percent", "sd_percent", "min_percent", "max_percent"]
    place = {zone: number for number, zone in enumerate(table["zone"].unique())}
    return (
        cycle.reset_index()
        .assign(place=lambda rows: rows["zone"].map(place))
        .sort_values(["scaler", "place", "label", "calendar_month"], kind="stable", ignore_index=True)
        .drop(columns="place")
    )
