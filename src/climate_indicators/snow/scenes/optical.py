"""Optical scenes on the site's grid: reflectance without clouds and gaps, and the snow mask made from it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from climate_indicators.core.raster_encoding import BYTE_NODATA, REFLECTANCE_NODATA, REFLECTANCE_SCALE
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.layouts import tile_files, tile_of
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from climate_indicators.geo.rasters.scenes import Scene
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.snow.scenes.headers import OPTICAL_BANDS
from climate_indicators.snow.scenes.snow_indices import RULES, SnowRule, snow_by_rule, snow_mask

_GREEN, _NIR, _SWIR = (OPTICAL_BANDS.index(band) for band in ("B03", "B08", "B11"))
_FRACTIONS = ("ndsi", "ndsi_nir", "ndfsi")
TABLE = [
    "scene", "date", "valid_fraction", "cloud_fraction", "snow_pixels", "valid_pixels", "snow_fraction",
    "ndsi_fraction", "ndsi_nir_fraction", "ndfsi_fraction",
]  # fmt: skip


@dataclass(frozen=True)
class OpticalReading:
    """How optical rasters are read.

    Attributes
    ----------
    radiometry : scale, offset and nodata of all scenes. 0 in whole numbers never has data.
    bands : names of the rasters' bands in file order, where they have none.
    """

    radiometry: Radiometry = Radiometry()
    bands: Sequence[str] | None = None


def write_optical_scene(
    scene_path: str | Path,
    mask_path: str | Path,
    source: str,
    cloud_mask: str | None,
    offset: SceneOffset,
    grid: Grid,
    area: np.ndarray,
    reading: OpticalReading,
    rule: SnowRule,
) -> tuple[dict[str, float], list[InputRow]]:
    """Put one optical scene on the grid and write it and its snow mask as COGs. Works in strips.

    The scene is int16, scale 1e-4, nodata −32768, bands B02, B03, B04, B08, B11; the mask uint8: 1 snow, 0 no snow,
    255 unknown. Unknown is what lies outside the area, under cloud, or has no data in a band (0 in whole numbers,
    or the file's nodata). A scene that is all cloud is written as such.

    Parameters
    ----------
    scene_path, mask_path : files to write.
    source : raster with the five bands or more, or a folder with a raster per band.
    cloud_mask : raster that is not 0 where there is cloud; None or "" if there is none.
    offset : what is known of this scene alone: its date, YYYY-MM-DD, and perhaps its offset.
    grid, area : the site's grid and area of interest, uint8 of ``grid.shape``.
    reading : scale, offset and bands of all scenes.
    rule : which pixels are snow.

    Returns
    -------
    ``valid_fraction`` and ``cloud_fraction`` of the area, ``snow_pixels``, ``valid_pixels``, and of the valid pixels
    ``snow_fraction`` by the rule, and ``ndsi_fraction``, ``ndsi_nir_fraction``, ``ndfsi_fraction``, NaN if none is; and
    rows of ``inputs.csv``.

    Raises
    ------
    InputError
        If the numbers cannot be reflectance, or hold fill that the file does not declare. Nothing is written then.
    """
    n_area, n_cloud, n_valid = int((area == 1).sum()), 0, 0
    n_snow = dict.fromkeys(RULES, 0)
    tags = {"DATE": offset.date or "", "SNOW_RULE": rule.rule}
    with ExitStack() as stack:
        scene = stack.enter_context(
            cog_writer(scene_path, grid, "int16", OPTICAL_BANDS, REFLECTANCE_NODATA, REFLECTANCE_SCALE, tags)
        )
        mask = stack.enter_context(
            cog_writer(mask_path, grid, "uint8", ["snow"], BYTE_NODATA, tags=tags, overview_resampling="nearest")
        )
        tiles = Scene(
            stack, tile_files([tile_of(source)], OPTICAL_BANDS), [cloud_mask] if cloud_mask else [], OPTICAL_BANDS,
            reading.bands, grid, area, reading.radiometry, offset, zero_in_any=True, nan=True, key="optical_bands",
        )  # fmt: skip
        for strip in tiles.strips(strips(grid)):
            n_cloud += int(strip.cloud.sum())
            found, known = _snow(strip.numbers, rule)
            scene.write(strip.numbers, window=strip.window)
            mask.write(snow_mask(found, known, rule), 1, window=strip.window)
            n_valid += int(known.sum())
            for name in RULES:
                n_snow[name] += int(found[name].sum())
        tiles.check(source)
        inputs = tiles.rows()
    row = {
        "valid_fraction": n_valid / n_area,
        "cloud_fraction": n_cloud / n_area,
        "snow_pixels": n_snow[rule.rule],
        "valid_pixels": n_valid,
        "snow_fraction": n_snow[rule.rule] / n_valid if n_valid else np.nan,
    }
    shares = {f"{name}_fraction": n_snow[name] / n_valid if n_valid else np.nan for name in _FRACTIONS}
    return row | shares, inputs


def _snow(numbers: np.ndarray, rule: SnowRule) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Snow by every rule, and where it is known, from the scene's numbers as they are written."""
    missing = numbers[0] == REFLECTANCE_NODATA
    # before the offset of 1000 was introduced, Sentinel-2 values had a minimum of 1: shadow and water have it in all
    # years
    chosen = np.maximum(numbers[[_GREEN, _NIR, _SWIR]], 1) * REFLECTANCE_SCALE
    chosen[:, missing] = np.nan
    return snow_by_rule(*chosen, rule)
