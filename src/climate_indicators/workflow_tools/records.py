"""Records of a run: the plan of its jobs next to Snakemake's log, and the table of its failures."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from climate_indicators.core.process_state import process_mark, runs_still
from climate_indicators.workflow_tools.failures import COLUMNS, failure_rows, short_list
from climate_indicators.workflow_tools.snakemake_log import Job, Run, read_run, with_plan

PLAN = ("jobid", "rule", "wildcards", "log", "process")
# a run on another machine cannot be checked: it counts as ended if its log has not grown for this time
_FORGOTTEN_S = 86400


def plan_path(log: str | Path) -> Path:
    """Path of the plan for a log of Snakemake."""
    return Path(log).with_suffix(".jobs.csv")


def write_plan(jobs: Iterable[Job], log: str | Path) -> None:
    """Write the planned jobs of a run next to its log; the log does not list waiting jobs.

    Deletes plans of ended runs, but not those of other active runs in the same folder.
    """
    path, mark = plan_path(log), process_mark()
    for old in path.parent.glob("*.jobs.csv"):
        if not _is_followed(old):
            old.unlink(missing_ok=True)
    rows = (
        {"jobid": j.jobid, "rule": j.rule, "wildcards": j.wildcards, "log": ", ".join(j.logs), "process": mark}
        for j in jobs
    )
    _write(rows, PLAN, path)


def _is_followed(plan: Path) -> bool:
    """Whether the run of a plan is still active, as far as known."""
    try:
        with open(plan, encoding="utf-8", newline="") as stream:
            mark = next(csv.DictReader(stream), {}).get("process")
        if not mark:
            return False
        runs = runs_still(mark)
        if runs is not None:
            return runs
        log = plan.with_name(plan.name.removesuffix(".jobs.csv") + ".log")
        return time.time() - (log if log.exists() else plan).stat().st_mtime < _FORGOTTEN_S
    except (FileNotFoundError, csv.Error):
        return False


def load_run(log: str | Path) -> Run:
    """Run from a log of Snakemake, with the jobs of its plan if it has one."""
    with open(log, encoding="utf-8", errors="replace") as lines:
        run = read_run(lines)
    path = plan_path(log)
    if not path.exists():
        return run
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    logs = [tuple(row["log"].split(", ")) if row["log"] else () for row in rows]
    plan = (
        Job(int(row["jobid"]), row["rule"], logs=log, wildcards=row["wildcards"])
        for row, log in zip(rows, logs, strict=True)
    )
    return with_plan(run, plan)


def write_failures(log: str | Path, table: str | Path, folder: str | Path = ".") -> str:
    """Write the table of the jobs that failed in a run; no table if no job failed, for example after an interruption.

    Parameters
    ----------
    log : Snakemake's log of the run.
    table : path of the CSV, relative to ``folder``.
    folder : the run's folder.

    Returns
    -------
    The failures as a short text for the screen; empty if there are none.
    """
    rows = failure_rows(load_run(log).failed, Path(folder))
    if not rows:
        return ""
    _write(rows, COLUMNS, Path(folder, table))
    return short_list(rows, str(table))


def forget_failures(table: str | Path) -> None:
    """Remove the table of failures of an earlier run, if this run has no failures."""
    Path(table).unlink(missing_ok=True)


def _write(rows: Iterable[Mapping[str, object]], columns: Sequence[str], path: Path) -> None:
    """Write a CSV atomically; uses only the standard library, because the Snakefile calls it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        with open(part, "w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
