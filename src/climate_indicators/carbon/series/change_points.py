"""Sudden changes of level in a series that may also have a trend, a season and a memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from climate_indicators.carbon.series.memory_model import best_likelihood, posterior, regular_steps

MIN_SEGMENT = 6
MIN_VALUES = 4 * MIN_SEGMENT
MAX_CHANGES = 10
# parameters of a change in the criterion of Schwarz: size, place and half-life, and one for the search over places
CHANGE_PARAMETERS = 4
# values before an artificial series begins, so that it has forgotten its start
WARM_UP = 50
# an autocorrelation of this strength cannot be distinguished from level changes
MAX_MEMORY = 0.95
# values after which half of a change is left: it lasts, or recovers slowly or soon
HALF_LIVES = (np.inf, 18.0, 6.0)
METHOD = "largest F of a change in addition to trend and season, against series of the same memory"


@dataclass(frozen=True)
class ChangePoint:
    """A sudden change of level.

    ``position`` of the first value after it; ``size`` in the values' unit; ``p_value``; ``half_life``: the number of
    values after which half of it is left, infinite if it lasts.
    """

    position: int
    size: float
    p_value: float
    half_life: float = np.inf


def change_points(
    values: Sequence[float],
    positions: Sequence[float] | None = None,
    season: Sequence[int] | None = None,
    significance: float = 0.05,
    draws: int = 499,
    seed: int = 0,
) -> list[ChangePoint]:
    """Sudden changes of a series, detected one by one in addition to its linear trend and its season.

    A change at every place, lasting or recovering (``HALF_LIVES``), is tried together with the line, the season and the
    changes already found, by least squares; the one with the largest F statistic (Andrews 1993, doi:10.2307/2951764)
    stays if that F is larger than those of series without any further change. These have the same regression and the
    same memory: first-order autoregressions of the residuals' own innovations in random order (a sieve bootstrap,
    Bühlmann 1997, doi:10.2307/3318584), the coefficient drawn from its posterior distribution for each, since series
    of a few years do not determine it. The posterior is averaged over no change and the change that is tested, by the
    criterion of Schwarz (1978, doi:10.1214/aos/1176344136). The search ends at the first change that does not stand
    out (binary segmentation, Scott and Knott 1974, doi:10.2307/2529204). Measured rates of false changes:
    docs/statistics.md.

    Parameters
    ----------
    values : float, shape (n,), in order, no NaN.
    positions : float, shape (n,): times or places, for the straight line and the memory; 0, 1, 2, … if not given.
    season : int, shape (n,): calendar month of each value; none has a season if not given.
    significance : a change stays if its p-value is below this.
    draws : number of series without a change, for the p-value.
    seed : of the draws.

    Returns
    -------
    Changes in order of position, none closer than ``MIN_SEGMENT`` values to another one or to an end. None if there are
    fewer than ``MIN_VALUES`` values, or if the line and season explain them all.
    """
    values = np.asarray(values, "float64")
    n = len(values)
    positions = np.arange(n) if positions is None else np.asarray(positions, "float64")
    if n < MIN_VALUES:
        return []
    design, steps = regressors(positions, season), regular_steps(positions)
    rng = np.random.default_rng(seed)
    found: list[ChangePoint] = []
    while len(found) < MAX_CHANGES:
        candidate = _strongest(values, design, steps, _free_places(n, found), draws, rng)
        if candidate is None or candidate.p_value >= significance:
            break
        found.append(candidate)
        design = np.column_stack([design, shape_of(candidate, np.arange(n))])
    sizes = np.linalg.lstsq(design, values, rcond=None)[0][design.shape[1] - len(found) :]
    changes = [replace(change, size=float(size)) for change, size in zip(found, sizes, strict=True)]
    return sorted(changes, key=lambda change: change.position)


def regressors(positions: np.ndarray, season: Sequence[int] | None = None) -> np.ndarray:
    """Columns of a straight line and of a season: shape (n, 1 + number of seasons), or (n, 2) without one.

    Parameters
    ----------
    positions : float, shape (n,).
    season : int, shape (n,), for instance calendar months: each gets a separate level.
    """
    line = (positions - positions.mean()) / (np.ptp(positions) or 1.0)
    if season is None:
        return np.column_stack([np.ones(len(line)), line])
    season = np.asarray(season)
    return np.column_stack([line, *(season == one for one in np.unique(season))]).astype("float64")


def shape_of(change: ChangePoint, positions: np.ndarray) -> np.ndarray:
    """Share of a change that is there at each position: 0 before it, 1 at it, halved every half-life; shape (n,).

    Parameters
    ----------
    change : its size is not used.
    positions : int, shape (n,): numbers of values, counted from the first as 0; they may lie beyond the series.
    """
    after = positions - change.position
    return np.where(after >= 0, 0.5 ** (np.maximum(after, 0) / change.half_life), 0.0)


def _strongest(
    values: np.ndarray, design: np.ndarray, steps: np.ndarray, free: np.ndarray, draws: int, rng: np.random.Generator
) -> ChangePoint | None:
    """The change with the largest F and its p-value; None if there is no position left or no residual variance."""
    n, basis = len(values), np.linalg.qr(design)[0]
    residuals = values - basis @ (basis.T @ values)
    if not free.any() or np.sqrt(np.mean(residuals**2)) <= 1e-10 * np.abs(values).max():
        return None
    gains = [_gains(residuals[:, None], basis, free, half_life)[:, 0] for half_life in HALF_LIVES]
    kind, place = np.unravel_index(np.argmax(gains), (len(gains), n))
    best = ChangePoint(int(place), np.nan, np.nan, HALF_LIVES[kind])
    with_change = np.column_stack([basis, shape_of(best, np.arange(n))])
    left = values - with_change @ np.linalg.lstsq(with_change, values, rcond=None)[0]
    if np.sqrt(np.mean(left**2)) <= 1e-10 * np.abs(values).max():
        return replace(best, p_value=1 / (draws + 1))
    lag1s, weights = _memory(values, basis, with_change, steps)
    noise = _without_change(left, lag1s, weights, steps, draws, rng)
    noise -= basis @ (basis.T @ noise)
    rivals = np.max([_gains(noise, basis, free, half_life).max(axis=0) for half_life in HALF_LIVES], axis=0)
    return replace(best, p_value=float((1 + np.sum(rivals >= gains[kind][place])) / (draws + 1)))


def _gains(residuals: np.ndarray, basis: np.ndarray, free: np.ndarray, half_life: float) -> np.ndarray:
    """Share of the sum of squares that a change at each place explains, (n, series); a monotonic function of F."""
    kept = 0.5 ** (1 / half_life)

    def sums_to_end(columns: np.ndarray, kept: float) -> np.ndarray:
        return lfilter([1.0], [1.0, -kept], columns[::-1], axis=0)[::-1]

    shared = sums_to_end(basis, kept)
    norm = sums_to_end(np.ones(len(residuals)), kept**2) - (shared**2).sum(axis=1)
    usable = free & (norm > 1e-8)
    gains = np.zeros(residuals.shape)
    gains[usable] = sums_to_end(residuals, kept)[usable] ** 2 / norm[usable, None]
    return gains / (residuals**2).sum(axis=0)


def _memory(
    values: np.ndarray, without: np.ndarray, with_change: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lag-1 correlations and their probabilities, with and without the change, weighed by Schwarz's criterion.

    A change that is there makes the rest look alike from value to value; one that is sought out hides that it is.
    """
    gain = best_likelihood(with_change, values, steps) - best_likelihood(without, values, steps)
    odds = np.exp(np.clip(gain - CHANGE_PARAMETERS / 2 * np.log(len(values)), -50, 50))
    parts = [
        (posterior([without], values, steps), 1 / (1 + odds)),
        (posterior([with_change], values, steps), 1 - 1 / (1 + odds)),
    ]
    lag1s = np.concatenate([part.lag1s for part, _ in parts])
    weights = np.concatenate([share * part.weights for part, share in parts])
    return lag1s, weights / weights.sum()


