"""What the user's own input files are told apart by, as parameters of rules: cheap, and independent of their folder.

Snakemake compares inputs by date and sees only newer ones. Uses only the standard library, since the workflow asks
before any job.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cache

# files up to this size are told apart by their content, as Snakemake does with newer ones
SMALL_BYTES = 1_000_000
# of a job with more than this in small files, such as thousands of photographs, only size and time are asked for
MAX_READ_BYTES = 64_000_000
# files that have a line of their own, so that Snakemake's reason says which one changed
SHOWN = 10
# files that a shapefile is read with
_OF_SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg")


def marks(paths: Iterable[str]) -> list[str]:
    """One line of text for each file, in the order of their names; another line is another content.

    Parameters
    ----------
    paths : files and folders; of a folder all files in it count, with a shapefile the files beside it.

    Returns
    -------
    Name, size and, up to `SMALL_BYTES`, start of the SHA-256; else the time of change in whole seconds, which copies
    keep on every file system. Of more than `SHOWN` files one line, the digest of all.
    """
    files = sorted({file for path in paths for file in _files(path)}, key=lambda file: (os.path.basename(file), file))
    small = sum(size for size in map(_size, files) if size <= SMALL_BYTES)
    lines = [_mark(file, small <= MAX_READ_BYTES) for file in files]
    if len(lines) <= SHOWN:
        return lines
    return [f"{len(lines)} files {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"]


def _files(path: str) -> Iterator[str]:
    if os.path.isdir(path):
        for folder, folders, names in os.walk(path):
            folders.sort()
            yield from (os.path.join(folder, name) for name in names)
        return
    yield path
    stem, suffix = os.path.splitext(path)
    if suffix.lower() == ".shp":
        yield from (stem + other for other in _OF_SHAPEFILE if os.path.exists(stem + other))


@cache
def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # Snakemake names what is missing
        return -1


@cache
def _mark(path: str, by_content: bool) -> str:
    name, size = os.path.basename(path), _size(path)
    if size < 0:
        return f"{name} missing"
    if size > SMALL_BYTES or not by_content:
        return f"{name} {size} bytes of {int(os.stat(path).st_mtime)}"
    with open(path, "rb") as file:
        return f"{name} {size} bytes {hashlib.sha256(file.read()).hexdigest()[:16]}"
