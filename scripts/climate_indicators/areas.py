"""Areas of glaciers with their intervals, from extents and held-out confusion counts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from climate_indicators.cogs import BYTE_NODATA
from climate_indicators.extents import UNNAMED, count_numbers, filled_extent, margin_lengths, owners
from climate_indicators.logs import InputError

CLOUDY, UNMEASURED = "cloudy", "unmeasured"
# flags of a glacier: no year shows any, or some, of its outline; the outline is over no pixel's centre
NO_DATA, INCOMPLETE, NO_PIXEL = "no data", "incomplete", "no pixel"
# below this number of test blocks their spread says too little, and the validation blocks are counted as well
ENOUGH_TEST_BLOCKS = 10
# share of a glacier that no year shows from which on it is worth a warning
MOST_UNSEEN = 0.01

_log = logging.getLogger(__name__)


# sensitivity + specificity − 1 of a map that tells almost nothing: a smaller value would stretch changes beyond use
MIN_YOUDEN = 0.1


@dataclass(frozen=True)
class AreaEstimate:
    """Area of each class and its interval, float arrays of shape (classes,), in the unit of the mapped areas."""

    area: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def reference_shares(confusion: np.ndarray, mapped: np.ndarray) -> np.ndarray:
    """Share of each reference class in the mapped area, Olofsson et al. (2014), equation 9; shape (..., classes).

    Parameters
    ----------
    confusion : shape (..., classes, classes), pixels: map class by row, reference class by column.
    mapped : shape (classes,): area that the map gives each class, in any unit.
    """
    rates = confusion / np.maximum(confusion.sum(axis=-1, keepdims=True), 1)
    return np.einsum("i,...ij->...j", np.asarray(mapped) / np.sum(mapped), rates)


def error_adjusted_area(confusion: np.ndarray, mapped: np.ndarray, confidence: float = 0.95) -> AreaEstimate:
    """Area of each class, corrected for the map's errors, with its interval if held-out pixels were independent.

    Stratified estimator of Olofsson et al. (2014, doi:10.1016/j.rse.2014.02.015), equations 9 to 11, the map classes as
    strata. Neighbouring pixels are not independent; `block_area` has the interval for them.

    Parameters
    ----------
    confusion : int, shape (classes, classes): held-out pixels, map class by row, reference class by column.
    mapped : float, shape (classes,): area that the map gives each class, in any unit.
    confidence : in (0, 1).

    Raises
    ------
    ValueError
        If a class that the map shows has no held-out pixel: its error cannot be known.
    """
    confusion, mapped = np.asarray(confusion, "float64"), np.asarray(mapped, "float64")
    sizes = confusion.sum(axis=1)
    if ((sizes == 0) & (mapped > 0)).any():
        unseen = np.flatnonzero((sizes == 0) & (mapped > 0)).tolist()
        raise ValueError(f"map classes {unseen} have an area but no held-out pixel: their error cannot be known")
    total, weights = mapped.sum(), mapped / mapped.sum()
    rates = confusion / np.maximum(sizes, 1)[:, None]
    variances = (weights**2 / np.maximum(sizes - 1, 1)) @ (rates * (1 - rates))
    area = total * reference_shares(confusion, mapped)
    half = stats.norm.ppf((1 + confidence) / 2) * total * np.sqrt(variances)
    return AreaEstimate(area, area - half, area + half)


def block_area(confusions: np.ndarray, mapped: np.ndarray, confidence: float = 0.95) -> AreaEstimate:
    """Area of each class, corrected for the map's errors, with an interval from the spread between blocks.

    The estimate is that of `error_adjusted_area` on all blocks together. Pixels of a block err together, so its
    standard error is that of the jackknife that leaves out one block at a time (Efron & Stein 1981,
    doi:10.1214/aos/1176345462), with Student's t for blocks − 1 degrees of freedom. The interval is never narrower than
    the one for independent pixels, and is cut at 0 and at the whole mapped area. If all held-out pixels of a map
    class lie in one block, that block's replicate takes the error rate, 0 or 1, that moves the area most.

    The errors are those of the year that the outlines stand for. Another year's scene may be harder or easier; the
    interval does not know.

    Parameters
    ----------
    confusions : int, shape (blocks, classes, classes): held-out pixels, map class by row, reference class by column.
    mapped : float, shape (classes,): area that the map gives each class, in any unit.
    confidence : in (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than two blocks, or a class that the map shows has no held-out pixel.
    """
    confusions, mapped = np.asarray(confusions, "float64"), np.asarray(mapped, "float64")
    blocks = len(confusions)
    if blocks < 2:
        raise ValueError(f"the spread between blocks needs two or more of them, found {blocks}")
    whole = confusions.sum(axis=0)
    single = error_adjusted_area(whole, mapped, confidence)
    total = mapped.sum()
    replicates = _hardest_where_empty(whole - confusions, whole)
    areas = total * reference_shares(replicates, mapped)
    error = np.sqrt((blocks - 1) / blocks * ((areas - areas.mean(axis=0)) ** 2).sum(axis=0))
    half = np.maximum(stats.t.ppf((1 + confidence) / 2, blocks - 1) * error, single.area - single.lower)
    return AreaEstimate(single.area, np.maximum(single.area - half, 0.0), np.minimum(single.area + half, total))


def _hardest_where_empty(replicates: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Replicates in which a map class without pixels is taken to be wholly the class that it mostly is not."""
    hardest = (whole == whole.min(axis=1, keepdims=True)).astype("float64")
    hardest /= hardest.sum(axis=1, keepdims=True)
    empty = replicates.sum(axis=2, keepdims=True) == 0
    return np.where(empty & (whole.sum(axis=1, keepdims=True) > 0), hardest, replicates)


def held_out_confusions(table: pd.DataFrame, model: str = "unet") -> np.ndarray:
    """Confusion of each held-out block, for `block_area`.

    Test blocks alone, if there are ``ENOUGH_TEST_BLOCKS``. Otherwise validation blocks count too: two numbers
    (temperature, threshold) and the best epoch were chosen on them, which flatters them little, whereas t for two or
    three blocks would make the interval useless.

    Parameters
    ----------
    table : ``model, split, block, tn, fp, fn, tp``.
    model : which model.

    Returns
    -------
    int64, shape (blocks, 2, 2): map class by row, reference class by column; class 0 is ground, 1 glacier.

    Raises
    ------
    InputError
        If the model has fewer than two held-out blocks.
    """
    rows = table[(table.model == model) & table.split.isin(["validation", "test"])]
    test = rows[rows.split == "test"]
    rows = test if len(test) >= ENOUGH_TEST_BLOCKS else rows
    if len(rows) < 2:
        raise InputError(
            f"model '{model}' has {len(rows)} held-out blocks in the block confusion table, but an interval needs two. "
            "Make patches.block_px smaller, or the shares of validation and test larger."
        )
    return rows[["tn", "fn", "fp", "tp"]].to_numpy("int64").reshape(-1, 2, 2)


@dataclass(frozen=True)
class LevelCorrection:
    """Correction of mapped areas, counted in the reference year and used for the level of every year.

    The rates behind the error-adjusted area, P(reference | map), hold at the prevalence of the reference year only:
    applied to another year's map they pull its area towards the reference. Every year is therefore moved by the same
    area, and its change is the mapped one. A map with sensitivity and specificity below 1 shows changes too small, at
    most by the factor of Rogan and Gladen (1978, doi:10.1093/oxfordjournals.aje.a112510); errors that stay in place
    change less. The interval of a year and of a trend contains both.

    Attributes
    ----------
    mapped_km2 : mapped area of the reference year.
    offset_km2 : corrected less mapped area of the reference year.
    below_km2, above_km2 : distance of the corrected area of the reference year to its bounds, see `block_area`.
    change_factor : 1 / (sensitivity + specificity − 1), at least 1.
    """

    mapped_km2: float
    offset_km2: float
    below_km2: float
    above_km2: float
    change_factor: float

    def apply(self, mapped_km2: float, whole_km2: float) -> tuple[float, float, float]:
        """Area of a year and its lower and upper bound, km², inside 0 to ``whole_km2``."""
        area = mapped_km2 + self.offset_km2
        stretched = area + (mapped_km2 - self.mapped_km2) * (self.change_factor - 1)
        bounds = min(area, stretched) - self.below_km2, max(area, stretched) + self.above_km2
        return tuple(float(np.clip(value, 0.0, whole_km2)) for value in (area, *bounds))


def level_correction(
    confusions: np.ndarray, mapped_km2: np.ndarray, confidence: float = 0.95
) -> LevelCorrection | None:
    """Correction from the held-out blocks of the reference year; None if its map shows a class without such pixels.

    Parameters
    ----------
    confusions : int, shape (blocks, 2, 2), as `held_out_confusions` gives them.
    mapped_km2 : float, shape (2,): ground and glacier of the reference year.
    confidence : of the bounds, in (0, 1).
    """
    mapped_km2 = np.asarray(mapped_km2, "float64")
    if mapped_km2.sum() == 0 or ((confusions.sum(axis=(0, 2)) == 0) & (mapped_km2 > 0)).any():
        return None
    estimate = block_area(confusions, mapped_km2, confidence)
    area, lower, upper = (float(values[1]) for values in (estimate.area, estimate.lower, estimate.upper))
    return LevelCorrection(
        float(mapped_km2[1]), area - float(mapped_km2[1]), area - lower, upper - area, change_factor(confusions)
    )


def change_factor(confusions: np.ndarray) -> float:
    """Largest factor by which the map shows a change too small: 1 / (sensitivity + specificity − 1), at least 1.

    Parameters
    ----------
    confusions : int, shape (blocks, 2, 2): map class by row, reference class by column. A reference class without
        pixels counts as never recognized.
    """
    whole = np.asarray(confusions, "float64").sum(axis=0)
    rates = np.diag(whole) / np.maximum(whole.sum(axis=0), 1)
    return float(1 / np.clip(rates.sum() - 1, MIN_YOUDEN, 1))


@dataclass(frozen=True)
class YearOfIce:
    """What the extent of one year holds: areas by glacier number, float64, shape (glaciers + 2,), in pixels.

    Number 0 is ground, the last is unnamed ice. ``seen`` is the share of the pixels of each glacier (those of its
    outline and its ice) that the year's own image shows; NaN if it has none. ``unseen`` is how many of them no year
    shows, by clouds in all years or without terrain, of ``whole`` ones. ``margin`` in pixel lengths.
    """

    pixels: np.ndarray
    margin: np.ndarray
    seen: np.ndarray
    unseen: np.ndarray
    whole: np.ndarray
    filled_pixels: int


def measure_year(
    extents: Sequence[str | Path],
    years: Sequence[int],
    index: int,
    inside: np.ndarray,
    glacier_ids: np.ndarray,
    glaciers: int,
) -> YearOfIce:
    """Count one year's ice, its gaps filled from the other years.

    Parameters
    ----------
    extents, years, index, inside : as for `extents.filled_extent`.
    glacier_ids : uint16, shape (rows, columns): number of the reference outline.
    glaciers : number of outlines.
    """
    extent, filled = filled_extent(extents, years, index, inside)
    unnamed = glaciers + 1
    owner = owners(extent, glacier_ids, unnamed)
    known = extent != BYTE_NODATA
    pixels = count_numbers(owner, known, unnamed + 1).astype("float64")
    margin = margin_lengths(owner, known, unnamed)
    filled_pixels = int(np.count_nonzero(filled & (extent == 1)))
    # from here on the number of a pixel is that of its ice or, without ice, of the outline that it lies in
    np.copyto(owner, glacier_ids, where=owner == 0)
    # the extent of a pixel outside the area of interest is not missing
    kinds = (inside == 1, known & ~filled, (inside == 1) & ~known)
    whole, shown, unseen = (count_numbers(owner, where, unnamed + 1) for where in kinds)
    with np.errstate(invalid="ignore"):
        return YearOfIce(pixels, margin, shown / whole, unseen, whole, filled_pixels)


def mapped_areas(ice: YearOfIce, pixel_m: float) -> np.ndarray:
    """Ground and glacier of a year, float64, shape (2,), km²."""
    return np.array([ice.pixels[0], ice.pixels[1:].sum()]) * pixel_m**2 / 1e6


def year_row(
    ice: YearOfIce, scene: dict, correction: LevelCorrection | None, pixel_m: float, settings: dict[str, float]
) -> dict[str, object]:
    """One line of the table of areas by year.

    Parameters
    ----------
    ice : counts of the year.
    scene : ``scene`` (the year), ``date`` and ``valid_fraction`` of the year's image.
    correction : of the reference year, as `level_correction` gives it.
    pixel_m : side of a pixel in metres.
    settings : ``buffer_px``, ``min_valid_fraction``.

    Returns
    -------
    ``year, date, area_km2, lower_km2, upper_km2, mapped_km2, change_factor, buffer_km2, gap_filled_km2, no_data_km2,
    valid_fraction, flag``. ``no_data_km2`` is the part of the outlines that no year shows: it belongs to no area. The
    flag is empty for a sound year; ``cloudy`` if too little was seen; ``unmeasured`` if there is no correction, so that
    the error is unknown: the area is then the mapped one, between nothing and all, and the factor is NaN.
    """
    pixel_km2 = pixel_m**2 / 1e6
    mapped = mapped_areas(ice, pixel_m)
    flags = [CLOUDY] if scene["valid_fraction"] < settings["min_valid_fraction"] else []
    if correction is None or mapped.sum() == 0:
        flags.append(UNMEASURED)
        area, lower, upper = mapped[1], 0.0, mapped.sum()
    else:
        area, lower, upper = correction.apply(mapped[1], mapped.sum())
    return {
        "year": int(scene["scene"]),
        "date": scene["date"],
        "area_km2": area,
        "lower_km2": lower,
        "upper_km2": upper,
        "mapped_km2": mapped[1],
        "change_factor": correction.change_factor if correction else np.nan,
        "buffer_km2": ice.margin.sum() * settings["buffer_px"] * pixel_km2,
        "gap_filled_km2": ice.filled_pixels * pixel_km2,
        "no_data_km2": ice.unseen[1:].sum() * pixel_km2,
        "valid_fraction": scene["valid_fraction"],
        "flag": "; ".join(flags),
    }


def glacier_rows(
    year: int, ice: YearOfIce, names: Sequence[str], pixel_m: float, buffer_px: float
) -> list[dict[str, object]]:
    """Lines of the table of areas by glacier.

    Areas as mapped; the correction for errors holds for the sum only. Unnamed ice comes last, if there is any.

    Parameters
    ----------
    ice : counts of the year.
    names : names of the glaciers, number 1 first.
    pixel_m : side of a pixel in metres.
    buffer_px : half width of the band around the margin, in pixels.

    Returns
    -------
    ``year, glacier_id, area_km2, buffer_km2, valid_fraction, no_data_fraction, flag``. ``no_data_fraction`` is the
    share of the glacier that no year shows. A glacier that no year shows at all, or without a pixel, has no area (NaN)
    and the flag ``no data`` or ``no pixel``; one of which some part is shown in no year is ``incomplete``.
    """
    pixel_km2 = pixel_m**2 / 1e6
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
        for number, name in enumerate([*names, UNNAMED], start=1)
    ]
    return rows if ice.pixels[-1] else rows[:-1]


def _glacier_flag(ice: YearOfIce, number: int) -> str:
    if np.isnan(ice.seen[number]):
        return NO_PIXEL
    if not ice.unseen[number]:
        return ""
    return NO_DATA if ice.unseen[number] == ice.whole[number] else INCOMPLETE


def warn_of_missing(rows: Sequence[dict[str, object]]) -> None:
    """Warn of glaciers, in lines of the table of areas by glacier, that have no area or lack much of it."""
    missing = [row for row in rows if row["flag"] != INCOMPLETE or float(row["no_data_fraction"]) > MOST_UNSEEN]
    for flag in (NO_DATA, INCOMPLETE, NO_PIXEL):
        names = list(dict.fromkeys(str(row["glacier_id"]) for row in missing if row["flag"] == flag))
        if names:
            listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
            _log.warning("glaciers flagged '%s' in the table of areas by glacier: %s", flag, listed)
