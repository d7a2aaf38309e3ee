"""Training of the U-Net as the workflow does it, beside Keras as it comes (float32, its own settings), in one run.

    python benchmarks/training.py                        # light U-Net, 128 px, batches of 16
    python benchmarks/training.py --width 64 --depth 3   # the full-size network

Both ways train the same network on the same batches, each in a process of its own; the first steps are not counted.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from images import in_new_process, machine

BANDS = 5
WARM_UP = 3


def as_it_comes(width: int, depth: int, batch: int, steps: int) -> float:
    """Images a second of Keras and TensorFlow without any setting."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    import tensorflow  # noqa: F401  before the workflow's settings can be made

    return _images_a_second(width, depth, batch, steps, "float32")


def as_the_workflow(width: int, depth: int, batch: int, steps: int) -> float:
    """Images a second with the workflow's settings: oneDNN, threads, precision chosen by the processor."""
    from climate_indicators.segmentation.backend import training_precision, use_threads

    use_threads(len(os.sched_getaffinity(0)))
    return _images_a_second(width, depth, batch, steps, training_precision())


def _images_a_second(width: int, depth: int, batch: int, steps: int, precision: str) -> float:
    from climate_indicators.segmentation.backend import keras
    from climate_indicators.segmentation.losses import BceDice
    from climate_indicators.segmentation.networks import unet

    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(precision)
    model = unet([0.3] * BANDS, [0.01] * BANDS, width, depth, "batch")
    model.compile(keras.optimizers.Adam(1e-3), BceDice())
    rng = np.random.default_rng(0)
    images = rng.uniform(0.2, 0.4, (batch, 128, 128, BANDS)).astype("float32")
    labels = rng.integers(0, 2, (batch, 128, 128, 1)).astype("float32")
    for _ in range(WARM_UP):
        model.train_on_batch(images, labels)
    start = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(images, labels)
    return batch * steps / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="the two ways take turns this often")
    arguments = parser.parse_args()
    print(machine())
    print(f"U-Net of width {arguments.width}, depth {arguments.depth}, batches of {arguments.batch} at 128 px")
    print("| round | Keras as it comes, images/s | the workflow, images/s | ratio |\n|---|---|---|---|")
    for number in range(1, arguments.rounds + 1):
        settings = (arguments.width, arguments.depth, arguments.batch, arguments.steps)
        plain, ours = (in_new_process(way, *settings)[0] for way in (as_it_comes, as_the_workflow))
        print(f"| {number} | {plain:.1f} | {ours:.1f} | {ours / plain:.2f} × |", flush=True)


if __name__ == "__main__":
    main()
