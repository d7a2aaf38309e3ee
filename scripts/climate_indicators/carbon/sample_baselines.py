"""What the network must beat on images: a random forest of single pixels, excess green, and the HSV rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from climate_indicators.baselines import FOREST, Baseline, Sample, fit_forest, index_edges
from climate_indicators.blocks import SPLIT_VALUES
from climate_indicators.carbon.labels import EXCESS_GREEN, RGB, excess_green, hsv_vegetation
from climate_indicators.carbon.sample_scores import by_group, held_out_samples, read_pixels
from climate_indicators.logs import InputError
from climate_indicators.scores import INDEX, PROBABILITY, ScoreCounts

HSV_RULE = "hsv_rule"


def training_pixels(store: h5py.File, limit: int, seed: int) -> Sample:
    """Labelled pixels of the training samples, equally many of each at most.

    Parameters
    ----------
    store : patch file of `samples.write_samples`.
    limit : number of pixels drawn at most, of all samples together.
    seed : start of the random numbers.

    Raises
    ------
    InputError
        If the pixels drawn do not hold both labels.
    """
    rng = np.random.default_rng(seed)
    places = np.flatnonzero(store["split"][:] == SPLIT_VALUES["train"])
    values, labels = [], []
    for place in places.tolist():
        pixels, truth = read_pixels(store, place)
        chosen = np.sort(rng.permutation(len(truth))[: -(-limit // len(places))])
        values.append(pixels[chosen])
        labels.append(truth[chosen])
    sample = Sample(np.concatenate(values), np.concatenate(labels))
    positives = int(sample.labels.sum())
    if positives in (0, len(sample.labels)):
        raise InputError(
            f"the {len(sample.labels)} pixels drawn from {len(places)} training images hold {positives} of vegetation; "
            "both vegetation and other ground are needed. Look at the labels (patches.png), or change split_seed."
        )
    return sample


def fit_sample_baselines(
    sample: Sample, bands: Sequence[str], labels: Mapping[str, Any], trees: int, seed: int
) -> dict[str, Baseline]:
    """Train or make the simple methods, each under its name in tables.

    Parameters
    ----------
    sample : training pixels, values 0 to 255.
    bands : their names, red, green and blue among them.
    labels : settings ``source``, ``hue``, ``min_saturation``, ``min_value``: the rule or index that made the labels is
        left out, since it would be compared with itself.
    trees : of the forest.
    seed : start of the forest's random numbers.

    Returns
    -------
    ``random_forest``, ``excess_green`` (Woebbecke et al. 1995, threshold chosen later), ``hsv_rule`` (as it is).
    """
    channels = [list(bands).index(name) for name in RGB]
    models = {FOREST: Baseline(fit_forest(sample, trees, seed), PROBABILITY)}

    def green(values: np.ndarray) -> np.ndarray:
        return excess_green(values[:, channels])

    def rule(values: np.ndarray) -> np.ndarray:
        vegetation = hsv_vegetation(
            values[:, channels], tuple(labels["hue"]), labels["min_saturation"], labels["min_value"]
        )
        return vegetation.astype("float64")

    if labels["source"] != EXCESS_GREEN:
        models[EXCESS_GREEN] = Baseline(green, INDEX, index_edges(green(sample.values)))
    if labels["source"] != "hsv":
        models[HSV_RULE] = Baseline(rule, PROBABILITY)
    return models


def score_samples(
    models: Mapping[str, Baseline], store: h5py.File, progress: Callable[[int], None] = lambda count: None
) -> dict[str, ScoreCounts]:
    """Counts of the models' scores on the held-out samples, by group.

    Parameters
    ----------
    models : by name.
    store : patch file of `samples.write_samples`.
    progress : called with the number of samples that are done.
    """
    members = held_out_samples(store)
    splits = [split for _, split in members]
    groups = store["block"][:][[place for place, _ in members]]
    counts = {
        name: ScoreCounts.empty(model.kind, range(len(members)), splits, model.edges) for name, model in models.items()
    }
    for number, (place, _) in enumerate(members):
        values, labels = read_pixels(store, place)
        for name, model in models.items():
            counts[name].add(number, model.score(values), labels)
        progress(1)
    return {name: by_group(score, groups) for name, score in counts.items()}


def band_names(store: h5py.File) -> list[str]:
    """Names of a patch file's bands."""
    return json.loads(store.attrs["bands"])
