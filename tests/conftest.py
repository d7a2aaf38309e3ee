"""What all tests share: the library on the path of this process and of the processes that tests start; their order."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = str(ROOT / "scripts")
# finished runs that several files read: their tests stay in one process, so that each run is made once
RUNS = {"finished": "glacier", "finished_snow": "snow", "finished_carbon": "carbon", "finished_ocean": "ocean"}

if SCRIPTS not in sys.path:
    sys.path.insert(0, SCRIPTS)


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return ROOT


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file, or of one finished run, in one process; the longest of these groups begin first."""
    groups = {item: _group(item) for item in items}
    weights = {"test_demo": 0, **dict.fromkeys((f"run of {study}" for study in RUNS.values()), 1)}
    items.sort(key=lambda item: (weights.get(groups[item], 2 if "workflow" in item.path.parts else 3), groups[item]))
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item) -> str:
    study = getattr(item, "callspec", None) and item.callspec.params.get("study")
    runs = [RUNS[name] for name in getattr(item, "fixturenames", ()) if name in RUNS]
    if item.path.stem == "test_report" and study:
        runs = [study]
    return f"run of {runs[0]}" if runs else item.path.stem
