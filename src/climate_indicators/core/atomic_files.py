"""Writing files atomically, and comparing files by content."""

from __future__ import annotations

import errno
import glob
import hashlib
import itertools
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from climate_indicators.core.process_state import process_mark, runs_still

# a process on another machine cannot be checked: its files are considered abandoned after this time without changes
_FORGOTTEN_S = 86400
_PART = ".part-"
# threads of one process may write the same target too
_count = itertools.count()


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary name next to ``path``, which is renamed to ``path`` if the block ends without error.

    The temporary name keeps the suffix, for libraries that choose a format by it, and may be a file or a folder.
    A reader sees the old ``path`` or the whole new one, never a part. On an error what was written is removed; what a
    killed process left of an earlier try is removed at the start. Several processes may write the same ``path`` at
    once: each uses a separate name, and the last one to end wins.

    Parameters
    ----------
    path : path of the file or folder to write; its parent folder is created.

    Yields
    ------
    Path to write to, in the same folder as ``path``.

    Raises
    ------
    FileNotFoundError
        If the block wrote nothing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.stem)}{_PART}*{glob.escape(path.suffix)}"):
        # another user's cannot be removed, and another process may be doing so
        with suppress(OSError):
            if _is_left(left):
                _remove(left)
    temporary = _part_of(path)
    try:
        yield temporary
        _put(temporary, path)
    finally:
        _remove(temporary)


def _part_of(path: Path) -> Path:
    """A unique name next to ``path``."""
    return path.with_name(f".{path.stem}{_PART}{process_mark()}-{next(_count)}{path.suffix}")


def _is_left(part: Path) -> bool:
    """Whether a partial file is abandoned."""
    runs = runs_still(part.name.rpartition(_PART)[2])
    if runs is not None:
        return not runs
    newest = max(one.stat().st_mtime for one in (part, *part.rglob("*")))
    return time.time() - newest > _FORGOTTEN_S


def _put(temporary: Path, path: Path) -> None:
    """Rename a temporary file or folder to its final name; replacing a folder takes two steps and is not atomic."""
    while True:
        try:
            os.replace(temporary, path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
        old = _part_of(path)
        with suppress(FileNotFoundError):
            os.rename(path, old)
        _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        # another process may be removing the same
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """Write ``table`` as CSV: one header line, no index, numbers with 10 significant digits, newline line ends."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def write_json(content: Any, path: str | Path) -> None:
    """Write ``content`` as indented JSON with sorted keys."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    ValueError
        If the file is not valid JSON; the message names it.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error


def sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits, read in pieces."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def list_files(paths: Iterable[str | Path]) -> list[Path]:
    """Files among ``paths`` and in the folders among them, each once, sorted."""
    files: set[Path] = set()
    for path in map(Path, paths):
        files |= {inner for inner in path.rglob("*") if inner.is_file()} if path.is_dir() else {path}
    return sorted(files)
