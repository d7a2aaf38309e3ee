"""Reflectance of scenes that are right though they are unusual, float64 (bands B02, B03, B04, B08, B11; pixels)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

BANDS = ("B02", "B03", "B04", "B08", "B11")
# typical reflectance after atmospheric correction (USGS spectral library, Sentinel-2 L2A); shadow is lit by the sky
SURFACES = {
    "fresh snow": (0.95, 0.95, 0.94, 0.90, 0.10),
    "old snow": (0.65, 0.66, 0.66, 0.60, 0.06),
    "ice": (0.45, 0.46, 0.42, 0.33, 0.03),
    "debris": (0.12, 0.15, 0.17, 0.20, 0.24),
    "desert": (0.17, 0.24, 0.31, 0.38, 0.46),
    "meadow": (0.04, 0.08, 0.05, 0.35, 0.20),
    "sea": (0.040, 0.025, 0.012, 0.004, 0.001),
    "lake": (0.022, 0.024, 0.010, 0.003, 0.001),
    "snow in shadow": (0.16, 0.11, 0.07, 0.05, 0.004),
    "rock in shadow": (0.012, 0.012, 0.010, 0.012, 0.008),
}


def scene(shares: Mapping[str, float], noise: float = 0.004, haze: float = 0.0, n: int = 40_000, seed: int = 0):
    """Pixels of a scene with these shares of surfaces; ``haze``, negative if corrected too much, is added to all."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(len(shares), n, p=np.array(list(shares.values())) / sum(shares.values()))
    level = np.array([SURFACES[name] for name in shares]).T[:, kind]
    return level * rng.normal(1, 0.1, n) + rng.normal(0, noise, level.shape) + haze


GOOD = {
    "snow with a little rock": scene({"fresh snow": 98, "rock in shadow": 0.5, "old snow": 1.5}),
    "fresh snow alone": scene({"fresh snow": 1}),
    "glacier in summer": scene({"ice": 40, "old snow": 30, "debris": 25, "rock in shadow": 5}),
    "low sun, corrected too much": scene({"fresh snow": 25, "snow in shadow": 35, "rock in shadow": 40}, haze=-0.015),
    "low sun, mostly rock in shadow": scene({"fresh snow": 10, "rock in shadow": 90}, noise=0.002, haze=-0.01),
    "sea with a coast": scene({"sea": 70, "debris": 20, "ice": 10}),
    "sea, corrected too much": scene({"sea": 80, "meadow": 20}, haze=-0.012),
    "deep lake": scene({"lake": 99.5, "meadow": 0.5}, noise=0.001),
}
