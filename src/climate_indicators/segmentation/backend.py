"""Keras with the settings that must be made before it is imported; other modules take ``keras`` from here."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what goes wrong is raised; the rest is no news to a user
# TensorFlow leaves its fast convolutions off on processors without AVX-512, where they double the speed as well
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Keras writes its settings into the home folder; this path prevents it, because no folder can be created in it
if "KERAS_HOME" not in os.environ and not (Path.home() / ".keras" / "keras.json").exists():
    os.environ["KERAS_HOME"] = os.path.join(os.devnull, "keras")

import keras  # noqa: E402

from climate_indicators.segmentation.precision import BFLOAT16, FLOAT32, automatic_precision, forced_precision  # noqa: E402

__all__ = ["keras", "make_deterministic", "training_precision", "use_threads", "versions"]

_POLICIES = {BFLOAT16: "mixed_bfloat16", FLOAT32: "float32"}


def use_threads(threads: int) -> None:
    """Compute with this many processor threads; to be called before the first computation."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def make_deterministic() -> None:
    """Make the backend give the same numbers for the same seed."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


def training_precision() -> str:
    """``mixed_bfloat16`` where processor or GPU has matrix units for it, else ``float32``.

    Without them bfloat16 is slower than float32, on some processors three times. The environment variable of
    `climate_indicators.segmentation.precision` decides where it is set.
    """
    if forced := forced_precision():
        return _POLICIES[forced]
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        for device in tensorflow.config.list_physical_devices("GPU"):
            major, _ = tensorflow.config.experimental.get_device_details(device).get("compute_capability", (0, 0))
            return "mixed_bfloat16" if major >= 8 else "float32"
    return _POLICIES[automatic_precision()]


def versions() -> dict[str, str]:
    """Versions of Keras and of the library that computes for it."""
    name = keras.backend.backend()
    return {"keras": keras.__version__, name: __import__(name).__version__}
