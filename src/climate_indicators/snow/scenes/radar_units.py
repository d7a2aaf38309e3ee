"""Unit of a radar raster (decibels, power or amplitude), and detection of fill values."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from climate_indicators.core.errors import InputError

AUTO, DB, LINEAR, AMPLITUDE = "auto", "db", "linear", "amplitude"
UNITS = (AUTO, DB, LINEAR, AMPLITUDE)
# nodata of the settings where all numbers are values
ALL_VALUES = "none"
NAMES = {DB: "decibels", LINEAR: "linear power", AMPLITUDE: "amplitude"}
_DECLARED = {
    "db": DB, "decibel": DB, "decibels": DB, "linear": LINEAR, "power": LINEAR, "linear power": LINEAR,
    "intensity": LINEAR, "amplitude": AMPLITUDE,
}  # fmt: skip
# names of files of ASF HyP3 (…_RTC30_G_gpuned_…: gamma or sigma nought; power, decibels or amplitude) and OPERA
_HYP3 = re.compile(r"_RTC\d+_[A-Z]_[gs]([pda])[a-z]{4}_")
_BY_LETTER = {"p": LINEAR, "a": AMPLITUDE}
# range of the median of VV over land, water, ice or cities, dB
MIN_VV_DB, MAX_VV_DB = -30.0, 3.0
# decibels below which a pixel is the logarithm of 0 plus a tiny number
LOG_OF_ZERO_DB = -100.0
# such numbers, 1e-10 to 1e-25, are no fill in decibels; −9999 and −327.68 are
_TINY_DB = -250.0
# cross-polarized backscatter is lower than co-polarized; where both are noise it may be as much higher
_ORDER_DB = 2.0
# below this median of VH the numbers are decibels: linear power is negative only where noise was subtracted
_DB_BELOW = -1.0
# fill: one number in more pixels than this, and this many times as frequent as the numbers next to it
_MAX_ONE_VALUE, _STANDS_OUT, _NEXT = 0.01, 5, 3
_FEWEST = 100
# A floor, to which low numbers were raised: within these decibels, and other numbers follow it closely. A higher one
# would hide wet snow.
_FLOOR_DB, _FLOOR_GAP_DB = (-60.0, -28.0), 1.0
_LOG = logging.getLogger(__name__)
# without a unit, positive numbers are treated as power where the median of VV is at most 0.2 (as amplitude −14 dB)
# and that of VH at most 0.3 of it (−5.2 dB; as amplitude −10.5 dB, which land hardly has)
_POWER_BELOW, _POWER_RATIO = 0.2, 0.3


@dataclass(frozen=True)
class Survey:
    """Numbers of the two bands around the site, as in the file; those that the file declares missing are left out.

    Attributes
    ----------
    name : file.
    vv, vh : numbers, of one dimension; a part of them is enough.
    scale, offset : of each band: ``number × scale + offset`` is the physical value.
    dtype : NumPy name of the file's type.
    declared : unit that the file declares, one of `UNITS` but auto; "" if it declares none.
    fill : whether undeclared fill is looked for.
    named : ``linear`` or ``amplitude`` where the product's name says so, see `named_unit`; else "".
    """

    name: str
    vv: np.ndarray
    vh: np.ndarray
    scale: Sequence[float] = (1.0, 1.0)
    offset: Sequence[float] = (0.0, 0.0)
    dtype: str = "float32"
    declared: str = ""
    fill: bool = True
    named: str = ""


def declared_unit(words: Sequence[str]) -> str:
    """Unit that a file's texts name, such as the units of its bands: ``db``, ``linear``, ``amplitude``, or ""."""
    found = {_DECLARED[word.strip().lower()] for word in words if word and word.strip().lower() in _DECLARED}
    return found.pop() if len(found) == 1 else ""


def named_unit(path: str) -> str:
    """``linear`` or ``amplitude`` if the name of a file or folder is of a product with this unit; else ""."""
    found = _HYP3.search(path + "_")
    if found:
        return _BY_LETTER.get(found[1], "")
    return LINEAR if "OPERA_L2_RTC-S1" in path else ""


def find_unit(survey: Survey, wanted: str) -> str:
    """Unit of a raster, after all that makes it doubtful was refused.

    Fill never decides: it is looked for first. Infinite numbers, and 0 in power and amplitude, are the logarithm of
    nothing, or nothing, and count nowhere.

    Parameters
    ----------
    survey : numbers of the raster.
    wanted : unit of the settings. ``auto`` takes the file's own; without one decibels are known by a negative median of
        VH, positive numbers by the product's name, or are treated as power where they can hardly be amplitude.

    Returns
    -------
    ``db``, ``linear`` or ``amplitude``.

    Raises
    ------
    InputError
        If one number is in more than 1 % of the pixels and stands out, the numbers contradict the unit, they may be
        either power or amplitude, or the median of VV is none that backscatter can have.
    """
    bands = [_Band(survey, number) for number in (0, 1)]
    for band in bands:
        band.check_fill(without_zero=True)
    if not any(band.values.size for band in bands):
        return wanted if wanted != AUTO else survey.declared or DB
    unit = _check_sign(survey, bands, survey.declared or AUTO if wanted == AUTO else wanted)
    if unit == DB:
        for band in bands:
            band.check_fill(without_zero=False)
    vv = bands[0]
    if vv.values.size:
        check_level(survey.name, vv_level(vv.values, unit), unit, _looks(survey, vv, unit))
    return unit


