"""Maps of the workflow together with the true maps of a simulated site, read from rasters."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.stats.map_agreement import Agreement, MapPair, agreement


def raster_pair(path: str | Path, true_path: str | Path, inside: np.ndarray) -> MapPair:
    """A map and the true one, both known inside the area of interest alone.

    Parameters
    ----------
    path : uint8 raster: 1 where the map shows its class, 255 where it does not know.
    true_path : raster of the truth on the same grid, not 0 where the class is.
    inside : bool, shape (rows, columns): area of interest.

    Raises
    ------
    InputError
        If the rasters are not on one grid.
    """
    with opened(path) as raster, opened(true_path) as truth:
        if raster.shape != truth.shape or not raster.transform.almost_equals(truth.transform, 1e-6):
            raise InputError(
                f"{path} and {true_path} are not on one grid: {raster.shape} and {truth.shape} pixels. Remove both and "
                "run again."
            )
        mapped, true = raster.read(1), truth.read(1)
    return MapPair((mapped == 1) & inside, (mapped != BYTE_NODATA) & inside, (true != 0) & inside, inside)


def yearly_agreement(paths: Iterable[str | Path], true_folder: str | Path, area: str | Path) -> dict[int, Agreement]:
    """Agreement of one map per year with the true one.

    Parameters
    ----------
    paths : maps, as for `raster_pair`, each named by its year, such as ``2016.tif``.
    true_folder : folder of the true maps, with the same names.
    area : raster of the area of interest on the same grid, 1 inside.
    """
    inside = read_inside(area)
    ordered = sorted(map(Path, paths), key=lambda path: int(path.stem))
    return {int(path.stem): agreement([raster_pair(path, Path(true_folder, path.name), inside)]) for path in ordered}


def read_inside(area: str | Path) -> np.ndarray:
    """Raster of an area of interest: bool, shape (rows, columns), true inside."""
    with opened(area) as raster:
        return raster.read(1) == 1
