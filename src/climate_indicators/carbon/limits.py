"""Fewest images and groups from which the error of masks is estimated."""

from __future__ import annotations

MIN_GROUPS, MIN_IMAGES = 2, 5
