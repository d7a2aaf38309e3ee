"""Input slopes of the classifier, standardized by the reference month or, as published, by each month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FROZEN, MONTHLY = "frozen", "monthly"


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation (ddof 0) of each slope over some cells.

    Attributes
    ----------
    mean, sd : float64, shape (slopes,), in the slopes' units.
    """

    mean: np.ndarray
    sd: np.ndarray

    def __call__(self, slopes: np.ndarray) -> np.ndarray:
        """Standardized slopes, of the shape of ``slopes``, dimensionless."""
        return (slopes - self.mean) / self.sd


def fit_scaler(slopes: np.ndarray) -> Scaler:
    """Scaler of these cells; a slope that does not vary gets a standard deviation of 1, so that it becomes 0.

    Parameters
    ----------
    slopes : float, shape (cells, slopes), finite, at least one cell.

    Raises
    ------
    ValueError
        If there is no cell or a slope is not finite.
    """
    slopes = np.asarray(slopes, "float64")
    if len(slopes) == 0 or not np.isfinite(slopes).all():
        raise ValueError(f"{len(slopes)} cells, finite: {np.isfinite(slopes).all()}; a scaler needs finite slopes")
    mean, sd = slopes.mean(axis=0), slopes.std(axis=0)
    # equal numbers have a spread of a few units in the last place
    constant = sd <= 10 * np.finfo("float64").eps * np.abs(mean)
    return Scaler(mean, np.where(constant, 1.0, sd))


def standardize_with(slopes: np.ndarray, scaler_mode: str, frozen_mean: np.ndarray, frozen_sd: np.ndarray):
    """Slopes of one month as the network wants them.

    Parameters
    ----------
    slopes : float, shape (cells, slopes); cells with a NaN stay NaN.
    scaler_mode : ``frozen`` for mean and standard deviation of the reference month's training cells; ``monthly`` for
        those of the month itself, as published, which hides any change that all cells of a month share.
    frozen_mean, frozen_sd : float, shape (slopes,), kept with the model.

    Returns
    -------
    float64, shape (cells, slopes), dimensionless.

    Raises
    ------
    ValueError
        If ``scaler_mode`` is neither.
    """
    slopes = np.asarray(slopes, "float64")
    if scaler_mode == FROZEN:
        return Scaler(np.asarray(frozen_mean, "float64"), np.asarray(frozen_sd, "float64"))(slopes)
    if scaler_mode != MONTHLY:
        raise ValueError(f"scaler mode is {scaler_mode!r}; allowed are {FROZEN!r} and {MONTHLY!r}")
    known = np.isfinite(slopes).all(axis=1)
    return fit_scaler(slopes[known])(slopes) if known.any() else slopes.copy()
