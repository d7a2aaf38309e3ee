"""Taking stock of a folder of images and masks: what is there, what fits together, and what cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.enums import ColorInterp

from climate_indicators.carbon.folders import find_masks
from climate_indicators.carbon.image_dates import some
from climate_indicators.carbon.image_opening import open_image
from climate_indicators.carbon.images import Reading, SeenImage, read_image
from climate_indicators.carbon.mask_error import MIN_GROUPS, MIN_IMAGES
from climate_indicators.carbon.resampling import resample
from climate_indicators.cogs import BYTE_NODATA
from climate_indicators.files import sha256
from climate_indicators.logs import InputError

THUMBNAIL_PX = 32
COLUMNS = ["image", "mask", "width", "height", "bands", "dtype", "pixel_area_m2", "sha256"]


@dataclass(frozen=True)
class Stock:
    """What is in a folder of images.

    Attributes
    ----------
    table : one row an image that can be used: ``image``, ``mask`` (empty if it has none), ``width``, ``height``,
        ``bands`` and ``dtype`` of the file, ``pixel_area_m2`` (NaN if the file has no place on the ground), ``sha256``.
    thumbnails : uint8, shape (rows of the table, 32, 32), grey, of the whole picture.
    problems : image and reason of each that cannot be used.
    soft_masks : masks with more than two values, whose brighter half is vegetation.
    """

    table: pd.DataFrame
    thumbnails: np.ndarray
    problems: list[tuple[str, str]]
    soft_masks: list[str]


def read_mask(path: str | Path) -> np.ndarray:
    """Labels of a mask, uint8, shape (rows, columns): 1 vegetation, 0 other, 255 no data, transparent or not finite.

    The numbers of the first band, or, in a palette of greys, the greys. Vegetation is the upper half of 0 to 255, so
    that 0 and 255 are a mask and soft edges are cut in the middle. If the largest number is 1, 1 is vegetation; if it
    is above 255, the upper half of 0 to 65535. JPG files always go to 255, since compression makes ones out of zeros.

    Parameters
    ----------
    path : of a PNG, TIF or JPG.

    Raises
    ------
    InputError
        If the file cannot be read whole, or its bands are not alike: colours have no upper half.
    """
    return _vegetation_and_softness(path)[0]


def take_stock(
    folder: str | Path,
    images: Sequence[str],
    masks_folder: str | Path | None,
    reading: Reading,
    smallest_px: int = 16,
    progress: Callable[[], None] = lambda: None,
) -> Stock:
    """Open every image and mask once, wholly, and say what they are or why they cannot be used.

    One image is in memory at a time; what stays of it is its row and its thumbnail.

    Parameters
    ----------
    folder : of the images.
    images : paths below it, as `climate_indicators.carbon.folders.list_images` gives them.
    masks_folder : of the masks; None if labels come from elsewhere.
    reading : how pixels are understood.
    smallest_px : an image with a shorter side is a problem.
    progress : called once an image.

    Raises
    ------
    InputError
        As `climate_indicators.carbon.folders.find_masks`; or if no mask holds any vegetation.
    """
    masks = {} if masks_folder is None else find_masks(images, masks_folder)
    rows, thumbnails, problems, soft, filled = [], [], [], [], 0
    for image in images:
        progress()
        path, mask = Path(folder) / image, masks.get(image, "")
        try:
            seen = _usable(path, reading, smallest_px)
            if mask:
                vegetation, is_soft = _checked_mask(Path(masks_folder) / mask, path, seen.seen.shape)
                filled += bool((vegetation == 1).any())
                soft += [mask] if is_soft else []
        except InputError as error:
            problems.append((image, str(error).removeprefix(f"{path}: ")))
            continue
        rows.append(_row(image, mask, seen, sha256(path)))
        thumbnails.append(thumbnail(seen.values))
    table = pd.DataFrame(rows, columns=COLUMNS)
    if (table["mask"] != "").any() and not filled:
        raise InputError(
            f"{masks_folder}: none of the {(table['mask'] != '').sum()} masks holds any vegetation; expected 0 and "
            "1, or 0 and 255, with the larger one for vegetation. Write the masks so."
        )
    pictures = np.array(thumbnails, "uint8").reshape(-1, THUMBNAIL_PX, THUMBNAIL_PX)
    return Stock(table, pictures, problems, soft)


def thumbnail(values: np.ndarray) -> np.ndarray:
    """Grey picture of 32 by 32, uint8, of a whole image (rows, columns, bands), 0 to 255: the mean of its bands."""
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


def check_held_out(table: pd.DataFrame) -> None:
    """Refuse, before anything is learnt, a split that cannot tell the error of the masks.

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


def check_pixel_areas(table: pd.DataFrame, has_default: bool, site: str) -> None:
    """Refuse, before anything is learnt, images whose pixels have no known area.

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


def _usable(path: Path, reading: Reading, smallest_px: int) -> SeenImage:
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


def _checked_mask(path: Path, image: Path, shape: tuple[int, int]) -> tuple[np.ndarray, bool]:
    vegetation, soft = _vegetation_and_softness(path)
    if vegetation.shape != shape:
        (rows, cols), (mask_rows, mask_cols) = shape, vegetation.shape
        raise InputError(
            f"{image}: has {cols} × {rows} pixels, its mask {path} has {mask_cols} × {mask_rows}; expected the same "
            "size. Draw the mask on the image's own pixels."
        )
    return vegetation, soft


def _vegetation_and_softness(path: str | Path) -> tuple[np.ndarray, bool]:
    """Labels of a mask, 255 where it has no data or is transparent, and whether it has more than two values."""
    with open_image(path) as raster:
        numbers = raster.read([i for i in raster.indexes if raster.colorinterp[i - 1] != ColorInterp.alpha])
        if raster.colorinterp[0] == ColorInterp.palette:
            numbers = _greys(numbers[0], raster.colormap(1))
        lossy = raster.driver == "JPEG"
        known = (raster.read_masks() > 0).all(axis=0) & np.isfinite(numbers[0].astype("float64"))
    first = np.where(known, numbers[0], 0)
    if any(not np.array_equal(first, np.where(known, band, 0)) for band in numbers[1:]):
        raise InputError(f"{path}: has colours; expected a mask of one band, 0 and 1, or 0 and 255. Convert it.")
    largest = first.max()
    full = 1 if largest <= 1 and not lossy else 255 if largest <= 255 else 65535
    counts = len(np.unique(first[known]))
    return np.where(known, first >= full / 2, BYTE_NODATA).astype("uint8"), counts > 2


def _greys(numbers: np.ndarray, colours: Mapping[int, Sequence[int]]) -> np.ndarray:
    """Greys of a palette, shape (1, rows, columns); its numbers as they are if it has other colours."""
    used = np.unique(numbers)
    if any(len(set(colours[int(number)][:3])) > 1 for number in used):
        return numbers[None]
    table = np.zeros(int(used.max()) + 1, "uint8")
    table[used] = [colours[int(number)][0] for number in used]
    return table[numbers][None]


def _row(image: str, mask: str, seen: SeenImage, digest: str) -> dict[str, object]:
    rows, cols = seen.seen.shape
    area = np.nan if seen.pixel_area_m2 is None else seen.pixel_area_m2
    return dict(zip(COLUMNS, [image, mask, cols, rows, seen.n_bands, seen.dtype, area, digest], strict=True))
