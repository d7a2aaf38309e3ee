"""The cluster of the lab, and the finished local run that its tables are compared with."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "workflow"), str(Path(__file__).parent)]

import slurm_lab  # noqa: E402
from runs import SMALL, run  # noqa: E402


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """Folder of the small glacier run, made without a cluster and left alone; tests only read it."""
    folder = tmp_path_factory.mktemp("alone")
    text, passed = run(folder, SMALL)
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
    reason = slurm_lab.why_not(accounting)
    if reason:
        pytest.skip(reason)
    with slurm_lab.cluster(accounting) as cluster:
        yield cluster
