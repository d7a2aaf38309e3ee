"""Many tests of one table: p-values adjusted for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

# column of p-values: column of the adjusted ones, and of the verdict
COLUMNS = {"p_value": ("p_adjusted", "significant")}


def adjusted_p(p_values: np.ndarray) -> np.ndarray:
    """P-values of one family of tests, adjusted for their number after Benjamini and Hochberg.

    Proven for tests that are independent or go together (1995, doi:10.1111/j.2517-6161.1995.tb02031.x).

    Rejecting what is below a level keeps the expected share of false rejections among all below that level. Where there
    is nothing to find, it is the probability of any rejection in the family.

    Parameters
    ----------
    p_values : float, any shape; NaN where nothing was tested, which does not count as a test.

    Returns
    -------
    float64 of the same shape, NaN where ``p_values`` is.
    """
    p_values = np.asarray(p_values, "float64")
    adjusted, tested = np.full(p_values.shape, np.nan), np.isfinite(p_values)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(p_values[tested], method="bh")
    return adjusted


def adjust_table(
    table: pd.DataFrame,
    significance: float,
    family: Sequence[str] = (),
    columns: Mapping[str, tuple[str, str]] = COLUMNS,
) -> pd.DataFrame:
    """A table of tests with adjusted p-values, and verdicts that follow from them.

    Parameters
    ----------
    table : with the columns of p-values.
    significance : a test is significant if its adjusted p-value is below this.
    family : columns whose values separate families of tests; none: all tests of the table are one family.
    columns : column of p-values: names of the columns of the adjusted ones and of the verdict, which are added, or
        replaced where they are. All columns of p-values of one family are adjusted together.
    """
    table = table.copy()
    names = list(columns)
    groups = table.groupby(list(family), sort=False).indices.values() if family else [np.arange(len(table))]
    adjusted = np.full((len(table), len(names)), np.nan)
    p_values = table[names].to_numpy("float64")
    for rows in groups:
        adjusted[rows] = adjusted_p(p_values[rows])
    for place, name in enumerate(names):
        adjusted_name, verdict = columns[name]
        table[adjusted_name], table[verdict] = adjusted[:, place], adjusted[:, place] < significance
    return table
