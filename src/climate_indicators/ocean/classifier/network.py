"""The tracking network: a dense classifier of standardized slopes, tuned on folds of the training cells."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import Progress
from climate_indicators.ocean.classifier.scalers import Scaler, fit_scaler
from climate_indicators.ocean.classifier.skill import macro_f1
from climate_indicators.ocean.classifier.split import folds, split_cells
from climate_indicators.segmentation.backend import keras, make_deterministic

# values of the original study; each can be configured
PUBLISHED = {
    "layers": (64, 128, 256, 128, 64),
    "l2": 0.01,
    "dropout": 0.5,
    "epochs": 50,
    "patience": 5,
}
HYPERPARAMETERS = ("batch_size", "optimizer", "learning_rate")
STOP_SHARE = 0.2  # of a fold's fitting cells: they stop its training, so that the held-out cells only measure


@dataclass(frozen=True)
class TrainedClassifier:
    """A trained network and how it came about.

    Attributes
    ----------
    model : from standardized slopes, float32 (cells, slopes), to logits, float32 (cells, K); not compiled.
    scaler : of the training cells' slopes; what the network must be given.
    history : ``epoch, loss, accuracy, val_loss, val_accuracy``, one row per epoch.
    best_epoch : epoch of the weights kept, from 1.
    """

    model: keras.Model
    scaler: Scaler
    history: pd.DataFrame
    best_epoch: int

    def logits(self, slopes: np.ndarray) -> np.ndarray:
        """Logits of raw slopes, float64, shape (cells, K)."""
        return _predict(self.model, self.scaler(slopes))


def dense_network(n_slopes: int, n_classes: int, layers: Sequence[int], l2: float, dropout: float) -> keras.Model:
    """Dense layers with ReLU, each with L2 penalty and dropout, and one logit per class.

    Parameters
    ----------
    n_slopes, n_classes : sizes of input and output.
    layers : units of each hidden layer.
    l2 : weight of the sum of squared kernel weights in the loss.
    dropout : share of units that a training step leaves out, below 1.
    """
    slopes = keras.Input((n_slopes,), name="slopes")
    features = slopes
    for number, units in enumerate(layers, start=1):
        features = keras.layers.Dense(
            units, activation="relu", kernel_regularizer=keras.regularizers.L2(l2), name=f"dense{number}"
        )(features)
        features = keras.layers.Dropout(dropout, name=f"dropout{number}")(features)
    return keras.Model(slopes, keras.layers.Dense(n_classes, name="logit")(features), name="biome_classifier")


class Diverged(InputError):
    """A training with a non-finite loss."""

    def __init__(self, optimizer: str, batch_size: int, learning_rate: float, epoch: int) -> None:
        self.epoch = epoch
        hyperparameters = _words({"batch_size": batch_size, "optimizer": optimizer, "learning_rate": learning_rate})
        super().__init__(
            f"training with {hyperparameters} gave no finite loss in epoch {epoch}: it diverged. Set lower values in "
            "ocean.classifier.grid.learning_rate."
        )


class Trainer:
    """Trains one compiled network again and again from the same start.

    A new compiled network costs about two seconds before its first step, more than training it on a small month.

    Parameters
    ----------
    n_slopes, n_classes : sizes of input and output.
    settings : ``layers, l2, dropout, epochs, patience``, see ``PUBLISHED``.
    optimizer : name that Keras knows, such as adam or sgd.
    seed : start of all random numbers; each training begins with it anew.
    """

    def __init__(self, n_slopes: int, n_classes: int, settings: Mapping[str, Any], optimizer: str, seed: int) -> None:
        make_deterministic()
        keras.utils.set_random_seed(seed)
        self.model = dense_network(n_slopes, n_classes, **_structure(settings))
        try:
            chosen = keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": 1e-3}})
        except ValueError as error:
            raise InputError(
                f"optimizer is {optimizer!r}, which Keras does not know; adam and sgd are known."
            ) from error
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        # compiling with XLA was no faster, and is refused on processors where results must repeat
        self.model.compile(chosen, loss, metrics=["accuracy"], jit_compile=False)
        chosen.build(self.model.trainable_variables)
        self._state = [*self.model.variables, *chosen.variables]
        self._start = [keras.ops.convert_to_numpy(variable) for variable in self._state]
        self._shape, self._settings, self._seed, self._optimizer = (n_slopes, n_classes), settings, seed, optimizer

    def fit(
        self,
        training: tuple[np.ndarray, np.ndarray],
        stopping: tuple[np.ndarray, np.ndarray],
        batch_size: int,
        learning_rate: float,
    ) -> pd.DataFrame:
        """Train from the start on; stop when the loss of the stopping cells no longer falls, with the best weights.

        Parameters
        ----------
        training, stopping : standardized slopes, shape (cells, slopes), and labels from 1, shape (cells,).
        batch_size : cells per step.
        learning_rate : of the optimizer.

        Returns
        -------
        Table ``epoch, loss, accuracy, val_loss, val_accuracy``.

        Raises
        ------
        Diverged
            In the first epoch whose loss is not finite: no later step makes it finite again.
        """
        for variable, value in zip(self._state, self._start, strict=True):
            variable.assign(value)
        self.model.optimizer.learning_rate = learning_rate
        rng = np.random.default_rng(self._seed)
        training, stopping, rows, best = _arrays(*training), _arrays(*stopping), [], None
        for epoch in range(1, self._settings["epochs"] + 1):
            self._run_epoch(*training, rng.permutation(len(training[0])), batch_size)
            row = {"epoch": epoch} | self._measured() | self._validated(*stopping)
            if not np.isfinite([row["loss"], row["val_loss"]]).all():
                raise Diverged(self._optimizer, batch_size, learning_rate, epoch)
            rows.append(row)
            loss = row["val_loss"]
            if best is None or loss < best[0]:
                best = loss, epoch, self.model.get_weights()
            elif epoch - best[1] >= self._settings["patience"]:
                break
        self.model.set_weights(best[2])
        return pd.DataFrame(rows)

    def _run_epoch(self, slopes: np.ndarray, labels: np.ndarray, order: np.ndarray, batch_size: int) -> None:
        # Keras' own loop over epochs spends up to five times as long on a small month as the steps themselves do;
        # the last batch is filled from the first, because each new shape is compiled again
        self.model.reset_metrics()
        order = np.append(order, np.resize(order, -len(order) % batch_size))
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            self.model.train_on_batch(slopes[chosen], labels[chosen])

    def _measured(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def _validated(self, slopes: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        self.model.reset_metrics()
        self.model.test_on_batch(slopes, labels)
        return {f"val_{name}": value for name, value in self._measured().items()}

    def network(self) -> keras.Model:
        """A copy of the network as it is, not compiled."""
        plain = dense_network(*self._shape, **_structure(self._settings))
        plain.set_weights(self.model.get_weights())
        return plain

    def predict(self, scaled: np.ndarray) -> np.ndarray:
        """Labels from 1 of standardized slopes, int64, shape (cells,)."""
        return _predict(self.model, scaled).argmax(axis=1) + 1


def make_trainers(
    n_slopes: int, n_classes: int, settings: Mapping[str, Any], candidates: Iterable[Mapping[str, Any]], seed: int
) -> dict[str, Trainer]:
    """A trainer of each optimizer among the candidates, by its name; see `Trainer`."""
    names = dict.fromkeys(hyperparameters["optimizer"] for hyperparameters in candidates)
    return {name: Trainer(n_slopes, n_classes, settings, name, seed) for name in names}


def parameter_grid(grid: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Settings of a grid, ``batch_size``, ``optimizer`` and ``learning_rate`` each, the last one changing fastest."""
    return [
        dict(zip(HYPERPARAMETERS, values, strict=True)) for values in product(*(grid[name] for name in HYPERPARAMETERS))
    ]


