"""Images and masks in their folders: which there are, and which belong together."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from climate_indicators.carbon.images import filenames as image_files
from climate_indicators.carbon.images.dates import some
from climate_indicators.core.errors import InputError

_log = logging.getLogger(__name__)

MASK_ENDING = "_mask"
GIVEN = ("train", "test")


def list_images(folder: str | Path, masks_folder: str | Path | None = None) -> list[str]:
    """Images of a folder and of the folders in it, as paths below it with forward slashes, sorted.

    Parameters
    ----------
    folder : of the images.
    masks_folder : left out if it lies in ``folder``.

    Raises
    ------
    InputError
        If there is no image, two images differ only in their ending, or masks and images lie in one folder.
    """
    folder = Path(folder)
    found = image_files.list_folder(folder)
    images = found.images
    if masks_folder is not None:
        masks = Path(masks_folder).resolve()
        if masks == folder.resolve():
            raise InputError(
                f"{folder} is the folder of the images and of the masks. Put the masks in a separate folder."
            )
        images = [image for image in images if not (folder / image).parent.resolve().is_relative_to(masks)]
    if not images:
        what = excluded(found) or "it is empty" if folder.is_dir() else "there is no such folder"
        endings = ", ".join(image_files.SUFFIXES)
        raise InputError(f"{folder}: found no image ({what}); expected files ending in {endings}. Correct the path.")
    _refuse_unreadable_names(folder, images)
    _refuse_same_names(images, folder)
    return images


def excluded(found: image_files.Listing) -> str:
    """Unused files of a folder, by type with number and first names; empty if there are none."""
    pictures = found.other_pictures
    kinds = {
        "broken links": found.broken,
        "folders that may not be opened": found.unreadable,
        "pictures in formats that are not read": pictures,
        "links to folders that are listed already": found.repeated,
        "other files": sorted(set(found.others) - set(pictures)),
    }
    return "; ".join(f"{kind}: {len(names)} ({some(names)})" for kind, names in kinds.items() if names)


def log_contents(folder: str | Path) -> None:
    """Log the content and the unused files of a folder; gives a warning if images may be missed."""
    found = image_files.list_folder(folder)
    told = folder, len(found.images), excluded(found) or "nothing"
    _log.info("%s: %d files with the endings of images; not used: %s", *told)
    if found.lost:
        _log.warning("%s: %d files or folders are not seen: %s", folder, len(found.lost), some(found.lost))


def find_masks(images: Sequence[str], masks_folder: str | Path) -> dict[str, str]:
    """Mask of each image that has one: path below its folder, by image.

    A mask has the path of its image, without the ending, or the same followed by ``_mask``.

    Parameters
    ----------
    images : paths below their folder.
    masks_folder : of the masks.

    Raises
    ------
    InputError
        If there is no mask, a mask has no image (it would be lost unseen), or an image has two masks.
    """
    masks = image_files.list_images(masks_folder)
    if not masks:
        raise InputError(f"{masks_folder}: found no mask; expected PNG or TIF files with the names of the images.")
    _refuse_unreadable_names(masks_folder, masks)
    by_stem = {_stem(image): image for image in images}
    found: dict[str, str] = {}
    lost = []
    for mask in masks:
        stem = _stem(mask)
        image = by_stem.get(stem) or by_stem.get(stem.removesuffix(MASK_ENDING))
        if image is None:
            lost.append(mask)
        elif image in found:
            raise InputError(
                f"{masks_folder}: the image {image} has two masks, {found[image]} and {mask}; remove one of them."
            )
        else:
            found[image] = mask
    if lost:
        raise InputError(
            f"{masks_folder}: {len(lost)} of {len(masks)} masks have no image: {some(lost)}. Expected the path of an "
            f"image with another ending, such as {Path(images[0]).with_suffix('.png').as_posix()}. Rename or remove "
            "them, or add their images."
        )
    return found


def find_given(images: Sequence[str]) -> list[str]:
    """``train`` or ``test`` for images in a folder of that name, in any case, else empty text."""
    first = [PurePosixPath(image).parts[0].lower() if "/" in image else "" for image in images]
    return [part if part in GIVEN else "" for part in first]


def _stem(name: str) -> str:
    """Path without its ending, with accents written in one way: file systems differ in that."""
    return unicodedata.normalize("NFC", PurePosixPath(name).with_suffix("").as_posix())


def _refuse_same_names(images: Sequence[str], folder: str | Path) -> None:
    """Reject two images of one `_stem`."""
    found: dict[str, str] = {}
    for name in images:
        other = found.setdefault(_stem(name), name)
        if other != name:
            raise InputError(
                f"{folder}: the images {other} and {name} have one name; masks and results could not tell them apart. "
                "Rename or remove one of them."
            )


def _refuse_unreadable_names(folder: str | Path, names: Sequence[str]) -> None:
    """Reject names that cannot be written to a table, for example with an old encoding."""
    for name in names:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InputError(f"{folder}: the name {name!r} is not written in UTF-8. Rename the file.") from error
