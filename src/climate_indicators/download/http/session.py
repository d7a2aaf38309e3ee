"""Requests that are repeated after transient failures, within time limits.

No message and no log line holds a query, a user name or a header: signatures and tokens travel there.
"""

from __future__ import annotations

import copy
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, fields, replace
from typing import Any, NoReturn, TypeVar

import requests
import tenacity
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import duration
from climate_indicators.download.http.http_errors import (
    TransientError,
    error_message,
    is_transient,
    reason_of,
    redact_url,
    retry_after_seconds,
)
from climate_indicators.download.http.timeouts import call_with_timeout

AGENT = "climate-indicators"
# time-outs, too early, too many requests, errors of the server or of one before it
TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}
TOO_MANY = 429
# headers that another host may see; any other may be a credential. `requests` takes care of cookies and of proxies
HARMLESS = {
    "accept", "accept-encoding", "connection", "content-length", "content-type", "cookie", "if-range",
    "proxy-authorization", "range", "user-agent",
}  # fmt: skip
_WAYS = {
    401: "Set the credential that the archive asks for in the environment.",
    403: "The archive refuses it: set its credential in the environment, or agree to its terms on its web site.",
    404: "There is no such thing there: look whether the archive has moved it, and set its new address.",
    410: "It is no longer there: look whether the archive has moved it, and set its new address.",
}
Result = TypeVar("Result")
_log = logging.getLogger("climate_indicators")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to try.

    ``tries``: largest number of tries; ``backoff_s``: wait after the first failure, doubled after each further one,
    with random jitter; ``longest_wait_s``: no wait is longer, and a server that asks for a longer one ends the run;
    ``connect_s`` and ``read_s``: longest silence before and after the connection is made; ``request_s``: longest time
    of one request with its answer, of a streamed one until the answer begins; ``search_s``: longest time of a search
    with all its pages. All in seconds.
    """

    tries: int = 6
    backoff_s: float = 2.0
    longest_wait_s: float = 300.0
    connect_s: float = 20.0
    read_s: float = 60.0
    request_s: float = 900.0
    search_s: float = 3600.0

    @classmethod
    def from_config(cls, archives: Mapping[str, Any]) -> RetryPolicy:
        """Retry policy of the configuration of archives; its other keys are not used."""
        return cls(**{field.name: archives[field.name] for field in fields(cls)})


def retry(url: str | None, policy: RetryPolicy, call: Callable[[], Result]) -> Result:
    """Result of a call, which is repeated after each `TransientError`.

    Raises
    ------
    InputError
        After the last try, or if the server asks for a longer wait than allowed; and whatever else the call raises.
    """
    place, begin = redact_url(url), time.monotonic()
    jitter = tenacity.wait_random(0, policy.backoff_s / 4)
    backoff = tenacity.wait_exponential(policy.backoff_s, policy.longest_wait_s) + jitter

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception()
        usual = min(backoff(state) * error.factor, policy.longest_wait_s)
        return usual if error.wait_s is None else error.wait_s + jitter(state)

    def waits_too_long(state: tenacity.RetryCallState) -> bool:
        return (state.outcome.exception().wait_s or 0) > policy.longest_wait_s

    def log(state: tenacity.RetryCallState) -> None:
        number, error = state.attempt_number + 1, state.outcome.exception()
        _log.info("%s: %s; try %d of %d in %.1f s", place, error, number, policy.tries, state.next_action.sleep)

    def end(state: tenacity.RetryCallState) -> NoReturn:
        error, again = state.outcome.exception(), "What was fetched is kept: run the same command again"
        if waits_too_long(state):
            raise InputError(
                f"{place}: {error}, and the server asks to wait {duration(error.wait_s)}, longer than "
                f"archives.longest_wait_s ({policy.longest_wait_s:g}). {again} after that time."
            )
        tries = "1 try" if state.attempt_number == 1 else f"{state.attempt_number} tries"
        spent = duration(time.monotonic() - begin)
        raise InputError(f"{place}: {error}; {tries} in {spent} failed. {again} when the address answers.")

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        stop=tenacity.stop_any(tenacity.stop_after_attempt(policy.tries), waits_too_long),
        wait=wait,
        before_sleep=log,
        retry_error_callback=end,
    )(call)


class RetryAdapter(HTTPAdapter):
    """Transport for `requests` that repeats a request after transient failures.

    A body that is not streamed is read inside the same tries, so that one that breaks off is requested again.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:
        """Answer to a request.

        Raises
        ------
        InputError
            If no answer came, or only failures of the server.
        """
        options["timeout"] = (self.policy.connect_s, self.policy.read_s)
        return retry(request.url, self.policy, lambda: self._try(request, stream, options))

    def _try(self, request: requests.PreparedRequest, stream: bool, options: Mapping[str, Any]) -> requests.Response:
        """Answer of one try, its body read unless it is a streamed file."""

        def ask() -> requests.Response:
            response = HTTPAdapter.send(self, request, stream=stream, **options)
            if not stream or response.status_code not in (200, 206):
                # the description of a failure may break off
                with suppress(requests.RequestException) if response.status_code in TRANSIENT_STATUS else nullcontext():
                    response.content  # noqa: B018  read here, kept by the response
            return response

        try:
            response = call_with_timeout(self.policy.request_s, ask)
        # the text of an error of `requests` has the query: nothing is chained to it
        except requests.RequestException as error:
            raise failure_of(request.url, error) from None
        if response.status_code not in TRANSIENT_STATUS:
            return response
        reason = f"the server answered {response.status_code} {response.reason}{error_message(response)}"
        response.close()
        # limits are often per minute: a quick second request would count against the next minute too
        factor = 8 if response.status_code == TOO_MANY else 1
        raise TransientError(reason, retry_after_seconds(response), factor)


