"""Answers to searches, kept, so that a run that is taken up again asks for nothing twice."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from climate_indicators.core.atomic_files import read_json, write_json
from climate_indicators.core.stac_catalogs import Catalogue
from climate_indicators.download.http.session import Session
from climate_indicators.download.stac.search import search

# archives still add scenes of a day for some weeks
SETTLED = datetime.timedelta(days=30)


def cached_search(
    folder: str | Path,
    catalogue: Catalogue,
    session: Session,
    area: BaseGeometry,
    days: tuple[str, str],
) -> list[dict[str, Any]]:
    """Items as `search` finds them, from a file of the folder if the same was asked before.

    Nothing is kept of a search that found nothing, or of days so late that scenes of them may still be added.
    """
    what = [catalogue.endpoint, catalogue.collection, area.wkt, *days]
    digest = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]
    path = Path(folder) / f"search_{digest}.json"
    if path.exists():
        return read_json(path)
    items = search(catalogue, session, area, days)
    age = datetime.datetime.now(datetime.UTC).date() - datetime.date.fromisoformat(days[1])
    if items and age > SETTLED:
        write_json(items, path)
    return items
