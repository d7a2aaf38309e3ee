"""Line, season and changes of level in one regression whose errors have memory, and intervals of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from climate_indicators.stats.trend_tests import LAG1_GRID

# designs whose likelihood is smaller than the best one's by more than this factor (a logarithm) are left out
NEGLIGIBLE = 14.0


@dataclass(frozen=True)
class Interval:
    """A value between its bounds, in one unit."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Posterior:
    """Distribution of a regression's coefficients where neither the memory nor the design is known for certain.

    Attributes
    ----------
    weights : float (k,), sum 1, probability of each pair of design and lag-1 correlation.
    designs : int (k,), number of the design.
    lag1s : float (k,).
    coefficients : float (k, columns).
    roots : float (k, columns, columns): root @ root.T times the variance is the covariance of the coefficients.
    variances : float (k,), of the errors.
    freedom : degrees of freedom of Student's t.
    """

    weights: np.ndarray
    designs: np.ndarray
    lag1s: np.ndarray
    coefficients: np.ndarray
    roots: np.ndarray
    variances: np.ndarray
    freedom: int

    @property
    def lag1(self) -> float:
        """Expected lag-1 correlation of the errors."""
        return float(self.weights @ self.lag1s)

    @property
    def mean(self) -> np.ndarray:
        """Expected coefficients, float (columns,)."""
        return self.weights @ self.coefficients

    def design_weights(self, n: int) -> np.ndarray:
        """Probability of each of ``n`` designs."""
        return np.bincount(self.designs, self.weights, n)

    def interval(self, contrast: np.ndarray, confidence: float) -> Interval:
        """Expected value and central interval of a linear combination of the coefficients.

        Parameters
        ----------
        contrast : float (columns,).
        confidence : in (0, 1).
        """
        values = self.coefficients @ contrast
        errors = np.sqrt(self.variances * ((contrast @ self.roots) ** 2).sum(axis=1))
        middle = float(self.weights @ values)
        if not errors.max() > 1e-12 * max(1.0, np.abs(values).max()):
            return Interval(middle, float(values.min()), float(values.max()))
        errors = np.maximum(errors, 1e-12 * errors.max())
        far = stats.t.ppf(1 - (1 - confidence) / 4, self.freedom) * errors

        def bound(probability: float) -> float:
            def excess(one: float) -> float:
                return float(self.weights @ stats.t.cdf((one - values) / errors, self.freedom)) - probability

            return float(optimize.brentq(excess, (values - far).min(), (values + far).max(), xtol=1e-9 * far.max()))

        return Interval(middle, bound((1 - confidence) / 2), bound((1 + confidence) / 2))


def posterior(designs: Iterable[np.ndarray], values: np.ndarray, steps: np.ndarray) -> Posterior:
    """Coefficients of the designs, their errors an autoregression of order 1 with unknown coefficient φ.

    One estimate of φ makes intervals of short series too narrow. Each φ of `trend_tests.LAG1_GRID` and each design
    counts by its restricted likelihood (coefficients and variance integrated out; equal prior probabilities), and the
    intervals are those of the mixture (Harville 1974, doi:10.1093/biomet/61.2.383).

    Parameters
    ----------
    designs : float (n, columns) each, of full rank, n of ``columns`` + 1 or more.
    values : float, shape (n,), finite.
    steps : int, shape (n − 1,), distances between neighbors, 1 or more.
    """
    designs = [np.asarray(one, "float64") for one in designs]
    if len(designs) > 1:
        # at a middle memory: which designs can be left out
        logs = np.array([_fit(one, values, steps, 0.3)[0] for one in designs])
        near = np.flatnonzero(logs >= logs.max() - NEGLIGIBLE)
    else:
        near = np.array([0])
    parts = [(number, lag1, *_fit(designs[number], values, steps, lag1)) for number in near for lag1 in LAG1_GRID]
    logs = np.array([part[2] for part in parts])
    weights = np.exp(logs - logs.max())
    kept = weights > 1e-9
    parts = [part for part, keep in zip(parts, kept, strict=True) if keep]
    return Posterior(
        weights[kept] / weights[kept].sum(),
        np.array([part[0] for part in parts]),
        np.array([part[1] for part in parts]),
        np.stack([part[3] for part in parts]),
        np.stack([part[4] for part in parts]),
        np.array([part[5] for part in parts]),
        len(values) - designs[0].shape[1],
    )


def whiten(columns: np.ndarray, steps: np.ndarray, lag1: float) -> np.ndarray:
    """Columns whose first-order autoregressive errors become independent, of the same variance; shape (n, columns)."""
    decay = lag1**steps
    scale = np.sqrt((1 - lag1**2) / (1 - decay**2))
    columns = np.asarray(columns, "float64")
    turned = np.empty_like(columns)
    turned[0] = columns[0] * np.sqrt(1 - lag1**2)
    turned[1:] = (columns[1:] - decay[:, None] * columns[:-1]) * scale[:, None]
    return turned


def _fit(
    design: np.ndarray, values: np.ndarray, steps: np.ndarray, lag1: float
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Logarithm of the restricted likelihood, coefficients, root of their covariance, and variance."""
    n, columns = design.shape
    white = whiten(np.column_stack([design, values]), steps, lag1)
    basis, triangle = np.linalg.qr(white[:, :columns])
    target = white[:, columns]
    inside = basis.T @ target
    rest = target - basis @ inside
    # values that the design explains fit every memory equally well
    floor = max(np.finfo("float64").eps ** 2 * float(values @ values), np.finfo("float64").tiny)
    squares = max(float(rest @ rest), floor)
    root = np.linalg.inv(triangle)
    log = _determinant(steps, lag1) - np.log(np.abs(np.diag(triangle))).sum() - (n - columns) / 2 * np.log(squares)
    return float(log), root @ inside, root, squares / (n - columns)


def regular_steps(positions: Sequence[float]) -> np.ndarray:
    """Distances between neighbors in units of the usual one, whole numbers of at least 1; shape (n − 1,)."""
    distances = np.diff(np.asarray(positions, "float64"))
    return np.maximum(np.rint(distances / np.median(distances)), 1).astype(int)


def best_likelihood(design: np.ndarray, values: np.ndarray, steps: np.ndarray) -> float:
    """Logarithm of the largest likelihood over all memories, the constant left out; for comparing designs."""
    n, columns = design.shape
    logs = []
    for lag1 in LAG1_GRID:
        white = whiten(np.column_stack([design, values]), steps, lag1)
        triangle = np.abs(np.linalg.qr(white, mode="r")[-1, -1])
        logs.append(-n * np.log(max(triangle, 1e-150)) + _determinant(steps, lag1))
    return max(logs)


def _determinant(steps: np.ndarray, lag1: float) -> float:
    """Half the logarithm of the determinant of the inverse covariance matrix of the errors."""
    return float(0.5 * np.log(1 - lag1**2) + 0.5 * np.log((1 - lag1**2) / (1 - (lag1**steps) ** 2)).sum())
