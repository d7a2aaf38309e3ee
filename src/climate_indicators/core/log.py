"""Logs of scripts: one file a rule, tracebacks included, warnings for the user, progress with counts and time left."""

from __future__ import annotations

import csv
import logging
import sys
import threading
import time
import traceback
from pathlib import Path
from types import TracebackType

from climate_indicators.core.credentials import without_credentials
from climate_indicators.core.errors import InputError
from climate_indicators.core.made_folders import missing_parts


class WarningTable(logging.Handler):
    """Write every warning of a job, one CSV row each, next to its log; the run collects these files at its end.

    Parameters
    ----------
    path : CSV to write, `warnings_path` of the log; what an earlier run of the job left there is removed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(BlankingFormatter())
        self._path = path
        path.unlink(missing_ok=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Append the message of a warning. Errors are left to the table of failures."""
        if record.levelno != logging.WARNING:
            return
        with open(self._path, "a", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow([self.format(record)])


def warnings_path(log: str | Path) -> Path:
    """File of the warnings of the job that writes ``log``."""
    return Path(log).with_suffix(".warnings.csv")


class BlankingFormatter(logging.Formatter):
    """Formatter that blanks credentials of the environment in the whole entry, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry without credentials."""
        return without_credentials(super().format(record))


def start_log(path: str | Path, name: str) -> logging.Logger:
    """Logger of one script, writing to its rule's log file and, from warnings on, to the terminal.

    Warnings of the library and of the script are also written to `warnings_path` of the log, for the table of warnings.
    Also sends an uncaught exception to the log, with the `missing_parts` of folders that it names. An `InputError`
    reaches the terminal as its message alone. Credentials of the environment are blanked everywhere, in tracebacks too.

    Parameters
    ----------
    path : the rule's log file; its folder is created.
    name : name of the rule, the start of every line on the terminal.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger("climate_indicators")
    logger.setLevel(logging.INFO)
    logger.handlers.clear()
    logger.propagate = False
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(BlankingFormatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    to_terminal = logging.StreamHandler()
    to_terminal.setLevel(logging.WARNING)
    to_terminal.setFormatter(BlankingFormatter(f"{name}: %(message)s"))
    logger.addHandler(to_file)
    logger.addHandler(to_terminal)
    logger.addHandler(WarningTable(warnings_path(path)))
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(to_file)

    def on_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        advice = missing_parts(str(error))
        said = f"{error}\n{advice}" if advice else str(error)
        record = logger.makeRecord(logger.name, logging.ERROR, "", 0, "%s", (said,), (kind, error, trace))
        to_file.handle(record)
        if issubclass(kind, InputError):
            text = f"Error in {name}: {said}\n"
        else:
            text = "".join(traceback.format_exception(kind, error, trace)) + (f"{advice}\n" if advice else "")
        sys.stderr.write(without_credentials(text))

    sys.excepthook = on_error
    threading.excepthook = lambda failed: on_error(*failed[:3])
    return logger


class Progress:
    """Lines such as ``window 12/96 · 14 s · about 1 min left``, at most one every few seconds.

    Parameters
    ----------
    logger : where the lines go.
    total : number of steps.
    what : noun of one step.
    every_s : shortest time between two lines, in seconds.
    """

    def __init__(self, logger: logging.Logger, total: int, what: str, every_s: float = 5.0) -> None:
        self._logger, self._total, self._what, self._every = logger, total, what, every_s
        self._start = self._last = time.monotonic()
        self._done = 0

    def step(self, count: int = 1, detail: str = "") -> None:
        """Count ``count`` further steps; ``detail`` is put before the times."""
        self._done += count
        now = time.monotonic()
        if now - self._last < self._every and self._done < self._total:
            return
        self._last = now
        spent = now - self._start
        left = spent / self._done * (self._total - self._done)
        parts = [f"{self._what} {self._done}/{self._total}", detail, duration(spent), f"about {duration(left)} left"]
        self._logger.info(" · ".join(part for part in parts if part))


def duration(seconds: float) -> str:
    """A duration as text: ``8 s``, ``6 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
