"""Requests over HTTP that are made again after passing faults, wait as long as they are told, and end in one message.

No message and no log line holds a query, a user name or a header: signatures and tokens travel there.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader, NameResolutionError
from urllib3.util.retry import Retry

from climate_indicators.logs import InputError, duration

AGENT = "climate-indicators"
# answers that another try may mend: time-outs, too early, too many requests, faults of the server or of one before it
PASSING = {408, 425, 429, 500, 502, 503, 504}
TOO_MANY = 429
# environment variables with credentials; a server that repeats one in its answer must not put it into a log
CREDENTIALS = (
    "EARTHDATA_TOKEN",
    "PC_SDK_SUBSCRIPTION_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "OPEN_METEO_KEY",
)
_log = logging.getLogger("climate_indicators")


@dataclass(frozen=True)
class Patience:
    """How often and how long to try.

    ``tries``: most times in all; ``backoff_s``: wait after the first failure, doubled after each further one, with up
    to a quarter more by chance; ``longest_wait_s``: no wait is longer, and a server that asks for a longer one ends
    the run; ``connect_s`` and ``read_s``: longest silence before and after the connection stands. All in seconds.
    """

    tries: int = 6
    backoff_s: float = 2.0
    longest_wait_s: float = 300.0
    connect_s: float = 20.0
    read_s: float = 60.0


class Tries:
    """The failures of one request: waits after each, and ends in an `InputError` after the last.

    Parameters
    ----------
    url : address, named in messages by `shown`.
    patience : how often and how long.
    """

    def __init__(self, url: str, patience: Patience) -> None:
        self._url, self._patience = shown(url), patience
        self._failures, self._start = 0, time.monotonic()

    def again(self, reason: str, told_s: float | None = None, first_step: int = 0) -> None:
        """Wait after a failure, for ``told_s`` seconds where the server said so.

        Parameters
        ----------
        reason : what happened, in words that follow the address.
        told_s : wait that the server asks for.
        first_step : doublings that the first wait begins with.

        Raises
        ------
        InputError
            After the last try, or if the server asks for too long a wait.
        """
        self._failures += 1
        patience, limit = self._patience, self._patience.longest_wait_s
        if told_s is not None and told_s > limit:
            raise InputError(
                f"{self._url}: {reason}, and the server asks to wait {duration(told_s)}, longer than "
                f"archives.longest_wait_s ({limit:g}). What was fetched is kept: run the same command after that time."
            )
        if self._failures >= patience.tries:
            spent = duration(time.monotonic() - self._start)
            raise InputError(
                f"{self._url}: {reason}; {self._failures} tries in {spent} failed. What was fetched is kept: run the "
                "same command again when the address answers."
            )
        step = self._failures - 1 + first_step
        wait = min(patience.backoff_s * 2**step * random.uniform(1, 1.25), limit)
        wait = wait if told_s is None else told_s + random.uniform(0, patience.backoff_s / 4)
        _log.info("%s: %s; try %d of %d in %.1f s", self._url, reason, self._failures + 1, patience.tries, wait)
        time.sleep(wait)

    def forget(self) -> None:
        """Count from nought again, since there was progress."""
        self._failures = 0


class PatientAdapter(HTTPAdapter):
    """Transport for `requests` that makes a request again after passing faults.

    A body that is not streamed is read inside the same tries, so that one that breaks off is asked for again.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:
        """Answer to a request, the last one where all tries ended in a fault of the server.

        Raises
        ------
        InputError
            If no answer came, or only faults.
        """
        options["timeout"] = (self._patience.connect_s, self._patience.read_s)
        tries = Tries(request.url, self._patience)
        while True:
            # what is raised must not be chained to an error of `requests`, whose text has the query
            response, error = self._once(request, stream, options)
            if error is not None and not passes(error):
                raise InputError(f"{shown(request.url)}: {reason_of(error)}")
            if response is None:
                tries.again(reason_of(error))
                continue
            if response.status_code not in PASSING:
                return response
            waits, too_many = told_wait(response), response.status_code == TOO_MANY
            said = f"the server answered {response.status_code} {response.reason}{words_of(response)}"
            response.close()
            # limits are often by the minute: a quick second request would count against the next minute too
            tries.again(said, waits, first_step=3 if too_many else 0)

    def _once(
        self, request: requests.PreparedRequest, stream: bool, options: Mapping[str, Any]
    ) -> tuple[requests.Response | None, requests.RequestException | None]:
        """Answer of one try, its body read unless it is streamed; or what went wrong."""
        try:
            response = super().send(request, stream=stream, **options)
            if not stream and response.status_code not in PASSING:
                response.content  # noqa: B018  read here, kept by the response
        except requests.RequestException as error:
            return None, error
        return response, None


