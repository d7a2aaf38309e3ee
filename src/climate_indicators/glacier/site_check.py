"""Check the inputs of a glacier site in seconds: reports all problems at once, before long computations."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid, area_mask, read_area_of_interest, site_grid
from climate_indicators.geo.mosaic import SceneInputs, check_scene, tiles_area, write_scene
from climate_indicators.geo.terrain import write_terrain
from climate_indicators.glacier.outlines import draw_outlines, outlines_inside, read_outlines
from climate_indicators.segmentation.patches import plan_patches
from climate_indicators.segmentation.spatial_blocks import (
    SPLITS,
    few_blocks_warning,
    holdout_blocks,
    make_blocks,
    split_map,
)
from climate_indicators.stats.trends import MIN_YEARS

PROBLEM, WARNING, OK = "problem", "warning", "ok"
COLUMNS = ["level", "input", "message"]
# scenes are read on a grid with at most this number of pixels, each a whole number of site pixels
MAX_PIXELS = 500_000
# block sizes proposed if the configured ones do not fit, and number of held-out blocks needed for an interval
_BLOCK_SIZES = (256, 192, 128, 96, 80, 64, 48, 32)
_MIN_HOLDOUT_BLOCKS = 6
_MIN_PATCH = 32

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """One line of the check: ``level`` is problem, warning or ok; ``input`` names the file, scene or setting."""

    level: str
    input: str
    message: str


@dataclass(frozen=True)
class GlacierSite:
    """Inputs of a glacier site.

    Attributes
    ----------
    scenes : inputs of each year, by name; the reference year's is the first.
    aoi, aoi_layer : vector file of the area of interest, None for the extent of the tiles; its layer.
    outlines : arguments of `read_outlines` other than the grid: ``path, id_field, where, layer, year``.
    dem : elevation model, or None.
    crs, resolution_m : as for `site_grid`.
    patches : ``size_px, stride_px, block_px, gap_px`` and the share of each split.
    split_seed : of the blocks.
    patch_multiple : number that the side of a patch is a multiple of.
    min_valid_fraction : share of the area that a year must show, else it is flagged and not part of the trend.
    """

    scenes: Mapping[str, SceneInputs]
    aoi: str | None
    aoi_layer: str | None
    outlines: Mapping[str, Any]
    dem: str | None
    crs: str | None
    resolution_m: float
    patches: Mapping[str, Any]
    split_seed: int
    patch_multiple: int
    min_valid_fraction: float


def check_glacier_site(site: GlacierSite, progress: Callable[[str], None] = lambda name: None) -> list[Finding]:
    """Open every file of a site and report all problems and warnings.

    Headers are read in full; scenes and the elevation model are prepared as in a run, on a grid of at most
    `MAX_PIXELS` pixels. What depends on an input with a problem is not checked.

    Parameters
    ----------
    site : its inputs and settings.
    progress : called with the name of each input before it is opened.
    """
    found: list[Finding] = []

    def attempt(name: str, check: Callable[[], str]) -> None:
        progress(name)
        with _warnings() as said:
            try:
                last = Finding(OK, name, check())
            except InputError as error:
                last = Finding(PROBLEM, name, str(error).removeprefix(f"{name}: "))
        found.extend([*(Finding(WARNING, name, text.removeprefix(f"{name}: ")) for text in said), last])

    area: list[gpd.GeoSeries] = []
    grids: list[Grid] = []
    labels: list[np.ndarray] = []
    cloudy: list[str] = []
    first = next(iter(site.scenes.values()))

    def check_area() -> str:
        area.append(read_area_of_interest(site.aoi, site.aoi_layer))
        return f"{_km2(area[0])} km²"

    def check_grid() -> str:
        if not area and site.aoi is None:
            area.append(tiles_area(first.tiles, first.bands))
        grid = site_grid(area[0], site.resolution_m, site.crs, align_to=first.files[0].paths[0])
        grids.append(grid)
        return f"{grid.width} × {grid.height} pixels of {site.resolution_m:g} m in {grid.crs}"

    def check_one_scene(name: str, scene: SceneInputs) -> str:
        check_scene(scene, area[0] if area else None)
        if not grids:
            return "header read; not compared with the area of interest"
        coarse = coarse_grid(grids[0], MAX_PIXELS)
        with tempfile.TemporaryDirectory() as folder:
            valid, rows = write_scene(str(Path(folder, "scene.tif")), coarse, area_mask(area[0], coarse), scene)
        images = [row for row in rows if row.role == "scene"]
        middle = ", ".join(f"{row.median:.3g}" for row in images)
        if valid < site.min_valid_fraction:
            cloudy.append(name)
            _log.warning(
                "%.1f %% of the area has values, less than area.min_valid_fraction (%g): the year will be flagged "
                "cloudy and left out of the trend.",
                100 * valid, site.min_valid_fraction,
            )  # fmt: skip
        return f"{100 * valid:.1f} % of the area has values; median reflectance {middle}; {images[0].note}"

    def check_outlines() -> str:
        grid, inside = grids[0], area_mask(area[0], grids[0])
        outlines = outlines_inside(read_outlines(grid=grid, **site.outlines), area[0])
        labels.append(np.where(inside == 1, draw_outlines(outlines, grid, inside) > 0, BYTE_NODATA).astype("uint8"))
        share = float((labels[0] == 1).sum() / max((labels[0] != BYTE_NODATA).sum(), 1))
        return f"{len(outlines)} glaciers cover {100 * share:.1f} % of the area"

    def check_dem() -> str:
        coarse = coarse_grid(grids[0], MAX_PIXELS)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "terrain.tif"))
            row = write_terrain(path, site.dem, coarse, area_mask(area[0], coarse), ["elevation"])
        return (
            f"{100 * row.covered_fraction:.1f} % of the area has elevations, {row.minimum:.0f} to {row.maximum:.0f} m"
        )

    if site.aoi is not None:
        attempt(f"area of interest {site.aoi}", check_area)
    if area or site.aoi is None:
        attempt("grid", check_grid)
    for name, scene in site.scenes.items():
        attempt(f"scene {name}", lambda name=name, scene=scene: check_one_scene(name, scene))
    if grids:
        attempt(f"outlines {site.outlines['path']}", check_outlines)
        if site.dem is not None:
            attempt(f"elevation model {site.dem}", check_dem)
    if labels:
        attempt("patches", lambda: check_patches(labels[0], site.patches, site.split_seed, site.patch_multiple))
    years = len(site.scenes) - len(cloudy)
    if years < MIN_YEARS:
        kind = " that are not cloudy" if cloudy else ""
        text = f"{years} years{kind}; areas are mapped, but a trend needs {MIN_YEARS} years."
        found.append(Finding(WARNING, "scenes", text))
    return found


def check_patches(labels: np.ndarray, patches: Mapping[str, Any], split_seed: int, multiple: int) -> str:
    """Whether blocks and patches of the settings fit the labels; else sizes that do are proposed.

    Sizes that fit and leave few blocks are a warning.

    Parameters
    ----------
    labels : uint8, shape (rows, columns): 1 glacier, 0 not, 255 outside.
    patches : ``size_px, stride_px, block_px, gap_px, train, validation, test``.
    split_seed : of the blocks.
    multiple : number that the side of a patch is a multiple of.

    Raises
    ------
    InputError
        If they do not fit; with sizes that do, if there are any.
    """
    try:
        blocks = _blocks(labels, patches, split_seed)
    except InputError as error:
        proposal = next(_fitting(labels, patches, split_seed, multiple), None)
        rows, columns = labels.shape
        if proposal is None:
            raise InputError(
                f"{error} No smaller sizes fit an image of {rows} × {columns} pixels with "
                f"{100 * float((labels == 1).mean()):.1f} % glacier: take a larger area of interest, or map this site "
                "with a network that is trained on other sites (docs/howto/pooling.md)."
            ) from error
        sizes = ", ".join(f"{key}: {proposal[key]}" for key in ("size_px", "stride_px", "block_px", "gap_px"))
        raise InputError(f"{error} Sizes that fit {rows} × {columns} pixels: glacier.patches: {{{sizes}}}") from error
    if warning := few_blocks_warning(blocks, patches):
        _log.warning("%s", warning)
    counts = blocks["split"].value_counts()
    return "blocks: " + ", ".join(f"{counts[split]} {split}" for split in SPLITS)


def coarse_grid(grid: Grid, max_pixels: int) -> Grid:
    """The grid coarsened by a whole factor to at most about ``max_pixels`` pixels."""
    factor = max(1, math.ceil(math.sqrt(grid.width * grid.height / max_pixels)))
    transform = grid.transform @ Affine.scale(factor)
    return Grid(grid.crs, transform, math.ceil(grid.width / factor), math.ceil(grid.height / factor))


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings as a table ``level, input, message``."""
    return pd.DataFrame([astuple(finding) for finding in findings], columns=COLUMNS)


