"""Comparison of a trained network in inference and in training."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.segmentation.inference import Engine
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

# rounding to bfloat16 moves this number by less than 0.01 on the demo; a broken engine, by several tenths
TOLERANCE = 0.05
BATCH = 16
COLUMNS = ["engine", "precision", "n_patches", "iou_training", "iou_prediction", "tolerance"]


def check_network(
    engine: Engine, patches: str | Path, history: pd.DataFrame, progress: Callable[[int], None] = lambda count: None
) -> pd.DataFrame:
    """Compare the IoU of the validation patches in training with that of the engine, at probability 0.5 in both.

    Pixels and limit are the same, so that only arithmetic can differ.

    Parameters
    ----------
    engine : the network, as it will predict.
    patches : patch file that it was trained on.
    history : table of the epochs, with ``val_loss`` and ``val_iou``.
    progress : called with the number of patches that are done.

    Returns
    -------
    Table of one row with ``COLUMNS``.

    Raises
    ------
    InputError
        If the two differ by more than ``TOLERANCE``.
    """
    with h5py.File(patches) as store:
        members = np.flatnonzero(store["split"][:] == SPLIT_VALUES["validation"])
        found = _validation_iou(engine, store, members, progress)
    trained = float(history.val_iou[history.val_loss.idxmin()])
    row = [engine.name, engine.precision, len(members), trained, found, TOLERANCE]
    if not abs(found - trained) <= TOLERANCE:
        raise InputError(
            f"the network had an IoU of {trained:.3f} on the {len(members)} validation patches in training, and has "
            f"{found:.3f} with the engine {engine.name} in {engine.precision}; at most {TOLERANCE} is expected between "
            "them. Its maps would be wrong. Set prediction.precision to float32 or prediction.engine to keras."
        )
    logging.getLogger(__name__).info("IoU on the validation patches: %.4f in training, %.4f now", trained, found)
    return pd.DataFrame([row], columns=COLUMNS)


def _validation_iou(engine: Engine, store: h5py.File, members: np.ndarray, progress: Callable[[int], None]) -> float:
    both = either = 0
    for start in range(0, len(members), BATCH):
        rows = members[start : start + BATCH]
        images = store["image"][rows].astype("float32")
        padded = np.concatenate([images, np.zeros((BATCH - len(rows), *images.shape[1:]), "float32")])
        positive = engine.run(padded)[: len(rows)] > 0
        known, true = _targets(store, rows)
        both += int((positive & true & known).sum())
        either += int(((positive | true) & known).sum())
        progress(len(rows))
    return both / max(either, 1)


def _targets(store: h5py.File, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Known and positive pixels, as the training counts them."""
    if "density" in store:
        density = store["density"][rows].astype("float32")
        return ~np.isnan(density), density >= 0.5
    label = store["label"][rows]
    return label != BYTE_NODATA, label == 1
