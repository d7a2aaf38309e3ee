"""Settings checked against a closed schema and completed with its defaults, before any job starts.

Uses only the standard library and Snakemake's own dependencies (jsonschema, PyYAML).
"""

from __future__ import annotations

import copy
import datetime
import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from climate_indicators.config.carbon_checks import carbon_problems
from climate_indicators.config.ocean_checks import ocean_problems
from climate_indicators.config.schema import LOADER, SettingsError, allowed, load_schema, resolve
from climate_indicators.config.segmentation_checks import pool_problems, site_problems, study_problems
from climate_indicators.config.snow_checks import snow_problems
from climate_indicators.config.studies import STUDIES
from climate_indicators.config.tables import located, with_tables


def _fits_pattern(
    validator: jsonschema.Validator, pattern: str, value: Any, _: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    """The keyword ``pattern``, in which $ is the end of the text; Python's would let a line break follow."""
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _fits_pattern})


def check(config: Mapping[str, Any], schema_path: str | Path, files: Iterable[str | Path] = ()) -> dict[str, Any]:
    """Settings with every default filled in, after all checks.

    Parameters
    ----------
    config : the settings as loaded.
    schema_path : the schema, a YAML file.
    files : configuration files that the settings came from, looked through for keys given twice.

    Raises
    ------
    SettingsError
        If anything is wrong; see `duplicate_keys`, `with_tables`, `complete` and `check_semantics`.
    """
    twice = [problem for path in files for problem in duplicate_keys(path)]
    if twice:
        raise SettingsError(twice)
    schema = load_schema(schema_path)
    plain = _plain(config)
    unquoted = list(_key_problems(plain, ()))
    if unquoted:
        raise SettingsError(unquoted)
    problems = [problem for study in plain for problem in _defaults_problems(study, plain[study], schema)]
    if problems:
        raise SettingsError(problems)
    tables = with_tables(plain, schema)
    try:
        completed = complete(tables.config, schema)
        check_semantics(completed)
    except SettingsError as error:
        raise SettingsError(located(problem, tables.origins) for problem in error.problems) from error
    return completed


