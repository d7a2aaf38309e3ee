"""Progress of a run: jobs of every site, last messages of the running jobs, and estimated time left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import duration
from climate_indicators.workflow_tools.failures import described, failure_rows, place_of
from climate_indicators.workflow_tools.records import load_run
from climate_indicators.workflow_tools.snakemake_log import DONE, FAILED, RUNNING, SENT, WAITING, Job, Run

STATES = (DONE, RUNNING, SENT, WAITING, FAILED)
# tolerance, because clocks of several machines may differ
CLOCK_S = 2.0
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}

_INFO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO (.*)")
_STEP = re.compile(r"(?:^|· )([\w ]+?) (\d+)/(\d+)(?: ·|$)")
_LEFT = re.compile(r"([\d.]+) (s|min|h) left$")
_SPENT = re.compile(r"· ([\d.]+) (s|min|h)(?: ·|$)")


@dataclass(frozen=True)
class State:
    """Progress of a run for display.

    Attributes
    ----------
    run : the run.
    sites : number of jobs by state for each (study, site); ``("", "")`` is for jobs without a site.
    running : running jobs with the last line of their logs; empty if there is none.
    failures : rows of `climate_indicators.workflow_tools.failures.failure_rows`.
    left_s : estimated seconds left; None if unknown.
    silent_s : seconds since the run last wrote anything.
    """

    run: Run
    sites: dict[tuple[str, str], Counter[str]]
    running: list[tuple[Job, str]]
    failures: list[dict[str, str]]
    left_s: float | None
    silent_s: float


def newest_log(folder: str | Path) -> Path:
    """Log of the newest run in a folder that had jobs or had nothing to do.

    Raises
    ------
    InputError
        If there is no such log.
    """
    logs = sorted(Path(folder, ".snakemake", "log").glob("*.snakemake.log"), reverse=True)
    for path in logs:
        text = path.read_text(encoding="utf-8", errors="replace")
        if "\nJob stats:\n" in text or "Nothing to be done" in text:
            return path
    found = "only logs of other commands" if logs else "no logs of Snakemake (.snakemake/log)"
    raise InputError(
        f"{Path(folder).resolve()}: no run of the workflow; found {found}. Use the folder in which `snakemake` was "
        "called (or its --directory); a dry run leaves no log."
    )


def read_state(folder: str | Path, now: datetime) -> State:
    """State of the newest run in a folder.

    Parameters
    ----------
    folder : the run's folder, from which Snakemake was called.
    now : local time.

    Raises
    ------
    InputError
        If there is no run.
    """
    folder, log = Path(folder), newest_log(folder)
    run = load_run(log)

    def written(job: Job) -> float:
        """Seconds since 1970 at which a job last wrote to its log; 0 if it has not."""
        path = folder / job.logs[0] if job.logs else log
        is_its_own = job.logs and path.is_file() and job.started
        when = path.stat().st_mtime if is_its_own else 0.0
        return when if job.started and when >= job.started.timestamp() - CLOCK_S else 0.0

    mark_begun(run.jobs.values(), lambda job: written(job) > 0)
    lines = {job.jobid: _last_line(folder / job.logs[0]) for job in run.jobs.values() if _writes(job) and written(job)}
    running = [(job, lines.get(job.jobid, "")) for job in _ordered(run.jobs.values()) if job.state == RUNNING]
    last = max([log.stat().st_mtime, *(written(job) for job, _ in running)])
    known = {job.jobid: left for job, line in running if (left := seconds_left(line)) is not None}
    return State(
        run,
        count_by_site(run),
        running,
        failure_rows(run.failed, folder),
        None if run.ended else time_left(run, known, now),
        max(now.timestamp() - last, 0.0),
    )


def mark_begun(jobs: Iterable[Job], has_written: Callable[[Job], bool]) -> None:
    """Count a submitted cluster job as running as soon as it writes to its log."""
    for job in jobs:
        if job.state == SENT and has_written(job):
            job.state = RUNNING


def count_by_site(run: Run) -> dict[tuple[str, str], Counter[str]]:
    """Jobs by state for each (study, site), sorted; waiting jobs without a plan are in ``("", "")``."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for job in run.jobs.values():
        counts.setdefault(place_of(job), Counter())[job.state] += 1
    unknown = sum(run.totals.values()) - len(run.jobs)
    if unknown > 0:
        counts.setdefault(("", ""), Counter())[WAITING] += unknown
    return dict(sorted(counts.items(), key=lambda item: (item[0] == ("", ""), item[0])))


def progress(line: str) -> tuple[str, int, int] | None:
    """Step in a line of a log, for example ``("epoch", 7, 40)``; None if there is none."""
    found = _STEP.search(line)
    return (found[1], int(found[2]), int(found[3])) if found else None


def seconds_left(line: str) -> float | None:
    """Seconds left of a job, from the last line of its log: the time given there, or the time per step."""
    if told := _LEFT.search(line):
        return float(told[1]) * UNITS[told[2]]
    step, spent = progress(line), _SPENT.search(line)
    return float(spent[1]) * UNITS[spent[2]] * (step[2] - step[1]) if step and spent else None


