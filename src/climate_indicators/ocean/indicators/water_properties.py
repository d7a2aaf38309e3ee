"""Water properties of each biome: area-weighted means of the fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from climate_indicators.ocean.indicators.coverage import UNCLASSIFIED, month_names

UNITS = {
    "sst": "°C",
    "dic": "µmol kg⁻¹",
    "alk": "µmol kg⁻¹",
    "fco2": "µatm",
    "salinity": "1",
    "mld": "m",
    "ice": "1",
}


def drivers_table(
    labels: np.ndarray,
    fields: Mapping[str, np.ndarray],
    times: np.ndarray,
    area_km2: np.ndarray,
    names: Mapping[int, str],
) -> pd.DataFrame:
    """Area-weighted mean and spread of every field over the cells of each biome, for a block of months.

    Parameters
    ----------
    labels : int8, shape (months, n_lat, n_lon): −1 land, 0 unclassified, from 1 on biomes.
    fields : float, shape (months, n_lat, n_lon), means over the cells, by the names in ``UNITS``; NaN where none.
    times : shape (months,), datetime64 or text ``YYYY-MM``.
    area_km2 : float, shape (n_lat, n_lon), ocean area of each cell: the weight.
    names : name of each biome by its label.

    Returns
    -------
    ``month, label, biome, variable, unit, mean, sd, n_cells`` in the order month, label, variable. ``sd`` is the spread
    between cells, √(Σ w (x − mean)² / Σ w). A biome without cells in a month has NaN and 0 cells.
    """
    biomes = {0: UNCLASSIFIED, **dict(sorted(names.items()))}
    numbers = np.where(area_km2 > 0, labels, -1).reshape(len(labels), -1)
    # one bin per month and label, and none for land
    inside = numbers >= 0
    slot = (np.arange(len(labels))[:, None] * (max(biomes) + 1) + numbers)[inside]
    size = len(labels) * (max(biomes) + 1)
    weight = np.broadcast_to(area_km2.ravel(), numbers.shape)[inside]
    tables = []
    for variable, field in fields.items():
        mean, sd, count = _moments(field.reshape(numbers.shape)[inside], weight, slot, size)
        for label, biome in biomes.items():
            own = slice(label, None, max(biomes) + 1)
            columns = {"month": month_names(times), "label": label, "biome": biome, "variable": variable}
            columns |= {"unit": UNITS[variable], "mean": mean[own], "sd": sd[own], "n_cells": count[own]}
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables).sort_values(["month", "label"], kind="stable", ignore_index=True)


def drivers_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Each biome's fields over all months, every month with the same weight.

    Parameters
    ----------
    table : as `drivers_table` gives it, of all months.

    Returns
    -------
    ``label, biome, variable, unit, mean, sd_cells, sd_months, n_months``: the mean of the monthly means, the root mean
    square of the spreads between cells within months, the standard deviation of the monthly means (season and years;
    divided by n − 1), and the number of months with at least one cell.
    """
    seen = table[table["n_cells"] > 0]
    groups = seen.groupby(["label", "biome", "variable", "unit"], sort=False)
    return (
        pd.DataFrame(
            {
                "mean": groups["mean"].mean(),
                "sd_cells": groups["sd"].agg(lambda sd: float(np.sqrt(np.mean(np.square(sd))))),
                "sd_months": groups["mean"].std(),
                "n_months": groups.size(),
            }
        )
        .reset_index()
        .sort_values("label", kind="stable", ignore_index=True)
    )


def _moments(
    values: np.ndarray, weight: np.ndarray, slot: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted mean, spread and count of the values in each slot; two passes, so that a small spread is exact."""
    present = np.isfinite(values)
    values, weight, slot = values[present].astype("float64"), weight[present], slot[present]
    total = np.bincount(slot, weight, size)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(slot, weight * values, size) / total
        sd = np.sqrt(np.bincount(slot, weight * (values - mean[slot]) ** 2, size) / total)
    return mean, sd, np.bincount(slot, minlength=size)
