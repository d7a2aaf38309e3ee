"""Maps of biomes compared with the true regimes."""

import numpy as np
import pytest
import xarray as xr

from climate_indicators.geo.netcdf import month_starts
from climate_indicators.ocean.biomes.cells import degree_cells
from climate_indicators.ocean.truth_maps import map_rows, regime_pairs
from climate_indicators.stats.truth_checks import check_table, failed_rows
from true_maps import patches

MONTHS = ["2008-11", "2008-12", "2009-01", "2009-02"]
CELLS = degree_cells(3)  # 60 by 120
BIOMES = {1: 2, 2: 1, 3: 2}  # two biomes are of one regime


def regimes():
    """Two regimes in patches on points of one degree; land in the west."""
    lat, lon = np.arange(-89.5, 90), np.arange(-179.5, 180)
    maps = []
    for number in range(len(MONTHS)):
        cells = np.where(patches(number, 0.5)[:60, :120], 2, 1)
        cells[:, :10] = -1
        maps.append(np.kron(cells, np.ones((3, 3), int)))
    coordinates = {"time": month_starts(MONTHS), "lat": lat, "lon": lon}
    flags = {"flag_values": np.array([1, 2], "int8"), "flag_meanings": "ice warm"}
    return xr.DataArray(np.array(maps, "int8"), coordinates, ("time", "lat", "lon"), attrs=flags)


def labels(truth, shift=(0, 0), wrong=None):
    """Biomes of the cells as the network would label them, moved by cells, or wrong in a year."""
    number = truth.values[:, 1::3, 1::3]
    found = np.where(number == 1, 2, np.where(number == 2, 1, -1))
    found[:, 30:][found[:, 30:] == 1] = 3
    found = np.roll(found, shift, (1, 2))
    if wrong is not None:
        found[2:] = wrong
    return xr.DataArray(found.astype("int8"), {"time": truth.time}, ("time", "lat", "lon"))


def failed(**changes):
    truth = regimes()
    table = check_table(map_rows(regime_pairs(labels(truth, **changes), truth, CELLS, BIOMES)))
    assert table.quantity.tolist() == [
        f"{what} of biome maps {year}" for year in (2008, 2009) for what in ("overlap", "offset")
    ]
    return failed_rows(table).quantity.tolist()


def test_right_maps_pass_whatever_the_number_of_biomes_of_a_regime():
    assert failed() == []


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (0, -1)])
def test_maps_that_are_shifted_by_a_cell_fail_in_every_year(shift):
    assert {"offset of biome maps 2008", "offset of biome maps 2009"} <= set(failed(shift=shift))


def test_a_year_without_biomes_fails_and_the_other_year_does_not():
    assert failed(wrong=0) == ["overlap of biome maps 2009", "offset of biome maps 2009"]
