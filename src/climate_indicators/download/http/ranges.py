"""Files of an archive read in pieces: only bytes that are needed cross the network, and each piece arrives whole.

GDAL's own reader (/vsicurl) takes as many bytes and as long. It is not used: GDAL 3.10 does not notice that a file is
replaced while it is read, ignores ``Retry-After``, and shows the signature of an address in its messages.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import rasterio
from rasterio.abc import MultiByteRangeResourceContainer
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from climate_indicators.core.credentials import S3_VARIABLES, credential, without_credentials
from climate_indicators.core.errors import InputError
from climate_indicators.download.http.http_errors import redact_url
from climate_indicators.download.http.session import Session, get
from climate_indicators.geo.rasters.guard import FETCHED_DRIVERS

# small reads, of headers, take a whole page; larger ones, of pixels, just what is asked for
PAGE_BYTES = 16384
# pieces so near to each other are fetched together: the bytes between cost less than another request
GAP_BYTES = 2048
MAX_BYTES = 32 * 2**20
Content = TypeVar("Content")
_S3 = "s3://"
_NAME = "asset.tif"
# formats that archives deliver, by the first bytes of a file. A VRT, which is text, may name other files and addresses
_TIFF, _JPEG2000 = FETCHED_DRIVERS
_FIRST_BYTES = {
    b"II*\0": _TIFF, b"MM\0*": _TIFF, b"II+\0": _TIFF, b"MM\0+": _TIFF,
    b"\0\0\0\x0cjP  ": _JPEG2000, b"\xff\x4f\xff\x51": _JPEG2000,
}  # fmt: skip
_GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_CACHEMAX": 256}


class RemoteFile:
    """A file on an HTTP server, fetched in pieces.

    GDAL asks for pieces from C, where no exception can pass: a failure is kept in ``error``, and only blanks are given
    from then on. Whoever reads must look at ``error`` before what was read is used.

    Parameters
    ----------
    address : gives the address, signed if it must be; asked before each request, since signatures end.

    Attributes
    ----------
    error : the first failure, or None.
    """

    def __init__(self, address: Callable[[], str], session: Session) -> None:
        self.error: Exception | None = None
        self._address, self._session = address, session
        self._pages: dict[int, bytes] = {}
        self._size: int | None = None
        self._version = ""

    def size(self) -> int:
        """Length of the file in bytes; 0 after a failure."""
        if self._size is None:
            self._guarded(lambda: self._page(0), b"")
        return self._size or 0

    def span(self, start: int, stop: int) -> bytes:
        """Bytes of one piece inside the file; none after a failure."""
        return self._guarded(lambda: self._span(start, stop), b"")

    def spans(self, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        """Several pieces, near ones in one request; blanks of the same sizes after a failure."""
        return self._guarded(lambda: self._spans(spans), [bytes(stop - start) for start, stop in spans])

    def _guarded(self, fetch: Callable[[], Content], blank: Content) -> Content:
        if self.error is None:
            try:
                return fetch()
            except Exception as error:  # kept, and raised by `opened` on the other side of GDAL
                self.error = error
        return blank

    def _spans(self, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        joined: list[list[int]] = []
        for start, stop in sorted(spans):
            if joined and start - joined[-1][1] <= GAP_BYTES and stop - joined[-1][0] <= MAX_BYTES:
                joined[-1][1] = max(stop, joined[-1][1])
            else:
                joined.append([start, stop])
        pieces = [(start, self._span(start, stop)) for start, stop in joined]
        found = []
        for start, stop in spans:
            first, piece = next((at, piece) for at, piece in reversed(pieces) if at <= start)
            found.append(piece[start - first : stop - first])
        return found

    def _span(self, start: int, stop: int) -> bytes:
        """Bytes of a span: from pages that are here or are worth keeping, else as they are."""
        if stop <= start:
            return b""
        first, last = start // PAGE_BYTES, (stop - 1) // PAGE_BYTES
        if stop - start > PAGE_BYTES // 4 and not all(page in self._pages for page in range(first, last + 1)):
            return self._fetch(start, stop)
        whole = b"".join(self._page(page) for page in range(first, last + 1))
        return whole[start - first * PAGE_BYTES : stop - first * PAGE_BYTES]

    def _page(self, number: int) -> bytes:
        if number not in self._pages:
            start = number * PAGE_BYTES
            stop = start + PAGE_BYTES if self._size is None else min(start + PAGE_BYTES, self._size)
            self._pages[number] = self._fetch(start, stop)
        return self._pages[number]

    def _fetch(self, start: int, stop: int) -> bytes:
        url = self._address()
        if self._size is not None and start >= self._size:
            raise InputError(
                f"{redact_url(url)} ends after {self._size} bytes, but its own header places pixels at byte {start}: "
                "it is truncated. Tell the archive's operators, or leave the scene out."
            )
        asked = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        answer = get(self._session, url, headers=asked, accept=(200, 206))
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
        if answer.status_code != 206 or told is None:
            raise InputError(
                f"{redact_url(url)}: the server gives no parts of files (HTTP ranges); use another archive."
            )
        first, last, size = map(int, told.groups())
        if first != start or last != min(stop, size) - 1 or len(answer.content) != last + 1 - first:
            raise InputError(
                f"{redact_url(url)}: bytes {start} to {stop - 1} were asked for, {len(answer.content)} bytes of "
                f"{first} to {last} came."
            )
        # a file of the same length may be another one too
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        other = version and self._version and version != self._version
        if other or self._size not in (None, size):
            raise InputError(f"{redact_url(url)}: the file changed while it was read; run the same command again.")
        self._size, self._version = size, self._version or version
        return answer.content


class _Handle(io.RawIOBase):
    """A place in a remote file, as GDAL opens it."""

    def __init__(self, file: RemoteFile) -> None:
        self._file, self._position = file, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}
        self._position = offset + (self._file.size() if whence == io.SEEK_END else start[whence])
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._file.size() if size < 0 else min(self._position + size, self._file.size())
        content = self._file.span(self._position, end)
        self._position += len(content)
        return content

    def get_byte_ranges(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        return self._file.spans([(offset, offset + size) for offset, size in zip(offsets, sizes, strict=True)])


class _Opener(MultiByteRangeResourceContainer):
    """Gives GDAL the one file, under a name that tells nothing of its address."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file

    def open(self, path: str, mode: str = "rb", **options: object) -> _Handle:
        if not path.endswith(_NAME):
            raise FileNotFoundError(path)
        return _Handle(self._file)

    def isfile(self, path: str) -> bool:
        return path.endswith(_NAME)

    def isdir(self, path: str) -> bool:
        return False

    def ls(self, path: str) -> list[str]:
        return []

    def mtime(self, path: str) -> int:
        return 0

    def rm(self, path: str) -> None:
        raise OSError("files of an archive are only read")

    def size(self, path: str) -> int:
        return self._file.size() if path.endswith(_NAME) else 0


