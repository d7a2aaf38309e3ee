"""Marks that identify the process that wrote a file, to check if it still runs; standard library only."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path

# machine, number, start time: only letters, digits and hyphens, so that a mark can be part of a file name
_PARTS = 3
# start time of a process if the system does not provide it
_UNTOLD = "x"


def process_mark() -> str:
    """Mark of this process: a digest of the machine's name, its number, and when it began."""
    return f"{_machine()}-{os.getpid()}-{_begin(os.getpid())}"


def runs_still(mark: str) -> bool | None:
    """Whether the process of a mark still runs; None if unknown, for example on another machine.

    Process numbers are reused; the start time distinguishes the processes.
    """
    machine, number, begin = (*mark.split("-"), "", "", "")[:_PARTS]
    if machine != _machine() or not number.isdigit():
        return None
    now = _begin(int(number))
    if _UNTOLD not in (begin, now):
        return now == begin
    # also if processes of other users are not visible
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


@cache
def _machine() -> str:
    """Digest of the machine's name and of what its numbers of processes count in: each container has its own."""
    try:
        count = os.readlink("/proc/self/ns/pid")
    except OSError:
        count = ""
    return hashlib.sha256(f"{platform.node()} {count}".encode()).hexdigest()[:8]


def _begin(number: int) -> str:
    """When a process began, in ticks since the machine did; `_UNTOLD` also where there is none of this number."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _UNTOLD
    # the name before it, in parentheses, may hold spaces; a process that ended and waits for its parent is dead
    state, *fields = text.rpartition(")")[2].split()
    return "ended" if state in "ZX" else fields[18]
