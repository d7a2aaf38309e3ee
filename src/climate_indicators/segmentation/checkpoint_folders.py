"""Checkpoint folder of a training: locked by one process at a time, and resumed by another after its end."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from climate_indicators.core.process_state import process_mark, runs_still

_LOCK = "lock"
_WAITING = "waiting-"


@contextmanager
def checkpoint_folder(
    root: str | Path, depends_on: Mapping[str, Any], logger: logging.Logger, pause_s: float = 1.0
) -> Iterator[Path]:
    """Folder for the epochs of one training: another one for other patches, settings or code.

    If another process still trains into ``root``, such as a job that outlived a killed Snakemake, wait for its end and
    go on from its epochs. Folders of other trainings under ``root`` are removed at the start, and ``root`` itself if
    the block ends without an error, unless another process waits for it. Where the file system has no locks, each
    process has a separate folder.

    Parameters
    ----------
    root : folder of this network's trainings.
    depends_on : all that the result depends on, as JSON can write it.
    logger : receives messages about waiting.
    pause_s : seconds between two looks at the other process.

    Yields
    ------
    Path of the folder; it may not exist yet.
    """
    root = Path(root)
    name = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:16]
    lock = _locked(root, logger, pause_s)
    if lock is None:
        name = f"{name}-{process_mark()}"
    try:
        for other in root.iterdir():
            if other.is_dir() and other.name != name and (lock or _ended(other.name.partition("-")[2])):
                shutil.rmtree(other, ignore_errors=True)
        yield root / name
        if lock is None:
            shutil.rmtree(root / name, ignore_errors=True)
        elif not any(not _ended(one.name.removeprefix(_WAITING)) for one in root.glob(f"{_WAITING}*")):
            shutil.rmtree(root, ignore_errors=True)
    finally:
        if lock is not None:
            lock.close()


def _locked(root: Path, logger: logging.Logger, pause_s: float) -> TextIO | None:
    """Open lock file of ``root``; the process holds the lock until it closes the file or ends; None without locks.

    The system gives up a lock when its process ends, in whatever way, and keeps it for the processes of a network file
    system's other machines too.
    """
    told = False
    while True:
        root.mkdir(parents=True, exist_ok=True)
        waiting = root / f"{_WAITING}{process_mark()}"
        with suppress(FileNotFoundError):  # the folder may be removed by the process that was waited for
            lock = open(root / _LOCK, "a+", encoding="utf-8")  # noqa: SIM115
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    lock.seek(0)
                    holder = lock.read() or "of an earlier run"
                    logger.info("waiting for the end of process %s, which trains the same network", holder)
                    told = True
                lock.close()
                waiting.touch()
                time.sleep(pause_s)
                continue
            except OSError as error:
                lock.close()
                logger.info("no locks in %s (%s): this process starts in a separate folder", root, error.strerror)
                return None
            if _is_at(lock, root / _LOCK):
                lock.truncate(0)
                lock.write(str(os.getpid()))
                lock.flush()
                waiting.unlink(missing_ok=True)
                return lock
            lock.close()


def _is_at(lock: TextIO, path: Path) -> bool:
    """Whether a path still refers to an open file; the process with the lock may have removed it."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    return False


def _ended(mark: str) -> bool:
    """Whether the process of a mark has ended; an unreadable mark, or that of another machine, counts as running."""
    return runs_still(mark) is False
