"""A trained network as a folder: Keras model, exported inference model and model card."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from climate_indicators.core.atomic_files import atomic_path, write_json
from climate_indicators.segmentation.backend import keras
from climate_indicators.segmentation.input_scaling import INPUT_SCALING, InputScaling, scaling_of
from climate_indicators.segmentation.model_files import INFERENCE_MODEL, KERAS_MODEL, MODEL_CARD
from climate_indicators.segmentation.openvino_import import import_openvino
from climate_indicators.segmentation.resnet_unet import DIFFERENCE_GAIN

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip archive


def save_model(folder: str | Path, model: keras.Model, card: Mapping[str, Any]) -> None:
    """Write a network atomically, with the same bytes for the same weights.

    Parameters
    ----------
    folder : folder to write: ``model.keras``, ``model_card.json``, and, where OpenVINO is installed, ``inference.xml``
        with ``inference.bin`` and ``inference_inputs.json``, see `without_scaling`.
    model : network from physical values to logits.
    card : what a user of the network must know, such as bands and scaling.
    """
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        write_keras(model, temporary / KERAS_MODEL)
        if importlib.util.find_spec("openvino") is not None:
            import_openvino()  # as the export will
            bare, scalings = without_scaling(model)
            bare.export(str(temporary / INFERENCE_MODEL), format="openvino", verbose=False)
            write_json({name: scaling.as_json() for name, scaling in scalings.items()}, temporary / INPUT_SCALING)
        write_json(dict(card), temporary / MODEL_CARD)


def without_scaling(model: keras.Model) -> tuple[keras.Model, dict[str, InputScaling]]:
    """The network from where its input is scaled, and the scaling, which an engine computes in float32.

    Engines give a whole graph one precision: the values of a band that varies little are lost in bfloat16 unless they
    are scaled before.

    Parameters
    ----------
    model : network with layers named ``scaling``, and perhaps ``pixel_scaling`` and ``pixel_bands``, or without any.

    Returns
    -------
    Network of inputs named as the last scaling layer of each, and the scaling of each input by its name.
    """
    layers = {layer.name: layer for layer in model.layers}
    scalings, cuts = {}, {}
    for name, last in (("scaling", "scaling"), ("pixel_scaling", "pixel_bands")):
        if name in layers:
            gain = DIFFERENCE_GAIN if last in layers and last != name else None
            cut = last if last in layers else name
            scalings[cut], cuts[cut] = scaling_of(layers[name].get_config(), gain), layers[cut].output
    if not cuts:
        return model, {model.inputs[0].name: InputScaling()}
    inner = keras.Model(list(cuts.values()), model.output)
    inputs = [keras.Input(cut.shape[1:], name=name) for name, cut in cuts.items()]
    return keras.Model(inputs, inner(inputs if len(inputs) > 1 else inputs[0])), scalings


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
