"""Maps of the ocean study: biomes of a month, regression slopes, frequency and cores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from climate_indicators.plotting.ocean.maps import (
    WIDE_EDGE,
    cell_mesh,
    class_handles,
    class_map,
    field_map,
    hac_limits,
    legend_columns,
    map_axes,
)
from climate_indicators.plotting.style import heading

SLOPES = {
    "slope_sst": "change of fCO₂ with SST (µatm K⁻¹)",
    "slope_dic": "change of fCO₂ with DIC (µatm per µmol kg⁻¹)",
    "slope_alk": "change of fCO₂ with alkalinity (µatm per µmol kg⁻¹)",
    "r2": "R² of the regression",
}
MAP_WIDTH_IN = 8.4


def biome_map_figure(
    cells: xr.Dataset, labels: np.ndarray, names: Mapping[int, str], colors: Mapping[int, str], title: str, text: str
) -> Figure:
    """Map of the biomes of one month, each with its share of the ocean's area in the legend.

    Parameters
    ----------
    cells : ``area_km2, lat_bnds, lon_bnds`` and the coast grid.
    labels : int, shape (n_lat, n_lon): −1 land, 0 unclassified, from 1 on biomes.
    names, colors : of each biome by its label.
    title, text : bold line and smaller text above the map.
    """
    handles = class_handles(names, colors, shares(labels, cells["area_km2"].to_numpy(), names))
    figure = _figure_with_legend(handles, 4.85)
    axes = figure.add_subplot()
    class_map(axes, cells, labels, colors)
    heading(axes, title, text, 105)
    return figure


def shares(labels: np.ndarray, area_km2: np.ndarray, names: Mapping[int, str]) -> dict[int, str]:
    """Share of the ocean's area of every biome, and under 0 of ocean without one, as text."""
    total = area_km2.sum()
    found = {label: area_km2[labels == label].sum() / total for label in names}
    return {label: f"{100 * share:.1f} %" for label, share in {0: 1 - sum(found.values()), **found}.items()}


def slope_maps_figure(cells: xr.Dataset, fields: xr.Dataset, month: str) -> Figure:
    """Maps of the three slopes and of R² for one month.

    Colors reach from percentile 2 to 98 of the cells, so that single cells do not flatten the rest.

    Parameters
    ----------
    cells : ``lat_bnds, lon_bnds`` and the coast grid.
    fields : ``slope_sst, slope_dic, slope_alk, r2`` (lat, lon); NaN where the regression was not kept.
    month : for the title.
    """
    figure = Figure(figsize=(12.0, 7.4))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    for axes, (variable, label) in zip(figure.subplots(2, 2).ravel(), SLOPES.items(), strict=True):
        values = fields[variable].to_numpy()
        limits, colors = hac_limits(values[np.isfinite(values)]), "viridis"
        if limits[0] < 0 < limits[1]:
            limits, colors = hac_limits(values[np.isfinite(values)], symmetric=True), "PuOr_r"
        field_map(axes, cells, values, label, colors, limits)
    kept = np.isfinite(fields["slope_sst"].to_numpy())
    figure.suptitle(
        f"Regression slopes of {month}: {kept.sum()} cells kept; ocean without a kept regression is hatched",
        fontsize=11,
    )
    return figure


def frequency_figure(cells: xr.Dataset, frequency: xr.Dataset, names: Mapping[int, str]) -> Figure:
    """Share of all months that each biome holds each cell, one map per biome.

    Parameters
    ----------
    cells : ``lat_bnds, lon_bnds`` and the coast grid.
    frequency : as `frequency.Frequency.dataset` gives it.
    names : of each biome by its label.
    """
    labels = sorted(names)
    rows = -(-len(labels) // 2)
    figure = Figure(figsize=(10.4, 2.9 * rows + 1.2))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    panels = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, label in zip(panels, labels, strict=False):
        share = 100 * frequency["frequency_all"].sel(biome=label).to_numpy()
        edge = map_axes(axes, cells)
        seen = np.ma.masked_where(~(share > 0), share)
        mesh = cell_mesh(axes, cells, seen, edge, cmap="cividis_r", vmin=0, vmax=100)
        axes.set_title(names[label], fontsize=10, fontweight="bold", loc="left")
    for axes in panels[len(labels) :]:
        axes.set_axis_off()
    bar = figure.colorbar(mesh, ax=list(panels), orientation="horizontal", fraction=0.03, pad=0.03, aspect=50)
    months = int(frequency["n_years"].sum())
    figure.suptitle(f"Frequency of the carbon biomes in {months} months", fontsize=11)
    bar.set_label("share of all months in which a cell is in the biome (%); never: white")
    return figure


def core_figure(
    cells: xr.Dataset, frequency: xr.Dataset, names: Mapping[int, str], colors: Mapping[int, str]
) -> Figure:
    """Map of the biomes' cores, cells that never change, above that of the biome of most months.

    Parameters
    ----------
    cells : ``area_km2, lat_bnds, lon_bnds`` and the coast grid.
    frequency : as `frequency.Frequency.dataset` gives it.
    names, colors : of each biome by its label.
    """
    area, core = cells["area_km2"].to_numpy(), frequency["core"].to_numpy()
    frequent = frequency["most_frequent"].to_numpy()
    figure = _figure_with_legend(class_handles(names, colors, shares(frequent, area, names)), 9.4)
    months = int(frequency["n_years"].sum())
    above, below = figure.subplots(2, 1)
    class_map(above, cells, core, colors)
    inside = 100 * area[core > 0].sum() / area.sum()
    heading(
        above, "Cores", f"the same biome in all {months} months: {inside:.0f} % of the ocean; elsewhere hatched", 105
    )
    class_map(below, cells, frequent, colors)
    heading(
        below, "Biome of most months", "share of the ocean in the legend; mostly unclassified ocean is hatched", 105
    )
    return figure


def _figure_with_legend(handles: list[Artist], height_in: float) -> Figure:
    """Figure with the width of a map and additional height for the rows of a legend below."""
    columns = legend_columns(handles, MAP_WIDTH_IN - 0.6)
    figure = Figure(figsize=(MAP_WIDTH_IN, height_in + 0.2 * -(-len(handles) // columns)))
    figure.set_layout_engine("constrained", **WIDE_EDGE)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8)
    return figure
