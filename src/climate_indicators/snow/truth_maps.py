"""Snow maps of a simulated site compared with the true ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from climate_indicators.segmentation.map_pairs import raster_pair, read_inside
from climate_indicators.snow.climate.snow_cover import ENDINGS
from climate_indicators.snow.scenes.table import RADAR
from climate_indicators.snow.truth import MIN_MAPS, SERIES, series_of
from climate_indicators.stats.map_agreement import Agreement, agreement


def map_agreements(
    compared: pd.DataFrame, folders: Mapping[str, Sequence[str | Path]], true_folder: str | Path, area: str | Path
) -> dict[tuple[str, int | None], Agreement]:
    """Agreement of the maps of each source and calendar year that has ``MIN_MAPS`` maps or more.

    Optical masks of all seasons, and radar maps of the wet season: radar is hardly sensitive to dry snow. For radar
    maps also the agreement of all years together, with the key None in place of the year.

    Parameters
    ----------
    compared : of `truth.compare_cover`; its scenes alone are compared.
    folders : folders of the maps by source, each named by its year.
    true_folder : folder of the true snow classes, ``DATE.tif``, 0 without snow.
    area : raster of the area of interest on the same grid, 1 inside.
    """
    inside, found = read_inside(area), {}

    def agreed(source: str, scenes: pd.DataFrame) -> Agreement:
        places = {Path(folder).name: Path(folder) for folder in folders[source]}
        return agreement(
            raster_pair(
                places[scene.date[:4]] / f"{scene.scene}{ENDINGS[source]}",
                Path(true_folder, f"{scene.date}.tif"),
                inside,
            )
            for scene in scenes.itertuples()
        )

    for source in SERIES:
        own = series_of(compared, source)
        for year, scenes in own.groupby(own["date"].str[:4]):
            if len(scenes) >= MIN_MAPS:
                found[source, int(year)] = agreed(source, scenes)
        if source == RADAR and len(own) >= MIN_MAPS:
            found[source, None] = agreed(source, own)
    return found
