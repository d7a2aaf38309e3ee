"""Training, validation and test cells of the reference month, and folds of the training cells."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from climate_indicators.core.errors import InputError

SHARES = {"train": 0.64, "validation": 0.16, "test": 0.20}  # as published


def block_numbers(latitude: np.ndarray, longitude: np.ndarray, block_deg: float) -> np.ndarray:
    """Number of the latitude-longitude block that holds each cell.

    Neighboring cells are alike, so that whole blocks, not cells, are near to independent samples.

    Parameters
    ----------
    latitude, longitude : float, shape (cells,), degrees north and east, of the cells' centers, longitudes in any turn.
    block_deg : side of a block in degrees.

    Returns
    -------
    int64, shape (cells,), numbered from 0 without a gap.
    """
    column = np.floor((np.asarray(longitude) + 180) % 360 / block_deg).astype("int64")
    row = np.floor((np.asarray(latitude) + 90) / block_deg).astype("int64")
    return np.unique(row * (column.max(initial=0) + 1) + column, return_inverse=True)[1]


def split_cells(
    labels: np.ndarray, shares: Mapping[str, float], seed: int, blocks: np.ndarray | None = None
) -> np.ndarray:
    """Part of each cell, every class spread over the parts by the shares.

    Without blocks the cells of each class are assigned at random, as published; a test cell then has training cells as
    neighbors, so its score is higher than in an unseen region. With blocks whole blocks go to one
    part, and the shares are kept as well as the blocks allow.

    Classes too small for the shares: without blocks, a class of as many cells as parts or more has one in each part, a
    class of two has one in the first part and one in the last, and a single cell goes to the first. With blocks, every
    class is in the first part where an arrangement of the blocks allows it, and in the others as far as one does.

    Parameters
    ----------
    labels : int, shape (cells,).
    shares : share of each part, the training part first; they sum to 1.
    seed : start of the random numbers.
    blocks : int, shape (cells,): see `block_numbers`; None for a split by cells.

    Returns
    -------
    Text array, shape (cells,): name of the part.

    Raises
    ------
    InputError
        If there are too few cells or blocks for the parts.
    """
    labels = np.asarray(labels)
    names = np.array(list(shares))
    _check_shares(shares)
    if blocks is not None:
        return names[_assign_block_splits(labels, np.asarray(blocks), list(shares.values()), seed)]
    rng = np.random.default_rng([seed, len(labels)])
    part = np.zeros(len(labels), "int64")
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        part[members] = np.repeat(np.arange(len(names)), _counts(len(members), list(shares.values())))
    _check_parts(part, names)
    return names[part]


def folds(
    labels: np.ndarray, n_folds: int, seed: int, blocks: np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cells to fit on and cells to hold out, in turn; a class smaller than the number of folds is in some of them.

    Parameters
    ----------
    labels : int, shape (cells,).
    n_folds : 2 or more.
    seed : start of the random numbers.
    blocks : int, shape (cells,): keep blocks whole; None for folds by cells.

    Raises
    ------
    InputError
        If no class, or with blocks no set of blocks, is large enough.
    """
    size = np.bincount(labels).max() if blocks is None else len(np.unique(blocks))
    if size < n_folds:
        what = "cells in the largest biome" if blocks is None else "blocks"
        raise InputError(f"{size} {what} cannot make {n_folds} folds. Use fewer folds, more cells or smaller blocks.")
    splitter = StratifiedKFold if blocks is None else StratifiedGroupKFold
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")  # handled: see above
        yield from splitter(n_folds, shuffle=True, random_state=seed).split(labels, labels, blocks)


def _counts(n: int, shares: list[float]) -> list[int]:
    """Whole numbers near ``n`` × shares that sum to ``n``, at least 1 each where ``n`` allows."""
    if n < len(shares):
        first = [0, len(shares) - 1, *range(1, len(shares) - 1)][:n]
        return [int(place in first) for place in range(len(shares))]
    counts = [max(1, int(n * share)) for share in shares]
    while sum(counts) != n:
        lacking = [n * share - count for share, count in zip(shares, counts, strict=True)]
        if sum(counts) < n:
            counts[int(np.argmax(lacking))] += 1
        else:
            counts[
                int(np.argmin([gap if count > 1 else np.inf for gap, count in zip(lacking, counts, strict=True)]))
            ] -= 1
    return counts


def _assign_block_splits(labels: np.ndarray, blocks: np.ndarray, shares: list[float], seed: int) -> np.ndarray:
    """Number of the part of each cell: of all arrangements of nested folds the one with most classes in the parts."""
    best, best_rank = None, None
    for part in _arrangements(labels, blocks, shares, seed):
        present = [len(np.unique(labels[part == number])) for number in range(len(shares))]
        rank = (present[0], min(present), sum(present))
        if best is None or rank > best_rank:
            best, best_rank = part, rank
    return best


def _arrangements(labels: np.ndarray, blocks: np.ndarray, shares: list[float], seed: int) -> Iterator[np.ndarray]:
    if len(shares) == 1:
        yield np.zeros(len(labels), "int64")
        return
    # the last part is one fold of a number that gives its share; the others divide the rest in the same way
    n_folds = max(2, round(sum(shares) / shares[-1]))
    for rest, chosen in folds(labels, n_folds, seed, blocks):
        for inner in _arrangements(labels[rest], blocks[rest], shares[:-1], seed):
            part = np.empty(len(labels), "int64")
            part[rest], part[chosen] = inner, len(shares) - 1
            yield part


def _check_shares(shares: Mapping[str, float]) -> None:
    if abs(sum(shares.values()) - 1) > 1e-9 or min(shares.values()) <= 0:
        raise InputError(f"shares of cells are {dict(shares)}; they must be above 0 and sum to 1.")


def _check_parts(part: np.ndarray, names: np.ndarray) -> None:
    empty = [str(name) for number, name in enumerate(names) if not (part == number).any()]
    if empty:
        raise InputError(f"{len(part)} labeled cells leave no cell for {', '.join(empty)}. More cells are needed.")
