"""Whether the numbers of a Sentinel-2 L2A tile still carry the +1000 of baseline 04.00, judged by its dark pixels.

Metadata of archives are wrong for some items. Reflectance near zero occurs in almost every scene: shadow and water are
dark in all bands, vegetation in the visible ones, snow and ice beyond 1.5 µm. Such pixels have numbers of 0 to 900
without the offset and of 1000 to 1900 with it. With the offset, a number below 700 would be a reflectance below −0.03,
which atmospheric correction does not produce in any share of a scene that counts. In real Himalayan pixels without the
offset 11 to 14 % of B02 lie below 900.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

VISIBLE, INFRARED = ("B01", "B02", "B03", "B04"), ("B08", "B8A", "B11", "B12")
# numbers up to which pixels are counted
DEEP_DN, DARK_DN, DARK_WITH_OFFSET_DN = 700, 900, 1900
LEVELS_DN = (DEEP_DN, DARK_DN, DARK_WITH_OFFSET_DN)
# shares that no scene with the offset reaches: deep pixels in one band, in each of two bands, and dark ones in a
# visible band, where noise over water plays no part
DEEP_SHARE, DEEP_SHARE_OF_TWO, DARK_SHARE = 0.05, 0.01, 0.08
# shares that a scene without the offset exceeds somewhere, if it has dark pixels at all
NO_DEEP_SHARE, NO_DARK_SHARE = 0.001, 0.005
# share of dark pixels, in a visible and in an infrared band, that proves the offset where none is darker: bright sand
# without the offset is dark in no infrared band, fresh snow in no visible one
DARK_PROOF_SHARE = 0.03
MIN_PIXELS = 500


def count_dark(numbers: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Pixels of a band by darkness.

    Parameters
    ----------
    numbers : digital numbers of any integer type, 0 where missing.
    seen : bool, same shape: where the ground is seen.

    Returns
    -------
    int64, shape (1 + len(LEVELS_DN),): pixels that are seen, and how many of them lie below each of `LEVELS_DN`.
    """
    values = numbers[seen & (numbers != 0)]
    return np.array([values.size, *((values < level).sum() for level in LEVELS_DN)], dtype="int64")


def carries_offset(counts: Mapping[str, np.ndarray]) -> bool | None:
    """Whether numbers carry the +1000, by the dark pixels of all bands together.

    Parameters
    ----------
    counts : `count_dark` of each band, by the band's name (``B02``).

    Returns
    -------
    True or False where dark pixels prove it; None where there are too few of them, as over bright sand, fresh snow or a
    closed cover of vegetation.
    """
    shares = {band: found[1:] / found[0] for band, found in counts.items() if found[0] >= MIN_PIXELS}
    if not shares:
        return None
    deep, second = sorted([0.0, *(share[0] for share in shares.values())], reverse=True)[:2]
    dark_visible = max((share[1] for band, share in shares.items() if band in VISIBLE), default=0.0)
    if deep >= DEEP_SHARE or second >= DEEP_SHARE_OF_TWO or dark_visible >= DARK_SHARE:
        return False
    if deep > NO_DEEP_SHARE or dark_visible > NO_DARK_SHARE:
        return None
    proofs = [
        any(share[2] >= DARK_PROOF_SHARE for band, share in shares.items() if band in group)
        for group in (VISIBLE, INFRARED)
    ]
    return True if all(proofs) else None


def describe_dark(counts: Mapping[str, np.ndarray]) -> str:
    """Share of dark pixels in the darkest band, in words for messages."""
    shares = {band: found[2] / found[0] for band, found in counts.items() if found[0]}
    if not shares:
        return "no clear pixels"
    band = max(shares, key=lambda name: shares[name])
    return f"{100 * shares[band]:.1f} % of {band} below {DARK_DN}"
