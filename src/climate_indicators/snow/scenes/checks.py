"""Checks of whole scenes: copies under another date, a wrong orbit, a shifted image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio

from climate_indicators.geo.raster_stack import raster_grid, strips
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.snow.scenes.orbit_fit import MIN_COMPARED, orbit_correlations, thinned
from climate_indicators.snow.scenes.pairing import PAIR_COLUMNS
from climate_indicators.snow.scenes.registration import scene_shifts

DUPLICATE, ORBIT_MIX, MISREGISTRATION, NO_PAIR = "duplicate", "orbit_mix", "misregistration", "no_pair"
CHECK_COLUMNS = ["scene", "sensor", "date", "orbit", "check", "value", "limit", "rejected", "note"]
SHIFT_BAND = "B08"
SAME_CORRELATION = 0.999
THUMBNAIL_PX = 64


def find_copies(paths: Mapping[str, Path], progress: Callable[[], None] = lambda: None) -> pd.DataFrame:
    """Scenes that are there twice: with the same pixels, or nearly the same.

    Nearly the same are two scenes whose thumbnails, where both have a value, are alike above ``SAME_CORRELATION`` (see
    `similarities`): a copy under another cloud mask, for example. Two dates of one place are not, for speckle or light.

    Parameters
    ----------
    paths : raster of each scene, in order of date, all of one sensor and grid.
    progress : called once per scene.

    Returns
    -------
    ``scene, first, correlation, note``: each copy with the earliest scene that it copies.
    """
    names, pictures = list(paths), []
    with rasterio.Env():  # one for all: each raster would make its own
        for name in names:
            with opened(paths[name]) as raster:
                pictures.append(thinned(raster, 1, THUMBNAIL_PX))
            progress()
    rows, copies = [], set()
    # a correlation needs enough common pixels, so two empty scenes are not copies
    correlation = similarities(np.array(pictures)) if names else np.zeros((0, 0))
    for a, b in np.argwhere(np.triu(correlation > SAME_CORRELATION, 1)).tolist():
        if not {a, b} & copies:
            copies.add(b)
            # scenes with equal pixels have equal thumbnails, so only few must be read completely
            same = pixel_digest(paths[names[a]]) == pixel_digest(paths[names[b]])
            note = f"{'' if same else 'nearly '}same pixels as {names[a]}"
            rows.append([names[b], names[a], 1.0 if same else correlation[a, b], note])
    return pd.DataFrame(rows, columns=["scene", "first", "correlation", "note"])


def similarities(pictures: np.ndarray) -> np.ndarray:
    """Pairwise correlation of images, over pixels where both have a value.

    One less half the mean square difference in parts of the smaller variance: the correlation of pictures of one mean
    and variance, and less where these differ, as those of a copy do not (compare the concordance of Lin 1989,
    doi:10.2307/2532051).

    Parameters
    ----------
    pictures : float, shape (n, rows, columns), NaN where missing.

    Returns
    -------
    float64, shape (n, n), at most 1; NaN where fewer than ``MIN_COMPARED`` pixels are shared or one is constant.
    """
    flat = pictures.reshape(len(pictures), -1).astype("float64")
    seen = np.isfinite(flat)
    level = flat[seen].mean() if seen.any() else 0.0
    values, shown = np.where(seen, flat - level, 0.0), seen.astype("float64")
    count = shown @ shown.T
    sums, squares, products = values @ shown.T, values**2 @ shown.T, values @ values.T
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = squares / count - (sums / count) ** 2
        smaller = np.minimum(variance, variance.T)
        difference = np.maximum(squares + squares.T - 2 * products, 0) / count
        alike = 1 - 0.5 * difference / smaller
    constant = smaller <= 1e-9 * (squares + squares.T) / np.maximum(count, 1)
    return np.where((count >= MIN_COMPARED) & ~constant, alike, np.nan)


def pixel_digest(path: str | Path) -> str:
    """SHA-256 of all pixels of a raster, independent of compression and tags; read strip by strip."""
    digest = hashlib.sha256()
    with opened(path) as raster:
        for window in strips(raster_grid(raster)):
            digest.update(raster.read(window=window).tobytes())
    return digest.hexdigest()


def check_scenes(
    scenes: pd.DataFrame,
    alone: pd.DataFrame,
    paths: Mapping[str, Path],
    references: pd.DataFrame,
    folder: str | Path,
    settings: Mapping[str, float],
    progress: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """All findings about whole scenes.

    Parameters
    ----------
    scenes : all scenes of the site, ``scene, sensor, date, orbit``.
    alone : those without a partner, of `climate_indicators.snow.scenes.pairing.pair_scenes`.
    paths : raster of each scene on the site's grid.
    references, folder : snow-free references, as for `orbit_fit.orbit_correlations`.
    settings : ``max_days``, the largest time between the scenes of a pair; ``max_shift_px``, the largest shift of an
        optical scene; ``min_orbit_correlation`` of a radar scene with the reference of its orbit.
    progress : called once for every scene, and once more for radar scenes and for optical scenes of pairs.

    Returns
    -------
    Columns ``CHECK_COLUMNS``, one row per scene and check, ordered by check, date and scene; optical scenes without a
    pair are only checked for copies. ``value`` is days for no_pair, a correlation for duplicate (copies only) and
    orbit_mix (rank correlation with the other scenes of its orbit), pixels for misregistration; NaN where nothing could
    be measured, which the note of orbit_mix says ("not tested: …").
    """
    ordered = scenes.sort_values(["date", "scene"])
    radar, optical = (ordered[ordered["sensor"] == sensor] for sensor in ("radar", "optical"))
    findings = [_rows(NO_PAIR, alone["scene"], alone["days_apart"], settings["max_days"], True)]
    for part in (radar, optical):
        copies = find_copies({name: paths[name] for name in part["scene"]}, progress)
        findings.append(
            _rows(DUPLICATE, copies["scene"], copies["correlation"], SAME_CORRELATION, True, copies["note"])
        )
    # scenes without a pair are used for snow cover and references, so their orbit is also checked
    least, most = settings["min_orbit_correlation"], settings["max_shift_px"]
    fits = orbit_correlations(radar, paths, references, folder, least, progress)
    bad = fits["correlation"] < least
    findings.append(_rows(ORBIT_MIX, fits["scene"], fits["correlation"], least, bad, fits["note"]))
    # shifts cost more to find, and matter for scenes of pairs only
    dates = dict(zip(optical["scene"], optical["date"], strict=True))
    wanted = set(optical["scene"]) - set(alone["scene"])
    shifts = scene_shifts({name: paths[name] for name in dates}, dates, SHIFT_BAND, wanted, progress)
    notes = _shift_words(shifts, most)
    bad = shifts["shift_px"] > most
    findings.append(_rows(MISREGISTRATION, shifts["scene"], shifts["shift_px"], most, bad, notes))
    found = pd.concat([part for part in findings if len(part)], ignore_index=True)
    found = found.merge(scenes[["scene", "sensor", "date", "orbit"]], on="scene", how="left")
    return found[CHECK_COLUMNS]


def pair_values(pairs: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Pairs with ``shift_px`` of their optical scene and ``correlation`` of their radar scene, columns in order."""
    values = {check: part.set_index("scene")["value"] for check, part in checks.groupby("check")}
    empty = pd.Series(dtype=float)
    return pairs.assign(
        shift_px=pairs["optical"].map(values.get(MISREGISTRATION, empty)),
        correlation=pairs["radar"].map(values.get(ORBIT_MIX, empty)),
    )[PAIR_COLUMNS]


def _rows(
    check: str, scenes: Sequence[str], values: Sequence[float], limit: float, rejected: object, note: object = ""
) -> pd.DataFrame:
    columns = {"scene": list(scenes), "check": check, "value": list(values), "limit": float(limit)}
    return pd.DataFrame(columns | {"rejected": rejected, "note": note}, index=range(len(scenes)))


def _shift_words(shifts: pd.DataFrame, limit: float) -> list[str]:
    words = []
    for row in shifts.itertuples():
        if not row.partners:
            words.append("not measured: no other scene shows the same edges")
        elif row.shift_px > limit:
            alone = "; against one scene only, either may be shifted" if row.partners == 1 else ""
            words.append(f"{row.shift_rows:+.1f} px down, {row.shift_cols:+.1f} px right{alone}")
        else:
            words.append("")
    return words
