"""The carbon study's network in training, beside Keras as it comes, and many images predicted in bounded memory.

    python benchmarks/carbon.py                                     # width 16 at 320 px; 250 and 1000 images of 512 px
    python benchmarks/carbon.py --width 64 --rounds 1 --images 0    # training of the full-size network alone

Both ways train the same network in the same arithmetic order on the same batch, each in a process of its own; the
first steps are not counted. Prediction decodes JPG files, runs the exported network and writes one mask an image.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from images import in_new_process, machine

SIZE, BATCH, WARM_UP, FILES = 320, 8, 2, 20


def as_it_comes(width: int, steps: int) -> float:
    """Images a second of the network in Keras and TensorFlow without any setting, float32."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    import tensorflow  # noqa: F401  before the workflow's settings can be made

    return _images_a_second(width, steps, "float32", for_training=False)


def as_the_workflow(width: int, steps: int) -> float:
    """Images a second with the workflow's settings, precision chosen by the processor."""
    from climate_indicators.segmentation.backend import training_precision, use_threads

    use_threads(len(os.sched_getaffinity(0)))
    return _images_a_second(width, steps, training_precision(), for_training=True)


def _images_a_second(width: int, steps: int, precision: str, for_training: bool) -> float:
    from climate_indicators.segmentation.backend import keras
    from climate_indicators.segmentation.losses import BceDice
    from climate_indicators.segmentation.resnet_unet import resnet_unet

    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(precision)
    model = resnet_unet([120.0] * 3, [2500.0] * 3, width, for_training=for_training)
    model.compile(keras.optimizers.AdamW(1e-3), BceDice(0.0))
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (BATCH, SIZE, SIZE, 3)).astype("float32")
    labels = rng.integers(0, 2, (BATCH, SIZE, SIZE, 1)).astype("float32")
    for _ in range(WARM_UP):
        model.train_on_batch(images, labels)
    start = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(images, labels)
    return BATCH * steps / (time.perf_counter() - start)


def predict(width: int, count: int) -> float:
    """Images a second of decoding, prediction and writing of masks."""
    from PIL import Image

    from climate_indicators.carbon.estimation.vegetation import Calibration, map_images, write_mask
    from climate_indicators.carbon.images.arrays import Reading, read_image
    from climate_indicators.segmentation.inference import open_engine
    from climate_indicators.segmentation.model_io import save_model
    from climate_indicators.segmentation.resnet_unet import resnet_unet

    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), np.random.default_rng(0)
        for number in range(FILES):
            coarse = rng.integers(0, 255, (32, 32, 3), dtype="uint8")
            Image.fromarray(coarse).resize((512, 512)).save(folder / f"{number}.jpg", quality=90)
        save_model(folder / "model", resnet_unet([120.0] * 3, [2500.0] * 3, width), {})
        engine = open_engine(folder / "model", "auto", "auto", len(os.sched_getaffinity(0)))
        names = [f"{number % FILES}.jpg" for number in range(count)]
        start = time.perf_counter()
        reading = Reading()
        for mapped in map_images(
            names, lambda name: read_image(folder / name, reading), engine.run, [120.0] * 3, SIZE, BATCH,
            Calibration(1.0, 0.5),
        ):  # fmt: skip
            write_mask(folder / "masks", mapped)
        return count / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2, help="the two ways take turns this often")
    parser.add_argument("--images", type=int, nargs="+", default=[250, 1000], help="0 for no prediction")
    arguments = parser.parse_args()
    print(machine())
    print(f"ResNet U-Net of width {arguments.width}, batches of {BATCH} at {SIZE} px")
    print("| round | Keras as it comes, images/s | the workflow, images/s | ratio |\n|---|---|---|---|")
    for number in range(1, arguments.rounds + 1):
        plain, ours = (
            in_new_process(way, arguments.width, arguments.steps)[0] for way in (as_it_comes, as_the_workflow)
        )
        print(f"| {number} | {plain:.2f} | {ours:.2f} | {ours / plain:.2f} × |", flush=True)
    if arguments.images != [0]:
        print("\n| images of 512 × 512 | images/s | memory, GB |\n|---|---|---|")
        for count in arguments.images:
            speed, _, memory = in_new_process(predict, arguments.width, count)
            print(f"| {count} | {speed:.1f} | {memory:.2f} |", flush=True)


if __name__ == "__main__":
    main()
