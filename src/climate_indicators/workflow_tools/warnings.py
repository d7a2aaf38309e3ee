"""Warnings of all jobs of the configured sites: a table, and a short text for the terminal."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

COLUMNS = ("study", "site", "rule", "message")
_ENDING = ".warnings.csv"


def warning_rows(logs: str | Path, sites: Mapping[str, Iterable[str]]) -> list[dict[str, str]]:
    """Warnings written by jobs next to their logs, without repetitions, sorted.

    Parameters
    ----------
    logs : folder of the logs, ``logs/STUDY/SITE/RULE.log``.
    sites : names of the configured sites of each study. Logs of other sites are from earlier runs and are ignored.

    Returns
    -------
    Rows with the columns ``COLUMNS``. ``rule`` is the name of the log, which may include a scene or year; ``study`` and
    ``site`` are empty for jobs without a site.
    """
    rows = set()
    for path in Path(logs).rglob(f"*{_ENDING}"):
        folders = path.relative_to(logs).parts[:-1]
        study, site = (*folders, "", "")[:2]
        if study and study not in sites or site and site != "pooled" and site not in sites[study]:
            continue
        with open(path, encoding="utf-8", newline="") as stream:
            rows |= {(study, site, path.name.removesuffix(_ENDING), row[0]) for row in csv.reader(stream) if row}
    return [dict(zip(COLUMNS, row, strict=True)) for row in sorted(rows)]


def warning_text(rows: list[dict[str, str]], table: str, most: int = 20) -> str:
    """At most ``most`` warnings as text, and the path of the complete table; empty without a warning."""
    if not rows:
        return ""
    lines = [f"  {' '.join(filter(None, (row['study'], row['site'], row['rule'])))}: {row['message']}" for row in rows]
    more = [f"  and {len(rows) - most} more"] if len(rows) > most else []
    count = "1 warning" if len(rows) == 1 else f"{len(rows)} warnings"
    return "\n".join([f"{count} that may change a conclusion (table: {table}):", *lines[:most], *more, ""])
