"""Baselines on triplets: pixelwise random forest and wet-snow threshold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import h5py
import numpy as np
import pandas as pd

from climate_indicators.segmentation.baselines import FOREST, Baseline, Sample, fit_forest
from climate_indicators.segmentation.patch_scores import score_pixels
from climate_indicators.snow.triplets.scores import holdout_triplets, read_pixels
from climate_indicators.stats.score_histograms import MASK, PROBABILITY, ScoreCounts

WET_SNOW = "wet_snow_threshold"
CHANGES = ("VV_change", "VH_change")
# weight of VH relative to VV, from Nagler et al. (2016) for incidence angles above 45°; the scenes contain no angles
VH_WEIGHT = 0.5


def fit_triplet_baselines(
    sample: Sample, bands: Sequence[str], trees: int, wet_snow_db: float, seed: int
) -> dict[str, Baseline]:
    """Train or make the simple methods, each under its name in tables.

    Parameters
    ----------
    sample : training pixels, values in dB.
    bands : their names, ``VV_change`` and ``VH_change`` among them.
    trees : of the forest, which sees all bands of one pixel.
    wet_snow_db : change against the snow-free reference from which on snow is wet, dB, below 0.
    seed : start of the forest's random numbers.

    Returns
    -------
    ``random_forest``, and ``wet_snow_threshold`` with the published limit as it is, chosen on no data.
    """
    return {
        FOREST: Baseline(fit_forest(sample, trees, seed), PROBABILITY),
        WET_SNOW: Baseline(wet_snow_rule(bands, wet_snow_db), MASK),
    }


def wet_snow_rule(bands: Sequence[str], limit_db: float) -> Callable[[np.ndarray], np.ndarray]:
    """Wet snow where backscatter has dropped against the snow-free reference of the same orbit.

    Nagler and Rott (2000, doi:10.1109/36.842004), with the two polarizations weighted as in Nagler et al. (2016,
    doi:10.3390/rs8040348): R = W · VH change + (1 − W) · VV change. W depends on the incidence angle there, and is
    0.5 here, its value beyond 45°.

    Parameters
    ----------
    bands : names of the values' columns.
    limit_db : wet snow has R at or below it, −2.5 in the paper.

    Returns
    -------
    Function from values, float32 (pixels, bands), to 1.0 or 0.0, float64 (pixels,).
    """
    vv, vh = (list(bands).index(name) for name in CHANGES)

    def rule(values: np.ndarray) -> np.ndarray:
        change = VH_WEIGHT * values[:, vh].astype("float64") + (1 - VH_WEIGHT) * values[:, vv]
        return (change <= limit_db).astype("float64")

    return rule


def score_baselines(
    models: Mapping[str, Baseline],
    store: h5py.File,
    triplets: pd.DataFrame,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, ScoreCounts]:
    """Counts of the models' scores on every evaluated triplet; each triplet is a block.

    Parameters
    ----------
    models : by name.
    store : patch file of the triplets.
    triplets : ``number, split, held_out`` of every triplet.
    progress : called with the number of triplets that are done.
    """
    members = holdout_triplets(store, triplets)
    numbers = store["number"][:][[place for place, _ in members]]
    return score_pixels(models, store, members, numbers, progress, read_pixels)


def band_names(store: h5py.File) -> list[str]:
    """Names of a patch file's bands."""
    return json.loads(store.attrs["bands"])
