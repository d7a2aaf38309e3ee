"""Comparison of estimated and measured carbon of images: pairs by name, errors and agreement with intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.tables import read_user_table
from climate_indicators.stats.group_bootstrap import MIN_GROUPS, expanded_interval, group_weights

KILOGRAMS = {"kg": 1.0, "t": 1000.0}
METRICS = ("bias_kg", "rmse_kg", "r2", "concordance")
# values that the metrics cannot pass
LEAST, MOST = np.array([-np.inf, 0.0, -np.inf, -1.0]), np.array([np.inf, np.inf, 1.0, 1.0])
DRAWS = 2000
ALL, TEST = "all", "test"


def read_ground_truth(
    path: str | Path, image: str = "image", carbon: str = "carbon_kg", unit: str = "kg"
) -> pd.DataFrame:
    """Measured carbon of images: ``row`` (the first under the header is 1), ``image`` text, ``truth_kg``.

    Rows without a value have NaN. A name stays the text that it is in the file, ``007`` too.

    Parameters
    ----------
    path : CSV in UTF-8, one image per row.
    image, carbon : names of the columns.
    unit : ``kg`` or ``t``, of the carbon.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing or has no value, or a value is no finite number, negative, or
        without an image.
    """
    table = read_user_table(path, "ground truth", [carbon], "one image per row")
    for column in (image, carbon):
        if column not in table:
            raise InputError(
                f"ground truth {path}: there is no column '{column}'; it has {', '.join(table.columns)}. Name the "
                "columns in ground_truth.image and ground_truth.carbon of the site."
            )
    numbers = pd.to_numeric(table[carbon], errors="coerce").to_numpy("float64", na_value=np.nan)
    given = table[carbon].notna().to_numpy()
    _refuse(path, table[carbon], given & ~np.isfinite(numbers), "a finite number, with a point for decimals")
    _refuse(path, table[carbon], given & (numbers < 0), f"carbon in {unit}, 0 or more")
    _refuse(path, table[image], table[image].isna().to_numpy(), "the name of an image")
    if not given.any():
        raise InputError(f"ground truth {path}: the column '{carbon}' has no value in any of its {len(table)} rows.")
    rows = np.arange(1, len(table) + 1)
    return pd.DataFrame({"row": rows, "image": table[image], "truth_kg": numbers * KILOGRAMS[unit]})


def compare(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Estimated and measured carbon of each image, in the order of the estimates.

    Rows without a measurement, and images without an estimate, which show nothing or could not be used, are left out.

    Parameters
    ----------
    estimates : ``image_path, split, date, carbon_kg, carbon_lower_kg, carbon_upper_kg``.
    truth : as `read_ground_truth` gives it, its images as `match_images` gives them.

    Returns
    -------
    ``image, split, date, truth_kg, estimate_kg, lower_kg, upper_kg, error_kg`` (estimate − truth)``, inside`` (truth in
    the interval, ends included).

    Raises
    ------
    InputError
        If nothing is left to compare.
    """
    columns = {
        "image_path": "image",
        "carbon_kg": "estimate_kg",
        "carbon_lower_kg": "lower_kg",
        "carbon_upper_kg": "upper_kg",
    }
    table = estimates.rename(columns=columns).merge(truth[["image", "truth_kg"]], on="image", validate="one_to_one")
    table = table.dropna(subset=["truth_kg", "estimate_kg"]).reset_index(drop=True)
    if table.empty:
        raise InputError(f"ground truth: none of its {len(truth)} rows has both a measurement and an estimate.")
    table["error_kg"] = table["estimate_kg"] - table["truth_kg"]
    table["inside"] = (table["lower_kg"] <= table["truth_kg"]) & (table["truth_kg"] <= table["upper_kg"])
    return table[
        ["image", "split", "date", "truth_kg", "estimate_kg", "lower_kg", "upper_kg", "error_kg", "inside"]
    ]  # fmt: skip


