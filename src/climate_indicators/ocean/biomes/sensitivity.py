"""How sensitive fCO2 is on the mean of all cells, month by month, and whether that changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from climate_indicators.ocean.biomes.monthly_slopes import FEATURES
from climate_indicators.ocean.classifier.scalers import FROZEN, MONTHLY, standardize_with
from climate_indicators.ocean.reader.carbonate_system import sensitivities


def sensitivity_table(slopes: np.ndarray, months: Sequence[str], mean: np.ndarray, sd: np.ndarray) -> pd.DataFrame:
    """Mean slope of all kept cells by month and driver, raw and standardized by both scalers.

    Each cell counts once, as it does in the scaler. Under the monthly scaler the mean is always 0: a change
    that all cells share is gone before biomes are tracked.

    Parameters
    ----------
    slopes : float64, shape (months, cells, 3), NaN where a cell is not kept.
    months : "YYYY-MM".
    mean, sd : float, shape (3,), of the frozen scaler.

    Returns
    -------
    ``month, driver, n_cells, mean_slope, frozen_z, monthly_z``; a month without a kept cell has NaN.
    """
    rows = []
    for month, every in zip(months, slopes, strict=True):
        kept = every[np.isfinite(every).all(axis=1)]
        if len(kept):
            means = [kept.mean(axis=0)]
            # rounding leaves 1e-17 where the scaler makes 0
            scaled = (standardize_with(kept, scaler, mean, sd) for scaler in (FROZEN, MONTHLY))
            means += [values.mean(axis=0).round(12) + 0.0 for values in scaled]
        else:
            means = [np.full(len(FEATURES), np.nan)] * 3
        rows += [
            (month, driver, len(kept), *(values[place] for values in means)) for place, driver in enumerate(FEATURES)
        ]
    return pd.DataFrame(rows, columns=["month", "driver", "n_cells", "mean_slope", "frozen_z", "monthly_z"])


def true_sensitivity(
    slopes: np.ndarray, fields: dict[str, np.ndarray], months: Sequence[str], mean: np.ndarray, sd: np.ndarray
) -> pd.DataFrame:
    """The same means as the carbonate system has them: derivatives by PyCO2SYS at the cells' mean state.

    Parameters
    ----------
    slopes : float64, shape (months, cells, 3): tells which cells are kept.
    fields : ``sst, salinity, dic, alk``, float, shape (months, cells), means over the cells.
    months, mean, sd : as for `sensitivity_table`.

    Returns
    -------
    ``month, driver, true_slope, true_z``, the latter standardized by the frozen scaler.
    """
    rows = []
    for place, month in enumerate(months):
        kept = np.isfinite(slopes[place]).all(axis=1)
        state = [fields[name][place].ravel()[kept].astype("float64") for name in ("sst", "salinity", "dic", "alk")]
        true = sensitivities(*state)
        for number, driver in enumerate(FEATURES):
            # a coastal cell may have slopes only from points of its margin, and no mean
            average = np.nanmean(true[driver]) if kept.any() else np.nan
            rows.append((month, driver, average, (average - mean[number]) / sd[number]))
    return pd.DataFrame(rows, columns=["month", "driver", "true_slope", "true_z"])
