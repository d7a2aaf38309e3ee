"""Biomes, coverage and trends of a simulated ocean compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from climate_indicators.ocean.biomes.cells import Cells
from climate_indicators.ocean.biomes.membership import membership
from climate_indicators.ocean.indicators.coast import EARTH_RADIUS_M
from climate_indicators.ocean.indicators.coverage import month_names
from climate_indicators.stats.trend_tests import monotonic_trend
from climate_indicators.stats.trends import MIN_YEARS
from climate_indicators.stats.truth_checks import SeriesLimits, accuracy_row, check_table, interval_row, series_rows

# a regime that covers less of a zone on average has no line of its series: half a cell at its borders is too much of it
SERIES_PERCENT = 3.0
NUMBERS, DECIMALS = ["truth", "estimate", "lower", "upper"], 9
# tolerances: a tenth of mean and changes, and one percentage point of the deseasonalized residual
LIMITS = SeriesLimits(mean=0.1, changes=0.1, error=1.0)


def cell_areas_by_regime(regime: xr.DataArray, cells: Cells) -> np.ndarray:
    """Area of each true regime in each cell: float64, shape (regimes, cells), km², regimes 1 to the largest number.

    Parameters
    ----------
    regime : int8 (lat, lon) on a regular grid, −1 on land; its ``flag_values`` are the regimes.
    cells : the study's cells.
    """
    lon, lat = np.meshgrid(regime.lon.values, regime.lat.values)
    values = regime.values.ravel()
    own = membership(cells, lat, lon, regime.values > 0).own_cell
    step = np.radians(regime.lat.values[1] - regime.lat.values[0])
    area = (EARTH_RADIUS_M / 1000 * step) ** 2 * np.cos(np.radians(lat)).ravel()
    numbers = range(1, int(np.max(regime.attrs["flag_values"])) + 1)
    inside = [(values == number) & (own >= 0) for number in numbers]
    return np.stack([np.bincount(own[held], area[held], cells.count) for held in inside])


def cell_regimes(regime: xr.DataArray, cells: Cells) -> np.ndarray:
    """Regime with the largest part of each cell's ocean: int8, shape (cells,), 0 where there is none."""
    areas = cell_areas_by_regime(regime, cells)
    return np.where(areas.any(axis=0), areas.argmax(axis=0) + 1, 0).astype("int8")


def regime_names(regime: xr.DataArray) -> dict[int, str]:
    """Names of the regimes by number."""
    words = regime.attrs["flag_meanings"].split()
    return {int(number): word for number, word in zip(regime.attrs["flag_values"], words, strict=True)}


def regimes_of_biomes(labels: np.ndarray, areas: np.ndarray) -> dict[int, int]:
    """Regime of each biome: the one with the largest part of its area.

    Parameters
    ----------
    labels : int, shape (cells,): biomes of the reference month, 0 or less for none.
    areas : float, shape (regimes, cells), km², of the same month.
    """
    return {
        int(label): int(areas[:, labels == label].sum(axis=1).argmax()) + 1 for label in np.unique(labels[labels > 0])
    }


def true_coverage(
    regime: xr.DataArray, cells: Cells, masks: Mapping[str, np.ndarray], names: Mapping[int, str]
) -> pd.DataFrame:
    """Share of every regime by zone and month.

    Parameters
    ----------
    regime : int8 (time, lat, lon).
    cells : the study's cells; a point belongs to the zones that its cell belongs to.
    masks : bool, shape (n_lat, n_lon), of each zone.
    names : of the regimes.

    Returns
    -------
    ``zone, month, regime, truth``, in percent of the zone's ocean.
    """
    rows = []
    for month, one in zip(month_names(regime.time.values), regime, strict=True):
        areas = cell_areas_by_regime(one, cells)
        for zone, mask in masks.items():
            held = areas[:, mask.ravel()].sum(axis=1)
            shares = 100 * held / held.sum()
            rows += [(zone, month, names[number + 1], share) for number, share in enumerate(shares)]
    return pd.DataFrame(rows, columns=["zone", "month", "regime", "truth"])


def coverage_check(coverage: pd.DataFrame, truth: pd.DataFrame, regime_of: Mapping[int, str]) -> pd.DataFrame:
    """Tracked and true coverage of every regime by scaler, zone and month.

    Parameters
    ----------
    coverage : ``scaler, zone, month, label, percent, lower_percent, upper_percent``.
    truth : of `true_coverage`.
    regime_of : name of the regime of each biome, by label. Biomes of one regime are added up.

    Returns
    -------
    ``scaler, zone, month, regime, truth, estimate, lower, upper, error``, in percent; ``error`` is estimate − truth. A
    regime without a biome has the estimate 0, a month whose coverage is missing NaN.
    """
    known = coverage[coverage.label.isin(list(regime_of))]
    known = known.assign(regime=known.label.map(regime_of))
    columns = {"percent": "estimate", "lower_percent": "lower", "upper_percent": "upper"}
    keys = ["scaler", "zone", "month", "regime"]
    # a month without coverage remains NaN; the sum of no values would be 0
    found = known.groupby(keys, sort=False)[list(columns)].sum(min_count=1).rename(columns=columns)
    scalers = pd.DataFrame({"scaler": coverage.scaler.unique()})
    table = scalers.merge(truth, how="cross").set_index(keys).join(found).reset_index()
    table.loc[~table["regime"].isin(list(regime_of.values())), list(columns.values())] = 0.0
    table["upper"] = table.upper.clip(upper=100.0)
    # a complete zone is exactly 100 %, independent of the order of summation
    table[NUMBERS] = table[NUMBERS].round(DECIMALS)
    return table.assign(error=table.estimate - table.truth)


