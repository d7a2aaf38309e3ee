"""Linear trend, season and level shifts in one regression with autocorrelated errors, and intervals of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from climate_indicators.stats.trend_tests import LAG1_GRID

# designs with a likelihood below the best one by more than this factor (a logarithm) are excluded
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
        far = special.stdtrit(self.freedom, 1 - (1 - confidence) / 4) * errors

        def bound(probability: float) -> float:
            def excess(one: float) -> float:
                return float(self.weights @ special.stdtr(self.freedom, (one - values) / errors)) - probability

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
    near = np.arange(len(designs))
    if len(designs) > 1:
        # at a middle memory: which designs can be left out
        logs = np.concatenate([_fits(one, values, steps, np.array([0.3]))[0] for one in designs])
        near = np.flatnonzero(logs >= logs.max() - NEGLIGIBLE)
    fits = [_fits(designs[number], values, steps, LAG1_GRID) for number in near]
    logs, coefficients, roots, variances = (np.concatenate(parts) for parts in zip(*fits, strict=True))
    weights = np.exp(logs - logs.max())
    kept = weights > 1e-9
    return Posterior(
        weights[kept] / weights[kept].sum(),
        np.repeat(near, len(LAG1_GRID))[kept],
        np.tile(LAG1_GRID, len(near))[kept],
        coefficients[kept],
        roots[kept],
        variances[kept],
        len(values) - designs[0].shape[1],
    )


def simulated_errors(found: Posterior, steps: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Errors that a series of the same memory may have: Gaussian autoregressions of order 1, float64 (n, draws).

    Each draw has a memory from the posterior and, given it, a variance (scaled inverse chi-squared): a short series
    determines neither, and errors that are simulated with one estimate of both scatter too little.

    Parameters
    ----------
    found : posterior of the regression of the series.
    steps : int, shape (n − 1,), as for `posterior`.
    draws : number of simulated series.
    rng : random numbers.
    """
    chosen = rng.choice(len(found.weights), draws, p=found.weights)
    lag1s = found.lag1s[chosen]
    deviations = np.sqrt(found.variances[chosen] * found.freedom / rng.chisquare(found.freedom, draws) / (1 - lag1s**2))
    errors = rng.standard_normal((len(steps) + 1, draws))
    for place, decay in enumerate(lag1s ** steps[:, None], start=1):
        errors[place] = decay * errors[place - 1] + np.sqrt(1 - decay**2) * errors[place]
    return errors * deviations


def whiten(columns: np.ndarray, steps: np.ndarray, lag1s: np.ndarray) -> np.ndarray:
    """Columns whose first-order autoregressive errors become independent, of the same variance.

    Parameters
    ----------
    columns : float (n, columns).
    steps : int (n − 1,).
    lag1s : float (k,).

    Returns
    -------
    float64 (k, n, columns), for each lag-1 correlation.
    """
    lag1s, columns = np.asarray(lag1s)[:, None, None], np.asarray(columns, "float64")
    decay = lag1s ** steps[:, None]
    first = np.sqrt(1 - lag1s**2) * columns[:1]
    rest = (columns[1:] - decay * columns[:-1]) * np.sqrt((1 - lag1s**2) / (1 - decay**2))
    return np.concatenate([first, rest], axis=1)


def _fits(
    design: np.ndarray, values: np.ndarray, steps: np.ndarray, lag1s: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Logarithms of the restricted likelihood, coefficients, roots of their covariance, and variances, by memory."""
    n, columns = design.shape
    triangles = np.linalg.qr(whiten(np.column_stack([design, values]), steps, lag1s), mode="r")
    own, inside = np.split(triangles[:, :columns], [columns], axis=2)
    # values that the design explains fit every memory equally well
    floor = max(np.finfo("float64").eps ** 2 * float(values @ values), np.finfo("float64").tiny)
    squares = np.maximum(triangles[:, columns, columns] ** 2, floor)
    roots = np.linalg.inv(own)
    sizes = np.log(np.abs(np.diagonal(own, axis1=1, axis2=2))).sum(axis=1)
    logs = _determinants(steps, lag1s) - sizes - (n - columns) / 2 * np.log(squares)
    return logs, (roots @ inside)[:, :, 0], roots, squares / (n - columns)


def regular_steps(positions: Sequence[float]) -> np.ndarray:
    """Distances between neighbors in units of the usual one, whole numbers of at least 1; shape (n − 1,)."""
    distances = np.diff(np.asarray(positions, "float64"))
    return np.maximum(np.rint(distances / np.median(distances)), 1).astype(int)


def best_likelihood(design: np.ndarray, values: np.ndarray, steps: np.ndarray) -> float:
    """Logarithm of the largest likelihood over all memories, the constant left out; for comparing designs."""
    triangles = np.linalg.qr(whiten(np.column_stack([design, values]), steps, LAG1_GRID), mode="r")
    rest = np.maximum(np.abs(triangles[:, -1, -1]), 1e-150)
    return float((_determinants(steps, LAG1_GRID) - len(values) * np.log(rest)).max())


def _determinants(steps: np.ndarray, lag1s: np.ndarray) -> np.ndarray:
    """Half the logarithm of the determinant of the inverse covariance matrix of the errors, for each memory."""
    scales = (1 - lag1s[:, None] ** 2) / (1 - lag1s[:, None] ** (2 * steps))
    return 0.5 * (np.log(1 - lag1s**2) + np.log(scales).sum(axis=1))
