"""How reflectance, probability and classes are written as numbers of a raster."""

from __future__ import annotations

REFLECTANCE_SCALE = 1e-4
REFLECTANCE_NODATA = -32768
PROBABILITY_SCALE = 1 / 250
BYTE_NODATA = 255
