"""Scores of a model on held-out pixels as histograms; memory does not depend on the image size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.raster_encoding import BYTE_NODATA

LOGIT, PROBABILITY, INDEX, MASK = "logit", "probability", "index", "mask"

LOGIT_EDGES = np.linspace(-25.0, 25.0, 5001)
# bins are centered on k/200, so that no vote share of 100 or 200 trees is on an edge, where rounding would matter
PROBABILITY_EDGES = np.linspace(-0.0025, 1.0025, 202)


# a method with a binary mask scores 0 or 1 and has no threshold to choose
MASK_EDGES = np.array([-0.5, 0.5, 1.5])


@dataclass(frozen=True)
class ScoreCounts:
    """Number of pixels by held-out block, label and score bin.

    Attributes
    ----------
    edges : float64, shape (bins + 1,), rising. A bin holds scores from its lower edge to below its upper one; scores
        beyond the ends are counted in the end bins.
    blocks : int64, shape (n,): numbers of the blocks.
    splits : split of each block, ``validation`` or ``test``.
    counts : int64, shape (n, 2, bins): pixels by block, label (0 or 1) and bin.
    kind : what a score is: ``logit``, ``probability``, ``mask`` (0 or 1), or ``index`` for another one.
    neutral : threshold that the model has before any is chosen; None for that of the kind (0, 0.5, and of an index
        none).
    """

    edges: np.ndarray
    blocks: np.ndarray
    splits: list[str]
    counts: np.ndarray
    kind: str
    neutral: float | None = None

    @classmethod
    def empty(
        cls,
        kind: str,
        blocks: Sequence[int],
        splits: Sequence[str],
        edges: np.ndarray | None = None,
        neutral: float | None = None,
    ) -> ScoreCounts:
        """Counts of zero.

        Parameters
        ----------
        kind, blocks, splits, neutral : as the attributes.
        edges : bin edges; only needed for an index, because the other kinds have fixed edges.

        Raises
        ------
        ValueError
            If the edges do not rise, or blocks and splits differ in number.
        """
        if edges is None:
            edges = {LOGIT: LOGIT_EDGES, PROBABILITY: PROBABILITY_EDGES, MASK: MASK_EDGES}[kind]
        edges, numbers = np.asarray(edges, "float64"), np.asarray(blocks, "int64")
        names = [str(name) for name in splits]
        if len(edges) < 2 or not (np.diff(edges) > 0).all():
            raise ValueError(f"bin edges must be two or more rising numbers, found {len(edges)}: {edges[:5]} …")
        if len(numbers) != len(names):
            raise ValueError(f"{len(numbers)} blocks have {len(names)} splits")
        return cls(edges, numbers, names, np.zeros((len(numbers), 2, len(edges) - 1), "int64"), kind, neutral)

    @property
    def centers(self) -> np.ndarray:
        """Center of each bin, float64, shape (bins,): the score assigned to its pixels."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    def add(self, block_index: int, scores: np.ndarray, labels: np.ndarray) -> None:
        """Count pixels of one block; pixels of unknown label are passed over.

        Parameters
        ----------
        block_index : place of the block in ``blocks`` (not its number).
        scores : float, any shape.
        labels : uint8, same shape: 1 positive, 0 negative, 255 unknown.

        Raises
        ------
        ValueError
            If a score of a labeled pixel is NaN, or a label is none of these.
        """
        known = labels != BYTE_NODATA
        scores, labels = np.asarray(scores)[known], np.asarray(labels)[known]
        if np.isnan(scores).any():
            raise ValueError(f"block {self.blocks[block_index]}: {int(np.isnan(scores).sum())} scores are NaN")
        if (labels > 1).any():
            raise ValueError(f"labels must be 0, 1 or {BYTE_NODATA}, found {int(labels.max())}")
        bins = self.counts.shape[2]
        place = np.clip(np.searchsorted(self.edges, scores, side="right") - 1, 0, bins - 1)
        cells = labels.astype("int64") * bins + place
        self.counts[block_index] += np.bincount(cells, minlength=2 * bins).reshape(2, bins)

    def of_split(self, split: str) -> np.ndarray:
        """Pixels of a split by label and bin, int64, shape (2, bins)."""
        return self.counts[np.array(self.splits) == split].sum(axis=0)


def write_scores(path: str | Path, scores: Mapping[str, ScoreCounts]) -> None:
    """Write the score counts of one or several models as groups of an HDF5 file, each under its model's name."""
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=True) as store:
        for model, score in scores.items():
            group = store.create_group(model)
            group.attrs["kind"] = score.kind
            if score.neutral is not None:
                group.attrs["neutral"] = score.neutral
            group.attrs["splits"] = np.array(score.splits, dtype=h5py.string_dtype())
            group.create_dataset("edges", data=score.edges, track_times=False)
            group.create_dataset("blocks", data=score.blocks, track_times=False)
            group.create_dataset("counts", data=score.counts, compression="gzip", compression_opts=1, track_times=False)


def read_scores(path: str | Path) -> dict[str, ScoreCounts]:
    """Read a file of `write_scores`: model by model, in the order that they were written."""
    with h5py.File(path) as store:
        return {
            model: ScoreCounts(
                group["edges"][:],
                group["blocks"][:],
                [str(name) for name in group.attrs["splits"]],
                group["counts"][:],
                str(group.attrs["kind"]),
                float(group.attrs["neutral"]) if "neutral" in group.attrs else None,
            )
            for model, group in store.items()
        }
