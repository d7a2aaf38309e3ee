"""Snow-free reference of each relative orbit, and the change of a scene against it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import raster_grid, strips
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.snow.scenes.headers import ORBIT_TAG
from climate_indicators.snow.scenes.radar import DB_NODATA, DB_SCALE

REFERENCE_BANDS = ("VV_reference", "VH_reference")
CHANGE_BANDS = ("VV_change", "VH_change")
# numbers of one strip of all scenes that are in memory at once
_STRIP_NUMBERS = 2**24


def choose_references(scenes: pd.DataFrame, months: Sequence[int], min_scenes: int = 1) -> pd.DataFrame:
    """Scenes that make the snow-free reference of each relative orbit: those of the snow-free months.

    Parameters
    ----------
    scenes : ``scene, date, orbit`` of radar scenes, as text.
    months : snow-free months, 1 to 12.
    min_scenes : fewest scenes of a reference.

    Returns
    -------
    Table ``orbit, n_scenes, first, last, scenes``, one line an orbit, names of the scenes joined by blanks.

    Raises
    ------
    InputError
        If an orbit has too few scenes of these months.
    """
    rows = []
    for orbit, same in scenes.sort_values(["orbit", "date"]).groupby("orbit", sort=True):
        free = same[pd.to_datetime(same.date).dt.month.isin(list(months))]
        if len(free) < max(min_scenes, 1):
            raise InputError(
                f"relative orbit {orbit} has {len(free)} scenes of the snow-free months "
                f"({', '.join(map(str, months))}) among its {len(same)}, {same.date.iloc[0]} to {same.date.iloc[-1]}; "
                f"its reference needs {max(min_scenes, 1)}. Add snow-free scenes of this orbit, change "
                "reference_months or reference_scenes, or leave the orbit's scenes out."
            )
        rows.append([orbit, len(free), free.date.iloc[0], free.date.iloc[-1], " ".join(free.scene)])
    return pd.DataFrame(rows, columns=["orbit", "n_scenes", "first", "last", "scenes"])


def write_reference(path: str | Path, scenes: Sequence[str | Path], orbit: str) -> None:
    """Write the pixel-wise median of scenes as a COG: int16, 0.01 dB, bands VV_reference, VH_reference.

    A pixel has a value where any scene has one. Works in strips that are the lower the more scenes there are.

    Parameters
    ----------
    path : file to write.
    scenes : rasters of `radar_scenes.write_radar_scene`, all of one grid and orbit.
    orbit : the relative orbit.

    Raises
    ------
    InputError
        If a scene is of another orbit or grid, or no pixel has a value.
    """
    with ExitStack() as stack:
        rasters = [stack.enter_context(opened(scene)) for scene in scenes]
        grid = raster_grid(rasters[0])
        for raster in rasters:
            _check_orbit(raster, orbit)
            if raster_grid(raster) != grid:
                raise InputError(f"{raster.name} is not on the grid of {rasters[0].name}; make both anew.")
        tags = {ORBIT_TAG: orbit, "SCENES": " ".join(Path(scene).stem for scene in scenes)}
        output = stack.enter_context(cog_writer(path, grid, "int16", REFERENCE_BANDS, DB_NODATA, DB_SCALE, tags))
        rows = max(1, min(512, _STRIP_NUMBERS // (2 * len(rasters) * grid.width)))
        n_valid = 0
        for window in strips(grid, rows):
            numbers = median_numbers(np.stack([raster.read(window=window) for raster in rasters]))
            n_valid += int((numbers != DB_NODATA).sum())
            output.write(numbers, window=window)
        if not n_valid:
            raise InputError(
                f"the snow-free scenes of relative orbit {orbit} ({tags['SCENES']}) have no valid pixel in the area of "
                "interest; add others, or change reference_months."
            )


def median_numbers(numbers: np.ndarray) -> np.ndarray:
    """Median over the first axis, nodata apart.

    Parameters
    ----------
    numbers : int16 array, shape (scenes, bands, rows, columns), nodata −32768.

    Returns
    -------
    int16, shape (bands, rows, columns); of an even number of values the mean of the middle two, halves to the even.
    """
    # nodata is the lowest number: after sorting, the known ones are the last
    ordered = np.sort(numbers, axis=0)
    n_missing = (numbers == DB_NODATA).sum(axis=0)
    last = len(numbers) - 1
    low, high = (n_missing + last) // 2, (n_missing + last + 1) // 2
    pair = [np.take_along_axis(ordered, np.minimum(at, last)[None], axis=0)[0].astype("float64") for at in (low, high)]
    return np.where(n_missing > last, DB_NODATA, np.rint((pair[0] + pair[1]) / 2)).astype("int16")


def write_change(path: str | Path, scene: str | Path, reference: str | Path) -> None:
    """Write a scene minus the reference of its orbit as a COG: int16, 0.01 dB, bands VV_change, VH_change. In strips.

    Raises
    ------
    InputError
        If the reference is of another orbit or grid than the scene, or is missing.
    """
    if not Path(reference).is_file():
        raise InputError(f"{scene} has no snow-free reference of its orbit: {reference} is missing.")
    with opened(scene) as image, opened(reference) as free:
        orbit = image.tags().get(ORBIT_TAG, "")
        _check_orbit(free, orbit)
        grid = raster_grid(image)
        if raster_grid(free) != grid:
            raise InputError(f"{reference} is not on the grid of {scene}; make both anew.")
        tags = {ORBIT_TAG: orbit, "DATE": image.tags().get("DATE", "")}
        with cog_writer(path, grid, "int16", CHANGE_BANDS, DB_NODATA, DB_SCALE, tags) as output:
            for window in strips(grid):
                output.write(change_numbers(image.read(window=window), free.read(window=window)), window=window)


def change_numbers(scene: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Scene minus reference, int16 arrays of one shape, nodata −32768 where either has none."""
    known = (scene != DB_NODATA) & (reference != DB_NODATA)
    change = np.clip(scene.astype("int32") - reference, -32767, 32767)
    return np.where(known, change, DB_NODATA).astype("int16")


def orbit_of(path: str | Path) -> str:
    """Relative orbit of a scene, from its tag."""
    with opened(path) as raster:
        return raster.tags().get(ORBIT_TAG, "")


def _check_orbit(raster: rasterio.DatasetReader, orbit: str) -> None:
    found = raster.tags().get(ORBIT_TAG, "")
    if found != orbit:
        raise InputError(
            f"{raster.name} is of relative orbit '{found}', not '{orbit}': different orbits cannot be compared."
        )
