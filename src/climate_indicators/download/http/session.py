"""Requests over HTTP that are made again after passing faults, wait as long as they are told, and end in one message.

No message and no log line holds a query, a user name or a header: signatures and tokens travel there.
"""

from __future__ import annotations

import copy
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, fields, replace
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import duration
from climate_indicators.download.http.http_errors import (
    error_message,
    is_transient,
    reason_of,
    redact_url,
    retry_after_seconds,
)
from climate_indicators.download.http.timeouts import within

AGENT = "climate-indicators"
# answers that another try may mend: time-outs, too early, too many requests, faults of the server or of one before it
TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}
TOO_MANY = 429
# headers that another host may see; any other may be a credential. Cookies and those for proxies `requests` looks after
HARMLESS = {
    "accept", "accept-encoding", "connection", "content-length", "content-type", "cookie", "if-range",
    "proxy-authorization", "range", "user-agent",
}  # fmt: skip
_log = logging.getLogger("climate_indicators")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to try.

    ``tries``: most times in all; ``backoff_s``: wait after the first failure, doubled after each further one, with up
    to a quarter more by chance; ``longest_wait_s``: no wait is longer, and a server that asks for a longer one ends
    the run; ``connect_s`` and ``read_s``: longest silence before and after the connection stands; ``request_s``:
    longest time of one request with its answer, of a streamed one until the answer begins; ``search_s``: longest time
    of a search with all its pages. All in seconds.
    """

    tries: int = 6
    backoff_s: float = 2.0
    longest_wait_s: float = 300.0
    connect_s: float = 20.0
    read_s: float = 60.0
    request_s: float = 900.0
    search_s: float = 3600.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> RetryPolicy:
        """Retry policy of the settings of archives; their other keys are not used."""
        return cls(**{field.name: settings[field.name] for field in fields(cls)})


class RetryState:
    """The failures of one request: waits after each, and ends in an `InputError` after the last.

    Parameters
    ----------
    url : address, named in messages by `redact_url`.
    patience : how often and how long.
    """

    def __init__(self, url: str, patience: RetryPolicy) -> None:
        self._url, self._patience = redact_url(url), patience
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
            tries = "1 try" if self._failures == 1 else f"{self._failures} tries"
            raise InputError(
                f"{self._url}: {reason}; {tries} in {spent} failed. What was fetched is kept: run the "
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


class RetryAdapter(HTTPAdapter):
    """Transport for `requests` that makes a request again after passing faults.

    A body that is not streamed is read inside the same tries, so that one that breaks off is asked for again.
    """

    def __init__(self, patience: RetryPolicy) -> None:
        self.patience = patience
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:
        """Answer to a request, the last one where all tries ended in a fault of the server.

        Raises
        ------
        InputError
            If no answer came, or only faults.
        """
        options["timeout"] = (self.patience.connect_s, self.patience.read_s)
        tries = RetryState(request.url, self.patience)
        while True:
            # what is raised must not be chained to an error of `requests`, whose text has the query
            response, error = self._once(request, stream, options)
            if error is not None and not is_transient(error):
                raise InputError(f"{redact_url(request.url)}: {reason_of(error)}")
            if response is None:
                tries.again(reason_of(error))
                continue
            if response.status_code not in TRANSIENT_STATUS:
                return response
            waits, too_many = retry_after_seconds(response), response.status_code == TOO_MANY
            said = f"the server answered {response.status_code} {response.reason}{error_message(response)}"
            response.close()
            # limits are often by the minute: a quick second request would count against the next minute too
            tries.again(said, waits, first_step=3 if too_many else 0)

    def _once(
        self, request: requests.PreparedRequest, stream: bool, options: Mapping[str, Any]
    ) -> tuple[requests.Response | None, requests.RequestException | None]:
        """Answer of one try, its body read unless it is a streamed file; or what went wrong."""

        def ask() -> requests.Response:
            response = HTTPAdapter.send(self, request, stream=stream, **options)
            if not stream or response.status_code not in (200, 206):
                # what a fault says of itself may break off
                with suppress(requests.RequestException) if response.status_code in TRANSIENT_STATUS else nullcontext():
                    response.content  # noqa: B018  read here, kept by the response
            return response

        try:
            return within(self.patience.request_s, ask), None
        except requests.RequestException as error:
            return None, error


class _Session(requests.Session):
    """Session that takes no credential along when it is led to another host."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave out of a redirected request what may be a credential, if host, port or scheme are others."""
        if self.should_strip_auth(response.request.url, prepared_request.url):
            for name in [name for name in prepared_request.headers if name.lower() not in HARMLESS]:
                del prepared_request.headers[name]
        super().rebuild_auth(prepared_request, response)


def open_session(patience: RetryPolicy | None = None) -> requests.Session:
    """Session whose requests are made again after passing faults; clients of archives take it as theirs."""
    session = _Session()
    session.headers["User-Agent"] = AGENT
    for scheme in ("http://", "https://"):
        session.mount(scheme, RetryAdapter(patience or RetryPolicy()))
    return session


def hastier(session: requests.Session, tries: int) -> requests.Session:
    """The same session with fewer tries; cookies and headers are shared."""
    other = copy.copy(session)
    other.adapters = OrderedDict()
    for scheme, adapter in session.adapters.items():
        if isinstance(adapter, RetryAdapter):
            adapter = RetryAdapter(replace(adapter.patience, tries=min(tries, adapter.patience.tries)))
        other.mount(scheme, adapter)
    return other


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
        raise InputError(f"{redact_url(url)}: {reason_of(error)}") from None
    if response.status_code not in accept:
        raise refusal(response, url, refused_login(response, auth, session))
    return response


def refused_login(
    response: requests.Response, auth: requests.auth.AuthBase | None, session: requests.Session
) -> str | None:
    """What a login says of its refusal; None where there is no login that says anything."""
    return auth.advice(response, session) if hasattr(auth, "advice") else None


def refusal(response: requests.Response, url: str, login: str | None = None) -> InputError:
    """Error for an answer that cannot be used; ``login`` says what to do where a credential was refused."""
    status = f"{response.status_code} {response.reason}{error_message(response)}"
    ways = {
        401: "Set the credential that the archive asks for in the environment.",
        403: "The archive refuses it: set its credential in the environment, or agree to its terms on its web site.",
        404: "There is no such thing there: look whether the archive has moved it, and set its new address.",
        410: "It is no longer there: look whether the archive has moved it, and set its new address.",
    }
    if login is not None:
        ways |= {401: login, 403: login}
    response.close()
    way_out = ways.get(response.status_code, "Look at the address and at what is asked for.")
    return InputError(f"{redact_url(url)}: the server answered {status}. {way_out}")
