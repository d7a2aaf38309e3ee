"""Spatial blocks: the units that are assigned whole to training, validation and test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from climate_indicators.core.block_limits import smallest_block_px
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.stats.block_jackknife import stratum_of_share

SPLITS = ("train", "validation", "test")
UNUSED = 0
SPLIT_VALUES = {split: value for value, split in enumerate(SPLITS, start=1)}
# with fewer blocks in a split, its scores depend on which blocks they are more than on the model
FEW_BLOCKS = 3
# test blocks of which the intervals of areas need no validation blocks
WANTED_TEST_BLOCKS = 10


def make_blocks(
    labels: np.ndarray, valid: np.ndarray, block_px: int, shares: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """Blocks of a lattice over the image, each assigned whole to one split.

    The lattice has blocks of about ``block_px`` that fill the image evenly; a block without a usable label is left
    out. Blocks are sorted by their share of glacier (or other positive label) and assigned in that order, so that every
    split gets blocks of all kinds; the random numbers decide among neighbors of the order only.

    Parameters
    ----------
    labels : uint8, shape (rows, columns): 1 positive, 0 negative, 255 unknown.
    valid : bool, same shape: true where the image has a value.
    block_px : wanted side of a block.
    shares : share of blocks of each of ``SPLITS``; they sum to 1.
    seed : start of the random numbers.

    Returns
    -------
    Table ``block, row_start, row_stop, col_start, col_stop, split, label_fraction, n_pixels``; the last two count
    usable pixels only.

    Raises
    ------
    InputError
        If there are fewer usable blocks than splits, or a split has no positive or no negative label.
    """
    usable = (labels != BYTE_NODATA) & valid
    rows = []
    for row_start, row_stop in _spans(labels.shape[0], block_px):
        for col_start, col_stop in _spans(labels.shape[1], block_px):
            window = np.s_[row_start:row_stop, col_start:col_stop]
            count = int(usable[window].sum())
            if count:
                positive = int((labels[window][usable[window]] == 1).sum())
                rows.append([row_start, row_stop, col_start, col_stop, positive / count, count])
    if len(rows) < len(SPLITS):
        raise InputError(
            f"the area with labels holds {len(rows)} blocks of {block_px} px (patches.block_px), fewer than the "
            f"{len(SPLITS)} splits {', '.join(SPLITS)}. Make block_px smaller or the area of interest larger."
        )
    columns = ["row_start", "row_stop", "col_start", "col_stop", "label_fraction", "n_pixels"]
    blocks = pd.DataFrame(rows, columns=columns)
    blocks.insert(0, "block", np.arange(len(blocks)))
    blocks.insert(5, "split", assign_splits(blocks.label_fraction.to_numpy(), shares, seed))
    for split in SPLITS:
        part = blocks[blocks.split == split]
        share = float(np.average(part.label_fraction, weights=part.n_pixels))
        if share in (0.0, 1.0):
            raise InputError(
                f"the {len(part)} blocks of the {split} split hold {'only' if share else 'no'} positive labels; skill "
                "cannot be learned or measured there. Make patches.block_px smaller, or choose another split_seed."
            )
    return blocks


def few_blocks_warning(blocks: pd.DataFrame, patches: Mapping[str, Any]) -> str | None:
    """Message about a split with too few blocks, and a suitable block size.

    Parameters
    ----------
    blocks : table of `make_blocks`.
    patches : settings ``block_px``, ``gap_px``, ``size_px`` and ``test``, the share of the test blocks.

    Returns
    -------
    A sentence if validation or test have fewer than `FEW_BLOCKS` blocks, else None. The size that it names is the one
    at which the usable pixels make `WANTED_TEST_BLOCKS` test blocks, but at least the smallest that is allowed.
    """
    counts = blocks.split.value_counts()
    if min(counts[split] for split in SPLITS[1:]) >= FEW_BLOCKS:
        return None
    parts = " and ".join(
        f"{counts[split]} {split} block{'s' if counts[split] > 1 else ''} "
        f"({np.average(part.label_fraction, weights=part.n_pixels):.1%} positive)"
        for split, part in ((split, blocks[blocks.split == split]) for split in SPLITS[1:])
    )
    smallest = smallest_block_px(patches["size_px"], patches["gap_px"])
    wanted = max(smallest, int((blocks.n_pixels.sum() * patches["test"] / WANTED_TEST_BLOCKS) ** 0.5))
    if wanted < patches["block_px"]:
        remedy = f"Set patches.block_px to about {wanted}"
        if wanted == smallest:
            remedy += ", the smallest for patches of this size; smaller patches (patches.size_px) allow smaller blocks"
    else:
        remedy = "Take a larger area of interest, or smaller patches (patches.size_px) and blocks (patches.block_px)"
    return (
        f"the area holds only {parts}: the choice of the epoch and threshold, the skill and the intervals are not "
        f"reliable. {remedy}."
    )


def assign_splits(label_fraction: np.ndarray, shares: Mapping[str, float], seed: int) -> list[str]:
    """Split of each block: every split gets its share of blocks, spread evenly over the order of label share.

    Parameters
    ----------
    label_fraction : float array, shape (blocks,).
    shares : share of each of ``SPLITS``.
    seed : start of the random numbers.

    Returns
    -------
    Name of a split for each block; each split has at least one block.
    """
    n = len(label_fraction)
    counts = _whole_counts(n, [shares[split] for split in SPLITS])
    # evenly spaced positions of each split along the sorted blocks; jitter below one position breaks ties at random
    rng = np.random.default_rng([seed, n])
    places = np.concatenate([(np.arange(count) + rng.uniform(0, 1)) / count for count in counts])
    names = np.repeat(SPLITS, counts)[np.argsort(places, kind="stable")]
    order = np.lexsort([rng.uniform(size=n), stratum_of_share(label_fraction)])
    split_values = np.empty(n, dtype=object)
    split_values[order] = names
    return split_values.tolist()


def split_map(blocks: pd.DataFrame, labels: np.ndarray, valid: np.ndarray, gap_px: int) -> np.ndarray:
    """Split of every pixel, with an unused strip between different splits and around unused blocks.

    Parameters
    ----------
    blocks : table of `make_blocks`.
    labels, valid : as given to `make_blocks`.
    gap_px : width of the strip: half of it is taken from each side.

    Returns
    -------
    uint8 array of the same shape: ``UNUSED`` or a value of ``SPLIT_VALUES``.
    """
    split_values = np.zeros(labels.shape, "uint8")
    for block in blocks.itertuples():
        split_values[block.row_start : block.row_stop, block.col_start : block.col_stop] = SPLIT_VALUES[block.split]
    reach = 2 * -(-gap_px // 2) + 1
    same = ndimage.maximum_filter(split_values, reach, mode="nearest") == ndimage.minimum_filter(
        split_values, reach, mode="nearest"
    )
    return np.where(same & valid & (labels != BYTE_NODATA), split_values, UNUSED).astype("uint8")


def holdout_blocks(blocks: pd.DataFrame) -> pd.DataFrame:
    """Blocks of validation and test."""
    return blocks[blocks.split != "train"].reset_index(drop=True)


def _spans(size: int, block_px: int) -> Iterator[tuple[int, int]]:
    edges = np.linspace(0, size, max(1, round(size / block_px)) + 1).round().astype(int).tolist()
    yield from zip(edges[:-1], edges[1:], strict=True)


def _whole_counts(n: int, shares: list[float]) -> list[int]:
    """Whole numbers near ``n`` × shares, at least 1 each, that sum to ``n`` (largest remainders first)."""
    counts = [max(1, int(n * share)) for share in shares]
    while sum(counts) < n:
        lacking = [n * share - count for share, count in zip(shares, counts, strict=True)]
        counts[int(np.argmax(lacking))] += 1
    while sum(counts) > n:
        counts[int(np.argmax(counts))] -= 1
    return counts
