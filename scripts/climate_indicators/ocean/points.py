"""Filters on single points of the ocean's fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

LIMITS: Mapping[str, float] = {"dic_min": 1500.0, "alk_min": 1700.0, "sst_max": 40.0, "fco2_max": 500.0}


def filter_points(
    fields: Mapping[str, np.ndarray],
    dic_min: float | None = LIMITS["dic_min"],
    alk_min: float | None = LIMITS["alk_min"],
    sst_max: float | None = LIMITS["sst_max"],
    fco2_max: float | None = LIMITS["fco2_max"],
) -> dict[str, np.ndarray]:
    """Fields with NaN in all of them wherever one of the study's four is missing or out of range.

    Fresh, evaporated or supersaturated coastal water follows other rules than the open ocean. The published limits are
    the defaults (doi:10.5194/os-21-587-2025).

    Parameters
    ----------
    fields : float, one shape: any of ``sst`` (°C), ``dic``, ``alk`` (µmol kg⁻¹), ``fco2`` (µatm), and others, which
        decide nothing.
    dic_min, alk_min : lowest values kept, µmol kg⁻¹; None for no limit.
    sst_max, fco2_max : highest values kept, °C and µatm; None for no limit.

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
        # comparisons with NaN are false, which is what is wanted
        if lowest.get(name) is not None:
            kept &= fields[name] >= lowest[name]
        if highest.get(name) is not None:
            kept &= fields[name] <= highest[name]
    return {name: np.where(kept, values, values.dtype.type(np.nan)) for name, values in fields.items()}
