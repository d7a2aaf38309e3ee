"""Messages about a wrong configuration: which key, what was found, what is allowed, and what the key means."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from climate_indicators.config.models.root import RULES
from climate_indicators.config.schema import allowed, find, resolve, types_of


def lines_of(
    error: ValidationError,
    config: Any,
    shown: tuple[str, ...] = (),
    path: tuple[str, ...] = (),
    partial: bool = False,
) -> list[str]:
    """Lines for people of everything that is wrong.

    Parameters
    ----------
    error : what the models found.
    config : the configuration, or the part of it that was validated.
    shown, path : key path of the part as messages name it, and as the schema knows it.
    partial : leave out required keys that are missing.
    """
    return [
        line
        for one in error.errors(include_url=False, include_input=False)
        if not (partial and one["type"] == "missing")
        for line in _lines(one, config, shown, path)
    ]


def dotted(path: Iterable[Any]) -> str:
    """Key path as written in messages: ``glacier.sites.demo.scenes[2].date``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the configuration"


def found_text(value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null (nothing after the colon)"
    if isinstance(value, int) and not _is_finite(value):
        return "a whole number of more than 300 digits"
    if isinstance(value, str):
        # an address with a name and password in it: the message goes to terminals and logs
        return f"the text {re.sub(r'//[^/@]+@', '//...@', value)!r}"
    if isinstance(value, (dict, list)):
        kind = "a group of keys" if isinstance(value, dict) else "a list"
        return f"{kind} ({', '.join(map(str, value))})" if value else f"{kind}, empty"
    return str(value)


def _lines(error: Mapping[str, Any], config: Any, shown: tuple[str, ...], path: tuple[str, ...]) -> Iterator[str]:
    if error["type"] == RULES:
        yield from error["ctx"]["problems"]
        return
    # alternatives of a value have a step of their own, such as <list>
    steps = [step for step in error["loc"] if not (isinstance(step, str) and step.startswith("<"))]
    if steps[-1:] == ["[key]"]:
        yield (
            f"{dotted((*shown, *steps[:-1]))}: found the name {steps[-2]!r}; names have lower-case letters, digits and "
            "underscores and start with a letter."
        )
        return
    here = dotted((*shown, *steps))
    if error["type"] == "extra_forbidden":
        part, _ = find((*path, *steps[:-1]))
        yield f"{here}: unknown key. {_suggestion(steps[-1], part.get('properties', {}))}"
        return
    part, meaning = find((*path, *steps))
    meaning = f" Meaning: {meaning}" if meaning else ""
    if error["type"] == "missing":
        yield f"{here}: missing; expected {allowed(part)}.{meaning}"
        return
    value = config
    for step in steps:
        value = value[step]
    expected = allowed(part)
    if isinstance(value, (int, float)) and not _is_finite(value):
        expected = f"a finite number; {expected}"
    yield f"{here}: found {found_text(value)}; expected {expected}.{_hint((*shown, *steps), value, part)}{meaning}"


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    nearest = difflib.get_close_matches(key, known, n=1)
    if nearest:
        part = resolve(known[nearest[0]])
        return f"Did you mean {nearest[0]} ({allowed(part)})? Meaning: {part['description']}"
    return f"Keys that may stand here: {', '.join(known)}."


def _is_finite(value: float) -> bool:
    """Whether a number is neither NaN nor infinite, and fits a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _hint(path: tuple[Any, ...], value: Any, part: Mapping[str, Any]) -> str:
    """What the type alone does not explain: YAML reads 1e-4 as text, and a folder called 2024 as a number."""
    types = types_of(part)
    if isinstance(value, bool) and "string" in types:
        return " Write the text in quotes: YAML reads no, off, yes and on as true or false."
    if isinstance(value, (int, float)) and "string" in types:
        quotes = (
            f"; on the command line, which takes quotes off, --config {path[0]}=./{value}" if len(path) == 1 else ""
        )
        return f' Write "{value}" in quotes, since YAML reads {value} as a number{quotes}.'
    if isinstance(value, str) and {"number", "integer"} & set(types):
        try:
            number = f"{float(value):.10g}"
        except ValueError:
            return ""
        if not math.isfinite(float(value)):
            return ""
        number = number.replace("e", ".0e") if "e" in number and "." not in number else number
        return f" Write {number}, without quotes: YAML reads {value} as text."
    return ""
