"""The schema of the settings: read, looked up, and told in words.

Uses only the standard library and one of Snakemake's own dependencies (PyYAML).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

MAX_SHOWN = 30
# libyaml's reader where it is installed: every job of a run reads the schema, and this is ten times as fast
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of keys",
    "null": "null",
}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "minProperties": "at least {} of them",
    "minLength": "not empty",
    "uniqueItems": "no two alike",
    "examples": "such as {0[0]}",
}


class SettingsError(ValueError):
    """The settings cannot be used; the message has one line a problem, each naming its key."""

    def __init__(self, problems: Iterable[str]) -> None:
        problems = list(problems)
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"- {problem}" for problem in problems[:MAX_SHOWN]]
        if len(problems) > MAX_SHOWN:  # a table of sites may have the same mistake in every line
            lines.append(f"and {len(problems) - MAX_SHOWN} more.")
        super().__init__("\n".join([f"The configuration has {many}:", *lines]))
        self.problems = problems


def load_schema(path: str | Path) -> dict[str, Any]:
    """Read a JSON schema from a YAML file.

    That it is a valid one is for the project's tests to show: checking it takes longer than checking the settings by
    it, and every start and every job of a cluster would wait for it.
    """
    return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=LOADER)


def resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a schema with its ``$ref`` replaced by what it points to; keywords beside the reference win."""
    if "$ref" not in schema:
        return dict(schema)
    target: Any = root
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**resolve(target, root), **{key: value for key, value in schema.items() if key != "$ref"}}


def allowed(schema: Mapping[str, Any]) -> str:
    """What a (resolved) part of a schema lets a value be, in words: ``a whole number, at least 1``."""
    if "enum" in schema:
        return " or ".join("null" if value is None else str(value) for value in schema["enum"])
    types = schema.get("type", [])
    names = " or ".join(TYPES[name] for name in ([types] if isinstance(types, str) else types))
    limits = [text.format(schema[keyword]) for keyword, text in LIMITS.items() if keyword in schema]
    if isinstance(items := schema.get("items"), Mapping) and "enum" in items:
        limits.insert(0, "each " + allowed(items))
    return ", ".join([names, *limits])
