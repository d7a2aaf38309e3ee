"""Masks of vegetation of a simulated site compared with the true ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from climate_indicators.carbon.mask_values import NOT_SEEN, VEGETATION
from climate_indicators.stats.map_agreement import Agreement, MapPair, agreement


def mask_agreements(estimates: pd.DataFrame, masks: str | Path, true_masks: str | Path) -> dict[int, Agreement]:
    """Agreement of all masks of each calendar year with the true ones.

    Parameters
    ----------
    estimates : ``image_path, date`` of every image; the mask has the image's name with the ending ``.png``.
    masks : folder of the masks: 255 vegetation, 0 other ground, 128 not seen.
    true_masks : folder of the true masks, 255 vegetation.
    """
    names = estimates["image_path"].map(lambda path: f"{Path(path).stem}.png")
    return {
        int(year): agreement(_pair(Path(masks, name), Path(true_masks, name)) for name in own)
        for year, own in names.groupby(estimates["date"].str[:4])
    }


def _pair(path: Path, true_path: Path) -> MapPair:
    mapped, true = (np.asarray(Image.open(one)) for one in (path, true_path))
    return MapPair(mapped == VEGETATION, mapped != NOT_SEEN, true > 0, np.ones(true.shape, bool))
