"""Test of a claim: embeddings of radar and of color are translated copies of each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import cdist, pdist
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from climate_indicators.snow.embeddings.bootstrap import mean_interval, ratio_interval
from climate_indicators.snow.embeddings.report_text import verdict_sentence
from climate_indicators.stats.group_bootstrap import MIN_GROUPS

PAIRS, CLOUDS, PROBE = "pair_distance", "cloud_distance", "probe_accuracy"
BEFORE, TRANSLATED, ROTATED, SHUFFLED = "before", "translated", "rotated", "rotated_shuffled"
# a copy has at most this share of the squared distance of shuffled pairs; pairs above RELATED, beyond the interval, are
# not distinguishable from shuffled ones
COPY, RELATED = 0.1, 0.9
# below this distance between the clouds (0 to 1), there is no measurable gap to remove
MIN_GAP = 0.01
CHANCE = 0.5
FOLDS = 5
SAMPLED = 1500
MIN_TEST, MIN_PLACES = 10, MIN_GROUPS
COLUMNS = [
    "measure", "state", "value", "lower", "upper", "share_removed", "n_fit", "n_test", "n_places", "verdict",
    "sentence",
]  # fmt: skip


@dataclass(frozen=True)
class DomainShift:
    """Result of the test.

    Attributes
    ----------
    table : see `domain_shift`.
    kind : ``same``, ``translated``, ``rotated``, ``related``, ``unrelated``, or ``unknown`` (too few pairs).
    sentence : the verdict in plain words, with its numbers and limits.
    """

    table: pd.DataFrame
    kind: str
    sentence: str


def domain_shift(
    radar: np.ndarray, rgb: np.ndarray, places: np.ndarray, fit: np.ndarray, test: np.ndarray, seed: int = 0
) -> DomainShift:
    """Whether a translation, or a rotation, takes the embeddings of radar to those of color.

    The translation is the difference of the means, the rotation (with reflection) that of Schönemann (1966,
    doi:10.1007/BF02289451) of the centered clouds; both are fitted on some pairs and measured on others.

    Parameters
    ----------
    radar, rgb : float, shape (n, dimensions), pair by pair.
    places : shape (n,): place of each pair, the unit of intervals and of the probe's folds.
    fit, test : bool, shape (n,): pairs that fit, and pairs that measure.
    seed : of draws.

    Returns
    -------
    DomainShift with a table ``measure, state, value, lower, upper, share_removed, n_fit, n_test, n_places`` of test
    pairs, and ``verdict`` (the kind) and ``sentence``, the same in all rows. States: ``before``, ``translated``,
    ``rotated`` (translated too), ``rotated_shuffled`` (the rotation fitted to shuffled pairs, a baseline). Measures:

    - ``pair_distance``: mean squared distance of partners, relative to that of translated pairs that are no partners;
      0 for copies, 1 for no relation; interval over places.
    - ``cloud_distance``: energy distance of the clouds, partners forgotten, over twice the mean distance between them
      (Székely & Rizzo 2013, doi:10.1016/j.jspi.2013.03.018), 0 for equal clouds, 1 at most.
    - ``probe_accuracy``: of a logistic regression that tells radar from color, cross-validated by place; 0.5 is
      chance. A probe that is linear cannot see more than shifts: chance after a translation does not prove a copy.

    ``share_removed`` is the share of the value before, or of the accuracy above chance, that is gone; NaN where there
    was no gap. With fewer than ``MIN_TEST`` test pairs, ``MIN_PLACES`` test places, or twice as many fitting pairs
    as dimensions, the kind is ``unknown`` and the table has one row, without a value.
    """
    x, y = radar.astype("float64"), rgb.astype("float64")
    sizes = {"n_fit": int(fit.sum()), "n_test": int(test.sum()), "n_places": len(np.unique(places[test]))}
    if sizes["n_test"] < MIN_TEST or sizes["n_places"] < MIN_PLACES or sizes["n_fit"] < 2 * x.shape[1]:
        return _found([_row(PAIRS, BEFORE, *[np.nan] * 4)], "unknown", verdict_sentence("unknown", {}, sizes), sizes)
    moved = _moved(x, y, fit, test, np.random.default_rng(seed))
    color, own = y[test], places[test]
    rows = _pair_rows(moved, color, own, seed) + _cloud_rows(moved, color, seed) + _probe_rows(moved, color, own)
    kind = _kind(pd.DataFrame(rows).set_index(["measure", "state"]))
    return _found(rows, kind, verdict_sentence(kind, rows, sizes, COPY), sizes)


def _found(rows: list[dict], kind: str, sentence: str, sizes: Mapping[str, int]) -> DomainShift:
    table = pd.DataFrame(rows).assign(**sizes, verdict=kind, sentence=sentence)
    return DomainShift(table[COLUMNS], kind, sentence)


def _moved(
    x: np.ndarray, y: np.ndarray, fit: np.ndarray, test: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Test points of radar in each state."""
    from_mean, to_mean = x[fit].mean(axis=0), y[fit].mean(axis=0)
    centered_x, centered_y, measured = x[fit] - from_mean, y[fit] - to_mean, x[test] - from_mean
    turn, _ = orthogonal_procrustes(centered_x, centered_y)
    wrong, _ = orthogonal_procrustes(centered_x, rng.permutation(centered_y))
    return {
        BEFORE: x[test],
        TRANSLATED: measured + to_mean,
        ROTATED: measured @ turn + to_mean,
        SHUFFLED: measured @ wrong + to_mean,
    }


