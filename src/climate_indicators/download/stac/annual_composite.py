"""One image of a year out of an archive: candidates measured, the best taken or a median made of the best."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
from rasterio.enums import Resampling

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import CLASSES
from climate_indicators.download.stac.composites import Image, median_of
from climate_indicators.download.stac.coverage import covered_share
from climate_indicators.download.stac.search import Tile
from climate_indicators.download.stac.selection import (
    MASKED,
    Candidate,
    drop_incomplete,
    measure,
    mosaic,
    overpasses,
    select_scene,
)
from climate_indicators.download.stac.sizes import Step, step
from climate_indicators.download.stac.tile_offsets import TileOffsets
from climate_indicators.download.stac.windows import Windows, coarser
from climate_indicators.geo.grid import Grid, area_mask

# classes are told at 20 m; for the choice alone, a large area is looked at in so many pixels a side
CLASS_M, MAX_LOOK_PX = 20, 1024
SINGLE, MEDIAN = "none", "median"
# a scene that shows less than this adds little to a median
MIN_FOR_MEDIAN = 0.2
NEAREST = Resampling.nearest
# stands for "no value" among numbers that may be negative
NOTHING = -(2**30)
_WAYS = (
    " Widen the season, raise max_cloud, lower min_valid, take composite: median or missing_years: best, or leave the "
    "year out with skip_years."
)
_log = logging.getLogger("climate_indicators")


@dataclass(frozen=True)
class SceneCriteria:
    """What a user wants of a year's image.

    Attributes
    ----------
    bands : bands of the image, in order.
    max_cloud : largest cloud cover of a whole tile, 0 to 1.
    min_valid : least share of the area that must be seen, 0 to 1.
    tolerance : shares that differ by less count as equal, 0 to 1.
    take_best : take the best candidate though it shows less than ``min_valid``.
    composite : ``none`` for one overpass, ``median`` for the median of several.
    composite_scenes : most overpasses in a median.
    masked : classes that show no ground.
    offset_applied : whether the archive took the offset off its numbers; None follows its items.
    """

    bands: Sequence[str]
    max_cloud: float = 0.8
    min_valid: float = 0.7
    tolerance: float = 0.05
    take_best: bool = False
    composite: str = SINGLE
    composite_scenes: int = 6
    masked: Sequence[int] = MASKED
    offset_applied: bool | None = None


class AnnualComposite:
    """Candidates of one year over an area.

    Parameters
    ----------
    tiles : what the archive has.
    area : area of interest.
    grid : grid of the image.
    windows : where pixels come from.
    wanted : what the user wants.

    Attributes
    ----------
    candidates : overpasses, with measures and reasons as they become known.
    """

    def __init__(
        self, tiles: Sequence[Tile], area: gpd.GeoSeries, grid: Grid, windows: Windows, wanted: SceneCriteria
    ) -> None:
        self.candidates = overpasses(tiles)
        self._area, self._grid, self._windows, self._wanted = area, grid, windows, wanted
        self._class_grid = coarser(grid, max(1, math.ceil(CLASS_M / grid.transform.a - 1e-6)))
        self._look = coarser(self._class_grid, max(1, math.ceil(max(self._class_grid.shape) / MAX_LOOK_PX)))
        self._offsets = TileOffsets(windows, wanted.bands, wanted.masked, grid, self._class_grid, wanted.offset_applied)

    def fit(self) -> list[Candidate]:
        """Candidates that may do by what their items state, in order of time; others get their reason."""
        for candidate in self.candidates:
            candidate.reason = self._unfit(candidate)
        return [candidate for candidate in self.candidates if not candidate.reason]

    def steps(self, most: int | None = None) -> list[Step]:
        """What will be read, estimated: the classes of all candidates that may do, then the bands of those taken.

        Parameters
        ----------
        most : most candidates that are taken; None takes what the image wants.
        """
        wanted, fit, catalog = self._wanted, self.fit(), self._windows.catalog
        if most is None:
            most = wanted.composite_scenes if wanted.composite == MEDIAN else 1
        return [
            step("classes for the choice", fit, catalog, (CLASSES,), self._look),
            step("clouds of scenes taken", fit, catalog, (CLASSES,), self._class_grid, most),
            step("bands of scenes taken", fit, catalog, wanted.bands, self._grid, most),
        ]

    def measure(self) -> list[Candidate]:
        """Measure all candidates that may do; those that were, in order of time. Others get their reason."""
        inside = area_mask(self._area, self._look)
        measured = self.fit()
        for number, candidate in enumerate(measured, start=1):
            layers = [self._windows.read(tile, CLASSES, self._look, resampling=NEAREST) for tile in candidate.tiles]
            measure(candidate, layers, inside, self._wanted.masked)
            _log.info(
                "candidate %d/%d · %s · %.0f %% seen, %.0f %% of it snow or ice",
                number, len(measured), candidate.date, 100 * candidate.valid, 100 * candidate.snow,
            )  # fmt: skip
        return measured

    def _unfit(self, candidate: Candidate) -> str:
        """Why a candidate need not be looked at; "" if it may do. Tiles that lack a band leave it."""
        wanted, catalog = self._wanted, self._windows.catalog
        if lacks := drop_incomplete(candidate, catalog, (*wanted.bands, CLASSES)):
            return lacks
        covers = [tile.cloud_cover for tile in candidate.tiles if tile.cloud_cover is not None]
        if covers and min(covers) > wanted.max_cloud:
            return f"tiles {100 * min(covers):.0f} % clouded"
        candidate.covered = covered_share(candidate.tiles, self._area)
        if candidate.covered == 0 or (candidate.covered < wanted.min_valid - 1e-3 and not self._may_be_partial()):
            return f"covers {100 * candidate.covered:.0f} % of the area"
        return ""

    def _may_be_partial(self) -> bool:
        return self._wanted.take_best or self._wanted.composite == MEDIAN

    def image(self) -> Image:
        """The year's image as the user wants it.

        Raises
        ------
        InputError
            If the archive has no scene, or none that shows enough; it tells what there was.
        """
        if not self.candidates:
            raise InputError("the archive lists no scene over the area in these days." + _WAYS)
        measured = self.measure()
        return self._median(measured) if self._wanted.composite == MEDIAN else self._single(measured)

    def _single(self, measured: list[Candidate]) -> Image:
        wanted, left = self._wanted, list(measured)
        least = 1e-9 if wanted.take_best else wanted.min_valid
        while fit := [one for one in left if (one.valid or 0.0) >= least]:
            taken = select_scene(fit, wanted.tolerance)
            taken.reason = self.check_offset_consistency(taken)
            if not taken.reason:
                self._give_reasons(taken, measured)
                return self.image_of(taken)
            _log.warning("%s: %s; the next is taken", taken.date, taken.reason)
            left.remove(taken)
        raise self._nothing()

    def image_of(self, candidate: Candidate) -> Image:
        """Image of one candidate; the offsets of its tiles are noted at it."""
        self._note_offsets(candidate)
        return Image(candidate.date, _names([candidate]), self._clouds(candidate), partial(self._band, candidate))

    def _median(self, measured: list[Candidate]) -> Image:
        """Median of each pixel over the overpasses that show most of the area."""
        enough = [one for one in measured if (one.valid or 0.0) >= MIN_FOR_MEDIAN]
        fit: list[Candidate] = []
        for one in sorted(enough, key=lambda one: (-one.valid, one.date)):
            if len(fit) == self._wanted.composite_scenes:
                break
            one.reason = self.check_offset_consistency(one)
            if one.reason:
                _log.warning("%s: %s; it is left out of the median", one.date, one.reason)
            else:
                fit.append(one)
        if not fit:
            raise self._nothing()
        for one in measured:
            one.chosen = any(one is other for other in fit)
            one.reason = one.reason or ("one of the median" if one.chosen else "others show more")
            self._note_offsets(one)
        masks = [self._clouds(one) == 0 for one in fit]
        seen = np.any(masks, axis=0)
        inside = area_mask(self._area, self._grid) == 1
        share = float(seen[inside].mean())
        if share < self._wanted.min_valid and not self._wanted.take_best:
            raise InputError(
                f"{len(fit)} scenes together show {100 * share:.0f} % of the area; min_valid asks for "
                f"{100 * self._wanted.min_valid:.0f} %." + _WAYS
            )
        days = sorted(one.date for one in fit)
        clouds = np.where(seen, 0, 1).astype("uint8")

        def read_band(band: str) -> np.ndarray:
            return median_of([self._band(one, band) for one in fit], masks)

        return Image(days[len(days) // 2], _names(fit), clouds, read_band)

    def _give_reasons(self, taken: Candidate, measured: Sequence[Candidate]) -> None:
        taken.chosen = True
        taken.reason = "least snow of those that show most"
        if (taken.valid or 0.0) < self._wanted.min_valid:
            taken.reason = "shows most, though less than min_valid"
        for one in measured:
            if one is taken or one.reason:
                continue
            less = (one.valid or 0.0) < self._wanted.min_valid
            enough = (one.valid or 0.0) >= max(other.valid or 0.0 for other in measured) - self._wanted.tolerance
            snowier = "more snow, or earlier" if enough else "another shows more"
            one.reason = f"shows {100 * (one.valid or 0.0):.0f} % of the area" if less else snowier

    def _nothing(self) -> InputError:
        for one in self.candidates:
            one.reason = one.reason or f"shows {100 * (one.valid or 0.0):.0f} % of the area"
        shown = "; ".join(f"{one.date}: {one.reason}" for one in self.candidates[:12])
        more = f"; and {len(self.candidates) - 12} more" if len(self.candidates) > 12 else ""
        return InputError(
            f"none of {len(self.candidates)} scenes shows {100 * self._wanted.min_valid:.0f} % of the area "
            f"(min_valid): {shown}{more}." + _WAYS
        )

    def _note_offsets(self, candidate: Candidate) -> None:
        offsets = {self._offsets.offset(tile, band) for tile in candidate.tiles for band in self._wanted.bands}
        sources = {self._offsets.source(tile) for tile in candidate.tiles} - {""}
        candidate.offset_dn = " ".join(f"{offset:g}" for offset in sorted(offsets))
        candidate.offset_source = "; ".join(sorted(sources))

    def check_offset_consistency(self, candidate: Candidate) -> str:
        """Settle the offsets of a candidate's tiles by their pixels; why it cannot be used, "" if it can."""
        return next((words for tile in candidate.tiles if (words := self._offsets.settle(tile))), "")

    def _warped(self, candidate: Candidate, band: str) -> np.ndarray:
        """Numbers without offset on the grid, int32, `NOTHING` where no tile has a value."""
        layers = []
        for tile in candidate.tiles:
            numbers = self._offsets.numbers(tile, band)
            plain = numbers.astype("int32") + int(self._offsets.offset(tile, band))
            layers.append(np.where(numbers == 0, NOTHING, plain))
        return mosaic(layers, NOTHING)

    def _band(self, candidate: Candidate, band: str) -> np.ndarray:
        """Numbers as the image keeps them: uint16, from 1 on; what lies below is no ground's reflectance, 0 is none."""
        numbers = self._warped(candidate, band)
        return np.where(numbers == NOTHING, 0, np.clip(numbers, 1, 65535)).astype("uint16")

    def _clouds(self, candidate: Candidate) -> np.ndarray:
        """uint8 on the grid: 1 where no ground is seen, 0 where it is."""
        layers = [self._windows.read(tile, CLASSES, self._class_grid, self._grid, NEAREST) for tile in candidate.tiles]
        return np.isin(mosaic(layers), self._wanted.masked).astype("uint8")


def _names(candidates: Sequence[Candidate]) -> str:
    return " ".join(tile.name for candidate in candidates for tile in candidate.tiles)
