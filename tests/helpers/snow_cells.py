"""Held-out pixel counts of triplets whose map errs at known rates, for the tests of the snow cover."""

import numpy as np
import pandas as pd

CELLS = ["tn", "fp", "fn", "tp"]


def cells(sensitivity, specificity, places=12, dates=10, prevalence=0.4, spread=0.0, seed=0, regime="wet"):
    """One triplet of 400 pixels a place and date; ``spread``: standard deviation of both rates by place and by date."""
    rng = np.random.default_rng(seed)
    deviation = rng.normal(0, spread, (2, places, 1)) + rng.normal(0, spread, (2, 1, dates))
    share = np.clip(prevalence * rng.uniform(0.2, 1.8, (places, dates)), 0, 1)
    snow = 400 * share
    right = np.clip(sensitivity + deviation[0], 0, 1), np.clip(specificity + deviation[1], 0, 1)
    tp, tn = snow * right[0], (400 - snow) * right[1]
    table = np.stack([tn, 400 - snow - tn, snow - tp, tp], axis=-1).reshape(-1, 4)
    place, date = (index.ravel() for index in np.indices((places, dates)))
    days = (pd.Timestamp("2019-04-01") + pd.to_timedelta(12 * date, "D")).strftime("%Y-%m-%d")
    return pd.DataFrame(table, columns=CELLS).assign(regime=regime, place=place, date=days)
