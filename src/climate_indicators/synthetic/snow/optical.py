"""What a Sentinel-2-like sensor sees of the synthetic snow site: land, snow, light, haze, cloud, noise."""

from __future__ import annotations

import datetime

import numpy as np

from climate_indicators.synthetic.light import direct_light, sun_at_overpass
from climate_indicators.synthetic.noise import fractal_field, smoothstep, stream
from climate_indicators.synthetic.snow.snow_pack import FOREST, OPEN, WATER, Land

OPTICAL_BANDS = ("B02", "B03", "B04", "B08", "B11")
# Reflectance of each surface by band, round figures of the usual order.
SUMMER_MEADOW = (0.04, 0.08, 0.06, 0.32, 0.20)
WINTER_MEADOW = (0.07, 0.10, 0.13, 0.22, 0.26)
BARE = (0.12, 0.14, 0.17, 0.21, 0.25)
CANOPY = (0.02, 0.04, 0.03, 0.24, 0.12)
FOREST_FLOOR = (0.05, 0.07, 0.08, 0.22, 0.20)
LAKE = (0.06, 0.05, 0.03, 0.018, 0.014)
NEW_SNOW = (0.90, 0.88, 0.86, 0.80, 0.10)
OLD_SNOW = (0.66, 0.65, 0.64, 0.56, 0.06)
CLOUD = (0.72, 0.72, 0.72, 0.72, 0.55)
# Share of a forest pixel that the canopy hides from above.
CANOPY_SHARE = (0.62, 0.88)
NEW_SNOW_DAYS = 8.0
# Share of the light on level ground that comes from the sky; in shadow it is all there is.
SKYLIGHT = (0.32, 0.26, 0.22, 0.18, 0.14)
PATH_REFLECTANCE = (1.0, 0.66, 0.43, 0.2, 0.05)
HAZIEST, SENSOR_NOISE = 0.02, 0.0015
# Cloud thins out over this much of its field's standard deviation; the mask draws its line inside.
THIN_EDGE, MASK_OPACITY = 0.25, 0.35
CLEAR_CHANCE, BROKEN_CHANCE = 0.6, 0.26
CLEAR_UP_TO, BROKEN_UP_TO, OVERCAST_UP_TO = 0.04, 0.4, 0.85
# Cloud fraction of scenes with another defect, and of scenes with cloud as the defect.
CLEAR_SHARE, CLOUDED_SHARE = 0.01, 0.97
STRIP_CHANCE, STRIP_PX = 0.15, (3, 10)
SHIFT_PX = (6, -5)


