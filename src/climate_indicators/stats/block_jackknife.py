"""Standard errors over blocks (jackknife), for blocks assigned at random or evenly along an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from climate_indicators.core.constants import CONFIDENCE

Statistic = Callable[[np.ndarray], float]
# blocks of equal strata have no order: any order independent of position and result is suitable
_TIES_SEED = 0


@dataclass(frozen=True)
class Spread:
    """Standard error of a statistic over blocks, shape (...), and its degrees of freedom."""

    error: np.ndarray
    freedom: float

    def reach(self, confidence: float) -> np.ndarray:
        """Half width of the interval with Student's t."""
        return stdtrit(self.freedom, (1 + confidence) / 2) * self.error


def block_spread(replicates: np.ndarray, strata: np.ndarray | None = None) -> Spread:
    """Standard error of a statistic from its values without one block at a time.

    Blocks assigned at random: jackknife of Efron and Stein (1981, doi:10.1214/aos/1176345462) with n − 1 degrees of
    freedom. Blocks assigned evenly along an order, as by `spatial_blocks.assign_splits` along the fraction of
    glacier, differ less in their sum than random ones: the differences between neighbors in that order give the
    variance (successive differences, Wolter 2007, Introduction to Variance Estimation,
    doi:10.1007/978-0-387-35099-8, chapter 8), with one degree of freedom per pair of neighbors, n / 2: more, as
    normal values would have, is too many for errors in few blocks.

    Parameters
    ----------
    replicates : float, shape (blocks, ...), at least two blocks.
    strata : shape (blocks,): what the blocks were ordered by when they were assigned; None if at random.
    """
    n = len(replicates)
    if n < 2:
        raise ValueError(f"the spread between blocks needs two or more of them, found {n}")
    if strata is None:
        return Spread(np.sqrt((n - 1) / n * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)), n - 1)
    order = np.lexsort([np.random.default_rng(_TIES_SEED).permutation(n), strata])
    # (n − 1) times the differences of replicates are those of the blocks' pseudo-values
    steps = np.diff(replicates[order], axis=0) * (n - 1)
    return Spread(np.sqrt((steps**2).sum(axis=0) / (2 * n * (n - 1))), n / 2)


def jackknife(parts: np.ndarray, statistic: Statistic, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """A statistic of all groups together, with its interval over groups by `block_spread` of random ones.

    Samples of one group, such as the triplets of a place, show the same ground: the groups are the independent samples.

    Parameters
    ----------
    parts : float, shape (groups, numbers): sums of each group.
    statistic : from sums over groups, shape (numbers,), to a number.
    confidence : in (0, 1).

    Returns
    -------
    Value, lower and upper bound; bounds are NaN with fewer than two groups, or where the statistic is not defined
    without one of them.
    """
    parts = np.asarray(parts, "float64")
    total = parts.sum(axis=0)
    value = statistic(total)
    without = np.array([statistic(total - part) for part in parts])
    if len(parts) < 2 or not np.isfinite(without).all():
        return value, np.nan, np.nan
    reach = float(block_spread(without).reach(confidence))
    return value, value - reach, value + reach


def stratum_of_share(label_fraction: np.ndarray) -> np.ndarray:
    """What blocks are ordered by when they are assigned: their fraction of positives in tenths, float64, same shape."""
    return np.round(label_fraction, 1)
