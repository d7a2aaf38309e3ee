"""What goes wrong with requests over HTTP, in words that hold no query, user name or header."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import InvalidHeader, NameResolutionError
from urllib3.util.retry import Retry

from climate_indicators.core.credentials import without_credentials


class TransferTimeout(requests.exceptions.Timeout):
    """An answer that comes, but so slowly that waiting for it has no end."""


def redact_url(url: str | None) -> str:
    """An address as messages show it: scheme, host, port and path."""
    parts = urlsplit(url or "")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def is_transient(error: Exception) -> bool:
    """Whether a fault may be gone at the next try: not a refused certificate, nor an address that is none."""
    lasting = (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, lasting)


def reason_of(error: Exception) -> str:
    """What an error of `requests` means, in words that follow an address; never its own text, which has the query."""
    if any(isinstance(one, NameResolutionError) for one in _chain(error)):
        return "the host's name does not resolve (misspelt, or this machine has no network)"
    kinds = {
        TransferTimeout: "the answer came too slowly",
        requests.exceptions.SSLError: "its certificate was not accepted",
        requests.exceptions.ProxyError: "the proxy gave no connection",
        requests.exceptions.ConnectTimeout: "no connection in time",
        requests.exceptions.ReadTimeout: "the server fell silent",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
        requests.exceptions.ContentDecodingError: "the answer is damaged",
        requests.exceptions.TooManyRedirects: "it leads from address to address without end",
    }
    for kind, words in kinds.items():
        if isinstance(error, kind):
            return words
    if any(isinstance(one, TimeoutError) for one in _chain(error)) or "timed out" in str(error):
        return "the server fell silent"
    if any(isinstance(one, ConnectionRefusedError) for one in _chain(error)):
        return "the connection was refused"
    if isinstance(error, requests.ConnectionError):
        return "the connection broke"
    return f"it cannot be asked for ({type(error).__name__})"


def retry_after_seconds(response: requests.Response) -> float | None:
    """Seconds that a server asks to wait in ``Retry-After``; None where it says nothing that can be read."""
    text = response.headers.get("Retry-After")
    try:
        return None if text is None else Retry(0).parse_retry_after(text)
    except InvalidHeader:
        return None


def error_message(response: requests.Response) -> str:
    """What an answer says of itself in JSON (``reason``, ``description`` or ``detail``), in parentheses."""
    if "json" not in response.headers.get("Content-Type", ""):
        return ""
    try:
        content = response.json()
    except (ValueError, requests.RequestException):
        return ""
    found = [content.get(key) for key in ("reason", "description", "detail")] if isinstance(content, dict) else []
    texts = [without_credentials(" ".join(text.split()))[:200] for text in found if isinstance(text, str)]
    return f" ({texts[0]})" if texts else ""


def _chain(error: BaseException) -> list[BaseException]:
    """An error with those that it came from, also as `urllib3` keeps them."""
    found: list[BaseException] = []
    ahead: list[Any] = [error]
    while ahead:
        one = ahead.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            ahead += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found
