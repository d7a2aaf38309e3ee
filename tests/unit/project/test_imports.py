"""The packages of the library use each other in one direction, and no module imports itself through others."""

import ast
from pathlib import Path

import pytest

from climate_indicators.config.studies import STUDIES

LIBRARY = Path(__file__).resolve().parents[3] / "src" / "climate_indicators"
BASE = {"core", "geo", "stats"}
# what each package may import besides itself
ALLOWED = {
    "core": set(),
    "geo": {"core"},
    "stats": {"core"},
    "download": {"core", "geo"},
    "segmentation": BASE,
    **{study: BASE | {"download", "segmentation"} for study in STUDIES},
    "plotting": BASE | {"segmentation", *STUDIES},
    "synthetic": {"core", "geo"},
    "config": {"core"},
    "workflow_tools": {"core"},
}


def imports():
    """The library's modules, and of each the modules that it imports, inside functions too."""
    names = {}
    for path in LIBRARY.rglob("*.py"):
        parts = path.relative_to(LIBRARY).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    found = {}
    for name, path in names.items():
        used = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: imports by full names only"
                used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
        used = {one.removeprefix("climate_indicators.") for one in used if one.startswith("climate_indicators.")}
        found[name] = {one for one in used if one in names and one != name}
    return found


IMPORTS = imports()


@pytest.mark.parametrize("package", sorted(path.name for path in LIBRARY.iterdir() if (path / "__init__.py").exists()))
def test_a_package_imports_only_those_below_it(package):
    wrong = {
        f"{name} imports {other}"
        for name, used in IMPORTS.items()
        for other in used
        if name.split(".")[0] == package and other.split(".")[0] not in {package} | ALLOWED[package]
    }
    assert wrong == set()


def test_no_module_imports_itself_through_others():
    done, cycles = set(), []

    def visit(name, path):
        if name in path:
            cycles.append([*path[path.index(name) :], name])
        elif name not in done:
            for other in sorted(IMPORTS[name]):
                visit(other, [*path, name])
            done.add(name)

    for name in sorted(IMPORTS):
        visit(name, [])
    assert cycles == []


def test_modules_are_found():
    """A check of nothing would pass."""
    assert len(IMPORTS) > 250
    assert "core.errors" in IMPORTS["geo.rasters.guard"]
