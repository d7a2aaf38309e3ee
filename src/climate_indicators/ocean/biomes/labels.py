"""Labels of biomes as fields: on the map of cells, month by month, with probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

NO_DATA, LAND, UNCLASSIFIED = -2, -1, 0
# a cell without a biome has no data if less than this share of its ocean has: a few points left are no ocean
MIN_DATA_SHARE = 0.5
PROBABILITY_SCALE, PROBABILITY_FILL = 1 / 250, 255


def on_map(values: np.ndarray, cells: np.ndarray, area_km2: np.ndarray) -> np.ndarray:
    """Labels of some cells as a map: int8, the shape of ``area_km2``, −1 on land, 0 where the ocean has none.

    Parameters
    ----------
    values : int, shape (n,), labels. cells : int, shape (n,), their places in the flattened map.
    area_km2 : float, shape (lat, lon), ocean area, 0 on land.
    """
    result = np.where(area_km2 > 0, UNCLASSIFIED, LAND).astype("int8")
    result.flat[cells] = values
    return result


def label_attributes(names: Mapping[int, str]) -> dict[str, object]:
    """CF attributes of a field of labels."""
    numbers = [NO_DATA, LAND, UNCLASSIFIED, *sorted(names)]
    words = ["no_data", "land", "unclassified", *(names[label].replace(" ", "_") for label in sorted(names))]
    return {"long_name": "biome", "flag_values": np.array(numbers, "int8"), "flag_meanings": " ".join(words)}


def names_and_colors(table: pd.DataFrame) -> tuple[dict[int, str], dict[int, str]]:
    """Name and color of every biome by label, from the table of biomes."""
    names = dict(zip(table.label.tolist(), table.name.tolist(), strict=True))
    return names, dict(zip(table.label.tolist(), table.color.tolist(), strict=True))


def labels_dataset(
    labels: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    area_km2: np.ndarray,
    coordinates: Mapping[str, xr.DataArray],
    names: Mapping[int, str],
    data_share: np.ndarray | None = None,
) -> xr.Dataset:
    """Labels and probabilities of several months.

    A cell without a biome is labeled −2, no data, where the files have data for less than ``MIN_DATA_SHARE`` of its
    ocean: unlike an unclassified cell, it contains no information about the ocean.

    Parameters
    ----------
    labels : int8, shape (cells,), a month each; 0 unclassified.
    probabilities : float32, shape (cells, biomes), a month each; NaN where there is none.
    area_km2 : float, shape (lat, lon), ocean area.
    coordinates : ``time``, ``lat``, ``lon``.
    names : name of each biome by label, in the order of the probabilities.
    data_share : float, shape (months, lat, lon), share of each cell's ocean that has data; None for data everywhere.
    """
    shape = (len(labels), *area_km2.shape)
    land = (area_km2 == 0).ravel()
    maps = np.where(land, LAND, np.stack(labels)).astype("int8").reshape(shape)
    if data_share is not None:
        maps[(maps == UNCLASSIFIED) & (data_share < MIN_DATA_SHARE)] = NO_DATA
    stack = np.moveaxis(np.stack(probabilities), 2, 0)
    missing = ~np.isfinite(stack) | land
    bytes_ = np.where(missing, PROBABILITY_FILL, np.rint(np.nan_to_num(stack) / PROBABILITY_SCALE)).astype("uint8")
    packed = {
        "long_name": "probability of each biome",
        "units": "1",
        "scale_factor": PROBABILITY_SCALE,
        "_FillValue": np.uint8(PROBABILITY_FILL),
    }
    return xr.Dataset(
        {
            "label": (("time", "lat", "lon"), maps, label_attributes(names)),
            "probability": (("biome", "time", "lat", "lon"), bytes_.reshape(len(names), *shape), packed),
        },
        {**coordinates, "biome": ("biome", np.array(sorted(names), "int8"), {"long_name": "label of the biome"})},
    )


def probabilities_of(dataset: xr.Dataset) -> np.ndarray:
    """Probabilities of `labels_dataset`: float32, shape (biomes, months, lat, lon), NaN where there is none."""
    packed = dataset["probability"].values
    return np.where(packed == PROBABILITY_FILL, np.nan, packed * np.float32(PROBABILITY_SCALE)).astype("float32")
