"""Point prompts of SAM for snow and snow-free ground: from the truth (an oracle), or from the radar image only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

FOREGROUND, BACKGROUND, NO_POINT = 1, 0, -1


@dataclass(frozen=True)
class Points:
    """Prompt points of one image.

    Attributes
    ----------
    places : int64, shape (n, 2): row and column of the image's pixels.
    labels : int64, shape (n,): 1 foreground, 0 background.
    """

    places: np.ndarray
    labels: np.ndarray

    @property
    def has_foreground(self) -> bool:
        """Whether anything is pointed at as foreground; without, there is nothing to segment."""
        return bool((self.labels == FOREGROUND).any())


def oracle_points(label: np.ndarray, count: int, rng: np.random.Generator) -> Points:
    """Points drawn at random from the true mask: no map maker could have them, so that scores are an upper bound.

    Parameters
    ----------
    label : uint8, shape (rows, columns): 1 snow, 0 none, 255 unknown.
    count : points of foreground, and as many of background; fewer where there are fewer such pixels.
    rng : random numbers.
    """
    chosen = []
    for value in (FOREGROUND, BACKGROUND):
        pixels = np.argwhere(label == value)
        chosen.append(pixels[np.sort(rng.permutation(len(pixels))[:count])])
    return _points(*chosen)


def radar_points(
    change: np.ndarray,
    valid: np.ndarray,
    count: int,
    foreground_db: float = -2.0,
    background_db: float = -1.0,
    smooth_px: int = 5,
) -> Points:
    """Points from the radar image alone, without the truth.

    Wet snow lowers backscatter by 2 to 3 dB against a snow-free reference in both polarizations (Nagler and Rott 2000,
    doi:10.1109/36.842004). After a mean over a small window, which quiets speckle, the pixels of strongest fall become
    foreground and those of least fall or of rise become background. Points of a kind keep a distance, so that they do
    not crowd in one patch: first the largest distance possible for ``count`` of them, then less, until there are
    enough.

    Parameters
    ----------
    change : float, shape (rows, columns, polarizations), dB: scene minus reference.
    valid : bool, shape (rows, columns).
    count : points of foreground, and as many of background, at most.
    foreground_db, background_db : largest change of foreground, smallest of background. Where no pixel reaches them
        there are no such points: an image without a fall has no foreground.
    smooth_px : width of the window, an odd number.
    """
    mean = _window_mean(change.mean(axis=2), valid, smooth_px)
    apart = float(np.sqrt(max(np.count_nonzero(valid), 1) / max(count, 1)))
    wet = _spread(mean, valid & (mean <= foreground_db), count, apart)
    dry = _spread(-mean, valid & (mean >= background_db), count, apart)
    return _points(wet, dry)


def _points(foreground: np.ndarray, background: np.ndarray) -> Points:
    places = np.concatenate([foreground.reshape(-1, 2), background.reshape(-1, 2)]).astype("int64")
    return Points(places, np.repeat([FOREGROUND, BACKGROUND], [len(foreground), len(background)]).astype("int64"))


def _window_mean(values: np.ndarray, valid: np.ndarray, width: int) -> np.ndarray:
    """Mean of the valid pixels around each pixel, float64; 0 where there are none."""
    total = ndimage.uniform_filter(np.where(valid, values, 0.0).astype("float64"), width, mode="constant")
    share = ndimage.uniform_filter(valid.astype("float64"), width, mode="constant")
    return np.divide(total, share, out=np.zeros_like(total), where=share > 0.5 / width**2)


def _spread(rank: np.ndarray, candidates: np.ndarray, count: int, apart: float) -> np.ndarray:
    """Rows and columns of up to ``count`` candidates of lowest rank that keep a distance, int, shape (n, 2)."""
    pixels = np.argwhere(candidates)
    pixels = pixels[np.argsort(rank[candidates], kind="stable")]
    while True:
        chosen = _greedy(pixels, count, apart)
        if len(chosen) == min(count, len(pixels)) or apart < 1:
            return chosen
        apart /= 2


def _greedy(pixels: np.ndarray, count: int, apart: float) -> np.ndarray:
    """The first pixels in order, each at least ``apart`` from those before it."""
    free = np.ones(len(pixels), bool)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        first = int(np.argmax(free))
        chosen.append(first)
        free &= np.hypot(*(pixels - pixels[first]).T) >= max(apart, 0.5)
    return pixels[chosen]
