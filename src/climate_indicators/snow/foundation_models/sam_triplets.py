"""SAM on held-out triplets: prompts from the truth (an oracle) and prompts from the radar only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import h5py
import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.snow.foundation_models.model_inputs import sample_picture
from climate_indicators.snow.foundation_models.prompts import FOREGROUND, Points, oracle_points, radar_points
from climate_indicators.snow.foundation_models.sam import Sam
from climate_indicators.stats.score_histograms import MASK, ScoreCounts

ORACLE, RADAR = "oracle", "radar"
MODELS = {ORACLE: "sam_oracle", RADAR: "sam_radar"}
CHANGES = ("VV_change", "VH_change")


def score_sam(
    sam: Sam,
    store: h5py.File,
    members: Sequence[tuple[int, str]],
    read_labels: Callable[[h5py.File, np.ndarray], np.ndarray],
    settings: Mapping[str, Any],
    seed: int,
    weights: str,
    progress: Callable[[int], None] = lambda count: None,
) -> tuple[dict[str, ScoreCounts], pd.DataFrame]:
    """Masks of SAM for every held-out triplet, compared with the truth; one triplet is in memory at a time.

    Parameters
    ----------
    sam : the model.
    store : patch file of the triplets.
    members : place in the file and part of each triplet to score.
    read_labels : from the file and places to labels, 255 where nothing counts.
    settings : ``points`` (of foreground, and as many of background), ``foreground_db``, ``background_db``,
        ``smooth_px`` as in `prompts.radar_points`, ``picture``: three channels as in `pictures.radar_picture`.
    seed : start of the random numbers of the oracle's points; each triplet has its own.
    weights : words for the table: what the weights are worth.
    progress : called with the number of triplets that are done.

    Returns
    -------
    Counts by triplet (``blocks`` are their numbers) of ``sam_oracle`` and ``sam_radar``, and a table ``triplet,
    prompts, n_points, n_foreground, own_score, mapped_fraction, weights``; the score is SAM's own estimate of the IoU,
    empty if there was no point of foreground.
    """
    numbers = store["number"][:][[place for place, _ in members]]
    parts = [part for _, part in members]
    counts = {prompts: ScoreCounts.empty(MASK, numbers, parts) for prompts in (ORACLE, RADAR)}
    names = store["name"].asstr()
    rows = []
    for index, (place, _) in enumerate(members):
        label = read_labels(store, np.array([place]))[0]
        embedding = sam.embed(sample_picture(store, place, settings["picture"]))
        rng = np.random.default_rng([seed, int(numbers[index])])
        prompted = {
            ORACLE: oracle_points(label, settings["points"], rng),
            RADAR: _from_radar(store, place, settings),
        }
        for prompts, points in prompted.items():
            mask, own_score = sam.best_mask(embedding, points, label.shape)
            counts[prompts].add(index, mask.astype("float32"), label)
            rows.append([names[place], prompts, *_numbers(points), own_score, mask.mean(), weights])
        progress(1)
    columns = ["triplet", "prompts", "n_points", "n_foreground", "own_score", "mapped_fraction", "weights"]
    return {MODELS[prompts]: score for prompts, score in counts.items()}, pd.DataFrame(rows, columns=columns)


def check_bands(store: h5py.File, picture: Sequence[str]) -> None:
    """Reject a patch file without the bands that prompts and picture are made of.

    Raises
    ------
    InputError
        If a band is missing.
    """
    bands = json.loads(store.attrs["bands"])
    wanted = {part for name in picture for part in ([name] if name in bands else name.split("-"))} | set(CHANGES)
    missing = sorted(wanted - set(bands))
    if missing:
        raise InputError(
            f"the triplets have bands {', '.join(bands)}; SAM's picture ({', '.join(picture)}) and its prompts from "
            f"the radar also need {', '.join(missing)}. Choose other channels in snow.foundation.sam.picture."
        )


def _from_radar(store: h5py.File, place: int, settings: Mapping[str, Any]) -> Points:
    bands = json.loads(store.attrs["bands"])
    change = store["image"][place][..., [bands.index(name) for name in CHANGES]]
    limits = {key: settings[key] for key in ("foreground_db", "background_db", "smooth_px")}
    return radar_points(change, store["valid"][place], settings["points"], **limits)


def _numbers(points: Points) -> tuple[int, int]:
    return len(points.labels), int((points.labels == FOREGROUND).sum())