def _blocks(labels: np.ndarray, patches: Mapping[str, Any], split_seed: int) -> pd.DataFrame:
    """Blocks of the labels, after checking that blocks and patches fit."""
    valid = np.ones(labels.shape, bool)
    blocks = make_blocks(labels, valid, patches["block_px"], {split: patches[split] for split in SPLITS}, split_seed)
    splits = split_map(blocks, labels, valid, patches["gap_px"])
    plan_patches(splits, blocks, patches["size_px"], patches["stride_px"])
    return blocks


def _fitting(
    labels: np.ndarray, patches: Mapping[str, Any], split_seed: int, multiple: int
) -> Iterator[dict[str, Any]]:
    """Sizes below those of the settings that fit the labels, from the largest."""
    for block in (size for size in _BLOCK_SIZES if size <= patches["block_px"]):
        gap = min(patches["gap_px"], block // 8 * 2)
        # half a patch and the gap fit into a block, and the patch into the image
        size = min(patches["size_px"], 2 * (block - gap), *labels.shape) // multiple * multiple
        if size < _MIN_PATCH:
            continue
        stride = min(patches["stride_px"], size // 2)
        tried = dict(patches) | {"size_px": size, "stride_px": stride, "block_px": block, "gap_px": gap}
        try:
            if len(holdout_blocks(_blocks(labels, tried, split_seed))) >= _MIN_HOLDOUT_BLOCKS:
                yield tried
        except InputError:
            continue  # smaller ones may fit


def _km2(area: gpd.GeoSeries) -> str:
    return f"{float(area.to_crs(area.estimate_utm_crs()).area.sum()) / 1e6:.4g}"


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Messages of the library's warnings, which are not shown elsewhere meanwhile."""
    logger, said = logging.getLogger("climate_indicators"), []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    handlers, propagate, level = logger.handlers[:], logger.propagate, logger.level
    logger.handlers[:], logger.propagate = [Collector(logging.WARNING)], False
    try:
        yield said
    finally:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)
