"""One image in several files: a map of band and file, a folder as archives deliver it, or files named after bands."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from climate_indicators.core.errors import InputError

# a tile in the settings: a file, a folder, or files by band
Tile = str | Mapping[str, str]
_SUFFIXES = (".jp2", ".tif", ".tiff", ".vrt", ".img")
# Landsat Collection 2, level 2: https://www.usgs.gov/landsat-missions/landsat-collection-2-level-2-science-products
_LANDSAT = re.compile(r"L[COTEM]\d\d_L2S[PR]_.*_SR_B\d", re.IGNORECASE)
_SENTINEL2 = re.compile(r"(S2[A-D]_MSIL|T\d\d[A-Z]{3}_\d{8}T\d{6}_)", re.IGNORECASE)
_OWN_BASELINE = 99.0
SENTINEL2_OFFSET_BASELINE = 4.0
_BASELINE = re.compile(r"S2[A-D]_MSIL\w+?_N(\d{4})_", re.IGNORECASE)


@dataclass(frozen=True)
class Product:
    """What a product's own definition says where its files do not.

    Attributes
    ----------
    name : for messages; "" for files of no known product.
    scale, offset : ``number × scale + offset`` is reflectance; None if the files are to say it.
    nodata : number of missing pixels; None if the files are to say it.
    processing_baseline : of Sentinel-2; None if unknown.
    """

    name: str = ""
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    processing_baseline: str | None = None

    @property
    def stated_by(self) -> str:
        """Who states scale and offset, for messages; "" where the files do."""
        return self.name if self.scale is not None else ""


@dataclass(frozen=True)
class TileFiles:
    """Files of one image.

    Attributes
    ----------
    label : the tile as the settings have it, for messages and tables.
    files : path of each file and the names of the wanted bands in it; None for all wanted bands, by their names in the
        file.
    product : what is known of it.
    """

    label: str
    files: tuple[tuple[str, str | None], ...]
    product: Product = field(default_factory=Product)

    @property
    def paths(self) -> list[str]:
        """Paths of the files."""
        return [path for path, _ in self.files]


def tile_files(tiles: Sequence[Tile], bands: Sequence[str]) -> list[TileFiles]:
    """Files of the tiles of a scene.

    A tile is a file with all bands; a map of band and file; a folder, such as one of Sentinel-2 (SAFE), Landsat or
    HyP3, whose files end in the bands' names; or one of several files of such a folder, which are put together.

    Parameters
    ----------
    tiles : as the settings have them.
    bands : names of the wanted bands.

    Raises
    ------
    InputError
        If a map or folder lacks a band, or has several files of one.
    """
    found: list[tuple[int, TileFiles]] = []
    loose: dict[str, dict[str, list[str]]] = {}
    place: dict[str, int] = {}
    for number, tile in enumerate(tiles):
        if isinstance(tile, Mapping):
            found.append((number, _mapped(tile, bands)))
        elif os.path.isdir(tile):
            found.append((number, _folder(tile, bands)))
        elif (band := band_of(tile, bands)) is not None and len(bands) > 1:
            loose.setdefault(band[0], {}).setdefault(band[1], []).append(tile)
            place[tile] = number
        else:
            found.append((number, TileFiles(tile, ((tile, None),))))
    for stem, by_band in loose.items():
        found += [(min(place[path] for path in one.paths), one) for one in _loose(stem, by_band, bands, tiles)]
    return [one for _, one in sorted(found, key=lambda item: item[0])]


def tile_text(tile: Tile) -> str:
    """A tile as the cell of a table: its path, or its map of band and file as JSON."""
    return tile if isinstance(tile, str) else json.dumps(dict(tile))


def tile_of(text: str) -> Tile:
    """The tile that `tile_text` wrote."""
    return json.loads(text) if text.startswith("{") else text


def band_of(path: str, bands: Sequence[str]) -> tuple[str, str] | None:
    """Name of a file without its band, and the band, where the name ends in one, such as ``T32TPS_…_B02_10m.jp2``."""
    name = Path(path)
    if name.suffix.lower() not in _SUFFIXES:
        return None
    for band in bands:
        match = re.fullmatch(rf"(.*[._-])?{re.escape(band)}([._-]\d+m)?", name.stem, re.IGNORECASE)
        if match:
            return match[1] or "", band
    return None


def _mapped(tile: Mapping[str, str], bands: Sequence[str]) -> TileFiles:
    missing = [band for band in bands if band not in tile]
    label = next(iter(tile.values()), "an empty map")
    if missing:
        raise InputError(
            f"the tile of {label} names files of the bands {', '.join(tile) or '(none)'}; band {', '.join(missing)} is "
            "listed in the site's `bands`. Add its file to the map, or remove the band from the list."
        )
    files = tuple((tile[band], band) for band in bands)
    return TileFiles(label, files, product_of([path for path, _ in files]))


def _folder(folder: str, bands: Sequence[str]) -> TileFiles:
    paths = sorted(str(path) for path in Path(folder).rglob("*") if path.suffix.lower() in _SUFFIXES)
    by_band: dict[str, list[str]] = {}
    for path in paths:
        found = band_of(path, bands)
        if found is not None and "_qi_data" not in path.lower().replace(os.sep, "_"):
            by_band.setdefault(found[1], []).append(path)
    missing = [band for band in bands if band not in by_band]
    if missing:
        names = ", ".join(os.path.basename(path) for path in paths[:12]) or "no raster"
        raise InputError(
            f"the folder {folder} has no file of band {', '.join(missing)}, whose name would end in it; found {names}"
            f"{' …' if len(paths) > 12 else ''}. Name the files in a map of band and file, or correct `bands`."
        )
    files = tuple((_finest(by_band[band], band, folder), band) for band in bands)
    product = product_of([folder, *(path for path, _ in files)])
    stated = _stated_baseline(folder)
    return TileFiles(folder, files, product if stated is None else replace(product, processing_baseline=stated))


def _loose(stem: str, by_band: Mapping[str, list[str]], bands: Sequence[str], tiles: Sequence[Tile]) -> list[TileFiles]:
    """Files that are named after bands: together if they are one image, else each for itself, with all bands."""
    paths = [path for found in by_band.values() for path in found]
    if len(paths) == 1 and len(by_band) == 1 and len(tiles) == 1:
        return [TileFiles(paths[0], ((paths[0], None),))]
    if set(by_band) == set(bands):
        files = tuple((_finest(by_band[band], band, stem), band) for band in bands)
        return [TileFiles(files[0][0], files, product_of([path for path, _ in files]))]
    return [TileFiles(path, ((path, None),)) for path in paths]


def _finest(paths: list[str], band: str, where: str) -> str:
    """The file of a band with the smallest pixels, as its name says."""

    def meters(path: str) -> float:
        match = re.search(r"_(\d+)m$", Path(path).stem)
        return float(match[1]) if match else float("inf")

    ordered = sorted(paths, key=meters)
    if len(ordered) > 1 and meters(ordered[0]) == meters(ordered[1]):
        raise InputError(
            f"{where} has several files of band {band}: {', '.join(ordered[:4])}. Give one image per tile, or name its "
            "files in a map of band and file."
        )
    return ordered[0]


def _stated_baseline(folder: str) -> str | None:
    """Processing baseline that the metadata of a Sentinel-2 product state; None without metadata.

    Products that users made with Sen2Cor have the baseline 99.99: there, whether an offset is listed decides.
    """
    for path in sorted(Path(folder).rglob("MTD_MSIL*.xml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        stated = re.search(r"<PROCESSING_BASELINE>\s*([\d.]+)\s*<", text)
        if stated and float(stated[1]) < _OWN_BASELINE:
            return stated[1]
        carries = re.search(r"<(BOA|RADIO)_ADD_OFFSET[^>]*>\s*-\d+\s*<", text)
        return str(SENTINEL2_OFFSET_BASELINE) if carries else "0"
    return None


def product_of(paths: Sequence[str]) -> Product:
    """What is known of a product by the names of its files and folders."""
    if any(_LANDSAT.search(os.path.basename(path)) for path in paths):
        return Product("Landsat Collection 2 level 2", 2.75e-5, -0.2, 0)
    if any(_SENTINEL2.search(path) for path in paths):
        found = (match[1] for path in paths if (match := _BASELINE.search(path)))
        baseline = next((text for text in found if float(text) < 100 * _OWN_BASELINE), None)
        product = Product("Sentinel-2", nodata=0)
        return product if baseline is None else replace(product, processing_baseline=baseline)
    return Product()
