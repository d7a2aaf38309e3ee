"""What all tests share: the library on the path of this process and of the processes that tests start; their order."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = str(ROOT / "src")
# finished runs, and the files of tests that read them: these stay in one process, so that each run is made once
READERS = {
    "demo": ("test_demo", "test_demo_truth"),
    "glacier": (
        "test_stale", "test_bad_input", "test_inputs", "test_results", "test_resume", "test_sites", "test_run_state",
    ),
    "snow": ("test_snow_images",),
    "carbon": ("test_carbon_images", "test_carbon"),
    "ocean": ("test_ocean", "test_ocean_inputs"),
}  # fmt: skip
FIRST = tuple(READERS)

if LIBRARY not in sys.path:
    sys.path.insert(0, LIBRARY)


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest groups begin first, then other runs, then tests of the library."""

    def order(item: pytest.Item) -> tuple[int, str]:
        group = group_of(item.nodeid)
        rank = FIRST.index(group) if group in FIRST else len(FIRST) + ("workflow" not in item.path.parts)
        return rank, group

    items.sort(key=order)


def pytest_xdist_make_scheduler(config, log):
    """Tests of one file, or of one finished run, go to one process."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRun(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByRun(config, log)


def group_of(nodeid: str) -> str:
    """Finished run that a test reads, or else the name of its file."""
    stem = Path(nodeid.split("::")[0]).stem
    if stem == "test_report":
        study = re.search(r"\[(\w+)\]$", nodeid)
        return study[1] if study and study[1] in READERS else "glacier"
    return next((run for run, files in READERS.items() if stem in files), nodeid.split("::")[0])
