"""Slope, season and changes of level of a series, estimated together, with intervals that account for memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from climate_indicators.carbon.series.change_points import MIN_SEGMENT, ChangePoint, regressors, shape_of
from climate_indicators.carbon.series.memory_model import Interval, Posterior, posterior, regular_steps

HARMONICS, MONTHS = 2, 12
UNKNOWN = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Components:
    """Parts of a series, in the unit of its values.

    Attributes
    ----------
    trend : per unit of the positions.
    sizes : of the changes, in the order of the changes.
    places : int (changes, 2), numbers of the first values that each change may begin at, earliest and latest.
    amplitude : half of the season from peak to trough; NaN without a season of twelve calendar months.
    peak : calendar month of the peak; bounds may be below 1 or above 12 where they pass the turn of the year.
    lag1 : expected lag-1 correlation of what is left.
    """

    trend: Interval
    sizes: tuple[Interval, ...]
    places: np.ndarray
    amplitude: Interval
    peak: Interval
    lag1: float


def components(
    values: np.ndarray, positions: np.ndarray, season: np.ndarray | None, changes: Sequence[ChangePoint],
    confidence: float = 0.95,
) -> Components | None:  # fmt: skip
    """Straight line, season and changes of level in one regression with first-order autoregressive errors.

    Neither the memory nor the places of the changes are known: the intervals average over both (`memory_model`), each
    change being tried at every place that keeps ``MIN_SEGMENT`` values from the ends and the other changes. They do
    not include the uncertainty whether the change exists. The season has a level for every calendar month; its
    amplitude and peak are those of the two harmonics of the year in it. The peak's interval holds the months around it
    whose season is not significantly below the peak's.

    Parameters
    ----------
    values, positions : float, shape (n,), no NaN.
    season : int, shape (n,), calendar months from 1, or None.
    changes : as `change_points.change_points` finds them.
    confidence : of the intervals, in (0, 1).

    Returns
    -------
    Components; None if there are too few values for the coefficients.
    """
    values, positions = np.asarray(values, "float64"), np.asarray(positions, "float64")
    base, numbers = regressors(positions, season), np.arange(len(values))
    if len(values) <= base.shape[1] + len(changes):
        return None
    moved = _moved(changes, len(values))
    designs = [np.column_stack([base, *(shape_of(one, numbers) for one in each)]) for each in moved]
    found = posterior(designs, values, regular_steps(positions))
    unit = np.eye(designs[0].shape[1])
    line = 1 if season is None else 0
    sizes = tuple(found.interval(unit[base.shape[1] + number], confidence) for number in range(len(changes)))
    weights = found.design_weights(len(moved))
    places = np.array([_likely(number, moved, weights, confidence) for number in range(len(changes))], dtype=int)
    amplitude, peak = _season(found, season, unit, confidence)
    trend = found.interval(unit[line] / (np.ptp(positions) or 1.0), confidence)
    return Components(trend, sizes, places.reshape(-1, 2), amplitude, peak, found.lag1)


def season_columns(calendar: np.ndarray) -> np.ndarray:
    """Cosine and sine of each harmonic, shape (n, 2 × HARMONICS).

    Parameters
    ----------
    calendar : int, shape (n,): calendar months, January 0.
    """
    angle = 2 * np.pi * np.asarray(calendar) / MONTHS
    return np.column_stack([part(wave * angle) for wave in range(1, HARMONICS + 1) for part in (np.cos, np.sin)])


def _moved(changes: Sequence[ChangePoint], n: int) -> list[list[ChangePoint]]:
    """The changes as they are, then each moved to every other place between its neighbors."""
    found = [list(changes)]
    ends = [0, *(one.position for one in changes), n]
    for number, change in enumerate(changes):
        for place in range(ends[number] + MIN_SEGMENT, ends[number + 2] - MIN_SEGMENT + 1):
            if place != change.position:
                found.append([*changes[:number], replace(change, position=place), *changes[number + 1 :]])
    return found


def _likely(number: int, moved: list[list[ChangePoint]], weights: np.ndarray, confidence: float) -> tuple[int, int]:
    """First and last of the most likely places of a change that have the probability ``confidence`` together."""
    others = [[one.position for at, one in enumerate(each) if at != number] for each in moved]
    chosen = [at for at, rest in enumerate(others) if rest == others[0]]
    places = np.array([moved[at][number].position for at in chosen])
    share = weights[chosen] / weights[chosen].sum()
    order = np.argsort(-share, kind="stable")
    likely = places[order[: int(np.searchsorted(np.cumsum(share[order]), confidence)) + 1]]
    return int(likely.min()), int(likely.max())


def _season(
    found: Posterior, season: np.ndarray | None, unit: np.ndarray, confidence: float
) -> tuple[Interval, Interval]:
    """Amplitude and peak of the harmonics in the twelve levels, which follow the linear trend in the design."""
    if season is None or len(np.unique(season)) < MONTHS:
        return UNKNOWN, UNKNOWN
    waves = season_columns(np.arange(MONTHS))
    curve = waves @ np.linalg.pinv(waves) @ unit[1 : 1 + MONTHS]  # contrasts, one row a calendar month
    shape = curve @ found.mean
    top, low = int(shape.argmax()), int(shape.argmin())

    def far(way: int) -> int:
        """Months from the peak in this direction that do not differ significantly from it; at most half a year."""
        below = (found.interval(curve[top] - curve[(top + way * step) % MONTHS], confidence) for step in range(1, 7))
        return next((step for step, one in enumerate(below) if one.lower > 0), 6)

    peak = Interval(float(top + 1), float(top + 1 - far(-1)), float(top + 1 + far(1)))
    return found.interval((curve[top] - curve[low]) / 2, confidence), peak
