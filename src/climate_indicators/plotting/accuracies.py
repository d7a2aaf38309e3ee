"""Accuracies of a truth check, each as a share of the tolerance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from climate_indicators.stats.truth_checks import failed_rows

HELD, FAILED = "#0072B2", "#CC0000"
# shares of the tolerance that the axis shows; what is further away is drawn at its end
REACH = 2.5


def accuracies(table: pd.DataFrame) -> pd.DataFrame:
    """Lines of a `truth_checks.check_table` that have a tolerance."""
    return table[table["tolerance"].notna()]


def draw_accuracies(axes: Axes, rows: pd.DataFrame) -> None:
    """Deviation of each quantity from the truth over its tolerance; the gray band holds what is within.

    Parameters
    ----------
    axes : where to draw.
    rows : of `accuracies`.
    """
    share = ((rows["estimate"] - rows["truth"]) / rows["tolerance"]).to_numpy("float64")
    heights, failed = np.arange(len(rows)), rows.index.isin(failed_rows(rows).index)
    axes.axvspan(-1, 1, color="#E5E5E5", linewidth=0)
    axes.axvline(0, color="#D55E00", linewidth=1.2, zorder=1)
    for chosen, color, marker in ((~failed, HELD, "o"), (failed, FAILED, "X")):
        places = np.clip(share[chosen], -REACH, REACH)
        axes.hlines(heights[chosen], 0, places, color=color, linewidth=1.2)
        axes.plot(places, heights[chosen], marker, color=color, markersize=5)
    # a quantity without a value has no mark, and its name says so
    names = [
        name if np.isfinite(one) else f"{name}: no value" for name, one in zip(rows["quantity"], share, strict=True)
    ]
    axes.set_yticks(heights, names, fontsize=7.5)
    for label, bad in zip(axes.get_yticklabels(), failed, strict=True):
        label.set_color(FAILED if bad else "black")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(-REACH - 0.1, REACH + 0.1)
    axes.set_xlabel("deviation / tolerance")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def checks_sentence(table: pd.DataFrame) -> str:
    """How many lines of a `truth_checks.check_table` hold, and which do not, for the title of a figure."""
    failed = failed_rows(table)
    expected = int(table["expected"].sum())
    if failed.empty:
        return f"all {expected} checks hold"
    more = f" and {len(failed) - 2} more" if len(failed) > 2 else ""
    return f"{len(failed)} of {expected} checks fail: {'; '.join(failed['quantity'][:2])}{more}"
