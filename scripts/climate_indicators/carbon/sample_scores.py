"""Scores of the network on the held-out samples of a patch file, kept as counts by image and by group."""

from __future__ import annotations

from collections.abc import Callable

import h5py
import numpy as np

from climate_indicators.blocks import SPLIT_VALUES
from climate_indicators.cogs import BYTE_NODATA
from climate_indicators.metrics import HELD_OUT
from climate_indicators.scores import LOGIT, ScoreCounts

# a tenth of the spine's bins, since there is one set of counts an image
IMAGE_EDGES = np.linspace(-25.0, 25.0, 1001)


def held_out_samples(store: h5py.File) -> list[tuple[int, str]]:
    """Place in the file and split of each validation and test sample, in the file's order."""
    names = {SPLIT_VALUES[name]: name for name in HELD_OUT}
    return [(place, names[value]) for place, value in enumerate(store["split"][:].tolist()) if value in names]


def score_images(
    run: Callable[[np.ndarray], np.ndarray],
    store: h5py.File,
    batch_size: int,
    progress: Callable[[int], None] = lambda count: None,
) -> ScoreCounts:
    """Counts of the network's logits on every held-out sample, each a block of its own.

    Parameters
    ----------
    run : from float32 images (batch, size, size, bands) to float32 logits (batch, size, size).
    store : patch file of `samples.write_samples`.
    batch_size : samples in memory at a time.
    progress : called with the number of samples that are done.

    Returns
    -------
    Counts whose ``blocks`` are the images' numbers in the table of images.
    """
    members = held_out_samples(store)
    places = np.array([place for place, _ in members], dtype="int64")
    numbers = store["number"][:][places]
    counts = ScoreCounts.empty(LOGIT, numbers, [split for _, split in members], IMAGE_EDGES)
    for start in range(0, len(places), batch_size):
        rows = places[start : start + batch_size]
        logits = run(store["image"][rows].astype("float32"))
        labels = store["label"][rows]
        for offset in range(len(rows)):
            counts.add(start + offset, logits[offset], labels[offset])
        progress(len(rows))
    return counts


def by_group(scores: ScoreCounts, groups: np.ndarray) -> ScoreCounts:
    """Counts of images added up by group: images of a group are alike and no independent samples.

    Parameters
    ----------
    scores : counts by image.
    groups : int, shape (blocks of ``scores``,): group of each. A group lies in one split; where given folders part a
        group, each of its parts counts as a group.
    """
    keys = list(zip(scores.splits, np.asarray(groups).tolist(), strict=True))
    order = sorted(set(keys), key=lambda key: (HELD_OUT.index(key[0]), key[1]))
    places = {key: place for place, key in enumerate(order)}
    total = ScoreCounts.empty(scores.kind, [group for _, group in order], [split for split, _ in order], scores.edges)
    for key, counts in zip(keys, scores.counts, strict=True):
        total.counts[places[key]] += counts
    return total


def read_pixels(store: h5py.File, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Values, float32 (pixels, bands), and labels, uint8 (pixels,), of the labelled pixels of one sample."""
    label = store["label"][place]
    known = label != BYTE_NODATA
    return store["image"][place].astype("float32")[known], label[known]
