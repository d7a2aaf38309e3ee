"""Outlines by date: from GLIMS, one outline per glacier and date, with internal rocks removed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.geo.vector_files import polygons

GLIMS_COLUMNS = ("glac_id", "src_date", "line_type")
# columns with the date of an outline: Randolph Glacier Inventory 5 and 6 (YYYYMMDD), and 7
DATE_COLUMNS = ("bgndate", "src_date")
GLACIER, ROCK, GONE = "glac_bound", "intrnl_rock", "gone"
# difference in years between outlines and reference year above which a warning is given
FAR_YEARS = 5

_log = logging.getLogger(__name__)


def warn_of_dates(outlines: gpd.GeoDataFrame, year: int, name: str) -> None:
    """Warn if outlines of the Randolph Glacier Inventory are many years from the reference year.

    Parameters
    ----------
    outlines : rows of a layer; without a date column, nothing is checked.
    year : year that the outlines represent.
    name : of the file, the start of every message.
    """
    columns = [column for column in outlines.columns if column.lower() in DATE_COLUMNS]
    if not columns:
        return
    text = outlines[columns[0]].astype(str)
    years = pd.to_numeric(text.str.extract(r"^((?:19|20)\d\d)")[0], errors="coerce").dropna()
    far = (years - year).abs() > FAR_YEARS
    if far.any():
        found = " to ".join(f"{one:.0f}" for one in sorted({years[far].min(), years[far].max()}))
        _log.warning(
            "%s: %d of %d outlines are of %s, more than %d years from %d (reference_year); the network "
            "is trained as if the glaciers had not changed.",
            name, far.sum(), len(outlines), found, FAR_YEARS, year,
        )  # fmt: skip


def is_glims(columns: Sequence[str]) -> bool:
    """Whether a layer has columns of GLIMS: line type, or identifier of an analysis."""
    names = {name.lower() for name in columns}
    return "line_type" in names or {"glac_id", "anlys_id"} <= names


def with_rocks(features: gpd.GeoDataFrame, everything: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Features selected by a filter, and the rocks inside these glaciers, which the filter would exclude.

    Parameters
    ----------
    features, everything : rows of one layer with the columns of GLIMS and the same index, chosen and all.
    """
    known = {column.lower(): column for column in everything.columns}
    if not {"line_type", "glac_id"} <= set(known):
        return features
    chosen = everything[known["glac_id"]].isin(features[known["glac_id"]])
    rocks = everything[chosen & (everything[known["line_type"]] == ROCK)]
    return pd.concat([features, rocks[~rocks.index.isin(features.index)]])


def glims_outlines(features: gpd.GeoDataFrame, year: int, name: str) -> gpd.GeoDataFrame:
    """Select one outline per glacier, with the date nearest to the middle of a year; in a tie, the later one.

    GLIMS may contain several outlines per glacier, and other line types as separate features: internal rocks
    (``intrnl_rock``) are subtracted; lakes, snow lines, debris and glaciers marked ``gone`` are excluded.

    Parameters
    ----------
    features : a layer with the columns ``glac_id, src_date, line_type`` in any case.
    year : year that the outlines represent.
    name : of the file, the start of every message.

    Returns
    -------
    Valid polygons, sorted by ``glac_id``, with the other columns of the outline.

    Raises
    ------
    InputError
        If a column is missing, or there is no outline of a glacier.
    """
    known = {column.lower(): column for column in features.columns}
    lacking = [column for column in GLIMS_COLUMNS if column not in known]
    if lacking:
        raise InputError(
            f"{name}: it has GLIMS columns but lacks {' and '.join(lacking)}, so rocks, lakes and dates cannot be "
            "distinguished. Use the original GLIMS file, or one with one polygon per glacier and other "
            "columns."
        )
    features = features.rename(columns={known[column]: column for column in GLIMS_COLUMNS})
    kinds = features["line_type"].value_counts().to_dict()
    layer = features[features["line_type"].isin([GLACIER, ROCK]) & features["glac_id"].notna()]
    if not (layer["line_type"] == GLACIER).any():
        raise InputError(f"{name}: no feature has line_type {GLACIER}; found {kinds}. Use a file of glacier outlines.")
    dates = pd.to_datetime(layer["src_date"].astype(str).str.slice(0, 10), errors="coerce")
    gap = (dates - pd.Timestamp(year, 7, 1)).abs().dt.days.fillna(10**6)
    layer = layer.assign(gap=gap, day=dates.astype(str)).sort_values(["glac_id", "gap", "day"], ascending=[1, 1, 0])
    nearest = layer[layer["line_type"] == GLACIER].groupby("glac_id", sort=True)[["day", "gap"]].first()
    layer = polygons(layer[layer["day"] == layer["glac_id"].map(nearest["day"])], name)
    outer = layer[layer["line_type"] == GLACIER].dissolve("glac_id")
    if "glac_stat" in outer:
        outer = outer[outer["glac_stat"].astype(str).str.lower() != GONE]
    rocks = layer[layer["line_type"] == ROCK].dissolve("glac_id").geometry.reindex(outer.index)
    shapes = outer.geometry.where(rocks.isna(), outer.geometry.difference(rocks, align=False))
    found = outer.set_geometry(shapes).reset_index()
    _log_choice(found, nearest, features, kinds, year, name)
    return found.drop(columns=["gap", "day", "line_type"])


def _log_choice(
    found: gpd.GeoDataFrame, nearest: pd.DataFrame, features: gpd.GeoDataFrame, kinds: dict, year: int, name: str
) -> None:
    far = int((nearest["gap"] > FAR_YEARS * 366).sum())
    text = (
        "%s: of %d features (%s) one outline a glacier was taken, the nearest to %d: %d glaciers of %s to %s, rocks "
        "subtracted"
    )
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    values = (name, len(features), listed, year, len(found), nearest["day"].min(), nearest["day"].max())
    if far:
        _log.warning(text + "; %d of them are more than %d years from it or without a date.", *values, far, FAR_YEARS)
    else:
        _log.info(text + ".", *values)
