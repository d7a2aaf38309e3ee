"""One radar scene as linear power on the site's grid, its unit found before anything is warped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.geo.rasters.reading import GridReader
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.geo.rasters.together import opened_together
from climate_indicators.geo.rasters.understanding import Band, understand
from climate_indicators.snow.scenes.headers import RADAR_BANDS, scene_bands, scene_paths
from climate_indicators.snow.scenes.radar_units import (
    ALL_VALUES,
    DB,
    LOG_OF_ZERO_DB,
    UNITS,
    Survey,
    declared_unit,
    find_unit,
    named_unit,
    to_power,
)
from climate_indicators.snow.scenes.speckle import check_filter
from climate_indicators.snow.scenes.table import RADAR

# number of values used to detect the unit of a raster
_SURVEYED = 2**20


@dataclass(frozen=True)
class Backscatter:
    """How radar rasters are read.

    Attributes
    ----------
    unit : ``db``, ``linear`` (power), ``amplitude``, or ``auto``, see `radar_units.find_unit`.
    filter : speckle filter: ``none``, ``mean`` or ``lee``.
    filter_px : side of its window, odd.
    bands : names of the rasters' bands in file order, where they have none.
    nodata : number of missing pixels, besides those that the rasters declare; ``none`` if all other numbers are values;
        None if nothing is known, so that undeclared fill is looked for.
    """

    unit: str = "auto"
    filter: str = "none"
    filter_px: int = 5
    bands: Sequence[str] | None = None
    nodata: float | str | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InputError(f"the unit of radar scenes is '{self.unit}'; expected one of {', '.join(UNITS)}.")
        check_filter(self.filter, self.filter_px)


class RadarScene:
    """A radar raster as linear power on the grid, piece by piece.

    Parameters
    ----------
    stack : closes the file.
    source : raster with VV and VH, or a folder with a file of each.
    grid : the site's grid.
    reading : unit, bands and nodata.

    Attributes
    ----------
    unit : of the raster.
    n_minus_inf : its own pixels around the grid that are the logarithm of 0 in a band, or 0.

    Raises
    ------
    InputError
        As `radar_units.find_unit`, and if the raster or a band cannot be read.
    """

    def __init__(self, stack: ExitStack, source: str, grid: Grid, reading: Backscatter) -> None:
        self.grid, self._fill = grid, reading.nodata != ALL_VALUES
        self._nodata = reading.nodata if self._fill else None
        paths = scene_paths(source, RADAR)
        together = paths != [source]
        raster = stack.enter_context(opened_together(paths, RADAR_BANDS, source) if together else opened(source))
        names = None if together else reading.bands
        info = understand(raster, names, "radar_bands")
        by_index = {band.index: band for band in info.bands}
        self._bands = [by_index[index] for index in scene_bands(raster, RADAR, names)]
        kinds = {"infinite": True}  # the logarithm of 0
        self.unit, self.n_minus_inf = self._survey(GridReader(raster, info, self._bands, grid, **kinds), reading.unit)
        self._reader = GridReader(raster, info, self._bands, grid, convert=self._power, **kinds)

    def read(self, first: int, last: int) -> np.ndarray:
        """Rows ``first`` to before ``last`` of the grid: float (2, rows, columns), NaN where a band is missing."""
        return self._reader.read(Window(0, first, self.grid.width, last - first))

    def input_row(self, covered: float, low: float, middle: float, high: float) -> InputRow:
        """Interpretation of the file, for ``inputs.csv``.

        Parameters
        ----------
        covered : share of the area of interest that has values.
        low, middle, high : least, median and largest VV and VH in dB.
        """
        first, info = self._bands[0], self._reader.info
        scale, offset = _level(first)
        ways = [self._reader.missing_by] if info.declares_missing else []
        ways += [f"nodata {self._nodata:g} of the settings"] if self._nodata is not None else []
        ways.append("−inf" if self.unit == DB else "0 and below")
        return InputRow(
            file=info.path, role=RADAR, bands=", ".join(RADAR_BANDS), unit="dB", scale=scale, offset=offset,
            nodata=first.nodata, missing_by=", ".join(ways), crs=info.crs, covered_fraction=covered, minimum=low,
            median=middle, maximum=high, note=f"unit of the file: {self.unit}",
        )  # fmt: skip

    def _power(self, numbers: np.ndarray) -> np.ndarray:
        power = to_power(self._physical(numbers), self.unit)
        power[:, np.isnan(power).any(axis=0)] = np.nan
        return power

    def _physical(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of both bands, NaN where missing, with scale and offset applied, float64."""
        scale, offset = np.array([_level(band) for band in self._bands]).T[:, :, None, None]
        return self._known(numbers).astype("float64") * scale + offset

    def _known(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers, NaN also where they are the nodata of the settings."""
        if self._nodata is None:
            return numbers
        return np.where(numbers == numbers.dtype.type(self._nodata), np.nan, numbers)

    def _survey(self, reader: GridReader, wanted: str) -> tuple[str, int]:
        """The raster's unit, and how many of its pixels around the grid are the logarithm of 0, or 0."""
        whole, parts, n_log, n_zero = reader.source_window(), [], 0, 0
        step = 1 if whole is None else max(1, math.ceil(math.sqrt(whole.width * whole.height / _SURVEYED)))
        for window in reader.source_windows():
            numbers = self._known(reader.native(window))
            values = self._physical(numbers)
            n_log += int((values <= LOG_OF_ZERO_DB).any(axis=0).sum())
            n_zero += int(((values == 0) | np.isneginf(values)).any(axis=0).sum())
            parts.append([band[::step, ::step][~np.isnan(band[::step, ::step])] for band in numbers])
        bands = [np.concatenate([part[number] for part in parts] or [np.empty(0)]) for number in (0, 1)]
        levels = [_level(band) for band in self._bands]
        words = [band.unit for band in self._bands] + [reader.info.tags.get("units", "")]
        survey = Survey(
            reader.path, *bands, [scale for scale, _ in levels], [offset for _, offset in levels],
            self._bands[0].dtype, declared_unit(words), self._fill, named_unit(reader.path),
        )  # fmt: skip
        unit = find_unit(survey, wanted)
        return unit, n_log if unit == DB else n_zero


def _level(band: Band) -> tuple[float, float]:
    """Scale and offset of a band, 1 and 0 where the file declares neither."""
    return (1.0 if band.scale is None else band.scale), (band.offset or 0.0)
