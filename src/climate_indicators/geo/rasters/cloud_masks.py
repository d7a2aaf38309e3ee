"""Cloud masks on a site's grid: 0 where the scene is clear, or the classes of Sentinel-2, Landsat and HLS."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rasterio.enums import Resampling
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.geo.rasters.reading import GridReader
from climate_indicators.geo.rasters.table import InputRow
from climate_indicators.geo.rasters.understanding import understand

# a mask of this workflow or of a user has few numbers: cloud, thin cloud, shadow, missing; one without 0 fewer still
_MAX_NUMBERS, _MAX_WITHOUT_CLEAR = 4, 2


@dataclass(frozen=True)
class _Coding:
    """Classes or bits of a product that are not clear ground."""

    name: str
    classes: tuple[int, ...] = ()
    bits: int = 0

    def cloud(self, values: np.ndarray) -> np.ndarray:
        """Where whole numbers, without NaN, are cloud, shadow or missing."""
        if self.classes:
            return np.isin(values, self.classes)
        return (values.astype("int64") & self.bits) != 0


_PLAIN = _Coding("not 0")
# https://sentiwiki.copernicus.eu/web/s2-processing: no data, defective, cloud shadow, cloud (medium, high), thin cirrus
_SCL = _Coding("classes of SCL", classes=(0, 1, 3, 8, 9, 10))
# Landsat 8-9 Collection 2 Level 2 Science Product Guide: fill, dilated cloud, cirrus, cloud, cloud shadow
_QA_PIXEL = _Coding("bits of QA_PIXEL", bits=0b11111)
# HLS User Guide 2.0: cirrus, cloud, next to cloud or shadow, cloud shadow; 255, missing, has these bits too
_HLS = _Coding("bits of HLS Fmask", bits=0b1111)
_NAMES = {"scl": _SCL, "qa_pixel": _QA_PIXEL, "fmask": _HLS}
_NAMED = re.compile(r"(?:^|[._-])(SCL|QA_PIXEL|Fmask)(?:_\d+m)?$", re.IGNORECASE)


class CloudMask:
    """A cloud mask on the grid; beyond it nothing is known of clouds.

    Parameters
    ----------
    stack : closes the file.
    path : raster of one band.
    grid, area : the site's grid and area of interest, uint8 of ``grid.shape``.

    Attributes
    ----------
    cloud, unknown : bool (rows, columns) of the window that was loaded.

    Raises
    ------
    InputError
        If it has several bands, or more numbers than a mask has and is no classification that is known.
    """

    def __init__(self, stack: ExitStack, path: str, grid: Grid, area: np.ndarray) -> None:
        raster = stack.enter_context(opened(path))
        info = understand(raster)
        if len(info.bands) != 1:
            raise InputError(
                f"the cloud mask {path} has {len(info.bands)} bands; expected one, 0 where the scene is clear. Put "
                "them together in one band (gdal_calc does)."
            )
        # in a mask 0 is clear, also where the file calls it nodata
        first = replace(info.bands[0], nodata=None)
        self.info = replace(info, bands=(first,), alpha=None, masked=False)
        self._reader = GridReader(raster, self.info, [first], grid, Resampling.nearest)
        self._coding = _coding(path, first.name, self._numbers())
        self._n_known = self._n_cloud = 0
        self._n_area = max(int((area == 1).sum()), 1)
        self.cloud = self.unknown = np.zeros(0, bool)

    def load(self, window: Window, inside: np.ndarray) -> None:
        """Read a window of the grid; ``inside``, bool (rows, columns), is the area of interest."""
        values = self._reader.read(window)[0]
        self.unknown = np.isnan(values)
        known = np.where(self.unknown, 0, values)
        cloud = known != 0 if self._coding is _PLAIN else self._coding.cloud(known)
        self.cloud = ~self.unknown & cloud
        self._n_known += int((~self.unknown & inside).sum())
        self._n_cloud += int((self.cloud & inside).sum())

    def row(self) -> InputRow:
        """Interpretation of the mask; after all windows were loaded."""
        how = "" if self._coding is _PLAIN else f" by the {self._coding.name}"
        return InputRow(
            file=self.info.path,
            role="cloud_mask",
            bands="1",
            crs=self.info.crs,
            covered_fraction=self._n_known / self._n_area,
            note=f"cloud in {100 * self._n_cloud / self._n_area:.1f} % of the area{how}",
        )

    def _numbers(self) -> np.ndarray:
        """Numbers of the mask where the grid shows it, each once."""
        found: set[float] = set()
        for window in self._reader.source_windows():
            values = np.unique(self._reader.native(window))
            found.update(values[np.isfinite(values)].tolist())
        return np.array(sorted(found))


def _coding(path: str, band: str | None, numbers: np.ndarray) -> _Coding:
    """What the numbers mean, by the name of file or band; a mask made from a product may still have its name."""
    named = _NAMED.search(Path(path).stem) or _NAMED.search(band or "")
    if named and not np.isin(numbers, (0, 1)).all():
        product = named[1].lower()
        if product != "fmask" or Path(path).name.upper().startswith("HLS."):
            return _NAMES[product]
        raise InputError(
            f"the cloud mask {path} is named after Fmask, whose versions number their classes differently. Make a mask "
            "of it that is 0 where the scene is clear (gdal_calc does), under another name."
        )
    n_clouded = int((numbers != 0).sum())
    if n_clouded > _MAX_NUMBERS or (n_clouded > _MAX_WITHOUT_CLEAR and n_clouded == len(numbers)):
        shown = ", ".join(f"{number:g}" for number in numbers[:8])
        raise InputError(
            f"the cloud mask {path} has the numbers {shown}{' …' if len(numbers) > 8 else ''}: classes or "
            "probabilities; expected is 0 where the scene is clear, and another number elsewhere. Make such a mask of "
            "it (gdal_calc does). Files whose names end in SCL, QA_PIXEL, or begin with HLS. and end in Fmask are "
            "read by their classes."
        )
    return _PLAIN
