"""Optical scenes on a site's grid: tiles merged as reflectance, band by band, without clouds; for every study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
from rasterio.enums import Resampling
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.cloud_masks import CloudMask
from climate_indicators.geo.rasters.fill import check_fill
from climate_indicators.geo.rasters.guard import Reader, opened
from climate_indicators.geo.rasters.layouts import TileFiles
from climate_indicators.geo.rasters.plausibility import Histogram, check_reflectance
from climate_indicators.geo.rasters.radiometry import NO_NODATA, Radiometry, SceneOffset, levels_of
from climate_indicators.geo.rasters.reading import ZERO_IN_ALL, ZERO_IN_ANY, GridReader
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.geo.rasters.understanding import Band, RasterInfo, understand

NODATA = -32768
SCALE = 1e-4


@dataclass(frozen=True)
class Strip:
    """A strip of a scene on the grid.

    Attributes
    ----------
    window : place on the grid.
    numbers : int16 (bands, rows, columns), reflectance in 1e-4; `NODATA` in all bands where one is missing.
    valid : bool (rows, columns): all bands have a value, inside the area and not under cloud.
    cloud : bool (rows, columns): a cloud mask says so.
    """

    window: Window
    numbers: np.ndarray
    valid: np.ndarray
    cloud: np.ndarray


class Scene:
    """Tiles of one scene, opened; read strip by strip with `strips`, then described by `rows`.

    Where tiles overlap, the first one wins that has all bands and is clear.

    Parameters
    ----------
    stack : closes the files.
    tiles : files of the tiles.
    masks : cloud masks, see `cloud_masks`: none, one for all tiles, or one per tile.
    bands : names of the wanted bands.
    names : names of the bands of files with several bands, in file order; None uses their descriptions.
    grid, area : the site's grid and area of interest, uint8 of ``grid.shape``.
    radiometry, offset : settings for all scenes, and for this one.
    resampling : how tiles are warped.
    zero_in_any : whether 0 in one band is missing (true), or only in all bands of whole numbers without a mask.
    nan : whether NaN that a file does not declare is missing (true) or refused (false).
    key : setting of ``names``, for messages.

    Raises
    ------
    InputError
        If a file cannot be read, its settings contradict it, or it has undeclared fill.
    """

    def __init__(
        self,
        stack: ExitStack,
        tiles: Sequence[TileFiles],
        masks: Sequence[str],
        bands: Sequence[str],
        names: Sequence[str] | None,
        grid: Grid,
        area: np.ndarray,
        radiometry: Radiometry,
        offset: SceneOffset,
        resampling: Resampling = Resampling.bilinear,
        zero_in_any: bool = False,
        nan: bool = False,
        key: str = "`band_names`",
    ) -> None:
        self.bands, self._area = tuple(bands), area
        self._masks = [CloudMask(stack, mask, grid, area) for mask in masks]
        by_tile = len(masks) == len(tiles)
        self._tiles = [
            _Tile(
                stack, tile, bands, names, grid, radiometry, offset, resampling, zero_in_any, nan, key,
                self._masks[number] if by_tile else (self._masks or [None])[0],
            )
            for number, tile in enumerate(tiles)
        ]  # fmt: skip

    @property
    def offset_dn(self) -> float:
        """Offset of the first band of the first tile, in digital numbers."""
        return self._tiles[0].levels[0].offset_dn

    def strips(self, windows: Iterator[Window]) -> Iterator[Strip]:
        """The scene, merged, window by window of the grid."""
        for window in windows:
            inside = self._area[window.toslices()] == 1
            numbers = np.full((len(self.bands), *inside.shape), NODATA, "int16")
            valid, cloud = np.zeros(inside.shape, bool), np.zeros(inside.shape, bool)
            for mask in self._masks:
                mask.load(window, inside)
            for tile in self._tiles:
                new, has_value, clouded = tile.read(window, inside)
                take = has_value & ~valid
                np.copyto(numbers, new, where=take)
                valid |= take
                cloud |= clouded
            yield Strip(window, numbers, valid, cloud & ~valid)

    def check(self, label: str) -> None:
        """Reject numbers that cannot be reflectance, tile by tile; after all strips were read."""
        for tile in self._tiles:
            what = f"the numbers of {tile.files.label}" if len(self._tiles) > 1 else f"the numbers of {label}"
            levels = tile.levels[0]
            check_reflectance(tile.found, what, levels.offset_is_stated, levels.offset_dn, levels.source)

    def rows(self) -> list[InputRow]:
        """Interpretation of each tile and mask; after all strips were read."""
        n_area = max(int((self._area == 1).sum()), 1)
        return [tile.row(n_area) for tile in self._tiles] + [mask.row() for mask in self._masks]


class _Tile:
    """One image in one or several files, warped onto the grid as reflectance."""

    def __init__(
        self,
        stack: ExitStack,
        files: TileFiles,
        bands: Sequence[str],
        names: Sequence[str] | None,
        grid: Grid,
        radiometry: Radiometry,
        offset: SceneOffset,
        resampling: Resampling,
        zero_in_any: bool,
        nan: bool,
        key: str,
        mask: CloudMask | None,
    ) -> None:
        self.files, self._mask = files, mask
        self.readers, self.levels, self.notes = [], [], []
        self.found, self._n_covered = Histogram(bands), 0
        offset = with_product(offset, files)
        for path, band in files.files:
            raster = stack.enter_context(opened(path))
            info = understand(raster, names if band is None else None, key)
            chosen = [completed(one, files) for one in bands_of_file(info, band, bands, key)]
            reader = _reader(raster, info, chosen, grid, radiometry, files, resampling, zero_in_any, nan)
            if radiometry.nodata != NO_NODATA:
                self.notes.append(check_fill(reader))
            self.readers.append(reader)
            self.levels.append(levels_of(path, chosen, radiometry, offset, files.product.stated_by))

    def read(self, window: Window, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers in 1e-4; where all bands have one, inside the area and clear of cloud; where the mask says cloud."""
        parts = [
            level.reflectance(reader.read(window)) for reader, level in zip(self.readers, self.levels, strict=True)
        ]
        values = np.concatenate(parts)
        valid = ~np.isnan(values).any(axis=0) & inside
        numbers = np.clip(np.rint(np.nan_to_num(values) / SCALE), -32767, 32767).astype("int16")
        self._n_covered += int(valid.sum())
        cloud = np.zeros(valid.shape, bool)
        if self._mask is not None:
            cloud = self._mask.cloud & inside
            valid &= ~self._mask.unknown & ~cloud
        self.found.add(numbers, valid)
        return numbers, valid, cloud

    def row(self, n_area: int) -> InputRow:
        """Interpretation of the tile."""
        reader, levels = self.readers[0], self.levels[0]
        declared = list(dict.fromkeys(band.nodata for one in self.readers for band in one.bands))
        low, middle, high = self.found.summary(SCALE)
        return InputRow(
            file=self.files.label,
            role="scene",
            bands=", ".join(self.found.bands),
            unit="reflectance",
            scale=float(levels.scale[0]),
            offset=float(levels.offset[0]),
            nodata=declared[0],
            missing_by="; ".join(dict.fromkeys(one.missing_by for one in self.readers)),
            crs=reader.info.crs,
            covered_fraction=self._n_covered / n_area,
            minimum=low,
            median=middle,
            maximum=high,
            note="; ".join([levels.source, *(note for note in self.notes if note)]),
        )


