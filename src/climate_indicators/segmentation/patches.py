"""Patches: training samples cut from a scene without touching another split."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import ndimage

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.input_scaling import check_spread, spread
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

MIN_SHARE = 0.1


@dataclass(frozen=True)
class PatchPlan:
    """Positions of patches.

    Attributes
    ----------
    origins : int32, shape (patches, 2): row and column of the upper left pixel.
    splits : uint8, shape (patches,): value of ``SPLIT_VALUES``.
    blocks : int32, shape (patches,): number of the block that holds most of a patch's own pixels.
    """

    origins: np.ndarray
    splits: np.ndarray
    blocks: np.ndarray


def plan_patches(splits: np.ndarray, blocks: pd.DataFrame, size_px: int, stride_px: int) -> PatchPlan:
    """Positions of all patches: a lattice that also covers the right and lower edge.

    A patch may reach across a border between splits: it then occurs once for each of them, and shows only that
    split's pixels (see `write_patches`). A position counts for a split if that owns at least a tenth of its pixels.

    Parameters
    ----------
    splits : uint8 map of `split_map`, shape (rows, columns), at least ``size_px`` wide and high.
    blocks : table of `make_blocks`.
    size_px, stride_px : side of a patch and step of the lattice.

    Raises
    ------
    InputError
        If the image is smaller than a patch, or no patch is left for training or validation.
    """
    if min(splits.shape) < size_px:
        raise InputError(
            f"the site's grid has {splits.shape[0]} × {splits.shape[1]} pixels, less than one patch of {size_px} px "
            "(patches.size_px). Take a larger area of interest or smaller patches."
        )
    starts = [_starts(length, size_px, stride_px) for length in splits.shape]
    rows, cols = (grid.ravel() for grid in np.meshgrid(*starts, indexing="ij"))
    least = MIN_SHARE * size_px**2
    origins, values = [], []
    for split, value in SPLIT_VALUES.items():
        owned = _window_sums(splits == value, rows, cols, size_px)
        keep = owned >= least
        if not keep.any():
            raise InputError(
                f"no patch of {size_px} px holds enough pixels of the {split} split: its blocks are too small for "
                "the gap. Make patches.block_px larger or patches.gap_px smaller."
            )
        origins.append(np.stack([rows[keep], cols[keep]], axis=1))
        values.append(np.full(int(keep.sum()), value))
    origin, value = np.concatenate(origins), np.concatenate(values)
    return PatchPlan(origin.astype("int32"), value.astype("uint8"), _main_block(origin, value, blocks, size_px))


def band_statistics(stack: RasterStack, splits: np.ndarray, rows: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel over the training pixels, float64, shape (channels,).

    Raises
    ------
    InputError
        If a channel hardly varies there.
    """
    count, total, squares = 0, 0.0, 0.0
    for start in range(0, splits.shape[0], rows):
        stop = min(start + rows, splits.shape[0])
        values, valid = stack.read((start, stop), (0, splits.shape[1]))
        sample = values[valid & (splits[start:stop] == SPLIT_VALUES["train"])].astype("float64")
        count, total = count + len(sample), total + sample.sum(axis=0)
        squares = squares + np.einsum("ij,ij->j", sample, sample)
    mean, std = spread(count, total, squares)
    check_spread(stack.bands, mean, std, "the labeled scene")
    return mean, std


def fill_invalid(values: np.ndarray, valid: np.ndarray, mean: Sequence[float]) -> np.ndarray:
    """Values with each missing pixel set to the training mean, which the network's scaling turns into 0.

    Parameters
    ----------
    values : float32, shape (rows, columns, channels); changed in place and returned.
    valid : bool, shape (rows, columns).
    mean : shape (channels,).
    """
    values[~valid] = np.asarray(mean, "float32")
    return values


