"""Masks of vegetation: the meaning of their values, determined once per folder, and their labels."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from climate_indicators.carbon.images.dates import some
from climate_indicators.carbon.images.opening import from_black, open_image
from climate_indicators.carbon.images.orientation import UPRIGHT, read_orientation, upright
from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA

_log = logging.getLogger(__name__)

# number that means vegetation, by the scale that a folder's masks have
SCALES = {"0 to 1": 1.0, "0 to 255": 255.0, "0 to 65535": 65535.0}
LISTED = "listed values"
GRAYS, NUMBERS, NO_PALETTE = "grays", "numbers", ""
# edges drawn smoothly have many values without gaps; class numbers are few, or end far below the full scale
MIN_SOFT, WIDEST_GAP, LOWEST_TOP = 16, 0.25, 0.75
MAX_VALUES = 1000
# compression that was undone leaves several numbers next to both ends of the scale, and few pixels between them
MIN_NEAR_ENDS, MAX_BETWEEN = 3, 0.02
# compression at the lowest usual quality, 10 of 100, turns 15 % of a mask of random pixels gray
GRAYEST_JPG = 0.2
NAMED = 10


@dataclass(frozen=True)
class MaskValues:
    """Contents of one mask.

    Attributes
    ----------
    values : float64, sorted, of the known pixels; of more than 1000 an even choice, the smallest and largest included.
    grays : the same, of a palette's colors; None if the mask has no palette, or one with colors that are not gray.
    has_palette, lossy : of the file; a lossy one is a JPG, or a TIF that is compressed as one.
    middle_share : of the known pixels, those between a quarter and three quarters of 255.
    """

    values: np.ndarray
    grays: np.ndarray | None
    has_palette: bool
    lossy: bool
    middle_share: float


@dataclass(frozen=True)
class MaskRule:
    """How all masks of a folder are read.

    Attributes
    ----------
    scale : a key of ``SCALES``, whose upper half is vegetation, or ``LISTED``.
    palette : ``GRAYS`` if palettes mean their grays, ``NUMBERS`` if they mean their numbers, empty if there is none.
    vegetation : values of vegetation, where they are listed.
    unknown : values of pixels without a label.
    """

    scale: str
    palette: str = NO_PALETTE
    vegetation: tuple[float, ...] = ()
    unknown: tuple[float, ...] = ()

    @classmethod
    def of_table(cls, table: pd.DataFrame, values: Mapping[str, Any]) -> MaskRule:
        """Rule that the table of images names in ``mask_scale`` and ``mask_palette``, with the listed values."""
        row = table[table["mask_scale"].isin([*SCALES, LISTED])].iloc[0]
        return cls(row["mask_scale"], row["mask_palette"], *_listed(values))

    def described(self) -> str:
        """Description of the rule."""
        found = f"values {_text(self.vegetation)}" if self.scale == LISTED else f"the upper half of {self.scale}"
        return found + (f", unknown {_text(self.unknown)}" if self.unknown else "")


@dataclass(frozen=True)
class Mask:
    """Labels of a mask, uint8, shape (rows, columns): 1 vegetation, 0 other ground, 255 unknown; and of what kind.

    ``unknown_share`` of its pixels; ``middle_share`` of the known ones between a quarter and three quarters of the
    scale, where a label is a matter of taste; ``orientation`` that was undone.
    """

    labels: np.ndarray
    unknown_share: float
    middle_share: float
    orientation: int


def survey_mask(path: str | Path) -> MaskValues:
    """Values of a mask.

    Raises
    ------
    InputError
        If the file cannot be read whole, or its bands are not alike: colors have no order.
    """
    with open_image(path) as raster:
        numbers, known, colors = _read(path, raster)
        lossy = raster.driver == "JPEG" or raster.profile.get("compress") == "jpeg"
    values = np.unique(numbers[known]).astype("float64")
    grays = None
    if colors is not None:
        of_values = [colors[int(value)][:3] for value in values]
        if all(len(set(color)) == 1 for color in of_values):
            grays = np.unique([color[0] for color in of_values]).astype("float64")
    if len(values) > MAX_VALUES:
        values = values[np.linspace(0, len(values) - 1, MAX_VALUES).round().astype("int64")]
    return MaskValues(values, grays, colors is not None, lossy, _middle_share(numbers[known], 255))


def decide_rule(found: Mapping[str, MaskValues], listed: Mapping[str, Any], folder: str | Path) -> MaskRule:
    """Rule for all masks of a folder, from the values of all of them together.

    Vegetation is 1 if all values are 0 and 1 or between them, 255 if they are 0 and 255, 65535 if they are 0 and 65535.
    Many values without gaps up to such a full scale are smooth edges, and JPG files always have them, also once they
    are saved as PNG or TIF; their upper half is vegetation. Anything else may be numbers of classes, and needs
    ``vegetation_values``.

    Parameters
    ----------
    found : of `survey_mask`, by the name of the mask.
    listed : ``vegetation_values`` and ``unknown_values``, each a list or None.
    folder : of the masks, for messages.

    Raises
    ------
    InputError
        If the values can be meant in several ways; the message names them.
    """
    vegetation, unknown = _listed(listed)
    lossy = [name for name, mask in found.items() if mask.lossy]
    if lossy and (vegetation or unknown):
        raise InputError(
            f"{folder}: {len(lossy)} masks are JPG ({some(lossy)}), whose compression changes the numbers, so that "
            "vegetation_values and unknown_values cannot be found in them. Save them as PNG or TIF."
        )
    gray = [name for name in lossy if found[name].middle_share > GRAYEST_JPG]
    if gray:
        raise InputError(
            f"{folder}: {len(gray)} JPG masks are neither dark nor bright in more than {GRAYEST_JPG:.0%} of "
            f"their pixels ({some(gray)}); compression makes fewer. If they hold numbers of classes, "
            "save them as PNG or TIF, and list the values of vegetation in vegetation_values of the site."
        )
    by_gray = not vegetation and all(mask.grays is not None for mask in found.values() if mask.has_palette)
    palettes = any(mask.has_palette for mask in found.values())
    palette = (GRAYS if by_gray else NUMBERS) if palettes else NO_PALETTE
    _warn_of_absent((*vegetation, *unknown), [_values(mask, by_gray) for mask in found.values()], folder)
    values = {name: np.setdiff1d(_values(mask, by_gray), unknown) for name, mask in found.items()}
    every = np.unique(np.concatenate([np.empty(0), *values.values()]))
    if vegetation:
        return MaskRule(LISTED, palette, vegetation, unknown)
    were_jpg = all(mask.middle_share <= MAX_BETWEEN for mask in found.values()) and _near_ends(every)
    scale = _scale(values, every, lossy, were_jpg)
    if scale is None:
        raise InputError(_ambiguous(folder, values, every))
    return MaskRule(scale, palette, (), unknown)


def read_mask(path: str | Path, rule: MaskRule) -> Mask:
    """Labels of a mask by the rule of its folder, turned upright; no data, transparent or not finite is unknown.

    Raises
    ------
    InputError
        As `survey_mask`.
    """
    with open_image(path) as raster:
        numbers, known, colors = _read(path, raster)
        orientation = read_orientation(path) if raster.transform.is_identity else UPRIGHT
    if colors is not None and rule.palette == GRAYS:
        table = np.zeros(max(colors) + 1, "uint8")
        table[list(colors)] = [color[0] for color in colors.values()]
        numbers = table[numbers]
    known &= ~np.isin(numbers, rule.unknown)
    if rule.scale == LISTED:
        found, middle = np.isin(numbers, rule.vegetation), 0.0
    else:
        full = SCALES[rule.scale]
        found = numbers >= full / 2
        middle = _middle_share(numbers[known], full)
    labels = upright(np.where(known, found, BYTE_NODATA).astype("uint8"), orientation)
    return Mask(labels, float(1 - known.mean()), middle, orientation)


def _read(path: str | Path, raster: DatasetReader) -> tuple[np.ndarray, np.ndarray, Mapping[int, Sequence[int]] | None]:
    """Numbers of a mask, which of them are known, both (rows, columns), and the colors of its palette."""
    if "complex" in raster.dtypes[0]:
        raise InputError(f"{path}: has complex numbers; expected a mask of one band. Convert it.")
    numbers = raster.read([i for i in raster.indexes if raster.colorinterp[i - 1] != ColorInterp.alpha])
    known = (raster.read_masks() > 0).all(axis=0) & np.isfinite(numbers[0])
    if any(not np.array_equal(numbers[0][known], band[known]) for band in numbers[1:]):
        raise InputError(f"{path}: has colors; expected a mask of one band, 0 and 1, or 0 and 255. Convert it.")
    if raster.colorinterp[0] == ColorInterp.palette:
        return numbers[0], known, raster.colormap(1)
    numbers = from_black(raster, numbers)
    # one bit is black or white, independent of the values of other masks in the folder
    one_bit = raster.tags(1, ns="IMAGE_STRUCTURE").get("NBITS") == "1"
    return numbers[0], known, {0: (0,) * 3, 1: (255,) * 3} if one_bit else None


def _middle_share(numbers: np.ndarray, full: float) -> float:
    return float(((numbers > full / 4) & (numbers < 3 * full / 4)).mean()) if numbers.size else 0.0


def _listed(values: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(values.get("vegetation_values") or ()), tuple(values.get("unknown_values") or ())


def _values(mask: MaskValues, by_gray: bool) -> np.ndarray:
    return mask.grays if by_gray and mask.has_palette else mask.values


def _near_ends(every: np.ndarray) -> bool:
    """Whether 8-bit values are close to 0 and 255, as after lossy compression of a mask of 0 and 255."""
    near = [every[(every >= low) & (every < low + 32)] for low in (1, 223)]
    ends = every[every > 0][:1].tolist() == [1] and 254 in every
    return ends and every[-1] <= 255 and min(map(len, near)) >= MIN_NEAR_ENDS


def _scale(
    values: Mapping[str, np.ndarray], every: np.ndarray, lossy: Sequence[str], were_jpg: bool = False
) -> str | None:
    """Scale of a folder's masks; None if the numbers can be meant in several ways."""
    if not len(every) or every[0] < 0:
        return None if len(every) else "0 to 255"
    for scale, full in SCALES.items():
        if np.isin(every, (0, full)).all() or (full == 1 and every[-1] <= 1):
            return "0 to 255" if lossy else scale
    scale, full = ("0 to 255", 255) if every[-1] <= 255 else ("0 to 65535", 65535)
    top = every[-1] / full
    if not LOWEST_TOP <= top <= 1:
        return None
    if not lossy and not were_jpg:
        gap = np.diff([0, *every, full]).max() / full
        if len(every) < MIN_SOFT or gap > WIDEST_GAP:
            return None
    if any(_has_classes(one, full, name in lossy) for name, one in values.items()):
        return None
    return scale