class Camera:
    """Optical sensor over one mountain.

    Parameters
    ----------
    land : the mountain.
    latitude_deg : northern positive.
    seed : seed of the synthetic site.
    """

    def __init__(self, land: Land, latitude_deg: float, seed: int) -> None:
        self._land, self._latitude, self._seed = land, latitude_deg, seed
        size = len(land.cover)
        self._mottle = 1.0 + 0.1 * fractal_field(size, 1.0, stream(seed, "mottle"))
        self._stones = 1.0 + 0.15 * fractal_field(size, 1.2, stream(seed, "stones"))
        stands = fractal_field(size, 1.2, stream(seed, "canopy"), longest=0.1)
        self._canopy = np.clip(np.mean(CANOPY_SHARE) + 0.05 * stands, *CANOPY_SHARE).astype(np.float32)
        # the ground that no season changes: lake, rock, and the forest's floor
        self._forest, self._meadow = land.cover == FOREST, land.cover == OPEN
        rock = _spectrum(BARE) * self._stones
        self._rest = np.select([land.cover == WATER, self._forest], [_spectrum(LAKE), _spectrum(FOREST_FLOOR)], rock)
        self._trees = _spectrum(CANOPY)[..., 0] * self._mottle[self._forest]

    def reflectance(self, date: datetime.date, snow: np.ndarray, snow_age_days: float) -> np.ndarray:
        """Reflectance without cloud: float32, shape (bands, size, size).

        Parameters
        ----------
        date : day of the image.
        snow : float32, shape (size, size): share of each pixel under snow.
        snow_age_days : days since the last snowfall: old snow is darker.
        """
        size, rng = len(snow), stream(self._seed, "surface", date.toordinal())
        old = np.float32(1.0 - np.exp(-snow_age_days / NEW_SNOW_DAYS))
        scene = self._ground(date)
        if snow.any():
            white = _mix(_spectrum(NEW_SNOW), _spectrum(OLD_SNOW), old) * (1.0 + 0.03 * fractal_field(size, 1.2, rng))
            scene = _mix(scene, white, snow)
        scene[:, self._forest] = _mix(scene[:, self._forest], self._trees, self._canopy[self._forest])
        sun, sky = sun_at_overpass(date, self._latitude), _spectrum(SKYLIGHT)
        light = np.minimum(direct_light(self._land.elevation_m, self._land.resolution_m, sun), 2.0)
        return (scene * (sky + (1.0 - sky) * light)).astype(np.float32)

    def _ground(self, date: datetime.date) -> np.ndarray:
        """Reflectance of the land without snow and canopy; the meadows are green in summer."""
        green = np.exp(-(((date.timetuple().tm_yday - 190) / 65.0) ** 2))
        meadow = _mix(_spectrum(WINTER_MEADOW), _spectrum(SUMMER_MEADOW), np.float32(green)) * self._mottle
        return np.where(self._meadow, meadow, self._rest)

    def scene(
        self, date: datetime.date, snow: np.ndarray, snow_age_days: float, cloud_share: float, shifted: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image of one day, and its cloud mask.

        Parameters
        ----------
        date, snow, snow_age_days : as in `reflectance`.
        cloud_share : share of the image under cloud.
        shifted : whether the image lies ``SHIFT_PX`` rows and columns away from its place.

        Returns
        -------
        numbers : uint16, shape (bands, size, size): 1e4 a unit, 0 outside the image.
        mask : uint8, shape (size, size): 1 cloud; thin edges are missed, and a little clear ground is treated as cloud.
        """
        size, rng = len(snow), stream(self._seed, "optical", date.toordinal())
        image = self.reflectance(date, snow, snow_age_days)
        haze = rng.uniform(0.0, HAZIEST) * (1.0 + 0.3 * fractal_field(size, 2.0, rng)) * _spectrum(PATH_REFLECTANCE)
        image = image * (1.0 - 2.0 * haze)
        image += haze
        opacity, mask = _cloud(size, cloud_share, rng)
        image = _mix(image, _spectrum(CLOUD), opacity)
        image += SENSOR_NOISE * rng.standard_normal(image.shape, dtype=np.float32)
        image *= 1e4
        numbers = np.clip(np.rint(image, out=image), 1, 65535, out=image).astype("uint16")
        if rng.random() < STRIP_CHANCE:
            numbers[:, -rng.integers(*STRIP_PX) :] = 0
        if shifted:
            numbers, mask = shift(numbers, SHIFT_PX), shift(mask, SHIFT_PX)
        return numbers, mask


def cloud_share(date: datetime.date, seed: int) -> float:
    """Share of the sky under cloud: clear on most days, broken on a quarter, nearly overcast on the rest."""
    rng = stream(seed, "cloud share", date.toordinal())
    kind, amount = rng.random(2)
    if kind < CLEAR_CHANCE:
        return CLEAR_UP_TO * amount
    if kind < CLEAR_CHANCE + BROKEN_CHANCE:
        return CLEAR_UP_TO + (BROKEN_UP_TO - CLEAR_UP_TO) * amount
    return BROKEN_UP_TO + (OVERCAST_UP_TO - BROKEN_UP_TO) * amount


def shift(array: np.ndarray, by: tuple[int, int]) -> np.ndarray:
    """``array`` of shape (..., rows, columns) moved down and right by whole pixels; 0 comes in at the edges."""
    moved = np.roll(array, by, axis=(-2, -1))
    for axis, step in zip((-2, -1), by, strict=True):
        edge = [slice(None)] * array.ndim
        edge[axis] = slice(0, step) if step > 0 else slice(array.shape[axis] + step, None)
        if step:
            moved[tuple(edge)] = 0
    return moved


def _cloud(size: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Opacity of the cloud, 0 to 1, and its slightly imperfect mask."""
    veil = fractal_field(size, 1.6, rng)
    false = fractal_field(size, 1.0, rng, longest=0.05) > 3.2
    limit = np.quantile(veil, 1.0 - share)
    opacity = smoothstep(veil, limit - THIN_EDGE, limit + THIN_EDGE)
    return opacity, ((opacity > MASK_OPACITY) | false).astype("uint8")


def _spectrum(values: tuple[float, ...]) -> np.ndarray:
    return np.asarray(values, np.float32)[:, None, None]


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray | np.float32) -> np.ndarray:
    """``first``, with ``share`` of each pixel replaced by ``second``."""
    mixed = second - first
    mixed = mixed * share
    mixed += first
    return mixed
