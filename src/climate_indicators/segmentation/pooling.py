"""Patches of several sites in one file, for training one network on all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from rasterio.crs import CRS
from rasterio.warp import transform
from shapely import Polygon, STRtree

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.segmentation.patches import fill_invalid
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

# test patches remain with their sites, so training files contain no test data
SPLITS = ("train", "validation")
PICTURES = ("image", "valid", "label", "density")


@dataclass(frozen=True)
class _Part:
    """Selected patches of one site, and the number of available patches."""

    site: str
    path: str | Path
    lines: np.ndarray  # of the site's file, shape (chosen,)
    split: np.ndarray  # shape (chosen,)
    block: np.ndarray  # numbered over all sites, shape (chosen,)
    origin: np.ndarray  # shape (chosen, 2)
    available: Mapping[str, int]


def pool_patches(
    path: str | Path,
    sources: Mapping[str, str | Path],
    limit: int | None = None,
    seed: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """Write the training and validation patches of several sites as one patch file; one patch is in memory at a time.

    Mean and standard deviation are those of all valid pixels of the training patches written, each pixel counting the
    same, whichever site it is of. Where nothing is seen, a patch holds this mean instead of its own site's.

    Parameters
    ----------
    path : HDF5 file to write, one line of each data set a patch, site by site: ``image``, ``valid``, ``label`` and,
        where the sites have it, ``density``, as in the sites' files; ``origin`` int32 (n, 2), ``split`` uint8,
        ``block`` int32, a number of its own for each block of each site; ``site`` int32, line of ``sites`` (names).
        Attributes ``bands`` (JSON), ``mean``, ``std`` (bands,), float64.
    sources : patch file of each site.
    limit : most training patches, and most validation patches, of a site; None uses all.
    seed : start of the random numbers that choose among more. The choice of a site does not depend on other sites.
    progress : called once per site.

    Returns
    -------
    Table ``site, train_patches, train_used, validation_patches, validation_used``.

    Raises
    ------
    InputError
        If a site's bands are not those of the first one, in the same order.
    """
    parts = _choose(sources, limit, seed)
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=True) as store:
        _create(store, parts)
        moments, gaps, line = _Moments(store["image"].shape[-1]), [], 0
        for part in parts:
            with h5py.File(part.path) as source:
                for number, split in zip(part.lines.tolist(), part.split.tolist(), strict=True):
                    patch = {name: source[name][number] for name in PICTURES if name in source}
                    for name, values in patch.items():
                        store[name][line] = values
                    if split == SPLIT_VALUES["train"]:
                        moments.add(patch["image"][patch["valid"]])
                    if not patch["valid"].all():
                        gaps.append(line)
                    line += 1
            progress()
        mean, std = moments.mean_and_std()
        store.attrs.update({"mean": mean, "std": std})
        _fill_gaps(store, gaps, mean)
    return _counts(parts)


def overlapping(grids: Mapping[str, Grid]) -> list[tuple[str, str]]:
    """Pairs of sites with overlapping grids: held-out pixels of one may be training pixels of the other.

    Parameters
    ----------
    grids : grid of each site; compared in longitude and latitude. Less than a hundredth of the smaller one is rounding.
    """
    names, areas = list(grids), np.array([_outline(grid) for grid in grids.values()], dtype=object)
    ones, others = STRtree(areas).query(areas, predicate="intersects")
    pairs = [(one, other) for one, other in zip(ones.tolist(), others.tolist(), strict=True) if one < other]
    return [
        (names[one], names[other])
        for one, other in sorted(pairs)
        if areas[one].intersection(areas[other]).area > 0.01 * min(areas[one].area, areas[other].area)
    ]


def _outline(grid: Grid) -> Polygon:
    left, bottom, right, top = grid.bounds
    corners = transform(CRS.from_string(grid.crs), "EPSG:4326", [left, right, right, left], [bottom, bottom, top, top])
    return Polygon(zip(*corners, strict=True))


class _Moments:
    """Running mean and squared deviations of pixels, merged patch by patch (Chan, Golub & LeVeque 1983, eq. 2.1).

    Sums of squares would lose digits over many sites; this does not.
    """

    def __init__(self, bands: int) -> None:
        self._count, self._mean, self._squares = 0, np.zeros(bands), np.zeros(bands)

    def add(self, pixels: np.ndarray) -> None:
        """Add pixels, shape (n, bands)."""
        if not len(pixels):
            return
        pixels = pixels.astype("float64")
        mean, total = pixels.mean(axis=0), self._count + len(pixels)
        shift = mean - self._mean
        self._squares += ((pixels - mean) ** 2).sum(axis=0) + shift**2 * self._count * len(pixels) / total
        self._mean += shift * len(pixels) / total
        self._count = total

    def mean_and_std(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation, float64, shape (bands,) each."""
        return self._mean, np.sqrt(np.maximum(self._squares / max(self._count, 1), 1e-12))


