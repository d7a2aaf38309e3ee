"""Agreement of maps with true maps: their overlap, and how far they are shifted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from climate_indicators.stats.image_shifts import find_shift, orientations
from climate_indicators.stats.truth_checks import accuracy_row

# a correctly placed map is shifted by at most half a pixel, the effect of nearest-neighbor resampling
MAX_OFFSET_PX = 0.5


@dataclass(frozen=True)
class MapPair:
    """A map and the true map with their valid pixels, each bool, shape (rows, columns) of one grid."""

    mapped: np.ndarray
    known: np.ndarray
    true: np.ndarray
    true_known: np.ndarray


@dataclass(frozen=True)
class Agreement:
    """Agreement of one or more maps with the true ones.

    Attributes
    ----------
    iou : intersection over union of all known pixels together; NaN where neither the maps nor the truth show anything.
    down_px, right_px : shift of the maps against the truth, in pixels; NaN where there is nothing to compare.
    """

    iou: float
    down_px: float
    right_px: float

    @property
    def offset_px(self) -> float:
        """Length of the shift."""
        return float(np.hypot(self.down_px, self.right_px))


def agreement(pairs: Iterable[MapPair]) -> Agreement:
    """Overlap and shift of maps against the truth.

    The shift is that of the outlines, by orientation correlation (`image_shifts`), summed over all pairs: a patch that
    the map lacks or has too much has outlines at other places than the truth and does not count as a shift, and neither
    do the edges of what is not known.
    """
    both = either = 0
    moved, fixed = [], []
    for pair in pairs:
        valid = pair.known & pair.true_known
        both += np.count_nonzero(pair.mapped & pair.true & valid)
        either += np.count_nonzero((pair.mapped | pair.true) & valid)
        moved.append(orientations(pair.mapped.astype("float32"), pair.known))
        fixed.append(orientations(pair.true.astype("float32"), pair.true_known))
    shift = find_shift(moved, fixed)
    known = shift.peak_snr > 0
    return Agreement(
        both / either if either else np.nan, shift.rows if known else np.nan, shift.cols if known else np.nan
    )


def agreement_rows(name: str, found: Agreement, least_iou: float) -> list[dict[str, object]]:
    """Lines of a truth check: overlap of at least ``least_iou``, and a shift of at most ``MAX_OFFSET_PX``.

    Parameters
    ----------
    name : of the maps, such as ``extent 2016``.
    found : of `agreement`.
    least_iou : smallest intersection over union, 0 to 1.
    """
    return [overlap_row(name, found, least_iou), offset_row(name, found)]


def overlap_row(name: str, found: Agreement, least_iou: float) -> dict[str, object]:
    """Line of the overlap alone, see `agreement_rows`."""
    return accuracy_row(f"overlap of {name}", "IoU", 1.0, found.iou, round(1 - least_iou, 9))


def offset_row(name: str, found: Agreement) -> dict[str, object]:
    """Line of the shift alone, see `agreement_rows`."""
    return accuracy_row(f"offset of {name}", "pixels", 0.0, found.offset_px, MAX_OFFSET_PX)
