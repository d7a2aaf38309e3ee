"""Speckle of radar images: filters in linear power that leave missing pixels alone and work strip by strip."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from climate_indicators.core.errors import InputError

FILTERS = ("none", "mean", "lee")
# borders of the histogram of squared coefficients of variation, as logarithms to the base 10
_EDGES = np.linspace(-4.0, 1.5, 111)


def check_filter(kind: str, size_px: int) -> None:
    """Check a filter's name and window.

    Raises
    ------
    InputError
        If the name is unknown, or the window is not an odd number from 3 on.
    """
    if kind not in FILTERS:
        raise InputError(f"the speckle filter is '{kind}'; expected one of {', '.join(FILTERS)}.")
    if kind != "none" and (size_px < 3 or size_px % 2 == 0):
        raise InputError(f"the speckle filter's window is {size_px} pixels wide; expected an odd number, 3 or more.")


@dataclass
class SpeckleLevel:
    """Relative variance of speckle in an image, gathered strip by strip: 1 / (number of looks).

    Where the ground is uniform the local variance over the squared local mean is the speckle's alone; relief and edges
    only add to it. Its commonest value, as a histogram of logarithms, is therefore the speckle's.
    """

    size_px: int
    counts: np.ndarray = field(default_factory=lambda: np.zeros(len(_EDGES) - 1, "int64"))

    def add(self, power: np.ndarray, rows: slice = slice(None)) -> None:
        """Count a piece of one band.

        Parameters
        ----------
        power : float array, shape (rows, columns), linear power, NaN where missing.
        rows : those of the piece that count; the others only surround them.
        """
        mean, variance, n_known = local_moments(power, self.size_px)
        whole = (n_known == self.size_px**2) & (mean > 0) & (variance > 0)
        whole = whole[rows]
        ratio = variance[rows][whole] / mean[rows][whole] ** 2
        self.counts += np.histogram(np.log10(ratio), _EDGES)[0]

    @property
    def variance(self) -> float:
        """Commonest squared coefficient of variation; 0 (no speckle) if no window was complete."""
        if not self.counts.any():
            return 0.0
        smooth = np.convolve(self.counts, [1, 2, 3, 2, 1], "same")
        peak = int(smooth.argmax())
        return float(10 ** ((_EDGES[peak] + _EDGES[peak + 1]) / 2))


def filtered(power: np.ndarray, kind: str, size_px: int, speckle_variance: float) -> np.ndarray:
    """Power with less speckle; missing pixels stay missing and count nowhere.

    ``mean`` is the local mean. ``lee`` is the filter of Lee (1980, doi:10.1109/TPAMI.1980.4766994) for multiplicative
    noise of mean 1: local mean plus the share of the deviation that the ground explains.

    Parameters
    ----------
    power : float array, shape (rows, columns), linear power, NaN where missing.
    kind : ``none``, ``mean`` or ``lee``.
    size_px : side of the window, odd.
    speckle_variance : relative variance of the speckle, 1 / (number of looks); ``lee`` alone uses it.

    Returns
    -------
    float64 array of that shape. Rows nearer than half a window to the array's edge see less than a whole window.
    """
    check_filter(kind, size_px)
    if kind == "none":
        return np.asarray(power, "float64")
    mean, variance, _ = local_moments(power, size_px)
    if kind == "mean":
        return np.where(np.isnan(power), np.nan, mean)
    # variance of the ground, after subtraction of the speckle variance
    ground = np.maximum((variance + mean**2) / (1 + speckle_variance) - mean**2, 0)
    noise = mean**2 * speckle_variance
    gain = np.divide(ground, ground + noise, out=np.ones_like(mean), where=ground + noise > 0)
    return mean + gain * (power - mean)


def local_moments(power: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance and number of the known pixels in the window around each pixel.

    Each window is summed by itself, in one order, so that a strip gives to the last bit what the whole image gives.

    Parameters
    ----------
    power : float array, shape (rows, columns), NaN where missing.
    size_px : side of the window, odd.

    Returns
    -------
    float64 arrays of that shape; mean and variance are 0 where no pixel of the window is known.
    """
    known = ~np.isnan(power)
    values = np.where(known, power, 0.0).astype("float64")
    n_known = _window_sum(known.astype("float64"), size_px)
    safe = np.maximum(n_known, 1)
    mean = _window_sum(values, size_px) / safe
    variance = np.maximum(_window_sum(values**2, size_px) / safe - mean**2, 0)
    return mean, variance, n_known


def _window_sum(values: np.ndarray, size_px: int) -> np.ndarray:
    ones = np.ones(size_px)
    rows = ndimage.correlate1d(values, ones, axis=0, mode="constant")
    return ndimage.correlate1d(rows, ones, axis=1, mode="constant")
