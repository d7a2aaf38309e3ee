"""The +1000 of Sentinel-2 L2A numbers: whether an archive's file still carries it, however the archive says so."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.radiometry import SENTINEL2_OFFSET_DN, SENTINEL2_OFFSET_FROM

# Processing baseline from which numbers are delivered with the offset. Reprocessed scenes of earlier years have it too.
OFFSET_BASELINE = 4.0
SCALE = 1e-4
_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
# the product's name, as ``S2A_MSIL2A_20200714T115221_N0214_R123_T28QCH_20200714T191310``
PRODUCT_NAMES = ("s2:product_uri", "sentinel:product_id")
_BASELINE_IN_NAME = re.compile(r"_N(\d{2})(\d{2})_R\d{3}_")
_BASELINES = ("s2:processing_baseline", "sentinel:processing_baseline", "processing:version")


def item_baseline(properties: Mapping[str, Any]) -> str:
    """Processing baseline of an item as text: as it states it, else by the product's name; "" where it tells none."""
    stated = next((str(properties[key]) for key in _BASELINES if properties.get(key) is not None), "")
    named = (_BASELINE_IN_NAME.search(str(properties.get(key) or "")) for key in PRODUCT_NAMES)
    return stated or next((f"{found[1]}.{found[2]}" for found in named if found), "")


def offset_dn(item: Mapping[str, Any], asset: str, applied: bool | None = None) -> float:
    """Offset to add to the numbers of an asset, in digital numbers: −1000 or 0 for Sentinel-2.

    What is said most directly counts most: the settings; a flag of the item that the archive took the offset off, which
    overrules an offset that stands at the asset all the same (Earth Search keeps it there); the offset at the asset;
    the processing baseline, 04.00 or later; the day, 2022-01-25 or later.

    Parameters
    ----------
    item : STAC item.
    asset : name of the asset.
    applied : what the settings say; None follows the item.

    Raises
    ------
    InputError
        If the item's flag is neither true nor false.
    """
    properties, carries = item["properties"], carries_by_date(item)
    if applied is None:
        applied = next((_flag(item, key) for key in _APPLIED if properties.get(key) is not None), None)
    if applied is not None:
        return SENTINEL2_OFFSET_DN if carries and not applied else 0.0
    said = _said_at_asset(item.get("assets", {}).get(asset, {}))
    if said is not None:
        return said
    return SENTINEL2_OFFSET_DN if carries else 0.0


def may_be_wrong(item: Mapping[str, Any], stated: float) -> bool:
    """Whether an item's stated offset, in digital numbers, is one that pixels should confirm.

    Numbers of a baseline before 04.00 never carry the +1000; an offset of another size is none that pixels can tell.
    """
    baseline = item_baseline(item["properties"])
    never = _is_number(baseline) and not _carries_by_baseline(baseline)
    return stated in (0.0, SENTINEL2_OFFSET_DN) and not (never and stated == 0.0)


def carries_by_date(item: Mapping[str, Any]) -> bool:
    """Whether numbers of an item's day and baseline were delivered with the +1000 at first."""
    baseline = item_baseline(item["properties"])
    return _carries_by_baseline(baseline) if _is_number(baseline) else _carries_by_day(item["properties"])


def _flag(item: Mapping[str, Any], key: str) -> bool:
    """A property that is true or false, also where an archive writes it as text or number."""
    value = item["properties"][key]
    text = str(value).strip().lower()
    if text not in _FLAGS:
        raise InputError(
            f"{item.get('id')}: found {key} {value!r}, expected true or false. Say in archive.offset_applied whether "
            "the archive took the offset off its numbers."
        )
    return _FLAGS[text]


def _said_at_asset(asset: Mapping[str, Any]) -> float | None:
    """Offset in digital numbers of the raster extension, in its version 1 (a list) or 2 (at the asset or its bands)."""
    places = [asset, *(asset.get("raster:bands") or []), *(asset.get("bands") or [])]
    for place in places:
        for prefix in ("raster:", ""):
            offset = place.get(f"{prefix}offset")
            if offset is not None:
                scale = place.get(f"{prefix}scale") or asset.get("raster:scale") or SCALE
                return float(round(float(offset) / float(scale)))
    return None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _carries_by_baseline(baseline: str) -> bool:
    return float(baseline) >= OFFSET_BASELINE


def _carries_by_day(properties: Mapping[str, Any]) -> bool:
    time = str(properties.get("datetime") or properties.get("start_datetime"))
    return datetime.date.fromisoformat(time[:10]) >= SENTINEL2_OFFSET_FROM
