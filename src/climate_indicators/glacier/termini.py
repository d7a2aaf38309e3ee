"""Change of a glacier's terminus: positions of the ice front on lines along the flowline, and area change in a box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, stats

from climate_indicators.glacier.flowlines import Flowline

LINES, BOX = "lines", "box"
# fronts are looked for below this share of the flowline, and this far beyond its end
_UPPER_PART = 0.5
_BEYOND, _MIN_BEYOND_PX = 0.3, 15
# the line is extended in the direction of its last pixels
_DIRECTION_PX = 8
# Lines are within this distance of the flowline, at least one pixel, as in published length changes; the box covers
# half of the tongue's width. Lines are a pixel apart, or more if there would be more than this number.
LINES_HALF_WIDTH_M = 50.0
_BOX_WIDTH = 0.5
MAX_LINES = 61
_STEP_PX = 0.25
# ice fronts of lines nearer than this share the errors of their pixels
_CORRELATION_PX = 3.0
# error of a position that is known to a pixel, as a share of the pixel: uniform within it
_PIXEL_SD = 12**-0.5


@dataclass(frozen=True)
class Sheaf:
    """Lines parallel to the lower flowline, extended beyond the terminus.

    Attributes
    ----------
    rows, columns : float64, shape (lines, steps): pixels of the grid.
    distance_m : float64, shape (steps,): along the flowline, from its head.
    spacing_m : distance of neighboring lines; of the lines together, ``lines × spacing`` is the width of the box.
    pixel_m : side of a pixel.
    """

    rows: np.ndarray
    columns: np.ndarray
    distance_m: np.ndarray
    spacing_m: float
    pixel_m: float

    @property
    def width_m(self) -> float:
        """Width of the box that the lines cover."""
        return len(self.rows) * self.spacing_m


@dataclass(frozen=True)
class Front:
    """The ice front of one year.

    Attributes
    ----------
    position_m : float64, shape (lines,): along the flowline, NaN where no front is seen.
    box_m : mean length of the ice on the lines below the upper end of the sheaf, m; the area of the ice in the box
        over its width. NaN if a part of the box is not seen.
    sd_m : standard deviation of the position from the mapping, shared by all lines.
    gone : whether the upper end of the sheaf is seen and has no ice.
    """

    position_m: np.ndarray
    box_m: float
    sd_m: float
    gone: bool


@dataclass(frozen=True)
class Retreat:
    """Change of the front between two years, positive for retreat; NaN where unknown."""

    retreat_m: float
    lower_m: float
    upper_m: float
    n_lines: int


def make_sheaf(line: Flowline, pixel_m: float, half_width_m: float = LINES_HALF_WIDTH_M) -> Sheaf:
    """Lines parallel to the lower flowline of a glacier, and its extension beyond the terminus.

    Length changes are measured in this way by GLAMOS (2023, doi:10.18750/lengthchange.2023.r2023) and in the comparison
    of Lea et al. (2014, doi:10.3189/2014JoG13J061).

    Parameters
    ----------
    line : flowline in the reference year.
    pixel_m : side of a pixel, m.
    half_width_m : largest distance of a line from the flowline, m; at least a pixel is taken.
    """
    points, start = _extended(line, pixel_m)
    middle, along = _resampled(points, pixel_m, start)
    half = max(half_width_m / pixel_m, 1.0)
    offsets = np.linspace(-half, half, min(2 * int(np.floor(half)) + 1, MAX_LINES))
    rows, columns = (middle[None] + offsets[:, None, None] * _normals(middle)[None]).transpose(2, 0, 1)
    return Sheaf(rows, columns, along, float(offsets[1] - offsets[0]) * pixel_m, pixel_m)


def box_half_width_m(line: Flowline, ice: np.ndarray, pixel_m: float) -> float:
    """Half the width of the box: a quarter of the tongue's width.

    The tongue's width is the median, over the lower half of the flowline, of twice the distance to the margin.

    Parameters
    ----------
    line : flowline in the reference year.
    ice : bool, shape (rows, columns): the glacier in that year.
    pixel_m : side of a pixel, m.
    """
    lower = line.points[line.distance_m >= _UPPER_PART * line.length_m]
    depth = ndimage.map_coordinates(ndimage.distance_transform_edt(ice), lower.T, order=1, mode="constant")
    return _BOX_WIDTH / 2 * 2 * float(np.median(depth)) * pixel_m


def find_front(
    sheaf: Sheaf,
    ice: np.ndarray,
    probability: np.ndarray | None = None,
    threshold: float = 0.5,
    expected_m: np.ndarray | None = None,
) -> Front:
    """Ice front of one year on the lines of a sheaf.

    The terminus on a line is the end of the ice connected to the ice at the upper end of the lines; rock
    inside the ice, detached ice and snow below it do not count. Between the last pixel of ice and the first of ground
    the position follows the probability.

    Parameters
    ----------
    sheaf : lines of the glacier.
    ice : uint8, shape (rows, columns): 1 this glacier, 0 other ground or glaciers, 255 not seen.
    probability : float32, same shape, calibrated probability of ice, NaN where not seen; None if there is none: the
        front then lies between the pixels.
    threshold : probability above which a pixel is ice.
    expected_m : float, shape (lines,): front of the reference year. Where a pixel between the end of the ice and this
        front is not seen, the ice may go on behind it, and the front of the line is unknown.

    Returns
    -------
    The front; its ``sd_m`` is half the distance of the fronts at probabilities 0.025 and 0.975 over 1.96, each
    searched around the front.
    """
    trunk = _trunk(sheaf, ice)
    state = _sampled(ice, sheaf, nearest=True, outside=255)
    on_trunk = _sampled(trunk, sheaf, nearest=True, outside=0) == 1
    unseen = state == 255
    steps = sheaf.distance_m
    position, early, late = (np.full(len(state), np.nan) for _ in range(3))
    field = None if probability is None else _sampled(probability, sheaf, nearest=False, outside=np.nan)
    for number, covered in enumerate(on_trunk):
        if not covered.any():
            continue
        last = int(np.flatnonzero(covered)[-1])
        # beyond the last ice there must be ground that was seen, up to where the ice ended in the reference year
        expected = steps[last] if expected_m is None or np.isnan(expected_m[number]) else expected_m[number]
        end = max(last + _steps(2), int(np.searchsorted(steps, expected)) + _steps(2))
        if last + 1 >= len(steps) or unseen[number, last:end].any():
            continue
        position[number] = (steps[last] + steps[last + 1]) / 2
        if field is not None:
            position[number] = _crossing(field[number], steps, last, threshold, position[number])
            early[number] = _crossing(field[number], steps, last, 0.975, position[number], reach_px=10)
            late[number] = _crossing(field[number], steps, last, 0.025, position[number], reach_px=10)
    spread = (late - early) / 2 / stats.norm.ppf(0.975)
    sd = float(np.nanmean(spread)) if np.isfinite(spread).any() else 0.0
    # the box is known where all is seen from its upper end to beyond its ice
    end = int(np.flatnonzero(on_trunk.any(axis=0))[-1]) if on_trunk.any() else len(steps)
    if expected_m is not None and np.isfinite(expected_m).any():
        end = max(end, int(np.searchsorted(steps, np.nanmax(expected_m))))
    end += _steps(2)
    known = on_trunk.any() and end < len(steps) and not unseen[:, :end].any()
    box = float(on_trunk.sum(axis=1).mean() * (steps[1] - steps[0])) if known else np.nan
    gone = not on_trunk.any() and not unseen[:, : _steps(4)].any()
    return Front(position, box, max(sd, 0.0), gone)


def retreat_by_lines(
    reference: Front, front: Front, sheaf: Sheaf, mapping_sd_m: float = 0.0, confidence: float = 0.95
) -> Retreat:
    """Mean over the lines of the difference of positions along the flowline, between the reference year and another.

    The interval adds in quadrature the spread over the lines, the error of positions that are known to a pixel, and the
    mapping errors of both years, of which each is at least ``mapping_sd_m``. Lines within three pixels count as one.
    A front is its own reference: its change is 0 without an error.

    Returns
    -------
    Nothing (NaN) if both years have a front on less than a third of the lines.
    """
    moved = reference.position_m - front.position_m
    known = moved[np.isfinite(moved)]
    if len(known) * 3 < len(moved) or not len(known):
        return Retreat(np.nan, np.nan, np.nan, len(known))
    independent = max(1.0, len(known) * sheaf.spacing_m / (_CORRELATION_PX * sheaf.pixel_m))
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    pixel = np.sqrt(2) * _PIXEL_SD * sheaf.pixel_m
    sd = np.sqrt((spread**2 + pixel**2) / independent + _shared_variance(reference, front, mapping_sd_m))
    reach = 0.0 if front is reference else stats.norm.ppf((1 + confidence) / 2) * sd
    return Retreat(float(known.mean()), float(known.mean() - reach), float(known.mean() + reach), len(known))


def retreat_by_box(
    reference: Front, front: Front, sheaf: Sheaf, mapping_sd_m: float = 0.0, confidence: float = 0.95
) -> Retreat:
    """Change of the area in the box over its width (Moon and Joughin 2008, doi:10.1029/2007JF000927).

    The interval adds the error of positions that are known to a pixel and the mapping errors of both years.
    """
    independent = max(1.0, sheaf.width_m / (_CORRELATION_PX * sheaf.pixel_m))
    pixel = np.sqrt(2) * _PIXEL_SD * sheaf.pixel_m
    sd = np.sqrt(pixel**2 / independent + _shared_variance(reference, front, mapping_sd_m))
    reach = 0.0 if front is reference else stats.norm.ppf((1 + confidence) / 2) * sd
    change = reference.box_m - front.box_m
    return Retreat(change, float(change - reach), float(change + reach), len(sheaf.rows))


def _shared_variance(reference: Front, front: Front, mapping_sd_m: float) -> float:
    return max(reference.sd_m, mapping_sd_m) ** 2 + max(front.sd_m, mapping_sd_m) ** 2


def _steps(pixels: float) -> int:
    return max(1, round(pixels / _STEP_PX))


def _extended(line: Flowline, pixel_m: float) -> tuple[np.ndarray, float]:
    """Points of the lower part of a flowline and beyond its end, and the distance of the first from the head."""
    start = _UPPER_PART * line.length_m
    lower = line.points[line.distance_m >= start]
    if len(lower) < 2:
        lower = line.points[-2:]
    first = float(line.distance_m[len(line.points) - len(lower)])
    tail = line.points[-min(len(line.points), _DIRECTION_PX + 1)]
    direction = line.points[-1] - tail
    direction = direction / max(np.hypot(*direction), 1e-9)
    beyond = max(_BEYOND * line.length_m / pixel_m, _MIN_BEYOND_PX)
    return np.concatenate([lower, [line.points[-1] + beyond * direction]]), first


def _resampled(points: np.ndarray, pixel_m: float, start_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of a line every quarter of a pixel, and their distance along it in meters."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    steps = np.arange(0.0, along[-1], _STEP_PX)
    middle = np.stack([np.interp(steps, along, points[:, axis]) for axis in (0, 1)], axis=1)
    return middle, start_m + steps * pixel_m


def _normals(middle: np.ndarray) -> np.ndarray:
    """Unit vectors across a line, smooth enough that neighboring ones do not cross; shape of ``middle``."""
    smooth = ndimage.gaussian_filter1d(middle, _steps(6), axis=0, mode="nearest")
    along = np.gradient(smooth, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.stack([-along[:, 1], along[:, 0]], axis=1)


def _trunk(sheaf: Sheaf, ice: np.ndarray) -> np.ndarray:
    """The part of the ice that holds most of the upper end of the sheaf; uint8."""
    parts, count = ndimage.label(ice == 1, np.ones((3, 3), int))
    if not count:
        return np.zeros(ice.shape, "uint8")
    upper = _sampled(parts, sheaf, nearest=True, outside=0)[:, : max(_steps(4), 1)]
    counts = np.bincount(upper.ravel(), minlength=count + 1)[1:]
    return (parts == 1 + int(counts.argmax())).astype("uint8") if counts.any() else np.zeros(ice.shape, "uint8")


def _sampled(values: np.ndarray, sheaf: Sheaf, nearest: bool, outside: float) -> np.ndarray:
    """Values of a raster at the points of the lines, shape (lines, steps)."""
    order = 0 if nearest else 1
    return ndimage.map_coordinates(
        values, [sheaf.rows, sheaf.columns], order=order, mode="constant", cval=outside, prefilter=False
    )


def _crossing(
    field: np.ndarray, steps: np.ndarray, last: int, level: float, otherwise: float, reach_px: float = 2.0
) -> float:
    """Where a probability falls below a level, nearest to a step and within some pixels; else ``otherwise``."""
    low, high = max(0, last - _steps(reach_px)), min(len(steps) - 1, last + _steps(reach_px))
    part, at = field[low : high + 1], steps[low : high + 1]
    falls = np.flatnonzero((part[:-1] >= level) & (part[1:] < level))
    if not len(falls):
        return otherwise
    place = falls[np.argmin(np.abs(at[falls] - steps[last]))]
    share = (part[place] - level) / (part[place] - part[place + 1])
    return float(at[place] + share * (at[place + 1] - at[place]))
