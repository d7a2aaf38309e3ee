"""Phases of a training, its learning rate and its optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from climate_indicators.segmentation.backend import keras

FINE_TUNING_FACTOR = 0.1
MIN_GAIN = 1e-4


@dataclass(frozen=True)
class Phase:
    """Epochs that are trained in one way.

    Attributes
    ----------
    start, stop : epochs done before and after it.
    learning_rate : its highest learning rate.
    frozen : whether the encoder keeps its weights.
    """

    start: int
    stop: int
    learning_rate: float
    frozen: bool

    @property
    def epochs(self) -> int:
        """Number of its epochs."""
        return self.stop - self.start


def phases(epochs: int, learning_rate: float, frozen_epochs: int, fine_tuning_factor: float) -> list[Phase]:
    """Phases of a training: one, or first with the encoder frozen, then fine-tuned at a lower rate.

    Parameters
    ----------
    epochs : of all phases together.
    learning_rate : of the first phase.
    frozen_epochs : of the first phase; 0 for one phase with nothing frozen.
    fine_tuning_factor : learning rate of the second phase relative to the first.
    """
    if not frozen_epochs:
        return [Phase(0, epochs, learning_rate, frozen=False)]
    border = min(frozen_epochs, epochs)
    first = Phase(0, border, learning_rate, frozen=True)
    if border == epochs:
        return [first]
    return [first, Phase(border, epochs, learning_rate * fine_tuning_factor, frozen=False)]


def optimizer(phase: Phase, settings: Mapping[str, Any], steps: int) -> keras.optimizers.Optimizer:
    """Optimizer of a phase, new.

    AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) shrinks kernels only, not biases or normalizations.

    Parameters
    ----------
    phase : the phase.
    settings : ``optimizer`` (adam, adamw), ``weight_decay``, ``schedule`` (cosine, plateau), ``warmup_epochs``.
    steps : batches per epoch.
    """
    rate = phase.learning_rate if settings["schedule"] == "plateau" else _cosine(phase, settings, steps)
    if settings["optimizer"] == "adam":
        return keras.optimizers.Adam(rate)
    chosen = keras.optimizers.AdamW(rate, weight_decay=settings["weight_decay"])
    chosen.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return chosen


def plateau_rate(losses: Sequence[float], phase: Phase, warmup_epochs: int, factor: float, patience: int) -> float:
    """Learning rate of the epoch after those with these validation losses: lower each time nothing gets better.

    Follows from the losses alone, so that a resumed training has the same rate.

    Parameters
    ----------
    losses : validation losses of the phase's epochs so far.
    phase : the phase.
    warmup_epochs : over so many epochs the rate first rises, in equal steps.
    factor : the rate is multiplied by this.
    patience : epochs without a loss lower by 0.0001 before each lowering.
    """
    warmup = min(warmup_epochs, phase.epochs - 1)
    if len(losses) < warmup:
        return phase.learning_rate * (len(losses) + 1) / (warmup + 1)
    rate, best, waited = phase.learning_rate, float("inf"), 0
    for loss in losses:
        if loss < best - MIN_GAIN:
            best, waited = loss, 0
        else:
            waited += 1
        if waited >= patience:
            rate, waited = rate * factor, 0
    return rate


def _cosine(phase: Phase, settings: Mapping[str, Any], steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up, then half a cosine to 0 at the phase's end (Loshchilov & Hutter 2017, arXiv:1608.03983)."""
    warmup = min(settings["warmup_epochs"], phase.epochs - 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else phase.learning_rate,
        decay_steps=steps * (phase.epochs - warmup),
        warmup_target=phase.learning_rate if warmup else None,
        warmup_steps=steps * warmup,
    )
