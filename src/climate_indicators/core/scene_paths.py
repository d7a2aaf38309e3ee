"""Scenes checked against each other: a file has one role in a site, a scene's date belongs to its year.

Uses only the standard library, because it is called before any job.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# a season may begin in the year before, as in the south, or end in the year after
YEARS_APART = 1


def repeated(named: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One line for each path that is named in two places.

    Parameters
    ----------
    named : places, such as ``scenes[2].tiles`` or ``scenes.csv, line 4``, each with a path that it names.
    """
    first: dict[str, str] = {}
    for place, path in named:
        other = first.setdefault(os.path.normpath(path), place)
        if other != place:
            yield f"{place}: found {path}, which {other} names too; a file is one thing only. Correct one of the two."


def paths_in(value: Any) -> Iterator[str]:
    """Paths of a setting: text, a list, or a mapping from band to file; each path of a mapping once."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from dict.fromkeys(path for item in value.values() for path in paths_in(item))
    elif isinstance(value, Iterable):
        for item in value:
            yield from paths_in(item)


def scene_paths(path: str, scenes: Iterable[Mapping[str, Any]], *keys: str) -> Iterator[tuple[str, str]]:
    """Places and paths of a list of scenes, for `repeated`; each tile of a scene has its own place.

    Parameters
    ----------
    path : key path of the list.
    scenes : the entries of the list.
    keys : keys of an entry that hold paths.
    """
    for position, scene in enumerate(scenes):
        for key in keys:
            here, value = f"{path}[{position}].{key}", scene[key]
            items = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, item in items:
                yield from ((here if number is None else f"{here}[{number}]", one) for one in paths_in(item))


def date_apart(path: str, date: datetime.date, year: int) -> Iterator[str]:
    """A line if the date of a scene is further from its year than `YEARS_APART`."""
    if abs(date.year - year) > YEARS_APART:
        yield (
            f"{path}: found {date.isoformat()} for year {year}; expected a day of {year - YEARS_APART} to "
            f"{year + YEARS_APART}. Correct the date or the year."
        )
