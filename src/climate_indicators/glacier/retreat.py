"""Terminus change of every glacier of a site: flowlines, ice fronts of all years, tables and rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import ndimage
from shapely.geometry import MultiPoint

from climate_indicators.geo.grid import Grid
from climate_indicators.glacier.extents import assign_glacier_ids
from climate_indicators.glacier.flowlines import Flowline, pixel_coordinates
from climate_indicators.glacier.termini import (
    BOX,
    LINES,
    Front,
    Sheaf,
    box_half_width_m,
    find_front,
    make_sheaf,
    retreat_by_box,
    retreat_by_lines,
)
from climate_indicators.stats.trends import adjusted_trends, trend_row

UNSEEN = 255
COLUMNS = [
    "glacier_id", "year", "method", "retreat_m", "lower_m", "upper_m", "length_m", "terminus_x", "terminus_y",
    "terminus_elevation_m", "n_lines", "flag",
]  # fmt: skip
# front not seen (cloud, gap); glacier without connected ice at its tongue; terminus at the edge of the area or at
# another glacier; no terminus in the reference year
HIDDEN, GONE, CUT, NO_REFERENCE = "hidden", "no ice", "cut", "no reference"
# with fewer glaciers, the error of a mapped terminus cannot be estimated
MIN_GLACIERS = 3


@dataclass(frozen=True)
class Tongue:
    """A glacier with its flowline and the two sheaves of lines, on the whole grid."""

    number: int
    name: str
    flowline: Flowline
    lines: Sheaf
    box: Sheaf


@dataclass(frozen=True)
class YearOfExtent:
    """Data of one year: arrays with the shape of the grid.

    Attributes
    ----------
    year : calendar year.
    extent : uint8, 1 ice, 0 not, 255 not seen.
    probability : float32, calibrated, NaN where not seen; or None.
    threshold : probability above which a pixel is ice.
    """

    year: int
    extent: np.ndarray
    probability: np.ndarray | None
    threshold: float


def make_tongues(
    lines: Mapping[str, Flowline], glacier_ids: np.ndarray, names: Sequence[str], pixel_m: float
) -> list[Tongue]:
    """Sheaves of lines of every glacier that has a flowline, ordered as ``names``; arguments as `find_flowlines`."""
    tongues = []
    for number, window in enumerate(ndimage.find_objects(glacier_ids, len(names)), start=1):
        line = lines.get(names[number - 1])
        if line is None or window is None:
            continue
        rows, columns = (slice(max(part.start - 1, 0), part.stop + 1) for part in window)
        inner = replace(line, points=line.points - (rows.start, columns.start))
        half_width_m = box_half_width_m(inner, glacier_ids[rows, columns] == number, pixel_m)
        sheaves = make_sheaf(line, pixel_m), make_sheaf(line, pixel_m, half_width_m)
        tongues.append(Tongue(number, names[number - 1], line, *sheaves))
    return tongues


def fronts_of_year(
    shown: YearOfExtent,
    glacier_ids: np.ndarray,
    tongues: Sequence[Tongue],
    reference: Mapping[int, tuple[Front, Front]] | None = None,
) -> dict[int, tuple[Front, Front]]:
    """Fronts of all glaciers in one year, on the lines and in the box, by number of the glacier.

    Ice outside the reference outlines counts for the glacier that it is connected to. ``reference`` has the fronts of
    the reference year.
    """
    owner = assign_glacier_ids(
        np.where(shown.extent == 1, 1, 0).astype("uint8"), glacier_ids, int(glacier_ids.max()) + 1
    )
    found = {}
    for tongue in tongues:
        fronts = []
        for place, sheaf in enumerate((tongue.lines, tongue.box)):
            expected = None if reference is None else reference[tongue.number][place].position_m
            window = _around(sheaf, shown.extent.shape)
            rows, columns = window
            ice = (owner[window] == tongue.number).astype("uint8")
            ice[shown.extent[window] == UNSEEN] = UNSEEN
            probability = None if shown.probability is None else shown.probability[window]
            moved = replace(sheaf, rows=sheaf.rows - rows.start, columns=sheaf.columns - columns.start)
            fronts.append(find_front(moved, ice, probability, shown.threshold, expected))
        found[tongue.number] = tuple(fronts)
    return found


def mapping_error(mapped: Mapping[int, tuple[Front, Front]], outlines: Mapping[int, tuple[Front, Front]]) -> float:
    """Error of a mapped front, m: root-mean-square difference between mapped and outlined fronts of the reference year.

    The outlines are taken as the truth. Part of the glaciers were used in training, so the error of other years may be
    larger. 0 where fewer than `MIN_GLACIERS` glaciers have both fronts.
    """
    pairs = [(_mean(mapped[number][0].position_m), _mean(outlines[number][0].position_m)) for number in mapped]
    differences = np.array([here - there for here, there in pairs if np.isfinite([here, there]).all()])
    return float(np.sqrt(np.mean(differences**2))) if len(differences) >= MIN_GLACIERS else 0.0


def retreat_table(
    tongues: Sequence[Tongue],
    fronts: Mapping[int, Mapping[int, tuple[Front, Front]]],
    reference_year: int,
    elevation: np.ndarray,
    grid: Grid,
    mapping_sd_m: float = 0.0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Terminus change of every glacier and year against the reference year.

    Parameters
    ----------
    tongues : of `make_tongues`.
    fronts : year: fronts of `fronts_of_year`.
    reference_year : one of the years.
    elevation : float, shape ``grid.shape``, m.
    grid : the site's grid.
    mapping_sd_m : of `mapping_error`; where it is larger than what the probabilities of a year tell, it is used.
    confidence : of the intervals.

    Returns
    -------
    ``COLUMNS``, two rows (``method`` lines, box) per glacier and year. ``retreat_m`` is positive for retreat;
    ``length_m`` is the length of the flowline to the front, ``terminus_x, terminus_y`` the front on the flowline in the
    grid's reference system. Numbers are NaN where the front is not known, and ``flag`` gives the reason.
    """
    rows = []
    for tongue in tongues:
        reference = fronts[reference_year][tongue.number]
        for year in sorted(fronts):
            front = fronts[year][tongue.number]
            changes = {
                LINES: retreat_by_lines(reference[0], front[0], tongue.lines, mapping_sd_m, confidence),
                BOX: retreat_by_box(reference[1], front[1], tongue.box, mapping_sd_m, confidence),
            }
            length = _mean(front[0].position_m)
            place = _place(tongue, length, elevation, grid)
            for method, change in changes.items():
                flag = _flag(tongue, reference, front, change.retreat_m)
                numbers = [change.retreat_m, change.lower_m, change.upper_m]
                rows.append([tongue.name, year, method, *numbers, length, *place, change.n_lines, flag])
    return pd.DataFrame(rows, columns=COLUMNS)


