"""Optical scenes on the site's grid: reflectance without clouds and gaps, and the snow mask made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from climate_indicators.cogs import BYTE_NODATA, REFLECTANCE_NODATA, REFLECTANCE_SCALE, cog_writer, strips
from climate_indicators.grids import Grid
from climate_indicators.snow.scene_headers import OPTICAL_BANDS, scene_bands, window_on
from climate_indicators.snow.scene_table import OPTICAL
from climate_indicators.snow.snow_indices import RULES, SnowRule, snow_by_rule, snow_mask
from climate_indicators.tiles import offset_of_date

_GREEN, _NIR, _SWIR = (OPTICAL_BANDS.index(band) for band in ("B03", "B08", "B11"))
_FRACTIONS = ("ndsi", "ndsi_nir", "ndfsi")
TABLE = [
    "scene", "date", "valid_fraction", "cloud_fraction", "snow_pixels", "valid_pixels", "snow_fraction",
    "ndsi_fraction", "ndsi_nir_fraction", "ndfsi_fraction",
]  # fmt: skip


@dataclass(frozen=True)
class OpticalReading:
    """How optical rasters are read: ``(number + offset) × scale``.

    Attributes
    ----------
    scale : reflectance of one digital number.
    offset_dn : added to the digital numbers of every scene first.
    nodata : number that means no data, where the file declares none; None is 0. In whole numbers 0 never has data.
    sentinel2_baseline : whether numbers of scenes from 2022-01-25 on carry +1000, as those of Sentinel-2 L2A do.
    bands : names of the rasters' bands in file order, where they have none.
    """

    scale: float = 1e-4
    offset_dn: float = 0.0
    nodata: float | None = None
    sentinel2_baseline: bool = False
    bands: Sequence[str] | None = None

    def offset_on(self, date: str) -> float:
        """Offset of a scene, in digital numbers."""
        return offset_of_date(self.offset_dn, date, self.sentinel2_baseline, already_applied=False)


def write_optical_scene(
    scene_path: str | Path,
    mask_path: str | Path,
    source: str,
    cloud_mask: str | None,
    date: str,
    grid: Grid,
    area: np.ndarray,
    reading: OpticalReading,
    rule: SnowRule,
) -> dict[str, float]:
    """Put one optical scene on the grid and write it and its snow mask as COGs. Works in strips.

    The scene is int16, scale 1e-4, nodata −32768, bands B02, B03, B04, B08, B11; the mask uint8: 1 snow, 0 no snow,
    255 unknown. Unknown is what lies outside the area, under cloud, has no data in a band (0 in whole numbers, or the
    file's nodata), or reflects nothing in the bands of an index. A scene that is all cloud is written as such.

    Parameters
    ----------
    scene_path, mask_path : files to write.
    source : raster with the five bands or more.
    cloud_mask : raster that is not 0 where there is cloud; None or "" if there is none.
    date : of the scene, YYYY-MM-DD.
    grid, area : the site's grid and area of interest, uint8 of ``grid.shape``.
    reading : scale, offset and bands.
    rule : which pixels are snow.

    Returns
    -------
    ``valid_fraction`` and ``cloud_fraction`` of the area, ``snow_pixels``, ``valid_pixels``, and of the valid pixels
    ``snow_fraction`` by the rule, and ``ndsi_fraction``, ``ndsi_nir_fraction``, ``ndfsi_fraction``; NaN if none is.
    """
    n_area, n_cloud, n_valid = int((area == 1).sum()), 0, 0
    n_snow = dict.fromkeys(RULES, 0)
    tags = {"DATE": date, "SNOW_RULE": rule.rule}
    with ExitStack() as stack:
        scene = stack.enter_context(
            cog_writer(scene_path, grid, "int16", OPTICAL_BANDS, REFLECTANCE_NODATA, REFLECTANCE_SCALE, tags)
        )
        mask = stack.enter_context(
            cog_writer(mask_path, grid, "uint8", ["snow"], BYTE_NODATA, tags=tags, overview_resampling="nearest")
        )
        for window, numbers, cloud in _strips(stack, source, cloud_mask, date, grid, reading):
            inside = area[window.row_off : window.row_off + window.height] == 1
            n_cloud += int((cloud & inside).sum())
            numbers[:, cloud | ~inside] = REFLECTANCE_NODATA
            found, known = _snow(numbers, rule)
            scene.write(numbers, window=window)
            mask.write(snow_mask(found, known, rule), 1, window=window)
            n_valid += int(known.sum())
            for name in RULES:
                n_snow[name] += int(found[name].sum())
    row = {
        "valid_fraction": n_valid / n_area,
        "cloud_fraction": n_cloud / n_area,
        "snow_pixels": n_snow[rule.rule],
        "valid_pixels": n_valid,
        "snow_fraction": n_snow[rule.rule] / n_valid if n_valid else np.nan,
    }
    return row | {f"{name}_fraction": n_snow[name] / n_valid if n_valid else np.nan for name in _FRACTIONS}


def _snow(numbers: np.ndarray, rule: SnowRule) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Snow by every rule, and where it is known, from the scene's numbers as they are written."""
    missing = numbers[0] == REFLECTANCE_NODATA
    chosen = numbers[[_GREEN, _NIR, _SWIR]].astype("float64") * REFLECTANCE_SCALE
    chosen[:, missing] = np.nan
    return snow_by_rule(*chosen, rule)


def _strips(
    stack: ExitStack, source: str, cloud_mask: str | None, date: str, grid: Grid, reading: OpticalReading
) -> Iterator[tuple[Window, np.ndarray, np.ndarray]]:
    """Strips of the grid: window, int16 numbers (bands, rows, columns) with nodata in all bands or none, and cloud."""
    offset = reading.offset_on(date)
    raster = stack.enter_context(rasterio.open(source))
    indexes = scene_bands(raster, OPTICAL, reading.bands)
    nodata = next(value for value in (raster.nodata, reading.nodata, 0) if value is not None)
    warped = _warped(stack, raster, grid, Resampling.bilinear, src_nodata=nodata, nodata=nodata)
    clouds = None
    if cloud_mask:
        clouds = _warped(stack, stack.enter_context(rasterio.open(cloud_mask)), grid, Resampling.nearest)
    for window in strips(grid):
        values = warped.read(indexes, window=window)
        missing = (~np.isfinite(values) | (values == nodata)).any(axis=0)
        if values.dtype.kind in "iu":
            missing |= (values == 0).any(axis=0)
        known = np.where(missing, 0, values.astype("float64"))
        numbers = np.clip(np.rint((known + offset) * (reading.scale / REFLECTANCE_SCALE)), -32767, 32767)
        numbers[:, missing] = REFLECTANCE_NODATA
        cloud = clouds.read(1, window=window) != 0 if clouds is not None else np.zeros(missing.shape, bool)
        yield window, numbers.astype("int16"), cloud


def _warped(stack: ExitStack, raster: DatasetReader, grid: Grid, resampling: Resampling, **nodata: float) -> WarpedVRT:
    place = {"crs": grid.crs, "transform": grid.transform, "width": grid.width, "height": grid.height}
    if window_on(raster, grid) is not None:
        resampling = Resampling.nearest  # pixels are the grid's own: nothing to interpolate
    return stack.enter_context(WarpedVRT(raster, resampling=resampling, UNIFIED_SRC_NODATA="NO", **place, **nodata))
