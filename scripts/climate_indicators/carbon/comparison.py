"""Carbon of images beside measured carbon: pairs by name, errors and agreement with intervals."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from climate_indicators.group_bootstrap import MIN_GROUPS, expanded_interval, group_weights
from climate_indicators.logs import InputError
from climate_indicators.tables import read_user_table

KILOGRAMS = {"kg": 1.0, "t": 1000.0}
IMAGE_ENDINGS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".jp2", ".bmp", ".gif", ".webp"}
METRICS = ("bias_kg", "rmse_kg", "r2", "concordance")
# values that the metrics cannot pass
LEAST, MOST = np.array([-np.inf, 0.0, -np.inf, -1.0]), np.array([np.inf, np.inf, 1.0, 1.0])
DRAWS = 2000
NAMED = 5
ALL, TEST = "all", "test"


def read_ground_truth(
    path: str | Path, image: str = "image", carbon: str = "carbon_kg", unit: str = "kg"
) -> pd.DataFrame:
    """Measured carbon of images: ``row`` (the first under the header is 1), ``image`` text, ``truth_kg``.

    Rows without a value have NaN. A name stays the text that it is in the file, ``007`` too.

    Parameters
    ----------
    path : CSV in UTF-8, one image a row.
    image, carbon : names of the columns.
    unit : ``kg`` or ``t``, of the carbon.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing or has no value, or a value is no finite number, negative, or
        without an image.
    """
    table = read_user_table(path, "ground truth", [carbon], "one image a row")
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


def match_images(truth: pd.DataFrame, names: Sequence[str], source: str | Path = "ground truth") -> pd.Series:
    """Image of every row of measured carbon: text, with the index of ``truth``.

    A name is looked for as it is, without its ending, without its folder, and without both, in this order; the first
    that one image alone answers to is taken. A folder or an ending may be missing on either side, or differ.

    Parameters
    ----------
    truth : as `read_ground_truth` gives it.
    names : of the images, each once.
    source : name of the table, for the message.

    Raises
    ------
    InputError
        If a row answers to no image or to several, or two rows to the same one; it names up to ``NAMED``.
    """
    known: list[dict[str, list[str]]] = [{}, {}, {}, {}]
    for name in names:
        for forms, form in zip(known, _forms(name), strict=True):
            forms.setdefault(form, []).append(name)
    found, lost = [], []
    for row in truth.itertuples():
        # what looks like an ending may be part of a name without one: site_1.5 stands for site_1.5.jpg
        whole, _, last, _ = _forms(row.image)
        tries = [*zip(known, _forms(row.image), strict=True), (known[1], whole), (known[3], last)]
        hits = [forms[form] for forms, form in tries if form in forms]
        single = next((hit[0] for hit in hits if len(hit) == 1), None)
        found.append(single)
        if single is None:
            several = f", which could be {hits[0][0]} or {hits[0][1]}" if hits else ""
            lost.append(f"row {row.row}: '{row.image}'{several}")
    if lost:
        raise InputError(
            f"{source}: {len(lost)} of {len(truth)} rows match no image, or more than one: {_some(lost)}. Write the "
            "images' names as the table of images has them, or remove the rows."
        )
    matched = pd.Series(found, index=truth.index, dtype="object")
    double = matched[matched.duplicated(keep=False)]
    if len(double):
        pairs = [
            f"{name} (rows {', '.join(map(str, truth['row'][one.index]))})" for name, one in double.groupby(double)
        ]
        raise InputError(f"{source}: several rows stand for one image: {_some(pairs)}. Keep one row for each image.")
    return matched


def compare(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Estimated beside measured carbon of each image, in order of the estimates.

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
    ``part`` (``all``, ``test``)``, n, n_groups, n_left_out`` (of all rows)``, bias_kg, rmse_kg, r2, concordance``, each
    followed by its ``_lower`` and ``_upper``, and ``coverage``, the share of measurements inside the estimates'
    intervals, which know nothing of the measurements' own errors. A part without a pair has no row. NaN where a
    number is not defined: R² and concordance of a single value, intervals of fewer than three groups.
    """
    groups = table["image"].map(images.set_index("image")["group"])
    rows = []
    for part, chosen in ((ALL, np.ones(len(table), bool)), (TEST, (table["split"] == "test").to_numpy())):
        if not chosen.any():
            continue
        one, group = table[chosen], pd.factorize(groups[chosen])[0]
        row = {"part": part, "n": len(one), "n_groups": int(group.max()) + 1, "n_left_out": n_rows - len(table)}
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


def _forms(name: str) -> tuple[str, str, str, str]:
    """A name as it is, without its ending, without its folder, and without both."""
    path = PurePosixPath(unicodedata.normalize("NFC", name.strip().replace("\\", "/")))
    bare = path.with_suffix("") if path.suffix.lower() in IMAGE_ENDINGS else path
    return str(path), str(bare), path.name, bare.name


def _some(texts: list[str]) -> str:
    rest = len(texts) - NAMED
    return "; ".join(texts[:NAMED]) + (f"; and {rest} more" if rest > 0 else "")


def _refuse(path: str | Path, column: pd.Series, wrong: np.ndarray, expected: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        found = "nothing" if pd.isna(column.iloc[first]) else f"'{column.iloc[first]}'"
        raise InputError(
            f"ground truth {path}, column '{column.name}', row {first + 1}: found {found}, expected {expected}; "
            f"{int(wrong.sum())} of {len(column)} rows are like that. Mend or remove them."
        )
