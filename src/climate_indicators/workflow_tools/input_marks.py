"""Digests that detect changed user files, as parameters of rules: fast, and independent of the folder.

Snakemake compares inputs by date and detects only newer ones. Uses only the standard library, because the workflow
calls it before any job.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cache

# files up to this size are compared by content, as Snakemake does with newer ones
SMALL_BYTES = 1_000_000
# if the small files of a job exceed this in total (thousands of images), only size and time are compared
MAX_READ_BYTES = 64_000_000
# up to this number, each file has its own line, so that Snakemake's reason identifies the changed file
SHOWN = 10
# files that belong to a shapefile
_OF_SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg")


def marks(paths: Iterable[str]) -> list[str]:
    """One line of text for each file, sorted by name; the line changes with the content.

    Parameters
    ----------
    paths : files and folders; a folder includes all its files, and a shapefile includes its companion files.

    Returns
    -------
    Name, size and, up to `SMALL_BYTES`, start of the SHA-256; else the modification time in whole seconds, which copies
    preserve on every file system. For more than `SHOWN` files, one line with the digest of all.
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
    except OSError:  # Snakemake reports missing files
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
