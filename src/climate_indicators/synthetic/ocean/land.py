"""Land of the synthetic ocean: continents like those of the Earth, drawn by a few corners each."""

from __future__ import annotations

import numpy as np
import shapely

# corners as (degrees east, degrees north): coarse, without islands and inland seas, but so that the zones of the real
# ocean make sense here
CONTINENTS = {
    "North America": [
        (-166, 66), (-156, 71), (-128, 70), (-95, 70), (-80, 68), (-65, 59), (-56, 52), (-66, 45), (-75, 38), (-81, 31),
        (-81, 26), (-90, 30), (-97, 26), (-95, 18), (-87, 20), (-83, 10), (-78, 7), (-86, 11), (-105, 20), (-115, 30),
        (-124, 42), (-126, 50), (-136, 58), (-152, 60), (-162, 56),
    ],
    "Greenland": [(-60, 76), (-45, 60), (-22, 70), (-18, 80), (-35, 83.5), (-62, 82)],
    "South America": [
        (-78, 7), (-72, 12), (-60, 9), (-50, 0), (-35, -6), (-39, -18), (-48, -27), (-58, -36), (-66, -47), (-68, -55),
        (-75, -50), (-72, -30), (-71, -18), (-81, -5),
    ],
    "Africa": [
        (-6, 36), (10, 40), (36, 36), (56, 26), (59, 22), (44, 12), (51, 11), (40, -4), (40, -16), (33, -28), (19, -35),
        (12, -18), (9, 3), (-8, 5), (-17, 14), (-10, 29),
    ],
    "Eurasia": [
        (-6, 36), (-9, 43), (1, 48), (5, 53), (5, 60), (15, 68), (26, 71), (42, 69), (70, 73), (104, 78), (140, 73),
        (180, 69), (180, 65), (163, 58), (155, 57), (137, 54), (129, 40), (122, 36), (121, 29), (108, 20), (106, 10),
        (102, 2), (97, 14), (88, 22), (80, 14), (77, 8), (72, 21), (56, 26), (36, 36), (10, 40),
    ],
    "Tip of Asia": [(-180, 69), (-180, 65), (-170, 66)],
    "Australia": [
        (114, -22), (122, -17), (131, -12), (142, -11), (146, -19), (153, -27), (149, -38), (138, -35), (129, -32),
        (115, -34),
    ],
    "Antarctica": [
        (-180, -77), (-150, -76), (-120, -74), (-75, -72), (-60, -70), (-40, -77), (-20, -73), (30, -69), (60, -67),
        (110, -66), (150, -68), (165, -72), (180, -77), (180, -90), (-180, -90),
    ],
}  # fmt: skip


def is_land(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Whether places lie on a continent.

    Parameters
    ----------
    lat, lon : float, any equal shape, degrees north and degrees east from −180 to 180.
    """
    land = shapely.union_all([shapely.Polygon(corners) for corners in CONTINENTS.values()])
    shapely.prepare(land)
    return shapely.contains_xy(land, lon, lat)
