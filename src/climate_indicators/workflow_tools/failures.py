"""Reasons why jobs of a run failed: a table with one row per job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from climate_indicators.workflow_tools.snakemake_log import Job

COLUMNS = ("study", "site", "rule", "wildcards", "reason", "log")

# a line written by `climate_indicators.core.log.start_log`
_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (\w+) (.*)")
# from a scheduler, such as "slurmstepd: error: Detected 1 oom_kill event"
_SCHEDULER = re.compile(r"(?:slurmstepd|srun|sbatch): error: (.*)")


def place_of(job: Job) -> tuple[str, str]:
    """Study and site of a job, from the folder of its log, ``logs/STUDY/SITE/``; empty if there is none."""
    parts = Path(job.logs[0]).parts if job.logs else ()
    if "logs" not in parts:
        return "", ""
    folders = parts[parts.index("logs") + 1 : -1]
    return (*folders, "", "")[0], (*folders, "", "")[1]


def failure_rows(jobs: Iterable[Job], folder: Path) -> list[dict[str, str]]:
    """Rows of the table of failures, one per job, with the columns ``COLUMNS``.

    Parameters
    ----------
    jobs : jobs that failed.
    folder : folder of the run; paths of logs are relative to it.
    """
    rows = []
    for job in jobs:
        study, site = place_of(job)
        texts = [_read(folder / log, job) for log in job.logs]
        log = job.logs[0] if job.logs else ""
        rows.append(dict(zip(COLUMNS, (study, site, job.rule, job.wildcards, reason(texts), log), strict=True)))
    return rows


def reason(texts: Iterable[str]) -> str:
    """Reason why a job failed, on one line: the last error of its logs, else the scheduler message or the last line.

    Parameters
    ----------
    texts : contents of its log files, the rule's own first.
    """
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    errors = _errors(lines)
    if errors:
        return errors[-1]
    told = [found[1] for line in lines if (found := _SCHEDULER.search(line))]
    if told:
        return told[-1]
    if not lines:
        return "ended without writing to its log"
    return f"ended without an error message; last line of its log: {lines[-1].strip()}"


def _errors(lines: Iterable[str]) -> list[str]:
    """Error messages in a log, each on one line; the lines after a record belong to it up to its traceback."""
    messages: list[list[str]] = []
    is_open = False
    for line in lines:
        if record := _RECORD.match(line):
            is_open = record[1] in ("ERROR", "CRITICAL")
            messages += [[record[2]]] if is_open else []
        elif line.startswith("Traceback"):
            is_open = False
        elif is_open:
            messages[-1].append(line.strip())
    return [" ".join(parts).strip() for parts in messages]


def short_list(rows: list[dict[str, str]], table: str, most: int = 10) -> str:
    """At most ``most`` failures as text for the terminal, and the path of the complete table."""
    lines = [f"  {described(row)}: {row['reason']}" for row in rows[:most]]
    more = [f"  and {len(rows) - most} more"] if len(rows) > most else []
    count = "1 job" if len(rows) == 1 else f"{len(rows)} jobs"
    return "\n".join([f"{count} failed, listed in {table}:", *lines, *more, ""])


def described(row: Mapping[str, str]) -> str:
    """Study, site and rule of a row, and its other wildcards: ``glacier demo scene (scene=2023)``."""
    others = [pair for pair in row["wildcards"].split(", ") if pair and pair.split("=")[0] not in ("study", "site")]
    named = [row["study"], row["site"], row["rule"], f"({', '.join(others)})" if others else ""]
    return " ".join(word for word in named if word)


def _read(path: Path, job: Job) -> str:
    """Text of a log; empty if it is missing or was written by an earlier run, before the job began."""
    if not path.is_file() or (job.started and path.stat().st_mtime < job.started.timestamp() - 1):
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
