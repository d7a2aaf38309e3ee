"""Baselines on images: pixelwise random forest, excess green, and the HSV rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from climate_indicators.carbon.images.color_rules import EXCESS_GREEN, RGB, excess_green, hsv_vegetation
from climate_indicators.segmentation.baselines import FOREST, Baseline, Sample, fit_forest, index_baseline
from climate_indicators.segmentation.patch_scores import by_group, holdout_samples, score_pixels
from climate_indicators.stats.score_histograms import PROBABILITY, ScoreCounts

HSV_RULE = "hsv_rule"


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
        models[EXCESS_GREEN] = index_baseline(green, sample)
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
    members = holdout_samples(store)
    groups = store["block"][:][[place for place, _ in members]]
    counts = score_pixels(models, store, members, range(len(members)), progress)
    return {name: by_group(score, groups) for name, score in counts.items()}


def band_names(store: h5py.File) -> list[str]:
    """Names of a patch file's bands."""
    return json.loads(store.attrs["bands"])
