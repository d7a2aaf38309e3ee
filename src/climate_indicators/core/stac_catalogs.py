"""Catalogs of scenes that are known by name: address, collection, and what they call the bands.

Standard library only, so that settings can be checked before any job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from climate_indicators.core.errors import InputError

OPTICAL, RADAR = "optical", "radar"
# Sentinel-2's scene classification, read like a band
CLASSES = "SCL"
OTHER = "other"
_NO_RAW = (
    " Raw ground-range scenes (GRD) are not taken: they are not corrected for terrain. Take sentinel-1-rtc of "
    "planetary_computer, or with catalog: other a collection of terrain-corrected backscatter in linear power."
)
_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", CLASSES)


@dataclass(frozen=True)
class Catalog:
    """Catalog of an archive for one type of scenes, and its names of bands.

    Attributes
    ----------
    name : as in the settings and in messages.
    endpoint : address of the STAC API.
    collection : name of the collection.
    assets : name of the asset of each band.
    tokens : address that gives tokens for the collection; None if files are open.
    s3_endpoint : host of the archive's S3 store, for files with addresses ``s3://``.
    """

    name: str
    endpoint: str
    collection: str
    assets: Mapping[str, str] = field(default_factory=dict)
    tokens: str | None = None
    s3_endpoint: str | None = None

    def asset(self, band: str) -> str:
        """Asset name of a band; by default the name of the band."""
        return self.assets.get(band, band)


_EARTH_SEARCH = {
    "B01": "coastal", "B02": "blue", "B03": "green", "B04": "red", "B05": "rededge1", "B06": "rededge2",
    "B07": "rededge3", "B08": "nir", "B8A": "nir08", "B09": "nir09", "B11": "swir16", "B12": "swir22", CLASSES: "scl",
}  # fmt: skip
_CDSE = {
    "B01": "B01_60m", "B02": "B02_10m", "B03": "B03_10m", "B04": "B04_10m", "B05": "B05_20m", "B06": "B06_20m",
    "B07": "B07_20m", "B08": "B08_10m", "B8A": "B8A_20m", "B09": "B09_60m", "B11": "B11_20m", "B12": "B12_20m",
    CLASSES: "SCL_20m",
}  # fmt: skip
_PLANETARY = "https://planetarycomputer.microsoft.com/api/stac/v1"
_PLANETARY_TOKENS = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
PRESETS: Mapping[str, Mapping[str, Catalog]] = {
    OPTICAL: {
        "earth_search": Catalog(
            "earth_search", "https://earth-search.aws.element84.com/v1", "sentinel-2-l2a", _EARTH_SEARCH
        ),
        "planetary_computer": Catalog(
            "planetary_computer", _PLANETARY, "sentinel-2-l2a", {band: band for band in _BANDS}, _PLANETARY_TOKENS
        ),
        "cdse": Catalog(
            "cdse", "https://stac.dataspace.copernicus.eu/v1", "sentinel-2-l2a", _CDSE,
            s3_endpoint="eodata.dataspace.copernicus.eu",
        ),
    },
    RADAR: {
        "planetary_computer": Catalog(
            "planetary_computer", _PLANETARY, "sentinel-1-rtc", {"VV": "vv", "VH": "vh"}, _PLANETARY_TOKENS
        ),
    },
}  # fmt: skip


def find_catalog(
    name: str,
    sensor: str,
    endpoint: str | None = None,
    collection: str | None = None,
    assets: Mapping[str, str] | None = None,
    tokens: str | None = None,
) -> Catalog:
    """A catalog known by name, with overrides from the settings.

    Parameters
    ----------
    name : one of the presets, or ``other``, which needs ``endpoint`` and ``collection``.
    sensor : ``optical`` (Sentinel-2 L2A) or ``radar`` (Sentinel-1, terrain corrected).
    endpoint, collection, tokens : take the place of the preset's.
    assets : asset names by band, in addition to those of the preset.

    Raises
    ------
    InputError
        If the catalog has no such scenes, or ``other`` lacks its address.
    """
    if name == OTHER:
        if not (endpoint and collection):
            raise InputError("catalog: other needs endpoint, the address of a STAC API, and collection.")
        return Catalog(OTHER, endpoint, collection, dict(assets or {}), tokens)
    known = PRESETS[sensor].get(name)
    if known is None:
        raise InputError(
            f"catalog {name} has no {sensor} scenes that can be used; those that have: {', '.join(PRESETS[sensor])}."
            + (_NO_RAW if sensor == RADAR else "")
        )
    # tokens of the preset are not sent to a user-defined URL
    tokens = tokens or (None if endpoint else known.tokens)
    return replace(
        known,
        endpoint=endpoint or known.endpoint,
        collection=collection or known.collection,
        assets={**known.assets, **(assets or {})},
        tokens=tokens,
    )
