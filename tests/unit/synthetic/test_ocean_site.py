"""The simulated ocean, and the slopes that the study finds in it against derivatives of the carbonate system."""

import numpy as np
import pytest

from climate_indicators.ocean.biomes.cells import degree_cells
from climate_indicators.ocean.biomes.membership import membership
from climate_indicators.ocean.biomes.monthly_slopes import slopes_of_month
from climate_indicators.ocean.biomes.regression import Status
from climate_indicators.ocean.indicators.coast import EARTH_RADIUS_M
from climate_indicators.ocean.reader.carbonate_system import fco2, sensitivities
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean
from climate_indicators.synthetic.ocean.land import CONTINENTS, is_land
from climate_indicators.synthetic.ocean.regimes import ICE, LAND, SUBTROPICAL, UPWELLING

WORLD = SyntheticOcean(1.0, 2004, 3.0, 3, dic_per_decade=2.0)


@pytest.fixture(scope="module")
def january():
    """Fields of a month with fCO2, the points' cells, and points that lie with all their cell in one regime."""
    fields = {name: field.astype("float64") for name, field in WORLD.fields(2009, 1).items()}
    fields["fco2"] = fco2(*(fields[name] for name in ("sst", "salinity", "dic", "alk")))
    lon, lat = np.meshgrid(WORLD.lon, WORLD.lat)
    cells = degree_cells(3, 1)
    members = membership(cells, lat, lon, ~WORLD.land, 8)
    area = (np.radians(1.0) * EARTH_RADIUS_M) ** 2 * np.cos(np.radians(lat))
    return fields, members, area, cells


def test_the_world_has_land_and_ocean_in_the_right_places():
    places = {"Sahara": (22, 10), "Brazil": (-10, -50), "Siberia": (62, 100), "South Pole": (-89, 0)}
    assert all(is_land(np.array([lat]), np.array([lon]))[0] for lat, lon in places.values())
    assert not is_land(np.array([0.0, 40.0, -50.0]), np.array([-140.0, -40.0, 80.0])).any()
    share = np.average(~WORLD.land, weights=np.repeat(np.cos(np.radians(WORLD.lat))[:, None], 360, axis=1))
    assert 0.68 < share < 0.76 and "Antarctica" in CONTINENTS


def test_a_month_does_not_depend_on_others_and_the_seed_matters():
    again = SyntheticOcean(1.0, 2004, 3.0, 3, dic_per_decade=2.0).fields(2006, 7)
    other = SyntheticOcean(1.0, 2004, 3.0, 4, dic_per_decade=2.0).fields(2006, 7)
    for name, field in WORLD.fields(2006, 7).items():
        np.testing.assert_array_equal(field, again[name])
    assert not np.array_equal(again["sst"], other["sst"], equal_nan=True)


def test_weights_of_the_regimes_add_up_and_the_heaviest_is_the_regime():
    fronts = WORLD.fronts(2004, 3)
    weights = fronts.weights
    np.testing.assert_allclose(sum(weights.values()), 1)
    heaviest = np.array(sorted(weights))[np.argmax([weights[number] for number in sorted(weights)], axis=0)]
    assert (heaviest == fronts.regime).mean() > 0.98
    assert (WORLD.regime(2004, 3)[WORLD.land] == LAND).all()


def test_fronts_move_with_the_season_and_drift_to_the_poles():
    def share(regime, months, rows):
        maps = np.array([WORLD.regime(year, month)[rows] for year, month in months])
        return (maps == regime).sum() / (maps != LAND).sum()

    north = WORLD.lat > 20
    summer, winter = ([(year, month) for year in range(2004, 2014)] for month in (9, 3))
    assert share(SUBTROPICAL, summer, north) > share(SUBTROPICAL, winter, north) + 0.02
    assert share(ICE, winter, north) > share(ICE, summer, north) + 0.02
    first, last = ([(year, month) for year in years for month in (1, 7)] for years in ((2004, 2005), (2012, 2013)))
    assert share(SUBTROPICAL, last, north) > share(SUBTROPICAL, first, north) + 0.01
    assert share(ICE, last, north) < share(ICE, first, north) - 0.005
    tropics = np.abs(WORLD.lat) < 15
    assert share(UPWELLING, last, tropics) > share(UPWELLING, first, tropics) + 0.02


def test_carbon_is_taken_up_at_the_given_rate():
    without = SyntheticOcean(1.0, 2004, 3.0, 3)
    gain = WORLD.fields(2009, 1)["dic"] - without.fields(2009, 1)["dic"]
    np.testing.assert_allclose(gain[~WORLD.land], 2.0 * 5 / 10, atol=1e-3)


def test_fields_are_those_of_an_ocean(january):
    fields, *_ = january
    ranges = {"sst": (-2.5, 33), "salinity": (32, 37), "dic": (1900, 2200), "alk": (2150, 2450), "fco2": (200, 560)}
    for name, (low, high) in ranges.items():
        values = fields[name][~WORLD.land]
        assert low < values.min() and values.max() < high, name
        assert np.isnan(fields[name][WORLD.land]).all()
    assert fields["ice"][~WORLD.land].min() == 0 and fields["ice"][~WORLD.land].max() == 1


@pytest.mark.parametrize(("salinity", "limits"), [(False, (0.05, 0.05, 0.12)), (True, (0.05, 0.05, 0.05))])
def test_slopes_are_the_derivatives_of_the_carbonate_system(january, salinity, limits):
    fields, members, area, cells = january
    found, means = slopes_of_month(fields, members, area, cells.count, salinity)
    kept = np.flatnonzero(found.status == Status.KEPT)
    true = sensitivities(*(means[name][kept] for name in ("sst", "salinity", "dic", "alk")))
    errors = [
        np.median(np.abs(found.slopes[place, kept] / true[name] - 1))
        for place, name in enumerate(("sst", "dic", "alk"))
    ]
    assert all(error <= limit for error, limit in zip(errors, limits, strict=True)), errors


def test_salinity_as_a_driver_makes_the_slopes_better(january):
    fields, members, area, cells = january
    # at eddies as salty as those of the real ocean leaving salinity out costs most
    rng = np.random.default_rng(0)
    change = 0.1 * rng.standard_normal(fields["sst"].shape)
    salty = fields | {"salinity": fields["salinity"] + change, "alk": fields["alk"] + 66 * change}
    salty["dic"] = salty["dic"] + 58 * change
    salty["fco2"] = fco2(*(salty[name] for name in ("sst", "salinity", "dic", "alk")))
    errors = []
    for with_salinity in (False, True):
        found, means = slopes_of_month(salty, members, area, cells.count, with_salinity)
        kept = np.flatnonzero(found.status == Status.KEPT)
        true = sensitivities(*(means[name][kept] for name in ("sst", "salinity", "dic", "alk")))
        rows = enumerate(("sst", "dic", "alk"))
        errors.append([np.median(np.abs(found.slopes[place, kept] / true[name] - 1)) for place, name in rows])
    without, with_it = np.array(errors)
    assert without[0] <= 0.05 and without[1] <= 0.05 and without[2] <= 0.12
    assert (with_it < without).all(), (without, with_it)
