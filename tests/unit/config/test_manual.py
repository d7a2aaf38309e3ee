"""The manual's tables and the schema for editors are those of the models."""

import json
import runpy
from pathlib import Path

import jsonschema
import pytest
import yaml

CONFIG = Path(__file__).resolve().parents[3] / "config"
STUDIES = [CONFIG / "config.yaml", *sorted((CONFIG / "examples").glob("*.yaml"))]


@pytest.fixture(scope="module")
def maker():
    return runpy.run_path(str(CONFIG / "make_manual.py"))


def test_manual_has_not_drifted_from_the_models(maker):
    text = (CONFIG / "README.md").read_text(encoding="utf-8")
    assert text == maker["manual"](text), "run: make manual"


def test_schema_for_editors_has_not_drifted_from_the_models(maker):
    assert (CONFIG / "schema.json").read_text(encoding="utf-8") == maker["editor_schema"](), "run: make manual"


def test_tables_show_unit_default_and_required_keys(maker):
    tables = maker["tables"]()
    assert "### `glacier.sites.NAME.scenes[]`" in tables
    assert "| `buffer_px` | Half width" in tables and "| px | `0.5` |" in tables
    assert "a whole number, at least 1900, at most 2200 |  | **required** |" in tables


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_examples_fit_the_schema_that_their_first_line_names(path):
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    named = path.parent / first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads(named.read_text(encoding="utf-8"))
    loaded = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
    jsonschema.Draft202012Validator(schema).validate(loaded)
