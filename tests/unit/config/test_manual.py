"""The manual's tables are those of the schema."""

import copy
import runpy
from pathlib import Path

import pytest

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="module")
def maker():
    return runpy.run_path(str(CONFIG / "make_manual.py"))


def test_manual_has_not_drifted_from_the_schema(maker):
    text = (CONFIG / "README.md").read_text(encoding="utf-8")
    expected = maker["manual"](text, maker["load_schema"](CONFIG / "schema.yaml"))
    assert text == expected, "run: python config/make_manual.py"


def test_tables_show_unit_default_and_required_keys(maker):
    tables = maker["tables"](maker["load_schema"](CONFIG / "schema.yaml"))
    assert "### `glacier.sites.NAME.scenes[]`" in tables
    assert "| `buffer_px` | Half width" in tables and "| px | `0.5` |" in tables
    assert "a whole number, at least 1900, at most 2200 |  | **required** |" in tables


def test_a_changed_default_changes_the_manual(maker):
    schema = maker["load_schema"](CONFIG / "schema.yaml")
    changed = copy.deepcopy(schema)
    changed["$defs"]["training"]["properties"]["epochs"]["default"] = 41
    assert maker["tables"](changed) == maker["tables"](schema).replace("100000 |  | `40` |", "100000 |  | `41` |")
