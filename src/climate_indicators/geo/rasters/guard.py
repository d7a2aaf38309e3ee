"""Opening, reading and writing rasters: a failure becomes an `InputError` with path, cause and errno."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.enums import Interleaving
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, DatasetWriter

from climate_indicators.core.errors import InputError

# formats of files that come from archives: a "GeoTIFF" from a server may be a VRT that reads local files
FETCHED_DRIVERS = ("GTiff", "JP2OpenJPEG")
# options of GDAL for streaming: its default cache is 5 % of the machine's memory, a few rows of blocks are enough
GDAL_CACHE = {"GDAL_CACHEMAX": 256}
# bytes written after a failed write, to get the cause from the operating system
_PROBE = bytes(1 << 16)
_EMPTY_TEXTS = ("Read failed. See previous exception for details.", "Write failed. See previous exception for details.")
_READ = "cannot be read as a raster (missing, truncated, damaged or no raster)"
_WRITTEN = "cannot be written"


class Reader:
    """An open raster whose reads name the file when they fail; otherwise used like rasterio's `DatasetReader`.

    Attributes
    ----------
    raw : the `DatasetReader` itself, for functions of rasterio that need one.
    path : as it was opened, as text.
    """

    def __init__(self, raw: DatasetReader, path: str | Path) -> None:
        self.raw, self.path = raw, str(path)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self.raw.close()

    def read(self, *arguments: Any, **options: Any) -> Any:
        """`DatasetReader.read`; raises `InputError` with the path where pixels cannot be read."""
        with raster_errors(self.path):
            return self.raw.read(*arguments, **options)

    def read_masks(self, *arguments: Any, **options: Any) -> Any:
        """`DatasetReader.read_masks`; raises `InputError` with the path where the mask cannot be read."""
        with raster_errors(self.path):
            return self.raw.read_masks(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class Writer:
    """A raster open for writing whose writes name the file when they fail; otherwise like `DatasetWriter`."""

    def __init__(self, raw: DatasetWriter, path: str | Path) -> None:
        self.__dict__.update(raw=raw, path=str(path))

    def write(self, *arguments: Any, **options: Any) -> None:
        """`DatasetWriter.write`; raises `InputError` with the path and, for a full disk, the errno."""
        with raster_errors(self.path, self.raw.name):
            self.raw.write(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.raw, name, value)


@contextmanager
def opened(path: str | Path, drivers: Sequence[str] | None = None, **options: Any) -> Iterator[Reader]:
    """Open a raster for reading.

    Parameters
    ----------
    path : raster, in any format that GDAL reads.
    drivers : GDAL's names of the formats that are allowed, such as `FETCHED_DRIVERS`; None allows all.
    options : options of `rasterio.open`.

    Raises
    ------
    InputError
        If the file cannot be opened, has another format than allowed or no bands, or a later read fails; names path,
        cause, errno.
    """
    with open_raster(path, drivers, **options) as raster:
        yield raster


def open_raster(path: str | Path, drivers: Sequence[str] | None = None, **options: Any) -> Reader:
    """The same as `opened`, for a raster that stays open until it is closed."""
    with raster_errors(path, allowed=drivers):
        raw = rasterio.open(path, **options) if drivers is None else _open_as(path, drivers, options)
    if raw.count == 0:
        parts = raw.subdatasets
        raw.close()
        found = f"{len(parts)} rasters inside, such as {', '.join(parts[:3])}" if parts else "none inside"
        raise InputError(
            f"{path} has no bands ({found}). Extract the raster that is needed (gdal_translate makes a GeoTIFF of "
            "one), and name that file."
        )
    return Reader(raw, path)


@contextmanager
def created(path: str | Path, named: str | Path | None = None, **profile: Any) -> Iterator[Writer]:
    """Open a raster for writing.

    Parameters
    ----------
    path : file to write, often a temporary one.
    named : file that messages name; None is ``path``.
    profile : options of `rasterio.open`: driver, size, type, place.

    Raises
    ------
    InputError
        If the file cannot be written, as on a full disk; names path, cause and errno.
    """
    named = path if named is None else named
    with raster_errors(named, path):
        raw = rasterio.open(path, "w", **profile)
    try:
        yield Writer(raw, named)
    finally:
        with raster_errors(named, path):
            raw.close()
    with raster_errors(named, path):
        check_written(path)


def check_written(path: str | Path) -> None:
    """Raise `OSError` if a raster lacks bytes: GDAL does not say so of what it writes as it closes a file."""
    try:
        with opened(path) as raster:
            check_complete(raster)
    except InputError as error:
        raise OSError("not all of it was written") from error


def _open_as(path: str | Path, drivers: Sequence[str], options: dict[str, Any]) -> DatasetReader:
    """Open by one format after another, for `rasterio.open` takes a single one."""
    errors: list[RasterioError] = []
    for driver in drivers:
        try:
            return rasterio.open(path, driver=driver, **options)
        except RasterioError as error:
            errors.append(error)
    raise errors[0]


@contextmanager
def raster_errors(
    path: str | Path, written: str | Path | None = None, allowed: Sequence[str] | None = None
) -> Iterator[None]:
    """Turn errors of rasterio, GDAL and the operating system inside the block into an `InputError`.

    Parameters
    ----------
    path : file that the message names.
    written : file that is being written, often a temporary one; None if ``path`` is read.
    allowed : formats that were allowed.
    """
    try:
        yield
    except (RasterioError, CPLE_BaseError, OSError) as error:
        number = _errno(error, path, written)
        system = f" [errno {number}: {os.strerror(number)}]" if number else ""
        formats = f"; formats allowed here: {', '.join(allowed)}" if allowed else ""
        what = _READ if written is None else _WRITTEN
        raise InputError(f"{path} {what}: {_cause(error)}{system}{formats}") from error


def _cause(error: BaseException) -> str:
    """What GDAL said, from the innermost exception outwards, each sentence once."""
    texts: list[str] = []
    found: BaseException | None = error
    while found is not None:
        text = str(found).strip()
        if text and text not in _EMPTY_TEXTS and text not in texts:
            texts.append(text)
        found = found.__cause__ or found.__context__
    return "; ".join(texts) or type(error).__name__


def _errno(error: BaseException, path: str | Path, written: str | Path | None) -> int | None:
    """Number of the operating system's error: of the exception, else of a further read or write of the same file."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno:
            return found.errno
        found = found.__cause__ or found.__context__
    try:
        if written is None:
            if not str(path).startswith("/vsi"):
                with open(path, "rb") as stream:
                    stream.read(1)
        elif os.path.isfile(written):
            with open(written, "ab") as stream:
                stream.write(_PROBE)
                stream.flush()
                os.fsync(stream.fileno())
    except OSError as cause:
        return cause.errno
    return None