def failure_of(url: str | None, error: requests.RequestException, more: str = "") -> TransientError | InputError:
    """What to raise in place of an error of `requests`; ``more`` follows the reason of a transient one."""
    reason = reason_of(error)
    return TransientError(reason + more) if is_transient(error) else InputError(f"{redact_url(url)}: {reason}")


class Session(requests.Session):
    """Session that repeats requests by its ``policy`` and sends no credential to a host that it is redirected to."""

    def __init__(self, policy: RetryPolicy | None = None) -> None:
        super().__init__()
        self.headers["User-Agent"] = AGENT
        self.set_policy(policy or RetryPolicy())

    def set_policy(self, policy: RetryPolicy) -> None:
        """Repeat requests by another policy."""
        self.policy, self.adapters = policy, OrderedDict()
        for scheme in ("http://", "https://"):
            self.mount(scheme, RetryAdapter(policy))

    def with_tries(self, tries: int) -> Session:
        """The same session with at most so many tries; cookies and headers are shared."""
        other = copy.copy(self)
        other.set_policy(replace(self.policy, tries=min(tries, self.policy.tries)))
        return other

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave out of a redirected request what may be a credential, if host, port or scheme are others."""
        if self.should_strip_auth(response.request.url, prepared_request.url):
            for name in [name for name in prepared_request.headers if name.lower() not in HARMLESS]:
                del prepared_request.headers[name]
        super().rebuild_auth(prepared_request, response)


def get(
    session: Session,
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
        response.close()
        status, way_out = f"{response.status_code} {response.reason}{error_message(response)}", None
        if response.status_code in (401, 403):
            way_out = refused_login(response, auth, session)
        way_out = way_out or _WAYS.get(response.status_code, "Look at the address and at what is asked for.")
        raise InputError(f"{redact_url(url)}: the server answered {status}. {way_out}")
    return response


def refused_login(response: requests.Response, auth: requests.auth.AuthBase | None, session: Session) -> str | None:
    """Advice of a login that was refused; None where there is no login that gives any."""
    return auth.advice(response, session) if hasattr(auth, "advice") else None
