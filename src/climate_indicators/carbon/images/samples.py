"""Samples: labeled images at the size of the network, written as the patches that the spine trains on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from climate_indicators.carbon.images.arrays import NetworkImage, Reading, fit, fit_share, read_image
from climate_indicators.carbon.images.color_rules import RGB, label
from climate_indicators.carbon.images.masks import MaskRule, read_mask
from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.segmentation.input_scaling import check_spread, spread
from climate_indicators.segmentation.patches import fill_invalid
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

MASKS, DENSITY = "masks", "density"
HALF = 0.5 - 1e-5  # a share of one half, less what float32 averages lose

Read = Callable[[str], tuple[NetworkImage, np.ndarray | None]]


def sample_reader(
    table: pd.DataFrame,
    folder: str | Path,
    masks: str | Path | None,
    reading: Reading,
    source: str,
    mask_values: Mapping[str, Any] | None = None,
) -> Read:
    """Function from an image's name to the image and its mask (1, 0, 255 unknown), None unless labels come from masks.

    Parameters
    ----------
    table : columns ``image, mask``, paths below the two folders, and ``mask_scale, mask_palette``.
    folder, masks : of images and of masks.
    reading : how pixels are understood.
    source : of the labels: masks, or a rule of `climate_indicators.carbon.images.color_rules`.
    mask_values : ``vegetation_values`` and ``unknown_values`` that the table was made with.
    """
    rule = MaskRule.of_table(table, mask_values or {}) if source == MASKS else None
    mask_of = dict(zip(table["image"], table["mask"], strict=True))

    def read(name: str) -> tuple[NetworkImage, np.ndarray | None]:
        mask = read_mask(Path(masks) / mask_of[name], rule).labels if source == MASKS else None
        return read_image(Path(folder) / name, reading), mask

    return read


def write_samples(
    path: str | Path,
    table: pd.DataFrame,
    read: Read,
    settings: Mapping[str, Any],
    size_px: int,
    target: str = "extent",
    bands: Sequence[str] = RGB,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Write every labeled image as one sample; only one image is in memory at a time.

    An image keeps its proportions: its longer side becomes ``size_px``, it lies at the upper left, and the rest is
    padding. Labels are made at the image's own size; a pixel of the sample is vegetation if at least half of what is
    seen in it is, so that labels stay binary.

    Parameters
    ----------
    path : HDF5 file to write, one line of each data set a sample, in the order of ``table``: ``image`` uint8
        (n, size, size, bands), 0 to 255, or float32 if a file has more than 8 bits; ``valid`` bool (n, size, size;
        false in padding and where the image shows nothing: there it is the mean); ``label`` uint8 (n, size, size;
        255 unknown); with target density ``density`` float16 (n, size, size; share of vegetation, NaN unknown);
        ``split`` uint8, ``block`` int32 (the group), ``number`` int32 (line of ``table``), ``name``, ``origin`` int32
        (n, 2; zeros), ``content`` int32 (n, 2; rows and columns that the image fills). Attributes ``bands`` (JSON),
        ``mean``, ``std`` (bands,), of the valid training pixels.
    table : of images: columns ``image, labeled, group, split, dtype``.
    read : as `sample_reader` makes it.
    settings : of `climate_indicators.carbon.images.color_rules.label`, for images without a mask.
    size_px : side of a sample.
    target : extent or density.
    bands : name of each band.
    progress : called once per sample.

    Raises
    ------
    InputError
        If a split has no vegetation, or nothing else.
    """
    rows = np.flatnonzero(table["labeled"].to_numpy(bool))
    members = table.iloc[rows]
    splits = members["split"].map(SPLIT_VALUES).to_numpy("uint8")
    dtype = "uint8" if (members["dtype"] == "uint8").all() else "float32"
    counts, levels = _Counts(), _Levels(len(bands))
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=True) as store:
        store.attrs["bands"] = json.dumps(list(bands))
        _create(store, len(rows), size_px, len(bands), dtype, target)
        store["split"][:], store["block"][:], store["number"][:] = splits, members["group"].to_numpy(), rows
        store["name"][:] = members["image"].to_numpy(object)
        for place, (name, split) in enumerate(zip(members["image"], members["split"], strict=True)):
            image, mask = read(name)
            truth = label(image.values, image.seen, settings, bands) if mask is None else mask
            values, valid, content = fit(image.values, image.seen, size_px)
            known = image.seen & (truth != BYTE_NODATA)
            share = fit_share(truth == 1, known, size_px)
            labeled = valid & (fit_share(known, image.seen, size_px) >= HALF)
            found = np.where(labeled, share >= HALF, BYTE_NODATA).astype("uint8")
            values = np.rint(values).astype("uint8") if dtype == "uint8" else values
            store["image"][place], store["valid"][place], store["label"][place] = values, valid, found
            store["content"][place] = content
            if target == DENSITY:
                store["density"][place] = np.where(labeled, share, np.nan)
            counts.add(split, found)
            if split == "train":
                levels.add(values[valid])
            progress()
        counts.check()
        _finish(store, *levels.mean_and_std(), dtype)


