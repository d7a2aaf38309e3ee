"""Forecast intervals from the errors of forecasts of the past, lead by lead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

# scores that a quantile of 95 % needs at least: with fewer, (n + 1) · 0.95 is beyond the largest
ENOUGH = 19
# with fewer scores of all leads together there is no interval
FEWEST = 5


def reaches(scores: pd.DataFrame, leads: Sequence[int], probability: float) -> np.ndarray:
    """Half widths of intervals in units of the model's standard error, for each lead; float64, (leads,).

    Split-conformal prediction (Vovk et al. 2005, Algorithmic Learning in a Random World; Lei et al. 2018,
    doi:10.1080/01621459.2017.1307116): the ⌈(n + 1) p⌉-th smallest of the n scores |error| / standard error of past
    forecasts with the same lead (locally weighted, section 5.2). Where a lead has fewer than ``ENOUGH`` scores, those
    of the next leads are added; where all have fewer, the reach is that of Student's t for the root mean square of the
    scores. NaN with fewer than ``FEWEST``.

    Forecasts of the same months share their errors. The reach is therefore enlarged by Student's t over the normal
    quantile, the degrees of freedom being the number of forecasts that fit into the time of the scores one after the
    other (as `group_bootstrap.expansion` does for few groups).

    Parameters
    ----------
    scores : ``origin, ahead, score``: months before the forecast, months ahead, absolute error over standard error.
    leads : months ahead, from 1.
    probability : in (0, 1).
    """
    ahead, values = scores["ahead"].to_numpy("int64"), scores["score"].to_numpy("float64")
    origins = scores["origin"].to_numpy("int64")
    found = []
    for lead in leads:
        distance = np.abs(ahead - lead)
        chosen = np.zeros(len(ahead), bool)
        for reach in range(int(distance.max(initial=0)) + 1):
            chosen = distance <= reach
            if chosen.sum() >= ENOUGH:
                break
        apart = 1 + np.ptp(origins[chosen]) / lead if chosen.any() else 1.0
        wider = stats.t.ppf((1 + probability) / 2, apart) / stats.norm.ppf((1 + probability) / 2)
        found.append(_quantile(np.sort(values[chosen]), probability) * wider)
    return np.array(found)


def _quantile(scores: np.ndarray, probability: float) -> float:
    n = len(scores)
    if n < FEWEST:
        return np.nan
    place = int(np.ceil((n + 1) * probability - 1e-9))
    if place <= n:
        return float(scores[place - 1])
    spread = np.sqrt(np.mean(scores**2) * (1 + 1 / n))
    return float(stats.t.ppf((1 + probability) / 2, n) * spread)


def left_out_checks(errors: pd.DataFrame, horizon: int, probabilities: Sequence[int]) -> pd.DataFrame:
    """Whether past forecasts lay inside intervals that are made without them and their neighbors.

    The intervals of an origin come from the scores of origins at least ``horizon`` months away, whose errors are of
    other months.

    Parameters
    ----------
    errors : ``origin, ahead, error, score`` of one method.
    horizon : months of each forecast.
    probabilities : in per cent.

    Returns
    -------
    ``in_80`` and so on, for each row of ``errors``: 1, 0, or NaN where too few other origins are left.
    """
    columns = pd.DataFrame(np.nan, index=errors.index, columns=[f"in_{one}" for one in probabilities])
    for origin, rows in errors.groupby("origin"):
        others = errors[(errors["origin"] - origin).abs() >= horizon]
        for one in probabilities:
            reach = reaches(others, rows["ahead"], one / 100)
            inside = np.where(np.isfinite(reach), rows["score"].to_numpy() <= reach, np.nan)
            columns.loc[rows.index, f"in_{one}"] = inside
    return columns
