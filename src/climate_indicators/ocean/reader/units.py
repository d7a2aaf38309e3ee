"""Conversion of the units of ocean fields to those of the study, or an error that explains the correction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from climate_indicators.core.errors import InputError


@dataclass(frozen=True)
class Quantity:
    """Properties of a field of the study.

    Attributes
    ----------
    unit : the study's unit, in CF spelling.
    long_name, standard_name : as CF has them; an empty standard name means that CF has none.
    kind : family of units, a key of ``UNDERSTOOD``.
    median : lowest and highest median that a field of an ocean can have; None if a median says nothing.
    limits : lowest and highest possible value; what lies beyond is a gap that the file did not declare. All water holds
        carbon, so that 0 is such a gap for its quantities.
    """

    unit: str
    long_name: str
    standard_name: str
    kind: str
    median: tuple[float, float] | None
    limits: tuple[float, float]


_CO2 = "carbon dioxide in surface sea water"
QUANTITIES: Mapping[str, Quantity] = {
    "sst": Quantity(
        "degC", "sea surface temperature", "sea_surface_temperature", "temperature", (-2.5, 36), (-10, 100)
    ),
    "dic": Quantity("umol kg-1", "dissolved inorganic carbon", "", "concentration", (800, 3200), (1, 1e4)),
    "alk": Quantity("umol kg-1", "total alkalinity", "", "concentration", (800, 3800), (1, 1e4)),
    "fco2": Quantity("uatm", f"fugacity of {_CO2}", "", "pressure", (40, 3000), (1, 1e5)),
    "pco2": Quantity("uatm", f"partial pressure of {_CO2}", "", "pressure", (40, 3000), (1, 1e5)),
    "salinity": Quantity("1", "practical salinity", "sea_surface_salinity", "salinity", (2, 45), (0, 100)),
    "mld": Quantity("m", "mixed layer depth", "ocean_mixed_layer_thickness", "length", (0.5, 2000), (0, 12_000)),
    "ice": Quantity("1", "sea ice area fraction", "sea_ice_area_fraction", "fraction", None, (-0.01, 1.01)),
}
UNDERSTOOD = {
    "temperature": "degC, K",
    "concentration": "umol kg-1, mmol kg-1, mol kg-1, umol m-3, mmol m-3, mol m-3, umol l-1",
    "pressure": "uatm, Pa, hPa, atm",
    "salinity": "1, psu, g kg-1, 0.001, kg kg-1",
    "length": "m, cm, km",
    "fraction": "1, %",
}

_PA = 1 / 0.101325  # µatm
_FACTORS: Mapping[str, Mapping[str, float]] = {
    "temperature": dict.fromkeys(("c", "degc", "k", "degk"), 1.0),
    "pressure": dict.fromkeys(("uatm", "1e-6atm"), 1.0)
    | {"atm": 1e6, "matm": 1e3, "pa": _PA, "hpa": 100 * _PA, "kpa": 1000 * _PA, "mbar": 100 * _PA, "ubar": 0.1 * _PA},
    "salinity": dict.fromkeys(
        ("1", "psu", "pss", "pss78", "pss-78", "practicalsalinityunit", "practicalsalinityunits", "dimensionless")
        + ("gkg-1", "g/kg", "1e-3", "1e-03", "0.001", "1.e-3", "ppt", "‰", "permil", "permille"),
        1.0,
    )
    | dict.fromkeys(("kgkg-1", "kg/kg"), 1e3),
    "length": {"m": 1.0, "cm": 0.01, "km": 1e3},
    "fraction": dict.fromkeys(("1", "fraction", "dimensionless", "0-1", "(0-1)"), 1.0)
    | dict.fromkeys(("%", "percent", "1e-2", "0.01"), 0.01),
}
_SPELLINGS = (
    ("[µμ]|micro-?", "u"),
    ("milli", "m"),
    ("°|degrees?|deg", "deg"),
    ("celsius|celcius|centigrade|℃", "c"),
    ("º", "deg"),
    ("[⁻−]", "-"),
    ("¹", "1"),
    ("²", "2"),
    ("³", "3"),
    (r"[{}]", ""),
    ("-?atmospheres?", "atm"),
    ("kilogram(me)?s?", "kg"),
    ("grams?", "g"),
    ("centi-?", "c"),
    ("kelvin", "k"),
    ("moles?", "mol"),
    ("met(er|re)s?", "m"),
    ("lit(er|re)s?", "l"),
    ("pascals?", "pa"),
    ("[_-]?sw|sea ?water", ""),
    (r"\*\*", "^"),
    (r"[\s_·*]+", ""),
)
_AMOUNT = {"k": 1e9, "": 1e6, "m": 1e3, "u": 1.0, "n": 1e-3}
# mol or eq, "of carbon" or not, per kilogram, cubic meter or liter in any way of writing it
_CONCENTRATION = re.compile(
    r"(?P<scale>[kmun]?)(mol|eq)(c|eq)?\.?"
    r"((/|per)\(?((?P<mass>kg)|(?P<cubic>m\^?3)|l|dm\^?3)\)?|((?P<mass_>kg)\^?-1|(?P<cubic_>m)\^?-3|l\^?-1|dm\^?-3))"
)


def to_study_units(
    values: np.ndarray, quantity: str, unit: str | None, where: str, density: float = 1025.0
) -> np.ndarray:
    """Values in the study's unit of their quantity.

    Salinity in g kg⁻¹ is taken as practical salinity; absolute salinity is 0.5 % above it.

    Parameters
    ----------
    values : float, any shape.
    quantity : key of ``QUANTITIES``.
    unit : their unit, in any usual spelling; None or empty if the file names none.
    where : file and variable, for the message.
    density : of sea water, kg m⁻³; turns an amount in a volume into one in a mass.

    Returns
    -------
    float64, same shape.

    Raises
    ------
    InputError
        If the unit is missing, not known, or not one of this quantity.
    """
    factor, offset = conversion(quantity, unit, where, density)
    values = np.asarray(values, "float64")
    return values if (factor, offset) == (1.0, 0.0) else values * factor + offset


def conversion(quantity: str, unit: str | None, where: str, density: float = 1025.0) -> tuple[float, float]:
    """Factor and offset from a unit to the study's; parameters and errors as in `to_study_units`."""
    kind = QUANTITIES[quantity].kind
    plain = (unit or "").strip().lower()
    for pattern, short in _SPELLINGS:
        plain = re.sub(pattern, short, plain)
    if kind == "concentration" and (match := _CONCENTRATION.fullmatch(plain)):
        in_mass, in_cubic_meter = match["mass"] or match["mass_"], match["cubic"] or match["cubic_"]
        per_kg = 1.0 if in_mass else (1.0 if in_cubic_meter else 1e3) / density
        return _AMOUNT[match["scale"]] * per_kg, 0.0
    if plain in _FACTORS.get(kind, {}):
        return _FACTORS[kind][plain], -273.15 if kind == "temperature" and plain.endswith("k") else 0.0
    raise InputError(_refusal(quantity, unit, plain, where))