def check_level(name: str, median_db: float, unit: str, looks: str = "") -> None:
    """Reject a scene with a median VV outside the range of backscatter.

    Parameters
    ----------
    name : file.
    median_db : median of VV, dB; NaN, of a scene without pixels, passes.
    unit : that the numbers were read in.
    looks : what the numbers look like, a sentence.

    Raises
    ------
    InputError
        If it is not within −30 … +3 dB.
    """
    if MIN_VV_DB <= median_db <= MAX_VV_DB or np.isnan(median_db):
        return
    raise InputError(
        f"{name}: read as {NAMES[unit]}, the median of VV is {median_db:.1f} dB; backscatter of a scene has "
        f"{MIN_VV_DB:g} to +{MAX_VV_DB:g} dB. {looks}".rstrip()
    )


def vv_level(values: np.ndarray, unit: str) -> float:
    """Median of physical values in dB: ``values`` are finite numbers of a unit; those not above 0 have no decibels."""
    if unit == DB:
        return float(np.median(values))
    positive = values[values > 0]
    factor = 20 if unit == AMPLITUDE else 10
    return factor * float(np.log10(np.median(positive))) if positive.size else float("nan")


def to_power(values: np.ndarray, unit: str) -> np.ndarray:
    """Linear power, float64, of physical values of a unit; NaN where there is no echo, or the value is not finite.

    Without an echo are −100 dB or less (the logarithm of 0, to which a tiny number was added), and power or amplitude
    not above 0.
    """
    values = np.asarray(values, "float64")
    if unit == DB:
        known = np.isfinite(values) & (values > LOG_OF_ZERO_DB)
        return np.where(known, np.power(10.0, np.where(known, values, 0) / 10), np.nan)
    known = np.isfinite(values) & (values > 0)
    return np.where(known, values**2 if unit == AMPLITUDE else values, np.nan)


class _Band:
    """Finite values of a band with an echo, and their properties."""

    def __init__(self, survey: Survey, number: int) -> None:
        self._name, self._label, self._looked_for = survey.name, ("VV", "VH")[number], survey.fill
        self.scale, self.offset = survey.scale[number], survey.offset[number]
        numbers = np.asarray((survey.vv, survey.vh)[number])
        self.numbers = numbers[np.isfinite(numbers)]
        self._all = self.numbers.astype("float64") * self.scale + self.offset
        self.values = self._all[self._all != 0]

    def check_fill(self, without_zero: bool) -> None:
        asked = ~((self._all >= _TINY_DB) & (self._all <= LOG_OF_ZERO_DB))
        if not asked.any() or np.median(self._all[asked]) >= _DB_BELOW:
            asked[:] = True
        if without_zero:
            asked &= self._all != 0
        numbers = self.numbers[asked]
        found = stands_out(numbers) if self._looked_for else None
        if found is None:
            return
        number, share = found
        value = number * self.scale + self.offset
        if self._is_floor(value):
            _LOG.warning(
                "%s: %.1f %% of the pixels of %s have the lowest number, %g: lower ones were raised to it, so that wet "
                "snow and water are darker than they seem.", self._name, 100 * share, self._label, value,
            )  # fmt: skip
            return
        means = "" if (self.scale, self.offset) == (1, 0) else f" ({value:g} with the file's scale and offset)"
        raise InputError(
            f"{self._name}: {100 * share:.1f} % of the pixels of {self._label} have the number {number:g}{means}, as "
            "fill does, and the file does not say that it is missing. If it is, set snow.radar.nodata to it, or write "
            f"nodata into the file (gdal_edit -a_nodata {number:g}); if all numbers are values, set it to {ALL_VALUES}."
        )

    def _is_floor(self, value: float) -> bool:
        """Whether a frequent value is a floor to which lower values were raised, such as −30 dB."""
        above = np.unique(self.values[self.values > value])[:_NEXT]
        if not above.size or value == 0 or (self.values < value).any():
            return False
        levels = np.append(above, value)
        decibels = levels if value < 0 else 10 * np.log10(levels)
        low, high = _FLOOR_DB
        return bool(low <= decibels[-1] <= high and decibels[:-1].max() - decibels[-1] <= _FLOOR_GAP_DB)


