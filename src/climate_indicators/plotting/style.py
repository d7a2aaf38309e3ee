"""House style of figures: size of text, saving, scale bar."""

import textwrap
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from climate_indicators.core.atomic_files import atomic_path

# names, quantities and units of users are drawn as they are: a $ in them is no formula, and no reason to fail
matplotlib.rcParams["text.parse_math"] = False

# palette of Okabe and Ito, distinguishable with all common types of color vision, and grays
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY_BLUE, YELLOW = "#CC79A7", "#56B4E9", "#F0E442"
GRAY, PALE_GRAY = "#777777", "#DDDDDD"
OUTLINE = VERMILION
GAP = "#999999"


def save_figure(figure: Figure, path: str | Path, dpi: int = 130) -> None:
    """Write a figure as PNG, without the date and version that would make equal pictures differ."""
    with atomic_path(path) as temporary, matplotlib.rc_context({"font.size": 9}):
        figure.savefig(temporary, dpi=dpi, metadata={"Software": None})


def scale_bar(axes: Axes, width_m: float, corner: tuple[int, int] = (0, 0)) -> None:
    """Draw a bar of a round length, about a quarter of the map's width, on axes whose units are meters.

    ``corner`` is 0 or 1 for left or right, and 0 or 1 for bottom or top.
    """
    goal = width_m / 4
    power = 10 ** (len(str(int(goal))) - 1)
    length = max(step * power for step in (1, 2, 5) if step * power <= goal)
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    x = right - 0.05 * (right - left) - length if corner[0] else left + 0.05 * (right - left)
    y = low + (0.91 if corner[1] else 0.06) * (high - low)
    axes.plot([x, x + length], [y, y], color="white", linewidth=5, solid_capstyle="butt")
    axes.plot([x, x + length], [y, y], color="black", linewidth=2.5, solid_capstyle="butt")
    box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
    label = f"{length / 1000:g} km"
    axes.text(x + length / 2, y + 0.03 * (high - low), label, ha="center", va="bottom", fontsize=8, bbox=box)


def light_grid(axes: Axes, axis: str = "both") -> None:
    """Draw pale grid lines of ``axis`` (x, y or both) under the data, and remove the frame above and on the right."""
    axes.grid(axis=axis, color=PALE_GRAY, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def no_ticks(*panels: Axes) -> None:
    """Remove the ticks of axes that show pictures."""
    for axes in panels:
        axes.set_xticks([])
        axes.set_yticks([])


def log_scale(axes: Axes) -> None:
    """Set a logarithmic y axis with plain numbers: those that matplotlib would set are formulas."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(LogFormatter())


def heading(axes: Axes, title: str, text: str, width: int = 95) -> None:
    """Set a bold title over axes, and below it smaller text, wrapped to ``width`` characters."""
    lines = textwrap.wrap(text, width, break_on_hyphens=False)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=9 + 12 * len(lines))
    place = {"xycoords": "axes fraction", "xytext": (0, 5), "textcoords": "offset points"}
    axes.annotate("\n".join(lines), (0, 1), fontsize=9, ha="left", va="bottom", **place)
