"""Balance of the middle latitudes: subtropical against subpolar biomes, warming against carbon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.indicators.coverage import MIN_DATA, calendar_months

BANDS = (
    {"name": "north", "title": "30° N to 50° N", "lat": [30, 50]},
    {"name": "south", "title": "30° S to 50° S", "lat": [-50, -30]},
)
DRIVERS = ("sst", "dic", "alk")
GROUPS = ("subtropical", "subpolar", "other")


class MidlatitudeBalance:
    """Sums over months from which `table` computes shares; stores 12 calendar months for any number of months.

    **Shares of area.** Per month, the ocean area of a band that biomes of the families ``subtropical`` and ``subpolar``
    cover, in % of the band's ocean; then mean and standard deviation over the years. Months in which the band has no
    data, less than ``coverage.MIN_DATA`` of what it has in the best year, or no cell with a biome are left out.

    **Thermal share.** How much of what moves fCO₂ is temperature, after the idea of Takahashi et al. (2002,
    doi:10.1016/S0967-0645(02)00003-6), with each cell's own regression slopes s in place of their constant 4.23 % K⁻¹.
    In cell i and calendar month m the parts are ::

        thermal = |s_sst| σ(sst),    non-thermal = |s_dic| σ(dic) + |s_alk| σ(alk),

    σ being the standard deviation (divided by n) of the cell's mean over its calendar months: its season. The share of
    a band is Σ area · thermal / Σ area · (thermal + non-thermal) over the cells and years whose regression was kept.
    ``thermal_share_interannual`` takes for σ the deviation from year to year of that calendar month instead. DIC and
    ALK often act against one another, so that the sum of their sizes is the most that the non-thermal part can be.

    **Thermal and non-thermal fCO₂.** With signs, where that compensation is in: area means over the band of
    s_sst (sst_m − sst) and of s_dic (dic_m − dic) + s_alk (alk_m − alk), slopes averaged over all months. The ratio of
    their ranges over the year is the T/B of Takahashi et al.

    The slopes are found between the places of a cell, and are applied here to changes in time: the shares say what a
    change of a driver does to fCO₂ by carbonate chemistry, not what biology, mixing or gas exchange did.

    Parameters
    ----------
    families : family of each biome by its label; families other than the two make the group ``other``.
    area_km2 : float, shape (n_lat, n_lon), ocean area of each cell.
    cell_lat : float, shape (n_lat,), degrees north.
    bands : ``name`` and ``lat`` as [south, north] of each band; cells belong by their centers.

    Raises
    ------
    InputError
        If a band holds no ocean cell.
    """

    def __init__(
        self,
        families: Mapping[int, str],
        area_km2: np.ndarray,
        cell_lat: np.ndarray,
        bands: Sequence[Mapping[str, Any]] = BANDS,
    ) -> None:
        self._group = np.full(max(families) + 1, -1, "int8")
        for label, family in families.items():
            self._group[label] = GROUPS.index(family) if family in GROUPS else GROUPS.index("other")
        self._weights = {band["name"]: _band_area(band, cell_lat, area_km2) for band in bands}
        shape = area_km2.shape
        self._slopes = np.zeros((12, len(GROUPS), len(DRIVERS), *shape))
        self._signed = np.zeros((len(DRIVERS), *shape))
        self._kept = np.zeros(shape, "int32")
        self._origin = np.full((len(DRIVERS), *shape), np.nan)
        self._sums = np.zeros((12, len(DRIVERS), *shape))
        self._squares = np.zeros((12, len(DRIVERS), *shape))
        self._seen = np.zeros((12, *shape), "int32")
        self._shares: list[dict[str, object]] = []

    def add(
        self,
        labels: np.ndarray,
        slopes: Mapping[str, np.ndarray],
        means: Mapping[str, np.ndarray],
        times: np.ndarray,
    ) -> None:
        """Count a block of months.

        Parameters
        ----------
        labels : int8, shape (months, n_lat, n_lon): −2 no data, −1 land, 0 unclassified, from 1 on biomes.
        slopes : ``sst, dic, alk``, float, same shape, µatm per unit of the driver; NaN where the regression was not
            kept.
        means : ``sst, dic, alk``, float, same shape, means over each cell; NaN where none.
        times : shape (months,), datetime64 or text ``YYYY-MM``.
        """
        group = np.where(labels > 0, self._group[np.maximum(labels, 0)], -1)
        for place, month in enumerate(calendar_months(times)):
            self._add_shares(int(month), group[place], labels[place])
            self._add_slopes(month - 1, group[place], np.stack([slopes[name][place] for name in DRIVERS]))
            self._add_means(month - 1, np.stack([means[name][place] for name in DRIVERS]))

    def table(self) -> pd.DataFrame:
        """Result of all that was counted.

        Returns
        -------
        ``band, calendar_month, n_years, subtropical_percent, subtropical_sd_percent, subpolar_percent,
        subpolar_sd_percent, thermal_share, thermal_share_subtropical, thermal_share_subpolar,
        thermal_share_interannual, thermal_uatm, non_thermal_uatm``; NaN where the months do not give a number.
        """
        shares = pd.DataFrame(self._shares)
        most = shares.groupby(["band", "calendar_month"])["data"].transform("max")
        shares = shares[(shares["data"] > 0) & (shares["data"] >= MIN_DATA * most) & shares["classified"]]
        seasonal, interannual, thermal, other = self._spreads()
        rows = []
        for band, weight in self._weights.items():
            for month in sorted(set(self._month_numbers())):
                one = shares[(shares["band"] == band) & (shares["calendar_month"] == month)]
                row = {"band": band, "calendar_month": month, "n_years": len(one)}
                for family in GROUPS[:2]:
                    row |= {f"{family}_percent": one[family].mean(), f"{family}_sd_percent": one[family].std()}
                row["thermal_share"] = self._thermal(weight, month, seasonal, slice(None))
                for number, family in enumerate(GROUPS[:2]):
                    row[f"thermal_share_{family}"] = self._thermal(weight, month, seasonal, slice(number, number + 1))
                row["thermal_share_interannual"] = self._thermal(weight, month, interannual[month - 1], slice(None))
                row |= {
                    "thermal_uatm": _mean(thermal[month - 1], weight),
                    "non_thermal_uatm": _mean(other[month - 1], weight),
                }
                rows.append(row)
        return pd.DataFrame(rows)

    def _month_numbers(self) -> list[int]:
        return [int(row["calendar_month"]) for row in self._shares]

    def _add_shares(self, month: int, group: np.ndarray, labels: np.ndarray) -> None:
        for band, weight in self._weights.items():
            row = {"band": band, "calendar_month": month}
            row |= {"data": float(weight[labels >= 0].sum()), "classified": bool(weight[labels > 0].any())}
            for number, family in enumerate(GROUPS[:2]):
                row[family] = 100 * float(weight[group == number].sum() / weight.sum())
            self._shares.append(row)

    def _add_slopes(self, month: int, group: np.ndarray, slopes: np.ndarray) -> None:
        kept = (group >= 0) & np.isfinite(slopes).all(axis=0)
        for number in range(len(GROUPS)):
            self._slopes[month, number] += np.where(kept & (group == number), np.abs(slopes), 0.0)
        self._signed += np.where(kept, slopes, 0.0)
        self._kept += kept

    def _add_means(self, month: int, means: np.ndarray) -> None:
        present = np.isfinite(means).all(axis=0)
        # sums of differences from each cell's first value: squares of values near 2000 would lose the small ones
        self._origin = np.where(np.isnan(self._origin) & present, means, self._origin)
        difference = np.where(present, means - self._origin, 0.0)
        self._sums[month] += difference
        self._squares[month] += difference**2
        self._seen[month] += present

    def _spreads(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """σ of the season (drivers, cells), σ between years (12, drivers, cells), both signed parts (12, cells)."""
        years = self._seen[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self._sums / years
            variance = np.where(years >= 2, self._squares / years - mean**2, np.nan)
            slope = self._signed / self._kept
        months = np.isfinite(mean).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            anomaly = mean - np.nansum(mean, axis=0) / months
            seasonal = np.sqrt(np.where(months >= 2, np.nansum(anomaly**2, axis=0) / months, np.nan))
        parts = slope * anomaly
        return seasonal, np.sqrt(np.maximum(variance, 0)), parts[:, 0], parts[:, 1] + parts[:, 2]

    def _thermal(self, weight: np.ndarray, month: int, spread: np.ndarray, groups: slice) -> float:
        parts = np.nansum(self._slopes[month - 1, groups].sum(axis=0) * spread * weight, axis=(1, 2))
        return float(parts[0] / parts.sum()) if parts.sum() > 0 else np.nan


def _band_area(band: Mapping[str, Any], cell_lat: np.ndarray, area_km2: np.ndarray) -> np.ndarray:
    south, north = band["lat"]
    weight = np.where(((cell_lat >= south) & (cell_lat <= north))[:, None], area_km2, 0.0)
    if not weight.any():
        raise InputError(
            f"midlatitude balance: band '{band['name']}', lat [{south:g}, {north:g}], holds the center of no ocean "
            "cell. Give latitudes as [south, north] that the data cover, or remove the band."
        )
    return weight


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    present = np.isfinite(values) & (weight > 0)
    return float(np.average(values[present], weights=weight[present])) if present.any() else np.nan