def _has_classes(values: np.ndarray, full: float, lossy: bool) -> bool:
    """Whether a mask among smooth ones has few values, and none but small ones between 0 and the full scale.

    A JPG of nothing is 0 everywhere; one that is dark everywhere, but not 0, had small numbers.
    """
    if lossy:
        return bool(len(values)) and 0 < values[-1] < full / 2
    between = values[(values > 0) & (values < full)]
    return 0 < len(between) <= len(values) < MIN_SOFT and between[-1] <= full / 10


def _warn_of_absent(listed: Sequence[float], found: Sequence[np.ndarray], folder: str | Path) -> None:
    """Report configured values that occur in no mask, unless the survey omitted some values."""
    every = np.unique(np.concatenate([np.empty(0), *found]))
    absent = [value for value in listed if value not in every]
    if absent and max(map(len, found), default=0) < MAX_VALUES:
        _log.warning("%s: no mask has the listed values %s; found %s", folder, _text(absent), _text(every))


def _ambiguous(folder: str | Path, values: Mapping[str, np.ndarray], every: np.ndarray) -> str:
    examples = {_text(one): name for name, one in reversed(values.items())}
    shown = "; ".join(f"{name} has {text}" for text, name in list(examples.items())[::-1][:3])
    return (
        f"{folder}: the masks hold the values {_text(every)} ({shown}); expected 0 and 1, or 0 and 255, in all masks "
        "alike, the larger one for vegetation. If they are numbers of classes or levels of gray, list those of "
        "vegetation in vegetation_values of the site; list those of unlabeled pixels, such as 255 for void, "
        "in unknown_values."
    )


def _text(values: Iterable[float]) -> str:
    return some([f"{value:g}" for value in values], NAMED) or "nothing"
