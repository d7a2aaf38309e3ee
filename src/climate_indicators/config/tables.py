"""Sites and scenes listed in CSV tables, converted to the configuration that YAML would hold, before any job starts.

Column types come from the schema, which is made only if there is a table.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from climate_indicators.config.errors import ConfigError
from climate_indicators.config.schema import find, resolve, types_of
from climate_indicators.config.studies import STUDIES

SITE_NAME = re.compile(r"[a-z][a-z0-9_]*")
LIST_SIGN = ";"
# columns of a table of scenes, and the keys of a scene that they fill
SCENE_COLUMNS = {
    "year": "year",
    "date": "date",
    "tile": "tiles",
    "cloud_mask": "cloud_mask",
    "offset_dn": "offset_dn",
    "processing_baseline": "processing_baseline",
    "boa_offset_applied": "boa_offset_applied",
}
SCENE_NEEDED = ("site", "year", "tile")


@dataclass(frozen=True)
class ValueSource:
    """Where settings came from.

    Attributes
    ----------
    path, line : the table and the line in it, counted from 1, the header included.
    columns : for each key, dotted where nested, the column that gave it.
    """

    path: str
    line: int
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Tables:
    """What `with_tables` found: the settings, and for each key path such as ``glacier.sites.alp`` its line."""

    config: dict[str, Any]
    origins: dict[str, ValueSource] = field(default_factory=dict)


def with_tables(config: Mapping[str, Any]) -> Tables:
    """Configuration with the sites and scenes of all tables and every study's `site_defaults` filled in.

    Parameters
    ----------
    config : the configuration as loaded, before any check; what has another shape is left for the models to refuse.

    Raises
    ------
    ConfigError
        If a table cannot be read, names a site twice or has an unknown column. Every problem is named. Wrong values
        stay as text for the models to refuse.
    """
    filled, origins, problems = dict(config), {}, []
    for name, study in config.items():
        if not isinstance(study, Mapping) or name not in STUDIES:
            continue
        try:
            filled[name], found = _with_study_tables(name, study, str(config.get("data_dir") or "."))
            origins |= found
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return Tables(filled, origins)


def locate(problem: str, origins: Mapping[str, ValueSource]) -> str:
    """A problem of a setting that came from a table, with file, line and, where it has one, column in front."""
    key = re.match(r"[\w.\[\]]+", problem)
    path = key.group().rstrip(".") if key else ""
    while path:
        if path in origins:
            origin = origins[path]
            inner = key.group()[len(path) :].lstrip(".")
            column = next((origin.columns[name] for name in _inside_out(inner) if name in origin.columns), None)
            place = f"{origin.path}, line {origin.line}"
            return f"{place}: {problem}" if column is None else f"{place}, column {column}: {problem}"
        path = re.sub(r"(^|\.)\w+$|\[\d+\]$", "", path)
    return problem


def flatten(part: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Keys that one cell of a table can hold, dotted where nested, each with its (resolved) part of the schema."""
    for key, raw in part.get("properties", {}).items():
        inner = resolve(raw)
        if "properties" in inner:
            yield from flatten(inner, f"{path}{key}.")
        elif "properties" not in resolve(inner.get("items", {})):
            yield f"{path}{key}", inner


def cell_value(text: str, part: Mapping[str, Any]) -> Any:
    """A cell as the type that its key asks for; the text itself where it is none, for the models to refuse.

    Lists are divided by semicolons; ``null`` is null where the key may be null.
    """
    types = types_of(part) or ["string"]
    if text == "null" and "null" in types:
        return None
    if "array" in types and not ("string" in types and LIST_SIGN not in text):
        items = resolve(part.get("items", {}))
        return [cell_value(item.strip(), items) for item in text.split(LIST_SIGN) if item.strip()]
    if "boolean" in types and text.lower() in ("true", "false"):
        return text.lower() == "true"
    for name, number in (("integer", int), ("number", float)):
        if name in types:
            try:
                return number(text)
            except ValueError:
                continue
    return text


def _with_study_tables(
    name: str, study: Mapping[str, Any], data_dir: str
) -> tuple[dict[str, Any], dict[str, ValueSource]]:
    defaults, table = study.get("site_defaults") or {}, study.get("site_table")
    scene_table = study.get("scene_table")
    given = study.get("sites")
    if not isinstance(defaults, Mapping) or not isinstance(given, Mapping | None):
        return dict(study), {}
    sites, origins = dict(given or {}), {}
    if isinstance(table, str):
        rows, origins = _site_rows(name, str(Path(data_dir) / table), sites)
        sites |= rows
    sites = {site: _merged(defaults, own) if isinstance(own, Mapping) else own for site, own in sites.items()}
    if isinstance(scene_table, str):
        found = _add_scenes(name, str(Path(data_dir) / scene_table), sites)
        origins |= found
    return {**study, **({"sites": sites} if sites or given is not None else {})}, origins


