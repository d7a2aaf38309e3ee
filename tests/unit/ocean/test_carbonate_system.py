"""fCO2 of sea water against PyCO2SYS's full calculation."""

import numpy as np
import PyCO2SYS as pyco2
import pytest

from climate_indicators.ocean.reader import carbonate_system as chemistry
from climate_indicators.ocean.reader.carbonate_system import fco2, fco2_from_pco2, sensitivities

# subtropical, subpolar, ice: °C, salinity, µmol kg⁻¹ (two)
WATERS = np.array([[22.0, 36.0, 2060.0, 2370.0], [7.0, 34.5, 2110.0, 2300.0], [-1.5, 33.5, 2160.0, 2290.0]]).T


def waters(n, seed=0):
    rng = np.random.default_rng(seed)
    dic = rng.uniform(1700, 2300, n)
    return rng.uniform(-1.9, 31, n), rng.uniform(28, 38, n), dic, dic + rng.uniform(40, 380, n)


def full(sst, salinity, dic, alk):
    return pyco2.sys(par1=alk, par2=dic, par1_type=1, par2_type=2, temperature=sst, salinity=salinity)


def test_equals_the_full_calculation():
    points = waters(500)
    np.testing.assert_array_equal(fco2(*points), full(*points)["fCO2"])


def test_any_shape_any_chunk(monkeypatch):
    points = waters(60)
    whole = fco2(*points)
    monkeypatch.setattr(chemistry, "_CHUNK", 7)
    grid = fco2(*(field.reshape(3, 4, 5) for field in points))
    assert grid.shape == (3, 4, 5)
    np.testing.assert_array_equal(grid.ravel(), whole)
    assert fco2(20, 35, [2000, 2050], 2300).shape == (2,)


def test_missing_and_impossible_values_give_nan_and_leave_the_others():
    points = [field.copy() for field in waters(12)]
    whole = fco2(*points)
    for place in range(4):
        points[place][place] = np.nan
    points[1][4], points[2][5], points[3][6], points[2][7] = -1, 0, -5, np.inf
    found = fco2(*points)
    assert np.isnan(found[:8]).all()
    np.testing.assert_array_equal(found[8:], whole[8:])


def test_no_points():
    assert fco2(*np.full((4, 2, 3), np.nan)).shape == (2, 3)
    assert fco2(*np.empty((4, 0))).shape == (0,)


def test_fugacity_is_a_little_below_partial_pressure():
    points = waters(50)
    solution = full(*points)
    found = fco2_from_pco2(solution["pCO2"], points[0])
    np.testing.assert_allclose(found, solution["fCO2"], rtol=1e-12)
    assert (found < solution["pCO2"]).all()
    assert np.isnan(fco2_from_pco2([np.nan, 300], [10, np.nan])).all()


def test_sensitivities_equal_the_derivatives_of_pyco2sys():
    found = sensitivities(*WATERS)
    sst, salinity, dic, alk = WATERS
    names = {"sst": "temperature", "salinity": "salinity", "dic": "par1", "alk": "par2"}
    water = {"par1": dic, "par1_type": 2, "par2": alk, "par2_type": 1, "temperature": sst, "salinity": salinity}
    solution = pyco2.sys(**water, grads_of=["fCO2"], grads_wrt=list(names.values()))
    for driver, name in names.items():
        np.testing.assert_allclose(found[driver], solution[f"d_fCO2__d_{name}"], rtol=1e-4)


def test_signs_of_sensitivities():
    """Warmth and carbon raise fCO2, alkalinity lowers it; cold water answers most strongly to carbon."""
    found = sensitivities(*WATERS)
    assert (found["sst"] > 0).all() and (found["dic"] > 0).all() and (found["alk"] < 0).all()
    assert found["dic"][0] < found["dic"][1] < found["dic"][2]
    assert found["dic"][0] == pytest.approx(1.5, abs=0.4)