def tune(
    slopes: np.ndarray,
    labels: np.ndarray,
    trainers: Mapping[str, Trainer],
    candidates: Sequence[Mapping[str, Any]],
    n_folds: int,
    seed: int,
    logger: logging.Logger,
    blocks: np.ndarray | None = None,
) -> pd.DataFrame:
    """Cross-validate settings on the training cells.

    In each fold the scaler is fitted on, and training stopped by, cells of the fold's own fitting part; the held-out
    cells measure and do nothing else. All settings see the same folds and start from the same weights.

    Parameters
    ----------
    slopes : float, shape (cells, slopes): raw slopes of the training cells alone.
    labels : int, shape (cells,): 1 to K.
    trainers : of the candidates' optimizers, see `make_trainers`.
    candidates : hyperparameters to compare, see `parameter_grid`.
    n_folds : 2 or more.
    seed : start of the random numbers.
    logger : gets one line per fold at most.
    blocks : int, shape (cells,): spatial blocks that stay whole; None for folds by cells.

    Returns
    -------
    Table ``batch_size, optimizer, learning_rate, fold, accuracy, macro_f1, epochs``; folds from 1, epochs run. A fold
    whose training diverges has scores of 0, and the logger gets a warning.
    """
    parts = [_fold_parts(labels, fit, held_out, seed, blocks) for fit, held_out in folds(labels, n_folds, seed, blocks)]
    progress, rows = Progress(logger, len(candidates) * n_folds, "fold"), []
    for hyperparameters in candidates:
        trainer = trainers[hyperparameters["optimizer"]]
        for number, (fit, stop, held_out) in enumerate(parts, start=1):
            scaler = fit_scaler(slopes[fit])
            training, stopping = ((scaler(slopes[cells]), labels[cells]) for cells in (fit, stop))
            try:
                history = trainer.fit(
                    training, stopping, hyperparameters["batch_size"], hyperparameters["learning_rate"]
                )
                called = trainer.predict(scaler(slopes[held_out]))
                scores = {
                    "accuracy": float((called == labels[held_out]).mean()),
                    "macro_f1": macro_f1(labels[held_out], called),
                    "epochs": len(history),
                }
            except Diverged as error:
                logger.warning("fold %d is scored 0: %s", number, error)
                scores = {"accuracy": 0.0, "macro_f1": 0.0, "epochs": error.epoch}
            rows.append({key: hyperparameters[key] for key in HYPERPARAMETERS} | {"fold": number} | scores)
            progress.step(detail=f"{_words(hyperparameters)} · macro-F1 {scores['macro_f1']:.3f}")
    return pd.DataFrame(rows)