def stands_out(numbers: np.ndarray) -> tuple[float, float] | None:
    """A number in more than 1 % of the pixels, and more than five times as frequent as those next to it; its share.

    Coarse numbers, such as whole decibels, are each in many pixels, and all of them are.

    Parameters
    ----------
    numbers : finite, of one dimension.

    Returns
    -------
    The most frequent such number and its share; None if there is none, or there are fewer than 100 numbers.
    """
    if numbers.size < _FEWEST:
        return None
    values, counts = np.unique(numbers, return_counts=True)
    for at in np.argsort(-counts, kind="stable"):
        if counts[at] <= _MAX_ONE_VALUE * numbers.size:
            return None
        near = np.concatenate([counts[max(at - _NEXT, 0) : at], counts[at + 1 : at + 1 + _NEXT]])
        if not near.size or counts[at] > _STANDS_OUT * np.median(near):
            return float(values[at]), float(counts[at] / numbers.size)
    return None


def _check_sign(survey: Survey, bands: Sequence[_Band], wanted: str) -> str:
    """The unit, with decibels identified by their sign; raises an error if it contradicts ``wanted``."""
    telling = bands[1] if bands[1].values.size else bands[0]
    in_db = bool(np.median(telling.values) < _DB_BELOW)
    _check_order(survey, bands, in_db)
    if wanted == AUTO:
        return DB if in_db else survey.named or _power_or_amplitude(survey, bands)
    if in_db != (wanted == DB):
        values = np.concatenate([band.values for band in bands])
        likely = LINEAR if wanted == DB else DB
        other = f"{likely}, or to {AMPLITUDE}" if likely == LINEAR else likely
        found = f"{int((values < 0).sum())} of its {values.size} values are negative, as in {NAMES[likely]}"
        raise InputError(
            f"{survey.name} is to be read as {NAMES[wanted]}, but {found}. Set the unit of radar scenes "
            f"(snow.radar.unit) to {other}."
        )
    return wanted


def _check_order(survey: Survey, bands: Sequence[_Band], in_db: bool) -> None:
    """Reject VV and VH that were swapped."""
    if not all(band.values.size for band in bands):
        return
    vv, vh = (float(np.median(band.values)) for band in bands)
    if vh - vv > _ORDER_DB if in_db else 0 < vv * 10 ** (_ORDER_DB / 10) < vh:
        raise InputError(
            f"{survey.name}: the median of VH, {vh:.3g}, is higher than that of VV, {vv:.3g}, as on no ground. "
            "Likely the bands are swapped: correct their names in the file, or radar_bands."
        )


def _power_or_amplitude(survey: Survey, bands: Sequence[_Band]) -> str:
    """Power, if the values cannot plausibly be amplitude; both are positive, and their ranges overlap."""
    medians = [float(np.median(band.values)) if band.values.size else np.nan for band in bands]
    level, ratio = medians[0], medians[1] / medians[0]
    as_power, as_amplitude = (vv_level(bands[0].values, unit) for unit in (LINEAR, AMPLITUDE))
    if as_power > MAX_VV_DB:  # as amplitude, it would be even brighter
        check_level(survey.name, as_power, LINEAR, _looks(survey, bands[0], LINEAR))
    if not level > _POWER_BELOW and not ratio > _POWER_RATIO:
        return LINEAR
    raise InputError(
        f"{survey.name}: the numbers are positive and may be linear power or amplitude: the median of VV, "
        f"{level:.3g}, is {as_power:.1f} dB as power and {as_amplitude:.1f} dB as amplitude. Set snow.radar.unit to "
        f"{LINEAR} or {AMPLITUDE}."
    )


def _looks(survey: Survey, band: _Band, unit: str) -> str:
    """Probable cause of values that cannot be backscatter, and how to correct it."""
    low, middle, high = np.percentile(band.numbers, [1, 50, 99])
    facts = f"The numbers of VV ({survey.dtype}) run from {low:.4g} to {high:.4g}, median {middle:.4g}"
    for other in (LINEAR, AMPLITUDE, DB):
        level = vv_level(band.values, other)
        negative = np.median(band.values) < 0
        if other != unit and negative == (other == DB) and MIN_VV_DB <= level <= MAX_VV_DB:
            return f"{facts}: as {NAMES[other]} they would have {level:.1f} dB. Set snow.radar.unit to {other}."
    for divisor, what in ((100, "hundredths"), (10, "tenths")):
        whole = np.dtype(survey.dtype).kind in "iu"
        if unit == DB and whole and MIN_VV_DB <= np.median(band.values) / divisor <= MAX_VV_DB:
            cure = f"Write the scale into the file (gdal_edit -a_scale {1 / divisor:g})."
            return f"{facts}: {what} of a decibel without a scale. {cure}"
    return (
        f"{facts}: digital numbers that are not calibrated, or of a scale that the file does not declare. Calibrate "
        "and terrain-correct the scene (ESA's SNAP does), or write scale and offset into the file (gdal_edit -a_scale)."
    )
