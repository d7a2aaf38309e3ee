"""Filters on single points of the ocean's fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def filter_points(
    fields: Mapping[str, np.ndarray],
    area_m2: np.ndarray,
    dic_min: float | None = 1500.0,
    alk_min: float | None = 1700.0,
    sst_max: float | None = 40.0,
    fco2_max: float | None = None,
    fco2_max_ratio: float | None = 1.8,
) -> dict[str, np.ndarray]:
    """Fields with NaN in all of them wherever one of the study's four is missing or out of range.

    Fresh, evaporated or supersaturated coastal water follows other rules than the open ocean. The limits of carbon,
    alkalinity and temperature are the published ones (doi:10.5194/os-21-587-2025). The published limit of fCO2, 500
    µatm, was made for pre-industrial fields. Surface fCO2 follows the atmosphere (Bates et al. 2014,
    doi:10.5670/oceanog.2014.16), so that a fixed limit removes more water every year and in the end all of it. The
    limit is therefore relative to the month's own field: 1.8 times its median, which is 500 µatm where the median is
    the pre-industrial 280 µatm.

    Parameters
    ----------
    fields : float, one shape: any of ``sst`` (°C), ``dic``, ``alk`` (µmol kg⁻¹), ``fco2`` (µatm), and others, which
        decide nothing.
    area_m2 : float, the shape of the fields: weights of the median.
    dic_min, alk_min : lowest values kept, µmol kg⁻¹; None for no limit.
    sst_max, fco2_max : highest values kept, °C and µatm; None for no limit.
    fco2_max_ratio : highest fCO2 kept, as a multiple of the median by area of the points within the other limits; None
        for no limit.

    Returns
    -------
    New fields of the same names and types.
    """
    lowest = {"dic": dic_min, "alk": alk_min}
    highest = {"sst": sst_max, "fco2": fco2_max}
    kept = np.ones(next(iter(fields.values())).shape, bool)
    for name in ("sst", "dic", "alk", "fco2"):
        if name not in fields:
            continue
        kept &= np.isfinite(fields[name])
        # comparisons with NaN are false, as intended
        if lowest.get(name) is not None:
            kept &= fields[name] >= lowest[name]
        if highest.get(name) is not None:
            kept &= fields[name] <= highest[name]
    if fco2_max_ratio is not None and "fco2" in fields and kept.any():
        kept &= fields["fco2"] <= fco2_max_ratio * _median(fields["fco2"][kept], area_m2[kept])
    return {name: np.where(kept, values, values.dtype.type(np.nan)) for name, values in fields.items()}


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.quantile(values.astype("float64"), 0.5, weights=weights, method="inverted_cdf"))
