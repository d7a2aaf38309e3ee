"""Maps of snow of a year's radar scenes, each predicted window by window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import Engine
from climate_indicators.segmentation.tiled_prediction import Windows, predict_logits, write_prediction
from climate_indicators.snow.scenes.table import name_parts

COLUMNS = ["scene", "date", "orbit", "snow_share"]
NAMES = ("probability of snow", "snow")


@dataclass(frozen=True)
class SnowModel:
    """A trained network with all that a map needs.

    Attributes
    ----------
    engine : gives logits; the sigmoid is applied once, where a map is written.
    bands : names of the channels that it was trained on, in their order.
    mean : of each channel, put in place of missing pixels.
    calibration : ``temperature`` and probability ``threshold``.
    windows : how scenes are cut.
    tags : text tags of the maps.
    """

    engine: Engine
    bands: Sequence[str]
    mean: Sequence[float]
    calibration: Mapping[str, float]
    windows: Windows
    tags: dict[str, str]


def scene_files(radar: str | Path, change: str | Path) -> dict[str, list[Path]]:
    """Files of each scene of a year: backscatter, then change against the reference of the same orbit.

    Parameters
    ----------
    radar, change : folders of ``SCENE.tif``.

    Raises
    ------
    InputError
        If the folders do not hold the same scenes.
    """
    found = [{path.stem: path for path in sorted(Path(folder).glob("*.tif"))} for folder in (radar, change)]
    lacking = sorted(set(found[0]) ^ set(found[1]))
    if lacking:
        raise InputError(
            f"{radar} and {change} do not hold the same scenes: {lacking[0]}.tif is in one of them only. Remove both "
            "folders and run again."
        )
    return {scene: [part[scene] for part in found] for scene in found[0]}


def map_scene(
    model: SnowModel,
    scene: str,
    paths: Sequence[Path],
    folder: Path,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Write the probability and the extent of snow of one scene.

    Parameters
    ----------
    model : the network.
    scene : name, such as ``20190612_o48``.
    paths : rasters whose bands are the network's channels.
    folder : gets ``SCENE_probability.tif`` and ``SCENE_extent.tif``.
    progress : called once per window.

    Returns
    -------
    Row of the year's table: ``scene, date, orbit, snow_share`` (of the pixels with a value).

    Raises
    ------
    InputError
        If the bands are not those that the network was trained on.
    """
    with RasterStack(paths) as stack:
        if list(stack.bands) != list(model.bands):
            raise InputError(
                f"{paths[0]} and its change have bands {', '.join(stack.bands)}; the network was trained on "
                f"{', '.join(model.bands)}. Remove the folder of the model and train again."
            )
        share = write_prediction(
            folder / f"{scene}_probability.tif",
            folder / f"{scene}_extent.tif",
            stack,
            predict_logits(model.engine, stack, model.mean, model.windows, progress),
            model.calibration["temperature"],
            model.calibration["threshold"],
            NAMES,
            model.tags,
        )
    return dict(zip(COLUMNS, (scene, *name_parts(scene), share), strict=True))


def maps_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Table of a year's maps, in order of scene; a year without scenes has only its header."""
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("scene", ignore_index=True)
