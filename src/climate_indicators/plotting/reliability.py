"""Reliability of probabilities and skill of all models, in one figure."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.plotting.style import (
    BLUE,
    GAP,
    GREEN,
    ORANGE,
    PALE_GRAY,
    PURPLE,
    SKY_BLUE,
    VERMILION,
    log_scale,
)
from climate_indicators.stats.metrics import ALL_POSITIVE, UNCALIBRATED
from climate_indicators.stats.reliability import expected_calibration_error

LOOKS = {
    "unet": ("U-Net", BLUE, "o"),
    "unet" + UNCALIBRATED: ("U-Net before calibration", SKY_BLUE, "s"),
    "random_forest": ("random forest", ORANGE, "^"),
    "band_ratio": ("band ratio", GREEN, "D"),
    "brightness": ("brightness", GREEN, "D"),
    "excess_green": ("excess green", GREEN, "D"),
    "hsv_rule": ("HSV rule", PURPLE, "v"),
    "wet_snow_threshold": ("wet-snow threshold", GREEN, "D"),
    "sam_oracle": ("SAM, prompts from truth", PURPLE, "v"),
    "sam_radar": ("SAM, prompts from radar", VERMILION, "P"),
    ALL_POSITIVE: ("all positive", GAP, "X"),
}
SPLIT_NOTES = {"test": "", "validation": "\n(thresholds chosen here)"}


def reliability_figure(reliability: pd.DataFrame, metrics: pd.DataFrame) -> Figure:
    """Probability against observed share on the test blocks, pixels a bin, and the IoU of all models.

    Parameters
    ----------
    reliability, metrics : tables of `climate_indicators.stats.metrics.Evaluation`.
    """
    figure = Figure(figsize=(10.5, 5.4))
    figure.set_layout_engine("constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.15), wspace=0.03)
    curve, pixels = left.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    test = reliability[reliability.split == "test"]
    tables = {model: table for model, table in test.groupby("model", sort=False)}
    _draw_curves(curve, tables)
    _draw_pixels(pixels, tables)
    for place, (split, note) in enumerate(SPLIT_NOTES.items()):
        rows = metrics[metrics.split == split]
        panel = right.add_subplot(2, 1, place + 1)
        _draw_iou(panel, rows)
        panel.set_title(f"{rows.n_blocks.max()} {split} blocks{note}")
    panel.set_xlabel("intersection over union (IoU)\n95 % interval over blocks")
    return figure


def _draw_curves(axes: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", label="perfectly calibrated")
    for model, table in tables.items():
        name, color, marker = LOOKS[model]
        filled = table[table.n_pixels > 0]
        label = f"{name}: ECE {expected_calibration_error(table):.3f}"
        axes.plot(
            filled.mean_probability, filled.observed_fraction, color=color, marker=marker, markersize=5, label=label
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="observed share of positive pixels", title="Reliability, test blocks")
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def _draw_pixels(axes: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    for model, table in tables.items():
        edges = [*table.bin_lower, table.bin_upper.iloc[-1]]
        axes.stairs(table.n_pixels / table.n_pixels.sum() * 100, edges, color=LOOKS[model][1], linewidth=1.5)
    log_scale(axes)
    axes.set(xlabel="predicted probability", ylabel="pixels (%)")


def _draw_iou(axes: Axes, rows: pd.DataFrame) -> None:
    """IoU of each model on one split, with its interval."""
    for place, row in enumerate(rows.itertuples()):
        _, color, marker = LOOKS[row.model]
        axes.plot([row.iou_lower, row.iou_upper], [place, place], color=color, linewidth=2.5, solid_capstyle="butt")
        axes.plot(row.iou, place, color=color, marker=marker, markersize=8, markeredgecolor="white")
    names = [f"{LOOKS[row.model][0]}  {row.iou:.2f}" for row in rows.itertuples()]
    axes.set_yticks(range(len(rows)), names)
    axes.tick_params(left=False)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.grid(axis="x", color=PALE_GRAY, linewidth=0.8)
    axes.set_axisbelow(True)