def tuning_summary(tuning: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the folds of each setting, in the order in which they were tried.

    Table ``batch_size, optimizer, learning_rate, accuracy_mean, accuracy_sd, macro_f1_mean, macro_f1_sd, epochs_mean``.
    """
    groups = tuning.groupby(list(HYPERPARAMETERS), sort=False)
    columns = {
        f"{score}_{name}": groups[score].agg(how)
        for score in ("accuracy", "macro_f1")
        for name, how in (("mean", "mean"), ("sd", "std"))
    }
    return pd.DataFrame(columns | {"epochs_mean": groups["epochs"].mean()}).reset_index()


def best_hyperparameters(tuning: pd.DataFrame) -> dict[str, Any]:
    """Setting with the highest mean macro-F1 over the folds; of equal ones the first."""
    summary = tuning_summary(tuning)
    row = summary.iloc[int(summary.macro_f1_mean.to_numpy().argmax())]
    kinds = (int, str, float)
    return {name: kind(row[name]) for name, kind in zip(HYPERPARAMETERS, kinds, strict=True)}


def train_network(
    slopes: np.ndarray, labels: np.ndarray, split: np.ndarray, trainer: Trainer, hyperparameters: Mapping[str, Any]
) -> TrainedClassifier:
    """Train on the training cells, stopped by the validation cells; the test cells are not touched.

    Parameters
    ----------
    slopes : float, shape (cells, slopes), raw.
    labels : int, shape (cells,): 1 to K.
    split : text, shape (cells,): see `classifier_split.split_cells`.
    trainer : of the optimizer.
    hyperparameters : ``batch_size, optimizer, learning_rate``.
    """
    train, validation = split == "train", split == "validation"
    scaler = fit_scaler(slopes[train])
    training, stopping = ((scaler(slopes[cells]), labels[cells]) for cells in (train, validation))
    history = trainer.fit(training, stopping, hyperparameters["batch_size"], hyperparameters["learning_rate"])
    return TrainedClassifier(trainer.network(), scaler, history, int(history.epoch[history.val_loss.idxmin()]))


def _fold_parts(
    labels: np.ndarray, fit: np.ndarray, held_out: np.ndarray, seed: int, blocks: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells for training, early stopping, and held-out evaluation."""
    shares = {"fit": 1 - STOP_SHARE, "stop": STOP_SHARE}
    inner = split_cells(labels[fit], shares, seed, None if blocks is None else blocks[fit])
    return fit[inner == "fit"], fit[inner == "stop"], held_out


def _arrays(scaled: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(scaled, "float32"), np.asarray(labels, "int32") - 1


def _predict(model: keras.Model, scaled: np.ndarray) -> np.ndarray:
    return np.asarray(model(np.asarray(scaled, "float32"), training=False), "float64")


def _words(hyperparameters: Mapping[str, Any]) -> str:
    batch, optimizer, rate = (hyperparameters[name] for name in HYPERPARAMETERS)
    return f"batch {batch}, {optimizer}, rate {rate:g}"


def _structure(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in ("layers", "l2", "dropout")}
