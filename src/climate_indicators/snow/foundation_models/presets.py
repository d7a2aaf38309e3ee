"""Folders of foundation models: checked with only the standard library, before any job starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from climate_indicators.core.errors import InputError

# class of the network, and the preset that the manual proposes
CLASSES = {
    "sam": "SAMBackbone",
    "clip": "CLIPBackbone",
    "dinov2": "DINOV2Backbone",
    "deeplab": "DeepLabV3Backbone",
}
PROPOSED = {
    "sam": "sam_base_sa1b",
    "clip": "clip_vit_base_patch32",
    "dinov2": "dinov2_small",
    "deeplab": "deeplab_v3_plus_resnet50_pascalvoc",
}
NAMES = {"sam": "SAM", "clip": "CLIP", "dinov2": "DINOv2", "deeplab": "DeepLabV3"}
DEMO = "demo"
CONFIG, WEIGHTS, SHARDS, CARD = "config.json", "model.weights.h5", "model.weights.json", "card.json"
PRETRAINED, RANDOM, OWN = "pretrained", "random weights", "own folder"

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# by version of the superblock: position of the address width, and position of the first of three addresses, the base;
# the third is the end of the file
_WIDTH_AND_BASE = {0: (13, 24), 1: (13, 28), 2: (9, 12), 3: (9, 12)}


def is_own_folder(setting: str) -> bool:
    """Whether a setting is a path of the user's, not a name: it has a slash."""
    return "/" in setting


def check_preset_folder(folder: str | Path, kind: str) -> None:
    """Reject a folder that keras-hub cannot load or that contains a different network.

    Parameters
    ----------
    folder : as ``save_to_preset`` of keras-hub writes it.
    kind : ``sam``, ``clip``, ``dinov2`` or ``deeplab``.

    Raises
    ------
    InputError
        If the folder, ``config.json`` or the weights are missing, empty, truncated or damaged, or the network is of
        another class.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise _refused(folder, kind, "there is no such folder" if not folder.exists() else "it is a file, not a folder")
    found = _class_name(folder, kind)
    if found != CLASSES[kind]:
        raise _refused(folder, kind, f"{CONFIG} holds a network of class {found}, another model")
    if (folder / WEIGHTS).exists() or not (folder / SHARDS).exists():
        weights = [folder / WEIGHTS]
    else:
        weights = _shards(folder, kind)
    for path in weights:
        fault = weights_fault(path)
        if fault:
            raise _refused(folder, kind, f"{path.name} {fault}")


def weights_fault(path: str | Path) -> str | None:
    """Defect of a file of weights as text after its name; None if it is intact.

    The superblock of an HDF5 file (HDF5 File Format Specification 3.0, section II.A) contains the end of the file, so
    that a download that broke off is found without reading the file.
    """
    path = Path(path)
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size == 0:
        return "is empty"
    with path.open("rb") as stream:
        head = stream.read(64)
    if not head.startswith(_SIGNATURE):
        return f"is no HDF5 file (it begins with {head[:12]!r})"
    if len(head) < 64:
        return f"is truncated: {size} bytes"
    if head[8] not in _WIDTH_AND_BASE:
        return f"is an HDF5 file of unknown version {head[8]}"
    width_at, base_at = _WIDTH_AND_BASE[head[8]]
    width = head[width_at]
    base, end = (int.from_bytes(head[at : at + width], "little") for at in (base_at, base_at + 2 * width))
    if size < base + end:
        return f"is truncated: {size} bytes of {base + end}"
    return None


def read_preset_card(folder: str | Path) -> dict[str, Any]:
    """Description of the weights of a model.

    Returns
    -------
    ``preset`` (name), ``weights`` (``pretrained``, ``random weights``, ``demo-trained``, or ``own folder`` where the
    folder has no ``card.json``) and ``class``.

    Raises
    ------
    InputError
        If ``card.json`` is not valid JSON or does not hold these.
    """
    path = Path(folder) / CARD
    if not path.exists():
        return {"preset": Path(folder).name, "weights": OWN, "class": _class_name(Path(folder), None)}
    card = _read_json(path, None)
    lacking = [key for key in ("preset", "weights") if not isinstance(card.get(key), str)]
    if lacking:
        raise InputError(
            f"{path} lacks {' and '.join(lacking)}, a text each. Add what is known of the weights, or remove the file: "
            f"figures then say '{OWN}'."
        )
    return card


def weights_title(card: dict[str, Any]) -> str:
    """Text for titles and tables: ``random weights``, or the name of a preset."""
    if card["weights"] == PRETRAINED:
        return f"preset {card['preset']}"
    return f"weights of {card['preset']}" if card["weights"] == OWN else card["weights"]


def _class_name(folder: Path, kind: str | None) -> str:
    """Class that ``config.json`` names."""
    path = folder / CONFIG
    if not path.exists():
        raise _refused(folder, kind, f"it has no {CONFIG}")
    config = _read_json(path, kind)
    found = config.get("class_name") or str(config.get("registered_name", "")).rpartition(">")[2]
    if not found:
        raise _refused(folder, kind, f"{CONFIG} contains no class of keras-hub; it may be from another library")
    return found


def _read_json(path: Path, kind: str | None) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _refused(path.parent, kind, f"{path.name} is no valid JSON ({error})") from error
    if not isinstance(content, dict):
        raise _refused(path.parent, kind, f"{path.name} holds a {type(content).__name__}, not an object")
    return content


def _shards(folder: Path, kind: str) -> list[Path]:
    """Parts of weights that were written as several files."""
    parts: set[str] = set()
    for value in _read_json(folder / SHARDS, kind).get("weight_map", {}).values():
        parts.update(value if isinstance(value, list) else [value])
    if not parts:
        raise _refused(folder, kind, f"{SHARDS} lists no files")
    return [folder / part for part in sorted(parts)]


def _refused(folder: Path, kind: str | None, found: str) -> InputError:
    if kind is None:
        return InputError(f"model folder {folder}: {found}. Write the folder again with save_to_preset of keras-hub.")
    return InputError(
        f"{NAMES[kind]} model folder {folder}: {found}. Expected is a folder that save_to_preset of keras-hub wrote, "
        f"with {CONFIG} (class {CLASSES[kind]}) and {WEIGHTS}. Copy or fetch it again, or set the model's preset to a "
        f"name such as {PROPOSED[kind]}, which is fetched once, or to {DEMO}."
    )