class Bearer(requests.auth.AuthBase):
    """Token of an environment variable, sent to the first host only.

    Parameters
    ----------
    variable : name of the environment variable.
    """

    def __init__(self, variable: str) -> None:
        self._variable = variable

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its token, if the variable is set."""
        token = os.environ.get(self._variable, "").strip()
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request


def open_session(patience: Patience | None = None) -> requests.Session:
    """Session whose requests are made again after passing faults; clients of archives take it as theirs."""
    session = requests.Session()
    session.headers["User-Agent"] = AGENT
    for scheme in ("http://", "https://"):
        session.mount(scheme, PatientAdapter(patience or Patience()))
    return session


def get(
    session: requests.Session,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: requests.auth.AuthBase | None = None,
    stream: bool = False,
    accept: tuple[int, ...] = (200,),
) -> requests.Response:
    """Answer to a GET.

    Parameters
    ----------
    session : as `open_session` gives it.
    url, params, headers, auth, stream : as `requests` takes them.
    accept : statuses that the caller can use.

    Raises
    ------
    InputError
        If no answer came, or one with another status; the message has no query and no header.
    """
    try:
        response = session.get(url, params=params, headers=headers, auth=auth, stream=stream)
    except (requests.RequestException, InvalidHeader) as error:
        raise InputError(f"{shown(url)}: {reason_of(error)}") from None
    if response.status_code not in accept:
        raise refusal(response, url)
    return response


def refusal(response: requests.Response, url: str) -> InputError:
    """Error for an answer that cannot be used."""
    status = f"{response.status_code} {response.reason}{words_of(response)}"
    ways = {
        401: "Set the credential that the archive asks for in the environment.",
        403: "The archive refuses it: set its credential in the environment, or agree to its terms on its web site.",
        404: "There is no such thing there: look whether the archive has moved it, and set its new address.",
        410: "It is no longer there: look whether the archive has moved it, and set its new address.",
    }
    response.close()
    way_out = ways.get(response.status_code, "Look at the address and at what is asked for.")
    return InputError(f"{shown(url)}: the server answered {status}. {way_out}")


def shown(url: str | None) -> str:
    """An address as messages show it: scheme, host, port and path."""
    parts = urlsplit(url or "")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def passes(error: Exception) -> bool:
    """Whether a fault may be gone at the next try: not a refused certificate, nor an address that is none."""
    lasting = (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, lasting)


def reason_of(error: Exception) -> str:
    """What an error of `requests` means, in words that follow an address; never its own text, which has the query."""
    if any(isinstance(one, NameResolutionError) for one in _chain(error)):
        return "the host's name does not resolve (misspelt, or this machine has no network)"
    kinds = {
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


def told_wait(response: requests.Response) -> float | None:
    """Seconds that a server asks to wait in ``Retry-After``; None where it says nothing that can be read."""
    text = response.headers.get("Retry-After")
    try:
        return None if text is None else Retry(0).parse_retry_after(text)
    except InvalidHeader:
        return None


def words_of(response: requests.Response) -> str:
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


def without_credentials(text: str) -> str:
    """A text with dots in place of every credential of the environment."""
    for variable in CREDENTIALS:
        if value := os.environ.get(variable, "").strip():
            text = text.replace(value, "...")
    return text


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
