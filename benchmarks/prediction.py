"""Whole-image prediction from COG to COG, beside a loop of `model.predict` over 128 px patches, in one run.

    python benchmarks/prediction.py                 # 4096 × 4096, light U-Net; about 5 minutes on two cores
    python benchmarks/prediction.py --sizes 1024 2048 4096 10980   # cost a pixel and memory as the image grows

Prints one table. Every way runs in a process of its own, from opening the image to the written file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from images import in_new_process, machine, make_image, make_model

from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import open_engine
from climate_indicators.segmentation.tiled_prediction import Windows, predict_logits, write_prediction

PATCH = 128
SEAM_SIZE = 1536
SETTINGS = {"window_px": 1024, "halo_px": None, "blend_px": 16}  # the defaults
MEAN = [0.3] * 3


def patch_loop(image: Path, model: Path, target: Path) -> None:
    """The original study's way: the image in memory, one `model.predict` a patch, edges left out."""
    from climate_indicators.segmentation.backend import keras

    network = keras.saving.load_model(model / "model.keras", compile=False)
    with rasterio.open(image) as raster:
        values = (raster.read() * raster.scales[0]).astype("float32").transpose(1, 2, 0)
        profile = raster.profile | {"count": 1, "dtype": "uint8", "nodata": 255, "driver": "GTiff"}
    probability = np.zeros(values.shape[:2], "uint8")
    for row in range(0, values.shape[0] - PATCH + 1, PATCH):
        for col in range(0, values.shape[1] - PATCH + 1, PATCH):
            logit = network.predict(values[None, row : row + PATCH, col : col + PATCH], verbose=0)[0, ..., 0]
            probability[row : row + PATCH, col : col + PATCH] = 250 / (1 + np.exp(-logit))
    with rasterio.open(target, "w", **profile) as raster:
        raster.write(probability, 1)


def streamed(image: Path, model: Path, target: Path, engine: str, precision: str, depth: int) -> dict[str, float]:
    """Streamed in large windows; seconds that the network alone took, and name of engine and precision."""
    opened = open_engine(model, engine, precision, threads=2)
    spent = 0.0

    def timed(images: np.ndarray) -> np.ndarray:
        nonlocal spent
        start = time.perf_counter()
        logits = opened.run(images)
        spent += time.perf_counter() - start
        return logits

    windows = Windows.from_settings(SETTINGS, depth)
    clocked = type(opened)(opened.name, opened.precision, timed)
    with RasterStack([image]) as stack:
        logits = predict_logits(clocked, stack, MEAN, windows)
        write_prediction(target, target.with_name("extent_" + target.name), stack, logits, 1.0, 0.5, ("p", "e"), {})
    return {"network_s": spent, "engine": opened.name, "precision": opened.precision}


def engine_rate(model: Path, engine: str, precision: str) -> float:
    """Megapixels a second of the engine alone on a window of 1152 × 1152 pixels, best of three."""
    opened = open_engine(model, engine, precision, threads=2)
    images = np.random.default_rng(0).uniform(0.2, 0.4, (1, 1152, 1152, 3)).astype("float32")
    opened.run(images)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        opened.run(images)
        times.append(time.perf_counter() - start)
    return 1.152**2 / min(times)


def whole_pass_difference(image: Path, model: Path, depth: int) -> float:
    """Largest difference of probability between windows of 512 pixels and one pass over the whole image."""
    opened = open_engine(model, "auto", "float32", threads=2)
    results = []
    with RasterStack([image]) as stack:
        for core in (512, SEAM_SIZE):
            windows = Windows.from_settings(SETTINGS | {"window_px": core}, depth)
            parts = predict_logits(opened, stack, MEAN, windows)
            logits = np.concatenate([logits for _, logits, _ in parts])
            results.append(1 / (1 + np.exp(-logits)))
    return float(np.abs(results[0] - results[1]).max())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096], help="widths of the square images")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--no-loop", action="store_true", help="leave the patch loop out")
    arguments = parser.parse_args()
    print(machine())
    print(f"U-Net of width {arguments.width}, depth {arguments.depth}, random weights")
    print("| image | way | s | Mpx/s | network's share | memory, GB | ratio |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        model, *_ = in_new_process(make_model, Path(folder) / "model", arguments.width, arguments.depth)
        for size in arguments.sizes:
            image = make_image(Path(folder) / f"{size}.tif", size)
            reference = None
            if not arguments.no_loop:
                _, reference, memory = in_new_process(patch_loop, image, model, Path(folder) / "loop.tif")
                _row(size, "patch loop, Keras float32", reference, None, memory, 1.0)
            for engine, precision in (("keras", "float32"), ("auto", "auto")):
                if engine == "keras" and arguments.no_loop:
                    continue
                parts, seconds, memory = in_new_process(
                    streamed, image, model, Path(folder) / "streamed.tif", engine, precision, arguments.depth
                )
                way = f"streamed, {parts['engine']} {parts['precision']}"
                _row(size, way, seconds, parts["network_s"], memory, reference and reference / seconds)
        rate, *_ = in_new_process(engine_rate, model, "auto", "auto")
        print(f"engine alone on one window: {rate:.2f} Mpx/s with halo")
        seam = make_image(Path(folder) / "seam.tif", SEAM_SIZE)
        difference, *_ = in_new_process(whole_pass_difference, seam, model, arguments.depth)
        print(f"largest difference of probability to one pass over {SEAM_SIZE} × {SEAM_SIZE}: {difference:.1e}")


def _row(size: int, way: str, seconds: float, network_s: float | None, memory: float, ratio: float | None) -> None:
    share = f"{network_s / seconds:.0%}" if network_s else "–"
    times = f"{ratio:.1f} ×" if ratio else "–"
    speed = size**2 / seconds / 1e6
    print(f"| {size}² | {way} | {seconds:.1f} | {speed:.2f} | {share} | {memory:.2f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