def _pair_rows(moved: Mapping[str, np.ndarray], color: np.ndarray, places: np.ndarray, seed: int) -> list[dict]:
    partners = {state: ((points - color) ** 2).sum(axis=1) for state, points in moved.items()}
    # mean over all non-matching pairs, without the matrix of all distances
    points, n = moved[TRANSLATED], len(color)
    squares = (points**2).sum(axis=1) + (color**2).sum(axis=1).mean()
    others = (n * (squares - 2 * points @ color.mean(axis=0)) - partners[TRANSLATED]) / (n - 1)
    before = partners[BEFORE].mean()
    rows = []
    for state, distances in partners.items():
        lower, upper = ratio_interval(distances, others, places, seed=seed)
        removed = 1 - distances.mean() / before if before > 0 and state != BEFORE else np.nan
        value = distances.sum() / others.sum()
        rows.append(_row(PAIRS, state, value, lower, upper, removed))
    return rows


def _cloud_rows(moved: Mapping[str, np.ndarray], color: np.ndarray, seed: int) -> list[dict]:
    kept = slice(None)
    if len(color) > SAMPLED:
        kept = np.random.default_rng(seed).choice(len(color), SAMPLED, replace=False)
    values = {state: cloud_distance(points[kept], color[kept]) for state, points in moved.items()}
    before = values[BEFORE]
    return [
        _row(CLOUDS, state, values[state], np.nan, np.nan, _share(before - values[state], before, MIN_GAP, state))
        for state in (BEFORE, TRANSLATED, ROTATED)
    ]


def _probe_rows(moved: Mapping[str, np.ndarray], color: np.ndarray, places: np.ndarray) -> list[dict]:
    right = {state: probe_hits(moved[state], color, places) for state in (BEFORE, TRANSLATED, ROTATED)}
    before = right[BEFORE].mean()
    rows = []
    for state, hits in right.items():
        removed = _share(before - hits.mean(), before - CHANCE, 0.05, state)
        rows.append(_row(PROBE, state, hits.mean(), *mean_interval(hits, places), removed))
    return rows


def _share(gone: float, gap: float, least: float, state: str) -> float:
    return gone / gap if gap >= least and state != BEFORE else np.nan


def _row(measure: str, state: str, value: float, lower: float, upper: float, removed: float) -> dict:
    numbers = {"value": value, "lower": lower, "upper": upper, "share_removed": removed}
    return {"measure": measure, "state": state} | {name: float(number) for name, number in numbers.items()}


def cloud_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Energy distance of two clouds of pairs, over twice the mean distance between them; partners are not compared.

    Unbiased, so that equal clouds have 0 on average and may come out a little below.

    Parameters
    ----------
    first, second : float, shape (n, dimensions), pair by pair, n at least 2.
    """
    n = len(first)
    between = cdist(first, second)
    between = (between.sum() - np.trace(between)) / (n * (n - 1))
    within = pdist(first).mean() + pdist(second).mean()
    return float((2 * between - within) / (2 * between)) if between > 0 else 0.0


def probe_hits(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Share of each pair's two points that a logistic regression fitted at other places gives to the right cloud.

    Parameters
    ----------
    first, second : float, shape (n, dimensions), pair by pair.
    places : shape (n,), 2 or more that differ; a place is never in a fold's fit and in its measurement.

    Returns
    -------
    float64, shape (n,): 0, 0.5 or 1.
    """
    points, true = np.concatenate([first, second]), np.repeat([0, 1], len(first))
    groups = np.tile(np.unique(places, return_inverse=True)[1], 2)
    folds = GroupKFold(min(FOLDS, len(np.unique(groups))))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    called = cross_val_predict(probe, points, true, groups=groups, cv=folds)
    return (called == true).reshape(2, -1).mean(axis=0)


def _kind(rows: pd.DataFrame) -> str:
    value, upper = (rows.loc[PAIRS][column] for column in ("value", "upper"))
    for state, kind in {BEFORE: "same", TRANSLATED: "translated", ROTATED: "rotated"}.items():
        if value[state] <= COPY:
            return kind
    return "related" if upper[[TRANSLATED, ROTATED]].min() < RELATED else "unrelated"
