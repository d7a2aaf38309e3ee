"""Scores of the network on the held-out triplets, as counts by triplet and by place."""

from __future__ import annotations

from collections.abc import Callable

import h5py
import numpy as np
import pandas as pd

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.segmentation.patch_scores import by_group, score_images
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.snow.climate.wetness_classes import WET
from climate_indicators.stats.metrics import HOLDOUT_SPLITS
from climate_indicators.stats.score_histograms import ScoreCounts

# triplets that are evaluated but not used for training, validation or test: of a test place or a test year
FURTHER = ("place", "year")
# triplets in memory at a time
BATCH = 16


def holdout_triplets(store: h5py.File, triplets: pd.DataFrame) -> list[tuple[int, str]]:
    """Place in the patch file and part of each triplet that is measured, in the file's order.

    Parameters
    ----------
    store : patch file of the triplets.
    triplets : ``number, split, held_out`` of every triplet.

    Returns
    -------
    Parts are ``validation`` and ``test``, and ``place`` or ``year`` for triplets of a test place in a year that is no
    test year, or the other way round.

    Raises
    ------
    ValueError
        If the file was made of another table.
    """
    numbers, splits = store["number"][:], store["split"][:].tolist()
    table = triplets.set_index("number").reindex(numbers)
    if table["split"].map(SPLIT_VALUES | {"unused": 0}).tolist() != splits:
        raise ValueError(f"{store.filename} was not made of this table of triplets: their splits differ")
    parts = np.where(table["split"].isin(HOLDOUT_SPLITS), table["split"], table["held_out"])
    used = [*HOLDOUT_SPLITS, *FURTHER]
    trained = (table["split"] == "train").to_numpy()
    return [(place, part) for place, part in enumerate(parts.tolist()) if part in used and not trained[place]]


def read_labels(store: h5py.File, rows: np.ndarray) -> np.ndarray:
    """Labels of some triplets, uint8 (rows, size, size): 255 also where the radar is missing, for every model."""
    return np.where(store["valid"][rows], store["label"][rows], BYTE_NODATA)


def read_pixels(store: h5py.File, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Values, float32 (pixels, bands), and labels, uint8 (pixels,), of a triplet's pixels that count."""
    label = read_labels(store, np.array([place]))[0]
    known = label != BYTE_NODATA
    return store["image"][place].astype("float32")[known], label[known]


def score_triplets(
    run: Callable[[np.ndarray], np.ndarray],
    store: h5py.File,
    triplets: pd.DataFrame,
    batch_size: int,
    progress: Callable[[int], None] = lambda count: None,
) -> ScoreCounts:
    """Counts of the network's logits on every evaluated triplet; each triplet is a block.

    The scores are logits as the network gives them; the sigmoid is applied when they become probabilities
    (`climate_indicators.stats.calibration.probabilities`), and nowhere before.

    Parameters
    ----------
    run : from float32 images (batch, size, size, bands) to float32 logits (batch, size, size).
    store : patch file of the triplets.
    triplets : ``number, split, held_out`` of every triplet.
    batch_size : triplets in memory at a time.
    progress : called with the number of triplets that are done.

    Returns
    -------
    Counts whose ``blocks`` are numbers of triplets and whose ``splits`` are the parts of `holdout_triplets`.
    """
    return score_images(run, store, batch_size, progress, holdout_triplets(store, triplets), read_labels)


def by_place(scores: ScoreCounts, triplets: pd.DataFrame) -> ScoreCounts:
    """Counts of the validation and test triplets added up by place: triplets of a place are no independent samples.

    Of the validation triplets only those of wet snow count where there are any: temperature and threshold are chosen
    on what radar sees, and with dry snow among it they would be bent to find what hardly shows.

    Parameters
    ----------
    scores : counts by triplet.
    triplets : ``number, place, regime`` of every triplet.

    Returns
    -------
    Counts whose ``blocks`` are places, in order of split and place. A place whose triplets are in validation and test,
    in different years, counts in each of them.
    """
    table, splits = triplets.set_index("number").loc[scores.blocks], np.array(scores.splits)
    chosen, validation, wet = (
        np.isin(splits, HOLDOUT_SPLITS),
        splits == "validation",
        (table["regime"] == WET).to_numpy(),
    )
    if (validation & wet).any():
        chosen &= wet | ~validation
    numbers, splits = scores.blocks[chosen], splits[chosen].tolist()
    part = ScoreCounts(scores.edges, numbers, splits, scores.counts[chosen], scores.kind)
    return by_group(part, table["place"].to_numpy()[chosen])
