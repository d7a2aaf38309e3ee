"""Files written whole or not at all, also by several processes at once and after one was killed."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from climate_indicators.core import process_state as processes
from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.process_state import process_mark, runs_still

# marks of processes of this machine: one that ended, and one whose number is taken
MACHINE = process_mark().partition("-")[0]
ENDED, OTHER = f"{MACHINE}-{os.getpid()}-1", f"{MACHINE}-1-5"

WRITER = """
import sys
import time
from climate_indicators.core.atomic_files import atomic_path

with atomic_path(sys.argv[1]) as temporary:
    if sys.argv[2] == "folder":
        temporary.mkdir()
        (temporary / "a").write_text("theirs")
    else:
        temporary.write_text("theirs")
    print("written", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=["file", "folder"])
def other(request, root, tmp_path):
    """Another process amid writing a target; its kind."""
    line = [sys.executable, "-c", WRITER, str(tmp_path / "x.out"), request.param]
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    process = subprocess.Popen(line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "written\n"
    yield process, request.param
    process.kill()
    process.communicate()


def write(path, kind, text="ours"):
    with atomic_path(path) as temporary:
        if kind == "folder":
            temporary.mkdir()
        (temporary / "a" if kind == "folder" else temporary).write_text(text)


def content(path):
    return (path / "a" if path.is_dir() else path).read_text()


def test_two_processes_that_write_one_target_do_not_hurt_each_other(other, tmp_path):
    process, kind = other
    path = tmp_path / "x.out"
    write(path, kind)
    assert content(path) == "ours"
    process.communicate("go on\n", timeout=60)
    assert process.returncode == 0 and content(path) == "theirs"
    assert [one.name for one in tmp_path.iterdir()] == ["x.out"]


def test_what_a_killed_process_left_is_removed_and_the_target_was_never_there(other, tmp_path):
    process, kind = other
    process.kill()
    process.wait()
    assert not (tmp_path / "x.out").exists() and len(list(tmp_path.iterdir())) == 1
    write(tmp_path / "x.out", kind)
    assert [one.name for one in tmp_path.iterdir()] == ["x.out"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_threads_may_write_one_target(tmp_path, kind):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write(tmp_path / "x.out", kind, str(number)), range(100)))
    assert content(tmp_path / "x.out").isdigit()
    assert [one.name for one in tmp_path.iterdir()] == ["x.out"]


def test_part_of_another_machine_goes_when_nothing_moved_for_a_day(tmp_path):
    new, old = (tmp_path / f".x.part-00000000-{number}-5-0.out" for number in (1, 2))
    for part in (new, old):
        part.mkdir()
        (part / "a").write_text("")
    past = time.time() - 2 * 86400
    for path in (new, old, old / "a"):
        os.utime(path, (past, past))
    write(tmp_path / "x.out", "file")
    assert sorted(one.name for one in tmp_path.iterdir()) == [new.name, "x.out"]


def test_part_that_cannot_be_removed_does_no_harm(tmp_path, monkeypatch):
    left = tmp_path / f".x.part-{ENDED}-0.out"
    left.write_text("another user's")
    unlink = os.unlink

    def refused(path, *more, **options):
        if os.fspath(path) == str(left):
            raise PermissionError(path)
        unlink(path, *more, **options)

    monkeypatch.setattr(os, "unlink", refused)
    write(tmp_path / "x.out", "file")
    assert content(tmp_path / "x.out") == "ours" and left.exists()


def test_failure_leaves_nothing_and_the_old_target(tmp_path):
    write(tmp_path / "x.out", "file", "old")
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "x.out") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert content(tmp_path / "x.out") == "old" and len(list(tmp_path.iterdir())) == 1


def test_mark_tells_the_living_from_the_dead_and_from_a_later_process_of_the_same_number():
    mark = process_mark()
    machine, number, begin = mark.split("-")
    assert runs_still(mark) is True and runs_still(f"{mark}-7.tif") is True
    assert runs_still(f"{machine}-{number}-{int(begin) + 1}") is False
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert runs_still(f"{machine}-{ended.pid}-{begin}") is False
    assert runs_still(f"00000000-{number}-{begin}") is None and runs_still("") is None
    assert runs_still(ENDED) is False


def test_process_that_one_may_not_see_runs(monkeypatch):
    # clusters mount /proc so that only one's own processes show
    monkeypatch.setattr(processes, "_begin", lambda number: "x")

    def refused(number, signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)
    assert runs_still(OTHER) is True
