"""Forecast intervals from the errors of forecasts of the past, lead by lead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

# scores that a quantile of 95 % needs at least: with fewer, (n + 1) · 0.95 is beyond the largest
ENOUGH = 19
# with fewer scores over all lead times, there is no interval
FEWEST = 5
# above this correlation, errors of neighboring origins have no independent scatter
MAX_LAG1 = 0.98


def half_widths(errors: pd.DataFrame, spread: np.ndarray, probabilities: Sequence[float]) -> np.ndarray:
    """Half widths of the intervals of a forecast, for each probability and lead; float64, (probabilities, horizon).

    Split-conformal prediction (Vovk et al. 2005, Algorithmic Learning in a Random World; Lei et al. 2018,
    doi:10.1080/01621459.2017.1307116): the p-quantile, (n + 1) p from below, of the n absolute errors of past forecasts
    with the same lead. Where a lead has fewer than ``ENOUGH``, those of the next leads are added, in proportion to the
    standard errors that the model gives the leads; where all have fewer, their root mean square times Student's t is
    taken. NaN with fewer than ``FEWEST``.

    Errors of forecasts over a change of level do not count as long as ``ENOUGH`` others are left: the intervals are
    those of months to come in which the level does not change.

    Forecasts from neighboring origins have similar errors, and n is larger than the number of independent ones. The
    half width is therefore enlarged by Student's t over the normal quantile (as `group_bootstrap.expansion` does for
    few groups). The degrees of freedom are the number of different months forecast, times (1 − r²) / (1 + r²) for the
    lag-1 correlation r of errors with the same lead: those of a mean square of an autoregression (Bayley and
    Hammersley 1946, doi:10.2307/2983560).

    Parameters
    ----------
    errors : ``origin, ahead, error, spans_change``: months before the forecast, months ahead, forecast less value, and
        whether a change of level lies between them.
    spread : float, shape (horizon,): standard errors of the forecast as its model gives them; only their proportions
        count.
    probabilities : in (0, 1).
    """
    known = errors[~errors["spans_change"].astype(bool)]
    errors = known if len(known) >= ENOUGH else errors
    ahead, origins = errors["ahead"].to_numpy("int64"), errors["origin"].to_numpy("int64")
    scores = errors["error"].to_numpy("float64") / spread[ahead - 1]
    squared = _lag1(origins, ahead, scores) ** 2
    independent = (1 - squared) / (1 + squared)
    widths = np.full((len(probabilities), len(spread)), np.nan)
    if len(scores) < FEWEST:
        return widths
    for lead in range(1, len(spread) + 1):
        distance = np.abs(ahead - lead)
        reach = np.sort(distance)[min(ENOUGH, len(distance)) - 1]
        chosen = distance <= reach
        freedom = max(1.0, len(np.unique((origins + ahead)[chosen])) * independent)
        for place, probability in enumerate(probabilities):
            widths[place, lead - 1] = _reach(scores[chosen], probability, freedom) * spread[lead - 1]
    return widths


def _reach(scores: np.ndarray, probability: float, freedom: float) -> float:
    student, normal = special.stdtrit(freedom, (1 + probability) / 2), special.ndtri((1 + probability) / 2)
    if len(scores) < ENOUGH:
        return float(student * np.sqrt(np.mean(scores**2)))
    return float(np.quantile(np.abs(scores), probability, method="weibull") * student / normal)


def _lag1(origins: np.ndarray, ahead: np.ndarray, scores: np.ndarray) -> float:
    """Correlation of the errors of neighboring origins at the same lead, about 0; the largest where there are none."""
    order = np.lexsort((origins, ahead))
    first, second = order[:-1], order[1:]
    # origins farther apart are more independent than this estimate
    step = np.diff(np.unique(origins)).min(initial=np.iinfo("int64").max)
    pairs = (ahead[first] == ahead[second]) & (origins[second] - origins[first] == step)
    one, other = scores[first[pairs]], scores[second[pairs]]
    power = float(one @ one + other @ other) / 2
    return float(np.clip(one @ other / power, 0, MAX_LAG1)) if power > 0 else MAX_LAG1


def excluded_checks(errors: pd.DataFrame, horizon: int, probabilities: Sequence[int]) -> pd.DataFrame:
    """Whether past forecasts lay inside intervals that are made without them and their neighbors.

    The intervals of an origin come from the errors of origins at least ``horizon`` months away, whose errors are of
    other months.

    Parameters
    ----------
    errors : ``origin, ahead, error, spread, spans_change`` of one method.
    horizon : months of each forecast.
    probabilities : in per cent.

    Returns
    -------
    ``in_80`` and so on, for each row of ``errors``: 1, 0, or NaN where too few other origins are left.
    """
    columns = pd.DataFrame(np.nan, index=errors.index, columns=[f"in_{one}" for one in probabilities])
    for origin, rows in errors.groupby("origin"):
        others = errors[(errors["origin"] - origin).abs() >= horizon]
        spread = np.full(horizon, rows["spread"].mean())
        spread[rows["ahead"] - 1] = rows["spread"]
        widths = half_widths(others, spread, [one / 100 for one in probabilities])[:, rows["ahead"] - 1]
        inside = np.where(np.isfinite(widths), rows["error"].abs().to_numpy() <= widths, np.nan)
        columns.loc[rows.index] = inside.T
    return columns
