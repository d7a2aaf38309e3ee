"""Areas of glaciers by year and by glacier, from extents, with their intervals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.glacier.area_correction import AreaCorrection, scatter_of_years
from climate_indicators.glacier.extents import (
    UNASSIGNED,
    assign_glacier_ids,
    count_numbers,
    gap_filled_extent,
    perimeter_m,
)

CLOUDY, UNMEASURED = "cloudy", "unmeasured"
# flags of a glacier: no valid pixels of its outline in any year, or only some; the outline covers no pixel center
NO_DATA, INCOMPLETE, NO_PIXEL = "no data", "incomplete", "no pixel"
# share of a glacier without valid pixels in any year above which a warning is given
MAX_UNSEEN = 0.01

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnnualExtent:
    """Areas of one year by glacier number, float64, shape (glaciers + 2,), in pixels.

    Number 0 is ground, the last is unnamed ice. ``seen`` is the share of the pixels of each glacier (those of its
    outline and its ice) that the year's own image shows; NaN if it has none. ``unseen`` is how many of them no year
    shows, by clouds in all years or without terrain, of ``whole`` ones. ``margin`` in pixel lengths. Of the
    ``undecided_pixels``, which equally near years show as glacier and as ground, half are in ``pixels`` of each.
    """

    pixels: np.ndarray
    margin: np.ndarray
    seen: np.ndarray
    unseen: np.ndarray
    whole: np.ndarray
    filled_pixels: int
    undecided_pixels: int = 0


def measure_year(
    extents: Sequence[str | Path],
    years: Sequence[int],
    index: int,
    inside: np.ndarray,
    glacier_ids: np.ndarray,
    glaciers: int,
) -> AnnualExtent:
    """Count one year's ice, its gaps filled from the other years.

    Parameters
    ----------
    extents, years, index, inside : as for `extents.gap_filled_extent`.
    glacier_ids : uint16, shape (rows, columns): number of the reference outline.
    glaciers : number of outlines.
    """
    found = gap_filled_extent(extents, years, index, inside)
    unnamed = glaciers + 1
    owner = assign_glacier_ids(np.where(found.undecided, np.uint8(1), found.extent), glacier_ids, unnamed)
    known = found.extent != BYTE_NODATA
    halves = count_numbers(owner, found.undecided, unnamed + 1) / 2
    pixels = count_numbers(owner, known, unnamed + 1) + halves
    pixels[0] += halves.sum()
    margin = perimeter_m(owner, known, unnamed)
    filled_pixels = int(np.count_nonzero(found.filled & (found.extent == 1)))
    # from here on, the number of a pixel is that of its ice or, without ice, of the outline that contains it
    np.copyto(owner, glacier_ids, where=owner == 0)
    # the extent of a pixel outside the area of interest is not missing
    kinds = (inside == 1, known & ~found.filled, (inside == 1) & ~known & ~found.undecided)
    whole, shown, unseen = (count_numbers(owner, where, unnamed + 1) for where in kinds)
    with np.errstate(invalid="ignore"):
        return AnnualExtent(
            pixels, margin, shown / whole, unseen, whole, filled_pixels, int(np.count_nonzero(found.undecided))
        )


def mapped_areas(ice: AnnualExtent, pixel_km2: float) -> np.ndarray:
    """Ground and glacier of a year, float64, shape (2,), km²."""
    return np.array([ice.pixels[0], ice.pixels[1:].sum()]) * pixel_km2


def year_rows(
    ices: Sequence[AnnualExtent],
    scenes: Sequence[dict],
    reference_year: int,
    correction: AreaCorrection | None,
    pixel_km2: float,
    settings: dict[str, float],
) -> list[dict[str, object]]:
    """Lines of the table of areas by year.

    Parameters
    ----------
    ices : counts of the years, in order of time.
    scenes : ``scene`` (the year), ``date`` and ``valid_fraction`` of each year's image.
    reference_year : year of the outlines, whose errors the correction comes from.
    correction : of the reference year, as `area_correction.area_correction` gives it.
    pixel_km2 : area of a pixel on the ground.
    settings : ``confidence``, ``buffer_px``, ``min_valid_fraction``.

    Returns
    -------
    ``year, date, area_km2, lower_km2, upper_km2, mapped_km2, change_factor, change_factor_upper, buffer_km2,
    gap_filled_km2, undecided_km2, no_data_km2, valid_fraction, flag``. ``no_data_km2`` is the part of the outlines that
    no year shows: it belongs to no area. Half of ``undecided_km2`` is in the area, and the interval has all and none
    of it. The interval of years other than the reference year contains what differs from year to year
    (`area_correction.scatter_of_years`). The flag is empty for a sound year; ``cloudy`` if too little was seen;
    ``unmeasured`` if there is no correction, so that the error is unknown: the area is then the mapped one, between
    nothing and all, and the factors are NaN.
    """
    years = [int(scene["scene"]) for scene in scenes]
    cloudy = [scene["valid_fraction"] < settings["min_valid_fraction"] for scene in scenes]
    mapped = np.array([mapped_areas(ice, pixel_km2) for ice in ices])
    scatter = 0.0
    if correction is not None:
        clear = ~np.array(cloudy)
        changed = mapped[clear, 1] * correction.factor
        scatter = scatter_of_years(np.array(years)[clear], changed, settings["confidence"])
    rows = []
    for year, scene, ice, flagged, (ground, glacier) in zip(years, scenes, ices, cloudy, mapped, strict=True):
        flags, whole = [CLOUDY] if flagged else [], ground + glacier
        if correction is None or whole == 0:
            flags.append(UNMEASURED)
            area, lower, upper = glacier, 0.0, whole
        else:
            doubt = ice.undecided_pixels * pixel_km2 / 2
            area, lower, upper = correction.apply(glacier, whole, 0.0 if year == reference_year else scatter, doubt)
        rows.append(
            {
                "year": year,
                "date": scene["date"],
                "area_km2": area,
                "lower_km2": lower,
                "upper_km2": upper,
                "mapped_km2": glacier,
                "change_factor": correction.factor if correction else np.nan,
                "change_factor_upper": correction.most if correction else np.nan,
                "buffer_km2": ice.margin.sum() * settings["buffer_px"] * pixel_km2,
                "gap_filled_km2": ice.filled_pixels * pixel_km2,
                "undecided_km2": ice.undecided_pixels * pixel_km2,
                "no_data_km2": ice.unseen[1:].sum() * pixel_km2,
                "valid_fraction": scene["valid_fraction"],
                "flag": "; ".join(flags),
            }
        )
    return rows


def glacier_rows(
    year: int, ice: AnnualExtent, names: Sequence[str], pixel_km2: float, buffer_px: float
) -> list[dict[str, object]]:
    """Lines of the table of areas by glacier.

    Areas as mapped; the correction for errors holds for the sum only. Unnamed ice comes last, if there is any.

    Parameters
    ----------
    ice : counts of the year.
    names : names of the glaciers, number 1 first.
    pixel_km2 : area of a pixel on the ground.
    buffer_px : half width of the band around the margin, in pixels.

    Returns
    -------
    ``year, glacier_id, area_km2, buffer_km2, valid_fraction, no_data_fraction, flag``. ``no_data_fraction`` is the
    share of the glacier that no year shows. A glacier that no year shows at all, or without a pixel, has no area (NaN)
    and the flag ``no data`` or ``no pixel``; one of which some part is shown in no year is ``incomplete``.
    """
    flags = [_glacier_flag(ice, number) for number in range(1, len(names) + 2)]
    without = [flag in (NO_DATA, NO_PIXEL) for flag in flags]
    rows = [
        {
            "year": year,
            "glacier_id": name,
            "area_km2": np.nan if without[number - 1] else ice.pixels[number] * pixel_km2,
            "buffer_km2": np.nan if without[number - 1] else ice.margin[number] * buffer_px * pixel_km2,
            "valid_fraction": ice.seen[number],
            "no_data_fraction": ice.unseen[number] / ice.whole[number] if ice.whole[number] else np.nan,
            "flag": flags[number - 1],
        }
        for number, name in enumerate([*names, UNASSIGNED], start=1)
    ]
    return rows if ice.pixels[-1] else rows[:-1]


def _glacier_flag(ice: AnnualExtent, number: int) -> str:
    if np.isnan(ice.seen[number]):
        return NO_PIXEL
    if not ice.unseen[number]:
        return ""
    return NO_DATA if ice.unseen[number] == ice.whole[number] else INCOMPLETE


def warn_of_missing(rows: Sequence[dict[str, object]]) -> None:
    """Warn about glaciers in the table that have no area or a large missing part."""
    missing = [row for row in rows if row["flag"] != INCOMPLETE or float(row["no_data_fraction"]) > MAX_UNSEEN]
    for flag in (NO_DATA, INCOMPLETE, NO_PIXEL):
        names = list(dict.fromkeys(str(row["glacier_id"]) for row in missing if row["flag"] == flag))
        if names:
            listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
            _log.warning("glaciers flagged '%s' in the table of areas by glacier: %s", flag, listed)
