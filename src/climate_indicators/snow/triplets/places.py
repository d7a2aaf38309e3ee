"""Places: squares of a lattice that chips are cut from, and their split into training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.spatial_blocks import SPLITS, assign_splits

TRAIN, VALIDATION, TEST = SPLITS
UNUSED = "unused"
PLACE_AND_YEAR, PLACE, YEAR, NONE = "place_and_year", "place", "year", "none"
MIN_INSIDE = 0.5  # minimum share of the pixels of a place inside the area of interest


def make_places(area: np.ndarray, size_px: int, gap_px: int) -> pd.DataFrame:
    """Squares of one size with a gap between, in the middle of the image, at least half inside the area of interest.

    Parameters
    ----------
    area : uint8, shape (rows, columns): 1 inside the area of interest.
    size_px : side of a square.
    gap_px : pixels between two squares: neighboring pixels are alike, and those of a test place must not be learned.

    Returns
    -------
    ``place`` (int, counted over the whole lattice), ``name`` (such as r02c03), ``row, col`` (pixel of the upper left
    corner).

    Raises
    ------
    InputError
        If the image is smaller than a square, or there are fewer places than splits.
    """
    if min(area.shape) < size_px:
        raise InputError(
            f"the site's grid has {area.shape[0]} × {area.shape[1]} pixels, less than one chip of {size_px} px "
            "(snow.triplets.size_px). Take a larger area of interest or smaller chips."
        )
    starts = [_starts(length, size_px, gap_px) for length in area.shape]
    rows = []
    for down, row in enumerate(starts[0]):
        for right, col in enumerate(starts[1]):
            if area[row : row + size_px, col : col + size_px].mean() >= MIN_INSIDE:
                rows.append([down * len(starts[1]) + right, f"r{down:02d}c{right:02d}", row, col])
    if len(rows) < len(SPLITS):
        raise InputError(
            f"the area of interest holds {len(rows)} places of {size_px} px with gaps of {gap_px} px (snow.triplets), "
            f"fewer than the {len(SPLITS)} parts {', '.join(SPLITS)}. Make size_px smaller or the area larger."
        )
    return pd.DataFrame(rows, columns=["place", "name", "row", "col"])


def _starts(length: int, size: int, gap: int) -> list[int]:
    count = (length + gap) // (size + gap)
    first = (length - count * size - (count - 1) * gap) // 2
    return [first + number * (size + gap) for number in range(count)]


def assign_triplet_splits(
    place: np.ndarray, hydro_year: np.ndarray, snow_fraction: np.ndarray, shares: Mapping[str, float], seed: int
) -> tuple[list[str], list[str]]:
    """Split of each triplet, and whether its place or year is held out.

    Places are assigned whole to training, validation and test, sorted by their mean share of snow so that each part has
    all kinds, and so are hydrological years if there are at least three. Training has triplets of training places in
    training years; the test, those of test places in test years. No triplet of a test place or of a test year trains
    or validates; of those, test places in other years and other places in test years are left unused, but marked, so
    that skill can be measured separately for new places and for new years. All others, of a validation place or year,
    validate. With fewer than three years no year is held out, and the test has all triplets of test places.

    Parameters
    ----------
    place, hydro_year : int, shape (triplets,).
    snow_fraction : float, shape (triplets,).
    shares : of ``train, validation, test``; they sum to 1.
    seed : start of the random numbers.

    Returns
    -------
    Split (train, validation, test, unused) and held_out (place_and_year, place, year, none) of each triplet.

    Raises
    ------
    InputError
        If fewer than three places are left.
    """
    table = pd.DataFrame({"place": place, "year": hydro_year, "snow": snow_fraction})
    n_places = table["place"].nunique()
    if n_places < len(SPLITS):
        raise InputError(
            f"the {len(table)} selected triplets are in {n_places} places, fewer than the {len(SPLITS)} parts "
            f"{', '.join(SPLITS)}. Make snow.triplets.size_px smaller, loosen its limits, or add scenes."
        )
    of_place = _splits_by_mean(table, "place", shares, seed)
    if table["year"].nunique() < len(SPLITS):
        held_out = np.where(of_place == TEST, PLACE, NONE)
        return of_place.tolist(), held_out.tolist()
    of_year = _splits_by_mean(table, "year", shares, seed)
    new_place, new_year = of_place == TEST, of_year == TEST
    learnt = (of_place == TRAIN) & (of_year == TRAIN)
    split = np.select([new_place & new_year, new_place | new_year, learnt], [TEST, UNUSED, TRAIN], VALIDATION)
    held_out = np.select([new_place & new_year, new_place, new_year], [PLACE_AND_YEAR, PLACE, YEAR], NONE)
    return split.tolist(), held_out.tolist()


def _splits_by_mean(table: pd.DataFrame, key: str, shares: Mapping[str, float], seed: int) -> np.ndarray:
    means = table.groupby(key)["snow"].mean()
    names = dict(zip(means.index, assign_splits(means.to_numpy(), shares, seed), strict=True))
    return table[key].map(names).to_numpy()
