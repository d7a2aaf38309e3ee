"""Names of the images in a folder. Uses the standard library alone, since the Snakefile asks it."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


def list_images(folder: str | Path) -> list[str]:
    """Images of a folder and of the folders in it, as paths below it with forward slashes, sorted.

    Hidden files and files of other kinds are passed over; a folder that does not exist has none.
    """
    folder = Path(folder)
    names = (
        path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))
