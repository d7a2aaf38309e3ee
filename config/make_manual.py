"""Write the key tables of config/README.md from config/schema.yaml.

Run ``python config/make_manual.py`` after a change of the schema; a test compares the two.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "src"))

from climate_indicators.config.validation import allowed, load_schema, resolve  # noqa: E402

BEGIN = "<!-- keys: begin (made from schema.yaml by make_manual.py; do not edit) -->"
END = "<!-- keys: end -->"
HEAD = "| key | meaning | allowed | unit | default |\n|---|---|---|---|---|"


def tables(schema: Mapping[str, Any]) -> str:
    """All key tables as Markdown, one section a group of keys, in the schema's order."""
    return "\n\n".join(_sections("", schema, schema))


def manual(text: str, schema: Mapping[str, Any]) -> str:
    """The manual with everything between its two markers made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables(schema)}\n\n{END}{rest.split(END)[1]}"


def _sections(path: str, group: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    lines = {key: resolve(line, root) for key, line in group.get("properties", {}).items()}
    plain = {key: line for key, line in lines.items() if _group(line, root) is None}
    heading = f"### `{path}`\n\n{group['description']}" if path else "### Top level"
    if plain:
        required = set(group.get("required", ()))
        rows = [_row(key, line, key in required) for key, line in plain.items()]
        yield "\n".join([f"{heading}\n", HEAD, *rows])
    for key, line in lines.items():
        inner = _group(line, root)
        if inner is not None:
            suffix, keys = inner
            described = {**keys, "description": line["description"]}
            yield from _sections(f"{path}.{key}{suffix}".removeprefix("."), described, root)


def _group(line: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Suffix and keys of a line that holds a group of keys, a group for each name, or a list of groups; else None."""
    if "properties" in line:
        return "", dict(line)
    for keyword, suffix in (("additionalProperties", ".NAME"), ("items", "[]")):
        inner = line.get(keyword)
        if isinstance(inner, Mapping) and "properties" in (keys := resolve(inner, root)):
            return suffix, keys
    return None


def _row(key: str, line: Mapping[str, Any], required: bool) -> str:
    default = "**required**" if required else f"`{json.dumps(line['default'], ensure_ascii=False)}`"
    cells = [f"`{key}`", line["description"], allowed(line), line.get("unit", ""), default]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    page = FOLDER / "README.md"
    page.write_text(manual(page.read_text(encoding="utf-8"), load_schema(FOLDER / "schema.yaml")), encoding="utf-8")
