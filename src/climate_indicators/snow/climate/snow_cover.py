"""Snow cover of every scene, and the series of it for regressions against weather."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import strips
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.snow.climate.cover_rates import CORRECTED, Rates, corrected, why_not
from climate_indicators.snow.climate.cover_reasons import DRY_RADAR, OTHER_SHOWS_MORE, OTHER_SOURCE, shown_scenes
from climate_indicators.snow.climate.row_areas import M2_PER_KM2
from climate_indicators.snow.climate.snow_wetness import regime_of_dates
from climate_indicators.snow.climate.wetness_classes import DRY
from climate_indicators.snow.scenes.table import OPTICAL, RADAR, name_parts

ENDINGS = {OPTICAL: "_mask.tif", RADAR: "_extent.tif"}
COLUMNS = [
    "date", "scene", "source", "orbit", "regime", "snow_pixels", "valid_pixels", "snow_area_km2", "snow_fraction",
    "snow_lower", "snow_upper", "seen_snow_fraction", "valid_fraction", "used", "why", "least_fraction",
    "most_fraction", *CORRECTED,
]  # fmt: skip
SERIES = ["date", "snow_pixels", "snow_area_km2", "snow_fraction"]
BOUNDS = ["snow_lower", "snow_upper", "valid_fraction"]
WORDS = {
    "duplicate": "a copy of another scene",
    "orbit_mix": "does not fit its orbit",
    "misregistration": "out of place",
}


def cover_rows(
    folders: Sequence[str | Path],
    source: str,
    area: np.ndarray,
    grid: Grid,
    row_areas: np.ndarray,
    progress: Callable[[], None] = lambda: None,
) -> list[dict[str, object]]:
    """Snow inside the area of interest in every map of some folders; read strip by strip.

    Parameters
    ----------
    folders : one per year.
    source : ``optical`` or ``radar``, which decides the ending of the maps: 1 snow, 0 none, 255 unknown.
    area : uint8, shape ``grid.shape``: 1 inside the area of interest.
    grid : of the maps.
    row_areas : of a pixel of each row, m², as `row_areas.row_areas` gives them.
    progress : called once a map.

    Returns
    -------
    ``date, scene, source, orbit, snow_pixels, valid_pixels, snow_area_km2, snow_fraction, valid_fraction`` of each
    map, and ``least_fraction, most_fraction``. Pixels and areas are of what the scene shows: a cloud hides snow.
    ``snow_fraction`` is the share of snow in the area that is seen, and with the area of snow NaN where none is;
    ``valid_fraction`` the share of the area of interest that is seen; least and most the share of snow in the whole
    area, if what is not seen were all ground, or all snow.

    Raises
    ------
    InputError
        If a map is not on the grid.
    """
    whole = float((area == 1).sum(axis=1) @ row_areas)
    rows = []
    for folder in folders:
        for path in sorted(Path(folder).glob(f"*{ENDINGS[source]}")):
            scene = path.name.removesuffix(ENDINGS[source])
            date, orbit = name_parts(scene)
            about = {"date": date, "scene": scene, "source": source, "orbit": orbit}
            rows.append(about | _measure(path, area, grid, row_areas, whole))
            progress()
    return rows


def _measure(path: Path, area: np.ndarray, grid: Grid, row_areas: np.ndarray, whole: float) -> dict[str, float]:
    snow, valid = np.zeros(grid.height, "int64"), np.zeros(grid.height, "int64")
    with opened(path) as raster:
        if raster.shape != grid.shape or not np.allclose(raster.transform, grid.transform):
            raise InputError(f"{path} is not on the site's grid; remove its folder and run again.")
        for window in strips(grid):
            rows = slice(window.row_off, window.row_off + window.height)
            classes, inside = raster.read(1, window=window), area[rows] == 1
            snow[rows] = ((classes == 1) & inside).sum(axis=1)
            valid[rows] = ((classes != BYTE_NODATA) & inside).sum(axis=1)
    snow_m2, valid_m2 = float(snow @ row_areas), float(valid @ row_areas)
    return {
        "snow_pixels": int(snow.sum()),
        "valid_pixels": int(valid.sum()),
        "snow_area_km2": snow_m2 / M2_PER_KM2 if valid_m2 else np.nan,
        "snow_fraction": snow_m2 / valid_m2 if valid_m2 else np.nan,
        "valid_fraction": valid_m2 / whole,
        "least_fraction": snow_m2 / whole,
        "most_fraction": (snow_m2 + max(whole - valid_m2, 0.0)) / whole,
    }


def cover_table(
    rows: Sequence[Mapping[str, object]],
    checks: pd.DataFrame,
    weather: pd.DataFrame | None,
    source: str,
    min_valid: float,
    wet_above_c: float,
    rates: Mapping[str, Rates] | None = None,
) -> pd.DataFrame:
    """Every scene's snow cover, whether it is in the series, and why not.

    Left out are scenes of the other sensor, those that the checks of scenes refuse, those that show too little, radar
    scenes of dry snow, to which C-band radar is hardly sensitive, and of several scenes of one date all but the one
    that shows most.

    Parameters
    ----------
    rows : of `cloud_gaps.with_filled`, of both sensors.
    checks : ``scene, check, rejected`` of `climate_indicators.snow.scenes.checks.check_scenes`. A scene without a
        partner is refused for training only, and counts here.
    weather : as for `regime.regime_of_dates`; None if there is none.
    source : ``optical`` or ``radar``.
    min_valid : smallest share of the area of interest.
    wet_above_c : as for `regime.regime_of_dates`.
    rates : of `cover_rates.map_rates`, of the radar maps.

    Returns
    -------
    Columns ``COLUMNS``, in order of date, source and scene; ``why`` is empty for scenes that are used. The corrected
    snow cover and its interval (`cover_rates.corrected`) are those of sound radar scenes whose snow is not dry.

    Raises
    ------
    InputError
        If no scene is left.
    """
    table = pd.DataFrame(rows).sort_values(["date", "source", "scene"], ignore_index=True)
    table["regime"] = regime_of_dates(table["date"], weather, wet_above_c)
    refused = refused_scenes(checks)
    dry_radar = (table["source"] == RADAR) & (table["regime"] == DRY)
    why = table["scene"].map(refused).astype("object").fillna("")
    why = why.mask((why == "") & (table["valid_fraction"] <= 0), "shows nothing of the area")
    why = why.mask((why == "") & (table["valid_fraction"] < min_valid), f"shows less than {min_valid:g} of the area")
    why = why.mask((why == "") & dry_radar, DRY_RADAR)
    why = why.mask((why == "") & (table["source"] != source), OTHER_SOURCE + source)
    left = table[why == ""].sort_values(["valid_fraction", "scene"], ascending=[False, True], kind="stable")
    second = left.index[left.duplicated("date")]
    why.loc[second] = OTHER_SHOWS_MORE
    table["used"], table["why"] = why == "", why
    if not table["used"].any():
        counts = "; ".join(f"{count} {reason}" for reason, count in why.value_counts().items())
        raise InputError(
            f"no {source} scene is left for the series of snow cover: {counts}. Set cover.source to the other sensor, "
            "or cover.min_valid lower."
        )
    return _with_corrected(table, rates or {})[COLUMNS]


def refused_scenes(checks: pd.DataFrame) -> dict[str, str]:
    """Why the checks refuse scenes, by name; a scene without a partner is refused for training only."""
    bad = checks[_is_true(checks["rejected"]) & checks["check"].isin(WORDS)]
    return bad.drop_duplicates("scene").set_index("scene")["check"].map(WORDS).to_dict()


def _with_corrected(table: pd.DataFrame, rates: Mapping[str, Rates]) -> pd.DataFrame:
    table = table.assign(**dict.fromkeys(CORRECTED, np.nan))
    radar = shown_scenes(table)["source"] == RADAR
    for regime, own in table.loc[radar.index[radar]].groupby("regime"):
        if not why_not(str(regime), rates):
            table.loc[own.index, CORRECTED] = corrected(own["snow_fraction"].to_numpy(), rates[str(regime)])
    return table


def snow_series(cover: pd.DataFrame) -> pd.DataFrame:
    """The used rows of `cover_table` as ``date, snow_pixels, snow_area_km2, snow_fraction``.

    A series of radar scenes has the corrected snow cover and its interval in further columns, one of optical scenes the
    bounds of snow cover and the share that is seen.
    """
    used = cover[cover["used"]]
    further = CORRECTED if (used["source"] == RADAR).any() else BOUNDS
    return used[[*SERIES, *further]].reset_index(drop=True)


def _is_true(values: pd.Series) -> pd.Series:
    """Booleans of a column that a CSV may have given as text."""
    return values.astype(str).str.lower() == "true"
