"""Baselines: pixelwise random forest and band-index threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.io import DatasetReader
from rasterio.windows import Window
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA, REFLECTANCE_SCALE
from climate_indicators.geo.raster_stack import RasterStack, strips
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.stats.calibration import best_edge
from climate_indicators.stats.score_histograms import INDEX, PROBABILITY, ScoreCounts

FOREST, BAND_RATIO, BRIGHTNESS = "random_forest", "band_ratio", "brightness"
INDEX_BINS = 1000
# trees grown to single pixels learn the noise: on the simulated and on a real site five a leaf is better by 0.01 in IoU
LEAF_PIXELS = 5

Scorer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Sample:
    """Training pixels.

    Attributes
    ----------
    values : float32, shape (pixels, channels), physical values.
    labels : uint8, shape (pixels,): 1 positive, 0 negative.
    """

    values: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Baseline:
    """A trained model of single pixels.

    Attributes
    ----------
    score : function from values, float32 (pixels, channels), to scores, float (pixels,), higher for positives.
    kind : kind of the scores, as in `ScoreCounts`.
    edges : bin edges of the scores; None for those of the kind.
    neutral : threshold before any is chosen on held-out blocks; None for that of the kind.
    """

    score: Scorer
    kind: str
    edges: np.ndarray | None = None
    neutral: float | None = None

    def counts(self, blocks: Sequence[int], splits: Sequence[str]) -> ScoreCounts:
        """Counts of zero for the model's scores on these blocks."""
        return ScoreCounts.empty(self.kind, blocks, splits, self.edges, self.neutral)


def training_sample(stack: RasterStack, labels: str | Path, splits: str | Path, limit: int, seed: int) -> Sample:
    """Pixels of the training split, each as likely to be drawn as any other, in the order of the image.

    The image is read strip by strip; only what was drawn is kept.

    Parameters
    ----------
    stack : the channels.
    labels : raster, 1 positive, 0 negative, 255 unknown.
    splits : raster of `climate_indicators.segmentation.spatial_blocks.split_map`.
    limit : number of pixels drawn at most. Those without a value in some channel are left out afterward.
    seed : start of the random numbers.

    Raises
    ------
    InputError
        If the drawn pixels do not hold both labels.
    """
    values, truth = [], []
    with opened(labels) as label_raster, opened(splits) as split_raster:
        windows = list(strips(stack.grid))
        totals = [int(_training(split_raster, window).sum()) for window in windows]
        drawn = _draw(sum(totals), limit, seed)
        first = 0
        for window, total in zip(windows, totals, strict=True):
            places = drawn[(drawn >= first) & (drawn < first + total)] - first
            first += total
            pixels = np.flatnonzero(_training(split_raster, window))[places]
            image, valid = stack.read((window.row_off, window.row_off + window.height), (0, stack.grid.width))
            pixels = pixels[valid.ravel()[pixels]]
            values.append(image.reshape(-1, image.shape[2])[pixels])
            truth.append(label_raster.read(1, window=window).ravel()[pixels])
    sample = Sample(np.concatenate(values), np.concatenate(truth))
    positives = int((sample.labels == 1).sum())
    if positives in (0, len(sample.labels)):
        raise InputError(
            f"the {len(sample.labels)} training pixels drawn for the baselines hold {positives} positive ones; both "
            "labels are needed. Make baselines.forest_samples larger, or choose another split_seed."
        )
    return sample


def fit_forest(sample: Sample, trees: int, seed: int) -> Scorer:
    """Train a random forest on single pixels.

    Breiman (2001, doi:10.1023/A:1010933404324), as scikit-learn has it, on one core, so that sums have one order.

    Returns
    -------
    Function from values, float32 (pixels, channels), to the probability of the positive label, float64 (pixels,).
    """
    forest = RandomForestClassifier(trees, min_samples_leaf=LEAF_PIXELS, n_jobs=1, random_state=seed)
    forest.fit(sample.values, sample.labels)
    return lambda values: forest.predict_proba(values)[:, 1]