def _refusal(quantity: str, unit: str | None, plain: str, where: str) -> str:
    found = f"has the unit {unit!r}" if plain else "has no units attribute"
    hint = ""
    if _is_mole_fraction(quantity, plain):
        hint = (
            " A mole fraction is no pressure: where the file's ppm are really µatm, set the unit to uatm; where they "
            "are xCO2 in dry air, convert them first."
        )
    return (
        f"{where} {found}; as {QUANTITIES[quantity].long_name} ({quantity}) it must be one of: "
        f"{UNDERSTOOD[QUANTITIES[quantity].kind]}. Set variables.{quantity}.unit of this site to the unit that the "
        f"numbers are in, or correct the file.{hint}"
    )


def _is_mole_fraction(quantity: str, plain: str) -> bool:
    """Whether a pressure was given as a mole fraction: ppm, µmol mol⁻¹."""
    return QUANTITIES[quantity].kind == "pressure" and bool(re.match(r"ppm|umol/?mol|1e-0?6$", plain))


def check_plausible(
    values: np.ndarray,
    quantity: str,
    where: str,
    unit: str | None,
    zero: np.ndarray | None = None,
    refuse_zeros: bool = True,
) -> None:
    """Reject a field that no ocean has: a wrong unit, the wrong variable, or nothing but zeros.

    The test uses the median or, for the ice fraction, the maximum. Zeros are excluded, because they often mark land;
    a field without any other value is what is left where a file was cut off or never filled.

    Parameters
    ----------
    values : float, any shape, in the study's unit; NaN is left out.
    quantity : key of ``QUANTITIES``.
    where : file and variable, for the message.
    unit : the unit that the values were converted from, for the message.
    zero : bool, the values' shape: where the file has 0; None for where ``values`` are 0.
    refuse_zeros : whether nothing but zeros is refused; they may be all land where the ocean is not known yet.

    Raises
    ------
    InputError
    """
    zero = values == 0 if zero is None else zero
    known = values[np.isfinite(values) & ~zero]
    about = QUANTITIES[quantity]
    if not known.size:
        if refuse_zeros and about.median is not None and np.isfinite(values).any():
            raise InputError(
                f"{where}: all {int(np.isfinite(values).sum())} values of {about.long_name} ({quantity}) are 0. The "
                "file may be cut off or not filled: download or write it again. Where the field is missing, declare "
                "its zeros as gaps (_FillValue)."
            )
        return
    if about.median is None:
        what, found, (low, high) = "largest value", float(known.max()), about.limits
    else:
        what, found, (low, high) = "median", float(np.median(known)), about.median
    if not low <= found <= high:
        raise InputError(
            f"{where}, read as {about.long_name} ({quantity}) in {unit!r}, has a {what} of {found:.6g} {about.unit}; "
            f"in an ocean it lies between {low:g} and {high:g}. Either the unit is wrong: set "
            f"variables.{quantity}.unit of this site to that of the numbers. Or gaps are not declared in the file "
            f"(_FillValue). Or it is another variable: see variables.{quantity}.name."
        )


def drop_impossible(values: np.ndarray, quantity: str) -> np.ndarray:
    """Values in the unit of the study with NaN for impossible values, such as an undeclared 1e20."""
    low, high = QUANTITIES[quantity].limits
    return np.where((values >= low) & (values <= high), values, np.nan)
