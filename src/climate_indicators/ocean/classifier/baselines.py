"""Simple classifiers for comparison with the network, on the same standardized slopes and cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import pairwise
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from climate_indicators.ocean.classifier.scalers import fit_scaler
from climate_indicators.ocean.classifier.skill import macro_f1

NEAREST_CENTROID, LDA, KNN = "nearest_centroid", "lda", "knn"
SIMPLE = (NEAREST_CENTROID, LDA, KNN)
FLOOR = float(np.log(1e-12))  # logit of a class that a method gives no chance, finite so that it can be scaled


@dataclass(frozen=True)
class Baseline:
    """A fitted simple classifier.

    Attributes
    ----------
    name : one of ``SIMPLE``.
    method : the scikit-learn classifier.
    n_classes : number of classes K, of which some may lack in training.
    """

    name: str
    method: Any
    n_classes: int

    def logits(self, scaled: np.ndarray) -> np.ndarray:
        """Logits of standardized cells, float64, shape (cells, K): log-probabilities but for a constant per cell.

        Nearest centroid: −d²/2, that is normal classes of unit spread and equal prior. kNN: shares of neighbors with
        one more neighbor spread over all classes, so that no class is impossible.
        """
        if self.name == NEAREST_CENTROID:
            known = -0.5 * pairwise.euclidean_distances(scaled, self.method.centroids_, squared=True)
        elif self.name == LDA:
            known = np.maximum(self.method.predict_log_proba(scaled), FLOOR)
        else:
            k = self.method.n_neighbors
            known = np.log((k * self.method.predict_proba(scaled) + 1 / self.n_classes) / (k + 1))
        logits = np.full((len(scaled), self.n_classes), known.min(axis=1, keepdims=True) + FLOOR)
        logits[:, self.method.classes_ - 1] = known
        return logits


def fit_baselines(
    slopes: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    fold_cells: Sequence[tuple[np.ndarray, np.ndarray]],
    n_neighbors: Sequence[int],
) -> dict[str, Baseline]:
    """Nearest centroid, linear discriminant analysis and k nearest neighbors, fitted on the training cells.

    Parameters
    ----------
    slopes : float, shape (cells, slopes): raw slopes of the training cells alone.
    labels : int, shape (cells,): 1 to K.
    n_classes : K.
    fold_cells : folds of these cells, see `classifier_split.folds`; k is chosen on them.
    n_neighbors : candidates of k.

    Returns
    -------
    Baseline of each name of ``SIMPLE``.
    """
    scaled = fit_scaler(slopes)(slopes)
    k = choose_n_neighbors(slopes, labels, fold_cells, n_neighbors)
    methods = {
        NEAREST_CENTROID: NearestCentroid(),
        LDA: LinearDiscriminantAnalysis(),
        KNN: KNeighborsClassifier(k),
    }
    return {name: Baseline(name, method.fit(scaled, labels), n_classes) for name, method in methods.items()}


def choose_n_neighbors(
    slopes: np.ndarray,
    labels: np.ndarray,
    fold_cells: Sequence[tuple[np.ndarray, np.ndarray]],
    n_neighbors: Sequence[int],
) -> int:
    """Number of neighbors with the highest mean macro-F1 over the folds, the scaler fitted inside each; ties: first.

    Parameters
    ----------
    slopes, labels, fold_cells, n_neighbors : as in `fit_baselines`; candidates above the cells of a fold are cut to it.
    """
    smallest = min(len(fit) for fit, _ in fold_cells)
    candidates = list(dict.fromkeys(min(k, smallest) for k in n_neighbors))
    scores = np.zeros(len(candidates))
    for fit, held_out in fold_cells:
        scaler = fit_scaler(slopes[fit])
        for place, k in enumerate(candidates):
            method = KNeighborsClassifier(k).fit(scaler(slopes[fit]), labels[fit])
            scores[place] += macro_f1(labels[held_out], method.predict(scaler(slopes[held_out])))
    return candidates[int(np.argmax(scores))]
