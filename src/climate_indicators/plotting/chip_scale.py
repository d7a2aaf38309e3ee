"""Scale bar of a chip, a small square cut from a grid."""

from __future__ import annotations

import pyproj
from matplotlib.axes import Axes

from climate_indicators.geo.grid import Grid


def chip_scale_bar(axes: Axes, size: int, grid: Grid) -> None:
    """Draw a bar of a round length, at most 40 % of the chip, on axes whose units are pixels counted from the top.

    Parameters
    ----------
    axes : of the chip's picture.
    size : side of the chip, in pixels.
    grid : that the chip was cut from.
    """
    length, words = _scale(grid, size)
    start, line = 0.06 * size, 0.92 * size
    for color, width in (("black", 4.5), ("white", 2.5)):
        axes.plot([start, start + length], [line] * 2, color=color, linewidth=width, solid_capstyle="butt")
    box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
    axes.text(start, 0.86 * size, words, fontsize=7, va="bottom", bbox=box)


def _scale(grid: Grid, size: int) -> tuple[float, str]:
    """Length in pixels and words of a bar of a round length, at most 40 % of a chip."""
    meters = pixel_width_m(grid)
    goal = 0.4 * size * meters
    power = 10 ** (len(str(int(goal))) - 1)
    length = max(step * power for step in (1, 2, 5) if step * power <= goal)
    return length / meters, f"{length / 1000:g} km" if length >= 1000 else f"{length} m"


def pixel_width_m(grid: Grid) -> float:
    """Width of a pixel in the middle of the grid on the ground, meters; along the ellipsoid for degrees."""
    crs = pyproj.CRS.from_user_input(grid.crs)
    if not crs.is_geographic:
        return abs(grid.transform.a) * crs.axis_info[0].unit_conversion_factor
    left, bottom, right, top = grid.bounds
    x, y = (left + right) / 2, (bottom + top) / 2
    return float(crs.get_geod().inv(x, y, x + grid.transform.a, y)[2])
