"""Import of OpenVINO with telemetry disabled; other modules import it from here."""

from __future__ import annotations

import sys
from types import ModuleType


def import_openvino() -> ModuleType:
    """OpenVINO without its telemetry.

    At its import OpenVINO posts to Google Analytics from a forked process and writes a lasting number of its user below
    the home folder, if the package ``openvino-telemetry`` is installed, as conda and pip do. Without that package it
    does neither. Exports by Keras import OpenVINO themselves: call this before.
    """
    sys.modules["openvino_telemetry"] = None  # an import of it is now an ImportError, which OpenVINO expects
    import openvino

    return openvino
