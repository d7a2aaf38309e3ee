"""Checkpoints of a training that survive interruptions, early stopping, and one log line per epoch."""

from __future__ import annotations

import logging
import math
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.core.atomic_files import read_json, write_json
from climate_indicators.core.errors import InputError
from climate_indicators.core.log import duration
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.dataset import PatchBatches

# exceptions when reading an empty, truncated or modified file
DAMAGE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)


class Keeper(keras.callbacks.Callback):
    """Keeps each finished epoch on disk, the best weights in it, and stops training that no longer gets better.

    An epoch's folder gets its name only when it is complete, so a kill leaves the epoch before. The last two epochs are
    kept: if the last one is damaged, as by a full disk or a power cut, training goes on from the one before.

    Parameters
    ----------
    folder : where epochs are kept.
    batches : training batches, which receive the number of each epoch.
    epochs : most epochs in all.
    patience : epochs without a better validation loss after which training stops.
    logger : gets a line per epoch.
    patient_from : epochs done before patience is counted, such as those with a frozen encoder.
    rate_setting : name of the setting of the learning rate, for the message of a training that diverges.

    Raises
    ------
    InputError
        In training, as soon as a loss is not finite: no later step makes it finite again.
    """

    def __init__(
        self,
        folder: str | Path,
        batches: PatchBatches,
        epochs: int,
        patience: int,
        logger: logging.Logger,
        patient_from: int = 0,
        rate_setting: str = "training.learning_rate",
    ) -> None:
        super().__init__()
        self._folder, self._batches, self._patience, self._logger = Path(folder), batches, patience, logger
        self._epochs, self._patient_from, self._rate_setting = epochs, patient_from, rate_setting
        self.history: list[dict[str, float]] = self._sound_history()
        if self.history:
            logger.info("going on after epoch %d of an earlier run", len(self.history))
        self._start = time.monotonic()
        self._done_here = 0
        self._epoch_start = self._asked = self._trained = self._start
        self._waited, self._makes_graph = 0.0, False

    @property
    def best(self) -> dict[str, float]:
        """Row of the epoch with the lowest validation loss."""
        return min(self.history, key=lambda row: row["val_loss"])

    def resume(self, model: keras.Model) -> None:
        """Load the last saved epoch, if any, into a model compiled as in that epoch with a built optimizer."""
        if self._last():
            with np.load(self._last() / "last.npz") as kept:
                for variable, name in zip(_state(model), kept.files, strict=True):
                    variable.assign(kept[name])

    def should_stop(self) -> bool:
        """Whether the best epoch was ``patience`` epochs ago."""
        if not self.history:
            return False
        return self.history[-1]["epoch"] - max(self.best["epoch"], self._patient_from) >= self._patience

    def best_weights(self) -> list[np.ndarray]:
        """Weights of the best epoch."""
        with np.load(self._last() / "best.npz") as kept:
            return [kept[name] for name in kept.files]

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Expect a first step that makes the graph, and the first batch after that."""
        self._makes_graph = True

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Tell the batches which epoch it is."""
        self._batches.epoch = epoch
        self._waited, self._epoch_start = 0.0, time.monotonic()

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the time when the network requests a batch."""
        self._asked = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add the waiting time between the request and the completion of a batch."""
        self._trained = time.monotonic()
        self._check(self._batches.epoch, (logs or {}).get("loss", 0.0))
        made = self._batches.ready.pop((self._batches.epoch, batch))
        if self._makes_graph:
            self._makes_graph, self._epoch_start = False, self._trained
        else:
            self._waited += max(made - self._asked, 0.0)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the epoch, log it, stop if nothing gets better."""
        row = {key: float(value) for key, value in (logs or {}).items()}
        self._check(epoch, row["loss"], row["val_loss"])
        rate = self.model.optimizer.learning_rate
        self.history.append({"epoch": epoch + 1} | row | {"learning_rate": float(rate)})
        self._keep(epoch + 1)
        self._log(epoch + 1)
        if self.should_stop():
            self.model.stop_training = True

    @property
    def patience_used(self) -> float:
        """Share of the last epoch's training time in which the network waited for a batch."""
        return self._waited / max(self._trained - self._epoch_start, 1e-9)

    def _check(self, epoch: int, *losses: float) -> None:
        if not all(math.isfinite(loss) for loss in losses):
            raise InputError(
                f"training diverged: the loss is {losses[-1]} in epoch {epoch + 1}. Lower {self._rate_setting}, for "
                "example to a tenth, and run again."
            )

    def _last(self) -> Path | None:
        return max(self._folder.glob("epoch_*"), default=None)

    def _sound_history(self) -> list[dict[str, float]]:
        """History of the last epoch whose files can be read; damaged epochs are removed."""
        while last := self._last():
            try:
                return _read_epoch(last)
            except DAMAGE as error:
                self._logger.warning(
                    "the checkpoint %s is damaged (%s) and is discarded: training resumes from the epoch before it, or "
                    "from the start",
                    last, error,
                )  # fmt: skip
                shutil.rmtree(last)
        return []

    def _keep(self, epoch: int) -> None:
        new, old = self._folder / f"epoch_{epoch:05d}", self._folder / f"epoch_{epoch - 1:05d}"
        part = self._folder / f".part-{epoch}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        # Keras' own format takes longer than an epoch for a network of many small layers
        np.savez(part / "last.npz", *map(np.asarray, _state(self.model)))
        if self.best["epoch"] == epoch:
            np.savez(part / "best.npz", *self.model.get_weights())
        else:
            shutil.copy(old / "best.npz", part / "best.npz")
        write_json(self.history, part / "history.json")
        # flush to disk before renaming the folder: otherwise it could contain empty files after a power failure
        for path in (*part.iterdir(), part):
            _to_disk(path)
        os.replace(part, new)
        _to_disk(self._folder)
        shutil.rmtree(self._folder / f"epoch_{epoch - 2:05d}", ignore_errors=True)

    def _log(self, epoch: int) -> None:
        row, total = self.history[-1], self._epochs
        self._done_here += 1
        spent = (time.monotonic() - self._start) / self._done_here
        self._logger.info(
            "epoch %d/%d · loss %.3f · val loss %.3f · val IoU %.3f (best %.3f) · %s · waiting %.0f %%"
            " · at most %s left",
            epoch, total, row["loss"], row["val_loss"], row["val_iou"], self.best["val_iou"], duration(spent),
            100 * self.patience_used, duration(spent * (total - epoch)),
        )  # fmt: skip


def _state(model: keras.Model) -> list[keras.Variable]:
    """All that changes in training: weights, statistics, the optimizer's memory."""
    return [*model.weights, *model.optimizer.variables]


def _read_epoch(folder: Path) -> list[dict[str, float]]:
    """History of an epoch on disk, after all of its files were read; one of `DAMAGE` is raised if one cannot be."""
    history = read_json(folder / "history.json")
    if not isinstance(history, list) or folder.name != f"epoch_{len(history):05d}":
        raise ValueError("history.json is that of another epoch")
    for name in ("last.npz", "best.npz"):
        with np.load(folder / name) as arrays:
            for array in arrays.files:
                arrays[array]  # a checksum is compared in reading
    return history


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
