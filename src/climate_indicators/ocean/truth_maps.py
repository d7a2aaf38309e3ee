"""Maps of the biomes of a simulated ocean compared with the true regimes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from climate_indicators.ocean.biomes.cells import Cells
from climate_indicators.ocean.truth import cell_regimes
from climate_indicators.stats.map_agreement import MapPair, agreement, agreement_rows

# biomes of cells of a few degrees: the same overlap as for maps of the other studies
MIN_IOU = 0.85


def regime_pairs(
    labels: xr.DataArray, regime: xr.DataArray, cells: Cells, regime_of: Mapping[int, int]
) -> dict[int, list[MapPair]]:
    """Mapped and true cells of each regime and month, by year.

    Parameters
    ----------
    labels : int8 (time, lat, lon) of the cells: biomes, 0 for none, −1 on land.
    regime : int8 (time, lat, lon) of the points of the same months, see `truth.cell_areas_by_regime`.
    cells : the study's cells.
    regime_of : number of the regime of each biome.

    Returns
    -------
    For each year one pair for each month and regime. A cell's true regime is the one with most of its ocean; cells
    without ocean are not known.
    """
    pairs: dict[int, list[MapPair]] = {}
    for time, of_month in zip(labels.time.values, labels.values, strict=True):
        true = cell_regimes(regime.sel(time=time), cells).reshape(of_month.shape)
        mapped = np.zeros_like(true)
        for label, number in regime_of.items():
            mapped[of_month == label] = number
        year = int(str(time)[:4])
        pairs.setdefault(year, []).extend(
            MapPair(mapped == number, of_month >= 0, true == number, true > 0) for number in set(regime_of.values())
        )
    return pairs


def map_rows(pairs: Mapping[int, list[MapPair]]) -> list[dict[str, object]]:
    """Lines of a truth check: overlap and offset, in cells, of the biome maps of each year, from `regime_pairs`."""
    rows = []
    for year, of_year in sorted(pairs.items()):
        rows += agreement_rows(f"biome maps {year}", agreement(of_year), MIN_IOU)
    return rows
