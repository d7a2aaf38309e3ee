"""Images, networks and clocks that the benchmarks share."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from climate_indicators.core.raster_encoding import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from climate_indicators.geo.grid import Grid  # noqa: E402
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import strips  # noqa: E402

BANDS = ["red", "green", "blue"]


def square_grid(size: int) -> Grid:
    """Grid of ``size`` × ``size`` pixels of 10 m."""
    return Grid("EPSG:32644", Affine(10, 0, 500_000, 0, -10, 3_400_000), size, size)


def make_image(path: Path, size: int, seed: int = 0) -> Path:
    """A scene of three bands whose pixels compress about as satellite images do: shapes of many sizes and noise."""
    grid, rng = square_grid(size), np.random.default_rng(seed)
    waves = [(rng.uniform(0, 0.2, 2), rng.uniform(0, 6.3), rng.uniform(0.2, 1)) for _ in range(12)]
    with cog_writer(path, grid, "int16", BANDS, REFLECTANCE_NODATA, REFLECTANCE_SCALE) as raster:
        for window in strips(grid):
            rows = np.arange(window.row_off, window.row_off + window.height, dtype="float32")[:, None]
            cols = np.arange(size, dtype="float32")[None]
            level = sum(weight * np.sin(rows * a + cols * b + phase) for (a, b), phase, weight in waves)
            for band in range(len(BANDS)):
                noisy = 3000 + 400 * level + 100 * band + rng.normal(0, 60, level.shape)
                raster.write(noisy.astype("int16"), band + 1, window=window)
    return path


def make_model(folder: Path, width: int, depth: int) -> Path:
    """A U-Net with random weights, saved as a training saves it."""
    from climate_indicators.segmentation.backend import keras
    from climate_indicators.segmentation.model_io import save_model
    from climate_indicators.segmentation.networks import unet

    keras.utils.set_random_seed(1)
    save_model(folder, unet([0.3] * 3, [0.01] * 3, width=width, depth=depth), {})
    return folder


def in_new_process(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    """Result of a function run in a process of its own, its seconds, and the process's largest memory in GB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, arguments))


def _measured(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, float, float]:
    start = time.perf_counter()
    result = work(*arguments)
    seconds = time.perf_counter() - start
    return result, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def machine() -> str:
    """Name of the processor, number of threads that this process may use, and whether it multiplies in bfloat16."""
    import os

    from climate_indicators.segmentation.precision import has_bfloat16_units

    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    flags = next((line for line in lines if line.startswith("flags")), "")
    widest = next((name for name in ("avx512f", "avx2", "avx") if name in flags), "no AVX")
    units = "AMX bf16" if has_bfloat16_units() else "no bfloat16 units"
    return f"{name}, {len(os.sched_getaffinity(0))} threads, {widest}, {units}"
