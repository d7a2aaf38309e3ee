"""A killed run: the same command again finishes the work, with the tables of a run that was left alone."""

import pytest

from runs import SMALL, run, run_until, tables

pytestmark = pytest.mark.long
SITE = "results/glacier/small"


def in_patching(folder):
    # the finished file counts as well, in case a busy machine looks too late: its job has not been reported done
    return any((folder / SITE).glob(".patches.part-*")) or (folder / SITE / "patches.h5").exists()


def in_training(folder):
    return any((folder / SITE / ".training").glob("*/epoch_00002"))


def in_prediction(folder):
    maps = folder / SITE / "probability"
    return any(maps.glob(".*.part-*")) or any(maps.glob("*.tif"))


@pytest.mark.parametrize("moment", [in_patching, in_training, in_prediction], ids=lambda moment: moment.__name__)
def test_the_same_command_finishes_a_killed_run(finished, tmp_path, moment):
    run_until(tmp_path, SMALL, lambda: moment(tmp_path))
    assert not (tmp_path / "results/manifest.csv").exists()
    text, passed = run(tmp_path, SMALL)
    assert passed, text
    for table in tables(finished):
        if "benchmarks" not in table.parts:
            assert (tmp_path / table).read_bytes() == (finished / table).read_bytes(), table
    if moment is in_training:
        log = (tmp_path / "logs/glacier/small/train.log").read_text()
        assert "going on after epoch" in log and "epoch 1/4" not in log
    assert not [
        path for path in (tmp_path / "results").rglob("*") if ".part-" in path.name or ".training" in path.parts
    ]
