"""Gallery of test images: original, truth, and the network's mask compared with the truth."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import h5py
import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure
from rasterio.errors import NotGeoreferencedWarning

from climate_indicators.carbon.images.color_rules import RGB
from climate_indicators.carbon.images.resampling import resample
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.map_comparison import comparison_legend, draw_comparison, draw_mask
from climate_indicators.plotting.rgb import common_stretch
from climate_indicators.plotting.style import GAP, GREEN, no_ticks

SHOWN = 8
ACROSS = 2
VEGETATION = GREEN
MAX_NAME = 34


@dataclass(frozen=True)
class Example:
    """One test image.

    Attributes
    ----------
    title : name and skill.
    image : float32, shape (rows, columns, 3), NaN where nothing is seen.
    truth, mapped : uint8, shape (rows, columns): 1 vegetation, 0 other, 255 not known.
    """

    title: str
    image: np.ndarray
    truth: np.ndarray
    mapped: np.ndarray


def spread_of_skill(metrics: pd.DataFrame, count: int = SHOWN) -> pd.DataFrame:
    """Test images from the worst to the best IoU at the calibrated threshold, evenly spread over their order.

    Images without vegetation in truth and map, whose IoU is not defined, are left out unless there are no others.

    Parameters
    ----------
    metrics : ``image, split, threshold_rule, iou`` and what else is wanted.
    count : how many at most.
    """
    test = metrics[(metrics["split"] == "test") & (metrics["threshold_rule"] == "calibrated")]
    defined = test.dropna(subset="iou")
    ordered = (test if defined.empty else defined).sort_values(["iou", "image"], kind="stable")
    places = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return ordered.iloc[places].reset_index(drop=True)


def read_mapped(masks: str | Path, image: str, shape: tuple[int, int]) -> np.ndarray:
    """Mask of an image at ``shape``: uint8, 1 where vegetation covers half of the valid area, 0 other, 255 missing.

    Parameters
    ----------
    masks : folder of the masks.
    image : path of the image below its folder; its mask has the same with the ending .tif or .png.
    shape : rows and columns wanted.

    Raises
    ------
    InputError
        If there is no such mask.
    """
    paths = [(Path(masks) / image).with_suffix(suffix) for suffix in (".tif", ".png")]
    path = next((one for one in paths if one.exists()), None)
    if path is None:
        raise InputError(
            f"image {image}: {masks} has neither {paths[0].name} nor {paths[1].name}; map the images anew."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with opened(path) as raster:
            values, seen = raster.read(1), raster.dataset_mask() > 0
    # area fractions, because subsampled pixels would be displaced
    vegetation, known = (resample(layer, shape) for layer in ((values == 255) & seen, seen))
    return np.where(known >= 0.5, vegetation >= 0.5 * known, BYTE_NODATA).astype("uint8")


def carbon_gallery_figure(patches: str, metrics: pd.DataFrame, masks: str | Path) -> Figure:
    """Test images from the worst to the best, three pictures each.

    Parameters
    ----------
    patches : file of `climate_indicators.carbon.images.samples.write_samples`: images and truth.
    metrics : table of `climate_indicators.carbon.estimation.image_skill.image_metrics`.
    masks : folder of the mapped masks.
    """
    examples = _read_examples(patches, spread_of_skill(metrics), masks)
    down = -(-len(examples) // ACROSS)
    figure = Figure(figsize=(6.2 * ACROSS, 2.45 * down + 0.6))
    figure.set_layout_engine("constrained")
    parts = figure.subfigures(down, ACROSS, squeeze=False, wspace=0.02).ravel()
    for part, example in zip(parts, examples, strict=False):
        _draw(part, example)
    comparison_legend(figure, {"vegetation (truth)": VEGETATION}, "no vegetation", "not seen")
    return figure


def _read_examples(patches: str, chosen: pd.DataFrame, masks: str | Path) -> list[Example]:
    with h5py.File(patches) as store:
        bands = json.loads(store.attrs["bands"])
        channels = [bands.index(band) for band in RGB] if set(RGB) <= set(bands) else [0, len(bands) // 2, -1]
        places = {name: place for place, name in enumerate(store["name"].asstr()[:])}
        cuts = []
        for name in chosen["image"]:
            place = places[name]
            rows, cols = store["content"][place].tolist()
            image = store["image"][place, :rows, :cols][..., channels].astype("float32")
            image[~store["valid"][place, :rows, :cols]] = np.nan
            cuts.append((image, store["label"][place, :rows, :cols]))
        low, high = (0, 255) if store["image"].dtype == "uint8" else common_stretch([image for image, _ in cuts])
    return [
        Example(_title(row), (image - low) / (high - low), truth, read_mapped(masks, row.image, truth.shape))
        for row, (image, truth) in zip(chosen.itertuples(), cuts, strict=True)
    ]


def _title(row: tuple) -> str:
    name = PurePosixPath(row.image).name
    name = name if len(name) <= MAX_NAME else f"…{name[1 - MAX_NAME :]}"
    skill = "IoU not defined" if np.isnan(row.iou) else f"IoU {row.iou:.2f}"
    return f"{name}: {skill}, true {row.true_fraction:.1%}, mapped {row.mapped_fraction:.1%}"


def _draw(part: SubFigure, example: Example) -> None:
    part.suptitle(example.title, fontsize=9.5)
    panels = part.subplots(1, 3)
    shown = np.clip(example.image, 0, 1)
    shown[np.isnan(shown)] = int(GAP[1:3], 16) / 255
    panels[0].imshow(shown)
    draw_mask(panels[1], example.truth, VEGETATION)
    draw_comparison(panels[2], example.mapped, example.truth)
    for axes, name in zip(panels, ("original", "truth", "prediction"), strict=True):
        axes.set_xlabel(name, fontsize=9)
        no_ticks(axes)
