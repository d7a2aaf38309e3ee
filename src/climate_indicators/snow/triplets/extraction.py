"""Triplets: chips of radar channels, true colors and snow mask of one place and pair of scenes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from rasterio.windows import Window

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.guard import open_raster
from climate_indicators.segmentation.input_scaling import check_spread, spread
from climate_indicators.segmentation.patches import fill_invalid
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, SPLITS
from climate_indicators.snow.scenes.pairing import scene_path
from climate_indicators.snow.triplets.curation import KEPT
from climate_indicators.snow.triplets.places import UNUSED, assign_triplet_splits

RGB = ("B04", "B03", "B02")
SPAN_PX = 2048  # chips of one row within this width are read together
RGB_EXPONENT = 0.6  # on a linear scale, rock and forest next to snow would be black
TRIPLET_COLUMNS = [
    "number", "triplet", "radar", "optical", "orbit", "date", "days_apart", "place", "row", "col", "season",
    "hydro_year", "regime", "snow_fraction", "valid_fraction", "split", "held_out",
]  # fmt: skip


@dataclass(frozen=True)
class Folders:
    """Folders of the scenes of a site on its grid, one per year: radar, its change, and optical images with masks."""

    radar: Sequence[str | Path]
    change: Sequence[str | Path]
    optical: Sequence[str | Path]


@dataclass(frozen=True)
class Chip:
    """One chip.

    Attributes
    ----------
    values : float32, shape (size, size, channels), dB.
    valid : bool, shape (size, size): true where every channel has a value.
    label : uint8, same shape: 1 snow, 0 none, 255 unknown; 255 also without radar and outside the area of interest.
    seen : uint8, same shape: the mask before radar and area were looked at.
    rgb : uint8, shape (size, size, 3), 0 where unknown; None if not requested.
    """

    values: np.ndarray
    valid: np.ndarray
    label: np.ndarray
    seen: np.ndarray
    rgb: np.ndarray | None

    def cut(self, cols: slice) -> Chip:
        """Some of the columns."""
        rgb = None if self.rgb is None else self.rgb[:, cols]
        return Chip(self.values[:, cols], self.valid[:, cols], self.label[:, cols], self.seen[:, cols], rgb)


class PairReader:
    """Reads chips of a pair of scenes; use it in a ``with`` statement.

    Parameters
    ----------
    pair : row with ``radar, optical, radar_year, optical_year``.
    folders : of the site.
    area : uint8, shape of the grid: 1 inside the area of interest.

    Raises
    ------
    ValueError
        If the rasters do not share a grid.
    """

    def __init__(self, pair: tuple, folders: Folders, area: np.ndarray) -> None:
        paths = [scene_path(part, pair.radar_year, pair.radar) for part in (folders.radar, folders.change)]
        self.stack = RasterStack(paths)
        self._optical = open_raster(scene_path(folders.optical, pair.optical_year, pair.optical))
        self._mask = open_raster(scene_path(folders.optical, pair.optical_year, f"{pair.optical}_mask"))
        self._area = area
        for raster in (self._optical, self._mask):
            if raster.shape != area.shape or self.stack.grid.shape != area.shape:
                raise ValueError(f"{raster.name} and {paths[0]} are not on the site's grid of {area.shape} pixels")

    def __enter__(self) -> PairReader:
        return self

    def __exit__(self, *error: object) -> None:
        for one in (self._optical, self._mask):
            one.close()
        self.stack.__exit__()

    def read(self, corners: Sequence[tuple[int, int]], size: int, with_rgb: bool) -> Iterator[Chip]:
        """Chips of ``size`` pixels per side with the given upper left pixels (row, column), one after the other."""
        for part in _together(corners, size):
            row, first, last = part[0][0], part[0][1], part[-1][1] + size
            whole = self._read(Window(first, row, last - first, size), with_rgb)
            for _, col in part:
                yield whole.cut(slice(col - first, col - first + size))

    def _read(self, window: Window, with_rgb: bool) -> Chip:
        rows, cols = window.toslices()
        values, valid = self.stack.read((rows.start, rows.stop), (cols.start, cols.stop))
        seen = self._mask.read(1, window=window)
        label = np.where(valid & (self._area[rows, cols] == 1), seen, BYTE_NODATA).astype("uint8")
        return Chip(values, valid, label, seen, self._true_colors(window) if with_rgb else None)

    def _true_colors(self, window: Window) -> np.ndarray:
        indexes = [self._optical.descriptions.index(band) + 1 for band in RGB]
        numbers = self._optical.read(indexes, window=window)
        known = (numbers != self._optical.nodata).all(axis=0)
        shown = np.clip(numbers.astype("float32") * self._optical.scales[0], 0, 1) ** RGB_EXPONENT
        # 0 is reserved for unknown pixels
        return np.where(known, np.maximum(np.rint(255 * shown), 1), 0).astype("uint8").transpose(1, 2, 0)


def _together(corners: Sequence[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    """Runs of corners in one row, from left to right, with chips within ``SPAN_PX``, to reduce the number of reads."""
    part: list[tuple[int, int]] = []
    for row, col in corners:
        if part and (row != part[0][0] or col < part[-1][1] or col + size > part[0][1] + SPAN_PX):
            yield part
            part = []
        part.append((row, col))
    if part:
        yield part


def with_years(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs with ``radar_year`` and ``optical_year``, which name the folders of their scenes."""
    optical = pairs["date"] + pd.to_timedelta(pairs["days_apart"], unit="D")
    return pairs.assign(radar_year=pairs["date"].dt.year, optical_year=optical.dt.year)


