"""Correction of mapped areas by the errors on held-out blocks: the level of a year, and the change between years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.io import DatasetReader
from scipy import ndimage, stats

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.stats.block_jackknife import block_spread, stratum_of_share
from climate_indicators.stats.estimator_range import reach_beyond_range

# with fewer test blocks, their spread is too uncertain, and validation blocks are also used
MIN_TEST_BLOCKS = 10
# minimum of sensitivity + specificity − 1: smaller values would amplify changes beyond use
MIN_YOUDEN = 0.1
# distance from the margin of the outlines, in pixels: nearer errors move with the margin; the belt behind them is the
# ground that a glacier leaves or advances over
MARGIN_PX, BELT_PX = 5, 20
MARGIN, BELT, FAR = range(3)
# with fewer years, scatter and change cannot be separated
MIN_SCATTER_YEARS = 5


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
    strata. Neighboring pixels are not independent; `block_area` has the interval for them.

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


def block_area(
    confusions: np.ndarray,
    mapped: np.ndarray,
    confidence: float = 0.95,
    strata: np.ndarray | None = None,
    held_out: np.ndarray | None = None,
) -> AreaEstimate:
    """Area of each class, corrected for the map's errors, with an interval from the spread between blocks.

    The estimate is that of `error_adjusted_area` on all blocks together. Pixels of a block err together, so its
    standard error comes from leaving out one block at a time (`block_spread`), with Student's t. The interval is never
    narrower than the one for independent pixels, and is cut at 0 and at the whole mapped area. If all held-out pixels
    of a map class lie in one block, that block's replicate takes the error rate, 0 or 1, that moves the area most.

    Parameters
    ----------
    confusions : int, shape (blocks, classes, classes): held-out pixels, map class by row, reference class by column.
    mapped : float, shape (classes,): area that the map gives each class, in any unit.
    confidence : in (0, 1).
    strata : shape (blocks,): what the blocks of the spread were ordered by when they were assigned; None if they were
        assigned at random.
    held_out : as ``confusions``, of all blocks that the spread comes from; None: the same blocks.

    Raises
    ------
    ValueError
        If there are fewer than two blocks, or a class that the map shows has no held-out pixel.
    """
    confusions, mapped = np.asarray(confusions, "float64"), np.asarray(mapped, "float64")
    single = error_adjusted_area(confusions.sum(axis=0), mapped, confidence)
    total = mapped.sum()
    spread_blocks = confusions if held_out is None else np.asarray(held_out, "float64")
    whole = spread_blocks.sum(axis=0)
    replicates = _hardest_where_empty(whole - spread_blocks, whole)
    reach = _reach(total * reference_shares(replicates, mapped), strata, len(confusions), confidence)
    half = np.maximum(reach, single.area - single.lower)
    return AreaEstimate(single.area, np.maximum(single.area - half, 0.0), np.minimum(single.area + half, total))


def _reach(replicates: np.ndarray, strata: np.ndarray | None, counted: int, confidence: float) -> np.ndarray:
    """Half width of the interval of a statistic of some counted blocks, from its values without one held-out block.

    The degrees of freedom are those of the counted blocks: neighbors among all held-out blocks are more alike than
    those among the counted ones, so that their differences are rather too small.
    """
    share = counted / len(replicates)
    spread = block_spread(replicates, strata)
    return replace(spread, error=spread.error / np.sqrt(share), freedom=spread.freedom * share).reach(confidence)


def _hardest_where_empty(replicates: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Replicates; a map class without pixels is assumed to be entirely misclassified."""
    hardest = (whole == whole.min(axis=1, keepdims=True)).astype("float64")
    hardest /= hardest.sum(axis=1, keepdims=True)
    empty = replicates.sum(axis=2, keepdims=True) == 0
    return np.where(empty & (whole.sum(axis=1, keepdims=True) > 0), hardest, replicates)


