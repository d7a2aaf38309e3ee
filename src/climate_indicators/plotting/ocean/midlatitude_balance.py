"""Balance of the middle latitudes: subtropical against subpolar, temperature against carbon."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from climate_indicators.plotting.ocean.maps import WIDE_EDGE
from climate_indicators.plotting.ocean.seasons import PERCENT, spread
from climate_indicators.plotting.style import BLUE, VERMILION

WARM, COLD, NEUTRAL = VERMILION, BLUE, "#000000"  # vermilion and blue of the Okabe–Ito colors


def midlatitude_balance_figure(table: pd.DataFrame, titles: Mapping[str, str], site: str) -> Figure:
    """A column for each band: shares of area, thermal share, thermal and non-thermal fCO₂ by calendar month.

    Parameters
    ----------
    table : as `midlatitude_balance.MidlatitudeBalance.table` gives it.
    titles : display name of each band.
    site : name in the title.
    """
    bands = list(table["band"].unique())
    figure = Figure(figsize=(4.7 * len(bands) + 0.4, 8.2))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    panels = figure.subplots(3, len(bands), sharey="row", squeeze=False)
    for column, band in enumerate(bands):
        rows = table[table["band"] == band]
        _areas(panels[0, column], rows)
        _shares(panels[1, column], rows)
        _parts(panels[2, column], rows)
        panels[0, column].set_title(titles.get(band, band), fontsize=10, fontweight="bold", loc="left")
        found = ratio(rows)
        said = f"T/B = {found:.2f}" if np.isfinite(found) else "no season in DIC and alkalinity"
        panels[2, column].set_title(said, fontsize=9, loc="right")
    panels[0, 0].set_ylim(bottom=0)  # shared by the row: once it is set, panels drawn later no longer widen it
    labels = ("% of the band's ocean", "thermal share of\nwhat moves fCO₂ (%)", "change of fCO₂ (µatm)")
    for axes, label in zip(panels[:, 0], labels, strict=True):
        axes.set_ylabel(label)
    for axes in panels[:, -1]:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.suptitle(f"Balance of the middle latitudes, {site}", fontsize=11)
    return figure


def ratio(rows: pd.DataFrame) -> float:
    """T/B of Takahashi et al. (2002): range of the thermal over that of the non-thermal fCO₂, rows of one band."""
    thermal, other = (np.ptp(rows[name].to_numpy()) for name in ("thermal_uatm", "non_thermal_uatm"))
    return float(thermal / other) if other > 0 else np.nan


def _areas(axes: Axes, rows: pd.DataFrame) -> None:
    for family, color in (("subtropical", WARM), ("subpolar", COLD)):
        mean, sd = rows[f"{family}_percent"], rows[f"{family}_sd_percent"]
        spread(axes, rows["calendar_month"], mean, sd, color, limits=PERCENT, label=f"{family} biomes")


def _shares(axes: Axes, rows: pd.DataFrame) -> None:
    nothing = pd.Series(0.0, rows.index)
    for name, color, style, label in (
        ("thermal_share", NEUTRAL, "-", "all cells, season"),
        ("thermal_share_interannual", NEUTRAL, ":", "all cells, between years"),
        ("thermal_share_subtropical", WARM, "-", "subtropical, season"),
        ("thermal_share_subpolar", COLD, "-", "subpolar, season"),
    ):
        if rows[name].notna().any():
            spread(axes, rows["calendar_month"], 100 * rows[name], nothing, color, style, label=label)
    axes.axhline(50, color="#7F7F7F", linewidth=0.8)
    axes.set_ylim(0, 100)


def _parts(axes: Axes, rows: pd.DataFrame) -> None:
    nothing = pd.Series(0.0, rows.index)
    for name, color, label in (("thermal_uatm", WARM, "by SST"), ("non_thermal_uatm", COLD, "by DIC and alkalinity")):
        spread(axes, rows["calendar_month"], rows[name], nothing, color, label=label)
    both = rows["thermal_uatm"] + rows["non_thermal_uatm"]
    spread(axes, rows["calendar_month"], both, nothing, NEUTRAL, label="both")
    axes.axhline(0, color="#7F7F7F", linewidth=0.8)
