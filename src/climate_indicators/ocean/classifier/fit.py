"""The whole learning of one reference month: split, tuning, network, simple methods, skill."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.classifier.baselines import KNN, fit_baselines
from climate_indicators.ocean.classifier.comparison import NETWORK, Skill, evaluate, is_ahead, verdict
from climate_indicators.ocean.classifier.network import (
    TrainedClassifier,
    best_hyperparameters,
    make_trainers,
    parameter_grid,
    train_network,
    tune,
    tuning_summary,
)
from climate_indicators.ocean.classifier.split import block_numbers, folds, split_cells

RANDOM, BLOCKS = "random", "blocks"


@dataclass(frozen=True)
class FitResult:
    """Result of the fit to one month.

    Attributes
    ----------
    split : text, shape (cells,): train, validation or test.
    tuning : see `classifier_network.tune`.
    hyperparameters : those chosen by it.
    network : the trained network, its scaler and history.
    n_neighbors : k of the nearest neighbors, chosen on the training folds.
    skill : of the network and the simple methods.
    """

    split: np.ndarray
    tuning: pd.DataFrame
    hyperparameters: dict[str, Any]
    network: TrainedClassifier
    n_neighbors: int
    skill: Skill


def fit_classifier(
    slopes: np.ndarray,
    labels: np.ndarray,
    latitude: np.ndarray,
    longitude: np.ndarray,
    settings: Mapping[str, Any],
    seed: int,
    logger: logging.Logger,
) -> FitResult:
    """Tune and train the network, fit the simple methods, measure all on the same held-out cells.

    Parameters
    ----------
    slopes : float, shape (cells, slopes), raw slopes of the labeled cells, finite.
    labels : int, shape (cells,): 1 to K.
    latitude, longitude : float, shape (cells,), degrees, of the cells' centers.
    settings : ``layers, l2, dropout, epochs, patience`` of the network, ``grid`` with lists ``batch_size, optimizer,
        learning_rate``, ``folds``, ``n_neighbors`` (candidates of k), ``split`` (random as published, or blocks),
        ``block_deg`` and ``shares`` of ``train, validation, test``.
    seed : start of all random numbers.
    logger : gets lines of progress.

    Raises
    ------
    InputError
        If there are fewer than two classes, or too few cells or blocks for split and folds.
    """
    labels = np.asarray(labels, "int64")
    if len(np.unique(labels)) < 2:
        raise InputError(
            f"the reference month has {len(np.unique(labels))} biome on {len(labels)} cells; a classifier needs two. "
            "Choose another reference month or other cuts of the tree."
        )
    blocks = block_numbers(latitude, longitude, settings["block_deg"])
    whole = blocks if settings["split"] == BLOCKS else None
    split = split_cells(labels, settings["shares"], seed, whole)
    _log_sizes(labels, split, logger)
    train, n_classes = split == "train", int(labels.max())
    own = None if whole is None else whole[train]
    candidates, n_folds = parameter_grid(settings["grid"]), settings["folds"]
    trainers = make_trainers(slopes.shape[1], n_classes, settings, candidates, seed)
    tuning = tune(slopes[train], labels[train], trainers, candidates, n_folds, seed, logger, own)
    hyperparameters = best_hyperparameters(tuning)
    _log_tuning(tuning, hyperparameters, logger)
    network = train_network(slopes, labels, split, trainers[hyperparameters["optimizer"]], hyperparameters)
    fold_cells = list(folds(labels[train], n_folds, seed, own))
    simple = fit_baselines(slopes[train], labels[train], n_classes, fold_cells, settings["n_neighbors"])
    scaled = network.scaler(slopes)
    logits = {NETWORK: network.logits(slopes)} | {name: method.logits(scaled) for name, method in simple.items()}
    skill = evaluate(logits, labels, split, blocks, seed)
    # a user who reads the network's score alone would take it for needed
    logger.log(logging.INFO if is_ahead(skill.comparison) else logging.WARNING, "%s", verdict(skill.comparison))
    return FitResult(split, tuning, hyperparameters, network, simple[KNN].method.n_neighbors, skill)


def _log_sizes(labels: np.ndarray, split: np.ndarray, logger: logging.Logger) -> None:
    table = pd.crosstab(labels, split)
    for label, row in table.iterrows():
        sizes = ", ".join(f"{row.get(name, 0)} {name}" for name in ("train", "validation", "test"))
        lacking = "; no training cell: it cannot be learned" if row.get("train", 0) == 0 else ""
        logger.info("biome %s: %s cells%s", label, sizes, lacking)


def _log_tuning(tuning: pd.DataFrame, hyperparameters: Mapping[str, Any], logger: logging.Logger) -> None:
    for row in tuning_summary(tuning).itertuples():
        logger.info(
            "batch %d, %s, rate %g: macro-F1 %.3f ± %.3f, accuracy %.3f ± %.3f over the folds",
            row.batch_size, row.optimizer, row.learning_rate, row.macro_f1_mean, row.macro_f1_sd, row.accuracy_mean,
            row.accuracy_sd,
        )  # fmt: skip
    logger.info("chosen: %s", ", ".join(f"{name} {value}" for name, value in hyperparameters.items()))
