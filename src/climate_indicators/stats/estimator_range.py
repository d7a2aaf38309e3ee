"""Intervals around a range of estimates, when it is not known which of them is right."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

_HALVINGS = 40


def reach_beyond_range(reach: np.ndarray, gap: np.ndarray, confidence: float) -> np.ndarray:
    """Distance from the ends of a range of estimates to the bounds of an interval that holds the truth.

    The truth is one of the values between two estimates, each with the same random error. If they are alike, it can be
    missed on both sides; if they are far apart, on the side of the right one only, and the two-sided distance is too
    large (Imbens and Manski 2004, doi:10.1111/j.1468-0262.2004.00555.x, equation 6, normal errors).

    Parameters
    ----------
    reach : half width of the interval of one estimate, any shape.
    gap : distance between the two estimates, same shape, not negative.
    confidence : of the interval, in (0, 1).

    Returns
    -------
    float64, same shape: from ``reach`` at a gap of 0 down to 0.84 of it at 95 %.
    """
    reach, gap = np.asarray(reach, "float64"), np.asarray(gap, "float64")
    two_sided = -ndtri((1 - confidence) / 2)
    apart = np.divide(gap * two_sided, reach, out=np.zeros(np.broadcast(reach, gap).shape), where=reach > 0)
    low, high = np.full(apart.shape, ndtri(confidence)), np.full(apart.shape, two_sided)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        enough = ndtr(middle + apart) - ndtr(-middle) >= confidence
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return reach * high / two_sided