def zone_confusions(
    extent: str | Path, labels: str | Path, splits: str | Path, blocks: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Confusion of each held-out block of the reference year, by distance from the margin of the outlines.

    Rates are counted on test blocks alone, if there are ``MIN_TEST_BLOCKS``. Otherwise validation blocks count too: two
    numbers (temperature, threshold) and the best epoch were chosen on them, which flatters them little, whereas t for
    two or three blocks would make the interval useless. The spread between blocks comes from both in any case: where
    errors sit in few blocks, test blocks without them have too small an error and too small a spread at once. Only
    pixels of the block's own split that the map shows are counted.

    Parameters
    ----------
    extent : map of the reference year: 1 glacier, 0 not, 255 not seen.
    labels : outlines on the same grid: 1 glacier, 0 not, 255 unknown.
    splits : raster of `blocks.split_map`.
    blocks : table of `blocks.make_blocks`.

    Returns
    -------
    Confusions of the blocks that are counted, and of those that the spread comes from, int64, shape (blocks, zones, 2,
    2): zones ``MARGIN``, ``BELT``, ``FAR``; map class by row, reference class by column; class 0 is ground, 1 glacier.

    Raises
    ------
    InputError
        If fewer than two held-out blocks have a pixel.
    """
    with opened(extent) as mapped, opened(labels) as outlines, opened(splits) as dealt:
        counted: dict[str, list[np.ndarray]] = {"validation": [], "test": []}
        for block in blocks[blocks.split.isin(list(counted))].itertuples():
            part = _block_zones(mapped, outlines, dealt, block)
            if part.any():
                counted[block.split].append(part)
    held_out = counted["validation"] + counted["test"]
    if len(held_out) < 2:
        raise InputError(
            f"{len(held_out)} held-out blocks have pixels that the map of the reference year shows, but an interval "
            "needs two. Make patches.block_px smaller, or the shares of validation and test larger."
        )
    enough = len(counted["test"]) >= MIN_TEST_BLOCKS
    return np.array(counted["test"] if enough else held_out), np.array(held_out)


def _block_zones(mapped: DatasetReader, outlines: DatasetReader, dealt: DatasetReader, block: object) -> np.ndarray:
    """Confusion of one block by zone, int64, shape (3, 2, 2)."""
    reach = MARGIN_PX + BELT_PX + 1
    rows = max(block.row_start - reach, 0), min(block.row_stop + reach, outlines.height)
    cols = max(block.col_start - reach, 0), min(block.col_stop + reach, outlines.width)
    zones = margin_zones(outlines.read(1, window=(rows, cols)))
    inner = np.s_[
        block.row_start - rows[0] : block.row_stop - rows[0], block.col_start - cols[0] : block.col_stop - cols[0]
    ]
    window = (block.row_start, block.row_stop), (block.col_start, block.col_stop)
    extent, label, split = (raster.read(1, window=window) for raster in (mapped, outlines, dealt))
    counted = (split == SPLIT_VALUES[block.split]) & (label != BYTE_NODATA) & (extent != BYTE_NODATA)
    return count_zones(zones[inner][counted], extent[counted], label[counted])


def count_zones(zones: np.ndarray, extent: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Confusion by zone, int64, shape (3, 2, 2), of pixels with a zone, a map and a label of 0 or 1; all one shape."""
    cells = (zones.astype("int64") * 2 + extent) * 2 + labels
    return np.bincount(cells.ravel(), minlength=12).reshape(3, 2, 2)


def margin_zones(labels: np.ndarray) -> np.ndarray:
    """Zone of each pixel by its distance from the nearest labeled pixel of the other class.

    Parameters
    ----------
    labels : uint8, shape (rows, columns): 1 glacier, 0 not, 255 unknown.

    Returns
    -------
    uint8, same shape: ``MARGIN`` up to ``MARGIN_PX`` pixels, ``BELT`` up to ``BELT_PX`` beyond, else ``FAR``. Unknown
    pixels get a zone too.
    """
    distance = np.full(labels.shape, np.inf)
    for own, other in ((0, 1), (1, 0)):
        if (labels == other).any():
            np.copyto(distance, ndimage.distance_transform_edt(labels != other), where=labels == own)
    # to the edge of the other class's pixel, not to its center
    return np.digitize(distance - 0.5, [MARGIN_PX, MARGIN_PX + BELT_PX], right=True).astype("uint8")


@dataclass(frozen=True)
class AreaCorrection:
    """Correction of mapped areas, counted in the reference year: an offset for the level, a factor for the change.

    The rates behind the error-adjusted area, P(reference | map), hold at the prevalence of the reference year only:
    applied to another year's map they pull its area toward the reference. So only the reference year is corrected by
    them. The change from it is the mapped one times the change factor, see `change_factors`.

    Attributes
    ----------
    mapped_km2 : mapped area of the reference year.
    offset_km2 : corrected less mapped area of the reference year.
    below_km2, above_km2 : distance of the corrected area of the reference year to its bounds, see `block_area`.
    factor : by which mapped changes are multiplied, at least 1.
    most : largest factor that the errors allow; the smallest is 1, the map as it is.
    confidence : of the bounds.
    """

    mapped_km2: float
    offset_km2: float
    below_km2: float
    above_km2: float
    factor: float
    most: float
    confidence: float = 0.95

    def apply(
        self, mapped_km2: float, whole_km2: float, year_km2: float = 0.0, doubt_km2: float = 0.0
    ) -> tuple[float, float, float]:
        """Area of a year and its lower and upper bound, km², inside 0 to ``whole_km2``.

        The interval contains the changes that the smallest and the largest factor give (`reach_beyond_range`).

        Parameters
        ----------
        mapped_km2 : mapped area of the year.
        whole_km2 : mapped ground and glacier of the year.
        year_km2 : half width of the interval of the errors that differ from year to year, see `scatter_of_years`.
        doubt_km2 : area by which the mapped one may be larger or smaller.
        """
        change = mapped_km2 - self.mapped_km2
        level = self.mapped_km2 + self.offset_km2
        ends = [level + factor * change for factor in (1.0, self.most)]
        reaches = np.hypot([self.below_km2, self.above_km2], year_km2)
        below, above = reach_beyond_range(reaches, np.ptp(ends), self.confidence) + doubt_km2
        bounds = min(ends) - below, max(ends) + above
        return tuple(float(np.clip(value, 0.0, whole_km2)) for value in (level + self.factor * change, *bounds))


def area_correction(
    zones: np.ndarray, mapped_km2: Sequence[float], confidence: float = 0.95, held_out: np.ndarray | None = None
) -> AreaCorrection | None:
    """Correction from the held-out blocks of the reference year; None if its map shows a class without such pixels.

    Parameters
    ----------
    zones : int, shape (blocks, 3, 2, 2), as `zone_confusions` gives them; blocks assigned by `assign_splits`.
    mapped_km2 : float, shape (2,): ground and glacier of the reference year.
    confidence : of the bounds, in (0, 1).
    held_out : as ``zones``, of all blocks that the spread comes from; None: the same blocks.
    """
    mapped, confusions = np.asarray(mapped_km2, "float64"), zones.sum(axis=1)
    if mapped.sum() == 0 or ((confusions.sum(axis=(0, 2)) == 0) & (mapped > 0)).any():
        return None
    held_out = zones if held_out is None else held_out
    all_confusions = held_out.sum(axis=1)
    estimate = block_area(confusions, mapped, confidence, share_strata(all_confusions), all_confusions)
    area, lower, upper = (float(values[1]) for values in (estimate.area, estimate.lower, estimate.upper))
    factor, most = change_factors(zones, confidence, held_out)
    offset = area - float(mapped[1])
    return AreaCorrection(float(mapped[1]), offset, area - lower, upper - area, factor, most, confidence)


def share_strata(confusions: np.ndarray) -> np.ndarray:
    """What `blocks.assign_splits` ordered the blocks by, from their confusions of shape (blocks, 2, 2)."""
    return stratum_of_share(confusions[:, :, 1].sum(axis=1) / confusions.sum(axis=(1, 2)))


def change_factors(
    zones: np.ndarray, confidence: float = 0.95, held_out: np.ndarray | None = None
) -> tuple[float, float]:
    """Factor that turns mapped changes into true ones, and the largest one that the errors allow.

    Of a change, a map with constant error rates shows the share sensitivity + specificity − 1 (Rogan & Gladen 1978,
    doi:10.1093/oxfordjournals.aje.a112510; Czaplewski & Catts 1992, doi:10.1016/0034-4257(92)90070-A). Errors near the
    margin move with it and leave the change as it is, and errors far from it do not meet the change. So the rates are
    those of the belt along the margin in which glaciers change. Where exactly they will change, and whether errors
    there stay in place, is not known: the interval reaches from 1, the map as it is, to the larger of the bound of the
    factor (`block_spread` of its logarithm) and of the factor from all pixels.

    Parameters
    ----------
    zones : int, shape (blocks, 3, 2, 2), as `zone_confusions` gives them.
    confidence : of the bound, in (0, 1).
    held_out : as ``zones``, of all blocks that the spread comes from; None: the same blocks.

    Returns
    -------
    The factor and its upper bound, 1 to 1 / ``MIN_YOUDEN``. If the belt has no pixel of a class, the factor is 1.
    """
    zones = np.asarray(zones, "float64")
    held_out = zones if held_out is None else np.asarray(held_out, "float64")
    factor = float(_rogan_gladen(zones[:, BELT].sum(axis=0)))
    without_each = np.log(_rogan_gladen(held_out[:, BELT].sum(axis=0) - held_out[:, BELT]))
    reach = _reach(without_each, share_strata(held_out.sum(axis=1)), len(zones), confidence)
    bound = factor * float(np.exp(reach))
    # from all pixels the factor is already the extreme case that all errors meet the change
    return factor, min(max(bound, float(_rogan_gladen(zones.sum(axis=(0, 1))))), 1 / MIN_YOUDEN)


def _rogan_gladen(confusion: np.ndarray) -> np.ndarray:
    """1 / (sensitivity + specificity − 1), at least 1; (..., 2, 2) to (...). A class without pixels has no error."""
    totals = confusion.sum(axis=-2)
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    rates = np.where(totals > 0, right / np.maximum(totals, 1), 1.0)
    return 1 / np.clip(rates.sum(axis=-1) - 1, MIN_YOUDEN, 1)


def scatter_of_years(years: Sequence[int], areas: Sequence[float], confidence: float = 0.95) -> float:
    """Half width of the interval of interannual scatter, such as snow and illumination, in the unit of the areas.

    From the distance of each year to the line between its two neighbors (Gasser et al. 1986,
    doi:10.1093/biomet/73.3.625), which a steady change, also one that speeds up, leaves small. It contains real
    variation from year to year, too. The area of a year is compared with the reference year, so the variance counts
    twice. Neighboring distances share years: for k of them Student's t has 18/35 k degrees of freedom.

    Parameters
    ----------
    years : rising, the unflagged ones.
    areas : mapped, corrected for change.

    Returns
    -------
    0 with fewer than 5 years: too few to separate scatter and change.
    """
    times, values = np.asarray(years, "float64"), np.asarray(areas, "float64")
    if len(times) < MIN_SCATTER_YEARS:
        return 0.0
    weight = (times[2:] - times[1:-1]) / (times[2:] - times[:-2])
    distance = values[1:-1] - weight * values[:-2] - (1 - weight) * values[2:]
    variance = np.mean(distance**2 / (1 + weight**2 + (1 - weight) ** 2))
    return float(stats.t.ppf((1 + confidence) / 2, 18 / 35 * len(distance)) * np.sqrt(2 * variance))