@dataclass(frozen=True)
class ThresholdIndex:
    """A number made of a pixel's bands, higher for positives, to be compared with a threshold.

    Attributes
    ----------
    channels : numbers of the bands: the two of the ratio, or those whose mean is the brightness.
    is_ratio : whether the first band is divided by the second.
    sign : -1.0 where positives have the lower values and the index is turned round, else 1.0.
    """

    channels: tuple[int, ...]
    is_ratio: bool
    sign: float

    @property
    def name(self) -> str:
        """Name of the model in tables."""
        return BAND_RATIO if self.is_ratio else BRIGHTNESS

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Index of each pixel: ``values`` float32, shape (pixels, channels of the stack), to float32 (pixels,)."""
        bands = values[:, list(self.channels)]
        if not self.is_ratio:
            return self.sign * bands.mean(axis=1)
        # noise makes the darkest pixels zero or negative; adding one quantization step keeps the ratio finite
        return self.sign * np.maximum(bands[:, 0], 0) / np.maximum(bands[:, 1], np.float32(REFLECTANCE_SCALE))


def fit_index(sample: Sample, bands: Sequence[str], used: Sequence[str], is_ratio: bool) -> ThresholdIndex:
    """Band ratio or brightness, turned so that the positives of the sample tend to have the higher values.

    Parameters
    ----------
    sample : training pixels.
    bands : names of the stack's channels.
    used : the two bands of the ratio, or the bands whose mean is the brightness.
    is_ratio : which of the two.
    """
    channels = tuple(list(bands).index(name) for name in used)
    index = ThresholdIndex(channels, is_ratio, 1.0)
    falls = roc_auc_score(sample.labels, index(sample.values)) < 0.5
    return ThresholdIndex(channels, is_ratio, -1.0 if falls else 1.0)


def index_edges(scores: np.ndarray) -> np.ndarray:
    """Bin edges for scores without a fixed scale: quantiles, so that bins have similar counts.

    Parameters
    ----------
    scores : float, shape (pixels,), of the training sample.

    Returns
    -------
    float64, rising, at most ``INDEX_BINS`` + 1, each a score that occurs.

    Raises
    ------
    InputError
        If all scores are the same.
    """
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, INDEX_BINS + 1), method="nearest")).astype("float64")
    if len(edges) < 2:
        raise InputError(
            f"the threshold index is {edges[0]:g} in all {len(scores)} training pixels, so no threshold divides them. "
            "Name other bands in baselines.ratio, or set it to null for brightness."
        )
    return edges


def index_baseline(index: Scorer, sample: Sample) -> Baseline:
    """An index as a model; the threshold that it starts from has the highest IoU on the training sample.

    Raises
    ------
    InputError
        If the index is the same number in all pixels of the sample.
    """
    scores = index(sample.values)
    edges = index_edges(scores)
    counts = ScoreCounts.empty(INDEX, [0], ["train"], edges)
    counts.add(0, scores, sample.labels)
    return Baseline(index, INDEX, edges, float(edges[best_edge(counts.counts[0])]))


def fit_baselines(
    sample: Sample,
    bands: Sequence[str],
    image_bands: Sequence[str],
    ratio: Sequence[str] | None,
    trees: int,
    seed: int,
) -> dict[str, Baseline]:
    """Train the forest and make the index, each under its name in tables.

    Parameters
    ----------
    sample : training pixels.
    bands : names of the stack's channels, all of which the forest sees.
    image_bands : bands whose mean is the brightness: those of the image, not the terrain.
    ratio : two bands whose ratio is the index, or None for brightness.
    trees : of the forest.
    seed : start of the forest's random numbers.

    Returns
    -------
    ``random_forest``, and ``band_ratio`` or ``brightness``.
    """
    index = fit_index(sample, bands, ratio or image_bands, ratio is not None)
    return {
        FOREST: Baseline(fit_forest(sample, trees, seed), PROBABILITY),
        index.name: index_baseline(index, sample),
    }


def score_blocks(
    models: Mapping[str, Baseline],
    stack: RasterStack,
    labels: str | Path,
    splits: str | Path,
    blocks: pd.DataFrame,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, ScoreCounts]:
    """Counts of the models' scores on the held-out blocks, one block in memory at a time.

    Counted are the pixels of a block that the map of splits gives to the block's own split and that have a value in
    every channel.

    Parameters
    ----------
    models : by name.
    stack, labels, splits : as in `training_sample`.
    blocks : table of `climate_indicators.segmentation.spatial_blocks.holdout_blocks`.
    progress : called once per block.
    """
    counts = {name: model.counts(blocks.block, blocks.split) for name, model in models.items()}
    with opened(labels) as label_raster, opened(splits) as split_raster:
        for number, block in enumerate(blocks.itertuples()):
            rows, cols = (block.row_start, block.row_stop), (block.col_start, block.col_stop)
            window = Window.from_slices(rows, cols)
            values, valid = stack.read(rows, cols)
            truth = label_raster.read(1, window=window)
            known = valid & (split_raster.read(1, window=window) == SPLIT_VALUES[block.split]) & (truth != BYTE_NODATA)
            if known.any():
                for name, model in models.items():
                    counts[name].add(number, model.score(values[known]), truth[known])
            progress()
    return counts


def _training(splits: DatasetReader, window: Window) -> np.ndarray:
    """Which pixels of a window belong to training: bool, shape (pixels,)."""
    return splits.read(1, window=window).ravel() == SPLIT_VALUES["train"]


def _draw(total: int, limit: int, seed: int) -> np.ndarray:
    """At most ``limit`` of the numbers 0 … total - 1, increasing, without repetition."""
    if total <= limit:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, limit, replace=False, shuffle=False))
