"""Mappings that list the known keys if a key is missing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from climate_indicators.core.errors import InputError

MAX_NAMED = 10


class Known(dict):
    """A mapping for user input: a missing key, such as a wrong site name in a target, gives a clear error.

    Parameters
    ----------
    entries : the mapping.
    what : description of its keys, such as ``glacier site``.
    """

    def __init__(self, entries: Mapping[str, Any], what: str) -> None:
        super().__init__(entries)
        self._what = what

    def __missing__(self, key: str) -> Any:
        near = difflib.get_close_matches(str(key), self, n=1)
        names = ", ".join(list(self)[:MAX_NAMED]) or "none"
        more = f" and {len(self) - MAX_NAMED} more" if len(self) > MAX_NAMED else ""
        raise InputError(
            f"no {self._what} is called {key!r}.{f' Did you mean {near[0]}?' if near else ''} Known: {names}{more}."
        )
