"""Training of a segmentation network: batches, checkpoints that survive a kill, early stopping."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from climate_indicators.augmentation import Augmentation, augment
from climate_indicators.backend import keras, make_deterministic, training_precision
from climate_indicators.blocks import SPLIT_VALUES
from climate_indicators.cogs import BYTE_NODATA
from climate_indicators.files import read_json, write_json
from climate_indicators.logs import duration
from climate_indicators.losses import UNKNOWN, BceDice, KnownIoU
from climate_indicators.networks import unet


@dataclass(frozen=True)
class Trained:
    """A trained network and how it came about.

    Attributes
    ----------
    model : float32 network with the weights of the best epoch, not compiled.
    history : table ``epoch, loss, iou, val_loss, val_iou, learning_rate``, one row an epoch.
    best_epoch : number of the best epoch, from 1.
    """

    model: keras.Model
    history: pd.DataFrame
    best_epoch: int


class PatchBatches(keras.utils.PyDataset):
    """Batches of one split of a patch file, shuffled and augmented in training.

    Order and changes of a batch follow from seed, epoch and the batch's number alone, so that a resumed training goes
    on as if it had not stopped.

    Parameters
    ----------
    path : patch file of `climate_indicators.patches.write_patches`.
    split : name of the split.
    batch_size : patches a batch; in training the last batch is filled up from the first.
    seed : start of the random numbers.
    augmentation : changes of training patches; None for neither shuffling nor changes.
    constant_bands : number of last channels whose level is not changed, such as terrain.
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
        self._batch_size, self._seed, self._augmentation = batch_size, seed, augmentation
        self._mean, self._std = self._store.attrs["mean"], self._store.attrs["std"].copy()
        self._std[len(self._std) - constant_bands :] = 0.0
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self._members) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        order = self._members
        if self._augmentation is not None:
            order = np.random.default_rng([self._seed, self.epoch]).permutation(order)
            order = np.append(order, np.resize(order, -len(order) % self._batch_size))
        chosen = order[index * self._batch_size : (index + 1) * self._batch_size]
        # HDF5 reads sorted and unique rows only
        rows, back = np.unique(chosen, return_inverse=True)
        images, labels = self._store["image"][rows][back], self._store["label"][rows][back]
        target = np.where(labels != BYTE_NODATA, labels, UNKNOWN).astype("float32")
        if self._augmentation is not None:
            rng = np.random.default_rng([self._seed, self.epoch, index])
            valid = self._store["valid"][rows][back]
            images, target = augment(images, target, valid, self._mean, self._std, self._augmentation, rng)
        return images, target[..., None]


class Keeper(keras.callbacks.Callback):
    """Keeps each finished epoch on disk, the best weights in it, and stops training that no longer gets better.

    An epoch's folder gets its name only when it is complete, so a kill leaves the epoch before.

    Parameters
    ----------
    folder : where epochs are kept.
    batches : training batches, told the number of each epoch.
    patience : epochs without a better validation loss after which training stops.
    logger : gets a line an epoch.
    """

    def __init__(self, folder: str | Path, batches: PatchBatches, patience: int, logger: logging.Logger) -> None:
        super().__init__()
        self._folder, self._batches, self._patience, self._logger = Path(folder), batches, patience, logger
        self.history: list[dict[str, float]] = []
        self._start = time.monotonic()
        self._done_here = 0

    @property
    def best(self) -> dict[str, float]:
        """Row of the epoch with the lowest validation loss."""
        return min(self.history, key=lambda row: row["val_loss"])

    def resume(self, model: keras.Model) -> int:
        """Load the last kept epoch into a compiled ``model``; number of epochs done, 0 where none is kept."""
        kept = sorted(self._folder.glob("epoch_*"))
        if not kept:
            return 0
        self.history = read_json(kept[-1] / "history.json")
        model.optimizer.build(model.trainable_variables)
        model.load_weights(kept[-1] / "last.weights.h5")
        self._logger.info("going on after epoch %d of an earlier run", len(self.history))
        return len(self.history)

    def exhausted(self) -> bool:
        """Whether the best epoch lies ``patience`` epochs back."""
        return bool(self.history) and self.history[-1]["epoch"] - self.best["epoch"] >= self._patience

    def best_weights(self) -> Path:
        """File of the best epoch's weights."""
        return sorted(self._folder.glob("epoch_*"))[-1] / "best.weights.h5"

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Tell the batches which epoch it is."""
        self._batches.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the epoch, log it, stop if nothing gets better."""
        row = {key: float(value) for key, value in (logs or {}).items()}
        rate = self.model.optimizer.learning_rate
        self.history.append({"epoch": epoch + 1} | row | {"learning_rate": float(rate)})
        self._keep(epoch + 1)
        self._log(epoch + 1)
        if self.exhausted():
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        new, old = self._folder / f"epoch_{epoch:05d}", self._folder / f"epoch_{epoch - 1:05d}"
        part = self._folder / f".part-{epoch}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        self.model.save_weights(part / "last.weights.h5")
        if self.best["epoch"] == epoch:
            shutil.copy(part / "last.weights.h5", part / "best.weights.h5")
        else:
            shutil.copy(old / "best.weights.h5", part / "best.weights.h5")
        write_json(self.history, part / "history.json")
        os.replace(part, new)
        shutil.rmtree(old, ignore_errors=True)

    def _log(self, epoch: int) -> None:
        row, total = self.history[-1], self.params["epochs"]
        self._done_here += 1
        spent = (time.monotonic() - self._start) / self._done_here
        self._logger.info(
            "epoch %d/%d · loss %.3f · val loss %.3f · val IoU %.3f (best %.3f) · %s · at most %s left",
            epoch, total, row["loss"], row["val_loss"], row["val_iou"], self.best["val_iou"], duration(spent),
            duration(spent * (total - epoch)),
        )  # fmt: skip


