"""Files of a trained network's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from climate_indicators.core.atomic_files import read_json

INFERENCE_MODEL = "inference.xml"
KERAS_MODEL = "model.keras"
MODEL_CARD = "model_card.json"


def read_card(folder: str | Path) -> dict[str, Any]:
    """Metadata of the network, such as bands and scaling."""
    return read_json(Path(folder) / MODEL_CARD)
