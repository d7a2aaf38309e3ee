"""The cluster of the lab, and the finished local run that its tables are compared with."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(Path(__file__).parent))

import slurm_lab  # noqa: E402
from cluster_runs import all_studies  # noqa: E402

from runs import run  # noqa: E402


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """Folder of a run of all four studies, made without a cluster and left alone; tests only read it."""
    folder = tmp_path_factory.mktemp("alone")
    text, passed = run(folder, all_studies())
    assert passed, text
    return folder


@pytest.fixture(scope="module", params=[False, True], ids=["without accounting", "with accounting"])
def lab(request):
    """A running cluster; it is taken down even if a test fails."""
    yield from running(accounting=request.param)


@pytest.fixture(scope="module")
def plain_lab():
    """A running cluster without accounting; not in one file with ``lab``: a machine has room for one cluster."""
    yield from running(accounting=False)


def running(accounting):
    """A cluster; where there can be none, the tests are skipped, or fail if ``LAB_REQUIRED`` is set to 1."""
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(slurm_lab.cluster(accounting))
        except slurm_lab.NoCluster as reason:
            (pytest.fail if os.environ.get("LAB_REQUIRED") == "1" else pytest.skip)(f"no SLURM here: {reason}")
        yield cluster