def measure_chips(
    pairs: pd.DataFrame, refused: Sequence[str], places: pd.DataFrame, folders: Folders, area: np.ndarray, size: int,
    progress: Callable[[], None] = lambda: None,
) -> pd.DataFrame:  # fmt: skip
    """Every candidate triplet with statistics of its pixels.

    Parameters
    ----------
    pairs : with the columns of `with_years`.
    refused : pairs whose scenes failed a check; they are not read.
    places : of `climate_indicators.snow.triplets.places.make_places`.
    folders, area : as for `PairReader`.
    size : side of a chip, pixels.
    progress : called once per pair.

    Returns
    -------
    ``triplet, pair, place, row, col``, and of the pixels in the area of interest ``missing`` (share without radar),
    ``unknown`` (share without a mask), ``snow`` (share of snow in known pixels); NaN for refused pairs.
    """
    rows, refused, spots = [], set(refused), list(places.itertuples())
    corners = [(place.row, place.col) for place in spots]
    insides = [area[row : row + size, col : col + size] == 1 for row, col in corners]
    for pair in pairs.itertuples():
        if pair.pair in refused:
            rows += [_candidate(pair, place, (np.nan, np.nan, np.nan)) for place in spots]
        else:
            with PairReader(pair, folders, area) as reader:
                chips = reader.read(corners, size, with_rgb=False)
                shares = [_shares(chip, inside) for chip, inside in zip(chips, insides, strict=True)]
            rows += [_candidate(pair, place, share) for place, share in zip(spots, shares, strict=True)]
        progress()
    return pd.DataFrame(rows, columns=["triplet", "pair", "place", "row", "col", "missing", "unknown", "snow"])


def _candidate(pair: tuple, place: tuple, shares: tuple[float, float, float]) -> list:
    return [f"{pair.pair}_{place.name}", pair.pair, place.place, place.row, place.col, *shares]


def _shares(chip: Chip, inside: np.ndarray) -> tuple[float, float, float]:
    known = chip.label != BYTE_NODATA
    snow = float((chip.label[known] == 1).mean()) if known.any() else np.nan
    return float((~chip.valid[inside]).mean()), float((chip.seen[inside] == BYTE_NODATA).mean()), snow