def comparison_skill(
    table: pd.DataFrame,
    images: pd.DataFrame,
    n_rows: int,
    confidence: float = 0.95,
    seed: int = 0,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Agreement of estimated with measured carbon, for all images and for those of the test part.

    Bias is the mean error; R² = 1 − SSE / SST about the 1:1 line, not about a fitted one, so that it is negative where
    the mean of the measurements would do better; concordance is that of Lin (1989, doi:10.2307/2532051). Intervals are
    those of a bootstrap of groups, enlarged for few groups (`group_bootstrap.expanded_interval`): images of one place,
    and duplicates, are alike and are drawn together.

    Parameters
    ----------
    table : as `compare` gives it.
    images : ``image, group``.
    n_rows : of the measurements' table, of which those not compared are counted.
    confidence : in (0, 1).
    seed : of the bootstrap.
    draws : of the bootstrap.

    Returns
    -------
    ``part`` (``all``, ``test``)``, n, n_groups, n_excluded`` (of all rows)``, bias_kg, rmse_kg, r2, concordance``, each
    followed by its ``_lower`` and ``_upper``, and ``coverage``, the share of measurements inside the estimates'
    intervals, which do not include the errors of the measurements. A part without a pair has no row. NaN where a
    number is not defined: R² and concordance of a single value, intervals of fewer than three groups.
    """
    groups = table["image"].map(images.set_index("image")["group"])
    rows = []
    for part, chosen in ((ALL, np.ones(len(table), bool)), (TEST, (table["split"] == "test").to_numpy())):
        if not chosen.any():
            continue
        one, group = table[chosen], pd.factorize(groups[chosen])[0]
        row = {"part": part, "n": len(one), "n_groups": int(group.max()) + 1, "n_excluded": n_rows - len(table)}
        sums, scale, rng = *_sums(one, group), np.random.default_rng(seed)
        values = agreement(sums.sum(axis=0))
        bounds = _bootstrap(values, sums, draws, confidence, rng) * scale[:, None]
        for name, value, (low, high) in zip(METRICS, values * scale, bounds, strict=True):
            row |= {name: value, f"{name}_lower": low, f"{name}_upper": high}
        rows.append(row | {"coverage": one["inside"].mean()})
    return pd.DataFrame(rows)


def agreement(sums: np.ndarray) -> np.ndarray:
    """Bias, root mean square error, R² about the 1:1 line and concordance, shape (..., 4), from sums.

    Parameters
    ----------
    sums : float, shape (..., 6): number of pairs, sums of truth t and estimate e, of t², e² and t·e. All but the number
        should be near 1 a pair, or differences of squares lose their digits.
    """
    n, t, e, tt, ee, te = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        bias, squares = (e - t) / n, np.maximum(ee - 2 * te + tt, 0.0)
        spread = np.maximum(tt - t**2 / n, 0.0)
        spread = np.where(spread > 1e-12 * np.maximum(tt, 1e-300), spread, np.nan)
        both = spread + (ee - e**2 / n) + n * bias**2
        return np.stack([bias, np.sqrt(squares / n), 1 - squares / spread, 2 * (te - t * e / n) / both], axis=-1)


def _sums(table: pd.DataFrame, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of each group for `agreement`, of values less their mean and over their spread, and the metrics' scales."""
    pairs = table[["truth_kg", "estimate_kg"]].to_numpy("float64")
    unit = float(np.abs(pairs - pairs[:, 0].mean()).max()) or 1.0
    t, e = (pairs - pairs[:, 0].mean()).T / unit
    sums = [np.bincount(group, weights) for weights in (np.ones(len(t)), t, e, t * t, e * e, t * e)]
    return np.stack(sums, axis=1), np.array([unit, unit, 1.0, 1.0])


def _bootstrap(
    values: np.ndarray, sums: np.ndarray, draws: int, confidence: float, rng: np.random.Generator
) -> np.ndarray:
    """Bounds of the metrics from resampled groups, shape (4, 2); NaN with too few groups."""
    groups = len(sums)
    if groups < MIN_GROUPS:
        return np.full((len(METRICS), 2), np.nan)
    drawn = agreement(group_weights(groups, draws, rng) @ sums)
    lower, upper = expanded_interval(values, drawn, groups, confidence)
    return np.clip(np.stack([lower, upper], axis=1), LEAST[:, None], MOST[:, None])


def _refuse(path: str | Path, column: pd.Series, wrong: np.ndarray, expected: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        found = "nothing" if pd.isna(column.iloc[first]) else f"'{column.iloc[first]}'"
        raise InputError(
            f"ground truth {path}, column '{column.name}', row {first + 1}: found {found}, expected {expected}; "
            f"{int(wrong.sum())} of {len(column)} rows are like that. Mend or remove them."
        )
