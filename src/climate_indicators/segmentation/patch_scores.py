"""Scores on the held-out samples of a patch file, as counts by sample and by group of samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import h5py
import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.segmentation.baselines import Baseline, Sample
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.stats.metrics import HOLDOUT_SPLITS
from climate_indicators.stats.score_histograms import LOGIT, ScoreCounts

# a tenth of the spine's bins, since there is one set of counts a sample
IMAGE_EDGES = np.linspace(-25.0, 25.0, 1001)
# for few pixels at a time, the overhead of a forest dominates
BATCH_PIXELS = 200_000


def holdout_samples(store: h5py.File) -> list[tuple[int, str]]:
    """Place in the file and split of each validation and test sample, in the file's order."""
    names = {SPLIT_VALUES[name]: name for name in HOLDOUT_SPLITS}
    return [(place, names[value]) for place, value in enumerate(store["split"][:].tolist()) if value in names]


def score_images(
    run: Callable[[np.ndarray], np.ndarray],
    store: h5py.File,
    batch_size: int,
    progress: Callable[[int], None] = lambda count: None,
    members: Sequence[tuple[int, str]] | None = None,
    read_labels: Callable[[h5py.File, np.ndarray], np.ndarray] = lambda store, rows: store["label"][rows],
) -> ScoreCounts:
    """Counts of the network's logits on every held-out sample; each sample is a block.

    Parameters
    ----------
    run : from float32 images (batch, size, size, bands) to float32 logits (batch, size, size).
    store : patch file with ``image``, ``label``, ``split`` and ``number``.
    batch_size : samples in memory at a time.
    progress : called with the number of samples that are done.
    members : place in the file, rising, and split of the samples; None for those of `holdout_samples`.
    read_labels : labels of some rows of the file, uint8 (rows, size, size), 255 where not counted.

    Returns
    -------
    Counts whose ``blocks`` are the samples' numbers in the table that the file was made of.
    """
    members = holdout_samples(store) if members is None else members
    places = np.array([place for place, _ in members], dtype="int64")
    numbers = store["number"][:][places]
    counts = ScoreCounts.empty(LOGIT, numbers, [split for _, split in members], IMAGE_EDGES)
    for start in range(0, len(places), batch_size):
        rows = places[start : start + batch_size]
        logits = run(store["image"][rows].astype("float32"))
        labels = read_labels(store, rows)
        for offset in range(len(rows)):
            counts.add(start + offset, logits[offset], labels[offset])
        progress(len(rows))
    return counts


def by_group(scores: ScoreCounts, groups: np.ndarray) -> ScoreCounts:
    """Counts of samples summed by group, because samples of a group are not independent.

    Parameters
    ----------
    scores : counts by sample, of validation and test.
    groups : int, shape (blocks of ``scores``,): group of each. A group lies in one split; where given folders part a
        group, each of its parts counts as a group.
    """
    keys = list(zip(scores.splits, np.asarray(groups).tolist(), strict=True))
    order = sorted(set(keys), key=lambda key: (HOLDOUT_SPLITS.index(key[0]), key[1]))
    places = {key: place for place, key in enumerate(order)}
    numbers, splits = [group for _, group in order], [split for split, _ in order]
    total = ScoreCounts.empty(scores.kind, numbers, splits, scores.edges, scores.neutral)
    for key, counts in zip(keys, scores.counts, strict=True):
        total.counts[places[key]] += counts
    return total


def read_pixels(store: h5py.File, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Values, float32 (pixels, bands), and labels, uint8 (pixels,), of the labeled pixels of one sample."""
    label = store["label"][place]
    known = label != BYTE_NODATA
    return store["image"][place].astype("float32")[known], label[known]


def training_pixels(
    store: h5py.File,
    limit: int,
    seed: int,
    read: Callable[[h5py.File, int], tuple[np.ndarray, np.ndarray]] = read_pixels,
) -> Sample:
    """Labeled pixels of the training samples, equally many of each at most.

    Parameters
    ----------
    store : patch file.
    limit : number of pixels drawn at most, of all samples together.
    seed : start of the random numbers.
    read : values and labels of a sample.

    Raises
    ------
    InputError
        If the pixels drawn do not hold both labels.
    """
    rng = np.random.default_rng(seed)
    places = np.flatnonzero(store["split"][:] == SPLIT_VALUES["train"])
    values, labels = [], []
    for place in places.tolist():
        pixels, truth = read(store, place)
        chosen = np.sort(rng.permutation(len(truth))[: -(-limit // len(places))])
        values.append(pixels[chosen])
        labels.append(truth[chosen])
    drawn, positives = sum(map(len, labels)), sum(int(part.sum()) for part in labels)
    if positives in (0, drawn):
        raise InputError(
            f"the {drawn} pixels drawn from {len(places)} training images hold {positives} with a positive label; both "
            "labels are needed. Look at the labels of the training images, or change split_seed."
        )
    return Sample(np.concatenate(values), np.concatenate(labels))


def score_pixels(
    models: Mapping[str, Baseline],
    store: h5py.File,
    members: Sequence[tuple[int, str]],
    blocks: Sequence[int],
    progress: Callable[[int], None] = lambda count: None,
    read: Callable[[h5py.File, int], tuple[np.ndarray, np.ndarray]] = read_pixels,
) -> dict[str, ScoreCounts]:
    """Counts of the scores of pixelwise models; each sample is a block.

    Parameters
    ----------
    models : by name.
    store : patch file.
    members : place in the file and split of the samples.
    blocks : number that each sample's block gets.
    progress : called with the number of samples that are done.
    read : values and labels of a sample.
    """
    splits = [split for _, split in members]
    counts = {name: model.counts(blocks, splits) for name, model in models.items()}
    for numbers, values, labels in _batches(store, [place for place, _ in members], read):
        bounds = np.cumsum([len(part) for part in labels])[:-1]
        for name, model in models.items():
            scores = model.score(values) if len(values) else np.empty(0)
            for number, score, truth in zip(numbers, np.split(scores, bounds), labels, strict=True):
                counts[name].add(number, score, truth)
        progress(len(numbers))
    return counts


def _batches(
    store: h5py.File, places: Sequence[int], read: Callable[[h5py.File, int], tuple[np.ndarray, np.ndarray]]
) -> Iterator[tuple[list[int], np.ndarray, list[np.ndarray]]]:
    """Samples of about ``BATCH_PIXELS`` together: their numbers, values of all their pixels, and labels of each."""
    numbers, values, labels = [], [], []
    for number, place in enumerate(places):
        pixels, truth = read(store, place)
        numbers.append(number)
        values.append(pixels)
        labels.append(truth)
        if sum(map(len, labels)) >= BATCH_PIXELS or number == len(places) - 1:
            yield numbers, np.concatenate(values), labels
            numbers, values, labels = [], [], []
