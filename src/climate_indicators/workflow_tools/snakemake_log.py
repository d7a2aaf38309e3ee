"""Jobs of a run, read from the log of Snakemake, also during the run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

WAITING, SENT, RUNNING, DONE, FAILED = "waiting", "sent", "running", "done", "failed"

_TIME = re.compile(r"\[(\w{3} \w{3} +\d+ [\d:]+ \d{4})\]$")
_START = re.compile(r"(?:local)?(?:rule|checkpoint) (\w+):$")
_ERROR = re.compile(r"Error in rule (\w+):$")
_FINISHED = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)$")
_RESTART = re.compile(r"Trying to restart job (\d+)\.$")
_QUOTE = re.compile(r"Logfile .*:$")
_DATE = re.compile(r"  Date: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$")
_COUNT = re.compile(r"(\w+) +(\d+)$")
_LOG_HINT = " (check log file(s) for error details)"


@dataclass
class Job:
    """One job of a run.

    Attributes
    ----------
    jobid : number assigned by Snakemake.
    rule : name of its rule.
    state : ``WAITING``; ``SENT``, submitted to a cluster and not known to have begun; ``RUNNING``; ``DONE``;
        ``FAILED``.
    logs : log files, the rule's own first; after a failure also those of the cluster.
    wildcards : for example ``study=glacier, site=demo``.
    started, ended : local time of the last attempt; None if not reached or not recorded.
    """

    jobid: int
    rule: str
    state: str = WAITING
    logs: tuple[str, ...] = ()
    wildcards: str = ""
    started: datetime | None = None
    ended: datetime | None = None


@dataclass
class Run:
    """A run up to the end of its log.

    Attributes
    ----------
    jobs : by number; jobs that have not begun are known only from a plan (`with_plan`).
    totals : planned jobs by rule.
    started : start time of Snakemake; None if it is not in the log.
    on_cluster : whether jobs go to a cluster.
    ended : whether Snakemake has written its last line.
    nothing_to_do : whether all results existed already.
    """

    jobs: dict[int, Job] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    started: datetime | None = None
    on_cluster: bool = False
    ended: bool = False
    nothing_to_do: bool = False

    @property
    def failed(self) -> list[Job]:
        """Jobs that failed in all attempts, ordered by number."""
        return sorted((job for job in self.jobs.values() if job.state == FAILED), key=lambda job: job.jobid)


def read_run(lines: Iterable[str]) -> Run:
    """Read the log of a run.

    Parameters
    ----------
    lines : of Snakemake's log (``.snakemake/log/*.snakemake.log``), as Snakemake 9 writes it; it may end anywhere.
    """
    reader = _Reader()
    for line in lines:
        reader.line(line.rstrip("\n"))
    reader.close_block()
    if reader.run.ended:
        # jobs that were active at the interruption start again in the next run
        for job in reader.run.jobs.values():
            job.state = WAITING if job.state in (SENT, RUNNING) else job.state
    return reader.run


def with_plan(run: Run, plan: Iterable[Job]) -> Run:
    """Add the planned jobs that have not begun; use log file and wildcards of the plan where a job has none."""
    for job in plan:
        known = run.jobs.setdefault(job.jobid, job)
        known.logs, known.wildcards = known.logs or job.logs, known.wildcards or job.wildcards
    return run


class _Reader:
    """State of reading; `line` processes the next line."""

    def __init__(self) -> None:
        self.run = Run()
        self._moment: datetime | None = None
        self._block: dict[str, str] | None = None
        self._fence: str | None = (
            None  # the line of = around a log that Snakemake quotes; empty if it has not been read yet
        )
        self._counting = False

    def line(self, line: str) -> None:
        if self._fence is not None:
            self._quoted(line)
        elif self._block is not None and line.startswith("    "):
            key, _, value = line.strip().partition(": ")
            self._block.setdefault(key, value)
        else:
            self.close_block()
            self._plain(line)

    def close_block(self) -> None:
        """Store the job after the end of its description."""
        block, self._block = self._block, None
        if block is None or not block.get("jobid", "").isdigit():
            return
        job = self._job(int(block["jobid"]), block["rule"])
        job.logs = tuple(block.get("log", "").removesuffix(_LOG_HINT).split(", ")) if "log" in block else job.logs
        job.wildcards = block.get("wildcards", job.wildcards)
        if block["what"] == "error":
            job.state, job.ended = FAILED, self._moment
        else:
            job.state = SENT if self.run.on_cluster and not block["is_local"] else RUNNING
            job.started, job.ended = self._moment, None

    def _plain(self, line: str) -> None:
        run = self.run
        if found := _TIME.match(line):
            self._moment = datetime.strptime(" ".join(found[1].split()), "%a %b %d %H:%M:%S %Y")
        elif found := _START.match(line) or _ERROR.match(line):
            what = "error" if line.startswith("Error") else "start"
            self._block = {"what": what, "rule": found[1], "is_local": "yes" if line.startswith("local") else ""}
        elif found := _FINISHED.match(line):
            job = self._job(int(found[1]), found[2])
            job.state, job.ended = DONE, self._moment
        elif found := _RESTART.match(line):
            self._job(int(found[1]), "").state = WAITING
        elif _QUOTE.match(line):
            self._fence = ""
        elif self._counting:
            self._count(line)
        elif found := _DATE.match(line):
            run.started = datetime.fromisoformat(found[1])
        else:
            self._counting = line == "Job stats:"
            run.on_cluster |= line.startswith("Provided remote nodes:")
            run.ended |= line.startswith("Elapsed time:")
            run.nothing_to_do |= line.startswith("Nothing to be done")

    def _quoted(self, line: str) -> None:
        """Skip the quoted log of a failed job, because its lines are not from Snakemake."""
        if self._fence == "":
            self._fence = line if set(line) == {"="} else None
        elif line == self._fence:
            self._fence = None

    def _count(self, line: str) -> None:
        found = _COUNT.match(line)
        if found and found[1] != "total":
            self.run.totals[found[1]] = int(found[2])
        self._counting = not line.startswith("total")

    def _job(self, jobid: int, rule: str) -> Job:
        return self.run.jobs.setdefault(jobid, Job(jobid, rule))
