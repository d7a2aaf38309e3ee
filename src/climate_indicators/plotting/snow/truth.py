"""What the snow study recovers of a simulated world compared with the truth: cover, slopes, curation, skill, maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from climate_indicators.plotting.accuracies import FAILED, accuracies, checks_sentence, draw_accuracies
from climate_indicators.snow.truth import FALSE, FOUND, PROMISE, WARMING

ESTIMATE, TRUTH, DRY, GREY = "#0072B2", "#D55E00", "#E69F00", "#777777"  # Okabe–Ito colours and grey
LOOKS = {
    ("optical", None): ("black", "o", "optical"),
    ("radar", "wet"): (ESTIMATE, "^", "radar, wet season"),
    ("radar", "dry"): (DRY, "v", "radar, dry season"),
}
PARTS = {"all": "all", "wet": "wet season", "dry": "dry season"}
HELD_OUT = {"place_and_year": "place and year", "place": "place", "year": "year"}


def snow_truth_figure(
    table: pd.DataFrame,
    compared: pd.DataFrame,
    errors: Mapping[str, tuple[float, float, float]],
    seasons: pd.DataFrame,
    site: str,
    confidence: float,
) -> Figure:
    """Four panels of snow cover, slopes, curation and skill, and one of all accuracies.

    Parameters
    ----------
    table : of `climate_indicators.snow.truth.truth_table`.
    compared : of `climate_indicators.snow.truth.compare_cover`.
    errors : mean error of snow cover with its interval, by the name of the series.
    seasons : of `climate_indicators.snow.triplets.skill.season_metrics`.
    site : name in the title.
    confidence : of the intervals.
    """
    near = accuracies(table)
    figure = Figure(figsize=(20.0, max(9.0, 0.9 + 0.18 * len(near))))
    figure.set_layout_engine("constrained", h_pad=0.12, w_pad=0.12)
    left, right = figure.subfigures(1, 2, width_ratios=[12, 8])
    (cover, slopes), (curation, dice) = left.subplots(2, 2)
    sure = f"{100 * confidence:.4g} %"
    _draw_cover(cover, compared, errors, sure)
    _draw_ratios(slopes, table, sure)
    _draw_counts(curation, table)
    _draw_dice(dice, seasons)
    draw_accuracies(right.subplots(), near)
    figure.suptitle(f"Recovered and true snow, {site}: {checks_sentence(table)}", fontsize=11)
    return figure


def _draw_cover(axes: Axes, compared: pd.DataFrame, errors: Mapping[str, tuple], sure: str) -> None:
    axes.fill_between([0, 1], [-PROMISE, 1 - PROMISE], [PROMISE, 1 + PROMISE], color="#DDDDDD", linewidth=0)
    axes.plot([0, 1], [0, 1], color=TRUTH, linewidth=1.4)
    for (source, regime), (colour, marker, label) in LOOKS.items():
        own = compared[(compared["source"] == source) & (True if regime is None else compared["regime"] == regime)]
        hollow = {"markerfacecolor": "none"} if regime == "dry" else {"markeredgewidth": 0}
        axes.plot(own["truth"], own["estimate"], marker, color=colour, markersize=4.5, alpha=0.7, label=label, **hollow)
    axes.set_xlabel("true share of the area with snow")
    axes.set_ylabel("estimated share (radar of the wet season: corrected)")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.legend(loc="lower right", frameon=False, fontsize=8.5)
    lines = [
        f"{name}: mean error {value:+.3f} ({low:+.3f} to {high:+.3f})".replace("-", "−")
        for name, (value, low, high) in errors.items()
    ]
    axes.set_title("Snow cover of every scene; grey: ± 0.05\n" + "\n".join(lines) + f"; {sure} intervals", fontsize=9)
    _plain(axes)


def _draw_ratios(axes: Axes, table: pd.DataFrame, sure: str) -> None:
    rows = table[table["quantity"].eq(WARMING) | table["quantity"].str.startswith("slope")]
    rows = rows[(rows["truth"] != 0) & rows["tolerance"].isna()]
    middle = (rows["estimate"] / rows["truth"]).to_numpy()
    ends = np.sort(rows[["lower", "upper"]].to_numpy() / rows[["truth"]].to_numpy(), axis=1)
    heights, inside = np.arange(len(rows)), rows["within"].to_numpy(bool)
    axes.hlines(heights, ends[:, 0], ends[:, 1], color=ESTIMATE, linewidth=1.8)
    for chosen, color, marker in ((inside, ESTIMATE, "o"), (~inside, FAILED, "X")):
        axes.plot(middle[chosen], heights[chosen], marker, color=color, markersize=6)
    axes.axvline(1, color=TRUTH, linewidth=1.6, zorder=1)
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    words = [
        f"{name.replace(' on ', ' on' + chr(10)).replace(' of the ', ' of the' + chr(10))}\n({unit})"
        for name, unit in zip(rows["quantity"], rows["unit"], strict=True)
    ]
    axes.set_yticks(heights, words, fontsize=8.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"estimate / truth with {sure} interval (cross: truth outside)")
    signs = table[table["quantity"].str.startswith("sign")]
    right = int((signs["truth"] == signs["estimate"]).sum())
    axes.set_title(f"Warming and slopes; {right} of {len(signs)} planted signs found", fontsize=9)
    _plain(axes)


def _draw_counts(axes: Axes, table: pd.DataFrame) -> None:
    found, false = (_counts(table, pattern) for pattern in (FOUND, FALSE))
    heights = np.arange(len(found))
    planted = found["truth"].to_numpy()
    axes.barh(heights - 0.2, planted, 0.36, color=TRUTH, label="planted")
    axes.barh(heights + 0.2, found["estimate"], 0.36, color=ESTIMATE, label="found, with this reason")
    wrong = found["reason"].map(false.set_index("reason")["estimate"])
    axes.plot(wrong, heights, "x", color="black", markersize=7, label="called so without being planted (pairs)")
    axes.set_yticks(heights, found["reason"])
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(-0.15, max(planted.max(initial=1), found["estimate"].max(), wrong.max()) + 0.5)
    axes.set_xlabel("number")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=8)
    _plain(axes)


def _counts(table: pd.DataFrame, pattern: str) -> pd.DataFrame:
    before, after = pattern.split("{}")
    rows = table[table["quantity"].str.startswith(before) & table["quantity"].str.endswith(after)]
    return rows.assign(reason=rows["quantity"].str.removeprefix(before).str.removesuffix(after))


def _draw_dice(axes: Axes, seasons: pd.DataFrame) -> None:
    rows = seasons[(seasons["averaging"] == "pooled") & seasons["part"].isin(PARTS)]
    kinds = [kind for kind in HELD_OUT if kind in set(rows["held_out"])]
    for place, part in enumerate(PARTS):
        for number, kind in enumerate(kinds):
            x = place + (number - (len(kinds) - 1) / 2) * 0.24
            chosen = rows[(rows["part"] == part) & (rows["held_out"] == kind)].set_index("model")
            if "unet" in chosen.index:
                own, white = chosen.loc["unet"], chosen.loc["all_snow", "dice"]
                axes.vlines(x, own["dice_lower"], own["dice_upper"], color=ESTIMATE, linewidth=1.8)
                shade = ("o", "s", "D")[list(HELD_OUT).index(kind)]
                axes.plot(x, own["dice"], shade, color=ESTIMATE, markersize=6)
                axes.plot(x, white, shade, color=GREY, markerfacecolor="white", markersize=6)
    for kind in kinds:
        shade = ("o", "s", "D")[list(HELD_OUT).index(kind)]
        axes.plot([], [], shade, color=ESTIMATE, label=f"held out: {HELD_OUT[kind]}")
    axes.plot([], [], "o", color=GREY, markerfacecolor="white", label="all snow")
    axes.set_xticks(range(len(PARTS)), list(PARTS.values()))
    axes.set_xlim(-0.5, len(PARTS) - 0.5)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("Dice of the U-Net (pooled pixels)")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=8)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(color="#EEEEEE", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