def checkpoint_folder(root: Path, depends_on: Mapping[str, Any]) -> Path:
    """Folder for the epochs of one training: another one for other patches, settings or code.

    Folders of other trainings under ``root`` are removed.

    Parameters
    ----------
    root : folder of this network's trainings.
    depends_on : all that the result depends on, as JSON can write it.
    """
    name = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:16]
    for other in root.glob("*"):
        if other.name != name:
            shutil.rmtree(other)
    return root / name


def train_unet(
    patches: str | Path,
    checkpoints: str | Path,
    network: Mapping[str, Any],
    training: Mapping[str, Any],
    seed: int,
    constant_bands: int,
    logger: logging.Logger,
) -> Trained:
    """Train a U-Net on the training patches, stopped and chosen by the validation loss.

    Parameters
    ----------
    patches : patch file.
    checkpoints : folder of the epochs; training goes on from there if it holds any.
    network : ``width``, ``depth``, ``normalisation`` of `climate_indicators.networks.unet`.
    training : ``epochs``, ``batch_size``, ``learning_rate``, ``warmup_epochs``, ``patience``, ``bce_weight``,
        ``precision`` (auto, float32, mixed_bfloat16) and ``augmentation``, the fields of `Augmentation`.
    seed : start of all random numbers.
    constant_bands : number of last channels whose level is not augmented.
    logger : gets a line an epoch.
    """
    keras.utils.set_random_seed(seed)
    make_deterministic()
    precision = training_precision() if training["precision"] == "auto" else training["precision"]
    with h5py.File(patches) as store:
        scaling = {"mean": store.attrs["mean"].tolist(), "variance": (store.attrs["std"] ** 2).tolist()}
    keras.config.set_dtype_policy(precision)
    model = unet(**scaling, **network)
    keras.config.set_dtype_policy("float32")
    batches = PatchBatches(
        patches, "train", training["batch_size"], seed, Augmentation(**training["augmentation"]), constant_bands
    )
    validation = PatchBatches(patches, "validation", training["batch_size"], seed)
    steps = len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if training["warmup_epochs"] else training["learning_rate"],
        decay_steps=steps * (training["epochs"] - training["warmup_epochs"]),
        warmup_target=training["learning_rate"] if training["warmup_epochs"] else None,
        warmup_steps=steps * training["warmup_epochs"],
    )
    model.compile(keras.optimizers.Adam(rate), BceDice(training["bce_weight"]), metrics=[KnownIoU()])
    keeper = Keeper(checkpoints, batches, training["patience"], logger)
    done = keeper.resume(model)
    logger.info("%d batches an epoch, %d weights, %s", steps, model.count_params(), precision)
    if not keeper.exhausted():
        model.fit(
            batches, epochs=training["epochs"], initial_epoch=done, validation_data=validation, callbacks=[keeper],
            verbose=0, shuffle=False,
        )  # fmt: skip
    model.load_weights(keeper.best_weights())
    plain = unet(**scaling, **network)
    plain.set_weights(model.get_weights())
    columns = ["epoch", "loss", "iou", "val_loss", "val_iou", "learning_rate"]
    return Trained(plain, pd.DataFrame(keeper.history)[columns], int(keeper.best["epoch"]))
