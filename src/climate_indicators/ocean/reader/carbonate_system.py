"""The carbonate system of sea water: fCO2 from carbon and alkalinity, and its response to each driver.

All by PyCO2SYS (Humphreys et al. 2022, doi:10.5194/gmd-15-15-2022) with its own choices: carbonic acid constants of
Lueker et al. (2000), borate of Uppström (1974), no nutrients, surface pressure.
"""

from __future__ import annotations

import numpy as np
import PyCO2SYS as pyco2
from numpy.typing import ArrayLike
from PyCO2SYS import equilibria, salts, solve

# numbers of the choices above in PyCO2SYS; they are the defaults of its `sys`
_CARBONIC, _BORATE, _BISULFATE, _FLUORIDE, _GAS_CONSTANT, _PH_SCALE = 10, 1, 1, 1, 3, 1
# number of points per chunk: the solver allocates about sixty arrays
_CHUNK = 50_000
_STEPS = {"sst": 0.01, "dic": 0.1, "alk": 0.1, "salinity": 0.01}


def fco2(sst: ArrayLike, salinity: ArrayLike, dic: ArrayLike, alk: ArrayLike) -> np.ndarray:
    """Fugacity of CO2 in surface water.

    The solver behind `PyCO2SYS.sys` without the unused quantities and derivatives: the same numbers to
    the last bit in a sixth of the time.

    Parameters
    ----------
    sst : float, any shape, °C.
    salinity : float, practical salinity.
    dic, alk : float, µmol kg⁻¹: dissolved inorganic carbon and total alkalinity.
        The four are broadcast against each other.

    Returns
    -------
    float64, the common shape, µatm. NaN where one of them is NaN, salinity is negative, or dic or alk is not positive.
    """
    fields = np.broadcast_arrays(*(np.asarray(field, "float64") for field in (sst, salinity, dic, alk)))
    temperature, salt, carbon, alkalinity = fields
    usable = np.isfinite(temperature) & (salt >= 0) & (carbon > 0) & (alkalinity > 0)
    usable &= np.isfinite(salt) & np.isfinite(carbon) & np.isfinite(alkalinity)
    result = np.full(usable.shape, np.nan)
    points = [field[usable] for field in fields]
    solved = np.empty(points[0].shape)
    for start in range(0, solved.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        solved[part] = _solve(*(values[part] for values in points))
    result[usable] = solved
    return result


def _solve(sst: np.ndarray, salinity: np.ndarray, dic: np.ndarray, alk: np.ndarray) -> np.ndarray:
    """The same for finite numbers of shape (n,)."""
    none = np.zeros(sst.shape)
    carbonic, borate = np.full(sst.shape, _CARBONIC), np.full(sst.shape, _BORATE)
    totals = salts.assemble(salinity, none, none, none, none, carbonic, borate)
    constants = equilibria.assemble(sst, none, totals, _PH_SCALE, _CARBONIC, _BISULFATE, _FLUORIDE, _GAS_CONSTANT)
    return solve.get.fCO2fromTATC(alk * 1e-6, dic * 1e-6, totals, constants) * 1e6


def fco2_from_pco2(pco2: ArrayLike, sst: ArrayLike) -> np.ndarray:
    """Fugacity of CO2 from its partial pressure, at one atmosphere (Weiss 1974, doi:10.1016/0304-4203(74)90015-2).

    Parameters
    ----------
    pco2 : float, any shape, in any unit of pressure.
    sst : float, same shape, °C.

    Returns
    -------
    float64, same shape, in the unit of ``pco2``; about 0.3 to 0.5 % below it. NaN passes through.
    """
    gas_constant = equilibria.constants.RGasConstant(_GAS_CONSTANT)
    factor = pyco2.gas.fugacity_factor(np.asarray(sst, "float64"), _CARBONIC, gas_constant, 0.0)
    return np.asarray(pco2, "float64") * factor


def sensitivities(sst: ArrayLike, salinity: ArrayLike, dic: ArrayLike, alk: ArrayLike) -> dict[str, np.ndarray]:
    """Partial derivatives of fCO2 with respect to each driver: the expected slopes of a regression.

    Central differences of `fco2`, over steps that its solver's tolerance and its curvature leave at five digits.

    Parameters
    ----------
    sst, salinity, dic, alk : float, shape (n,) or scalar: °C, practical salinity, µmol kg⁻¹ (two), no NaN.

    Returns
    -------
    ``sst`` (µatm K⁻¹), ``dic`` and ``alk`` (µatm per µmol kg⁻¹), ``salinity`` (µatm per unit): float64, shape (n,).
    """
    state = {"sst": sst, "salinity": salinity, "dic": dic, "alk": alk}
    state = {name: np.atleast_1d(np.asarray(values, "float64")) for name, values in state.items()}

    def moved(driver: str, step: float) -> np.ndarray:
        return fco2(**(state | {driver: state[driver] + step}))

    return {driver: (moved(driver, step / 2) - moved(driver, -step / 2)) / step for driver, step in _STEPS.items()}
