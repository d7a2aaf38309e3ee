"""Whether prepared reflectance can be reflectance: a wrong scale or offset shows in the numbers of a whole scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from climate_indicators.logs import InputError

# reflectance is written as int16 with this scale
_SCALE = 1e-4
_CLIP = 32767
_HALF = 1 << 15
# fewer pixels than these say nothing about a scene, and nothing about its darkest pixels
_FEWEST_PIXELS, _FEWEST_FOR_DARK = 100, 1000
NEGATIVE, MOST_NEGATIVE = -0.03, 0.05
# numbers that carry the +1000 of Sentinel-2 are hardly ever lower than 900, even in shadow
OFFSET_FLOOR, MOST_BELOW_FLOOR = -0.01, 0.02
# nothing in a scene is brighter than this share of the light: eight bits read with a scale of 1e-4 end at 0.0255
DULLEST_SCENE, BRIGHT_SHARE = 0.03, 0.99
DARKEST_MEDIAN, BRIGHTEST_MEDIAN, MOST_CLIPPED = 0.005, 1.6, 0.01
# some pixel of a real scene is in shadow, water or snow's dark short-wave infrared: this share lies below the level
DARK_LEVEL, FEWEST_DARK = 0.09, 1e-3


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
    """Refuse a prepared scene whose numbers cannot be reflectance.

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
        If more than 5 % of a band lie below −0.03; the median of every band is below 0.005, or nearly all pixels of all
        bands are below 0.03; the median of one is above 1.6; more than 1 % of a band is clipped; more than 2 % of a
        band lie below −0.01 once the offset of a Sentinel-2 scene was taken off by its date; or, where nothing states
        the offset, hardly a pixel of any band lies below 0.09.
    """
    if found.n_pixels < _FEWEST_PIXELS:
        return
    problem = _problem(found, offset_is_stated, offset_dn)
    if problem:
        looks, likely = problem
        raise InputError(
            f"{scene} do not look like reflectance ({source}; offset {offset_dn:g} digital numbers): {looks}. {likely}"
        )


def _problem(found: Histogram, offset_is_stated: bool, offset_dn: float) -> tuple[str, str] | None:
    medians = found.quantiles(0.5) * _SCALE
    by_date = not offset_is_stated and offset_dn < 0
    negative = found.shares_below(NEGATIVE / _SCALE)
    floor = found.shares_below(OFFSET_FLOOR / _SCALE)
    dark = found.shares_below(DARK_LEVEL / _SCALE)
    if by_date and floor.max() > MOST_BELOW_FLOOR:
        return (
            f"{_percent(floor, found)} lie below {OFFSET_FLOOR:g} once 1000 is taken off by the scene's date",
            "Likely the numbers never carried 1000 or the archive took it off: set boa_offset_applied: true or "
            "offset_dn: 0 for the scene, or radiometry.sentinel2_baseline: false for images of other sensors.",
        )
    if negative.max() > MOST_NEGATIVE:
        return (
            f"{_percent(negative, found)} lie below {NEGATIVE:g}",
            "Likely the offset was taken off twice, or a number that means missing is read as data: correct "
            "radiometry.offset_dn (or offset_dn of the scene), radiometry.sentinel2_baseline or radiometry.nodata.",
        )
    if medians.max() < DARKEST_MEDIAN or found.quantiles(BRIGHT_SHARE).max() * _SCALE < DULLEST_SCENE:
        return (
            f"the medians of the bands are {_values(medians, found)}, and hardly a pixel is above {DULLEST_SCENE:g}",
            "Likely the numbers are reflectance already, or have few bits: set radiometry.scale, 1 for reflectance "
            "from 0 to 1, 0.0039 for 8 bits.",
        )
    if medians.max() > BRIGHTEST_MEDIAN or found.clipped().max() > MOST_CLIPPED:
        return (
            f"the medians are {_values(medians, found)}, and {_percent(found.clipped(), found)} lie at the end of the "
            "range of ±3.28",
            "Likely radiometry.scale is too large: it is 0.0001 for Sentinel-2 and HLS, 0.0000275 with "
            "offset_dn: -7273 for Landsat Collection 2 (sentinel2_baseline: false).",
        )
    if not offset_is_stated and dark.max() < FEWEST_DARK and found.n_pixels >= _FEWEST_FOR_DARK:
        return (
            f"hardly a pixel of any band lies below {DARK_LEVEL:g} (medians {_values(medians, found)})",
            "Likely the numbers carry an offset: set offset_dn: -1000 or processing_baseline for a reprocessed "
            "Sentinel-2 scene, scale 0.0000275 and offset_dn: -7273 in radiometry for Landsat Collection 2; or, if "
            "the numbers are right, offset_dn: 0 for the scene.",
        )
    return None


def _percent(shares: np.ndarray, found: Histogram) -> str:
    worst = int(np.argmax(shares))
    return f"{100 * shares[worst]:.1f} % of the pixels of band {found.bands[worst]}"


def _values(values: np.ndarray, found: Histogram) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in zip(found.bands, values, strict=True))
