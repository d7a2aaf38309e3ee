"""Names of the wetness classes of snow."""

from __future__ import annotations

WET, DRY, UNKNOWN = "wet", "dry", "unknown"
