"""How digital numbers become reflectance: the file's own scale and offset, the settings, the scene's baseline."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.layouts import SENTINEL2_OFFSET_BASELINE
from climate_indicators.geo.rasters.understanding import Band

# Sentinel-2 processing baseline 04.00: L2A digital numbers carry +1000 (BOA_ADD_OFFSET −1000) from this day on.
SENTINEL2_OFFSET_FROM = datetime.date(2022, 1, 25)
SENTINEL2_OFFSET_DN = -1000
SENTINEL2_SCALE = 1e-4
DEFAULT_SCALE = 1e-4
NO_NODATA = "none"


@dataclass(frozen=True)
class Radiometry:
    """What the settings say of all scenes of a site; None if they say nothing.

    Attributes
    ----------
    scale : reflectance of one digital number.
    offset_dn : added to every digital number before scaling.
    nodata : number of missing pixels in files that declare none, or ``none``: all pixels are data.
    sentinel2_baseline : whether the numbers are those of Sentinel-2 L2A, 1000 higher from 2022-01-25 on; None uses
        unsigned 16-bit numbers with scale 1e-4 and no offset for such.
    """

    scale: float | None = None
    offset_dn: float | None = None
    nodata: float | str | None = None
    sentinel2_baseline: bool | None = None


@dataclass(frozen=True)
class SceneOffset:
    """What is known of the offset of one scene.

    Attributes
    ----------
    date : ISO date; None if unknown.
    offset_dn : offset of this scene alone, in digital numbers; None if the settings say nothing.
    processing_baseline : of Sentinel-2, such as ``05.00``; None if unknown.
    applied : whether the archive already took the +1000 off.
    """

    date: str | None = None
    offset_dn: float | None = None
    processing_baseline: str | float | None = None
    applied: bool = False


@dataclass(frozen=True)
class Levels:
    """``number × scale + offset`` is reflectance; where both come from, and whether the offset is stated.

    ``offset_is_stated`` is true where file, settings, a processing baseline or the number of bits leave no doubt of it.
    """

    scale: np.ndarray
    offset: np.ndarray
    source: str
    offset_is_stated: bool

    def reflectance(self, numbers: np.ndarray) -> np.ndarray:
        """Reflectance, float32 (bands, rows, columns), of digital numbers of the same shape; NaN stays NaN."""
        scale, offset = (one.astype("float32")[:, None, None] for one in (self.scale, self.offset))
        return numbers.astype("float32") * scale + offset

    @property
    def offset_dn(self) -> float:
        """Offset of the first band in digital numbers."""
        return float(self.offset[0] / self.scale[0])


def levels_of(path: str, bands: Sequence[Band], asked: Radiometry, scene: SceneOffset, stated: str = "") -> Levels:
    """Scale and offset of a file's bands.

    The file's own scale and offset are used where it declares them; settings that contradict them are refused. An
    offset of the scene counts before one of the site, that before the Sentinel-2 baseline.

    Parameters
    ----------
    path : file, for messages.
    bands : bands that are read.
    asked : settings of the site.
    scene : what is known of this scene.
    stated : where the bands' scale and offset come from if not from the file, such as a product's layout.

    Raises
    ------
    InputError
        If settings contradict the file, or the date is needed and missing.
    """
    by = stated or "the file"
    own = [band.scale for band in bands]
    declared = any(scale is not None for scale in own)
    given = [1.0 if scale is None else scale for scale in own]
    if declared and asked.scale is not None:
        wrong = next((s for s in given if not math.isclose(s, asked.scale, rel_tol=1e-4)), None)
        if wrong is not None:
            raise InputError(
                f"{path}: {by} declares the scale {wrong:g}, but radiometry.scale is {asked.scale:g}. Remove the "
                "setting to use that of the file, or correct the file (gdal_edit -a_scale)."
            )
    scale = np.array(given if declared else [asked.scale or DEFAULT_SCALE] * len(bands), "float64")
    source = f"scale of {by}" if declared else "radiometry.scale" if asked.scale is not None else "default scale"
    own_dn = np.array([0.0 if band.offset is None else band.offset for band in bands]) / scale
    asked_dn, asked_by = _asked_offset(asked, scene)
    if np.any(own_dn):
        _check_offset(path, own_dn, asked_dn, asked_by, by)
        return Levels(scale, own_dn * scale, f"{source}, its offset", True)
    offset = 0.0 if asked_dn is None else asked_dn
    if asked_dn is not None:
        source += f", {asked_by}"
    if scene.offset_dn is None:
        baseline = _baseline_offset(path, bands, scale, asked, scene)
        offset += baseline
        source += f", Sentinel-2 baseline {baseline:+g}" if baseline else ""
    # 8-bit images are stretched for display: their darkest values contain no information about an offset
    by_site = asked.offset_dn is not None and asked.sentinel2_baseline is not True
    # a baseline states the offset, unless settings say that the numbers do not carry it
    by_baseline = scene.processing_baseline is not None and not scene.applied and asked.sentinel2_baseline is not False
    is_stated = by_site or scene.offset_dn is not None or by_baseline
    is_stated |= all(np.dtype(band.dtype).itemsize == 1 for band in bands)
    return Levels(scale, offset * scale, source, is_stated)


def _asked_offset(asked: Radiometry, scene: SceneOffset) -> tuple[float | None, str]:
    if scene.offset_dn is not None:
        return float(scene.offset_dn), "offset_dn of the scene"
    return (None, "") if asked.offset_dn is None else (float(asked.offset_dn), "radiometry.offset_dn")


def _check_offset(path: str, own_dn: np.ndarray, asked_dn: float | None, asked_by: str, by: str) -> None:
    if asked_dn is None or np.allclose(own_dn, asked_dn, rtol=1e-3, atol=0.5):
        return
    raise InputError(
        f"{path}: {by} declares an offset of {own_dn[0]:g} digital numbers, but {asked_by} is {asked_dn:g}. Remove the "
        "setting to use that of the file, or correct the file (gdal_edit -a_offset)."
    )


def _baseline_offset(
    path: str, bands: Sequence[Band], scale: np.ndarray, asked: Radiometry, scene: SceneOffset
) -> float:
    """−1000 where the numbers of a Sentinel-2 scene carry +1000, else 0."""
    if asked.sentinel2_baseline is False or scene.applied:
        return 0.0
    like_sentinel2 = np.allclose(scale, SENTINEL2_SCALE, rtol=1e-3)
    if scene.processing_baseline is not None:
        baseline = float(str(scene.processing_baseline).lstrip("Nn"))
        baseline = baseline / 100 if baseline >= 100 else baseline
        carries = baseline >= SENTINEL2_OFFSET_BASELINE
    else:
        if asked.sentinel2_baseline is None:
            unsigned = all(np.dtype(band.dtype) in (np.uint16, np.uint32) for band in bands)
            if asked.offset_dn is not None or not (like_sentinel2 and unsigned):
                return 0.0
        if scene.date is None:
            raise InputError(
                "the scene has no date, and radiometry.sentinel2_baseline needs it to know whether digital numbers "
                "carry the +1000 offset of 2022-01-25; add `date` to the scene."
            )
        carries = datetime.date.fromisoformat(scene.date) >= SENTINEL2_OFFSET_FROM
    if carries and not like_sentinel2:
        raise InputError(
            f"{path}: the numbers have the scale {scale[0]:g}, but those of Sentinel-2 L2A have {SENTINEL2_SCALE:g}: "
            "its offset of 1000 cannot be theirs. Set radiometry.sentinel2_baseline: false, and the offset of these "
            "images in radiometry.offset_dn."
        )
    return float(SENTINEL2_OFFSET_DN) if carries else 0.0
