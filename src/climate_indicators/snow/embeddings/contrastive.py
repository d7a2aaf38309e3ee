"""Contrastive (CLIP-style) training of the radar and the optical encoder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from climate_indicators.core.log import duration
from climate_indicators.segmentation.backend import keras, make_deterministic
from climate_indicators.segmentation.checkpoints import Keeper
from climate_indicators.snow.embeddings.encoders import Encoders, build_encoders
from climate_indicators.snow.embeddings.modalities import MODALITIES
from climate_indicators.snow.embeddings.pairs import PairBatches

ops = keras.ops

# the temperature that Radford et al. start from; they let the logits' scale rise to 100
START_TEMPERATURE, MAX_SCALE = 0.07, 100.0
COLUMNS = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "temperature", "learning_rate"]


class Similarity(keras.layers.Layer):
    """Cosine of every radar with every color embedding of a batch, times a learned scale, 1 / temperature."""

    def build(self, *shapes: Any) -> None:
        """One weight: the logarithm of the scale, limited to 0 to log(``MAX_SCALE``)."""
        self.log_scale = self.add_weight(
            name="log_scale", shape=(), initializer=keras.initializers.Constant(-np.log(START_TEMPERATURE)),
            constraint=lambda value: ops.clip(value, 0.0, float(np.log(MAX_SCALE))),
        )  # fmt: skip

    def call(self, radar, rgb):
        """Points on the sphere, both (batch, dimensions), to logits (batch, batch), radar by row."""
        return ops.exp(self.log_scale) * ops.matmul(radar, ops.transpose(rgb))

    @property
    def temperature(self) -> float:
        """Temperature, the divisor of cosines."""
        return float(np.exp(-ops.convert_to_numpy(self.log_scale)))


class InfoNCE(keras.losses.Loss):
    """Cross-entropy of the right answers in a batch, mean of both directions.

    van den Oord et al. 2018 (arXiv:1807.03748), equation 4, both ways as Radford et al. 2021 (arXiv:2103.00020),
    figure 3. Pairs that share their color chip are right answers to each other in equal shares, as the several
    positives of Khosla et al. 2020 (arXiv:2004.11362).
    """

    def __init__(self, name: str = "info_nce") -> None:
        super().__init__(name=name, reduction=None)

    def call(self, y_true, y_pred):
        """Loss of a batch, a scalar; ``y_true`` number of the color chip, (batch, 1), ``y_pred`` logits."""
        right = _right_answers(y_true)
        share = right / ops.sum(right, axis=1, keepdims=True)
        there = -ops.sum(share * ops.log_softmax(y_pred, axis=1), axis=1)
        back = -ops.sum(share * ops.log_softmax(ops.transpose(y_pred), axis=1), axis=1)
        return ops.mean(there + back) / 2


def batch_accuracy(y_true, y_pred):
    """Accuracy of the nearest neighbor in the batch, mean of both directions, shape (batch,)."""
    right = _right_answers(y_true)
    hits = []
    for logits in (y_pred, ops.transpose(y_pred)):
        best = ops.argmax(logits, axis=1)
        hits.append(ops.take_along_axis(right, best[:, None], axis=1)[:, 0])
    return (hits[0] + hits[1]) / 2


def _right_answers(shared):
    return ops.cast(ops.equal(shared, ops.transpose(shared)), "float32")


class PairKeeper(Keeper):
    """Epochs of a contrastive training on disk, see `Keeper`; the history contains the temperature."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the epoch with its temperature."""
        temperature = self.model.get_layer("similarity").temperature
        super().on_epoch_end(epoch, dict(logs or {}) | {"temperature": temperature})

    def _log(self, epoch: int) -> None:
        row = self.history[-1]
        self._logger.info(
            "epoch %d/%d · loss %.3f · val loss %.3f (best %.3f) · val accuracy %.3f · temperature %.3f · %s",
            epoch, self._epochs, row["loss"], row["val_loss"], self.best["val_loss"], row["val_accuracy"],
            row["temperature"], duration(self._trained - self._epoch_start),
        )  # fmt: skip


