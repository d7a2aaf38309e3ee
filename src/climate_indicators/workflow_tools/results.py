"""Final message of a complete run: main results, and the command for the report."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Sequence
from pathlib import Path

MAX_STATEMENTS = 12


def results_text(
    overview: str | Path, stylesheet: str, configfiles: Sequence[str], snakefile: str | None = None
) -> str:
    """Main results of the first sites, the folder of all results, and the command that makes the report.

    Parameters
    ----------
    overview : table ``study, site, simulated, statement``.
    stylesheet : style sheet of the report.
    configfiles : configuration files of the run; empty for the demo.
    snakefile : path of the Snakefile; None if it is in the folder of the run.
    """
    with open(overview, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = [f"  {row['study']} {row['site']}: {row['statement']}" for row in rows[:MAX_STATEMENTS]]
    if len(rows) > MAX_STATEMENTS:
        lines.append(f"  and {len(rows) - MAX_STATEMENTS} more")
    configuration = ["--configfile", *configfiles] if configfiles else []
    workflow = ["--snakefile", snakefile] if snakefile else []
    report = ["--report", "results/report.html", "--report-stylesheet", stylesheet]
    command = ["snakemake", *workflow, *report, *configuration]
    return "\n".join(
        [
            f"Main results (table: {overview}):",
            *lines,
            "All results are in results/STUDY/SITE/. Report with figures and tables:",
            f"  {shlex.join(command)}",
            "",
        ]
    )