def time_left(run: Run, known: Mapping[int, float], now: datetime) -> float | None:
    """Seconds left of a run if rules take as long as before; None before the first job has ended.

    Parameters
    ----------
    known : seconds left of jobs that report it, by number.
    now : local time.
    """
    timed = [job for job in run.jobs.values() if job.state == DONE and job.started and job.ended]
    if not timed or run.started is None:
        return None
    spans: dict[str, list[float]] = {}
    for job in timed:
        spans.setdefault(job.rule, []).append((job.ended - job.started).total_seconds())
    usual = fmean(span for rule in spans.values() for span in rule)
    expected = {rule: fmean(values) for rule, values in spans.items()}
    begun = [job for job in run.jobs.values() if job.state in (RUNNING, SENT) and job.started]
    age = {job.jobid: (now - job.started).total_seconds() for job in begun}
    ahead = {job.jobid: known.get(job.jobid, max(expected.get(job.rule, usual) - age[job.jobid], 0.0)) for job in begun}
    to_come = Counter(run.totals) - Counter(job.rule for job in run.jobs.values() if job.state != WAITING)
    work = sum(count * expected.get(rule, usual) for rule, count in to_come.items()) + sum(ahead.values())
    busy = sum(span for rule in spans.values() for span in rule) + sum(age.values())
    elapsed = max((now - min(job.started for job in (*timed, *begun))).total_seconds(), 1.0)
    return max(work / max(busy / elapsed, 1.0), *ahead.values(), 0.0)


def describe(state: State, most: int = 40) -> str:
    """The state as text: a sentence, the table of sites, the running jobs, the failures.

    Parameters
    ----------
    most : with more sites than this, sites that are completely done or waiting are omitted; also the maximum number of
        lines of running jobs and of failures.
    """
    parts = [_headline(state), _table(state.sites, most)]
    if not state.run.ended:
        parts.append(_section("running", [_running_line(job, line) for job, line in state.running], most))
    failed = [f"  {described(row)}: {row['reason']}\n    {row['log']}" for row in state.failures]
    parts.append(_section("failed", failed, most))
    return "\n\n".join(part for part in parts if part)


def _headline(state: State) -> str:
    run, totals = state.run, sum(state.sites.values(), Counter())
    begun = f"Run of {run.started:%Y-%m-%d %H:%M}" if run.started else "Run"
    if run.nothing_to_do:
        return f"{begun}: nothing to do, all results exist."
    counts = [f"{totals[key]} {key}" for key in (RUNNING, SENT, WAITING, FAILED) if totals[key]]
    done = f"{totals[DONE]} of {sum(totals.values())} jobs done"
    if run.ended:
        text = ", ".join([f"{begun}, ended: {done}", *counts])
        return f"{text}." if not counts else f"{text}. Repeat the same command to resume."
    left = [f"about {duration(state.left_s)} left"] if state.left_s is not None else []
    text = ", ".join([f"{begun}: {done}", *counts, *left]) + "."
    if state.silent_s > 600:
        quiet = f"No output for {duration(state.silent_s)}: if Snakemake was killed, repeat the same command to resume."
        text = f"{text}\n{quiet}"
    return text


def _table(sites: Mapping[tuple[str, str], Counter[str]], most: int) -> str:
    if not sites:
        return ""
    shown = dict(sites)
    if len(sites) > most:
        shown = {
            place: counts for place, counts in sites.items() if len(+counts) > 1 or counts[RUNNING] + counts[FAILED]
        }
    used = [state for state in STATES if state in (DONE, RUNNING, WAITING) or any(c[state] for c in sites.values())]
    rows = [
        [study or "all", site or "–", *(str(counts[key]) for key in used)] for (study, site), counts in shown.items()
    ]
    lines = _aligned([["study", "site", *used], *rows])
    hidden = [counts for place, counts in sites.items() if place not in shown]
    for key in (DONE, WAITING):
        if many := sum(counts[key] > 0 for counts in hidden):
            lines.append(f"{many} other sites: all {key}")
    return "\n".join(lines)


def _section(title: str, lines: list[str], most: int) -> str:
    more = [f"  and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([title, *lines[:most], *more]) if lines else ""


def _aligned(rows: list[list[str]]) -> list[str]:
    """Align text in the first two columns to the left and numbers in the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = list(zip(row, widths, strict=True))
        left = [cell.ljust(width) for cell, width in cells[:2]]
        lines.append("  ".join([*left, *(cell.rjust(width) for cell, width in cells[2:])]).rstrip())
    return lines


def _running_line(job: Job, line: str) -> str:
    study, site = place_of(job)
    named = described({"study": study, "site": site, "rule": job.rule, "wildcards": job.wildcards})
    return f"  {named}  {line}".rstrip()


def _writes(job: Job) -> bool:
    return job.state == RUNNING and bool(job.logs)


def _ordered(jobs: Iterable[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: (place_of(job), job.jobid))


def _last_line(path: Path) -> str:
    """Last message of a rule's log."""
    text = path.read_text(encoding="utf-8", errors="replace")
    found = _INFO.findall(text)
    return found[-1] if found else ""
