"""Glacier outlines from the web feature service of the GLIMS database, page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from climate_indicators.core.atomic_files import write_json
from climate_indicators.core.errors import InputError
from climate_indicators.download.http.http_errors import redact_url
from climate_indicators.download.http.session import Session, get
from climate_indicators.download.http.timeouts import Pages

LAYER = "GLIMS:GLIMS_Glacier_Outlines"
PAGE = 500


def fetch_glims(
    session: Session,
    url: str,
    path: str | Path,
    ids: Sequence[str] = (),
    bounds: Sequence[float] | None = None,
    page: int = PAGE,
) -> int:
    """Write all outlines of some glaciers, or of a rectangle, as GeoJSON.

    Parameters
    ----------
    url : address of the service.
    path : GeoJSON to write, whole or not at all.
    ids : identifiers of glaciers, without quotation marks.
    bounds : west, south, east, north in degrees, where no identifiers are given.
    page : features of one request.

    Returns
    -------
    Number of features: a glacier has one for each time it was mapped, and others for rocks inside.

    Raises
    ------
    InputError
        If the service cannot be reached, answers with something else, or gives no or not all features.
    """
    features: list[Mapping[str, Any]] = []
    pages = Pages(url, session.policy.search_s)
    while True:
        content = _page(session, url, ids, bounds, page, len(features))
        new = content["features"]
        features += new
        pages.add([json.dumps(one, sort_keys=True) for one in new])
        total = content.get("numberMatched", content.get("totalFeatures"))
        if isinstance(total, int) and len(features) >= total:
            break
        if len(new) < page:
            if isinstance(total, int):
                raise InputError(
                    f"{redact_url(url)}: {len(features)} outlines came of {total} announced. Run it again."
                )
            break
    if not features:
        sought = ", ".join(ids) if ids else "the rectangle {:.4f}, {:.4f} to {:.4f}, {:.4f}".format(*bounds)
        raise InputError(f"{redact_url(url)}: GLIMS has no outline for {sought}. Look at the identifiers or the area.")
    # longitude before latitude, as GeoJSON has it, and no other reference system
    write_json({"type": "FeatureCollection", "features": features}, path)
    return len(features)


def _page(
    session: Session,
    url: str,
    ids: Sequence[str],
    bounds: Sequence[float] | None,
    page: int,
    start: int,
) -> Mapping[str, Any]:
    # version 1.0.0 has longitude before latitude without exception; later ones turn it by the name of the system
    asked = {
        "service": "WFS",
        "version": "1.0.0",
        "request": "GetFeature",
        "typeName": LAYER,
        "srsName": "EPSG:4326",
        "outputFormat": "application/json",
        "sortBy": "anlys_id",
        "maxFeatures": page,
        "startIndex": start,
    }
    if ids:
        names = ", ".join(f"'{one}'" for one in ids)
        asked["cql_filter"] = f"glac_id IN ({names})"
    else:
        asked["bbox"] = ",".join(f"{one:.6f}" for one in bounds)
    response = get(session, url, params=asked)
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        begin = " ".join(response.text[:200].split())
        raise InputError(f"{redact_url(url)}: the answer is no GeoJSON of features; it begins '{begin}'.")
    return content