def truth_table(
    check: pd.DataFrame, sensitivity: pd.DataFrame, titles: Mapping[str, str], confidence: float
) -> pd.DataFrame:
    """Recovered quantities compared with the true ones.

    Under the frozen scaler, for each zone and regime that ever covers a percent of it: the coverage in the month with
    the largest error, the share of the months whose bounds hold the truth, and where the regime covers `SERIES_PERCENT`
    on average the lines of `truth_checks.series_rows`. Under both scalers its trend, the Theil–Sen slope of the yearly
    means. Then the drift of the mean standardized slopes, likewise.

    Two kinds of lines are not expected to hold the truth. The month with the largest error is the worst of all, while
    the bounds are made for one month. And the monthly scaler removes what all cells share: it cannot show the drift.

    Parameters
    ----------
    check : of `coverage_check`.
    sensitivity : ``month, driver, frozen_z, monthly_z, true_z``, of some months of each year.
    titles : display name of each zone.
    confidence : of the trends' intervals and of the bounds of coverage.

    Returns
    -------
    Table of `truth_checks.check_table`. The interval of a coverage reaches from the share that surely is the biome to
    the share that may be, see `coverage.coverage_table`.
    """
    rows = []
    known = check[check.estimate.notna()]
    for (scaler, zone, regime), group in known.groupby(["scaler", "zone", "regime"], sort=False):
        if max(group.truth.max(), group.estimate.max()) < 1:
            continue
        name = f"{regime} coverage, {titles[zone]}"
        if scaler == "frozen":
            rows += _coverage_rows(name, group, confidence)
        yearly = group.assign(year=group.month.str[:4].astype(int)).groupby("year")[["truth", "estimate"]]
        means = yearly.mean()[yearly.size() == 12]
        rows += _trend(
            f"trend of {name} ({scaler} scaler)", "percentage points per year", means.truth, means.estimate, confidence
        )
    for driver, group in sensitivity.groupby("driver", sort=False):
        means = group.groupby(group.month.str[:4].astype(int))[["true_z", "frozen_z", "monthly_z"]].mean()
        for scaler in ("frozen", "monthly"):
            name, unit = f"drift of the mean standardized slope of {driver} ({scaler} scaler)", "sd per year"
            rows += _trend(name, unit, means.true_z, means[f"{scaler}_z"], confidence, expected=scaler == "frozen")
    return check_table(rows)


def truth_series(check: pd.DataFrame, sensitivity: pd.DataFrame, titles: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """Yearly coverage and mean standardized slopes, frozen scaler: ``date, truth, estimate``, by name and unit.

    Parameters
    ----------
    check, sensitivity, titles : as `truth_table` takes them. Regimes below ``SERIES_PERCENT`` of a zone have no series.
    """
    found = {}
    for (zone, regime), rows in check[check.scaler == "frozen"].groupby(["zone", "regime"], sort=False):
        if rows.truth.mean() >= SERIES_PERCENT:
            yearly = rows.groupby(rows.month.str[:4].astype(int))[["truth", "estimate"]].mean()
            found[f"{regime} coverage, {titles[zone]} (%)"] = yearly.rename_axis("date").reset_index()
    for driver, rows in sensitivity.groupby("driver", sort=False):
        columns = {"true_z": "truth", "frozen_z": "estimate"}
        found[f"mean standardized slope of {driver} (sd)"] = rows.assign(date=pd.to_datetime(rows.month)).rename(
            columns=columns
        )
    return found


def _coverage_rows(name: str, months: pd.DataFrame, confidence: float) -> list[dict[str, object]]:
    """Lines of one regime's monthly coverage of one zone."""
    worst = months.loc[months.error.abs().idxmax()]
    values = worst.truth, worst.estimate, worst.lower, worst.upper
    inside = ((months.lower <= months.truth) & (months.truth <= months.upper)).mean()
    rows = [
        interval_row(f"{name}, {worst.month} (largest error)", "%", *values, expected=False),
        accuracy_row(f"months within the bounds of {name}", "%", 100.0, 100 * inside, 100 * (1 - confidence)),
    ]
    if months.truth.mean() < SERIES_PERCENT:
        return rows
    dates = months.month.to_numpy(str).astype("datetime64[M]")
    return rows + series_rows(name, "percentage points", dates, months.truth, months.estimate, LIMITS)


def _trend(
    name: str, unit: str, truth: pd.Series, estimate: pd.Series, confidence: float, expected: bool = True
) -> list[dict[str, object]]:
    """Line of a trend by year; none with fewer years than a trend needs."""
    if len(truth) < MIN_YEARS:
        return []
    true, found = (monotonic_trend(values.index, values, confidence) for values in (truth, estimate))
    return [interval_row(name, unit, true.slope, found.slope, found.lower, found.upper, expected)]
