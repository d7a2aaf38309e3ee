"""What goes wrong with requests over HTTP, in words that hold no query, user name or header."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from climate_indicators.core.credentials import without_credentials

# the first kind that fits an error; requests gives the cause of a failed connection in its text only
_KINDS = {
    requests.exceptions.SSLError: "its certificate was not accepted",
    requests.exceptions.ProxyError: "the proxy gave no connection",
    requests.exceptions.ConnectTimeout: "no connection in time",
    requests.exceptions.ReadTimeout: "the server fell silent",
    requests.exceptions.ChunkedEncodingError: "the answer broke off",
    requests.exceptions.ContentDecodingError: "the answer is damaged",
    requests.exceptions.TooManyRedirects: "it leads from address to address without end",
}
_TEXTS = {
    "NameResolutionError": "the host's name does not resolve (misspelt, or this machine has no network)",
    "timed out": "the server fell silent",
    "Connection refused": "the connection was refused",
}


class TransferTimeout(requests.exceptions.Timeout):
    """An answer that comes, but too slowly."""


class TransientError(Exception):
    """A failure that another try may not meet; its text follows an address.

    Parameters
    ----------
    reason : the text.
    wait_s : wait that the server asks for; None if it asks for none.
    factor : by which the usual wait is too short.
    """

    def __init__(self, reason: str, wait_s: float | None = None, factor: float = 1.0) -> None:
        super().__init__(reason)
        self.wait_s, self.factor = wait_s, factor


def redact_url(url: str | None) -> str:
    """An address as messages show it: scheme, host, port and path."""
    parts = urlsplit(url or "")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def is_transient(error: Exception) -> bool:
    """Whether another try may not meet an error, unlike a refused certificate or an invalid address."""
    lasting = (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, lasting)


def reason_of(error: Exception) -> str:
    """What an error of `requests` means, in words that follow an address; never its own text, which has the query."""
    if isinstance(error, TransferTimeout):
        return "the answer came too slowly"
    found = [words for sign, words in _TEXTS.items() if sign in repr(error)]
    found = [words for kind, words in _KINDS.items() if isinstance(error, kind)] + found
    if isinstance(error, requests.ConnectionError):
        found.append("the connection broke")
    return found[0] if found else f"it cannot be asked for ({type(error).__name__})"


def retry_after_seconds(response: requests.Response) -> float | None:
    """Seconds that a server asks to wait in ``Retry-After``; None where it gives none that can be read."""
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