def check_complete(raster: Reader) -> None:
    """Check without reading a pixel that a file is complete, and that the files that it refers to exist.

    GeoTIFF: where the directory places the blocks; JPEG 2000: the length of the code stream or its end marker; VRT: the
    files that it refers to.

    Raises
    ------
    InputError
        If bytes or files are missing.
    """
    if not os.path.isfile(raster.path):
        return
    check = {"GTiff": _check_tiff, "JP2OpenJPEG": _check_jpeg2000, "VRT": _check_vrt}.get(raster.driver)
    if check is not None:
        check(raster)


def _truncated(path: str, place: str, size: int) -> InputError:
    return InputError(f"{path} is truncated: {place}, but the file ends at byte {size}. Copy or download it again.")


def _check_tiff(raster: Reader) -> None:
    size = os.path.getsize(raster.path)
    # with all bands in each block, the first band has the place of all
    bands = [1] if raster.interleaving == Interleaving.pixel else raster.indexes
    for band in bands:
        rows, cols = (-(-n // b) for n, b in zip(raster.shape, raster.block_shapes[band - 1], strict=True))
        for row in range(rows):
            for col in range(cols):
                offset = raster.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=band)
                length = raster.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=band)
                if offset is not None and int(offset) + int(length or 0) > size:
                    raise _truncated(raster.path, f"its directory places a block at byte {offset}", size)


def _check_jpeg2000(raster: Reader) -> None:
    """Walk the boxes (ISO/IEC 15444-1, annex I); a code stream of unknown length ends in the marker FF D9."""
    size = os.path.getsize(raster.path)
    with open(raster.path, "rb") as stream:
        open_ended = stream.read(2) == b"\xff\x4f" or _last_box_is_open(stream, raster.path, size)
        stream.seek(max(size - 1024, 0))
        if open_ended and not stream.read().rstrip(b"\0").endswith(b"\xff\xd9"):
            raise _truncated(raster.path, "its code stream has no end marker", size)


def _last_box_is_open(stream: BinaryIO, path: str, size: int) -> bool:
    """Whether the last box reaches to the end of the file, however long; raises where a box is truncated.

    A box is its length, its type, for length 1 the true length, its content.
    """
    start = 0
    while start < size:
        stream.seek(start)
        head = stream.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 0:
            return True
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or start + length > size:
            raise _truncated(path, f"a part of {length} bytes begins at byte {start}", size)
        start += length
    return False


def _check_vrt(raster: Reader) -> None:
    text = Path(raster.path).read_text(encoding="utf-8")
    for source in ElementTree.fromstring(text).iter():
        if source.tag not in ("SourceFilename", "SourceDataset") or not source.text:
            continue
        relative = source.get("relativeToVRT") == "1"
        path = Path(raster.path).parent / source.text if relative else Path(source.text)
        if not source.text.startswith("/vsi") and "<" not in source.text and ":" not in source.text:
            if not path.exists():
                raise InputError(
                    f"{raster.path} refers to {path}, which does not exist. Copy that file too, or make a GeoTIFF of "
                    "it (gdal_translate does)."
                )
