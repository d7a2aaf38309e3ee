"""All usable scenes of a year for a site of radar and optical images: which are taken, and how they are written."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import OPTICAL, RADAR, Catalog
from climate_indicators.download.stac.annual_composite import AnnualComposite
from climate_indicators.download.stac.composites import write_image
from climate_indicators.download.stac.coverage import covered_share, share_with_values
from climate_indicators.download.stac.search import Tile
from climate_indicators.download.stac.selection import (
    COLUMNS,
    Candidate,
    candidate_table,
    drop_incomplete,
    mosaic,
    overpasses,
)
from climate_indicators.download.stac.sizes import Step, step
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import Grid, area_mask
from climate_indicators.geo.raster import cog_writer

POLARIZATIONS = ("VV", "VH")
RADAR_NODATA = -32768.0
# a radar scene that covers less of the area is left out: its orbit's median would change at its edge
MIN_COVERED = 0.95
# scenes of a month whose shares differ by less are equally clear
EQUALLY_CLEAR = 0.02
# an optical scene so near to a radar day serves it
NEAR_DAYS = 2
# radar days so far from the middle of a month are near to some day of it
REACH_DAYS = 20
# decibels are mostly below this; power never is, and little below zero where noise was taken off, as at a scene's edge
MIN_POWER, MAX_BELOW = -1.0, 0.5
SCENE_COLUMNS = ["sensor", "path", "date", "orbit", "cloud_mask"]


def choose_optical(
    year: AnnualComposite, min_valid: float, per_month: int, radar_days: Sequence[str] = ()
) -> list[Candidate]:
    """Clear scenes of a year: of each month those that show most, and of equally clear ones those nearest to radar.

    Each next scene is the one nearest to a radar day that has no optical scene yet; without radar, the one furthest in
    time from those that are chosen. So the scenes of a month are spread over it.

    Parameters
    ----------
    year : candidates; they get their measures and reasons.
    min_valid : least share of the area that a scene must show, 0 to 1.
    per_month : most scenes of a month.
    radar_days : ISO days of the radar scenes that seek a partner.

    Returns
    -------
    The chosen ones, in order of time.
    """
    months: dict[str, list[Candidate]] = {}
    for one in year.measure():
        if (one.valid or 0.0) < min_valid:
            one.reason = f"shows {100 * (one.valid or 0.0):.0f} % of the area"
        else:
            months.setdefault(one.date[:7], []).append(one)
    alone = {datetime.date.fromisoformat(day) for day in radar_days}
    for month, group in sorted(months.items()):
        for one in _spread(month, group, per_month, alone):
            one.chosen = True
        for one in group:
            one.reason = "clear" if one.chosen else "others of the month are clearer, or nearer to radar"
    return [one for one in year.candidates if one.chosen]


def _spread(month: str, group: Sequence[Candidate], count: int, alone: set[datetime.date]) -> list[Candidate]:
    """Up to ``count`` candidates of a month on different days; their radar days are taken out of ``alone``."""
    left, taken = list(group), []
    while left and len(taken) < count:
        most = max(one.valid or 0.0 for one in left)
        equal = [one for one in left if (one.valid or 0.0) >= most - EQUALLY_CLEAR]
        radar = {day for day in alone if abs((day - datetime.date.fromisoformat(f"{month}-15")).days) <= REACH_DAYS}
        best = min(equal, key=lambda one: _order(one, taken, month, radar))
        taken.append(best)
        if radar:
            day = datetime.date.fromisoformat(best.date)
            nearest = min(radar, key=lambda other: (abs((other - day).days), other))
            # one optical scene is partner of a radar scene in each orbit
            alone -= {nearest, *(other for other in radar if abs((other - day).days) <= NEAR_DAYS)}
        left = [one for one in left if one.date != best.date]
    return taken


def _order(one: Candidate, taken: Sequence[Candidate], month: str, radar: Collection[datetime.date]) -> tuple:
    """What is less is taken first: days to the nearest radar day, else nearness to what is taken; then clarity."""
    day = datetime.date.fromisoformat(one.date)
    if radar:
        first = min(abs((day - other).days) for other in radar)
    elif taken:
        first = -min(abs((day - datetime.date.fromisoformat(other.date)).days) for other in taken)
    else:
        first = abs((day - datetime.date.fromisoformat(f"{month}-15")).days)
    return first, -round(one.valid or 0.0, 2), one.date


def series_steps(
    year: AnnualComposite, per_month: int, radar: Sequence[Candidate], catalog: Catalog, grid: Grid
) -> list[Step]:
    """What will be read for a year of a snow site, estimated: optical scenes of each month, and radar.

    Parameters
    ----------
    year : optical candidates.
    per_month : most optical scenes of a month.
    radar : radar scenes that are taken.
    catalog : of the radar scenes.
    grid : grid of the images.
    """
    months = Counter(one.date[:7] for one in year.fit())
    most = sum(min(count, per_month) for count in months.values())
    return [*year.steps(most), step("radar scenes taken", radar, catalog, POLARIZATIONS, grid)]


def write_optical(
    folder: Path, year: AnnualComposite, grid: Grid, chosen: Sequence[Candidate], bands: Sequence[str]
) -> list[dict]:
    """Write scenes and their clouds; rows of the table of scenes, with names inside the folder.

    The offset of each tile is settled by its pixels. A scene whose numbers contradict an offset that the settings state
    is left out, with that reason.
    """
    rows = []
    for one in chosen:
        one.reason = year.check_offset_consistency(one) or one.reason
        one.chosen = one.reason == "clear"
        if one.chosen:
            names = f"optical_{one.date}.tif", f"optical_{one.date}_clouds.tif"
            write_image(str(folder / names[0]), str(folder / names[1]), grid, year.image_of(one), bands)
            rows.append({"sensor": OPTICAL, "path": names[0], "date": one.date, "orbit": "", "cloud_mask": names[1]})
    return rows


def choose_radar(
    tiles: Sequence[Tile], area: gpd.GeoSeries, orbits: Sequence[int], catalog: Catalog
) -> tuple[list[Candidate], list[Candidate]]:
    """Radar scenes of a year: slices of one day and orbit together, orbits apart.

    Parameters
    ----------
    tiles : what the archive has.
    area : area of interest.
    orbits : relative orbits that are taken; empty takes all.
    catalog : what the archive calls its polarizations. Scenes of one polarization, as of the first years, are left
        out.

    Returns
    -------
    All candidates, with reasons, and the chosen ones.

    Raises
    ------
    InputError
        If an item tells no orbit: scenes of different orbits cannot be told apart.
    """
    candidates = overpasses(tiles)
    wanted = {str(orbit) for orbit in orbits}
    for one in candidates:
        if not one.orbit:
            raise InputError(
                f"{one.tiles[0].name} of {one.date} tells no relative orbit (sat:relative_orbit); scenes of "
                "different orbits cannot be compared. Use a collection that tells it."
            )
        one.reason = drop_incomplete(one, catalog, POLARIZATIONS)
        if one.reason:
            continue
        one.covered = covered_share(one.tiles, area)
        one.chosen = one.covered >= MIN_COVERED and (not wanted or one.orbit in wanted)
        one.reason = "covers the area" if one.chosen else f"covers {100 * one.covered:.0f} % of the area"
        if wanted and one.orbit not in wanted:
            one.reason = "another orbit"
    return candidates, [one for one in candidates if one.chosen]


def write_radar(
    folder: Path, windows: Windows, grid: Grid, chosen: Sequence[Candidate], area: gpd.GeoSeries | None = None
) -> list[dict]:
    """Write backscatter in linear power, VV and VH, float32; rows of the table of scenes.

    A scene whose pixels cover less of the area than its outlines promise is left out, with that reason.

    Parameters
    ----------
    folder : where the images are written.
    windows : where pixels come from.
    grid : grid of the images.
    chosen : scenes; they get their coverage by pixels, and those left out the reason.
    area : area of interest; None takes the whole grid.
    """
    rows, inside = [], np.ones(grid.shape, bool) if area is None else area_mask(area, grid) == 1
    for one in chosen:
        power = _backscatter(windows, one, POLARIZATIONS[0], grid)
        known = power != RADAR_NODATA
        one.valid = float(known[inside].mean())
        one.covered = share_with_values(known, inside, grid.transform.a)
        if one.covered < MIN_COVERED:
            one.chosen, one.reason = False, f"its pixels cover {100 * one.covered:.0f} % of the area"
            continue
        name = f"radar_{one.date}_o{one.orbit}.tif"
        tags = {"DATE": one.date, "RELATIVE_ORBIT": one.orbit, "ITEMS": " ".join(tile.name for tile in one.tiles)}
        with cog_writer(folder / name, grid, "float32", POLARIZATIONS, RADAR_NODATA, 1.0, tags) as raster:
            raster.write(power, 1)
            raster.write(_backscatter(windows, one, POLARIZATIONS[1], grid), 2)
        rows.append({"sensor": RADAR, "path": name, "date": one.date, "orbit": one.orbit, "cloud_mask": ""})
    return rows


def _backscatter(windows: Windows, one: Candidate, band: str, grid: Grid) -> np.ndarray:
    layers = []
    for tile in one.tiles:
        power = windows.read(tile, band, grid).astype("float32")
        known = power[np.isfinite(power) & (power != RADAR_NODATA)]
        if known.size and (below := float((known < MIN_POWER).mean())) > MAX_BELOW:
            raise InputError(
                f"tile {tile.name} of {tile.date}, band {band}: {100 * below:.0f} % of its numbers are below "
                f"{MIN_POWER:g}, as decibels are; expected backscatter in linear power. Set radar_collection to "
                "such a one, as sentinel-1-rtc."
            )
        layers.append(np.where(np.isfinite(power) & (power > 0), power, RADAR_NODATA))
    return mosaic(layers, RADAR_NODATA)


def series_table(year: int, optical: Sequence[Candidate], radar: Sequence[Candidate]) -> pd.DataFrame:
    """All candidates of a year, both sensors, with measures and reasons."""
    parts = [candidate_table(year, found).assign(sensor=name) for name, found in ((OPTICAL, optical), (RADAR, radar))]
    table = pd.concat([part for part in parts if len(part)] or parts[:1])
    return table[["sensor", *COLUMNS]]
