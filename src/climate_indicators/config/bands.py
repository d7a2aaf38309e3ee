"""Bands that follow from those of a site where the configuration names none."""

from __future__ import annotations

from collections.abc import Sequence

TRUE_COLORS = (("B04", "B03", "B02"), ("red", "green", "blue"))
SNOW_AND_ICE = ("B04", "B11")  # bright in red, dark in the short-wave infrared


def bands_to_show(bands: Sequence[str], rgb: Sequence[str] | None) -> list[str]:
    """Bands of a site that pictures show as red, green and blue.

    Parameters
    ----------
    bands : names of the site's bands.
    rgb : the key ``figures.rgb``; None takes true colors by the usual names, else the first three bands, else the
        first one as gray.
    """
    if rgb is not None:
        return list(rgb)
    for names in TRUE_COLORS:
        if set(names) <= set(bands):
            return list(names)
    return list(bands[:3]) if len(bands) >= 3 else [bands[0]] * 3


def ratio_of(bands: Sequence[str], ratio: Sequence[str] | str | None) -> list[str] | None:
    """Bands of a site's band ratio baseline (key ``baselines.ratio``); None thresholds the brightness."""
    if ratio == "auto":
        return list(SNOW_AND_ICE) if set(SNOW_AND_ICE) <= set(bands) else None
    return None if ratio is None else list(ratio)
