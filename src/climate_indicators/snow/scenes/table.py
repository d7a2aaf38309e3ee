"""The table of a site's radar and optical scenes: as the user lists them, and as the study names them."""

from __future__ import annotations

import datetime
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.tables import read_user_table
from climate_indicators.geo.rasters.layouts import tile_text

RADAR, OPTICAL = "radar", "optical"
MIXED = "mixed"
GIVEN = ["sensor", "path", "date", "orbit", "cloud_mask", "offset_dn", "processing_baseline"]
COLUMNS = ["scene", "sensor", "path", "date", "year", "orbit", "cloud_mask", "offset_dn", "processing_baseline"]
_NEEDED = ["sensor", "path", "date"]


def read_scene_list(source: str | Path | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Scenes as the user lists them, every cell checked; no raster is opened.

    Parameters
    ----------
    source : path of a CSV with the columns ``sensor`` (radar or optical), ``path``, ``date`` (YYYY-MM-DD), ``orbit``
        (relative orbit, radar only), and for optical scenes ``cloud_mask``, ``offset_dn`` and
        ``processing_baseline``; all but the first three may be left out or empty, paths relative to the table; or the
        same keys as a list, paths as they are.

    Returns
    -------
    Table of text with these columns, "" where nothing is given, paths joined to the table's folder.

    Raises
    ------
    InputError
        If the table cannot be read, a column or cell is missing, a word or date is not understood, an orbit stands by
        an optical scene or a cloud mask by a radar scene, or a sensor has no scene.
    """
    if isinstance(source, str | Path):
        name, folder, table = str(source), os.path.dirname(source), _read_csv(source)
    else:
        name, folder, table = "the list of scenes", "", pd.DataFrame([_with_text(scene) for scene in source])
        table = table.astype(object).where(table.notna(), "").astype(str)
    missing = [column for column in _NEEDED if column not in table]
    if missing:
        raise InputError(
            f"{name} has the columns {', '.join(map(str, table.columns)) or 'none'}; missing: {', '.join(missing)}. "
            f"Expected: {', '.join(GIVEN)}."
        )
    table = table.reindex(columns=GIVEN, fill_value="").apply(lambda column: column.str.strip())
    for number, row in enumerate(table.itertuples(index=False), start=1):
        _check_row(f"{name}, scene {number}", row)
    for sensor in (RADAR, OPTICAL):
        if not (table.sensor == sensor).any():
            raise InputError(
                f"{name} has no {sensor} scene; the study needs radar and optical scenes of the same days."
            )
    for column in ("path", "cloud_mask"):
        table[column] = [_placed(folder, path) for path in table[column]]
    return table


def _placed(folder: str, path: str) -> str:
    """A path joined to the folder of the table; "" and maps of band and file as they are."""
    return path if not path or path.startswith("{") else os.path.normpath(os.path.join(folder, path))


def _with_text(scene: Mapping[str, Any]) -> dict[str, Any]:
    """A scene of the list with its path as text, also for a mapping from band to file."""
    return dict(scene) | {"path": tile_text(scene["path"])} if "path" in scene else dict(scene)


def name_scenes(table: pd.DataFrame) -> pd.DataFrame:
    """Scenes with their names, in order of sensor, date and orbit.

    Parameters
    ----------
    table : result of `read_scene_list`, in which every radar scene has its orbit.

    Returns
    -------
    Table ``scene, sensor, path, date, year, orbit, cloud_mask, offset_dn, processing_baseline``; a scene is called
    ``20190612_o48`` (radar) or ``20190612`` (optical), the year is text.

    Raises
    ------
    InputError
        If two scenes have one name: tiles of one date are not merged here.
    """
    table = table.sort_values(["sensor", "date", "orbit"], kind="stable", ignore_index=True)
    days = table.date.str.replace("-", "")
    table["scene"] = days.where(table.sensor == OPTICAL, days + "_o" + table.orbit)
    table["year"] = table.date.str[:4]
    for (sensor, scene), same in table.groupby(["sensor", "scene"], sort=False):
        if len(same) > 1:
            _refuse_twins(sensor, scene, same)
    return table[COLUMNS]


def name_parts(scene: str) -> tuple[str, str]:
    """Date (YYYY-MM-DD) and relative orbit of a radar scene's name; the orbit of an optical one is empty."""
    day, _, orbit = scene.partition("_o")
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}", orbit


