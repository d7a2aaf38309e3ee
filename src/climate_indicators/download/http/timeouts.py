"""Time limits: of one request, of a slow body, and of an answer in pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

import requests
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError, ReadTimeoutError, SSLError

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import duration
from climate_indicators.download.http.http_errors import TransferTimeout, redact_url

# at this rate a gigabyte takes twelve days
MIN_BYTES_S = 1000
MAX_PAGES = 1000
# errors of urllib3, and what `requests` raises in place of them
_ERRORS = {
    ProtocolError: requests.exceptions.ChunkedEncodingError,
    DecodeError: requests.exceptions.ContentDecodingError,
    ReadTimeoutError: requests.exceptions.ReadTimeout,
    SSLError: requests.exceptions.SSLError,
    HTTPError: requests.exceptions.ConnectionError,
}
Result = TypeVar("Result")


def call_with_timeout(limit_s: float, call: Callable[[], Result]) -> Result:
    """Result of a call, which is abandoned when it takes longer.

    Limits of silence end neither a server that sends a byte now and then nor a name server that is silent.

    Raises
    ------
    TransferTimeout
        If the call has not ended in ``limit_s`` seconds; and whatever the call raises.
    """
    result: Future[Result] = Future()

    def work() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # raised where the result is waited for
            result.set_exception(error)

    # an abandoned thread must not keep the process alive, as one of an executor would
    Thread(target=work, daemon=True).start()
    # an error of the call may be a `TimeoutError` too
    if wait([result], limit_s).not_done:
        raise TransferTimeout(f"no whole answer in {duration(limit_s)}")
    return result.result()


def iter_chunks(response: requests.Response, most: int, over_s: float) -> Iterator[bytes]:
    """Body of a streamed answer in chunks as they come, with the errors of ``Response.iter_content``.

    Parameters
    ----------
    most : largest number of bytes of a chunk.
    over_s : seconds over which the rate is measured.

    Raises
    ------
    TransferTimeout
        If in such a time fewer than ``MIN_BYTES_S`` bytes a second came.
    """
    begin, came = time.monotonic(), 0
    while chunk := _chunk(response, most):
        came += len(chunk)
        yield chunk
        spent = time.monotonic() - begin
        if spent >= over_s:
            if came < MIN_BYTES_S * spent:
                raise TransferTimeout(f"{came} bytes in {duration(spent)}")
            begin, came = time.monotonic(), 0


def _chunk(response: requests.Response, most: int) -> bytes:
    # `iter_content` waits until a chunk is full, which never happens if bytes come one by one
    try:
        return response.raw.read1(most, decode_content=True)
    except HTTPError as error:
        raise next(raised for kind, raised in _ERRORS.items() if isinstance(error, kind))(error) from None


class Pages:
    """Pages of an answer, watched so that they end.

    Parameters
    ----------
    url : address, named in messages.
    longest_s : longest time of all pages, in seconds.
    """

    def __init__(self, url: str, longest_s: float) -> None:
        self._url, self._longest_s, self._begin = redact_url(url), longest_s, time.monotonic()
        self._count, self._seen = 0, set()

    def add(self, names: Collection[str]) -> None:
        """Note what a page holds.

        Raises
        ------
        InputError
            If pages lead in a circle, are too many, or take too long.
        """
        self._count += 1
        if names and self._seen.issuperset(names):
            raise InputError(
                f"{self._url}: page {self._count} of the answer holds nothing that earlier pages did not: the pages "
                "lead in a circle. Tell the archive's operators, or take another archive."
            )
        self._seen.update(names)
        spent = time.monotonic() - self._begin
        if self._count > MAX_PAGES or spent > self._longest_s:
            raise InputError(
                f"{self._url}: {self._count} pages with {len(self._seen)} entries came in {duration(spent)} and there "
                f"was no end; allowed are {MAX_PAGES} pages and archives.search_s ({self._longest_s:g} s). Ask for "
                "fewer days or a smaller area, raise archives.search_s, or take another archive."
            )