def _without_change(
    residuals: np.ndarray, lag1s: np.ndarray, weights: np.ndarray, steps: np.ndarray, draws: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Autoregressions of order 1 from the residuals' innovations in random order, with a new φ for each: (n, draws)."""
    drawn_lag1s = rng.choice(lag1s, draws, p=weights)
    decay = float(weights @ lag1s) ** steps
    innovations = (residuals[1:] - decay * residuals[:-1]) / np.sqrt(1 - decay**2)
    drawn = rng.choice(innovations - innovations.mean(), (WARM_UP + len(residuals), draws))
    series = np.zeros((len(residuals), draws))
    kept = drawn_lag1s ** np.concatenate([np.ones(WARM_UP, int), [1], steps])[:, None]
    value = np.zeros(draws)
    for number, (share, new) in enumerate(zip(kept, drawn, strict=True)):
        value = share * value + np.sqrt(1 - share**2) * new
        if number >= WARM_UP:
            series[number - WARM_UP] = value
    return series


def _free_places(n: int, taken: Sequence[ChangePoint]) -> np.ndarray:
    places = np.arange(n)
    free = (places >= MIN_SEGMENT) & (places <= n - MIN_SEGMENT)
    for one in taken:
        free &= np.abs(places - one.position) >= MIN_SEGMENT
    return free