def triplet_table(
    curation: pd.DataFrame, candidates: pd.DataFrame, pairs: pd.DataFrame, shares: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """Table of the selected triplets sorted by name, with their split.

    Parameters
    ----------
    curation : of `climate_indicators.snow.triplets.curation.curate`.
    candidates : of `measure_chips`.
    pairs : of `climate_indicators.snow.scenes.pairing.pair_scenes`, with ``regime``.
    shares : of ``train, validation, test``.
    seed : start of the random numbers.

    Returns
    -------
    Columns ``TRIPLET_COLUMNS``.

    Raises
    ------
    InputError
        If nothing is kept, or what is kept cannot be split.
    """
    kept = curation.loc[curation["decision"] == KEPT, "triplet"]
    if kept.empty:
        counts = curation["reason"].value_counts()
        found = ", ".join(f"{reason} {n}" for reason, n in counts.items())
        raise InputError(
            f"all triplets are rejected: {found}. curation.csv lists value and limit of each: loosen the "
            "limits in snow.triplets, or add scenes."
        )
    table = candidates[candidates["triplet"].isin(set(kept))].merge(pairs, on="pair", how="left")
    table = table.sort_values("triplet", ignore_index=True)
    table["snow_fraction"], table["valid_fraction"] = table["snow"], 1 - table["missing"]
    columns = (table[name].to_numpy() for name in ("place", "hydro_year", "snow_fraction"))
    table["split"], table["held_out"] = assign_triplet_splits(*columns, shares, seed)
    table["number"] = np.arange(len(table))
    _check_parts(table)
    return table[TRIPLET_COLUMNS]


def _check_parts(table: pd.DataFrame) -> None:
    """Reject a part without a triplet, or without snow, or with nothing else."""
    for split in SPLITS:
        part = table[table["split"] == split]
        mean = part["snow_fraction"].mean()
        if part.empty or mean in (0.0, 1.0):
            found = "no triplet" if part.empty else f"{len(part)} triplets with {'only' if mean else 'no'} snow"
            raise InputError(
                f"the {split} part has {found} ({len(table)} kept in {table['place'].nunique()} places and "
                f"{table['hydro_year'].nunique()} hydrological years), too few for training or evaluation. "
                f"Give {split} a larger share (snow.triplets), choose another split_seed, loosen the limits, or add "
                "scenes."
            )


def write_triplets(
    path: str | Path, triplets: pd.DataFrame, pairs: pd.DataFrame, folders: Folders, area: np.ndarray, size: int,
    progress: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Write the chips of all triplets as one HDF5 file; one chip is in memory at a time.

    Parameters
    ----------
    path : file to write, one line of each data set a triplet, in the order of the table: ``image`` float32
        (n, size, size, channels) in dB, the mean of the channel where there is no radar; ``valid`` bool (n, size,
        size); ``label`` uint8 (n, size, size; 1 snow, 0 none, 255 unknown or without radar); ``rgb`` uint8 (n, size,
        size, 3), reflectance 0 to 1 to the power of 0.6 as 1 to 255, 0 where unknown; ``split`` uint8 (0 unused),
        ``block`` int32 (the place), ``number`` int32, ``name``, ``origin`` int32 (n, 2). Attributes ``bands`` (JSON),
        ``mean``, ``std`` (channels,), of the valid pixels of training triplets.
    triplets : of `triplet_table`.
    pairs : with the columns of `with_years`.
    folders, area, size : as for `measure_chips`.
    progress : called once per triplet.

    Raises
    ------
    InputError
        If a channel hardly varies in the training triplets.
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=True) as store:
        count, total, squares, gaps = 0, 0.0, 0.0, []
        for line, row, chip, bands in _chips(triplets, pairs, folders, area, size):
            if not line:
                _create(store, triplets, size, bands)
                image, valid, label, rgb = (store[name] for name in ("image", "valid", "label", "rgb"))
            image[line], valid[line], label[line], rgb[line] = chip.values, chip.valid, chip.label, chip.rgb
            if row.split == SPLITS[0]:
                pixels = chip.values[chip.valid].astype("float64")
                count, total = count + len(pixels), total + pixels.sum(axis=0)
                squares = squares + np.einsum("ij,ij->j", pixels, pixels)
            if not chip.valid.all():
                gaps.append(line)
            progress()
        mean, std = spread(count, total, squares)
        check_spread(bands, mean, std, "the training triplets")
        store.attrs.update({"mean": mean, "std": std})
        for line in gaps:
            image[line] = fill_invalid(image[line], valid[line], mean)


def _chips(
    triplets: pd.DataFrame, pairs: pd.DataFrame, folders: Folders, area: np.ndarray, size: int
) -> Iterator[tuple[int, tuple, Chip, tuple[str, ...]]]:
    """Line, row and chip of every triplet; each pair's rasters are opened once, as names sort by pair."""
    of_name = {pair.pair: pair for pair in pairs.itertuples()}
    line = 0
    for radar, part in triplets.groupby("radar", sort=False):
        with PairReader(of_name[radar], folders, area) as reader:
            chips = reader.read(part[["row", "col"]].to_numpy().tolist(), size, with_rgb=True)
            for row, chip in zip(part.itertuples(), chips, strict=True):
                yield line, row, chip, reader.stack.bands
                line += 1


def _create(store: h5py.File, triplets: pd.DataFrame, size: int, bands: Sequence[str]) -> None:
    n = len(triplets)
    store.attrs["bands"] = json.dumps(list(bands))
    chips = {"image": ("float32", len(bands)), "valid": ("bool", 0), "label": ("uint8", 0), "rgb": ("uint8", 3)}
    for name, (kind, depth) in chips.items():
        shape = (size, size, depth) if depth else (size, size)
        store.create_dataset(name, (n, *shape), kind, chunks=(1, *shape), track_times=False)
    columns = {
        "split": triplets["split"].map(SPLIT_VALUES | {UNUSED: 0}).to_numpy("uint8"),
        "block": triplets["place"].to_numpy("int32"),
        "number": triplets["number"].to_numpy("int32"),
        "origin": triplets[["row", "col"]].to_numpy("int32"),
    }
    for name, values in columns.items():
        store.create_dataset(name, data=values, track_times=False)
    names = store.create_dataset("name", (n,), h5py.string_dtype(), track_times=False)
    names[:] = triplets["triplet"].to_numpy(object)
