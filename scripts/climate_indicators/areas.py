"""Areas of glaciers with their intervals, from extents and held-out confusion counts."""

from __future__ import annotations

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
# below this number of test blocks their spread says too little, and the validation blocks are counted as well
ENOUGH_TEST_BLOCKS = 10


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
class YearOfIce:
    """What the extent of one year holds: areas by glacier number, float64, shape (glaciers + 2,), in pixels.

    Number 0 is ground, the last is unnamed ice. ``seen`` is the share of the pixels of each glacier (those of its
    outline and its ice) that the year's own image shows; NaN if it has none. ``margin`` in pixel lengths.
    """

    pixels: np.ndarray
    margin: np.ndarray
    seen: np.ndarray
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
    whole, shown = (count_numbers(owner, where, unnamed + 1) for where in (inside == 1, known & ~filled))
    with np.errstate(invalid="ignore"):
        return YearOfIce(pixels, margin, shown / whole, filled_pixels)


def year_row(
    ice: YearOfIce, scene: dict, confusions: np.ndarray, pixel_m: float, settings: dict[str, float]
) -> dict[str, object]:
    """One line of the table of areas by year.

    Parameters
    ----------
    ice : counts of the year.
    scene : ``scene`` (the year), ``date`` and ``valid_fraction`` of the year's image.
    confusions : as `held_out_confusions` gives them.
    pixel_m : side of a pixel in metres.
    settings : ``confidence``, ``buffer_px``, ``min_valid_fraction``.

    Returns
    -------
    ``year, date, area_km2, lower_km2, upper_km2, mapped_km2, buffer_km2, gap_filled_km2, valid_fraction, flag``. The
    flag is empty for a sound year; ``cloudy`` if too little was seen; ``unmeasured`` if the map shows a class that no
    held-out pixel was given, so that its error is unknown: the area is then the mapped one, between nothing and all.
    """
    pixel_km2 = pixel_m**2 / 1e6
    mapped = np.array([ice.pixels[0], ice.pixels[1:].sum()]) * pixel_km2
    flags = [CLOUDY] if scene["valid_fraction"] < settings["min_valid_fraction"] else []
    if ((confusions.sum(axis=(0, 2)) == 0) & (mapped > 0)).any() or mapped.sum() == 0:
        flags.append(UNMEASURED)
        area, lower, upper = mapped[1], 0.0, mapped.sum()
    else:
        estimate = block_area(confusions, mapped, settings["confidence"])
        area, lower, upper = estimate.area[1], estimate.lower[1], estimate.upper[1]
    return {
        "year": int(scene["scene"]),
        "date": scene["date"],
        "area_km2": area,
        "lower_km2": lower,
        "upper_km2": upper,
        "mapped_km2": mapped[1],
        "buffer_km2": ice.margin.sum() * settings["buffer_px"] * pixel_km2,
        "gap_filled_km2": ice.filled_pixels * pixel_km2,
        "valid_fraction": scene["valid_fraction"],
        "flag": "; ".join(flags),
    }


def glacier_rows(
    year: int, ice: YearOfIce, names: Sequence[str], pixel_m: float, buffer_px: float
) -> list[dict[str, object]]:
    """Lines of the table of areas by glacier: ``year, glacier_id, area_km2, buffer_km2, valid_fraction``.

    Areas as mapped; the correction for errors holds for the sum only. Unnamed ice comes last, if there is any.

    Parameters
    ----------
    ice : counts of the year.
    names : names of the glaciers, number 1 first.
    pixel_m : side of a pixel in metres.
    buffer_px : half width of the band around the margin, in pixels.
    """
    pixel_km2 = pixel_m**2 / 1e6
    rows = [
        {
            "year": year,
            "glacier_id": name,
            "area_km2": ice.pixels[number] * pixel_km2,
            "buffer_km2": ice.margin[number] * buffer_px * pixel_km2,
            "valid_fraction": ice.seen[number],
        }
        for number, name in enumerate([*names, UNNAMED], start=1)
    ]
    return rows if ice.pixels[-1] else rows[:-1]
