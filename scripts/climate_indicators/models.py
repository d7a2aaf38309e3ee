"""A trained network as a folder: Keras model, exported inference model and model card."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from climate_indicators.backend import keras
from climate_indicators.engines import INFERENCE_MODEL, KERAS_MODEL, MODEL_CARD
from climate_indicators.files import atomic_path, write_json

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip archive


def save_model(folder: str | Path, model: keras.Model, card: Mapping[str, Any]) -> None:
    """Write a network whole or not at all, with the same bytes for the same weights.

    Parameters
    ----------
    folder : folder to write: ``model.keras``, ``model_card.json``, and, where OpenVINO is installed, ``inference.xml``
        with ``inference.bin``.
    model : network from physical values to logits.
    card : what a user of the network must know, such as bands and scaling.
    """
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        dated = temporary / "dated.keras"
        model.save(dated)
        _without_dates(dated, temporary / KERAS_MODEL)
        dated.unlink()
        if importlib.util.find_spec("openvino") is not None:
            model.export(str(temporary / INFERENCE_MODEL), format="openvino", verbose=False)
        write_json(dict(card), temporary / MODEL_CARD)


def _without_dates(source: Path, target: Path) -> None:
    """Copy a Keras archive without the times of writing, which alone would make equal networks differ."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "metadata.json":
                metadata = json.loads(content)
                metadata.pop("date_saved", None)
                content = json.dumps(metadata, sort_keys=True).encode()
            copy.writestr(zipfile.ZipInfo(name, _EPOCH), content)
