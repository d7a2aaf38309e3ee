"""Reliability of probabilities: observed fractions by bin, and the calibration error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from climate_indicators.core.constants import RELIABILITY_BINS


def reliability_table(probability: np.ndarray, counts: np.ndarray, bins: int = RELIABILITY_BINS) -> pd.DataFrame:
    """Mean probability and observed share of positives within bins of probability of equal width.

    Parameters
    ----------
    probability : float, shape (n,), 0 to 1: probabilities that occur.
    counts : int, shape (2, n): pixels of each, by label 0 and 1.
    bins : number of bins over 0 to 1.

    Returns
    -------
    Table ``bin_lower, bin_upper, mean_probability, observed_fraction, n_pixels``; NaN in bins without a pixel.
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    total = counts.sum(axis=0)
    pixels = np.bincount(place, total, bins)
    with np.errstate(invalid="ignore"):
        mean, observed = (np.bincount(place, part, bins) / pixels for part in (total * probability, counts[1]))
    edges = np.arange(bins + 1) / bins
    return pd.DataFrame(
        {
            "bin_lower": edges[:-1],
            "bin_upper": edges[1:],
            "mean_probability": mean,
            "observed_fraction": observed,
            "n_pixels": pixels.astype("int64"),
        }
    )


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Mean distance of probability and observed fraction over the bins of a `reliability_table`, weighted by pixels.

    Naeini et al. (2015, doi:10.1609/aaai.v29i1.9602), as used by Guo et al. (2017, arXiv:1706.04599).
    """
    filled = table[table.n_pixels > 0]
    return float(np.average((filled.mean_probability - filled.observed_fraction).abs(), weights=filled.n_pixels))