def true_shares(store: h5py.File, numbers: Sequence[int]) -> np.ndarray:
    """Share of vegetation in the labeled pixels of samples: of their densities where there are any, else of labels.

    Parameters
    ----------
    store : file of `write_samples`.
    numbers : of the images, lines of the table.

    Returns
    -------
    float64, shape (numbers,); NaN where no pixel is labeled.
    """
    places = {number: place for place, number in enumerate(store["number"][:].tolist())}
    shares = []
    for number in numbers:
        place = places[int(number)]
        known = store["label"][place] != BYTE_NODATA
        values = store[DENSITY if DENSITY in store else "label"][place][known]
        shares.append(values.mean(dtype="float64") if len(values) else np.nan)
    return np.array(shares)


class _Levels:
    """Sums of pixels, for their mean and standard deviation."""

    def __init__(self, bands: int) -> None:
        self._count, self._total, self._squares = 0, np.zeros(bands), np.zeros(bands)

    def add(self, pixels: np.ndarray) -> None:
        """Add pixels, shape (n, bands)."""
        pixels = pixels.astype("float64")
        self._count += len(pixels)
        self._total += pixels.sum(axis=0)
        self._squares += np.einsum("ij,ij->j", pixels, pixels)

    def mean_and_std(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation, float64, shape (bands,) each."""
        return spread(self._count, self._total, self._squares)


class _Counts:
    """Images, known and positive pixels of each split."""

    def __init__(self) -> None:
        self._numbers = {split: np.zeros(3, "int64") for split in SPLIT_VALUES}

    def add(self, split: str, labels: np.ndarray) -> None:
        """Count the labels of one image."""
        self._numbers[split] += [1, np.count_nonzero(labels != BYTE_NODATA), np.count_nonzero(labels == 1)]

    def check(self) -> None:
        """Reject a split in which skill can be neither learned nor measured."""
        for split, (images, known, positive) in self._numbers.items():
            if positive in (0, known):
                found = "no pixel that is seen" if not known else "no vegetation" if not positive else "only vegetation"
                raise InputError(
                    f"the labels of the {images} {split} images hold {found}; training or evaluation is not possible "
                    "there. Check the masks or the rule (carbon.labels), add images, or choose another split_seed."
                )


def _create(store: h5py.File, n: int, size: int, bands: int, dtype: str, target: str) -> None:
    chunk = (1, size, size)
    store.create_dataset("image", (n, size, size, bands), dtype, chunks=(*chunk, bands), track_times=False)
    pictures = {"valid": "bool", "label": "uint8"} | ({"density": "float16"} if target == DENSITY else {})
    for name, kind in pictures.items():
        store.create_dataset(name, (n, size, size), kind, chunks=chunk, track_times=False)
    for name, kind in {"split": "uint8", "block": "int32", "number": "int32", "name": h5py.string_dtype()}.items():
        store.create_dataset(name, (n,), kind, track_times=False)
    for name in ("origin", "content"):
        store.create_dataset(name, (n, 2), "int32", track_times=False)


def _finish(store: h5py.File, mean: np.ndarray, std: np.ndarray, dtype: str) -> None:
    """Write the levels, and the mean where nothing is seen."""
    check_spread(json.loads(store.attrs["bands"]), mean, std, "the training images")
    store.attrs.update({"mean": mean, "std": std})
    level = np.rint(mean) if dtype == "uint8" else mean
    for place in range(len(store["image"])):
        valid = store["valid"][place]
        if not valid.all():
            store["image"][place] = fill_invalid(store["image"][place], valid, level)
