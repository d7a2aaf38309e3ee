"""Learning curve of a network."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from climate_indicators.plotting.style import BLUE, VERMILION

TRAINING, VALIDATION = BLUE, VERMILION


def learning_figure(history: pd.DataFrame) -> Figure:
    """Loss, scores and learning rate of each epoch, with the epoch of the lowest validation loss.

    Parameters
    ----------
    history : table ``epoch, loss, iou, val_loss, val_iou, learning_rate``; with ``dice``, ``precision``, ``recall`` and
        their ``val_`` as well, two more panels.
    """
    detailed = "val_dice" in history
    figure = Figure(figsize=(10.5, 6.6 if detailed else 4.0))
    figure.set_layout_engine("constrained")
    axes = figure.subplots(2, 3).ravel() if detailed else figure.subplots(1, 3)
    scores = {"loss": "loss", "iou": "intersection over union (IoU)"}
    if detailed:
        scores |= {"dice": "Dice = F1", "precision": "precision", "recall": "recall"}
    for panel, (column, name) in zip(axes, scores.items(), strict=False):
        _both_parts(panel, history, column)
        panel.set_ylabel(name)
        panel.set_ylim(0, None if column == "loss" else 1.02)
    axes[-1].plot(history.epoch, history.learning_rate, color="black", marker="o", markersize=3)
    axes[-1].set_ylabel("learning rate")
    axes[-1].set_ylim(bottom=0)
    best = history.loc[history.val_loss.idxmin()]
    for panel in axes:
        panel.axvline(best.epoch, color="#999999", linestyle="--", zorder=0, label=f"kept: epoch {best.epoch:.0f}")
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(color="#EEEEEE")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(
        f"Epoch {best.epoch:.0f} of {len(history)}: validation loss {best.val_loss:.3f}, IoU {best.val_iou:.3f}"
    )
    return figure


def _both_parts(panel: Axes, history: pd.DataFrame, column: str) -> None:
    panel.plot(history.epoch, history[column], color=TRAINING, marker="o", markersize=3, label="training")
    panel.plot(history.epoch, history[f"val_{column}"], color=VALIDATION, marker="s", markersize=3, label="validation")