def complete(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Copy of the settings with every default of the schema filled in, at every depth.

    Dates that YAML has read become ISO text, and whole numbers written as 40.0 become 40.

    Raises
    ------
    SettingsError
        If the settings do not fit the schema. Every problem is named.
    """
    plain = _plain(config)
    problems = _misfits(plain, schema)
    if problems:
        raise SettingsError(problems)
    return _fill(plain, schema, schema)


def check_semantics(config: Mapping[str, Any]) -> None:
    """Check what a schema cannot say: settings that do not go together.

    Parameters
    ----------
    config : settings as `complete` returns them.

    Raises
    ------
    SettingsError
        If some do not. Every problem is named.
    """
    problems: list[str] = []
    if not any(study in config for study in STUDIES):
        problems.append(
            f"no study: found the keys {', '.join(config)}; expected one or more of {', '.join(STUDIES)}, with "
            "sites. Copy one of config/examples/."
        )
    if "glacier" in config:
        study = config["glacier"]
        problems += study_problems("glacier", study)
        problems += pool_problems("glacier", study, ("bands", "terrain_bands"))
        for name, site in study["sites"].items():
            problems += site_problems(f"glacier.sites.{name}", site, study)
    if "snow" in config:
        problems += snow_problems(config["snow"])
    if "carbon" in config:
        problems += carbon_problems(config["carbon"])
    if "ocean" in config:
        problems += ocean_problems(config["ocean"])
    if problems:
        raise SettingsError(problems)


def duplicate_keys(path: str | Path) -> list[str]:
    """Keys that a YAML file gives twice in one group: YAML would silently take the last.

    Returns
    -------
    One line a problem, naming the file, the key and both lines.

    Raises
    ------
    SettingsError
        If the file is not YAML.
    """
    try:
        root = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=LOADER)
    except yaml.YAMLError as error:
        raise SettingsError([f"{path} is not YAML: {' '.join(str(error).split())}"]) from error
    return [f"{path}: {problem}" for problem in _duplicates(root, (), set())]


def _plain(value: Any) -> Any:
    """Plain dicts and lists, dates as text: YAML reads 2019-09-12 as a date."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def _misfits(plain: Any, schema: Mapping[str, Any]) -> list[str]:
    """Lines for people of everything in a group of settings that its schema does not allow."""
    numbers = list(_number_problems(plain, (), schema))
    if numbers:  # NaN passes every limit of a schema
        return numbers
    errors = _Validator(schema).iter_errors(plain)
    return [line for error in sorted(errors, key=lambda e: e.json_path) for line in _explain(error, schema)]


def _number_problems(value: Any, path: tuple[Any, ...], root: Mapping[str, Any]) -> Iterator[str]:
    """Numbers, at any depth, that are NaN, infinite or too large for a float."""
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _number_problems(item, (*path, key), root)
    elif isinstance(value, (int, float)) and not is_finite(value):
        line = _line(path, root)
        if not (line.get("nan") and value != value):
            expected = f"a finite number; {allowed(line)}" if line else "a finite number"
            yield f"{dotted(path)}: found {_found(value)}; expected {expected}.{_meaning(line)}"


def is_finite(value: float) -> bool:
    """Whether a number is neither NaN nor infinite, and fits a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _key_problems(value: Any, path: tuple[Any, ...]) -> Iterator[str]:
    """Keys that YAML has read as something else than text: no, 2024, null or a date."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                kind = "true or false (as it reads no, off, yes, on)" if isinstance(key, bool) else "nothing"
                kind = "a number or date" if not isinstance(key, bool) and key is not None else kind
                yield (
                    f"{dotted(path)}: found the name {_found(key)}, which YAML reads as {kind}; expected text. Write "
                    "the name in quotes, or choose one that begins with a letter, such as site_2024."
                )
            yield from _key_problems(item, (*path, key if isinstance(key, str) else str(key)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _key_problems(item, (*path, place))


def _fill(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    schema = resolve(schema, root)
    if isinstance(value, dict):
        if "if" in schema and _Validator(schema["if"]).is_valid(value):
            _add_defaults(value, schema["then"])
        _add_defaults(value, schema)
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        # in the schema's order: keys in another order are the same settings, and must not make results stale
        keys = [*(key for key in known if key in value), *(key for key in value if key not in known)]
        return {key: _fill(value[key], known.get(key, others or {}), root) for key in keys}
    if isinstance(value, list):
        return [_fill(item, schema.get("items", {}), root) for item in value]
    return int(value) if isinstance(value, float) and schema.get("type") == "integer" else value


def _add_defaults(value: dict[str, Any], schema: Mapping[str, Any]) -> None:
    for key, line in schema.get("properties", {}).items():
        if "default" in line:
            value.setdefault(key, copy.deepcopy(line["default"]))


def _explain(error: jsonschema.ValidationError, root: Mapping[str, Any]) -> Iterator[str]:
    """Lines for people of one error of the validator."""
    here = tuple(error.absolute_path)
    known = error.schema.get("properties", {})
    if error.validator == "additionalProperties":
        for key in error.instance:
            if key not in known:
                yield f"{dotted((*here, key))}: unknown key. {_suggestion(key, known, root)}"
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                line = resolve(known[key], root)
                yield f"{dotted((*here, key))}: missing; expected {allowed(line)}.{_meaning(line)}"
    elif error.parent is None and "propertyNames" in error.absolute_schema_path:
        yield (
            f"{dotted((*here, error.instance))}: found the name {error.instance!r}; names have lower-case letters, "
            "digits and underscores and start with a letter."
        )
    else:
        line = _line(here, root)
        found = f"found {_found(error.instance)}; expected {allowed(error.schema)}"
        yield f"{dotted(here)}: {found}.{_type_hint(here, error.instance, error.schema)}{_meaning(line)}"


def _defaults_problems(study: str, settings: Any, root: Mapping[str, Any]) -> Iterator[str]:
    """Problems of the settings that all sites of a study share, told once and not with each site."""
    defaults = settings.get("site_defaults") if isinstance(settings, Mapping) else None
    if isinstance(defaults, Mapping) and study in root["properties"]:
        keys = resolve(resolve(root["properties"][study], root)["properties"]["sites"], root)
        site = _without_required(resolve(keys["additionalProperties"], root)) | {"$defs": root["$defs"]}
        yield from (f"{study}.site_defaults.{line}" for line in _misfits(defaults, site))


def _without_required(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {key: _without_required(part) for key, part in schema.items() if key != "required"}
    return [_without_required(part) for part in schema] if isinstance(schema, list) else schema


def dotted(path: Iterable[Any]) -> str:
    """Key path as written in messages: ``glacier.sites.demo.scenes[2].date``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the configuration"


def _suggestion(key: Any, known: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    nearest = difflib.get_close_matches(str(key), known, n=1)
    if nearest:
        line = resolve(known[nearest[0]], root)
        return f"Did you mean {nearest[0]} ({allowed(line)})?{_meaning(line)}"
    return f"Keys that may stand here: {', '.join(known)}."


def _line(path: tuple[Any, ...], root: Mapping[str, Any]) -> dict[str, Any]:
    """The schema's nearest line with a description for a key path; an item of a list has that of its list."""
    schema, described = resolve(root, root), {}
    for step in path:
        if isinstance(step, int):
            schema = resolve(schema.get("items", {}), root)
        else:
            schema = resolve(schema.get("properties", {}).get(step, schema.get("additionalProperties") or {}), root)
        described = schema if "description" in schema else described
    return described


def _meaning(line: Mapping[str, Any]) -> str:
    return f" Meaning: {line['description']}" if "description" in line else ""


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null (nothing after the colon)"
    if isinstance(value, int) and not is_finite(value):
        return "a whole number of more than 300 digits"
    if isinstance(value, str):
        # an address with a name and password in it: the message goes to terminals and logs
        return f"the text {re.sub(r'//[^/@]+@', '//...@', value)!r}"
    if isinstance(value, (dict, list)):
        kind = "a group of keys" if isinstance(value, dict) else "a list"
        return f"{kind} ({', '.join(map(str, value))})" if value else f"{kind}, empty"
    return str(value)


def _type_hint(path: tuple[Any, ...], value: Any, schema: Mapping[str, Any]) -> str:
    """What the type alone does not explain: YAML reads 1e-4 as text, and a folder called 2024 as a number."""
    if isinstance(value, (bool, int, float)) and "string" in _as_list(schema.get("type")):
        if isinstance(value, bool):
            return " Write the text in quotes: YAML reads no, off, yes and on as true or false."
        key = dotted(path)
        on_the_line = (
            f"; on the command line, which takes quotes off, --config {key}=./{value}" if len(path) == 1 else ""
        )
        return f' Write "{value}" in quotes, since YAML reads {value} as a number{on_the_line}.'
    return _number_hint(value, schema)


def _number_hint(value: Any, schema: Mapping[str, Any]) -> str:
    if not isinstance(value, str) or not {"number", "integer"} & set(_as_list(schema.get("type"))):
        return ""
    try:
        number = f"{float(value):.10g}"
    except ValueError:
        return ""
    if "e" in number and "." not in number:
        number = number.replace("e", ".0e")
    return f" Write {number}, without quotes: YAML reads {value} as text."


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _duplicates(node: yaml.Node | None, path: tuple[Any, ...], seen: set[int]) -> Iterator[str]:
    if node is None or id(node) in seen:  # an anchored node is reported once
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _duplicates(item, (*path, position), seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[Any, int] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if key.value in lines:
                yield f"{dotted((*path, key.value))} is given twice, in lines {lines[key.value]} and {line}; keep one."
            lines[key.value] = line
            yield from _duplicates(item, (*path, key.value), seen)
