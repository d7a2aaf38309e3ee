"""Snow under clouds: the unseen part of a scene is filled from ground with snow at the same dates.

Clouds lie on the heights, where snow is. The share of snow in what is seen is then too small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.guard import opened

# number of lattice pixels that represent the area
MAX_PIXELS = 40_000
BANDS, ROUNDS = 20, 3
# a scene with this clear fraction can test the filling; minimum number of tests for an interval
CLEAR, MIN_TESTS, MASKS_A_SCENE = 0.95, 20, 4
# the unseen part is estimated from scenes within this number of days, or of the same season in other years
DAYS, SEASON_DAYS, SEASON_WEIGHT, MIN_WEIGHT = 8.0, 20.0, 0.1, 1e-3
# difference of snow in bands visible in both scenes above which two scenes are dissimilar
UNLIKE = 0.1
# weight of the scene itself relative to other scenes for a band
OWN_WEIGHT = 20.0
# a warning is given if snowy ground is visible this much less often than the whole area
HIDDEN = 0.05
_UNSEEN = 0.005
_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Sample:
    """Classes of a lattice of pixels in all scenes: 1 snow, 0 ground, 255 unseen, uint8, shape (scenes, pixels).

    ``weights``: ground that each pixel stands for, shape (pixels,), sum 1; ``dates``: datetime64, shape (scenes,).
    """

    classes: np.ndarray
    weights: np.ndarray
    dates: np.ndarray


@dataclass(frozen=True)
class Filled:
    """Snow in the unseen part of each scene.

    Attributes
    ----------
    share : float, shape (scenes,): estimated share of snow in the unseen part; NaN where nothing is unseen, where no
        scene shows a part of it, and everywhere if the filling could not be tested.
    reach : half width of its interval, one number for all; NaN where the filling could not be tested.
    n_tests : number of tests.
    seen, seen_snowiest : share of the area, and of its snowiest quarter, that each scene shows, shape (scenes,).
    """

    share: np.ndarray
    reach: float
    n_tests: int
    seen: np.ndarray
    seen_snowiest: np.ndarray


def read_sample(
    paths: Sequence[Path],
    dates: Sequence[object],
    area: np.ndarray,
    grid: Grid,
    row_areas: np.ndarray,
    progress: Callable[[], None] = lambda: None,
) -> Sample:
    """A lattice of at most ``MAX_PIXELS`` pixels of the area of interest in every map, read strip by strip.

    Parameters
    ----------
    paths, dates : maps, 1 snow, 0 none, 255 unknown, on the grid, and their dates.
    area : uint8, shape ``grid.shape``: 1 inside the area of interest.
    row_areas : of a pixel of each row, m².
    progress : called once a map.
    """
    step = max(1, int(np.ceil(np.sqrt((area == 1).sum() / MAX_PIXELS))))
    lattice = np.zeros(grid.shape, bool)
    lattice[step // 2 :: step, step // 2 :: step] = True
    lattice &= area == 1
    classes = np.empty((len(paths), int(lattice.sum())), "uint8")
    for place, path in enumerate(paths):
        parts = []
        with opened(path) as raster:
            for window in strips(grid):
                chosen = lattice[window.row_off : window.row_off + window.height]
                if chosen.any():
                    parts.append(raster.read(1, window=window)[chosen])
        classes[place] = np.concatenate(parts)
        progress()
    weights = np.broadcast_to(row_areas[:, None], grid.shape)[lattice]
    return Sample(classes, weights / weights.sum(), np.asarray(dates, "datetime64[D]"))


def fill_gaps(sample: Sample, confidence: float = 0.95) -> Filled:
    """Share of snow in the unseen part of each scene, with an interval that is tested on clear scenes.

    The pixels are put into bands by how snowy they are at the dates on which they are seen, relative to the whole area
    on those dates: the order in which snow melts repeats itself (Sturm and Wagner 2010, doi:10.1029/2010WR009434), so
    that the bands represent elevation and aspect without an elevation model. The unseen part of a band has the share of
    snow of its seen part and of the same band in scenes near in time or season that look alike where both are seen
    (after Gafurov and Bárdossy 2009, doi:10.5194/hess-13-1109-2009). The clouds of other scenes, laid over clear ones,
    show how far that is wrong: ``reach`` is the quantile of these errors (split conformal).
    """
    snow, seen = sample.classes == 1, sample.classes != BYTE_NODATA
    whole = seen @ sample.weights
    visible = np.where(whole > 0, (snow @ sample.weights) / np.maximum(whole, 1e-12), np.nan)
    cover = np.where(np.isnan(visible), np.nanmean(visible), visible)
    kernel = _kernel(sample.dates)
    bands = np.zeros(snow.shape[1], int)
    for _ in range(ROUNDS):
        above = (snow - seen * cover[:, None]).sum(axis=0) / (seen.sum(axis=0) + 1)
        # pixels of one rank would be torn apart at random where all bare ground is alike
        bands = np.minimum(
            (pd.Series(above).rank(pct=True, method="average") * BANDS).astype(int), BANDS - 1
        ).to_numpy()
        share = _unseen_share(snow, seen, sample.weights, bands, kernel)
        cover = np.where(np.isnan(share), visible, whole * visible + (1 - whole) * share)
        cover = np.where(np.isnan(cover), np.nanmean(cover), cover)
    errors = _tests(snow, seen, sample.weights, bands, kernel, whole)
    enough = len(errors) >= MIN_TESTS
    rank = min(int(np.ceil((len(errors) + 1) * confidence)), len(errors))
    top = bands >= min(BANDS - BANDS // 4, bands.max())
    return Filled(
        share if enough else np.full(len(share), np.nan),
        float(np.sort(np.abs(errors))[rank - 1]) if enough else np.nan,
        len(errors),
        whole,
        seen[:, top] @ sample.weights[top] / sample.weights[top].sum(),
    )


def _kernel(dates: np.ndarray) -> np.ndarray:
    """Weight of each scene for each other one by time, shape (scenes, scenes)."""
    apart = np.abs((dates[:, None] - dates[None]).astype("timedelta64[D]").astype(float))
    of_year = np.abs((apart + _DAYS_PER_YEAR / 2) % _DAYS_PER_YEAR - _DAYS_PER_YEAR / 2)
    near = np.exp(-0.5 * (apart / DAYS) ** 2) + SEASON_WEIGHT * np.exp(-0.5 * (of_year / SEASON_DAYS) ** 2)
    return near + MIN_WEIGHT


def _by_band(chosen: np.ndarray, weights: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """Ground of the chosen pixels in each band, shape (..., bands)."""
    return chosen @ (weights[:, None] * (bands[:, None] == np.arange(BANDS)))


def _unseen_share(
    snow: np.ndarray, seen: np.ndarray, weights: np.ndarray, bands: np.ndarray, kernel: np.ndarray
) -> np.ndarray:
    snow_band, seen_band = _by_band(snow, weights, bands), _by_band(seen, weights, bands)
    whole = _by_band(np.ones((1, len(weights))), weights, bands)[0]
    return np.array(
        [
            _of_scene(snow_band[place], seen_band[place], snow_band, seen_band, whole, kernel[place], place)
            for place in range(len(snow))
        ]
    )


def _of_scene(
    own_snow: np.ndarray, own_seen: np.ndarray, snow: np.ndarray, seen: np.ndarray, whole: np.ndarray,
    kernel: np.ndarray, place: int,
) -> float:  # fmt: skip
    """Share of snow in the unseen part of a scene; NaN if there is no unseen part, or if no scene shows a band of it.

    Parameters
    ----------
    own_snow, own_seen : ground with snow, and seen ground, of the scene in each band.
    snow, seen : of all scenes, shape (scenes, bands); ``whole``: all ground of each band.
    kernel : weights of the scenes by time; ``place``: the scene's own.
    """
    unseen = np.maximum(whole - own_seen, 0)
    if unseen.sum() < _UNSEEN:
        return np.nan
    shares, own = snow / np.maximum(seen, 1e-12), own_snow / np.maximum(own_seen, 1e-12)
    common = np.minimum(seen, own_seen)
    difference = (common * (shares - own) ** 2).sum(axis=1) / np.maximum(common.sum(axis=1), 1e-12)
    trust = kernel * np.exp(-0.5 * difference / UNLIKE**2) * (common.sum(axis=1) > 0)
    trust[place] = 0
    total = OWN_WEIGHT * own_seen + trust @ seen
    estimate = (OWN_WEIGHT * own_snow + trust @ snow) / np.maximum(total, 1e-12)
    needed = unseen > 0
    if (total[needed] <= 0).any():
        return np.nan
    return float(unseen @ estimate / unseen.sum())


def _tests(
    snow: np.ndarray, seen: np.ndarray, weights: np.ndarray, bands: np.ndarray, kernel: np.ndarray, whole: np.ndarray
) -> np.ndarray:
    """Errors of the unseen share where clouds of other scenes are laid over clear scenes."""
    clear, cloudy = np.flatnonzero(whole >= CLEAR), np.flatnonzero((whole >= 0.3) & (whole < CLEAR))
    if not len(clear) or not len(cloudy):
        return np.empty(0)
    snow_band, seen_band = _by_band(snow, weights, bands), _by_band(seen, weights, bands)
    errors = []
    for number, place in enumerate(clear):
        for turn in range(min(MASKS_A_SCENE, len(cloudy))):
            mask = seen[cloudy[(number * MASKS_A_SCENE + turn) % len(cloudy)]]
            hidden = seen[place] & ~mask
            if (truth_weight := float(hidden @ weights)) < _UNSEEN:
                continue
            own_snow, own_seen = (_by_band(part & mask, weights, bands) for part in (snow[place], seen[place]))
            shown = seen_band[place]  # pixels that are unseen in the clear scene cannot be tested
            share = _of_scene(own_snow, own_seen, snow_band, seen_band, shown, kernel[place], place)
            if np.isfinite(share):
                errors.append(share - float((snow[place] & hidden) @ weights) / truth_weight)
    return np.array(errors)


def with_filled(
    rows: Sequence[Mapping[str, object]], names: Sequence[str], filled: Filled | None, whole_km2: float
) -> list[dict[str, object]]:
    """Rows of `cover.cover_rows` in which the unseen part is filled, with bounds.

    Parameters
    ----------
    rows : of all scenes.
    names, filled : scenes that were filled, in the order of ``filled``; None if none was.
    whole_km2 : area of interest.

    Returns
    -------
    The rows with ``seen_snow_fraction``, the share of snow in what is seen; ``snow_fraction`` of the whole area,
    ``snow_area_km2`` likewise, and ``snow_lower, snow_upper``: with the reach of the filling, or, where nothing was
    filled, the least and most that the unseen part leaves. Rows of other scenes keep their numbers, without bounds.
    """
    shares = {} if filled is None else dict(zip(names, filled.share.tolist(), strict=True))
    found = []
    for row in rows:
        row = dict(row) | {"seen_snow_fraction": row["snow_fraction"], "snow_lower": np.nan, "snow_upper": np.nan}
        if row["scene"] in shares:
            row |= {"snow_lower": row["least_fraction"], "snow_upper": row["most_fraction"]}
            unseen, share = row["most_fraction"] - row["least_fraction"], shares[row["scene"]]
            if filled is not None and np.isfinite(share):
                cover = row["least_fraction"] + unseen * share
                row |= {"snow_fraction": cover, "snow_area_km2": cover * whole_km2}
                row["snow_lower"] = max(cover - unseen * filled.reach, row["least_fraction"])
                row["snow_upper"] = min(cover + unseen * filled.reach, row["most_fraction"])
        found.append(row)
    return found


def gap_messages(filled: Filled | None, least_seen: float) -> Iterator[str]:
    """Warnings about clouds: clouds that occur mainly over snow, and gaps that were not filled.

    Parameters
    ----------
    least_seen : scenes that show less of the area are in no series.
    """
    if filled is None:
        return
    shown = filled.seen >= least_seen
    if not shown.any():
        return
    seen, snowiest = filled.seen[shown].mean(), filled.seen_snowiest[shown].mean()
    gaps = shown & (filled.seen < 1 - _UNSEEN)
    unfilled = gaps & np.isnan(filled.share)
    if seen - snowiest > HIDDEN:
        yield (
            f"clouds lie on the snow: scenes show {100 * seen:.0f} % of the area, but {100 * snowiest:.0f} % of its "
            "snowiest quarter. The share of snow in what is seen (seen_snow_fraction) is too small"
        )
    if unfilled.any():
        why = f"{filled.n_tests} tests on clear scenes are too few" if np.isnan(filled.reach) else "no scene shows it"
        yield (
            f"snow under clouds is not filled in {unfilled.sum()} of {gaps.sum()} scenes with clouds ({why}): their "
            "snow cover is that of the seen part, between snow_lower and snow_upper in the whole area; trends and "
            "regressions take it as it is"
        )
