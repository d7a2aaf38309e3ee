"""Inventory of a folder of images and masks: contents, matches, and unusable files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from climate_indicators.carbon.images.arrays import NetworkImage, Reading, check_scales, read_image
from climate_indicators.carbon.images.dates import some
from climate_indicators.carbon.images.folders import find_masks
from climate_indicators.carbon.images.masks import Mask, MaskRule, decide_rule, read_mask, survey_mask
from climate_indicators.carbon.images.orientation import UPRIGHT
from climate_indicators.carbon.images.resampling import resample
from climate_indicators.carbon.limits import MIN_GROUPS, MIN_IMAGES
from climate_indicators.core.atomic_files import sha256
from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.spatial_blocks import FEW_BLOCKS

_log = logging.getLogger(__name__)

THUMBNAIL_PX = 32
COLUMNS = [
    "image", "mask", "width", "height", "bands", "dtype", "full_scale", "orientation", "mask_scale", "mask_palette",
    "mask_orientation", "unknown_fraction", "pixel_area_m2", "sha256",
]  # fmt: skip
# a mask with more pixels between a quarter and three quarters of its scale has no clear edges
CLEAR_EDGES = 0.01


@dataclass(frozen=True)
class Inventory:
    """Contents of a folder of images.

    Attributes
    ----------
    table : one row per image that can be used: ``image``, ``mask`` (empty if it has none), ``width``, ``height``,
        ``bands`` and ``dtype`` of the file, ``full_scale``, the number that became 255, ``orientation`` that was undone
        (1 to 8, as in EXIF), ``mask_scale`` and ``mask_palette`` of the masks' rule, ``mask_orientation``,
        ``unknown_fraction`` of the mask's pixels, ``pixel_area_m2`` (NaN if the file has no place on the ground),
        ``sha256``; what is of a mask is empty or NaN where there is none.
    thumbnails : uint8, shape (rows of the table, 32, 32), gray, of the whole picture.
    problems : image and reason of each that cannot be used.
    soft_masks : masks without clear edges, whose brighter half is vegetation.
    turned : images that their orientation turns and whose masks of the stored shape state none: which way the mask was
        drawn cannot be seen.
    """

    table: pd.DataFrame
    thumbnails: np.ndarray
    problems: list[tuple[str, str]]
    soft_masks: list[str]
    turned: list[str] = field(default_factory=list)


def build_inventory(
    folder: str | Path,
    images: Sequence[str],
    masks_folder: str | Path | None,
    reading: Reading,
    smallest_px: int = 16,
    progress: Callable[[], None] = lambda: None,
    mask_values: Mapping[str, Any] | None = None,
) -> Inventory:
    """Read every image and mask completely, and report their properties or why they cannot be used.

    One image is in memory at a time; what stays of it is its row and its thumbnail.

    Parameters
    ----------
    folder : of the images.
    images : paths below it, as `climate_indicators.carbon.images.folders.list_images` gives them.
    masks_folder : of the masks; None if labels come from elsewhere.
    reading : how pixels are understood.
    smallest_px : an image with a shorter side is a problem.
    progress : called once per image.
    mask_values : ``vegetation_values`` and ``unknown_values`` of `masks.decide_rule`.

    Raises
    ------
    InputError
        As `folders.find_masks`, `masks.decide_rule` and `arrays.check_scales`; or if no mask holds any vegetation, or
        none any other ground.
    """
    masks = {} if masks_folder is None else find_masks(images, masks_folder)
    rule = _surveyed(masks, masks_folder, mask_values or {}) if masks else None
    rows, thumbnails, problems, soft, turned, levels, filled, grounded = [], [], [], [], [], {}, 0, 0
    for image in images:
        progress()
        path, name, mask = Path(folder) / image, masks.get(image, ""), None
        try:
            seen = _usable(path, reading, smallest_px)
            if name:
                mask = _checked_mask(Path(masks_folder) / name, path, seen.seen.shape, rule)
        except InputError as error:
            problems.append((image, str(error).removeprefix(f"{path}: ")))
            continue
        if mask:
            filled += bool((mask.labels == 1).any())
            grounded += bool((mask.labels == 0).any())
            soft += [name] if mask.middle_share > CLEAR_EDGES else []
            turned += [image] if seen.orientation != mask.orientation and _fits_both_ways(seen) else []
        levels[image] = seen.dtype, seen.full_scale, seen.bright_level
        rows.append(_row(image, name, seen, mask, rule, sha256(path)))
        thumbnails.append(thumbnail(seen.values))
    if reading.full_scale is None:
        check_scales(levels, folder)
    table = pd.DataFrame(rows, columns=COLUMNS)
    if (table["mask"] != "").any() and not filled:
        raise InputError(
            f"{masks_folder}: none of the {(table['mask'] != '').sum()} masks holds any vegetation, read as "
            f"{rule.described()}; expected 0 and 1, or 0 and 255, with the larger one for vegetation, or its values in "
            "vegetation_values of the site."
        )
    if filled and not grounded:
        raise InputError(
            f"{masks_folder}: none of the {(table['mask'] != '').sum()} masks holds any ground without vegetation: all "
            "pixels are vegetation, or unknown (no data, transparent, or in unknown_values of the site). If what is "
            "not vegetation was saved as no data 0 or transparent, write the masks without it, for instance with "
            "gdal_edit.py -unsetnodata or gdal_translate -b 1 -a_nodata none."
        )
    pictures = np.array(thumbnails, "uint8").reshape(-1, THUMBNAIL_PX, THUMBNAIL_PX)
    return Inventory(table, pictures, problems, soft, turned)


def _fits_both_ways(image: NetworkImage) -> bool:
    """Whether a mask of the stored pixels would have the size of the turned ones too."""
    rows, cols = image.seen.shape
    return image.orientation < 5 or rows == cols


def log_inventory(stock: Inventory, rejected: str | Path) -> None:
    """Log warnings about excluded and ambiguous files of an inventory.

    Parameters
    ----------
    stock : of `build_inventory`.
    rejected : table in which the images that cannot be used are listed.
    """
    if stock.problems:
        _log.warning("images that cannot be used and are left out: %d, listed in %s", len(stock.problems), rejected)
    if stock.soft_masks:
        _log.warning(
            "masks without clear edges, of which the brighter half is vegetation: %d (%s)",
            len(stock.soft_masks), some(stock.soft_masks),
        )  # fmt: skip
    turned = int((stock.table["orientation"] != UPRIGHT).sum())
    if turned:
        _log.info("%d images are turned upright as their orientation (EXIF) says", turned)
    if stock.turned:
        _log.warning(
            "images that are turned as their orientation (EXIF) says, with masks that state another one: %d (%s); the "
            "masks are taken as drawn on the image as viewers show it",
            len(stock.turned), some(stock.turned),
        )  # fmt: skip


def thumbnail(values: np.ndarray) -> np.ndarray:
    """Gray picture of 32 by 32, uint8, of a whole image (rows, columns, bands), 0 to 255: the mean of its bands."""
    bands = resample(values, (THUMBNAIL_PX, THUMBNAIL_PX))
    return np.rint(bands.mean(axis=2)).astype("uint8")


def refuse_problems(folder: str | Path, problems: Sequence[tuple[str, str]], most: int = 10) -> None:
    """End the run with one message that names the images that cannot be used.

    Raises
    ------
    InputError
        If there are any.
    """
    if problems:
        lines = some([f"\n  {image}: {reason}" for image, reason in problems], most, "")
        count = f"{len(problems)} image{'' if len(problems) == 1 else 's'}"
        raise InputError(
            f"{folder}: {count} cannot be used. Mend or remove them, or set carbon.images.skip_bad to leave them "
            f"out:{lines}"
        )


def check_holdout(table: pd.DataFrame) -> None:
    """Reject, before training, a split without enough groups to estimate the mask error; warn if there are few.

    Raises
    ------
    InputError
        If validation and test hold fewer than ``mask_error.MIN_IMAGES`` images, or ``MIN_GROUPS`` groups of them.
    """
    held_out = table[table["split"].isin(["validation", "test"])]
    found = len(held_out), held_out["group"].nunique()
    if found[0] < MIN_IMAGES or found[1] < MIN_GROUPS:
        raise InputError(
            f"validation and test hold {found[0]} images of {found[1]} groups, but the interval of carbon needs "
            f"{MIN_IMAGES} of {MIN_GROUPS} groups (images of one place, and duplicates, are one group). Label more "
            "images, or make carbon.images.validation and test larger."
        )
    groups = held_out.groupby("split")["group"].nunique()
    if groups.min() < FEW_BLOCKS:
        _log.warning(
            "only %s of images are held out (images of one place, and duplicates, are one group): the threshold, the "
            "skill and the intervals are not reliable. Label images of more places, or make carbon.images.validation "
            "and test larger.",
            " and ".join(f"{count} {split} group{'s' if count > 1 else ''}" for split, count in groups[::-1].items()),
        )  # fmt: skip


def check_pixel_areas(table: pd.DataFrame, has_default: bool, site: str) -> None:
    """Reject, before training, images with unknown pixel area.

    Raises
    ------
    InputError
        If an image is not georeferenced and the settings give no area.
    """
    lost = table.loc[table["pixel_area_m2"].isna(), "image"].tolist()
    if lost and not has_default:
        raise InputError(
            f"{len(lost)} images are not georeferenced ({some(lost)}), so the area of their pixels is unknown. Give it "
            f"in carbon.sites.{site}.pixel_area_m2."
        )


def _usable(path: Path, reading: Reading, smallest_px: int) -> NetworkImage:
    """An image, if it can be used."""
    image = read_image(path, reading)
    rows, cols = image.seen.shape
    if min(rows, cols) < smallest_px:
        raise InputError(
            f"{path}: has {cols} × {rows} pixels; expected {smallest_px} or more a side (carbon.images.smallest_px)."
        )
    if not image.seen.any():
        raise InputError(f"{path}: shows nothing; every pixel is black, transparent or without data.")
    return image


def _checked_mask(path: Path, image: Path, shape: tuple[int, int], rule: MaskRule) -> Mask:
    mask = read_mask(path, rule)
    if mask.labels.shape != shape:
        (rows, cols), (mask_rows, mask_cols) = shape, mask.labels.shape
        raise InputError(
            f"{image}: has {cols} × {rows} pixels, its mask {path} has {mask_cols} × {mask_rows}; expected the same "
            "size, after both are turned as their orientation (EXIF) says. Draw the mask on the image's own pixels."
        )
    return mask


def _surveyed(masks: Mapping[str, str], folder: str | Path, listed: Mapping[str, Any]) -> MaskRule | None:
    """Rule for the masks of a folder, from the readable ones; unreadable masks are problems of their images."""
    found = {}
    for mask in masks.values():
        with suppress(InputError):
            found[mask] = survey_mask(Path(folder) / mask)
    return decide_rule(found, listed, folder)


def _row(
    image: str, name: str, seen: NetworkImage, mask: Mask | None, rule: MaskRule | None, digest: str
) -> list[object]:
    rows, cols = seen.seen.shape
    area = np.nan if seen.pixel_area_m2 is None else seen.pixel_area_m2
    of_image = [image, name, cols, rows, seen.n_bands, seen.dtype, seen.full_scale, seen.orientation]
    of_mask = [rule.scale, rule.palette, mask.orientation, mask.unknown_share] if mask else ["", "", pd.NA, np.nan]
    return [*of_image, *of_mask, area, digest]
