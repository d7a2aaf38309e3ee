"""Search in STAC catalogs: which tiles there are over an area in a span of days, and what their items say of them."""

from __future__ import annotations

import datetime
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import requests
from pystac.errors import STACError
from pystac_client import Client
from pystac_client.errors import ClientTypeError
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from shapely import make_valid, union_all
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.http.http_errors import reason_of, redact_url
from climate_indicators.download.http.session import Session
from climate_indicators.download.http.timeouts import Pages
from climate_indicators.download.stac.sentinel2_offset import PRODUCT_NAMES, item_baseline
from climate_indicators.geo.grid import in_degrees

CLOUD_COVER = "eo:cloud_cover"
PAGE_ITEMS = 100
# times that a polygon is sent before the rectangle around it is: servers that cannot read polygons never will
POLYGON_TRIES = 2
_ORBIT_IN_NAME = re.compile(r"_R(\d{3})_")
# "…_DS_SGS__20180801T093000_S20180801T053219_N02.08": station, time of processing, begin of the recording, baseline
_BEGIN_OF_STRIP = re.compile(r"_S(\d{8}T\d{6})_")
# the second is that of the Copernicus Data Space Ecosystem
_STRIPS = ("s2:datastrip_id", "eopf:datastrip_id")
# a footprint that lies beside others with less of its area differs from them by its outline's coarseness
MIN_BESIDE = 0.02
_log = logging.getLogger(__name__)
_TILE_IN_NAME = re.compile(r"_T?(\d{2}[C-X][A-Z]{2})_")


@dataclass(frozen=True)
class Tile:
    """One tile of one overpass, as its item describes it.

    Attributes
    ----------
    name : the item's id.
    date : ISO day, UTC.
    time : ISO day and time, UTC.
    place : code of the tile in its lattice; the item's id where it has none.
    orbit : relative orbit as a number in text; "" where none is told.
    cloud_cover : of the whole tile, 0 to 1; None where not told.
    baseline : processing baseline, such as ``05.09``; "" where not told.
    footprint : where it has values, longitude and latitude.
    item : the item itself, as the archive gave it.
    """

    name: str
    date: str
    time: str
    place: str
    orbit: str
    cloud_cover: float | None
    baseline: str
    footprint: BaseGeometry
    item: Mapping[str, Any]


def search(
    catalog: Catalog,
    session: Session,
    area: BaseGeometry,
    days: tuple[str, str],
) -> list[dict[str, Any]]:
    """Items of a collection over an area in a span of days, all pages.

    The area itself is asked for; where the server fails on it, the rectangle around it, and items outside the area are
    left out here.

    Parameters
    ----------
    catalog : where to look.
    area : longitude and latitude.
    days : first and last day, ISO.

    Raises
    ------
    InputError
        If the archive does not answer, or not as a STAC API, or its pages have no end.
    """
    io = StacApiIO()
    io.session = session
    try:
        client = Client.open(catalog.endpoint, stac_io=io)
        asked = {
            "collections": [catalog.collection],
            "datetime": f"{days[0]}T00:00:00Z/{days[1]}T23:59:59Z",
            "limit": PAGE_ITEMS,
        }
        try:
            io.session = session.with_tries(POLYGON_TRIES)
            return _all_pages(client, catalog, session.policy.search_s, asked | {"intersects": mapping(area)})
        except (APIError, requests.RequestException) as error:
            # some servers fail on polygons, others do not know them
            _log.info("%s The rectangle around the area is asked for instead.", _search_error(catalog, error))
        io.session = session
        found = _all_pages(client, catalog, session.policy.search_s, asked | {"bbox": area.bounds})
        return [item for item in found if _may_meet(item, area)]
    except (APIError, requests.RequestException) as error:
        raise _search_error(catalog, error) from None
    except (STACError, ClientTypeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{redact_url(catalog.endpoint)} does not answer as a STAC API that can be searched "
            f"({type(error).__name__}); expected one such as https://earth-search.aws.element84.com/v1. Set endpoint."
        ) from error


