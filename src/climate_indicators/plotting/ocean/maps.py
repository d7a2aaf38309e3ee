"""Global maps in an equal-area projection: fields and classes of cells, with coasts from the data's own ocean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyproj
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

LAND = "#BDBDBD"
COAST = "#4D4D4D"
HATCH = "#9A9A9A"
HATCHES = "//////"
WIDE_EDGE = {"h_pad": 0.1, "w_pad": 0.08}  # inches around panels, so that bold titles are not cut
# Šavrič, Patterson and Jenny (2019, doi:10.1080/13658816.2018.1504949); "over" keeps 181° E to the right of 179° E
EQUAL_EARTH = pyproj.Proj("+proj=eqearth +lon_0=0 +R=6371000 +over")
PARALLELS, MERIDIANS = (-60, -30, 0, 30, 60), (-120, -60, 0, 60, 120)


def project(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places on the map, in 1000 km, of degrees east and north of any equal shape."""
    x, y = EQUAL_EARTH(lon, lat)
    return np.asarray(x) / 1e6, np.asarray(y) / 1e6


def map_axes(axes: Axes, cells: xr.Dataset, hatched: bool = False) -> PathPatch:
    """Draw an empty map: land, coasts and a graticule with labels in degrees.

    The projection is Equal Earth, so that areas may be compared anywhere on the map. A scale bar would be wrong nearly
    everywhere, as lengths are not kept; the graticule replaces it. Coasts are where the data's own ocean mask
    ends; none are downloaded.

    Parameters
    ----------
    axes : without anything on it.
    cells : ``ocean(coast_lat, coast_lon)``: 1 ocean, 0 land, on a regular grid of ascending degrees.
    hatched : hatch the ocean that nothing will cover.

    Returns
    -------
    The outline of the map, to which all drawn elements must be clipped.
    """
    lat = np.linspace(-90, 90, 181)
    side = np.full(lat.shape, 180.0)
    x, y = project(np.concatenate([-side, side]), np.concatenate([lat, lat[::-1]]))
    outline = Path(np.column_stack([np.append(x, x[0]), np.append(y, y[0])]), closed=True)
    style = {"hatch": HATCHES, "hatchcolor": HATCH} if hatched else {}
    axes.add_patch(PathPatch(outline, facecolor="white", edgecolor="none", zorder=0, **style))
    edge = PathPatch(outline, facecolor="none", edgecolor="#333333", linewidth=0.8, zorder=5)
    axes.add_patch(edge)
    _coasts(axes, cells, edge)
    _graticule(axes)
    axes.set_xlim(x.min() * 1.02, x.max() * 1.02)
    axes.set_ylim(y.min() * 1.02, y.max() * 1.02)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    axes.set_axis_off()
    return edge


def field_map(
    axes: Axes,
    cells: xr.Dataset,
    values: np.ndarray,
    label: str,
    colors: str = "viridis",
    limits: tuple[float, float] | None = None,
) -> QuadMesh:
    """Map of numbers with its color bar.

    Parameters
    ----------
    axes : without anything on it.
    cells : ``lat_bnds, lon_bnds`` and the coast grid of `map_axes`.
    values : float, shape (n_lat, n_lon); cells with NaN stay hatched.
    label : quantity and unit, for the color bar.
    colors : name of a color map.
    limits : lowest and highest distinguished value; None uses percentiles 2 and 98. The bar shows which end is open.
    """
    edge = map_axes(axes, cells, hatched=True)
    finite = values[np.isfinite(values)]
    low, high = limits or hac_limits(finite)
    mesh = cell_mesh(axes, cells, np.ma.masked_invalid(values), edge, cmap=colors, vmin=low, vmax=high)
    below, above = bool((finite < low).any()), bool((finite > high).any())
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    bar = axes.figure.colorbar(
        mesh, ax=axes, orientation="horizontal", fraction=0.05, pad=0.02, aspect=40, extend=extend[below, above]
    )
    bar.set_label(label)
    return mesh


def class_map(axes: Axes, cells: xr.Dataset, labels: np.ndarray, colors: Mapping[int, str]) -> QuadMesh:
    """Map of biomes; ocean without one is hatched.

    Parameters
    ----------
    axes : without anything on it.
    cells : ``lat_bnds, lon_bnds`` and the coast grid of `map_axes`.
    labels : int, shape (n_lat, n_lon): −1 land, 0 unclassified, from 1 on biomes.
    colors : color of each biome by its label.
    """
    edge = map_axes(axes, cells, hatched=True)
    numbers = sorted(colors)
    scale = ListedColormap([colors[number] for number in numbers])
    norm = BoundaryNorm([number - 0.5 for number in [*numbers, numbers[-1] + 1]], scale.N)
    return cell_mesh(axes, cells, np.ma.masked_less(labels, 1), edge, cmap=scale, norm=norm)