def _choose(sources: Mapping[str, str | Path], limit: int | None, seed: int) -> list[_Part]:
    """Patches of every site, the blocks of each numbered on from those of the one before."""
    parts, bands, first_block = [], None, 0
    for site, path in sources.items():
        with h5py.File(path) as store:
            found = json.loads(store.attrs["bands"])
            split, block, origin = (store[name][:] for name in ("split", "block", "origin"))
        bands = found if bands is None else bands
        if found != bands:
            raise InputError(
                f"site '{site}' has the bands {', '.join(found)}, site '{parts[0].site}' has {', '.join(bands)}. One "
                "network takes the same bands in the same order: name the same for both, or let training.pool leave "
                "one of them out."
            )
        of_split = {name: np.flatnonzero(split == SPLIT_VALUES[name]) for name in SPLITS}
        chosen = [_some(lines, limit, [seed, SPLIT_VALUES[name], *site.encode()]) for name, lines in of_split.items()]
        lines = np.concatenate(chosen)
        available = {name: len(lines) for name, lines in of_split.items()}
        parts.append(_Part(site, path, lines, split[lines], block[lines] + first_block, origin[lines], available))
        first_block += int(block.max(initial=-1)) + 1
    return parts


def _some(lines: np.ndarray, limit: int | None, seed: list[int]) -> np.ndarray:
    """At most ``limit`` of the lines, drawn at random, in their order."""
    if limit is None or len(lines) <= limit:
        return lines
    return np.sort(np.random.default_rng(seed).choice(lines, limit, replace=False))


def _create(store: h5py.File, parts: list[_Part]) -> None:
    """Data sets of all patches, those of pictures still empty."""
    n = sum(len(part.lines) for part in parts)
    kinds = []
    for part in parts:
        with h5py.File(part.path) as source:
            kinds.append(source["image"].dtype)
            shapes = {name: (source[name].shape[1:], source[name].dtype) for name in PICTURES if name in source}
            bands = source.attrs["bands"]
    store.attrs["bands"] = bands
    for name, (shape, kind) in shapes.items():
        kind = np.result_type(*kinds) if name == "image" else kind
        store.create_dataset(name, (n, *shape), kind, chunks=(1, *shape), track_times=False)
    for name in ("origin", "split", "block"):
        values = np.concatenate([getattr(part, name) for part in parts])
        store.create_dataset(name, data=values, track_times=False)
    site = np.repeat(np.arange(len(parts), dtype="int32"), [len(part.lines) for part in parts])
    store.create_dataset("site", data=site, track_times=False)
    # names as a data set: an attribute holds no more than 64 KiB, a few thousand sites
    store.create_dataset("sites", data=[part.site for part in parts], dtype=h5py.string_dtype(), track_times=False)


def _fill_gaps(store: h5py.File, lines: list[int], mean: np.ndarray) -> None:
    image, valid = store["image"], store["valid"]
    level = np.rint(mean) if np.issubdtype(image.dtype, np.integer) else mean
    for line in lines:
        image[line] = fill_invalid(image[line], valid[line], level)


def _counts(parts: list[_Part]) -> pd.DataFrame:
    rows = []
    for part in parts:
        row: dict[str, str | int] = {"site": part.site}
        for name in SPLITS:
            used = int(np.count_nonzero(part.split == SPLIT_VALUES[name]))
            row |= {f"{name}_patches": part.available[name], f"{name}_used": used}
        rows.append(row)
    return pd.DataFrame(rows)
