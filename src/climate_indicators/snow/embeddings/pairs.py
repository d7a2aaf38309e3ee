"""Pairs of radar and color chips of a patch file: training batches, and embeddings of all pairs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.augmentation import Augmentation
from climate_indicators.segmentation.dataset import PatchBatches
from climate_indicators.snow.embeddings.encoders import Encoders
from climate_indicators.snow.embeddings.modalities import MODALITIES, RADAR, RGB

TURNS = Augmentation(flip=True, rotate=True, brightness=0.0, contrast=0.0, noise=0.0)


def views(triplets: pd.DataFrame) -> np.ndarray:
    """Number of the color chip of each triplet, int64: triplets of two orbits may share one.

    Parameters
    ----------
    triplets : ``optical`` (name of the scene) and ``place``.
    """
    return pd.factorize(triplets["optical"].astype(str) + "|" + triplets["place"].astype(str))[0].astype("int64")


def read_pairs(store: h5py.File, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Chips and masks of some pairs, as both encoders want them.

    Parameters
    ----------
    store : patch file with ``image``, ``valid`` and ``rgb``.
    rows : int, rising.

    Returns
    -------
    ``radar`` and ``rgb`` float32 (n, size, size, channels), ``radar_known`` and ``rgb_known`` float32
    (n, size, size, 1), 0 or 1. A color pixel is unknown where all of it is 0.
    """
    rgb = store["rgb"][rows]
    return {
        RADAR: store["image"][rows].astype("float32", copy=False),
        f"{RADAR}_known": store["valid"][rows].astype("float32")[..., None],
        RGB: rgb.astype("float32"),
        f"{RGB}_known": rgb.any(axis=-1, keepdims=True).astype("float32"),
    }


def spread_batches(places: np.ndarray, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Pairs assigned to batches of nearly equal size, those of one place to as many batches as can be.

    Pairs of one place are near copies of each other: as wrong answers in one batch they would be unfair.

    Parameters
    ----------
    places : int, shape (pairs,).
    batch_size : most pairs per batch.
    rng : decides the order of places and within them.

    Returns
    -------
    Positions of the pairs of each batch. No pair is omitted or repeated; a batch has at most
    ceil(pairs of the place / batches) pairs of a place, one more where the deal wraps.
    """
    names, own = np.unique(places, return_inverse=True)
    order = np.lexsort([rng.uniform(size=len(places)), rng.permutation(len(names))[own]])
    count = -(-len(places) // batch_size)
    return [order[number::count] for number in range(count)]


class PairBatches(PatchBatches):
    """Batches of pairs for contrastive learning; in training, both chips of a pair are rotated and mirrored equally.

    The inputs are those of `read_pairs`; the target is the number of the color chip of each pair, float32 (batch, 1):
    pairs that share it are right answers to each other.

    Parameters
    ----------
    path : patch file with ``image``, ``valid``, ``rgb``, ``block`` (place), ``number``.
    split : name of the split.
    batch_size : most pairs per batch.
    seed : start of the random numbers.
    shared : int, number of the color chip of each row of the table of triplets, `views`.
    training : whether pairs are shuffled in every epoch, and turned.

    Raises
    ------
    InputError
        If the split has fewer than 2 color chips: there is no wrong answer to tell the right one from.
    """

    def __init__(
        self, path: str | Path, split: str, batch_size: int, seed: int, shared: np.ndarray, training: bool
    ) -> None:
        super().__init__(path, split, batch_size, seed, TURNS if training else None)
        self.places = self._store["block"][:][self._members]
        self._shared = shared[self._store["number"][:][self._members]]
        found = len(np.unique(self._shared))
        if found < 2:
            raise InputError(
                f"{path} has {found} color image in its {split} part; embeddings need 2 or more that differ. Give "
                "that part a larger share (snow.triplets) or more scenes."
            )

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return len(self._members)

    def _make(self, epoch: int, index: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        training = self._augmentation is not None
        order = np.random.default_rng([self._seed, epoch] if training else self._seed)
        chosen = np.sort(spread_batches(self.places, self._batch_size, order)[index])
        chips = read_pairs(self._store, self._members[chosen])
        if training:
            _turn(chips, np.random.default_rng([self._seed, epoch, index]))
        self.ready[epoch, index] = time.monotonic()
        return chips, self._shared[chosen].astype("float32")[:, None]


def _turn(chips: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    """Rotate by multiples of 90° and mirror in place, in the same way for all arrays of a pair."""
    for number in range(len(chips[RADAR])):
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        for whole in chips.values():
            # a copy, because the rotated view shares its memory
            part = np.rot90(whole[number], turns).copy()
            whole[number] = part[:, ::-1] if mirrored else part


def write_embeddings(
    path: str | Path,
    patches: str | Path,
    encoders: Encoders,
    batch_size: int = 64,
    progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Stream all pairs of a patch file through both encoders, once, a batch in memory at a time.

    Parameters
    ----------
    path : HDF5 file to write: ``radar``, ``rgb`` float32 (n, dimensions); ``number``, ``split``, ``block`` as in the
        patch file, in its order.
    patches : patch file.
    encoders : both encoders.
    batch_size : pairs in memory.
    progress : called with the number of pairs that are done.
    """
    with h5py.File(patches) as store, atomic_path(path) as temporary, h5py.File(temporary, "w") as target:
        count = len(store["image"])
        for name in ("number", "split", "block"):
            target.create_dataset(name, data=store[name][:], track_times=False)
        points = {
            name: target.create_dataset(
                name, (count, getattr(encoders, name).output_shape[-1]), "float32", track_times=False
            )
            for name in MODALITIES
        }
        for start in range(0, count, batch_size):
            rows = np.arange(start, min(start + batch_size, count))
            chips = read_pairs(store, rows)
            for name in MODALITIES:
                inputs = [chips[name], chips[f"{name}_known"]]
                points[name][rows[0] : rows[-1] + 1] = getattr(encoders, name).predict_on_batch(inputs)
            progress(len(rows))