def retreat_rates(table: pd.DataFrame, confidence: float = 0.95, significance: float = 0.05) -> pd.DataFrame:
    """Rate of terminus change of every glacier, from the lines: Theil–Sen slope, test, and a sentence.

    P-values are adjusted for the number of glaciers. Columns are those of `trends.adjusted_trends`, with ``glacier_id``
    in front; ``slope_per_year`` is the advance in m per year, negative for retreat.
    """
    rows = []
    of_lines = table[table["method"] == LINES]
    for name, own in of_lines.groupby("glacier_id", sort=False):
        unknown = own["retreat_m"].isna()
        values = -own["retreat_m"].fillna(0.0)
        quantity = f"terminus position of {name}"
        row = trend_row(
            quantity, "m", own["year"].tolist(), values.tolist(), unknown.tolist(), confidence, significance
        )
        # positions are relative to the reference year, so a percentage is meaningless
        rows.append({"glacier_id": name} | row | {"total_percent": np.nan})
    if not rows:
        return pd.DataFrame(columns=["glacier_id", "sentence"])
    return adjusted_trends(pd.DataFrame(rows), significance, confidence)


def terminus_layer(
    tongues: Sequence[Tongue], fronts: Mapping[int, Mapping[int, tuple[Front, Front]]], grid: Grid
) -> gpd.GeoDataFrame:
    """Termini as points on the lines of the box, with ``glacier_id, year``; none for glaciers without a terminus."""
    rows, shapes = [], []
    for tongue in tongues:
        for year in sorted(fronts):
            points = _front_points(tongue.box, fronts[year][tongue.number][1])
            if len(points):
                rows.append((tongue.name, year))
                shapes.append(MultiPoint(np.column_stack(pixel_coordinates(grid, *points.T))))
    columns = {"glacier_id": [name for name, _ in rows], "year": np.array([year for _, year in rows], "int32")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=grid.crs))


