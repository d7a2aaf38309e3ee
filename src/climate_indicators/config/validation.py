"""The configuration checked against its models and completed with defaults, before any job starts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from climate_indicators.config.errors import ConfigError
from climate_indicators.config.messages import dotted, found_text, lines_of
from climate_indicators.config.models.root import Config
from climate_indicators.config.studies import STUDIES
from climate_indicators.config.tables import locate, with_tables

__all__ = ["ConfigError", "check", "duplicate_keys"]

# libyaml's reader where it is installed: it is ten times as fast
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check(config: Mapping[str, Any], files: Iterable[str | Path] = ()) -> dict[str, Any]:
    """Copy of the configuration with every default filled in, after all checks.

    Dates that YAML has read become ISO text, and whole numbers written as 40.0 become 40. Keys are in the order of the
    models: the order in a file must not make results out of date.

    Parameters
    ----------
    config : the configuration as loaded.
    files : configuration files that it came from, examined for duplicate keys.

    Raises
    ------
    ConfigError
        If anything is wrong. Every problem is named: first those of the files' syntax and names, then those of
        `site_defaults` and tables, which would appear with each site, then all others.
    """
    plain = _plain(config)
    for problems in (
        [problem for path in files for problem in duplicate_keys(path)],
        list(_name_problems(plain, ())),
        [problem for study in STUDIES for problem in _default_problems(study, plain.get(study))],
    ):
        if problems:
            raise ConfigError(problems)
    tables = with_tables(plain)
    try:
        # without warnings: a whole number where a number is expected stays one
        return Config.model_validate(tables.config).model_dump(warnings=False)
    except ValidationError as error:
        lines = lines_of(error, tables.config)
        raise ConfigError(locate(line, tables.origins) for line in lines) from None


def duplicate_keys(path: str | Path) -> list[str]:
    """Keys that a YAML file gives twice in one group: YAML would silently take the last.

    Returns
    -------
    One line a problem, naming the file, the key and both lines.

    Raises
    ------
    ConfigError
        If the file is not YAML.
    """
    try:
        root = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=LOADER)
    except yaml.YAMLError as error:
        raise ConfigError([f"{path} is not YAML: {' '.join(str(error).split())}"]) from error
    return [f"{path}: {problem}" for problem in _duplicates(root, (), set())]


def _plain(value: Any) -> Any:
    """Plain dicts and lists, dates as text: YAML reads 2019-09-12 as a date."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def _name_problems(value: Any, path: tuple[Any, ...]) -> Iterator[str]:
    """Keys that YAML has read as something else than text: no, 2024, null or a date."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                kind = "true or false (as it reads no, off, yes, on)" if isinstance(key, bool) else "nothing"
                kind = "a number or date" if not isinstance(key, bool) and key is not None else kind
                yield (
                    f"{dotted(path)}: found the name {found_text(key)}, which YAML reads as {kind}; expected text. "
                    "Write the name in quotes, or choose one that begins with a letter, such as site_2024."
                )
            yield from _name_problems(item, (*path, key if isinstance(key, str) else str(key)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _name_problems(item, (*path, place))


def _default_problems(study: str, config: Any) -> Iterator[str]:
    """Problems of the defaults that all sites of a study share, named once and not with each site."""
    defaults = config.get("site_defaults") if isinstance(config, Mapping) else None
    if isinstance(defaults, Mapping):
        try:
            STUDIES[study].site.model_validate(defaults)
        except ValidationError as error:
            yield from lines_of(error, defaults, (study, "site_defaults"), (study, "sites", "NAME"), partial=True)


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
