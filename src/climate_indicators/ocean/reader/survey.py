"""Survey of all months of a data set before long computations: available and missing data, and interpretation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import Progress
from climate_indicators.ocean.reader.months import month_number, month_text
from climate_indicators.ocean.reader.sources import Files, Source, read_field
from climate_indicators.ocean.reader.units import QUANTITIES, conversion

_LOG = logging.getLogger(__name__)
# share of the ocean above which the user is warned of zeros in a field that hardly has any
_MANY_ZEROS = 0.01
_NEVER_ZERO = ("sst", "salinity")
_PERCENT = 0.01
# below the first, water is free of ice; above the second, the share of gaps in a field of ice is large
_ICE_FREE, _ICE_GAPS = 0.001, 0.2
_NEEDED = ("sst", "dic", "alk", "fco2", "pco2")


@dataclass(frozen=True)
class Survey:
    """Result of the survey.

    Attributes
    ----------
    table : one row per quantity, see `look_through`.
    missing : months "YYYY-MM" without any value in the ocean, by quantity; those without are left out.
    """

    table: pd.DataFrame
    missing: Mapping[str, Sequence[str]]


def look_through(
    sources: Mapping[str, Source],
    files: Files,
    months: Sequence[str],
    ocean: np.ndarray,
    density: float,
    positions: str,
) -> Survey:
    """Read every field once: units and values are checked, empty months counted.

    Parameters
    ----------
    sources, files : by quantity, and their open files.
    months : "YYYY-MM", the months of the study.
    ocean : bool, shape (y, x).
    density : of sea water, kg m⁻³.
    positions : where latitudes and longitudes come from, for the table.

    Returns
    -------
    Survey with the columns quantity, variable, n_files, first_file, unit_found, unit_configured, unit, cadence,
    first_month, last_month, minimum, median, maximum (the three over the ocean in the first month with data, in
    ``unit``),
    conversion (from the unit found or configured), months_present, months_missing (numbers of the study's months),
    missing_months (which), time_stamp (how months were found), level (which one is the surface), positions.

    Raises
    ------
    InputError
        If a field cannot be read, has a unit that is not understood, or no values of an ocean, or a needed quantity
        has no value in any month; the message names file, variable and month.
    """
    first: dict[str, np.ndarray] = {}
    empty: dict[tuple[str, str], bool] = {}
    zeros: dict[str, tuple[float, str]] = {}
    most_ice, least_ice, ice_gaps = 0.0, np.inf, 0.0
    progress = Progress(_LOG, len(months), "month")
    for month in months:
        for quantity, source in sources.items():
            key = (quantity, source.key(month))
            if key in empty:
                continue
            values = read_field(source, files, month, density, ocean)[ocean]
            known = values[np.isfinite(values)]
            empty[key] = not known.size
            if known.size:
                first.setdefault(quantity, known)
                if quantity == "ice":
                    most_ice, least_ice = max(most_ice, known.max()), min(least_ice, known.min())
                    ice_gaps = max(ice_gaps, 1 - known.size / values.size)
                share = float(np.mean(known == 0)) if quantity in _NEVER_ZERO else 0.0
                zeros[quantity] = max(zeros.get(quantity, (0.0, "")), (share, month))
        progress.step()
    missing = {
        quantity: [month for month in months if empty[quantity, source.key(month)]]
        for quantity, source in sources.items()
    }
    _refuse_all_missing(sources, missing, len(months))
    _warn(sources, missing, zeros, len(months))
    if least_ice > _ICE_FREE and ice_gaps > _ICE_GAPS and np.isfinite(least_ice):
        _LOG.warning(
            "variables.ice (%s): up to %.0f %% of the ocean's points have no value in a month, and no value in any "
            "month is 0. Water without ice may be a gap in this file; its gaps are unknown, not free of ice, and mean "
            "ice is too high. Fill the gaps with 0, for instance with cdo setmisstoc,0.",
            sources["ice"].layouts[0].where,
            100 * ice_gaps,
        )
    _warn_of_contradictions(sources, first, most_ice, density)
    rows = [
        _row(source, first.get(quantity, np.array([np.nan])), missing[quantity], len(months), density, positions)
        for quantity, source in sources.items()
    ]
    return Survey(pd.DataFrame(rows), {quantity: found for quantity, found in missing.items() if found})


def runs(months: Sequence[str]) -> str:
    """Months in order, neighbors as one run: "1990-01 to 1990-12, 1992-06"."""
    numbers = np.array([month_number(month) for month in months])
    if not numbers.size:
        return ""
    pieces = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    ends = [(month_text(int(piece[0])), month_text(int(piece[-1]))) for piece in pieces]
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in ends)


def _refuse_all_missing(sources: Mapping[str, Source], missing: Mapping[str, Sequence[str]], n_months: int) -> None:
    for quantity in _NEEDED:
        if quantity in sources and len(missing[quantity]) == n_months:
            raise InputError(
                f"variables.{quantity} ({sources[quantity].layouts[0].where}): none of the {n_months} months has any "
                "value in the ocean. Look at the gaps of the file, and at the mask, which must be 0 on land (mask.name "
                "of this site)."
            )


def _warn_of_contradictions(
    sources: Mapping[str, Source], first: Mapping[str, np.ndarray], most_ice: float, density: float
) -> None:
    """Warn about fields that are plausible alone but not as the configured variables."""
    dic, alk = (float(np.median(first[quantity])) for quantity in ("dic", "alk"))
    if alk < dic:
        _LOG.warning(
            "variables.alk (%s): its median, %.0f umol kg-1, lies below that of dic, %.0f; in the surface ocean it "
            "lies above. The two variables may be swapped, or one of the units is wrong.",
            sources["alk"].layouts[0].where,
            alk,
            dic,
        )
    if "ice" not in sources or not 0 < most_ice <= _PERCENT:
        return
    layout = sources["ice"].layouts[0]
    unit = sources["ice"].unit or layout.unit
    if np.isclose(conversion("ice", unit, layout.where, density)[0], _PERCENT):
        _LOG.warning(
            "variables.ice (%s): no value in any month is above 1 %%. The numbers may be fractions although the unit "
            "is %r; then set variables.ice.unit to 1.",
            layout.where,
            unit,
        )


def _warn(
    sources: Mapping[str, Source],
    missing: Mapping[str, Sequence[str]],
    zeros: Mapping[str, tuple[float, str]],
    n_months: int,
) -> None:
    for quantity, found in missing.items():
        if found:
            _LOG.warning(
                "variables.%s (%s): %d of %d months have no value in the ocean (%s). They are missing in all results: "
                "they count in no season and no trend.",
                quantity,
                sources[quantity].layouts[0].where,
                len(found),
                n_months,
                runs(found),
            )
    for quantity, (share, month) in zeros.items():
        if share > _MANY_ZEROS:
            _LOG.warning(
                "variables.%s (%s): exactly 0 at %.0f %% of the ocean's points in %s. If these zeros are gaps, "
                "they are read as values; declare them (_FillValue), or leave the points out with a mask.",
                quantity,
                sources[quantity].layouts[0].where,
                100 * share,
                month,
            )


def _row(
    source: Source, values: np.ndarray, missing: Sequence[str], n_months: int, density: float, positions: str
) -> dict[str, object]:
    layout = source.layouts[0]
    unit = source.unit or layout.unit
    known = [key for key in sorted(source.places) if key]
    return {
        "quantity": source.quantity,
        "variable": layout.name,
        "n_files": len(source.layouts),
        "first_file": layout.path,
        "unit_found": layout.unit or "none",
        "unit_configured": source.unit or "",
        "unit": QUANTITIES[source.quantity].unit,
        "cadence": source.cadence,
        "first_month": known[0] if known else "",
        "last_month": known[-1] if known else "",
        "minimum": values.min(),
        "median": np.median(values),
        "maximum": values.max(),
        "conversion": _formula(*conversion(source.quantity, unit, layout.where, density)),
        "months_present": n_months - len(missing),
        "months_missing": len(missing),
        "missing_months": runs(missing),
        "time_stamp": "; ".join(dict.fromkeys(one.time_rule for one in source.layouts)),
        "level": "; ".join(dict.fromkeys(one.level_rule for one in source.layouts if one.level_rule))
        or "surface field",
        "positions": positions,
    }


def _formula(factor: float, offset: float) -> str:
    parts = [
        f"× {factor:.6g}" if factor != 1 else "",
        f"{'−' if offset < 0 else '+'} {abs(offset):g}" if offset else "",
    ]
    return " ".join(part for part in parts if part) or "none"
