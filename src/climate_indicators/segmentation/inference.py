"""Programs that run a trained network: OpenVINO where it is installed, else Keras."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.input_scaling import read_scaling
from climate_indicators.segmentation.model_files import INFERENCE_MODEL, KERAS_MODEL
from climate_indicators.segmentation.openvino_import import import_openvino
from climate_indicators.segmentation.precision import automatic_precision


@dataclass(frozen=True)
class Engine:
    """A network ready to run.

    Attributes
    ----------
    name : ``openvino`` or ``keras``.
    precision : ``float32`` or ``bfloat16``.
    run : from float32 images (batch, rows, columns, channels) to float32 logits (batch, rows, columns), or from float32
        features (batch, features) to float32 logits (batch, classes).
    """

    name: str
    precision: str
    run: Callable[[np.ndarray], np.ndarray]


def open_engine(model: str | Path, engine: str, precision: str, threads: int) -> Engine:
    """Load a trained network for prediction.

    Parameters
    ----------
    model : folder of the trained network.
    engine : ``openvino``, ``keras``, or ``auto``: OpenVINO if it is installed and the model was exported for it.
    precision : ``float32``, ``bfloat16``, or ``auto``: bfloat16 where the processor has units for it, see
        `climate_indicators.segmentation.precision`.
    threads : processor threads to use.

    Raises
    ------
    InputError
        If OpenVINO is asked for and is not installed, or the model was not exported for it, or was exported by a
        version that scaled its input inside the network.
    """
    exported = (Path(model) / INFERENCE_MODEL).exists()
    installed = importlib.util.find_spec("openvino") is not None
    if engine == "openvino" and not (exported and installed):
        lack = "is not installed here" if not installed else f"needs {INFERENCE_MODEL} in {model}, which is missing"
        raise InputError(
            f"prediction.engine is openvino, but OpenVINO {lack}; set it to auto or keras, or install openvino."
        )
    if precision == "auto":
        precision = automatic_precision()
    if engine == "keras" or not (exported and installed):
        return Engine("keras", precision, _keras(Path(model) / KERAS_MODEL, precision))
    return Engine("openvino", precision, _openvino(Path(model) / INFERENCE_MODEL, precision, threads))


def with_test_time_augmentation(engine: Engine) -> Engine:
    """The same network, its logits averaged over the eight turns and mirrors of the image: steadier, 8 × the cost."""

    def run(images: np.ndarray) -> np.ndarray:
        total = np.zeros(images.shape[:3], "float32")
        for turns in (0, 2, 1, 3):  # equal shapes follow each other, since a new one costs the engine time
            for step in (1, -1):
                turned = np.rot90(images, turns, (1, 2))[:, :, ::step]
                logits = engine.run(np.ascontiguousarray(turned))
                total += np.rot90(logits[:, :, ::step], -turns, (1, 2))
        return total / 8

    return Engine(engine.name, engine.precision, run)


def _openvino(path: Path, precision: str, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    openvino = import_openvino()
    core = openvino.Core()
    # in NumPy, since bfloat16 arithmetic would reach into the graph: its 8 bits cannot hold a value near a large mean
    scalings = read_scaling(path.parent)
    # without the hint OpenVINO chooses bfloat16 by itself on some processors
    hints = {
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": str(threads),
    }
    compiled: dict[tuple[int, ...], Any] = {}

    def run(images: np.ndarray) -> np.ndarray:
        inputs = {name: scaling(images) for name, scaling in scalings.items()}
        if images.shape not in compiled:
            network = core.read_model(path)
            network.reshape({name: list(values.shape) for name, values in inputs.items()})
            compiled.clear()  # one shape at a time bounds the memory
            compiled[images.shape] = core.compile_model(network, "CPU", hints)
        return _logits(compiled[images.shape](inputs)[0])

    return run


def _keras(path: Path, precision: str) -> Callable[[np.ndarray], np.ndarray]:
    from climate_indicators.segmentation.backend import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    if precision == "bfloat16":
        model = _in_bfloat16(model)

    def run(images: np.ndarray) -> np.ndarray:
        return _logits(np.asarray(model.predict_on_batch(images), "float32"))

    return run


def _logits(output: np.ndarray) -> np.ndarray:
    """Output without the one channel of images; of features as it is."""
    return output[..., 0] if output.ndim == 4 else output


def _in_bfloat16(model):
    """The same network with bfloat16 arithmetic, except scaling, head and layers on single pixels (float32)."""
    from climate_indicators.segmentation.backend import keras

    def clone(layer):
        settings = layer.get_config()
        if not layer.name.startswith(("scaling", "logit", "pixel")):
            settings["dtype"] = "mixed_bfloat16"
        return layer.__class__.from_config(settings)

    faster = keras.models.clone_model(model, clone_function=clone)
    faster.set_weights(model.get_weights())
    return faster
