"""Choice between bfloat16 and float32 where a setting says ``auto``."""

from __future__ import annotations

import os
from pathlib import Path

from climate_indicators.core.errors import InputError

BFLOAT16, FLOAT32 = "bfloat16", "float32"
# for tests and comparisons: one machine then computes as another one would
VARIABLE = "CLIMATE_INDICATORS_PRECISION"


def automatic_precision() -> str:
    """Precision that ``auto`` means here: ``bfloat16`` or ``float32``.

    The environment variable ``CLIMATE_INDICATORS_PRECISION`` decides where it is set, else the processor.

    Raises
    ------
    InputError
        If the variable has another value.
    """
    return forced_precision() or (BFLOAT16 if has_bfloat16_units() else FLOAT32)


def forced_precision() -> str | None:
    """Value of the environment variable ``CLIMATE_INDICATORS_PRECISION``; None if it is not set or empty."""
    value = os.environ.get(VARIABLE, "")
    if value not in ("", BFLOAT16, FLOAT32):
        raise InputError(f"the environment variable {VARIABLE} is {value!r}; set it to {BFLOAT16} or {FLOAT32}.")
    return value or None


def has_bfloat16_units() -> bool:
    """Whether the processor multiplies matrices in bfloat16 (AMX); anywhere else bfloat16 is slower than float32."""
    processor = Path("/proc/cpuinfo")
    return processor.exists() and "amx_bf16" in processor.read_text()
