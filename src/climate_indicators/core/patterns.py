"""Names of files that may be patterns such as ``year_*.nc``."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch

from climate_indicators.core.errors import InputError


def expand_patterns(
    names: Iterable[str], path_of: Callable[[str], str], fetched: Mapping[str, str] | None = None
) -> list[str]:
    """Paths of files without repetitions; patterns are replaced by the matching files, sorted by name.

    A name with ``*``, ``?`` or ``[…]`` is a pattern, unless a file has just that name. ``**`` goes into folders.

    Parameters
    ----------
    names : names or patterns.
    path_of : path of a name.
    fetched : paths of files that are yet to be downloaded, by their names; patterns find them too.

    Raises
    ------
    InputError
        If no file fits a pattern.
    """
    fetched = fetched or {}
    paths: list[str] = []
    for name in names:
        if name in fetched:
            paths.append(fetched[name])
            continue
        path = path_of(name)
        if not glob.has_magic(name) or os.path.exists(path):
            paths.append(path)
            continue
        found = [fetched[one] for one in sorted(fetched) if fnmatch(one, name)]
        found += sorted(glob.glob(_only_in_name(path, name), recursive=True))
        if not found:
            raise InputError(
                f"files: no file fits the pattern {name!r} (looked for {path}). Correct the pattern or data_dir, or "
                "name the files one by one."
            )
        paths += found
    return list(dict.fromkeys(paths))


def _only_in_name(path: str, name: str) -> str:
    """Pattern with the parent folders escaped."""
    return glob.escape(path.removesuffix(name)) + name if path.endswith(name) else path
