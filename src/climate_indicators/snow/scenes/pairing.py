"""Pairs of a radar and an optical scene of nearly the same day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.hydrological_year import hydro_years, season_names
from climate_indicators.core.tables import read_table
from climate_indicators.snow.scenes.table import OPTICAL, RADAR

PAIR_COLUMNS = [
    "pair", "radar", "optical", "orbit", "date", "days_apart", "season", "hydro_year", "regime", "shift_px",
    "correlation",
]  # fmt: skip


def read_pairs(path: str | Path) -> pd.DataFrame:
    """Table ``pairs.csv``, with names and orbits as text and ``date`` as datetime64."""
    text = {"pair": str, "radar": str, "optical": str, "orbit": str}
    table = read_table(path, dtype=text, parse_dates=["date"])
    return table.assign(orbit=table["orbit"].fillna(""))


def pair_scenes(scenes: pd.DataFrame, max_days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each radar scene with the optical scene nearest to it in time.

    Pairs are made within one relative orbit at a time, those with the fewest days between them first; of optical
    scenes equally near, the earlier is taken. A radar scene is in one pair at most, an optical scene in one pair of
    each orbit at most.

    Parameters
    ----------
    scenes : ``scene, sensor, date, orbit`` with datetime64 dates; ``sensor`` radar or optical.
    max_days : largest number of days between the two.

    Returns
    -------
    pairs : ``pair`` (name of the radar scene), ``radar, optical, orbit, date`` (the radar's), ``days_apart`` (optical
        date minus radar date), ``season, hydro_year``; in order of date and name.
    alone : rows of ``scenes`` that are in no pair, with ``days_apart`` to the nearest scene of the other sensor, NaN
        if there is none.

    Raises
    ------
    InputError
        If no two scenes are near enough.
    """
    radar = scenes[scenes["sensor"] == RADAR].sort_values(["date", "scene"])
    optical = scenes[scenes["sensor"] == OPTICAL].sort_values(["date", "scene"])
    both = radar[["scene", "orbit", "date"]].merge(optical[["scene", "date"]], how="cross", suffixes=("", "_optical"))
    both["days_apart"] = (both["date_optical"] - both["date"]).dt.days
    near = both[both["days_apart"].abs() <= max_days]
    if near.empty:
        raise InputError(_nothing_near(both, len(radar), len(optical), max_days))
    chosen = _matched(near)
    table = chosen.rename(columns={"scene": "radar", "scene_optical": "optical"}).sort_values(["date", "radar"])
    table = table.assign(pair=table["radar"], season=season_names(table["date"]), hydro_year=hydro_years(table["date"]))
    columns = [name for name in PAIR_COLUMNS if name in table]
    return table[columns].reset_index(drop=True), _alone(scenes, both, table)


def _matched(near: pd.DataFrame) -> pd.DataFrame:
    """Rows of candidate pairs, nearest first, whose scenes are not yet taken within their orbit."""
    order = near.assign(apart=near["days_apart"].abs()).sort_values(["apart", "date_optical", "date", "scene"])
    taken, rows = set(), []
    for row in order.itertuples():
        keys = {(RADAR, row.scene), (OPTICAL, row.orbit, row.scene_optical)}
        if not taken & keys:
            taken |= keys
            rows.append(row.Index)
    return near.loc[rows]


def _alone(scenes: pd.DataFrame, both: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    apart = both.assign(apart=both["days_apart"].abs())
    nearest = pd.concat([apart.groupby("scene")["apart"].min(), apart.groupby("scene_optical")["apart"].min()])
    left = scenes[~scenes["scene"].isin([*pairs["radar"], *pairs["optical"]])]
    return left.assign(days_apart=left["scene"].map(nearest)).reset_index(drop=True)


def _nothing_near(both: pd.DataFrame, n_radar: int, n_optical: int, max_days: int) -> str:
    found = f"the nearest are {both['days_apart'].abs().min()} days apart" if len(both) else "one kind is missing"
    return (
        f"no radar and optical scene lie within {max_days} days (snow.pairs.max_days) of each other: {n_radar} radar "
        f"and {n_optical} optical scenes, {found}. Add scenes, or make max_days larger."
    )


def scene_path(folders: Sequence[str | Path], year: int | str, scene: str) -> Path:
    """Raster of a scene in the folder of its year.

    Parameters
    ----------
    folders : one per year, named by it, such as ``results/snow/SITE/radar/2019``.
    year : of the scene's date.
    scene : name of the file without its ending.

    Raises
    ------
    FileNotFoundError
        If there is no folder of that year, or no such file in it.
    """
    path = next((Path(folder) / f"{scene}.tif" for folder in folders if Path(folder).name == str(year)), None)
    if path is None or not path.exists():
        raise FileNotFoundError(f"no {scene}.tif of year {year} in {', '.join(map(str, folders)) or 'no folder'}")
    return path