def read_scenes(path: str | Path, sensor: str | None = None, year: str | None = None) -> pd.DataFrame:
    """Scenes of `name_scenes` read from their CSV; optionally only one sensor or year."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    chosen = pd.Series(True, table.index)
    if sensor is not None:
        chosen &= table.sensor == sensor
    if year is not None:
        chosen &= table.year == year
    return table[chosen].reset_index(drop=True)


def orbit_text(orbit: str) -> str:
    """A relative orbit as in scene names: ``048`` and ``48.0`` become ``48``.

    Raises
    ------
    InputError
        If it is not made of letters and digits.
    """
    orbit = orbit.strip()
    if re.fullmatch(r"\d+(\.0+)?", orbit):
        return str(int(float(orbit)))
    if not re.fullmatch(r"[A-Za-z0-9]+", orbit):
        raise InputError(f"the relative orbit is '{orbit}'; expected a number such as 48, or letters and digits.")
    return orbit


def _read_csv(path: str | Path) -> pd.DataFrame:
    return read_user_table(path, "table of scenes", expected=f"one scene per row ({', '.join(GIVEN)})").fillna("")


def _check_row(place: str, row: Any) -> None:
    if row.sensor not in (RADAR, OPTICAL):
        raise InputError(f"{place}: sensor is '{row.sensor}'; expected {RADAR} or {OPTICAL}.")
    if not row.path:
        raise InputError(f"{place}: path is empty; expected a raster.")
    try:
        known = datetime.date.fromisoformat(row.date).isoformat() == row.date
    except ValueError:
        known = False
    if not known:
        raise InputError(
            f"{place}, {row.path}: date is '{row.date}'; expected a day as YYYY-MM-DD, such as 2019-06-12."
        )
    if row.sensor == OPTICAL and row.orbit:
        raise InputError(
            f"{place}, {row.path}: orbit is '{row.orbit}', but only radar scenes have one; leave it empty."
        )
    if row.sensor == RADAR and row.cloud_mask:
        raise InputError(
            f"{place}, {row.path}: cloud_mask is '{row.cloud_mask}', but radar sees through clouds; leave it empty."
        )
    for key in ("offset_dn", "processing_baseline"):
        _check_number(f"{place}, {row.path}", row.sensor, key, getattr(row, key))
    if row.orbit:
        try:
            orbit_text(row.orbit)
        except InputError as error:
            raise InputError(f"{place}, {row.path}: {error}") from error


def _check_number(place: str, sensor: str, key: str, text: str) -> None:
    if text and sensor == RADAR:
        raise InputError(f"{place}: {key} is '{text}', but only optical scenes have one; leave it empty.")
    try:
        number = float(text.lstrip("Nn") or 0) if key == "processing_baseline" else float(text or 0)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{place}: {key} is '{text}'; expected a number.")


def _refuse_twins(sensor: str, scene: str, same: pd.DataFrame) -> None:
    paths = same.path.tolist()
    if len(set(paths)) < len(paths):
        raise InputError(f"scene {scene}: {paths[0]} is listed {len(paths)} times; list every {sensor} scene once.")
    kind = f"date {same.date.iloc[0]}" + (f" and relative orbit {same.orbit.iloc[0]}" if sensor == RADAR else "")
    raise InputError(
        f"{len(paths)} {sensor} scenes have the {kind}: {', '.join(paths)}. Tiles of one date are not merged: "
        "make one raster of them, or list only one."
    )
