"""Biome of every cell and month from its slopes, with a network trained on the reference month.

Reads slopes and a network; knows nothing of training, so that the many months of a study need not import it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from climate_indicators.ocean.classifier.scalers import standardize_with
from climate_indicators.segmentation.inference import Engine

UNCLASSIFIED = 0
# all batches have one shape, so that the result of a cell does not depend on the other cells of its batch
BATCH = 4096


def classify(
    engine: Engine,
    slopes: np.ndarray,
    scaler_mode: str,
    frozen_mean: np.ndarray,
    frozen_sd: np.ndarray,
    temperature: float = 1.0,
    abstain_below: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Biome of each cell of one month and the probabilities of all biomes.

    Parameters
    ----------
    engine : the network, from standardized slopes to logits.
    slopes : float, shape (cells, slopes), raw; a cell with a NaN, such as a rejected one, stays unclassified.
    scaler_mode, frozen_mean, frozen_sd : see `scalers.standardize_with`.
    temperature : divides the logits, see `classifier_skill.fit_temperature`.
    abstain_below : a cell whose likeliest biome has a lower probability stays unclassified; 0 never abstains.

    Returns
    -------
    label : int8, shape (cells,): 1 to K, or 0 for unclassified.
    probability : float32, shape (cells, K): NaN in cells without slopes.
    """
    scaled = standardize_with(slopes, scaler_mode, frozen_mean, frozen_sd)
    known = np.isfinite(scaled).all(axis=1)
    found = softmax(engine_logits(engine, scaled[known]) / temperature, axis=1)
    probability = np.full((len(scaled), found.shape[1]), np.nan, "float32")
    probability[known] = found
    label = np.full(len(scaled), UNCLASSIFIED, "int8")
    sure = found.max(axis=1) >= abstain_below
    label[np.flatnonzero(known)[sure]] = found.argmax(axis=1)[sure] + 1
    return label, probability


def engine_logits(engine: Engine, scaled: np.ndarray) -> np.ndarray:
    """Logits of standardized cells, in batches of one shape.

    Parameters
    ----------
    engine : the network.
    scaled : float, shape (cells, slopes), finite.

    Returns
    -------
    float64, shape (cells, K); with no cell, of shape (0, K).
    """
    cells = np.asarray(scaled, "float32")
    starts = range(0, max(len(cells), 1), BATCH)
    parts = []
    for start in starts:
        batch = np.zeros((BATCH, cells.shape[1]), "float32")
        chosen = cells[start : start + BATCH]
        batch[: len(chosen)] = chosen
        parts.append(engine.run(batch)[: len(chosen)])
    return np.concatenate(parts).astype("float64")