def measure_years(
    years: Sequence[int],
    reference_year: int,
    read: Callable[[int], YearOfExtent],
    glacier_ids: np.ndarray,
    tongues: Sequence[Tongue],
    progress: Callable[[], None] = lambda: None,
) -> dict[int, dict[int, tuple[Front, Front]]]:
    """Fronts of all years; only one year's rasters are in memory at a time.

    Parameters
    ----------
    years : calendar years.
    reference_year : one of them.
    read : gives what a year shows.
    glacier_ids : of the reference outlines.
    tongues : of `make_tongues`.
    progress : called once per year.
    """
    reference = fronts_of_year(read(reference_year), glacier_ids, tongues)
    fronts = {reference_year: reference}
    progress()
    for year in years:
        if year != reference_year:
            fronts[year] = fronts_of_year(read(year), glacier_ids, tongues, reference)
            progress()
    return fronts


def _flag(tongue: Tongue, reference: tuple[Front, Front], front: tuple[Front, Front], retreat_m: float) -> str:
    if np.isfinite(retreat_m):
        return CUT if tongue.flowline.cut else ""
    if np.isnan(reference[0].position_m).all():
        return NO_REFERENCE
    return GONE if front[0].gone else HIDDEN


def _around(sheaf: Sheaf, shape: tuple[int, int], margin: int = 6) -> tuple[slice, slice]:
    """Part of the grid that holds the lines of a sheaf, with a margin."""
    parts = []
    for places, length in ((sheaf.rows, shape[0]), (sheaf.columns, shape[1])):
        start = int(np.clip(np.floor(places.min()) - margin, 0, length - 1))
        parts.append(slice(start, int(np.clip(np.ceil(places.max()) + margin + 1, start + 1, length))))
    return parts[0], parts[1]


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) * 3 >= len(values) and len(known) else np.nan


def _place(tongue: Tongue, length_m: float, elevation: np.ndarray, grid: Grid) -> tuple[float, float, float]:
    """Coordinates and elevation of the point of the middle line at a distance from the head; NaN where unknown."""
    if np.isnan(length_m):
        return np.nan, np.nan, np.nan
    middle = len(tongue.lines.rows) // 2
    row, column = (
        float(np.interp(length_m, tongue.lines.distance_m, places[middle]))
        for places in (tongue.lines.rows, tongue.lines.columns)
    )
    x, y = pixel_coordinates(grid, np.array([row]), np.array([column]))
    place = round(row), round(column)
    known = all(0 <= index < size for index, size in zip(place, elevation.shape, strict=True))
    return float(x[0]), float(y[0]), float(elevation[place]) if known else np.nan


def _front_points(sheaf: Sheaf, front: Front) -> np.ndarray:
    """Row and column of the front on each line where it is known, shape (n, 2)."""
    points = [
        (np.interp(position, sheaf.distance_m, rows), np.interp(position, sheaf.distance_m, columns))
        for position, rows, columns in zip(front.position_m, sheaf.rows, sheaf.columns, strict=True)
        if np.isfinite(position)
    ]
    return np.array(points, "float64").reshape(-1, 2)
