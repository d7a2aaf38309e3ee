"""Cached answers to searches: a resumed run repeats no request."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path

import geopandas as gpd

from climate_indicators.core.atomic_files import read_json, write_json
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.http.session import Session
from climate_indicators.download.stac.search import Tile, read_tiles, search, search_area

# archives still add scenes of a day for some weeks
SETTLED = datetime.timedelta(days=30)


def cached_search(
    folder: str | Path,
    catalog: Catalog,
    session: Session,
    area: gpd.GeoSeries,
    days: tuple[str, str],
) -> list[Tile]:
    """Tiles over an area as `search` and `read_tiles` find them, from a file of the folder for a repeated search.

    A search that found nothing is not cached, nor is one of days so late that scenes of them may still be added.
    """
    outline = search_area(area)
    what = [catalog.endpoint, catalog.collection, outline.wkt, *days]
    digest = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]
    path = Path(folder) / f"search_{digest}.json"
    if path.exists():
        return read_tiles(read_json(path))
    items = search(catalog, session, outline, days)
    age = datetime.datetime.now(datetime.UTC).date() - datetime.date.fromisoformat(days[1])
    if items and age > SETTLED:
        write_json(items, path)
    return read_tiles(items)
