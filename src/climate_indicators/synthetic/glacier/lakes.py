"""Lakes of the simulated valleys: behind the moraines of most glaciers, and on the floor of the trunk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from climate_indicators.synthetic.terrain import Terrain

WITHOUT_LAKE = 3
# Heights in shares of the relief: how far a lake reaches above and below the snout's floor, and the trunk's lakes.
ABOVE_SNOUT, BELOW_SNOUT = 0.026, 0.024
TRUNK_LEVELS, TRUNK_DEPTH = (0.03, 0.07, 0.13, 0.19), 0.014
DAM_STEEPNESS = 2.5


def flood(terrain: Terrain, snout_m: np.ndarray) -> tuple[Terrain, np.ndarray]:
    """Terrain with its lakes, each dammed by a moraine or fan that fills the valley below it.

    Where the glacier of a side valley ended in the first year there is a lake, but in every third valley; it reaches
    under the tongue, so that more of it opens as the ice retreats.

    Parameters
    ----------
    terrain : the landscape without water.
    snout_m : float, shape (valleys,): height of the valley floor at each glacier's snout.

    Returns
    -------
    The landscape whose elevation is the level of the lakes where they are, and bool (size, size): water, if no ice.
    """
    relief = terrain.relief_m
    basins = [
        (valley, snout_m[valley] + ABOVE_SNOUT * relief, (ABOVE_SNOUT + BELOW_SNOUT) * relief)
        for valley in range(1, len(snout_m))
        if valley % WITHOUT_LAKE
    ]
    lowest = float(terrain.floor_m[terrain.valley == 0].min())
    basins += [(0, lowest + share * relief, TRUNK_DEPTH * relief) for share in TRUNK_LEVELS]
    elevation, surface = terrain.elevation_m.astype(float), np.full(terrain.elevation_m.shape, np.nan)
    for valley, level, depth in basins:
        below_dam = np.maximum(level - depth - terrain.floor_m, 0.0)
        fill = np.where(terrain.valley == valley, level - DAM_STEEPNESS * below_dam, -np.inf)
        surface[(elevation < fill) & (below_dam == 0)] = level
        elevation = np.maximum(elevation, fill)
    # a dam may bury a part of another lake
    return replace(terrain, elevation_m=elevation.astype(np.float32)), elevation == surface
