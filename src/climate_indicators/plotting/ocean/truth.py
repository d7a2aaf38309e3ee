"""Tracked coverage of a simulated ocean and the true one."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from climate_indicators.plotting.accuracies import FAILED, checks_sentence
from climate_indicators.stats.truth_checks import failed_rows

REGIME_COLOURS = {"ice": "#56B4E9", "subpolar": "#0072B2", "subtropical": "#E69F00", "upwelling": "#D55E00"}
SCALER_STYLES = {"frozen": ("o", "frozen scaler"), "monthly": ("s", "monthly scaler, as published")}
DRIVERS = {"sst": "temperature", "dic": "carbon (DIC)", "alk": "alkalinity"}
MIN_PERCENT = 1.0


def truth_figure(
    check: pd.DataFrame, table: pd.DataFrame, sensitivity: pd.DataFrame, titles: Mapping[str, str], confidence: float
) -> Figure:
    """A row for each zone: yearly coverage as tracked and as it was, errors by month, trends with their intervals.

    A last row shows the mean normalised slopes by month, whose drift the monthly scaler hides. True trends outside
    their interval are red, and the title names the checks that fail.

    Parameters
    ----------
    check, table, sensitivity : of `climate_indicators.ocean.truth`.
    titles : name of each zone for people.
    confidence : of the trends' intervals, for the axis.
    """
    zones = list(check.zone.unique())
    figure = Figure(figsize=(13.0, 2.7 * len(zones) + 3.8))
    figure.set_layout_engine("constrained", rect=(0, 0, 0.99, 1))
    panels = figure.subplots(len(zones) + 1, 3, width_ratios=(1.5, 1.5, 1), squeeze=False)
    for zone, (coverage, errors, trends) in zip(zones, panels, strict=False):
        rows = check[check.zone == zone]
        seen = rows.groupby("regime", sort=False)[["truth", "estimate"]].max().max(axis=1)
        regimes = [regime for regime in REGIME_COLOURS if seen.get(regime, 0) >= MIN_PERCENT]
        _draw_coverage(coverage, rows[rows.scaler == "frozen"], regimes)
        _draw_errors(errors, rows[rows.scaler == "frozen"], regimes)
        _draw_trends(trends, table, regimes, titles[zone])
        coverage.set_title(titles[zone], fontsize=10, fontweight="bold", loc="left")
        errors.set_title("tracked − true, frozen scaler", fontsize=9, loc="left")
        trends.set_title("trend", fontsize=9, loc="left")
    for axes, driver in zip(panels[-1], DRIVERS, strict=True):
        _draw_sensitivity(axes, sensitivity[sensitivity.driver == driver], table, driver)
    panels[-1, 0].set_ylabel("mean normalised slope")
    panels[-2, 2].set_xlabel(f"points a year, {100 * confidence:.4g} % interval")
    figure.suptitle(f"Coverage recovered from simulated fields and the truth: {checks_sentence(table)}", fontsize=11)
    figure.legend(handles=_handles(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _handles() -> list[Line2D]:
    regimes = [Line2D([], [], color=colour, label=regime) for regime, colour in REGIME_COLOURS.items()]
    truth = Line2D([], [], color="black", marker="|", markersize=11, linestyle="none", label="true trend")
    grey = {"color": "#777777", "markersize": 5}
    line = Line2D([], [], linestyle="none", marker="o", label="tracked, yearly mean (line: truth)", **grey)
    scalers = [
        Line2D([], [], marker=marker, markerfacecolor="white" if name == "monthly" else "#777777", label=text, **grey)
        for name, (marker, text) in SCALER_STYLES.items()
    ]
    return [*regimes, line, truth, *scalers]


def _draw_coverage(axes: Axes, rows: pd.DataFrame, regimes: list[str]) -> None:
    for regime in regimes:
        one = rows[rows.regime == regime]
        means = one.assign(year=one.month.str[:4].astype(int)).groupby("year")[["truth", "estimate"]].mean()
        axes.plot(means.index, means.truth, color=REGIME_COLOURS[regime], linewidth=1.4)
        axes.plot(means.index, means.estimate, "o", color=REGIME_COLOURS[regime], markersize=4)
    axes.set_ylabel("% of the zone")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(6, integer=True))
    axes.spines[["top", "right"]].set_visible(False)


def _draw_errors(axes: Axes, rows: pd.DataFrame, regimes: list[str]) -> None:
    months = np.array(sorted(rows.month.unique()), "datetime64[M]")
    for regime in regimes:
        one = rows[rows.regime == regime].sort_values("month")
        axes.plot(months, one.error, color=REGIME_COLOURS[regime], linewidth=0.9)
    for limit in (-3, 3):
        axes.axhline(limit, color="#999999", linewidth=0.8, linestyle="dotted")
    axes.axhline(0, color="#999999", linewidth=0.8)
    axes.set_ylim(-max(4, 1.1 * rows.error.abs().max()), max(4, 1.1 * rows.error.abs().max()))
    axes.set_ylabel("error (points)")
    axes.xaxis.set_major_locator(matplotlib.dates.AutoDateLocator(maxticks=6))
    axes.spines[["top", "right"]].set_visible(False)


def _draw_trends(axes: Axes, table: pd.DataFrame, regimes: list[str], title: str) -> None:
    known = table.set_index("quantity")
    failed = set(failed_rows(table)["quantity"])
    for place, regime in enumerate(regimes):
        for shift, (scaler, (marker, _)) in zip((-0.15, 0.15), SCALER_STYLES.items(), strict=True):
            name = f"trend of {regime} coverage, {title} ({scaler} scaler)"
            if name not in known.index:
                continue
            row = known.loc[name]
            colour, height = REGIME_COLOURS[regime], place + shift
            axes.plot([row.lower, row.upper], [height, height], color=colour, linewidth=1.6)
            face = "white" if scaler == "monthly" else colour
            axes.plot(row.estimate, height, marker, color=colour, markerfacecolor=face, markersize=5)
            axes.plot(row.truth, height, "|", color=FAILED if name in failed else "black", markersize=11)
    axes.axvline(0, color="#999999", linewidth=0.8)
    axes.set_yticks(range(len(regimes)), regimes, fontsize=8)
    axes.set_ylim(len(regimes) - 0.4, -0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_sensitivity(axes: Axes, rows: pd.DataFrame, table: pd.DataFrame, driver: str) -> None:
    months = rows.month.to_numpy("datetime64[M]")
    axes.plot(months, rows.true_z, color="black", linewidth=1.2)
    axes.plot(months, rows.frozen_z, "o", color="#777777", markersize=3.5)
    axes.plot(months, rows.monthly_z, "s", color="#777777", markerfacecolor="white", markersize=3.5)
    name = f"drift of the mean normalised slope of {driver} (frozen scaler)"
    known = table.set_index("quantity")
    drift = ""
    if name in known.index:
        row = known.loc[name]
        drift = f"\n{row.estimate:+.4f} a year ({row.lower:+.4f} to {row.upper:+.4f})\ntrue {row.truth:+.4f} a year"
        drift = drift.replace("-", "−")
    axes.set_title(f"Sensitivity to {DRIVERS[driver]}{drift}", fontsize=9, loc="left")
    axes.xaxis.set_major_locator(matplotlib.dates.AutoDateLocator(maxticks=6))
    axes.spines[["top", "right"]].set_visible(False)
