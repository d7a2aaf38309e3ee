"""Batches of a patch file for training and validation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.segmentation.augmentation import Augmentation, augment
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.losses import UNKNOWN
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

PREFETCH = 2


class PatchBatches(keras.utils.PyDataset):
    """Batches of one split of a patch file, shuffled and augmented in training.

    Order and changes of a batch follow from seed, epoch and the batch's number alone, so that a resumed training goes
    on as if it had not stopped. The next batches, those of the next epoch too, are prepared by a separate thread while
    the network trains on the present one.

    Parameters
    ----------
    path : patch file of `patches.write_patches`; its ``density`` (0 to 1, NaN unknown) is the
        target where it has one, else its ``label``.
    split : name of the split.
    batch_size : patches per batch; in training the last batch is filled up from the first.
    seed : start of the random numbers.
    augmentation : changes of training patches; None for neither shuffling nor changes.
    constant_bands : number of last channels whose level is not changed, such as terrain.

    Attributes
    ----------
    epoch : number of the epoch, from 0, to be set before it begins.
    ready : moment (`time.monotonic`) at which a batch was made, by epoch and number.

    Raises
    ------
    InputError
        If the split has no patch.
    """

    def __init__(
        self,
        path: str | Path,
        split: str,
        batch_size: int,
        seed: int,
        augmentation: Augmentation | None = None,
        constant_bands: int = 0,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._store = h5py.File(path)
        self._members = np.flatnonzero(self._store["split"][:] == SPLIT_VALUES[split])
        if not len(self._members):
            raise InputError(f"{path} has no sample in its {split} part: give that part a larger share or more images.")
        self._batch_size, self._seed, self._augmentation = batch_size, seed, augmentation
        self._mean, self._std = self._store.attrs["mean"], self._store.attrs["std"].copy()
        self._std[len(self._std) - constant_bands :] = 0.0
        self.epoch = 0
        self.ready: dict[tuple[int, int], float] = {}
        self._maker = ThreadPoolExecutor(1, "batches")
        self._coming: dict[tuple[int, int], Future] = {}

    def __len__(self) -> int:
        return -(-len(self._members) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        wanted = (self.epoch, index)
        coming = {key: self._coming.get(key) or self._maker.submit(self._make, *key) for key in self._order(wanted)}
        self._coming = coming
        return coming[wanted].result()

    def _order(self, first: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Epoch and number of a batch and of those after it; validation has the same in every epoch."""
        epoch, index = first
        for ahead in range(PREFETCH + 1):
            further, number = divmod(index + ahead, len(self))
            yield (epoch + further if self._augmentation else epoch), number

    def _make(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        order = self._members
        if self._augmentation is not None:
            order = np.random.default_rng([self._seed, epoch]).permutation(order)
            order = np.append(order, np.resize(order, -len(order) % self._batch_size))
        chosen = order[index * self._batch_size : (index + 1) * self._batch_size]
        # HDF5 reads sorted and unique rows only
        rows, back = np.unique(chosen, return_inverse=True)
        images = self._store["image"][rows][back].astype("float32", copy=False)
        target = self._target(rows)[back]
        if self._augmentation is not None:
            rng = np.random.default_rng([self._seed, epoch, index])
            valid = self._store["valid"][rows][back]
            images, target = augment(images, target, valid, self._mean, self._std, self._augmentation, rng)
        self.ready[epoch, index] = time.monotonic()
        return images, target[..., None]

    def _target(self, rows: np.ndarray) -> np.ndarray:
        """Targets of some patches, float32: 0 to 1, −1 where unknown."""
        if "density" in self._store:
            density = self._store["density"][rows].astype("float32")
            return np.where(np.isnan(density), UNKNOWN, density).astype("float32")
        labels = self._store["label"][rows]
        return np.where(labels != BYTE_NODATA, labels, UNKNOWN).astype("float32")
