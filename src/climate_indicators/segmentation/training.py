"""Training of a segmentation network, in one phase or with its encoder frozen first."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from climate_indicators.segmentation.augmentation import Augmentation
from climate_indicators.segmentation.backend import keras, make_deterministic, training_precision
from climate_indicators.segmentation.checkpoints import Keeper
from climate_indicators.segmentation.dataset import PatchBatches
from climate_indicators.segmentation.losses import BceDice, MaskedScores
from climate_indicators.segmentation.networks import build
from climate_indicators.segmentation.resnet_unet import freeze_encoder
from climate_indicators.segmentation.schedules import FINE_TUNING_FACTOR, Phase, optimizer, phases, plateau_rate

DEFAULTS = {
    "optimizer": "adam",
    "weight_decay": 0.01,
    "schedule": "cosine",
    "plateau_factor": 0.5,
    "plateau_patience": 3,
    "frozen_epochs": 0,
    "fine_tuning_factor": FINE_TUNING_FACTOR,
    "dice_over": "batch",
}
SCORES = ["loss", "accuracy", "dice", "precision", "recall", "f1", "iou"]


@dataclass(frozen=True)
class Trained:
    """A trained network and how it came about.

    Attributes
    ----------
    model : float32 network with the weights of the best epoch, not compiled.
    history : table of `history_table`, one row per epoch.
    best_epoch : number of the best epoch, from 1.
    """

    model: keras.Model
    history: pd.DataFrame
    best_epoch: int


def train_network(
    patches: str | Path,
    checkpoints: str | Path,
    network: Mapping[str, Any],
    training: Mapping[str, Any],
    seed: int,
    constant_bands: int,
    logger: logging.Logger,
    encoder_file: str | Path | None = None,
) -> Trained:
    """Train a network on the training patches, stopped and chosen by the validation loss.

    Parameters
    ----------
    patches : patch file.
    checkpoints : folder of the epochs; training resumes from there if it contains any.
    network : settings of `climate_indicators.segmentation.networks.build`.
    training : ``epochs``, ``batch_size``, ``learning_rate``, ``warmup_epochs``, ``patience``, ``bce_weight``,
        ``precision`` (auto, float32, mixed_bfloat16) and ``augmentation``, the fields of `Augmentation`; where they
        are not as in ``DEFAULTS``, also ``optimizer`` (adam, adamw), ``weight_decay``, ``schedule`` (cosine,
        plateau), ``plateau_factor``, ``plateau_patience``, ``frozen_epochs`` (of the encoder, at first) and
        ``fine_tuning_factor`` (learning rate after them, relative to the first) and ``dice_over`` (batch, image).
    seed : start of all random numbers.
    constant_bands : number of last channels whose level is not augmented.
    logger : gets a line per epoch.
    encoder_file : weights that the encoder starts from, if the network's settings want any.

    Raises
    ------
    InputError
        If the training diverges, as with a learning rate that is too high.
    """
    settings = DEFAULTS | dict(training)
    keras.utils.set_random_seed(seed)
    make_deterministic()
    precision = training_precision() if settings["precision"] == "auto" else settings["precision"]
    with h5py.File(patches) as store:
        scaling = {"mean": store.attrs["mean"].tolist(), "variance": (store.attrs["std"] ** 2).tolist()}
        soft = "density" in store
    keras.config.set_dtype_policy(precision)
    model = build(scaling, network, encoder_file, for_training=True)
    keras.config.set_dtype_policy("float32")
    batches = PatchBatches(
        patches, "train", settings["batch_size"], seed, Augmentation(**settings["augmentation"]), constant_bands
    )
    validation = PatchBatches(patches, "validation", settings["batch_size"], seed)
    plan = phases(*(settings[key] for key in ("epochs", "learning_rate", "frozen_epochs", "fine_tuning_factor")))
    rate = f"training.learning_rate (now {settings['learning_rate']:g})"
    keeper = Keeper(checkpoints, batches, settings["epochs"], settings["patience"], logger, patient_from(plan), rate)
    logger.info("%d batches per epoch, %d weights, %s", len(batches), model.count_params(), precision)
    _run_phases(model, plan, settings, soft, batches, validation, keeper)
    plain = build(scaling, network, encoder_file)
    plain.set_weights(keeper.best_weights())
    return Trained(plain, history_table(keeper.history), int(keeper.best["epoch"]))


def patient_from(plan: list[Phase]) -> int:
    """Epochs done before early stopping may count: a frozen encoder's phase always gives way to the next one."""
    return plan[-1].start


def history_table(rows: list[dict[str, float]]) -> pd.DataFrame:
    """Table of the epochs: ``epoch``, seven scores of training, the same of validation, ``learning_rate``.

    The scores are ``loss``, ``accuracy``, ``dice``, ``precision``, ``recall``, ``f1``, ``iou`` over all known pixels
    of an epoch. Dice and F1 are two names of one number, 2 IoU / (1 + IoU).
    """
    table = pd.DataFrame(rows)
    for part in ("", "val_"):
        table[f"{part}dice"] = table[f"{part}f1"] = 2 * table[f"{part}iou"] / (1 + table[f"{part}iou"])
    return table[["epoch", *SCORES, *(f"val_{score}" for score in SCORES), "learning_rate"]]


def _run_phases(
    model: keras.Model,
    plan: list[Phase],
    settings: Mapping[str, Any],
    soft: bool,
    batches: PatchBatches,
    validation: PatchBatches,
    keeper: Keeper,
) -> None:
    """Train all remaining phases from the last saved epoch."""
    done = len(keeper.history)
    # an epoch is resumed with the optimizer that it was trained with, even if the next phase makes a new one
    for phase in (phase for phase in plan if phase.stop > max(done - 1, 0)):
        freeze_encoder(model, phase.frozen)
        loss = BceDice(settings["bce_weight"], soft, settings["dice_over"] == "image")
        model.compile(optimizer(phase, settings, len(batches)), loss, metrics=[MaskedScores()])
        # built here and not in the first step, because its graph would be traced twice (half a minute for a deep
        # network)
        model.optimizer.build(model.trainable_variables)
        if phase.start < done:
            keeper.resume(model)
        if phase.stop > done and not keeper.should_stop():
            model.fit(
                batches, epochs=phase.stop, initial_epoch=max(phase.start, done), validation_data=validation,
                callbacks=_callbacks(phase, settings, keeper), verbose=0, shuffle=False,
            )  # fmt: skip


def _callbacks(phase: Phase, settings: Mapping[str, Any], keeper: Keeper) -> list[keras.callbacks.Callback]:
    if settings["schedule"] == "cosine":
        return [keeper]

    def rate(epoch: int, _: float) -> float:
        losses = [row["val_loss"] for row in keeper.history[phase.start : epoch]]
        how = (settings["warmup_epochs"], settings["plateau_factor"], settings["plateau_patience"])
        return plateau_rate(losses, phase, *how)

    return [keras.callbacks.LearningRateScheduler(rate), keeper]
