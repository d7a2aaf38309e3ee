"""Clipping a scene and cutting it into patches, beside a plain sequential read of the same file, in one run.

    python benchmarks/reading.py --size 4096

MB are those of the pixels that are read, int16, three bands.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from images import BANDS, machine, make_image, square_grid

from climate_indicators.geo.mosaic import Radiometry, write_scene
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.patches import plan_patches, write_patches
from climate_indicators.segmentation.spatial_blocks import make_blocks, split_map


def sequential(path: Path) -> None:
    """Read all pixels strip by strip."""
    with rasterio.open(path) as raster:
        for start in range(0, raster.height, 512):
            raster.read(window=((start, min(start + 512, raster.height)), (0, raster.width)))


def patching(path: Path, folder: Path) -> float:
    """Cut the image into 128 px patches that do not overlap; pixels read."""
    rng = np.random.default_rng(0)
    with RasterStack([path]) as stack:
        labels = rng.integers(0, 2, stack.grid.shape).astype("uint8")
        valid = np.ones(stack.grid.shape, bool)
        blocks = make_blocks(labels, valid, 512, {"train": 0.6, "validation": 0.2, "test": 0.2}, 1)
        splits = split_map(blocks, labels, valid, 0)
        plan = plan_patches(splits, blocks, 128, 128)
        write_patches(folder / "patches.h5", stack, labels, splits, plan, 128)
    # the training pixels are read twice: once for their mean
    return len(plan.origins) * 128**2 + (splits > 0).sum()


def clipping(path: Path, folder: Path, size: int) -> float:
    """Write the image as a scene of the same grid; pixels read."""
    area = np.ones((size, size), "uint8")
    write_scene(
        folder / "scene.tif", square_grid(size), area, [str(path)], BANDS, None, Radiometry(1e-4, 0.0, None),
        "bilinear", None, {}, lambda: None,
    )  # fmt: skip
    return size**2


def seconds(work: Callable[[], object]) -> tuple[object, float]:
    """Result of ``work`` and the time it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4096)
    size = parser.parse_args().size
    print(machine())
    print("| what | s | MB/s read | share of the sequential read |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(Path(folder) / "image.tif", size)
        sequential(image)  # from the disk to the cache, for all alike
        _, plain = seconds(lambda: sequential(image))
        reference = size**2 * 6 / plain / 1e6
        print(f"| sequential read | {plain:.1f} | {reference:.0f} | 100% |")
        for name, work in (
            ("patches, written as HDF5", lambda: patching(image, Path(folder))),
            ("clip, written as COG", lambda: clipping(image, Path(folder), size)),
        ):
            pixels, spent = seconds(work)
            rate = pixels * 6 / spent / 1e6
            print(f"| {name} | {spent:.1f} | {rate:.0f} | {rate / reference:.0%} |", flush=True)


if __name__ == "__main__":
    main()