def _site_rows(study: str, path: str, known: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, ValueSource]]:
    parts = dict(flatten(find((study, "sites", "NAME"))[0]))
    columns, rows = _read(path, f"{study}.site_table", ("site",), ("site", *parts))
    sites, origins, problems = {}, {}, []
    for number, row in rows:
        name, place = row["site"], f"{path}, line {number}, column site"
        if not SITE_NAME.fullmatch(name):
            problems.append(
                f"{place}: found the name {name!r}; names have lower-case letters, digits and underscores and start "
                "with a letter."
            )
        elif f"{study}.sites.{name}" in origins:
            first = origins[f"{study}.sites.{name}"].line
            problems.append(f"{place}: found {name!r}, which line {first} has already; a site has one line.")
        elif name in known:
            problems.append(f"{place}: found {name!r}, which {study}.sites names too; list a site in one place.")
        cells = {column: row[column] for column in columns if column != "site" and row[column]}
        sites[name] = _nested({column: cell_value(text, parts[column]) for column, text in cells.items()})
        origins[f"{study}.sites.{name}"] = ValueSource(path, number, {column: column for column in cells})
    if problems:
        raise ConfigError(problems)
    return sites, origins


def _add_scenes(study: str, path: str, sites: dict[str, Any]) -> dict[str, ValueSource]:
    """Put the scenes of a table into their sites; where each scene came from."""
    scene = (study, "sites", "NAME", "scenes", 0)
    parts = {column: find((*scene, key))[0] for column, key in SCENE_COLUMNS.items()}
    parts["tile"] = find((*scene, "tiles", 0))[0]
    _, rows = _read(path, f"{study}.scene_table", SCENE_NEEDED, ("site", *SCENE_COLUMNS))
    scenes: dict[tuple[str, str], dict[str, Any]] = {}
    origins, listed, problems = {}, {}, []
    for number, row in rows:
        site, place = row["site"], f"{path}, line {number}"
        own = sites.get(site)
        if not isinstance(own, Mapping):
            near = difflib.get_close_matches(site, sites, n=1)
            problems.append(f"{place}, column site: no site is called {site!r}.{_did_you_mean(near)}")
            continue
        if own.get("scenes") and site not in listed:
            problems.append(f"{place}: site {site!r} has scenes in {study}.sites too; list them in one place.")
            continue
        values = {column: cell_value(row[column], parts[column]) for column in parts if row.get(column)}
        scene = scenes.get((site, row["year"]))
        if scene is None:
            of_site = listed.setdefault(site, [])
            where = f"{study}.sites.{site}.scenes[{len(of_site)}]"
            columns = {SCENE_COLUMNS[column]: column for column in values}
            origins[where] = ValueSource(path, number, columns)
            scene = scenes[site, row["year"]] = {"tiles": []}
            of_site.append(scene)
        if "tile" in values:
            scene["tiles"].append(values.pop("tile"))
        for column, value in values.items():
            if scene.setdefault(column, value) != value:
                problems.append(
                    f"{place}, column {column}: found {value!r}, but an earlier line of site {site!r}, year "
                    f"{row['year']}, has {scene[column]!r}; the tiles of a year are one scene. Leave it empty."
                )
    if problems:
        raise ConfigError(problems)
    for site, of_site in listed.items():
        sites[site] = {**sites[site], "scenes": of_site}
    return origins


def _read(
    path: str, key: str, needed: tuple[str, ...], known: tuple[str, ...]
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Columns of a table, and its rows, each with its line; cells without the blanks around them."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([f"{key}: {path} cannot be read as a table (CSV, UTF-8, commas): {error}"]) from error
    rows = [(number, row) for number, row in rows if any(row)]
    problems = list(_header_problems(path, header, needed, known))
    if not problems and not rows:
        problems.append(f"{path}: the table has no line below its header; expected one a site or tile.")
    for number, row in rows:
        if not problems and len(row) != len(header):
            problems.append(
                f"{path}, line {number}: found {len(row)} cells, expected {len(header)}, one a column "
                f"({', '.join(header)}). A cell with a comma stands in double quotes."
            )
    if problems:
        raise ConfigError(problems)
    table = [(number, dict(zip(header, row, strict=True))) for number, row in rows]
    empty = [
        f"{path}, line {number}, column {name}: empty; every line needs it."
        for number, row in table
        for name in needed
        if not row[name]
    ]
    if empty:
        raise ConfigError(empty)
    return header, table


def _header_problems(path: str, header: list[str], needed: tuple[str, ...], known: tuple[str, ...]) -> Iterator[str]:
    missing = [name for name in needed if name not in header]
    if missing:
        yield f"{path}, line 1: no column {', '.join(missing)}; found {', '.join(header) or 'an empty file'}."
        return
    for position, name in enumerate(header):
        if name in header[:position]:
            yield f"{path}, line 1: column {name} stands there twice; keep one."
        elif name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            expected = _did_you_mean(near) if near else f" Expected one of {', '.join(known)}."
            yield f"{path}, line 1: unknown column {name or '(without a name)'!r}.{expected}"


def _did_you_mean(near: list[str]) -> str:
    return f" Did you mean {near[0]}?" if near else ""


def _nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as groups within groups."""
    groups: dict[str, Any] = {}
    for column, value in cells.items():
        *path, key = column.split(".")
        group = groups
        for step in path:
            group = group.setdefault(step, {})
        group[key] = value
    return groups


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Own settings, and from the defaults what they leave out, group by group."""
    merged = dict(defaults)
    for key, value in own.items():
        inner = defaults.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged


def _inside_out(path: str) -> Iterator[str]:
    """A key path and the ones around it: ``outlines.path``, ``outlines``; without positions in lists."""
    path = re.sub(r"\[\d+\]", "", path)
    while path:
        yield path
        path = path.rpartition(".")[0]
