"""Errors that a series of mapped carbon shares with its maps and factors: in proportion, and moving through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from climate_indicators.carbon.estimation.estimates import ALL
from climate_indicators.carbon.estimation.mask_error import CALIBRATED
from climate_indicators.carbon.series.memory_model import Interval

MONTHS = 12
MIN_SEASON = 3  # minimum number of calendar months to separate a harmonic and a level


@dataclass(frozen=True)
class ErrorDrift:
    """Half widths of the effect of mask errors on each component of the series, in kg.

    ``trend`` per year; ``sizes`` of the changes of level; ``amplitude`` of the yearly harmonic. NaN if not known.
    """

    trend: float
    sizes: tuple[float, ...]
    amplitude: float

    @property
    def known(self) -> bool:
        """Whether the held-out images are sufficient to estimate the change of the errors."""
        return bool(np.isfinite(self.trend))


@dataclass(frozen=True)
class MapErrors:
    """Errors that all values of a series share through maps and factors.

    Attributes
    ----------
    shares : float (2,), lower and upper bound of the error in proportion, such as −0.2 and 0.2.
    images : ``date, group, error_kg`` of the held-out images with a date: estimated less true carbon.
    """

    shares: np.ndarray
    images: pd.DataFrame

    @classmethod
    def of(cls, estimates: pd.DataFrame, totals: pd.DataFrame, held_out: pd.DataFrame) -> MapErrors:
        """Errors from the tables of a site.

        Parameters
        ----------
        estimates : ``image_path, date, vegetation_fraction, carbon_whole_kg`` of every image.
        totals : as `estimates.estimate` gives them; its first row of all images counts.
        held_out : ``image, group, threshold_rule, true_fraction``, as `image_skill.image_metrics` gives them.
        """
        total = totals[totals["part"] == ALL].iloc[0]
        shares = np.array([total["carbon_kg_lower"], total["carbon_kg_upper"]]) / total["carbon_kg"] - 1
        table = held_out[held_out["threshold_rule"] == CALIBRATED].merge(
            estimates, left_on="image", right_on="image_path", suffixes=("", "_estimate")
        )
        usable = (table["vegetation_fraction"] > 0) & table["carbon_whole_kg"].notna() & table["true_fraction"].notna()
        table = table[usable & table["date"].notna()]
        error = table["carbon_whole_kg"] * (1 - table["true_fraction"] / table["vegetation_fraction"])
        return cls(shares, table[["date", "group"]].assign(error_kg=error))

    def drift(self, changes: Sequence[tuple[np.datetime64, float]] = (), confidence: float = 0.95) -> ErrorDrift:
        """Trend, changes and season of the errors of the held-out images' carbon.

        A network may take burned ground for forest, or miss trees without leaves: its errors then change when the land
        does, and are a part of the step or season that it shows. The error of a held-out image is regressed on a level
        for each group, a straight line, the changes of the series, and a yearly harmonic, by least squares with errors
        that allow for unequal variances (MacKinnon and White 1985, HC3, doi:10.1016/0304-4076(85)90158-7).

        Parameters
        ----------
        changes : first month and half-life in months (infinite if it lasts) of each change of the series.
        confidence : of the intervals that are widened, in (0, 1).

        Returns
        -------
        ErrorDrift: the normal quantile times the root of squared coefficient plus squared standard error. The
        coefficient counts as an error, not as a correction: few places determine it. NaN where there are too few
        held-out images, or none before or after a change. Images of fewer than three months of the year show no season:
        it is left out, and its part is NaN.
        """
        months = self.images["date"].astype(str).str[:7].to_numpy(str).astype("datetime64[M]")
        seasonal = len(np.unique(months.astype("int64") % MONTHS)) >= MIN_SEASON
        design = _design(months, self.images["group"].to_numpy(), changes, seasonal)
        if len(design) <= 2 * design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
            return ErrorDrift(np.nan, (np.nan,) * len(changes), np.nan)
        fit = sm.OLS(self.images["error_kg"].to_numpy("float64"), design).fit(cov_type="HC3")
        quantile = stats.norm.ppf((1 + confidence) / 2)
        sizes = quantile * np.hypot(fit.params, fit.bse)
        first = 3 if seasonal else 1
        amplitude = float(np.hypot(*sizes[1:3])) if seasonal else np.nan
        return ErrorDrift(float(sizes[0]), tuple(map(float, sizes[first : first + len(changes)])), amplitude)


def widened(own: Interval, shares: np.ndarray, drift: float = 0.0) -> Interval:
    """Interval with its own error, a proportional error and a mask error, combined in quadrature.

    Parameters
    ----------
    own : value and bounds by its own error.
    shares : float, shape (2,): lower and upper bound of the error in proportion, such as −0.2 and 0.2.
    drift : half width of the masks' part, in the value's unit; NaN, not known, counts as 0.
    """
    low, high = np.sort(own.value * shares)
    drift = drift if np.isfinite(drift) else 0.0
    below, above = (
        float(np.sqrt(side**2 + part**2 + drift**2))
        for side, part in ((own.value - own.lower, low), (own.upper - own.value, high))
    )
    return Interval(own.value, own.value - below, own.value + above)


def _design(
    months: np.ndarray, groups: np.ndarray, changes: Sequence[tuple[np.datetime64, float]], seasonal: bool
) -> np.ndarray:
    """Columns: years, where seasonal cosine and sine of the year, changes, then a level for each group; float64."""
    number = months.astype("int64")
    angle = 2 * np.pi * number / MONTHS
    season = [np.cos(angle), np.sin(angle)] if seasonal else []
    levels = groups[:, None] == np.unique(groups)
    years = (number - number.mean()) / MONTHS if len(number) else number
    after = [number - np.datetime64(month, "M").astype("int64") for month, _ in changes]
    shapes = [
        np.where(one >= 0, 0.5 ** (np.maximum(one, 0) / half_life), 0.0)
        for one, (_, half_life) in zip(after, changes, strict=True)
    ]
    return np.column_stack([years, *season, *shapes, levels]).astype("float64")
