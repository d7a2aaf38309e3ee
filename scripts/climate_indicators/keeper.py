"""Epochs of a training kept on disk: checkpoints that survive a kill, early stopping, a log line an epoch."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.backend import keras
from climate_indicators.files import read_json, write_json
from climate_indicators.logs import duration
from climate_indicators.training_data import PatchBatches


class Keeper(keras.callbacks.Callback):
    """Keeps each finished epoch on disk, the best weights in it, and stops training that no longer gets better.

    An epoch's folder gets its name only when it is complete, so a kill leaves the epoch before.

    Parameters
    ----------
    folder : where epochs are kept.
    batches : training batches, told the number of each epoch.
    epochs : most epochs in all.
    patience : epochs without a better validation loss after which training stops.
    logger : gets a line an epoch.
    patient_from : epochs done before patience is counted, such as those with a frozen encoder.
    """

    def __init__(
        self,
        folder: str | Path,
        batches: PatchBatches,
        epochs: int,
        patience: int,
        logger: logging.Logger,
        patient_from: int = 0,
    ) -> None:
        super().__init__()
        self._folder, self._batches, self._patience, self._logger = Path(folder), batches, patience, logger
        self._epochs, self._patient_from = epochs, patient_from
        self.history: list[dict[str, float]] = read_json(self._last() / "history.json") if self._last() else []
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
        """Load the last kept epoch, if there is one, into a model compiled as in that epoch, its optimiser built."""
        if self._last():
            with np.load(self._last() / "last.npz") as kept:
                for variable, name in zip(_state(model), kept.files, strict=True):
                    variable.assign(kept[name])

    def exhausted(self) -> bool:
        """Whether the best epoch lies ``patience`` epochs back."""
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
        """Note when the network asks for a batch."""
        self._asked = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count the time from when the batch was asked for until it was made, if that was later."""
        self._trained = time.monotonic()
        made = self._batches.ready.pop((self._batches.epoch, batch))
        if self._makes_graph:
            self._makes_graph, self._epoch_start = False, self._trained
        else:
            self._waited += max(made - self._asked, 0.0)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the epoch, log it, stop if nothing gets better."""
        row = {key: float(value) for key, value in (logs or {}).items()}
        rate = self.model.optimizer.learning_rate
        self.history.append({"epoch": epoch + 1} | row | {"learning_rate": float(rate)})
        self._keep(epoch + 1)
        self._log(epoch + 1)
        if self.exhausted():
            self.model.stop_training = True

    @property
    def waiting_share(self) -> float:
        """Share of the last epoch's training time in which the network waited for a batch."""
        return self._waited / max(self._trained - self._epoch_start, 1e-9)

    def _last(self) -> Path | None:
        return max(self._folder.glob("epoch_*"), default=None)

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
        os.replace(part, new)
        shutil.rmtree(old, ignore_errors=True)

    def _log(self, epoch: int) -> None:
        row, total = self.history[-1], self._epochs
        self._done_here += 1
        spent = (time.monotonic() - self._start) / self._done_here
        self._logger.info(
            "epoch %d/%d · loss %.3f · val loss %.3f · val IoU %.3f (best %.3f) · %s · waiting %.0f %%"
            " · at most %s left",
            epoch, total, row["loss"], row["val_loss"], row["val_iou"], self.best["val_iou"], duration(spent),
            100 * self.waiting_share, duration(spent * (total - epoch)),
        )  # fmt: skip


def _state(model: keras.Model) -> list[keras.Variable]:
    """All that changes in training: weights, statistics, the optimiser's memory."""
    return [*model.weights, *model.optimizer.variables]


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