@dataclass(frozen=True)
class TrainedEncoders:
    """Trained encoders and how they came about.

    Attributes
    ----------
    encoders : with the weights of the best epoch.
    history : ``epoch, loss, accuracy, val_loss, val_accuracy, temperature, learning_rate``, one row per epoch;
        accuracies are within batches.
    best_epoch : epoch of the lowest validation loss, from 1.
    """

    encoders: Encoders
    history: pd.DataFrame
    best_epoch: int


def dual_encoder(encoders: Encoders) -> keras.Model:
    """Both encoders and their similarity as one model: from the four arrays of `pairs.read_pairs` to logits."""
    parts = [getattr(encoders, name) for name in MODALITIES]
    inputs = {part.name: keras.Input(part.shape[1:], name=part.name) for model in parts for part in model.inputs}
    points = [model([inputs[part.name] for part in model.inputs]) for model in parts]
    return keras.Model(inputs, Similarity(name="similarity")(*points), name="dual_encoder")


def train_encoders(
    patches: str | Path,
    shared: np.ndarray,
    checkpoints: str | Path,
    settings: Mapping[str, Any],
    seed: int,
    logger: logging.Logger,
) -> TrainedEncoders:
    """Train both encoders on the training pairs, stopped and chosen by the validation loss.

    The wrong answers are the other pairs of a batch, so losses and accuracies of other batch sizes do not compare.
    Pairs of one place, near copies of each other, are separated as far as there are batches (`pairs.spread_batches`);
    with fewer places than pairs per batch some meet, and the encoders also learn to tell dates of one place apart.

    Parameters
    ----------
    patches : patch file with ``image``, ``valid``, ``rgb``, ``split``, ``block`` and ``number``.
    shared : number of the color chip of each row of the table of triplets, `pairs.views`.
    checkpoints : folder of the epochs; training resumes from there if it contains any.
    settings : ``dimensions, width, epochs, batch_size, learning_rate, patience``.
    seed : start of all random numbers.
    logger : gets a line per epoch.

    Raises
    ------
    InputError
        If training or validation has fewer than 2 color images, or the training diverges.
    """
    keras.utils.set_random_seed(seed)
    make_deterministic()
    with h5py.File(patches) as store:
        mean, std, size = store.attrs["mean"], store.attrs["std"], store["image"].shape[1]
    batches = PairBatches(patches, "train", settings["batch_size"], seed, shared, training=True)
    validation = PairBatches(patches, "validation", settings["batch_size"], seed, shared, training=False)
    encoders = build_encoders(size, mean, std, settings["dimensions"], settings["width"])
    model = dual_encoder(encoders)
    optimizer = keras.optimizers.Adam(settings["learning_rate"])
    model.compile(optimizer, InfoNCE(), metrics=[keras.metrics.MeanMetricWrapper(batch_accuracy, name="accuracy")])
    optimizer.build(model.trainable_variables)
    logger.info(
        "%d training pairs of %d places in %d batches, %d validation pairs, %d weights",
        batches.pairs, len(np.unique(batches.places)), len(batches), validation.pairs, model.count_params(),
    )  # fmt: skip
    rate = f"snow.embeddings.learning_rate (now {settings['learning_rate']:g})"
    keeper = PairKeeper(checkpoints, batches, settings["epochs"], settings["patience"], logger, rate_setting=rate)
    keeper.resume(model)
    if len(keeper.history) < settings["epochs"] and not keeper.should_stop():
        model.fit(
            batches, epochs=settings["epochs"], initial_epoch=len(keeper.history), validation_data=validation,
            callbacks=[keeper], verbose=0, shuffle=False,
        )  # fmt: skip
    model.set_weights(keeper.best_weights())
    return TrainedEncoders(encoders, pd.DataFrame(keeper.history)[COLUMNS], int(keeper.best["epoch"]))
