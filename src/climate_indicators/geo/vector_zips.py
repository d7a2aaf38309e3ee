"""Vector files inside zips: found, checked and read in place."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from climate_indicators.core.errors import InputError

# what a zip may hold; a FileGDB is a folder
FORMATS = (".shp", ".gpkg", ".geojson", ".gml", ".kml", ".fgb", ".gdb")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
# how a layer of a zip begins: the format is recognized by it, not by the name
_FIRST_BYTES = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00", ".geojson": b"{"}


def vector_source(path: str | Path, layer: str | None = None) -> str:
    """Name by which GDAL reads a vector file, also the one inside a zip, which is read in place and never unpacked.

    Parameters
    ----------
    path : a vector file, or a zip with one anywhere inside.
    layer : name of the file inside, without its ending, if the zip has several.

    Raises
    ------
    InputError
        If the zip is damaged, has names that lead out of it, or not exactly one file that fits.
    """
    path = Path(path)
    if path.suffix.lower() != ".zip":
        return str(path)
    names = _checked_names(path)
    files = _vector_files(names)
    fitting = [name for name in files if layer is None or Path(name).stem == layer] if len(files) > 1 else files
    if len(fitting) != 1:
        found = ", ".join(sorted(files)[:10]) or "none"
        advice = "Name one as the layer, or unpack it." if files else "Give a zip of a shapefile or GeoPackage."
        named = f"; layer '{layer}' is none of them, or several" if files and layer else ""
        raise InputError(f"{path} holds the vector layers: {found}; expected is exactly one{named}. {advice}")
    (name,) = fitting
    _check_begin(path, name)
    if name.lower().endswith(".shp"):
        parts = {part.lower() for part in names}
        lacking = [end for end in (".dbf", ".shx") if f"{name[:-4]}{end}".lower() not in parts]
        if lacking:
            raise InputError(f"{path}: {name} comes without {' and '.join(lacking)}. Fetch the file again.")
    return f"/vsizip/{path.resolve()}/{name}"


def check_zip(path: str | Path) -> None:
    """Read a zip to its end and compare every checksum.

    Raises
    ------
    InputError
        If it is damaged, or `vector_source` refuses it.
    """
    vector_source(path)
    with zipfile.ZipFile(path) as archive:
        try:
            broken = archive.testzip()
        except _DAMAGE as error:
            raise InputError(f"{path} is damaged: {error}") from error
    if broken is not None:
        raise InputError(f"{path} is damaged: the checksum of {broken} is wrong.")


def _vector_files(names: Sequence[str]) -> list[str]:
    """Vector files among the names of a zip; a FileGDB once; not the hidden copies that some systems add."""
    found = []
    for name in names:
        parts = name.split("/")
        if "__MACOSX" in parts or parts[-1].startswith("._"):
            continue
        folder = next((place for place, part in enumerate(parts) if part.lower().endswith(".gdb")), None)
        file = name if folder is None else "/".join(parts[: folder + 1])
        if file.lower().endswith(FORMATS) and file not in found:
            found.append(file)
    return found


def _check_begin(path: Path, name: str) -> None:
    """Reject a layer whose first bytes are not those of its format."""
    expected = next((begin for end, begin in _FIRST_BYTES.items() if name.lower().endswith(end)), b"")
    if not expected:
        return
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            begin = stream.read(256)
    except _DAMAGE as error:
        raise InputError(f"{path} is damaged: {error}") from error
    if expected == b"{":
        begin = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin.startswith(expected):
        raise InputError(
            f"{path}: {name} begins with {begin[:16]!r}, not as a file of its kind does. Fetch it again, from the "
            "inventory's own address."
        )


def _checked_names(path: Path) -> list[str]:
    """Names in a zip, none of which leads out of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise InputError(f"{path} is no zip file that can be read ({error}). Fetch it again.") from error
    for name in names:
        parts = re.split(r"[/\\]", name)
        if name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name):
            raise InputError(f"{path} holds the name {name!r}, which leads out of it: it is no file of an inventory.")
    return names
