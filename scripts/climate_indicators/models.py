"""A trained network as a folder: Keras model, exported inference model and model card."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from climate_indicators.backend import keras
from climate_indicators.files import atomic_path, write_json
from climate_indicators.model_folder import INFERENCE_MODEL, KERAS_MODEL, MODEL_CARD

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
        write_keras(model, temporary / KERAS_MODEL)
        if importlib.util.find_spec("openvino") is not None:
            model.export(str(temporary / INFERENCE_MODEL), format="openvino", verbose=False)
        write_json(dict(card), temporary / MODEL_CARD)


def write_keras(model: keras.Model, path: Path) -> None:
    """Write a Keras archive without times of writing and addresses of memory: equal networks get equal bytes."""
    dated = path.with_name(f"dated_{path.name}")
    model.save(dated)
    with zipfile.ZipFile(dated) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".json"):
                content = json.dumps(_plain(json.loads(content), {})).encode()
            copy.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    dated.unlink()


def _plain(content: Any, numbers: dict[int, int]) -> Any:
    """JSON content without the date of saving, the ids of shared objects counted from 0."""
    if isinstance(content, list):
        return [_plain(item, numbers) for item in content]
    if not isinstance(content, dict):
        return content
    kept = {key: _plain(item, numbers) for key, item in content.items() if key != "date_saved"}
    if "shared_object_id" in kept:
        kept["shared_object_id"] = numbers.setdefault(kept["shared_object_id"], len(numbers))
    return kept