def class_handles(
    names: Mapping[int, str], colors: Mapping[int, str], notes: Mapping[int, str] | None = None, nothing: str = ""
) -> list[Artist]:
    """Entries of a legend for `class_map`.

    Parameters
    ----------
    names, colors : of each biome by its label.
    notes : text after the name by label, such as the share of the ocean; 0 is the ocean without a biome.
    nothing : what ocean without a biome is called; empty takes "unclassified".
    """
    notes = notes or {}

    def text(label: int, name: str) -> str:
        return f"{name}, {notes[label]}" if label in notes else name

    return [
        *(Patch(facecolor=colors[label], label=text(label, name)) for label, name in sorted(names.items())),
        Patch(facecolor="white", hatch=HATCHES, hatchcolor=HATCH, label=text(0, nothing or "unclassified")),
        Patch(facecolor=LAND, edgecolor=COAST, linewidth=0.5, label="land or no data"),
    ]


def legend_columns(handles: list[Artist], width_in: float) -> int:
    """Number of columns that fit a legend of text of 8 points into a width in inches."""
    longest = max(len(handle.get_label()) for handle in handles)
    return int(np.clip(width_in / (0.075 * longest + 0.55), 1, len(handles)))


def hac_limits(values: np.ndarray, symmetric: bool = False) -> tuple[float, float]:
    """Percentiles 2 and 98 of values, float of shape (n,), or the larger of their sizes on both sides of 0."""
    if not values.size:
        return 0.0, 1.0
    low, high = (float(number) for number in np.percentile(values, [2, 98]))
    if symmetric:
        high = max(abs(low), abs(high))
        low = -high
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def edges(bounds: np.ndarray) -> np.ndarray:
    """Edges of cells, shape (n + 1,), from their bounds, shape (n, 2), which meet."""
    return np.append(bounds[:, 0], bounds[-1, 1])


def cell_mesh(axes: Axes, cells: xr.Dataset, values: np.ma.MaskedArray, edge: PathPatch, **style: object) -> QuadMesh:
    """Draw cells on axes that `map_axes` made, whose outline is ``edge``; ``style`` goes to ``pcolormesh``."""
    lon, lat = np.meshgrid(edges(cells["lon_bnds"].to_numpy()), edges(cells["lat_bnds"].to_numpy()))
    mesh = axes.pcolormesh(*project(lon, lat), values, zorder=1, **style)
    mesh.set_clip_path(edge)
    return mesh


def _coasts(axes: Axes, cells: xr.Dataset, edge: PathPatch) -> None:
    ocean, lat, lon = wrapped_coast(cells)
    x, y = project(*np.meshgrid(lon, lat))
    land = axes.contourf(x, y, ocean, [-1, 0.5], colors=LAND, zorder=2)
    line = axes.contour(x, y, ocean, [0.5], colors=COAST, linewidths=0.5, zorder=3)
    for drawn in (land, line):
        drawn.set_clip_path(edge)


def wrapped_coast(cells: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coast grid with a column more at each side, as the world is round, and a row more at each pole.

    Returns
    -------
    ocean : float, shape (rows, columns): 1 ocean, 0 land.
    lat, lon : float, shapes (rows,) and (columns,), degrees.
    """
    lat, lon = cells["coast_lat"].to_numpy(), cells["coast_lon"].to_numpy()
    ocean = np.pad(cells["ocean"].to_numpy().astype("float32"), ((0, 0), (1, 1)), "wrap")
    ocean = np.pad(ocean, ((1, 1), (0, 0)), "edge")
    lon = np.concatenate([[lon[-1] - 360], lon, [lon[0] + 360]])
    return ocean, np.concatenate([[-90.0], lat, [90.0]]), lon


def _graticule(axes: Axes) -> None:
    style = {"color": "#000000", "alpha": 0.25, "linewidth": 0.4, "zorder": 4}
    along = np.linspace(-180, 180, 181)
    for lat in PARALLELS:
        x, y = project(along, np.full(along.shape, float(lat)))
        axes.plot(x, y, **style)
        name = "0°" if lat == 0 else f"{abs(lat)}° {'N' if lat > 0 else 'S'}"
        axes.annotate(name, (x[0], y[0]), (-3, 0), textcoords="offset points", ha="right", va="center", fontsize=7)
    for lon in MERIDIANS:
        x, y = project(np.full(along.shape, float(lon)), along / 2)
        axes.plot(x, y, **style)
        name = "0°" if lon == 0 else f"{abs(lon)}° {'E' if lon > 0 else 'W'}"
        axes.annotate(name, (x[0], y[0]), (0, -3), textcoords="offset points", ha="center", va="top", fontsize=7)
