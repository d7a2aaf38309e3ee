"""Shift of images against each other, found by orientation correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

SEARCH_PX = 24  # largest shift that is looked for
SMOOTH_PX = 1.0


@dataclass(frozen=True)
class Shift:
    """Shift of one image relative to another: pixels down and right, and the signal-to-noise ratio of the peak."""

    rows: float
    cols: float
    peak_snr: float


@dataclass(frozen=True)
class Orientations:
    """Spectrum of the directions of an image's edges, and how many pixels have one."""

    spectrum: np.ndarray
    count: int


def orientations(image: np.ndarray, valid: np.ndarray) -> Orientations:
    """Directions of the gray-level gradient, without its strength, ready for `find_shift`.

    Fitch, Kadyrov, Christmas and Kittler (2002, Orientation correlation, British Machine Vision Conference): a complex
    number of length 1 per pixel. Clouds and gaps, and pixels next to them, have none, so they neither add to nor
    take from the correlation; light and snow change the strength of edges more than their place.

    Parameters
    ----------
    image : float, shape (rows, columns); any value where not valid.
    valid : bool, same shape.
    """
    weights = ndimage.gaussian_filter(valid.astype("float32"), SMOOTH_PX)
    values = ndimage.gaussian_filter(np.where(valid, image, 0).astype("float32"), SMOOTH_PX)
    smooth = np.divide(values, weights, out=np.zeros_like(values), where=weights > 0)
    inside = ndimage.minimum_filter(valid, 5, mode="constant", cval=0)
    down, right = np.gradient(smooth)
    edges = (right + 1j * down).astype("complex64")
    strength = np.abs(edges)
    known = inside & (strength > 0)
    edges = np.where(known, edges / np.where(strength > 0, strength, 1), 0)
    # padding, so that shifted parts do not wrap around
    shape = [fft.next_fast_len(length + SEARCH_PX) for length in image.shape]
    return Orientations(fft.fft2(edges, shape), int(known.sum()))


def find_shift(moved: list[Orientations], fixed: list[Orientations]) -> Shift:
    """Shift of an image against another, from one or more windows of both.

    Parameters
    ----------
    moved, fixed : of the same windows of the two images, from `orientations`.

    Returns
    -------
    Shift by which ``fixed`` must be moved to lie on ``moved``, to a fraction of a pixel (parabola through the peak),
    at most ``SEARCH_PX`` each way; ``peak_snr`` is 0 where there is nothing to compare.
    """
    usable = [(a, b) for a, b in zip(moved, fixed, strict=True) if min(a.count, b.count)]
    if not usable:
        return Shift(0.0, 0.0, 0.0)
    surface = sum(_surface(a, b) for a, b in usable)
    row, col = np.unravel_index(np.argmax(surface), surface.shape)
    apart = np.hypot(*np.ogrid[-row : len(surface) - row, -col : len(surface) - col]) > 3
    rest = surface[apart]
    spread = rest.std()
    peak_snr = float((surface[row, col] - rest.mean()) / spread) if spread > 0 else 0.0
    return Shift(
        row - SEARCH_PX + _vertex(surface[:, col], row), col - SEARCH_PX + _vertex(surface[row], col), peak_snr
    )


def _surface(moved: Orientations, fixed: Orientations) -> np.ndarray:
    """Correlation at shifts of −``SEARCH_PX`` … ``SEARCH_PX``."""
    full = fft.ifft2(moved.spectrum * np.conj(fixed.spectrum)).real
    index = np.arange(-SEARCH_PX, SEARCH_PX + 1)
    return full[np.ix_(index % full.shape[0], index % full.shape[1])]


def _vertex(line: np.ndarray, peak: int) -> float:
    """Place of the top of the parabola through a peak and its neighbors, relative to the peak, −0.5 to 0.5."""
    if not 0 < peak < len(line) - 1:
        return 0.0
    before, top, after = line[peak - 1 : peak + 2].tolist()
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