def _all_pages(client: Client, catalog: Catalog, limit_s: float, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Items of all pages of an answer."""
    pages, items = Pages(catalog.endpoint, limit_s), []
    for page in client.search(**asked).pages_as_dicts():
        pages.add([str(item.get("id")) for item in page["features"]])
        items += page["features"]
    return items


def _may_meet(item: Mapping[str, Any], area: BaseGeometry) -> bool:
    """Whether an item of the rectangle lies over the area; one whose outline cannot be read is named later."""
    try:
        return make_valid(shape(item["geometry"])).intersects(area)
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError):
        return True


def _search_error(catalog: Catalog, error: Exception) -> InputError:
    """The error that the session raised inside the client, which keeps only its text; else one of its status."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, InputError):
            return inner
        inner = inner.__cause__ or inner.__context__
    place = redact_url(catalog.endpoint)
    status = getattr(error, "status_code", None)
    if status is None:
        return InputError(f"{place}: {reason_of(error)}")
    return InputError(
        f"{place}: the search of collection {catalog.collection} was answered with status {status}. Look at "
        "endpoint and collection."
    )


def read_tiles(items: Sequence[Mapping[str, Any]]) -> list[Tile]:
    """Tiles of items, in order of time and name; of what was processed twice, the last processing.

    An overpass may give a tile in two parts, where the satellite's recording was cut in two data strips: both are kept.

    Raises
    ------
    InputError
        If an item has no id, time or footprint.
    """
    overpasses: dict[tuple[str, str, str], list[Tile]] = {}
    for tile in sorted((_tile(item) for item in items), key=lambda tile: (tile.time, tile.name)):
        overpasses.setdefault((tile.date, tile.orbit, tile.place), []).append(tile)
    kept = [tile for group in overpasses.values() for tile in _last_processings(group)]
    return sorted(kept, key=lambda tile: (tile.time, tile.name))


def _last_processings(group: Sequence[Tile]) -> list[Tile]:
    """Of the items of one tile and overpass, those that show another part of it than all that were processed later."""
    kept: list[Tile] = []
    for tile in sorted(group, key=_processed, reverse=True):
        if not any(_strip(tile) and _strip(tile) == _strip(other) for other in kept) and _adds(tile, kept):
            kept.append(tile)
    return kept


def _adds(tile: Tile, later: Sequence[Tile]) -> bool:
    """Whether a tile shows ground beside that of later processings.

    Some archives give the whole tile as the footprint of each part: then two data strips of one processing count as
    two parts, since nothing is lost if they are none.
    """
    if not later or not tile.footprint.area:
        return not later
    beside = tile.footprint.difference(union_all([other.footprint for other in later])).area
    if beside > MIN_BESIDE * tile.footprint.area:
        return True
    return any(
        _strip(tile) and _strip(other) and tile.baseline == other.baseline and _alike(tile.footprint, other.footprint)
        for other in later
    )


def _alike(one: BaseGeometry, other: BaseGeometry) -> bool:
    return one.symmetric_difference(other).area <= MIN_BESIDE * one.area


def _processed(tile: Tile) -> tuple[str, str, str]:
    """Baseline, time of processing, and name: what is later in order was processed later."""
    properties = tile.item["properties"]
    times = (properties.get(key) for key in ("s2:generation_time", "processing:datetime", "created"))
    # fractions of seconds are written or not
    return tile.baseline, next((str(time)[:19] for time in times if time), ""), tile.name


def _strip(tile: Tile) -> str:
    """When the recording of a tile's data strip began, which all processings share; "" where it is not told."""
    told = (str(tile.item["properties"].get(key) or "") for key in _STRIPS)
    return next((found[1] for text in told if (found := _BEGIN_OF_STRIP.search(text))), "")


def _tile(item: Mapping[str, Any]) -> Tile:
    try:
        name, properties = str(item["id"]), item["properties"]
        time = properties.get("datetime") or properties["start_datetime"]
        moment = datetime.datetime.fromisoformat(time)
        footprint = make_valid(shape(item["geometry"]))
        cloud = properties.get(CLOUD_COVER)
        cloud_share = None if cloud is None else float(cloud) / 100
        orbit = _orbit(name, properties)
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError) as error:
        start = json.dumps({"id": item.get("id")})
        raise InputError(
            f"an item of the archive ({start}) lacks what an item needs, id, datetime and geometry, or has no number "
            f"where there should be one ({error!r})."
        ) from error
    moment = moment.replace(tzinfo=moment.tzinfo or datetime.UTC).astimezone(datetime.UTC)
    return Tile(
        name, moment.date().isoformat(), moment.isoformat(timespec="seconds"), _place(name, properties),
        orbit, cloud_share, item_baseline(properties), footprint, item,
    )  # fmt: skip


def _place(name: str, properties: Mapping[str, Any]) -> str:
    code = properties.get("grid:code") or properties.get("s2:mgrs_tile")
    if code:
        return str(code).removeprefix("MGRS-")
    found = _TILE_IN_NAME.search(name)
    return found[1] if found else name


def _orbit(name: str, properties: Mapping[str, Any]) -> str:
    orbit = properties.get("sat:relative_orbit")
    if orbit is not None:
        return str(int(orbit))
    for text in (*(properties.get(key) for key in PRODUCT_NAMES), name):
        found = _ORBIT_IN_NAME.search(str(text or ""))
        if found:
            return str(int(found[1]))
    return ""


def asset_address(tile: Tile, catalog: Catalog, band: str) -> str:
    """Address of the file of a band.

    Raises
    ------
    InputError
        If the tile has no such asset.
    """
    assets = tile.item.get("assets") or {}
    name = catalog.asset(band)
    if name not in assets or "href" not in assets[name]:
        raise InputError(
            f"{tile.name} has no asset {name} for band {band}; it has {', '.join(sorted(assets)) or 'none'}. Set "
            "archive.assets, or leave the band out."
        )
    return str(assets[name]["href"])


def missing_assets(tile: Tile, catalog: Catalog, bands: Sequence[str]) -> str:
    """Names of assets that a tile should have and has not; "" if it has all."""
    missing = []
    for band in bands:
        try:
            asset_address(tile, catalog, band)
        except InputError:
            missing.append(f"asset {catalog.asset(band)}")
    return ", ".join(missing)


def search_area(area: gpd.GeoSeries) -> BaseGeometry:
    """Outline that is searched: the hull of an area, in longitude and latitude."""
    return in_degrees(area).union_all().convex_hull
