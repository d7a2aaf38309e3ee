"""How the masks' errors move through time, learnt from held-out images: what trend, season and steps owe to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from climate_indicators.carbon.mask_error import CALIBRATED
from climate_indicators.logs import InputError

MONTHS = 12


@dataclass(frozen=True)
class ErrorDrift:
    """Half widths of what the masks' errors may add to each component of the series, in kg.

    ``trend`` per year; ``size`` of the step; ``amplitude`` of the yearly harmonic.
    """

    trend: float
    size: float
    amplitude: float


def error_drift(
    estimates: pd.DataFrame, held_out: pd.DataFrame, change_month: np.datetime64, confidence: float = 0.95
) -> ErrorDrift:
    """Trend, step and season of the errors of the held-out images' carbon.

    A network may take burnt ground for forest, or miss trees without leaves: its errors then change when the land
    does, and are a part of the step or season that it shows. The error of a held-out image, estimate less true share
    times the same factors, is regressed on a level for each group, a straight line, a step at the month of the
    series' own, and a yearly harmonic, by least squares with errors that allow for unequal variances (MacKinnon and
    White 1985, HC3, doi:10.1016/0304-4076(85)90158-7).

    Parameters
    ----------
    estimates : ``image_path, date, carbon_kg, vegetation_fraction`` of every image.
    held_out : ``image, group, threshold_rule, true_fraction``, as `image_skill.image_metrics` gives them.
    change_month : first month after the step.
    confidence : of the intervals that are widened, in (0, 1).

    Returns
    -------
    ErrorDrift: the normal quantile times the root of squared coefficient plus squared standard error. The coefficient
    counts as an error, not as a correction: few places tell it.

    Raises
    ------
    InputError
        If there are too few held-out images, or all of them on one side of the step.
    """
    table = held_out[held_out["threshold_rule"] == CALIBRATED].merge(
        estimates, left_on="image", right_on="image_path", suffixes=("", "_estimate")
    )
    table = table[table["vegetation_fraction"] > 0]
    months = table["date"].str[:7].to_numpy(str).astype("datetime64[M]")
    error = table["carbon_kg"] * (1 - table["true_fraction"] / table["vegetation_fraction"])
    design = _design(months, table["group"].to_numpy(), change_month)
    if len(design) <= 2 * design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError(
            f"{len(design)} held-out images tell no step at {change_month} from trend and season of their errors. Take "
            "more places, or lower labelled_every of the simulation."
        )
    fit = sm.OLS(error.to_numpy(), design).fit(cov_type="HC3")
    quantile = stats.norm.ppf((1 + confidence) / 2)
    trend, step, cosine, sine = (quantile * float(np.hypot(fit.params[at], fit.bse[at])) for at in range(4))
    return ErrorDrift(trend, step, float(np.hypot(cosine, sine)))


def _design(months: np.ndarray, groups: np.ndarray, change_month: np.datetime64) -> np.ndarray:
    """Columns: years, step, cosine and sine of the year, then a level for each group; float64 (n, 4 + groups)."""
    number = months.astype("int64")
    angle = 2 * np.pi * number / MONTHS
    levels = groups[:, None] == np.unique(groups)
    years, step = (number - number.mean()) / MONTHS, months >= change_month
    return np.column_stack([years, step, np.cos(angle), np.sin(angle), levels]).astype("float64")