@contextmanager
def opened(
    href: str, session: Session, sign: Callable[[str], str], s3_endpoint: str | None = None
) -> Iterator[DatasetReader]:
    """A raster of an archive, read by ranges while the block runs.

    Parameters
    ----------
    href : its address, https or s3.
    sign : puts a token behind an address.
    s3_endpoint : host of the S3 store. Its keys are read by GDAL, from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of
        the environment.

    Raises
    ------
    InputError
        If the file cannot be fetched, or is neither a GeoTIFF nor JPEG 2000: other formats, a VRT above all, can make
        GDAL read local files and other addresses.
    """
    if href.startswith(_S3):
        with _opened_s3(href, s3_endpoint) as raster:
            yield raster
        return
    file = RemoteFile(lambda: sign(href), session)
    driver = _driver_of(file, href)
    try:
        with rasterio.Env(**_GDAL), rasterio.open(_NAME, driver=driver, opener=_Opener(file)) as raster:
            yield raster
    except RasterioError as error:
        if file.error is None:
            raise InputError(f"{redact_url(href)} cannot be read as a raster: {error}") from error
    if file.error is not None:
        raise file.error


def _driver_of(file: RemoteFile, href: str) -> str:
    """GDAL's driver for a file by its first bytes, which no driver is asked for."""
    begin = file.span(0, min(16, file.size()))
    if file.error is not None:
        raise file.error
    for magic, driver in _FIRST_BYTES.items():
        if begin.startswith(magic):
            return driver
    raise InputError(
        f"{redact_url(href)} is no raster that is read from an archive: it begins with {begin!r}; expected a GeoTIFF "
        "or JPEG 2000. Choose another collection or asset."
    )


@contextmanager
def _opened_s3(href: str, endpoint: str | None) -> Iterator[DatasetReader]:
    for variable in S3_VARIABLES:  # GDAL reads them itself, as they are
        credential(variable, strip=False)
    options = {"AWS_S3_ENDPOINT": endpoint} if endpoint else {}
    settings = {
        "AWS_VIRTUAL_HOSTING": False, "GDAL_HTTP_MAX_RETRY": 5, "GDAL_HTTP_RETRY_DELAY": 2, "GDAL_HTTP_TIMEOUT": 60,
        "GDAL_HTTP_CONNECTTIMEOUT": 20, "GDAL_INGESTED_BYTES_AT_OPEN": PAGE_BYTES,
    }  # fmt: skip
    driver = _JPEG2000 if href.lower().endswith((".jp2", ".j2k")) else _TIFF
    path = f"/vsis3/{href[len(_S3) :]}"
    try:
        with rasterio.Env(**_GDAL, **settings, **options), rasterio.open(path, driver=driver) as raster:
            yield raster
    except RasterioError as error:
        raise InputError(
            f"{href} on {endpoint or 'S3'} cannot be read ({without_credentials(str(error))}). Its keys are taken from "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment."
        ) from None
