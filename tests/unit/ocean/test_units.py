"""Units of ocean fields: every spelling, every refusal."""

import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.units import QUANTITIES, check_plausible, drop_impossible, to_study_units
from refusals import raises_naming

WHERE = "ocean.nc, variable X"


def convert(value, quantity, unit, **more):
    return float(to_study_units(np.array([value]), quantity, unit, WHERE, **more)[0])


@pytest.mark.parametrize("unit", ["degC", "deg_C", "celsius", "Celsius", "degrees_celsius", "degree_C", "°C", "C"])
def test_degrees_celsius(unit):
    assert convert(12.5, "sst", unit) == 12.5


@pytest.mark.parametrize("unit", ["K", "kelvin", "degK", "degrees_kelvin", "degree_K"])
def test_kelvin(unit):
    assert convert(285.65, "sst", unit) == pytest.approx(12.5)


@pytest.mark.parametrize(
    "unit",
    ["umol kg-1", "µmol/kg", "μmol kg^-1", "micromol/kg", "umol.kg-1", "micromoles kg-1", "umol kg**-1", "umol/kgsw"]
    + ["ueq kg-1", "umol per kg", "UMOL/KG", "umol C kg-1"],
)
def test_micromoles_in_a_kilogram(unit):
    assert convert(2050, "dic", unit) == 2050


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("mol kg-1", 2.05e-3),
        ("mmol/kg", 2.05),
        ("mmol m-3", 2101.25),
        ("mmol/m^3", 2101.25),
        ("mmol m**-3", 2101.25),
        ("mmol C/m3", 2101.25),
        ("meq/m3", 2101.25),
        ("mol m-3", 2.10125),
        ("mol/m**3", 2.10125),
        ("mol C m-3", 2.10125),
        ("umol/l", 2101.25),
        ("kmol m-3", 2.10125e-3),
    ],
)
def test_other_concentrations(unit, value):
    assert convert(value, "dic", unit) == pytest.approx(2050, rel=1e-12)
    assert convert(value, "alk", unit) == pytest.approx(2050, rel=1e-12)


def test_density_turns_volume_into_mass():
    assert convert(2000, "dic", "mmol m-3", density=1000) == 2000
    assert convert(2000, "dic", "mmol m-3", density=1025) == pytest.approx(2000 / 1.025)
    assert convert(2000, "dic", "umol kg-1", density=1000) == 2000


@pytest.mark.parametrize(
    ("unit", "value"),
    [("uatm", 350), ("µatm", 350), ("microatm", 350), ("micro atm", 350), ("Pa", 35.46375), ("hPa", 0.3546375)]
    + [("atm", 350e-6), ("1e-6 atm", 350), ("Pascal", 35.46375)],
)
def test_pressures(unit, value):
    assert convert(value, "fco2", unit) == pytest.approx(350, rel=1e-12)
    assert convert(value, "pco2", unit) == pytest.approx(350, rel=1e-12)


@pytest.mark.parametrize("unit", ["1", "psu", "PSU", "g kg-1", "g/kg", "0.001", "1e-3", "pss-78", "‰"])
def test_salinities(unit):
    assert convert(35.2, "salinity", unit) == 35.2


def test_lengths_and_fractions():
    assert convert(0.0352, "salinity", "kg kg-1") == pytest.approx(35.2)
    assert convert(55, "mld", "m") == convert(55, "mld", "meters") == 55
    assert convert(5500, "mld", "cm") == pytest.approx(55)
    assert convert(0.4, "ice", "1") == pytest.approx(convert(40, "ice", "%")) == 0.4


def test_nan_and_shape_stay():
    found = to_study_units(np.array([[273.15, np.nan]], "float32"), "sst", "K", WHERE)
    assert found.shape == (1, 2) and found.dtype == np.float64
    assert found[0, 0] == pytest.approx(0, abs=1e-4) and np.isnan(found[0, 1])


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [("sst", "m"), ("sst", "degF"), ("dic", "mg m-3"), ("dic", "Pa"), ("dic", "mol m-2"), ("alk", "umol"), ("alk", "K")]
    + [
        ("fco2", "K"),
        ("dic", "umol/kg3"),
        ("dic", "mol m-1"),
        ("dic", "mol/m"),
        ("mld", "1"),
        ("ice", "m"),
        ("salinity", "K"),
        ("dic", "degrees"),
    ],
)
def test_wrong_unit_is_refused_by_name(quantity, unit):
    with pytest.raises(InputError) as refusal:
        convert(1.0, quantity, unit)
    message = str(refusal.value)
    assert WHERE in message and repr(unit) in message and f"variables.{quantity}.unit" in message


@pytest.mark.parametrize("unit", [None, "", "  "])
def test_missing_unit_is_refused(unit):
    with raises_naming(InputError, "units", "umol kg-1", "variables.dic.unit"):
        convert(2000, "dic", unit)


def test_mole_fraction_is_refused_with_its_reason():
    with pytest.raises(InputError, match="mole fraction"):
        convert(350, "fco2", "ppm")
    with pytest.raises(InputError, match="mole fraction"):
        convert(350, "pco2", "umol mol-1")


@pytest.mark.parametrize(
    ("quantity", "unit", "value"),
    [
        ("sst", "degC", 290.0),
        ("sst", "K", 15.0),
        ("dic", "umol kg-1", 2.1),
        ("dic", "mol m-3", 2100.0),
        ("alk", "umol kg-1", 2.3e-3),
        ("fco2", "uatm", 35.0),
        ("fco2", "Pa", 350.0),
        ("salinity", "1", 0.035),
        ("mld", "m", 5500.0),
        ("ice", "1", 60.0),
    ],
)
def test_a_wrong_label_is_found_by_the_median(quantity, unit, value):
    field = to_study_units(np.full(100, value), quantity, unit, WHERE)
    field[:40] = np.nan
    with raises_naming(InputError, WHERE, quantity, f"variables.{quantity}.unit"):
        check_plausible(field, quantity, WHERE, unit)


def test_real_oceans_are_plausible():
    land = np.zeros(70)
    for quantity, value in {"sst": 14, "dic": 2000, "alk": 2300, "fco2": 350, "salinity": 35, "mld": 50}.items():
        check_plausible(np.concatenate([land, np.full(30, value)]), quantity, WHERE, "")
    check_plausible(np.array([0.0, 0.0, 1.0, np.nan]), "ice", WHERE, "1")
    check_plausible(np.full(5, np.nan), "sst", WHERE, "degC")
    assert set(QUANTITIES) == {"sst", "dic", "alk", "fco2", "pco2", "salinity", "mld", "ice"}


@pytest.mark.parametrize("quantity", ["dic", "alk", "fco2", "pco2"])
def test_water_without_carbon_is_a_gap(quantity):
    assert np.isnan(drop_impossible(np.array([0.0]), quantity)).all()


@pytest.mark.parametrize("quantity", ["sst", "salinity", "mld", "ice"])
def test_zero_is_a_value_of_other_quantities(quantity):
    assert drop_impossible(np.array([0.0]), quantity).tolist() == [0]


def test_undeclared_gaps_become_nan():
    found = drop_impossible(np.array([1e20, -999.0, 2000.0, np.nan, np.inf]), "dic")
    np.testing.assert_array_equal(np.isnan(found), [True, True, False, True, True])
    assert np.isnan(drop_impossible(np.array([1e20 - 273.15, -999.0]), "sst")).all()
