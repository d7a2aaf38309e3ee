"""Maps of the workflow together with the true maps of a simulated site, read from rasters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from climate_indicators.cogs import BYTE_NODATA
from climate_indicators.logs import InputError
from climate_indicators.map_agreement import MapPair
from climate_indicators.rasters.guard import opened


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
