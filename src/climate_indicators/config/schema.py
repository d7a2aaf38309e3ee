"""JSON schema of the configuration, made from the models, for messages, tables, editors and the manual."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from climate_indicators.config.models.base import Group
from climate_indicators.config.models.root import Config

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
# pydantic leaves its own names of limits in some alternatives
KEYWORDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
ALTERNATIVES = ("anyOf", "oneOf")


@cache
def schema() -> dict[str, Any]:
    """JSON schema of the configuration with the descriptions of all keys, and without alternatives.

    Alternatives of different types, such as text or null, are one part with several types: each limit applies to one
    type only, so that this does not change what is valid.
    """
    raw = Config.model_json_schema()
    models = {model.__name__: model for model in _submodels(Group)}
    for name, part in (*raw["$defs"].items(), ("Config", raw)):
        for key, text in _descriptions(models[name]).items():
            part["properties"][key]["description"] = text
    defs = {name: _merged(part, raw) for name, part in raw["$defs"].items()}
    return {**_merged(raw, raw), "$defs": defs}


def resolve(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the schema with its ``$ref`` replaced by what it points to; keywords of the part itself win."""
    return _resolved(part, schema())


def find(path: Iterable[Any]) -> tuple[dict[str, Any], str]:
    """Part of the schema at a key path, empty if there is none, and the description that is nearest to it."""
    part, description = resolve(schema()), ""
    for step in path:
        inner = part.get("items") if isinstance(step, int) else part.get("properties", {}).get(step)
        part = resolve(inner or part.get("additionalProperties") or {})
        description = part.get("description", description)
    return part, description


def allowed(part: Mapping[str, Any]) -> str:
    """What a (resolved) part of the schema lets a value be, in words: ``a whole number, at least 1``."""
    if "enum" in part:
        return " or ".join("null" if value is None else str(value) for value in part["enum"])
    names = " or ".join(TYPES[name] for name in types_of(part))
    limits = [text.format(part[keyword]) for keyword, text in LIMITS.items() if keyword in part]
    if isinstance(items := part.get("items"), Mapping) and "enum" in items:
        limits.insert(0, "each " + allowed(items))
    return ", ".join([names, *limits])


def types_of(part: Mapping[str, Any]) -> list[str]:
    """Names of the JSON types that a part of the schema allows."""
    types = part.get("type", [])
    return [types] if isinstance(types, str) else types


def _submodels(model: type[Group]) -> Iterator[type[Group]]:
    for inner in model.__subclasses__():
        yield from (inner, *_submodels(inner))


def _descriptions(model: type[Group]) -> dict[str, str]:
    """Docstrings below the keys of a model and of the models that it extends."""
    bases = [base for base in reversed(model.__mro__) if issubclass(base, Group)]
    return {key: text for base in bases for key, text in _docstrings(base.__module__).get(base.__name__, {}).items()}


@cache
def _docstrings(module: str) -> dict[str, dict[str, str]]:
    """Docstrings below the keys of all models of a module."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        model.name: {
            line.target.id: " ".join(below.value.value.split())
            for line, below in pairwise(model.body)
            if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        }
        for model in tree.body
        if isinstance(model, ast.ClassDef)
    }


def _resolved(part: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return dict(part)
    target = root["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return {**_resolved(target, root), **{key: value for key, value in part.items() if key != "$ref"}}


def _merged(part: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """A part of pydantic's schema with its alternatives merged, and all parts inside it."""
    merged = {KEYWORDS.get(key, key): value for key, value in part.items() if key not in ("title", "$defs")}
    if "const" in merged:
        merged["enum"] = [merged.pop("const")]
    if "properties" in part:
        merged["properties"] = {key: _merged(inner, root) for key, inner in part["properties"].items()}
    if "patternProperties" in part:
        ((pattern, inner),) = merged.pop("patternProperties").items()
        merged |= {"propertyNames": {"pattern": pattern}, "additionalProperties": inner}
    for keyword in ("items", "additionalProperties"):
        if isinstance(merged.get(keyword), Mapping):
            merged[keyword] = _merged(merged[keyword], root)
    if "description" in (item := _resolved(merged.get("items", {}), root)):
        merged.setdefault("description", item["description"])
    for alternative in [one for keyword in ALTERNATIVES for one in merged.pop(keyword, ())]:
        inner = _merged(_resolved(alternative, root), root)
        types = [*types_of(merged), *types_of(inner)]
        if "enum" in merged and types_of(inner) == ["null"]:
            merged["enum"] = [*merged["enum"], None]
        merged = {**inner, **merged, "type": types}
    return merged
