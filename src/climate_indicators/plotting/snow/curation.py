"""Number of selected triplets, and reasons for rejection."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.core.hydrological_year import SEASONS, season_names
from climate_indicators.plotting.style import BLUE, GRAY, GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION, heading
from climate_indicators.snow.triplets.curation import KEPT, NO_PAIR, REASONS, REJECTED, count_reasons

# Okabe–Ito, and two grays for the two reasons that no scene is to blame for
COLORS = {
    KEPT: GREEN, NO_PAIR: "#BBBBBB", "duplicate": "#000000", "orbit_mix": PURPLE, "misregistration": VERMILION,
    "nodata": GRAY, "cloud": SKY_BLUE, "all_snow": BLUE, "no_snow": ORANGE,
}  # fmt: skip
WORDS = {KEPT: "kept"} | REASONS
SEASON_WORDS = {
    "DJF": "December to\nFebruary", "MAM": "March to\nMay", "JJA": "June to\nAugust", "SON": "September to\nNovember",
}  # fmt: skip


def snow_curation_figure(curation: pd.DataFrame, site: str) -> Figure:
    """Numbers by reason, and the shares of the reasons in each season.

    Parameters
    ----------
    curation : of `climate_indicators.snow.triplets.curation.curate`.
    site : its name, for the title.
    """
    counts = count_reasons(curation).set_index("reason")["n"]
    figure = Figure(figsize=(11, 5))
    figure.set_layout_engine("constrained")
    by_reason, by_season = figure.subplots(1, 2, width_ratios=[1.15, 1])
    _draw_reasons(by_reason, counts)
    _draw_seasons(by_season, curation)
    triplets = int(counts.sum() - counts[NO_PAIR])
    share = counts[KEPT] / triplets if triplets else 0
    text = (
        f"{counts[KEPT]} of {triplets} candidate triplets kept ({share:.0%}); scenes without a pair: "
        f"{counts[NO_PAIR]}. A triplet that fails several tests is counted for the first of them, from top to bottom."
    )
    heading(by_reason, f"Curation of triplets, {site}", text, 80)
    return figure


def _draw_reasons(axes: Axes, counts: pd.Series) -> None:
    bars = axes.barh([WORDS[reason] for reason in counts.index], counts, color=[COLORS[key] for key in counts.index])
    axes.bar_label(bars, fmt="%d", padding=3, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel("number of triplets (without a pair: of scenes)")
    axes.set_xlim(0, 1.12 * max(counts.max(), 1))
    axes.spines[["top", "right"]].set_visible(False)


def _draw_seasons(axes: Axes, curation: pd.DataFrame) -> None:
    table = curation[curation["reason"] != NO_PAIR]
    reason = table["reason"].where(table["decision"] == REJECTED, KEPT)
    seasons = season_names(pd.to_datetime(table["date"]))
    numbers = pd.crosstab(seasons, reason).reindex(index=list(SEASONS), columns=list(WORDS), fill_value=0)
    totals = numbers.sum(axis=1)
    shares = 100 * numbers.div(totals.where(totals > 0), axis=0).fillna(0)
    left = pd.Series(0.0, index=shares.index)
    labels = [f"{SEASON_WORDS[season]}\n(n = {total})" for season, total in totals.items()]
    for name in WORDS:
        if shares[name].any():
            axes.barh(labels, shares[name], left=left, color=COLORS[name], edgecolor="white", linewidth=0.6)
            left += shares[name]
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of candidate triplets, %\n(colors as on the left)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("By season", loc="left", fontsize=11, fontweight="bold")
