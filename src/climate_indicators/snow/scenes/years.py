"""Sensors, years and files of a site's scenes; only the standard library, because it is called before any job."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.core.scene_paths import paths_in, repeated

COLUMNS = ("sensor", "path", "date")


def scene_years(scenes: str | Iterable[Mapping[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Sensor, year and files of each scene.

    Parameters
    ----------
    scenes : path of a CSV with the columns ``sensor, path, date`` and perhaps ``orbit, cloud_mask``, whose paths are
        relative to it; or entries with the same keys and paths as they are.

    Raises
    ------
    InputError
        If the table cannot be read, lacks a column, has no row or names a file twice, or a date does not begin with a
        year.
    """
    rows = _rows(Path(scenes)) if isinstance(scenes, str) else list(scenes)
    found = []
    for row in rows:
        year = str(row["date"])[:4]
        if not (len(year) == 4 and year.isdigit()):
            raise InputError(f"scene {row['path']}: found the date {row['date']!r}, expected one such as 2019-06-12.")
        found.append((str(row["sensor"]), year, [*paths_in(row["path"]), *paths_in(row.get("cloud_mask") or [])]))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows, lines = [], []
            for row in reader:
                rows.append(row)
                lines.append(reader.line_num)
            names = reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the table of scenes cannot be read ({error}).") from error
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(f"{path}: column {', '.join(missing)} missing; found {', '.join(names) or 'none'}.")
    if not rows:
        raise InputError(f"{path}: the table of scenes has no row.")
    named = []
    for row, line in zip(rows, lines, strict=True):
        for key in ("path", "cloud_mask"):
            if row.get(key):
                row[key] = str(path.parent / row[key])
                named.append((f"{path}, line {line}, column {key}", row[key]))
    twice = list(repeated(named))
    if twice:
        raise InputError("\n".join(twice))
    return rows
