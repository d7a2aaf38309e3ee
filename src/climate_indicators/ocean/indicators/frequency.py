"""Frequency of biomes over the years, and cores: cells that never change."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from climate_indicators.ocean.biomes.labels import LAND, NO_DATA
from climate_indicators.ocean.indicators.coverage import MIN_DATA, calendar_months

CALENDAR = np.arange(1, 13, dtype="int8")


class Frequency:
    """Counts of labels by cell and calendar month; holds no months, so that it does not grow with their number.

    Parameters
    ----------
    n_biomes : labels are 1 to this.
    shape : (n_lat, n_lon).
    """

    def __init__(self, n_biomes: int, shape: tuple[int, int]) -> None:
        self.counts = np.zeros((12, n_biomes + 1, *shape), "int32")
        self.months = np.zeros(12, "int32")
        self.with_data = np.zeros((12, *shape), "int32")
        self._land = np.ones(shape, bool)

    def add(self, labels: np.ndarray, times: np.ndarray) -> None:
        """Count a block of months.

        Parameters
        ----------
        labels : int8, shape (months, n_lat, n_lon): −2 no data, −1 land, 0 unclassified, from 1 on biomes. A month
            without data in any cell does not count, and in a cell without data none counts for this cell.
        times : shape (months,), datetime64 or text ``YYYY-MM``.
        """
        for month, one in zip(calendar_months(times) - 1, labels, strict=True):
            seen = one >= 0
            self.months[month] += seen.any()
            self.with_data[month] += seen
            for label in range(self.counts.shape[1]):
                self.counts[month, label] += one == label
        self._land &= (labels == LAND).all(axis=0)

    def dataset(
        self, lat: np.ndarray, lon: np.ndarray, names: Mapping[int, str], min_classified: float = 1.0
    ) -> xr.Dataset:
        """Shares of time and cores of all that was counted.

        A core is, as in Fay and McKinley (2014, doi:10.5194/essd-6-273-2014), where the biome never changes. A cell
        without data in more than a tenth of the months is in none.

        Parameters
        ----------
        lat, lon : float, shapes (n_lat,) and (n_lon,), centers of the cells.
        names : name of each biome by its label.
        min_classified : a cell may be in a core if it has a biome in at least this share of the months, in (0, 1]; by
            default one unclassified month is enough to leave it out.

        Returns
        -------
        CF data set: ``frequency(calendar_month, biome, lat, lon)`` share of the years with data, label 0 first;
        ``frequency_all(biome, lat, lon)`` share of all months with data; ``most_frequent(lat, lon)`` the label of most
        months (of equally frequent ones the lower, −2 where there are never data) and ``core(lat, lon)``,
        ``core_by_calendar_month(calendar_month, lat, lon)`` labels, 0 where there is no core, −1 on land;
        ``months_with_data(lat, lon)``, ``n_years(calendar_month)``. Shares are NaN on land and where there are no data.
        """
        total = self.counts.sum(axis=0)
        held = self.with_data.sum(axis=0)
        by_month = _share(self.counts, self.with_data[:, None], self._land)
        every_month = _share(total, held, self._land)
        frequent = np.where(self._land, LAND, np.where(held == 0, NO_DATA, total.argmax(axis=0))).astype("int8")
        biomes = ("biome", np.arange(len(total), dtype="int8"), _flags("label of the biome", names, land=False))
        cells, monthly = ("lat", "lon"), ("calendar_month", "lat", "lon")
        cores = [
            _core(counts, cell_months, months, self._land, min_classified)
            for counts, cell_months, months in zip(self.counts, self.with_data, self.months, strict=True)
        ]
        core = _flags("biome of cells that never change", names, nothing="no core")
        return xr.Dataset(
            {
                "frequency": (
                    ("calendar_month", "biome", *cells),
                    by_month,
                    {"units": "1", "long_name": "share of the years in which the cell is in the biome"},
                ),
                "frequency_all": (
                    ("biome", *cells),
                    every_month,
                    {"units": "1", "long_name": "share of all months in which the cell is in the biome"},
                ),
                "most_frequent": (cells, frequent, _flags("biome of most months", names, no_data=True)),
                "core": (cells, _core(total, held, self.months.sum(), self._land, min_classified), core),
                "core_by_calendar_month": (
                    monthly,
                    np.stack(cores),
                    core | {"comment": "never changes from year to year in the same calendar month"},
                ),
                "months_with_data": (cells, held, {"units": "1", "long_name": "number of months with data"}),
                "n_years": ("calendar_month", self.months, {"units": "1", "long_name": "number of years"}),
            },
            {
                "calendar_month": ("calendar_month", CALENDAR, {"units": "1", "long_name": "calendar month"}),
                "biome": biomes,
                "lat": ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"}),
                "lon": ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"}),
            },
            {"Conventions": "CF-1.11", "title": "Frequency and cores of ocean carbon biomes"},
        )


def core_table(frequency: xr.Dataset, area_km2: np.ndarray, names: Mapping[int, str]) -> pd.DataFrame:
    """Ocean area of every biome's core.

    Parameters
    ----------
    frequency : as `Frequency.dataset` gives it.
    area_km2 : float, shape (n_lat, n_lon).
    names : name of each biome by its label.

    Returns
    -------
    ``label, biome, mean_km2, core_km2, core_percent``: mean area over all months, and the core as a part of it, NaN
    where the biome does not occur.
    """
    shares = frequency["frequency_all"].to_numpy()
    rows = []
    for label, name in sorted(names.items()):
        mean = float(np.nansum(shares[label] * area_km2))
        core = float(area_km2[frequency["core"].to_numpy() == label].sum())
        rows.append((label, name, mean, core, 100 * core / mean if mean else np.nan))
    return pd.DataFrame(rows, columns=["label", "biome", "mean_km2", "core_km2", "core_percent"])


def _share(counts: np.ndarray, months: np.ndarray, land: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(land, np.nan, counts / months).astype("float32")


def _core(
    counts: np.ndarray, cell_months: np.ndarray, months: int, land: np.ndarray, min_classified: float
) -> np.ndarray:
    """Labels of cells with a single label in all months, from counts of shape (labels, n_lat, n_lon); 0 elsewhere."""
    classified = counts[1:].sum(axis=0)
    enough = (cell_months >= MIN_DATA * months) & (classified > 0) & (classified >= min_classified * cell_months)
    always = (counts[1:] == classified) & enough
    return np.where(land, -1, np.where(always.any(axis=0), always.argmax(axis=0) + 1, 0)).astype("int8")


def _flags(
    long_name: str,
    names: Mapping[int, str],
    nothing: str = "unclassified",
    land: bool = True,
    no_data: bool = False,
) -> dict[str, object]:
    labels = sorted(names)
    first = {NO_DATA: "no_data"} if no_data else {}
    first |= {LAND: "land", 0: nothing} if land else {0: nothing}
    meanings = [*first.values(), *(names[label] for label in labels)]
    return {
        "units": "1",
        "long_name": long_name,
        "flag_values": np.array([*first, *labels], "int8"),
        "flag_meanings": " ".join(meaning.replace(" ", "_") for meaning in meanings),
    }
