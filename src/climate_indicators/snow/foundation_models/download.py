"""Download of published weights into a folder that can be loaded without network access."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.backend import keras
from climate_indicators.snow.foundation_models.keras_hub_backend import open_hub
from climate_indicators.snow.foundation_models.presets import CLASSES, PRETRAINED
from climate_indicators.snow.foundation_models.random_weights import save_preset


def fetch_preset(name: str, folder: str | Path) -> None:
    """Fetch a preset of keras-hub and save it, atomically, with its scaling of pictures and its card.

    Parameters
    ----------
    name : of the preset, such as ``sam_base_sa1b``.
    folder : folder to write.

    Raises
    ------
    InputError
        If there is no such preset, it is of another model, or it cannot be fetched.
    """
    hub = open_hub(offline=False)
    kind = preset_kind(hub, name)
    try:
        model = _backbone(hub, name, kind)
        converter = hub.layers.ImageConverter.from_preset(name)
        card = {"preset": name, "weights": PRETRAINED, "class": CLASSES[kind]}
        save_preset(folder, model, converter, card)
    except Exception as error:  # keras-hub and its download libraries raise many types of exceptions
        raise InputError(
            f"preset {name} could not be fetched ({type(error).__name__}: {' '.join(str(error).split())[:300]}). "
            f"Run this rule, or keras_hub's from_preset('{name}') and save_to_preset, on a machine with a network and "
            f"copy the folder to {folder}; or set the model's preset to a folder of your own, or to demo."
        ) from error


def preset_kind(hub: Any, name: str) -> str:
    """Model that a preset belongs to: ``sam``, ``clip``, ``dinov2`` or ``deeplab``.

    Parameters
    ----------
    hub : module ``keras_hub``.
    name : of the preset.

    Raises
    ------
    InputError
        If keras-hub knows no such preset of one of these.
    """
    known = {kind: sorted(getattr(hub.models, one).presets) for kind, one in CLASSES.items()}
    for kind, names in known.items():
        if name in names:
            return kind
    lists = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in known.items())
    raise InputError(
        f"keras-hub {hub.__version__} has no preset '{name}' of these models. It has {lists}. Name one of them in the "
        "model's preset (snow.foundation), or give the path of a folder."
    )


def _backbone(hub: Any, name: str, kind: str) -> keras.Model:
    if kind == "sam":
        # only the segmenter builds SAM's decoder; weights of an unbuilt decoder cannot be loaded
        return hub.models.SAMImageSegmenter.from_preset(name).backbone
    return hub.models.Backbone.from_preset(name)
