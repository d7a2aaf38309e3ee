"""The folder of a training's epochs: one process at a time, also after a kill."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from climate_indicators.core.process_state import process_mark
from climate_indicators.segmentation import checkpoint_folders as checkpoints
from climate_indicators.segmentation.checkpoint_folders import checkpoint_folder

LIBRARY = Path(__file__).resolve().parents[3] / "src"
LOGGER = logging.getLogger("test")
# a job that writes an epoch now and then, and complains if another one is in its folder
JOB = """
import logging, sys, time
from pathlib import Path
from climate_indicators.segmentation.checkpoint_folders import checkpoint_folder
root, output, epochs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
logging.basicConfig(level=logging.INFO)
with checkpoint_folder(root, {"seed": int(sys.argv[4])}, logging.getLogger(), pause_s=0.05) as folder:
    folder.mkdir(exist_ok=True)
    busy = folder / "busy"
    first = len(list(folder.glob("epoch_*")))
    print("first epoch", first, flush=True)
    for epoch in range(first, epochs):
        busy.touch(exist_ok=False)
        time.sleep(0.1)
        busy.unlink()
        (folder / f"epoch_{epoch}").touch()
    output.write_text(f"from {first}")
"""


def start(root, output, epochs, seed=1):
    line = [sys.executable, "-c", JOB, str(root), str(output), str(epochs), str(seed)]
    environment = os.environ | {"PYTHONPATH": str(LIBRARY)}
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition, limit_s=60):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def epochs_in(root):
    return len(list(root.glob("*/epoch_*")))


def test_a_second_job_waits_for_one_that_outlived_its_workflow_and_uses_its_epochs(tmp_path):
    root = tmp_path / ".training"
    orphan = start(root, tmp_path / "first", 15)
    wait_for(lambda: epochs_in(root) >= 2)
    second = start(root, tmp_path / "second", 15)
    for job in (orphan, second):
        _, errors = job.communicate(timeout=60)
        assert job.returncode == 0, errors
    assert f"waiting for the end of process {orphan.pid}" in errors
    assert (tmp_path / "first").read_text() == "from 0"
    assert (tmp_path / "second").read_text() == "from 15"
    assert not root.exists()


def test_a_second_job_goes_on_as_soon_as_the_first_one_is_killed(tmp_path):
    root = tmp_path / ".training"
    orphan = start(root, tmp_path / "first", 1000)
    wait_for(lambda: epochs_in(root) >= 2)
    second = start(root, tmp_path / "second", 8)
    wait_for(lambda: list(root.glob("waiting-*")))
    # stopped first, so that its mark of a second process does not come back; a killed one leaves the mark behind
    orphan.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    for busy in root.glob("*/busy"):
        busy.unlink(missing_ok=True)
    orphan.kill()
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 0, errors
    assert int((tmp_path / "second").read_text().removeprefix("from ")) >= 2
    assert not root.exists()
    orphan.communicate()


def test_a_job_of_other_settings_waits_as_well_and_starts_anew(tmp_path):
    root = tmp_path / ".training"
    first = start(root, tmp_path / "output", 10)
    wait_for(lambda: epochs_in(root) >= 1)
    second = start(root, tmp_path / "output", 3, seed=2)
    for job in (first, second):
        _, errors = job.communicate(timeout=60)
        assert job.returncode == 0, errors
    # the settings of the second job hold: it wrote last
    assert (tmp_path / "output").read_text() == "from 0"
    assert not root.exists()


def test_other_settings_start_anew_and_old_epochs_go(tmp_path):
    root = tmp_path / ".training"
    with pytest.raises(KeyError), checkpoint_folder(root, {"seed": 1}, LOGGER) as first:
        first.mkdir()
        raise KeyError
    with pytest.raises(KeyError), checkpoint_folder(root, {"seed": 1}, LOGGER) as again:
        assert again == first and first.exists()
        raise KeyError
    with checkpoint_folder(root, {"seed": 2}, LOGGER) as other:
        assert other != first and not first.exists()
    assert not root.exists()


def test_without_locks_each_process_has_a_folder_of_its_own(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(checkpoints.fcntl, "flock", refuse)
    root = tmp_path / ".training"
    left = root / f"0123456789abcdef-{process_mark().rpartition('-')[0]}-1"  # of a process that has ended
    of_others = root / "0123456789abcdef-ffffffff-1-1"  # of another machine: nobody knows whether it runs
    for folder in (left, of_others):
        folder.mkdir(parents=True)
    with checkpoint_folder(root, {"seed": 1}, LOGGER) as folder:
        assert folder.name.endswith(process_mark())
        folder.mkdir()
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == [of_others.name]
