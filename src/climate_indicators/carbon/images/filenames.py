"""Names of the images in a folder. Uses only the standard library, because the Snakefile calls it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePath

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
# formats of pictures that are not read
OTHER_PICTURES = (
    ".jp2", ".j2k", ".bmp", ".gif", ".webp", ".heic", ".heif", ".avif", ".dng", ".cr2", ".nef", ".arw", ".img", ".vrt",
    ".ecw", ".sid",
)  # fmt: skip


@dataclass
class Listing:
    """Content of a folder and its subfolders, including linked folders; relative paths, sorted.

    Attributes
    ----------
    images : files with the endings ``SUFFIXES``, with forward slashes.
    others : files of other kinds, and hidden ones.
    broken : links that lead nowhere.
    repeated : links to folders that are listed already; each folder is listed once, under its own path if it has one.
    unreadable : folders that the user may not open.
    """

    images: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def other_pictures(self) -> list[str]:
        """Pictures in formats that are not read."""
        return [name for name in self.others if name.lower().endswith(OTHER_PICTURES)]

    @property
    def lost(self) -> list[str]:
        """Paths that may contain unread images: broken links, folders that cannot be opened, unsupported formats."""
        return sorted([*self.broken, *self.unreadable, *self.other_pictures])


def list_folder(folder: str | Path) -> Listing:
    """Images and everything else in a folder; a folder that does not exist has nothing.

    Links to folders are followed once all folders that are no links are listed, so that no folder is listed twice. A
    link to a folder around this one is not followed.
    """
    found, seen, links = Listing(), set(), [Path(folder)]
    around = Path(os.path.realpath(folder)).parents
    while links:
        following: list[Path] = []
        for link in sorted(links):
            real = os.path.realpath(link)
            if real in seen or Path(real) in around:
                found.repeated.append(_below(link, folder))
            else:
                _add(link, Path(folder), found, seen, following)
        links = following
    for names in vars(found).values():
        names.sort()
    return found


def list_images(folder: str | Path) -> list[str]:
    """Images of a folder, as `list_folder` gives them."""
    return list_folder(folder).images


def _add(start: Path, folder: Path, found: Listing, seen: set[str], links: list[Path]) -> None:
    """Add the content of a folder and its subfolders; links to folders are followed later."""
    seen.add(os.path.realpath(start))
    try:
        entries = list(os.scandir(start))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError:
        found.unreadable.append(_below(start, folder))
        return
    for entry in entries:
        path, name = start / entry.name, _below(start / entry.name, folder)
        hidden = any(part.startswith(".") for part in PurePath(name).parts)
        if entry.is_dir(follow_symlinks=False):
            if os.path.realpath(path) not in seen:
                _add(path, folder, found, seen, links)
        elif entry.is_symlink() and not path.exists():
            found.broken.append(name)
        elif entry.is_dir() and not hidden:
            links.append(path)
        else:
            is_image = path.suffix.lower() in SUFFIXES and not hidden and entry.is_file()
            (found.images if is_image else found.others).append(name)


def _below(path: Path, folder: str | Path) -> str:
    return path.relative_to(folder).as_posix()
