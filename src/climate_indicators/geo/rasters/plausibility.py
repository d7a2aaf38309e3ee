"""Whether prepared reflectance can be reflectance: a wrong scale or offset shows in the numbers of a whole scene."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from climate_indicators.core.errors import InputError

# reflectance is written as int16 with this scale
_SCALE = 1e-4
_CLIP = 32767
_HALF = 1 << 15
# fewer pixels than these say nothing about a scene, and nothing about its darkest pixels
_MIN_PIXELS, _MIN_FOR_DARK = 100, 1000
NEGATIVE, MAX_NEGATIVE = -0.03, 0.05
# Numbers that carry the +1000 of Sentinel-2 are hardly ever lower than 700, also where the atmosphere was corrected too
# much; over water and in shadow many lie between 700 and 900.
OFFSET_FLOOR, DEEP, MAX_BELOW, MAX_DEEP = -0.01, -0.05, 0.02, 0.002
# nothing in a scene is brighter: eight bits read with a scale of 1e-4 end at 0.0255
DULLEST_SCENE = 0.0256
# of a dark scene at least 1 % reflects more than this: lit slopes among shadow
DARKEST_MEDIAN, LIT, LIT_SHARE = 0.005, 0.1, 0.99
BRIGHTEST_MEDIAN, MAX_CLIPPED = 1.6, 0.01
# Some pixel of most scenes is in shadow, water or snow's dark short-wave infrared: this share lies below the level.
# With +1000 the darkest lie between `CORRECTED` and `WITH_OFFSET`; those of Landsat Collection 2 lie above `LANDSAT`.
DARK_LEVEL, MIN_DARK = 0.09, 1e-3
CORRECTED, WITH_OFFSET, LANDSAT = 0.07, 0.19, 0.5
_LOG = logging.getLogger(__name__)


class Histogram:
    """Counts of the numbers −32768 … 32767 of each band, added strip by strip.

    Parameters
    ----------
    bands : names of the bands.
    """

    def __init__(self, bands: Sequence[str]) -> None:
        self.bands = tuple(bands)
        self.counts = np.zeros((len(self.bands), 2 * _HALF), "int64")

    def add(self, numbers: np.ndarray, valid: np.ndarray) -> None:
        """Add int16 numbers, shape (bands, rows, columns), of the pixels where ``valid`` (rows, columns) is true."""
        for counts, band in zip(self.counts, numbers, strict=True):
            counts += np.bincount(band[valid].astype("int64") + _HALF, minlength=2 * _HALF)

    @property
    def n_pixels(self) -> int:
        """Pixels that were added."""
        return int(self.counts[0].sum()) if len(self.counts) else 0

    def quantiles(self, share: float) -> np.ndarray:
        """Number below or at which this share of the pixels lies, float64 (bands,); NaN without pixels."""
        if not self.n_pixels:
            return np.full(len(self.bands), np.nan)
        wanted = max(share * self.n_pixels, 1)
        return np.array([np.searchsorted(np.cumsum(counts), wanted) - _HALF for counts in self.counts], "float64")

    def shares_below(self, number: float) -> np.ndarray:
        """Share of the pixels of each band that are lower than a number."""
        return self.counts[:, : max(int(np.ceil(number)) + _HALF, 0)].sum(axis=1) / max(self.n_pixels, 1)

    def clipped(self) -> np.ndarray:
        """Share of the pixels of each band at the ends of the range."""
        ends = self.counts[:, [1, -1]].sum(axis=1) + self.counts[:, 0]
        return ends / max(self.n_pixels, 1)

    def summary(self, scale: float = _SCALE) -> tuple[float, float, float]:
        """Minimum, median and maximum over all bands, times ``scale``; NaN without pixels."""
        pooled = self.counts.sum(axis=0)
        total = int(pooled.sum())
        if not total:
            return np.nan, np.nan, np.nan
        levels = np.flatnonzero(pooled)
        median = np.searchsorted(np.cumsum(pooled), total / 2) - _HALF
        return float((levels[0] - _HALF) * scale), float(median * scale), float((levels[-1] - _HALF) * scale)


def check_reflectance(found: Histogram, scene: str, offset_is_stated: bool, offset_dn: float, source: str) -> None:
    """Reject a prepared scene whose numbers cannot be reflectance.

    Parameters
    ----------
    found : numbers of its valid pixels, reflectance in 1e-4.
    scene : what the scene is made of, for the message.
    offset_is_stated : whether the file or the settings state the offset of this scene, rather than its date or nothing.
    offset_dn : offset that was added to the numbers.
    source : where scale and offset come from, for the message.

    Raises
    ------
    InputError
        If more than 5 % of a band lie below −0.03; no pixel of any band reflects more than 0.0256, or the medians are
        below 0.005 and hardly a pixel is lit; the median of one band is above 1.6; more than 1 % of a band is clipped;
        or, where nothing states the offset, the darkest pixels contradict it. Where they do not decide, a warning is
        logged.
    """
    if found.n_pixels < _MIN_PIXELS:
        return
    problem = _negative(found) or _level(found)
    # no product adds to its numbers: a positive offset is one with the wrong sign
    doubtful = not offset_is_stated or offset_dn > 0
    if doubtful and found.n_pixels >= _MIN_FOR_DARK:
        by_date = offset_dn < 0
        problem = (_offset_twice(found) if by_date else None) or problem or _offset_left(found, by_date)
        doubt = _doubt(found, by_date)
        if doubt and not problem:
            _LOG.warning("%s (%s; offset %g digital numbers): %s", scene, source, offset_dn, doubt)
    if problem:
        looks, likely = problem
        raise InputError(
            f"{scene} do not look like reflectance ({source}; offset {offset_dn:g} digital numbers): {looks}. {likely}"
        )


def _negative(found: Histogram) -> tuple[str, str] | None:
    negative = found.shares_below(NEGATIVE / _SCALE)
    if negative.max() <= MAX_NEGATIVE:
        return None
    return (
        f"{_percent(negative, found)} lie below {NEGATIVE:g}",
        "Likely the offset was taken off twice, or a number that means missing is read as data: correct "
        "radiometry.offset_dn (or offset_dn of the scene), radiometry.sentinel2_baseline or radiometry.nodata.",
    )


def _level(found: Histogram) -> tuple[str, str] | None:
    medians = found.quantiles(0.5) * _SCALE
    unlit = medians.max() < DARKEST_MEDIAN and found.quantiles(LIT_SHARE).max() * _SCALE < LIT
    if unlit or found.summary()[2] <= DULLEST_SCENE:
        return (
            f"the medians of the bands are {_values(medians, found)}, and hardly a pixel is above {DULLEST_SCENE:g}",
            "Likely the numbers are reflectance already, or have few bits: set radiometry.scale, 1 for reflectance "
            "from 0 to 1, 0.0039 for 8 bits.",
        )
    if medians.max() > BRIGHTEST_MEDIAN or found.clipped().max() > MAX_CLIPPED:
        return (
            f"the medians are {_values(medians, found)}, and {_percent(found.clipped(), found)} lie at the end of the "
            "range of ±3.28",
            "Likely radiometry.scale is too large: it is 0.0001 for Sentinel-2 and HLS, 0.0000275 with "
            "offset_dn: -7273 for Landsat Collection 2 (sentinel2_baseline: false).",
        )
    return None


def _offset_twice(found: Histogram) -> tuple[str, str] | None:
    """Numbers that never carried the 1000 that was taken off by the date."""
    floor, negative, deep = (found.shares_below(level / _SCALE) for level in (OFFSET_FLOOR, NEGATIVE, DEEP))
    # over water and in shadow all bands are dark; over snow the short-wave infrared alone, which is not negative there
    few_dark = np.mean(_dark(found) >= MIN_DARK) < 0.5
    for level, shares, most in ((NEGATIVE, negative, MAX_BELOW), (DEEP, deep, MAX_DEEP)):
        if shares.max() > most:
            return _twice(shares, level, found)
    return _twice(floor, OFFSET_FLOOR, found) if few_dark and floor.max() > MAX_BELOW else None


def _twice(shares: np.ndarray, level: float, found: Histogram) -> tuple[str, str]:
    return (
        f"{_percent(shares, found)} lie below {level:g} once 1000 is taken off by the scene's date",
        "Likely the numbers never carried 1000 or the archive took it off: set boa_offset_applied: true or "
        "offset_dn: 0 for the scene, or radiometry.sentinel2_baseline: false for images of other sensors.",
    )


def _offset_left(found: Histogram, by_date: bool) -> tuple[str, str] | None:
    """Numbers that still carry an offset: 1000, or the 7273 of Landsat."""
    darkest = _darkest(found)
    if darkest < (LANDSAT if by_date else DARK_LEVEL) or (not by_date and WITH_OFFSET <= darkest < LANDSAT):
        return None
    medians = _values(found.quantiles(0.5) * _SCALE, found)
    return (
        f"hardly a pixel of any band lies below {DARK_LEVEL:g} (medians {medians})",
        "Likely the numbers carry an offset: set offset_dn: -1000 or processing_baseline for a reprocessed "
        "Sentinel-2 scene, scale 0.0000275 and offset_dn: -7273 in radiometry for Landsat Collection 2; or, if "
        "the numbers are right, the offset_dn of the scene, 0 for none.",
    )


def _doubt(found: Histogram, by_date: bool) -> str:
    """Why the pixels do not confirm the offset; "" where they do."""
    darkest, floor = _darkest(found), found.shares_below(OFFSET_FLOOR / _SCALE)
    if by_date and floor.max() > MAX_BELOW:
        return (
            f"{_percent(floor, found)} lie below {OFFSET_FLOOR:g} once 1000 is taken off by the scene's date, as over "
            "water, in shadow, or where the numbers never carried 1000. State the offset of the scene: "
            "offset_dn: -1000 if this is right, else boa_offset_applied: true."
        )
    level = DARK_LEVEL if by_date else CORRECTED
    if darkest >= level:
        stated = (
            "offset_dn: -1000, or boa_offset_applied: true if the archive took it off" if by_date else "offset_dn: 0"
        )
        return (
            f"hardly a pixel of any band lies below {level:g}, so that the pixels do not show "
            "whether they carried the 1000 of Sentinel-2: all reflectance may be wrong by 0.1. "
            f"State the offset of the scene: {stated}."
        )
    return ""


def _dark(found: Histogram) -> np.ndarray:
    return found.shares_below(DARK_LEVEL / _SCALE)


def _darkest(found: Histogram) -> float:
    """Level below which 0.1 % of the pixels of the darkest band lie."""
    return float(found.quantiles(MIN_DARK).min() * _SCALE)


def _percent(shares: np.ndarray, found: Histogram) -> str:
    worst = int(np.argmax(shares))
    return f"{100 * shares[worst]:.1f} % of the pixels of band {found.bands[worst]}"


def _values(values: np.ndarray, found: Histogram) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in zip(found.bands, values, strict=True))
