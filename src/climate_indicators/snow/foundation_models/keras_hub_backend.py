"""keras-hub with the settings that must be made before it is imported; other modules take ``keras_hub`` from here."""

from __future__ import annotations

import logging
import os
from types import ModuleType

from climate_indicators.segmentation.backend import keras


def open_hub(offline: bool = True) -> ModuleType:
    """Import keras-hub.

    Parameters
    ----------
    offline : forbid the model hubs' libraries to look for anything on a network; to be chosen at the first call.

    Returns
    -------
    Module ``keras_hub``.
    """
    if offline:
        # without this setting, a mistyped URL causes half a minute of retries
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("KAGGLEHUB_VERBOSITY", "error")
    logging.getLogger("absl").setLevel(logging.ERROR)
    import keras_hub

    # another network in this process may have set a different precision; SAM fails in bfloat16
    keras.config.set_dtype_policy("float32")
    return keras_hub
