"""What all tests share: the library on the path of this process and of the processes that tests start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = str(ROOT / "scripts")

if SCRIPTS not in sys.path:
    sys.path.insert(0, SCRIPTS)


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return ROOT