def write_patches(
    path: str | Path,
    stack: RasterStack,
    labels: np.ndarray,
    splits: np.ndarray,
    plan: PatchPlan,
    size_px: int,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Cut the planned patches and write them as one HDF5 file.

    Pixels that another split owns, or none, are replaced by the patch's own, mirrored at the border, and have no
    label: nothing of a held-out block is seen in training, and the network sees no empty areas, of which a whole scene
    has none.

    Parameters
    ----------
    path : file to write. Data sets ``image`` float32 (n, size, size, channels), ``valid`` bool (n, size, size; false
        under clouds and gaps, where the image is the mean), ``label`` uint8 (n, size, size; 255 unknown), ``origin``,
        ``split``, ``block`` as in `PatchPlan`; attributes ``bands`` (JSON), ``mean``, ``std``.
    stack : the scene's channels.
    labels, splits : uint8, shape (rows, columns).
    plan : positions.
    size_px : side of a patch.
    progress : called once per patch.
    """
    mean, std = band_statistics(stack, splits)
    n, channels = len(plan.origins), len(stack.bands)
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=True) as store:
        store.attrs.update({"bands": json.dumps(stack.bands), "mean": mean, "std": std})
        for name in ("origins", "splits", "blocks"):
            store.create_dataset(name.removesuffix("s"), data=getattr(plan, name), track_times=False)
        shape, chunk = (n, size_px, size_px), (1, size_px, size_px)
        images = store.create_dataset("image", (*shape, channels), "float32", chunks=(*chunk, channels))
        known = store.create_dataset("valid", shape, "bool", chunks=chunk)
        targets = store.create_dataset("label", shape, "uint8", chunks=chunk)
        for number, ((row, col), split) in enumerate(zip(plan.origins.tolist(), plan.splits, strict=True)):
            values, valid = stack.read((row, row + size_px), (col, col + size_px))
            own = splits[row : row + size_px, col : col + size_px] == split
            shown = own | ~valid  # clouds contain no information about another split, and training needs clouds
            values = fill_invalid(values, valid, mean)
            if not shown.all():
                source = mirrored(shown)
                values, valid = values[source], valid[source]
            images[number], known[number] = values, valid
            targets[number] = np.where(own, labels[row : row + size_px, col : col + size_px], BYTE_NODATA)
            progress()


def mirrored(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Source of each pixel of a patch: its own position, or mirrored at the border of the split.

    Parameters
    ----------
    own : bool, shape (rows, columns), true for at least one pixel.

    Returns
    -------
    Row and column of an owned pixel for each pixel, int arrays of the same shape: the point mirrored at the nearest
    owned pixel or, where that is not owned, the nearest owned pixel itself.
    """
    nearest = ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True)
    limits = np.array(own.shape)[:, None, None] - 1
    beyond = np.clip(2 * nearest - np.indices(own.shape), 0, limits)
    return tuple(np.where(own[tuple(beyond)], beyond, nearest))


def _starts(length: int, size: int, stride: int) -> np.ndarray:
    return np.unique(np.append(np.arange(0, length - size + 1, stride), length - size))


def _window_sums(mask: np.ndarray, rows: np.ndarray, cols: np.ndarray, size: int) -> np.ndarray:
    """Number of true pixels in the square windows that start at ``rows``, ``cols``, from a summed-area table."""
    table = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), "int64")
    np.cumsum(np.cumsum(mask, axis=0, dtype="int64"), axis=1, out=table[1:, 1:])
    return table[rows + size, cols + size] - table[rows, cols + size] - table[rows + size, cols] + table[rows, cols]


def _main_block(origins: np.ndarray, values: np.ndarray, blocks: pd.DataFrame, size: int) -> np.ndarray:
    """Block of the patch's split that overlaps it most."""
    chosen, most = np.full(len(origins), -1, "int32"), np.zeros(len(origins))
    for block in blocks.itertuples():
        high = np.minimum(origins[:, 0] + size, block.row_stop) - np.maximum(origins[:, 0], block.row_start)
        wide = np.minimum(origins[:, 1] + size, block.col_stop) - np.maximum(origins[:, 1], block.col_start)
        overlap = np.clip(high, 0, None) * np.clip(wide, 0, None) * (values == SPLIT_VALUES[block.split])
        better = overlap > most
        chosen[better], most[better] = block.block, overlap[better]
    return chosen
