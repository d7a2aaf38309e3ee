"""Choice of a scene by what it shows inside the area of interest, not by what is said of its whole tiles."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.stac.search import Tile, missing_assets

# slices of one recording follow each other by seconds; an orbit comes again after days
ONE_OVERPASS = datetime.timedelta(minutes=5)
# classes of Sentinel-2's scene classification
NO_DATA, SNOW = 0, 11
# no data, saturated or defective, cloud shadow, cloud of medium and high probability, cirrus
MASKED = (0, 1, 3, 8, 9, 10)
COLUMNS = [
    "year", "date", "orbit", "tiles", "cloud_cover", "covered_fraction", "valid_fraction", "snow_fraction", "baseline",
    "offset_dn", "offset_source", "chosen", "reason",
]  # fmt: skip


@dataclass
class Candidate:
    """What one overpass shows of an area: its tiles together.

    Attributes
    ----------
    date, orbit : ISO day, and relative orbit ("" where not told).
    tiles : those over the area, the one that shows most first.
    covered, valid : share of the area under a tile, and seen without clouds, 0 to 1; None where not measured.
    snow : share of the seen area that is classed as snow or ice, 0 to 1.
    offset_dn, offset_source : offsets added to the numbers of its tiles, and who states them; "" where unknown.
    chosen, reason : whether it was taken, and why or why not.
    """

    date: str
    orbit: str
    tiles: list[Tile]
    covered: float | None = None
    valid: float | None = None
    snow: float | None = None
    offset_dn: str = ""
    offset_source: str = ""
    chosen: bool = False
    reason: str = ""


def overpasses(tiles: Iterable[Tile]) -> list[Candidate]:
    """Tiles of one overpass put together: of one day and orbit, and what follows within minutes on the next day.

    Parameters
    ----------
    tiles : in any order.

    Returns
    -------
    Candidates in order of time, each dated by its first tile.
    """
    groups: dict[tuple[str, str], list[Tile]] = {}
    last: dict[str, tuple[str, datetime.datetime]] = {}
    for tile in sorted(tiles, key=lambda tile: (tile.time, tile.name)):
        time = datetime.datetime.fromisoformat(tile.time)
        day, before = last.get(tile.orbit, ("", time))
        if not day or (day != tile.date and time - before > ONE_OVERPASS):
            day = tile.date
        last[tile.orbit] = day, time
        groups.setdefault((day, tile.orbit), []).append(tile)
    return [Candidate(date, orbit, group) for (date, orbit), group in groups.items()]


def drop_incomplete(candidate: Candidate, catalog: Catalog, bands: Sequence[str]) -> str:
    """Remove tiles that lack a band; why the candidate cannot be used if all do, else ""."""
    lacking = [missing_assets(tile, catalog, bands) for tile in candidate.tiles]
    if all(lacking):
        return f"lacks {lacking[0]}"
    candidate.tiles = [tile for tile, lacks in zip(candidate.tiles, lacking, strict=True) if not lacks]
    return ""


def mosaic(layers: Sequence[np.ndarray], nodata: float = NO_DATA) -> np.ndarray:
    """Layers of one shape laid over each other: of each pixel the first that has a value."""
    result = layers[0].copy()
    for layer in layers[1:]:
        gaps = result == nodata
        result[gaps] = layer[gaps]
    return result


def measure(
    candidate: Candidate, layers: Sequence[np.ndarray], inside: np.ndarray, masked: Sequence[int] = MASKED
) -> None:
    """Fill in what a candidate shows, and put the tile that shows most first.

    Parameters
    ----------
    candidate : overpass.
    layers : uint8 classes of each of its tiles, all of the shape of ``inside``.
    inside : uint8, 1 inside the area.
    masked : classes that show no ground.
    """
    area = inside == 1
    seen = [int((~np.isin(layer, masked) & area).sum()) for layer in layers]
    order = sorted(range(len(layers)), key=lambda place: -seen[place])
    candidate.tiles = [candidate.tiles[place] for place in order]
    classes = mosaic([layers[place] for place in order])
    total, valid = int(area.sum()), ~np.isin(classes, masked) & area
    candidate.covered = float(((classes != NO_DATA) & area).sum() / total)
    candidate.valid = float(valid.sum() / total)
    candidate.snow = float((classes[valid] == SNOW).mean()) if valid.any() else 0.0


def select_scene(candidates: Sequence[Candidate], tolerance: float) -> Candidate:
    """The candidate to take: of those that show nearly most, the one with least snow, of those the latest.

    Late in the melt a glacier's margin is free of seasonal snow, and that decides more about its mapped area than a few
    more clouded pixels.

    Parameters
    ----------
    candidates : measured, at least one.
    tolerance : shares that differ by less count as equal, 0 to 1.
    """
    most = max(candidate.valid or 0.0 for candidate in candidates)
    equal = [candidate for candidate in candidates if (candidate.valid or 0.0) >= most - tolerance]
    least = min(round(candidate.snow or 0.0, 2) for candidate in equal)
    return max((one for one in equal if round(one.snow or 0.0, 2) == least), key=lambda one: one.date)


def candidate_table(year: int, candidates: Sequence[Candidate]) -> pd.DataFrame:
    """All candidates of a year with their measures and reasons, `COLUMNS`."""
    rows = [
        {
            "year": year,
            "date": one.date,
            "orbit": one.orbit,
            "tiles": " ".join(tile.name for tile in one.tiles),
            "cloud_cover": pd.Series([tile.cloud_cover for tile in one.tiles], dtype="float64").mean(),
            "covered_fraction": one.covered,
            "valid_fraction": one.valid,
            "snow_fraction": one.snow,
            "baseline": " ".join(sorted({tile.baseline for tile in one.tiles} - {""})),
            "offset_dn": one.offset_dn,
            "offset_source": one.offset_source,
            "chosen": one.chosen,
            "reason": one.reason,
        }
        for one in sorted(candidates, key=lambda one: (one.date, one.orbit))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