def bands_of_file(info: RasterInfo, band: str | None, bands: Sequence[str], key: str) -> list[Band]:
    """Bands that are read from a file: the one that it is the file of, or all that are wanted, by their names.

    Raises
    ------
    InputError
        If a band is missing, or a file of one band has several and none of that name.
    """
    if band is None:
        return info.chosen(bands, key, "the site's `bands`")
    if len(info.bands) == 1:
        return [replace(info.bands[0], name=band)]
    return info.chosen([band], "the map of band and file", "the site's `bands`")


def with_product(offset: SceneOffset, files: TileFiles) -> SceneOffset:
    """What is known of a scene's offset, with the processing baseline that the product's name has."""
    if files.product.processing_baseline is None or offset.processing_baseline is not None:
        return offset
    return replace(offset, processing_baseline=files.product.processing_baseline)


def completed(band: Band, files: TileFiles) -> Band:
    """A band with the scale, offset and nodata of its product where the file declares none."""
    product = files.product
    if band.scale is None and product.scale is not None:
        band = replace(band, scale=product.scale, offset=product.offset)
    return replace(band, nodata=product.nodata) if band.nodata is None and product.nodata is not None else band


def _reader(
    raster: Reader,
    info: RasterInfo,
    bands: Sequence[Band],
    grid: Grid,
    radiometry: Radiometry,
    files: TileFiles,
    resampling: Resampling,
    zero_in_any: bool,
    nan: bool,
) -> GridReader:
    nodata = None if radiometry.nodata == NO_NODATA else radiometry.nodata
    whole = all(np.dtype(band.dtype).kind in "iu" for band in bands)
    zero = ZERO_IN_ANY if zero_in_any and whole else None
    if zero is None and whole and radiometry.nodata != NO_NODATA and not (info.masked or info.alpha is not None):
        zero = ZERO_IN_ALL  # nothing on the ground reflects nothing in every band
    if zero_in_any and not whole and nodata is None:
        nodata = 0.0
    if any("complex" in band.dtype for band in bands):
        raise InputError(f"{files.label} has complex numbers; expected reflectance.")
    return GridReader(raster, info, bands, grid, resampling, nodata, zero, nan)
