"""Areas and trends of all glacier sites, one row per site."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd


def area_summary(sites: Iterable[tuple[str, pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Area of the first and last usable year of each site, and its trend.

    Parameters
    ----------
    sites : of each site its name, its areas by year (``year, area_km2, lower_km2, upper_km2, flag`` and others) and
        the one line of its trend, as `climate_indicators.stats.trends.trend_row` gives it.

    Returns
    -------
    Table ``site, n_years, first_year, last_year, first_km2, last_km2, last_lower_km2, last_upper_km2,
    change_percent, slope_km2_per_year, lower_km2_per_year, upper_km2_per_year, total_km2, total_lower_km2,
    total_upper_km2, total_percent, p_value, significant``, in the order of the sites. ``change_percent`` is between the
    two areas, the total that of the trend's line. Flagged years do not count; where all are flagged, years and areas
    are missing.
    """
    return pd.DataFrame([_area_row(*site) for site in sites])


def _area_row(site: str, areas: pd.DataFrame, trend: pd.DataFrame) -> dict[str, object]:
    usable = areas[areas.flag.isna()].sort_values("year")
    row: dict[str, object] = {"site": site, "n_years": len(usable)}
    for name, position in (("first", 0), ("last", -1)):
        row[f"{name}_year"] = usable.year.iloc[position] if len(usable) else pd.NA
    for name, column, position in (
        ("first_km2", "area_km2", 0),
        ("last_km2", "area_km2", -1),
        ("last_lower_km2", "lower_km2", -1),
        ("last_upper_km2", "upper_km2", -1),
    ):
        row[name] = usable[column].iloc[position] if len(usable) else float("nan")
    row["change_percent"] = 100 * (row["last_km2"] / row["first_km2"] - 1) if row["first_km2"] else float("nan")
    for bound in ("slope", "lower", "upper"):
        row[f"{bound}_km2_per_year"] = trend[f"{bound}_per_year"].iloc[0]
    totals = {"total_km2": "total_change", "total_lower_km2": "total_lower", "total_upper_km2": "total_upper"}
    row |= {name: trend[column].iloc[0] for name, column in (totals | {"total_percent": "total_percent"}).items()}
    return row | {"p_value": trend.p_value.iloc[0], "significant": trend.significant.iloc[0]}
