"""Names, families and colors of biomes, derived by rules from position and response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.colors
import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError

SHORT = {"ice": "ICE", "subpolar": "SUBP", "subtropical": "SUBTR", "upwelling": "UP", "mixed": "MIX"}
# Okabe–Ito colors, distinguishable with all common types of color vision, then darker and lighter shades
COLORS = {
    "ice": ("#56B4E9", "#A9DAF5", "#2E7EAD"),
    "subpolar": ("#0072B2", "#009E73", "#003F63"),
    "subtropical": ("#E69F00", "#F0E442", "#9A6A00"),
    "upwelling": ("#D55E00", "#F2A679", "#7F3800"),
    "mixed": ("#CC79A7", "#7A3E60", "#EBC9DB"),
}
ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


@dataclass(frozen=True)
class Rules:
    """Limits that separate families; quantities missing in the data are skipped.

    Attributes
    ----------
    ice_share : mean ice fraction from which a biome is an ice biome: 0.15, the usual limit of the ice edge.
    ice_sst : °C; below it, with an answer to DIC above the ocean's mean, a biome is an ice biome too.
    low_latitude : median absolute latitude in degrees up to which a biome may be subtropical.
    upwelling_latitude : median absolute latitude in degrees up to which a biome may be upwelling.
    subpolar_sst : °C up to which a biome of high latitude is subpolar.
    """

    ice_share: float = 0.15
    ice_sst: float = 1.0
    low_latitude: float = 40.0
    upwelling_latitude: float = 30.0
    subpolar_sst: float = 16.0


def biome_table(
    labels: np.ndarray,
    z: np.ndarray,
    slopes: np.ndarray,
    cell_lat: np.ndarray,
    cell_area: np.ndarray,
    means: Mapping[str, np.ndarray],
    drivers: Sequence[str] = ("sst", "dic", "alk"),
) -> pd.DataFrame:
    """One row per biome, with a proposed name and color.

    Means, medians and standard deviations are weighted by area.

    Parameters
    ----------
    labels : int, shape (n,), 1 to k; 0 is left out.
    z, slopes : float, shape (n, drivers), standardized and raw slopes.
    cell_lat : float, shape (n,), degrees north. cell_area : float, shape (n,), km².
    means : name → float, shape (n,): cell means ``sst`` (°C), ``ice`` (fraction), ``fco2`` (µatm) and others; NaN is
        left out, and every given name becomes a column ``mean_...``.
    drivers : names of the slopes.

    Returns
    -------
    ``label, name, family, n_cells, area_km2, median_abs_latitude, mean_ice``, further means, ``slope_{driver}_z``,
    ``sd_slope_{driver}_z`` and ``slope_{driver}`` for each driver, ``color``. ``mean_ice`` is NaN without ice data.
    """
    rows = []
    for label in np.unique(labels[labels > 0]):
        inside = labels == label
        area = cell_area[inside]
        row = {
            "label": int(label),
            "n_cells": int(inside.sum()),
            "area_km2": float(area.sum()),
            "median_abs_latitude": _median(np.abs(cell_lat[inside]), area),
            "mean_ice": np.nan,
        }
        row |= {f"mean_{name}": _mean(np.asarray(values)[inside], area) for name, values in means.items()}
        for place, driver in enumerate(drivers):
            inner = z[inside, place]
            center = _mean(inner, area)
            row[f"slope_{driver}_z"] = center
            row[f"sd_slope_{driver}_z"] = float(np.sqrt(_mean((inner - center) ** 2, area)))
        row |= {f"slope_{driver}": _mean(slopes[inside, place], area) for place, driver in enumerate(drivers)}
        rows.append(row)
    table = pd.DataFrame(rows)
    ocean = {name: _mean(np.asarray(values), cell_area) for name, values in means.items()}
    names = propose_names(table, ocean_fco2=ocean.get("fco2"))
    table.insert(1, "name", names["name"])
    table.insert(2, "family", names["family"])
    return table.assign(color=names["color"])


def propose_names(summary: pd.DataFrame, ocean_fco2: float | None = None, rules: Rules | None = None) -> pd.DataFrame:
    """Family, name and color of every biome.

    Ice: ice share from ``ice_share`` on, or water below ``ice_sst`` that answers to DIC more than the mean cell does.
    Up to ``low_latitude``: subtropical if it answers to DIC no more than the mean cell, else, up to
    ``upwelling_latitude``, upwelling, whose water, brought up, has more carbon and less buffering, unless its fCO2 is
    known and below the ocean's mean. Of higher latitude: subpolar, unless it is warmer than ``subpolar_sst``. The rest
    is mixed.

    Parameters
    ----------
    summary : ``label, area_km2, median_abs_latitude, slope_dic_z`` and, where known, ``mean_ice, mean_sst, mean_fco2``.
    ocean_fco2 : mean over the ocean, µatm.
    rules : limits; None uses the usual ones.

    Returns
    -------
    ``label, family, name, color`` in the order of the summary; names such as ``SUBTR II``, numbered by area within the
    family from the largest.
    """
    rules = rules or Rules()
    family = [_family(row, ocean_fco2, rules) for row in summary.to_dict("records")]
    table = pd.DataFrame({"label": summary["label"].to_numpy(), "family": family})
    area = summary["area_km2"].to_numpy()
    name, color = [""] * len(table), [""] * len(table)
    for each in SHORT:
        members = [place for place, found in enumerate(family) if found == each]
        for number, place in enumerate(sorted(members, key=lambda place: -area[place])):
            name[place] = f"{SHORT[each]} {_roman(number + 1)}"
            color[place] = shade(each, number)
    return table.assign(name=name, color=color)


def apply_names(table: pd.DataFrame, overrides: Mapping[int, str]) -> pd.DataFrame:
    """Table with the names that the user gives in place of the proposed ones.

    Parameters
    ----------
    table : ``label, name``.
    overrides : label → name.

    Raises
    ------
    InputError
        If a label is not in the table, or a name would stand twice.
    """
    named = {int(label): name for label, name in overrides.items()}
    known = table["label"].tolist()
    for label, name in named.items():
        if label not in known:
            raise InputError(
                f"a name is given to biome {label} ('{name}'), found are biomes {', '.join(map(str, known))}: "
                "labels change with the cut, so choose the cut first, then names"
            )
    result = table.assign(name=[named.get(label, name) for label, name in zip(known, table["name"], strict=True)])
    twice = result["name"][result["name"].duplicated()]
    if len(twice):
        labels = result["label"][result["name"] == twice.iloc[0]]
        raise InputError(f"biomes {' and '.join(map(str, labels))} are all named '{twice.iloc[0]}': names must differ")
    return result


def shade(family: str, number: int) -> str:
    """Color of the family's biome of that number, from 0: one of ``COLORS``, then ever paler ones."""
    tones = COLORS[family]
    pale = 1 - 0.6 ** (number // len(tones))
    base = np.array(matplotlib.colors.to_rgb(tones[number % len(tones)]))
    return matplotlib.colors.to_hex(base + pale * (1 - base)).upper()


def _family(row: Mapping[str, float], ocean_fco2: float | None, rules: Rules) -> str:
    ice, sst, fco2 = (row.get(f"mean_{name}", np.nan) for name in ("ice", "sst", "fco2"))
    sensitive = row["slope_dic_z"] > 0
    # a comparison with NaN is false, so unknown values have no effect
    if ice >= rules.ice_share or (sst < rules.ice_sst and sensitive):
        return "ice"
    if row["median_abs_latitude"] <= rules.low_latitude:
        if not sensitive:
            return "subtropical"
        poor = ocean_fco2 is not None and fco2 < ocean_fco2
        return "mixed" if poor or row["median_abs_latitude"] > rules.upwelling_latitude else "upwelling"
    return "mixed" if sst > rules.subpolar_sst else "subpolar"


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    seen = np.isfinite(values) & (weight > 0)
    return float(np.average(values[seen], weights=weight[seen])) if seen.any() else np.nan


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    """Weighted median."""
    order = np.argsort(values, kind="stable")
    half = np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)
    return float(values[order[min(half, len(order) - 1)]])


def _roman(number: int) -> str:
    text = ""
    for value, sign in ROMAN:
        text += sign * (number // value)
        number %= value
    return text
