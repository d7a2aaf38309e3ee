"""Pictures of galleries that the studies share: a mask, and a map compared with it, with one legend."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.plotting.style import BLUE, GAP, ORANGE, PURPLE

# blue where both agree, orange and reddish purple where they do not
BOTH, MAP_ONLY, REFERENCE_ONLY, NEITHER = BLUE, ORANGE, PURPLE, "#F2F2F2"
CLASS_COLORS = (NEITHER, REFERENCE_ONLY, MAP_ONLY, BOTH, GAP)
UNKNOWN = 4


def compare(mapped: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Where a map and its reference agree.

    Parameters
    ----------
    mapped, reference : uint8, one shape: 1 positive, 0 not, 255 not known.

    Returns
    -------
    uint8: 0 positive in neither, 1 in the reference only, 2 in the map only, 3 in both, 4 where one is not known.
    """
    unknown = (mapped == BYTE_NODATA) | (reference == BYTE_NODATA)
    return np.where(unknown, UNKNOWN, 2 * (mapped == 1) + (reference == 1)).astype("uint8")


def draw_comparison(axes: Axes, mapped: np.ndarray, reference: np.ndarray, **place: object) -> None:
    """Draw the classes of `compare`; ``place`` is passed on to ``imshow``."""
    classes = compare(mapped, reference)
    axes.imshow(classes, ListedColormap(CLASS_COLORS), vmin=0, vmax=4, interpolation="nearest", **place)


def draw_mask(axes: Axes, mask: np.ndarray, color: str) -> None:
    """Draw a mask: 1 in ``color``, 0 pale, 255 (not known) gray."""
    classes = np.where(mask == BYTE_NODATA, 2, mask)
    axes.imshow(classes, ListedColormap((NEITHER, color, GAP)), vmin=0, vmax=2, interpolation="nearest")


def comparison_legend(figure: Figure, positive: Mapping[str, str], negative: str, unknown: str) -> None:
    """Legend of a mask and of a map compared with it.

    Parameters
    ----------
    figure : gets the legend below its panels.
    positive : name and color of the mask.
    negative, unknown : names of what is not positive, and of what is not known.
    """
    found = {"found": BOTH, "missed": REFERENCE_ONLY, "false": MAP_ONLY, negative: NEITHER, unknown: GAP}
    color_legend(figure, {**positive, **found})


def color_legend(figure: Figure, colors: Mapping[str, str], **text: object) -> None:
    """Legend of colored patches by name, in one row below the panels of a figure."""
    handles = [Patch(facecolor=color, edgecolor="#666666", linewidth=0.5, label=name) for name, color in colors.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, **text)
