"""Write what follows from the models of the configuration: the key tables of README.md, and schema.json for editors.

Run ``python config/make_manual.py`` after a change of a model; a test compares the files with what would be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "src"))

from climate_indicators.config.schema import allowed, resolve, schema  # noqa: E402

BEGIN = "<!-- keys: begin (made from the models by make_manual.py; do not edit) -->"
END = "<!-- keys: end -->"
HEAD = "| key | meaning | allowed | unit | default |\n|---|---|---|---|---|"


def tables() -> str:
    """All key tables as Markdown, one section a group of keys, in the order of the models."""
    return "\n\n".join(_sections("", schema()))


def manual(text: str) -> str:
    """The manual with new tables between its two markers."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"


def editor_schema() -> str:
    """JSON schema for editors, one group of keys a line.

    Sites, and keys that they need, may come from a table or from `site_defaults`: they are not required here.
    """
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "climate-indicators", **schema()}
    groups = {
        name: {key: value for key, value in part.items() if key != "required" or _is_required(name, part)}
        for name, part in whole.pop("$defs").items()
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {_line(part)}" for name, part in groups.items())
    return f'{_line(whole)[:-1]},\n"$defs": {{\n{lines}\n}}}}\n'


def _is_required(name: str, part: Mapping[str, Any]) -> bool:
    return not ("site_defaults" in part["properties"] or name.endswith("Site"))


def _line(part: Mapping[str, Any]) -> str:
    return json.dumps(part, ensure_ascii=False)


def _sections(path: str, group: Mapping[str, Any]) -> Iterator[str]:
    parts = {key: resolve(part) for key, part in group.get("properties", {}).items()}
    plain = {key: part for key, part in parts.items() if _group(part) is None}
    heading = f"### `{path}`\n\n{group['description']}" if path else "### Top level"
    if plain:
        required = set(group.get("required", ()))
        rows = [_row(key, part, key in required) for key, part in plain.items()]
        yield "\n".join([f"{heading}\n", HEAD, *rows])
    for key, part in parts.items():
        inner = _group(part)
        if inner is not None:
            suffix, keys = inner
            described = {**keys, "description": part["description"]}
            yield from _sections(f"{path}.{key}{suffix}".removeprefix("."), described)


def _group(part: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Suffix and keys of a part that holds a group of keys, a group for each name, or a list of groups; else None."""
    if "properties" in part:
        return "", dict(part)
    for keyword, suffix in (("additionalProperties", ".NAME"), ("items", "[]")):
        inner = part.get(keyword)
        if isinstance(inner, Mapping) and "properties" in (keys := resolve(inner)):
            return suffix, keys
    return None


def _row(key: str, part: Mapping[str, Any], required: bool) -> str:
    default = "**required**" if required else f"`{json.dumps(part['default'], ensure_ascii=False)}`"
    cells = [f"`{key}`", part["description"], allowed(part), part.get("unit", ""), default]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    page = FOLDER / "README.md"
    page.write_text(manual(page.read_text(encoding="utf-8")), encoding="utf-8")
    (FOLDER / "schema.json").write_text(editor_schema(), encoding="utf-8")
