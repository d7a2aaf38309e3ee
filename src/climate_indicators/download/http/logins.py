"""Login to NASA Earthdata: a token of the environment or a name and password of `~/.netrc`, and which one failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import requests
from requests.utils import get_netrc_auth

from climate_indicators.core.credentials import EARTHDATA_TOKEN, credential

EARTHDATA_HOST = "urs.earthdata.nasa.gov"
# servers that take a login to Earthdata
EARTHDATA_DOMAINS = ("nsidc.org", "nasa.gov")
_WAYS = (
    f"Put a line `machine {EARTHDATA_HOST} login NAME password PASSWORD` into ~/.netrc (chmod 600) or a token into "
    f"{EARTHDATA_TOKEN}; or fetch the file with a browser and name it in outlines.file."
)


def login_of(inventory: str, addresses: Sequence[str]) -> Callable[[str], Bearer | None]:
    """Login for an address of an inventory: only RGI 7.0 asks for one.

    The token goes to servers of NASA and NSIDC, and to the one address where no other is named: never to a mirror in a
    list.
    """

    def login(address: str) -> Bearer | None:
        trusted = len(addresses) == 1 or _in_domains(address, EARTHDATA_DOMAINS)
        return Earthdata() if inventory == "rgi7" and trusted else None

    return login


def _in_domains(address: str, domains: Sequence[str]) -> bool:
    host = urlsplit(address).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


class Bearer(requests.auth.AuthBase):
    """Token of an environment variable, sent to the first host only.

    Parameters
    ----------
    variable : name of the environment variable.
    login_host : host of the login page that the archive leads to, if it has one.
    """

    if_refused = "It may have expired, or be mistyped: make a new one."
    if_missing = "Set the variable."

    def __init__(self, variable: str, login_host: str = "") -> None:
        self.variable, self.login_host = variable, login_host

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its token, if the variable is set."""
        token = credential(self.variable)
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    def advice(self, response: requests.Response, session: requests.Session) -> str:
        """What to do after a refusal: whether a credential was set and not accepted, or none was set.

        Parameters
        ----------
        response : the refusal, from the host that one was led to.
        session : which may leave ``~/.netrc`` aside (``trust_env``).
        """
        hosts = [one for one in (urlsplit(response.url).hostname, self.login_host) if one]
        logins = [one for one in hosts if session.trust_env and get_netrc_auth(f"https://{one}") is not None]
        tried = [f"the token of {self.variable}"] if credential(self.variable) else []
        tried += [f"the login of ~/.netrc for {one}" for one in logins]
        if tried:
            return f"Not accepted: {' and '.join(tried)}. {self.if_refused}"
        nowhere = f"{self.variable} is empty, and ~/.netrc has no login for {self.login_host or hosts[0]}"
        return f"No credential is set: {nowhere}. {self.if_missing}"


class Earthdata(Bearer):
    """Login to NASA Earthdata.

    Servers of NSIDC lead to the login page of Earthdata, which takes name and password of ``~/.netrc`` and no token;
    others take the token itself.
    """

    if_refused = (
        "A token ends after 60 days, and servers of NSIDC want name and password. Agree to the application "
        f"NSIDC_DATAPOOL_OPS in the profile at {EARTHDATA_HOST}. {_WAYS}"
    )
    if_missing = f"Register at {EARTHDATA_HOST}, free of charge. {_WAYS}"

    def __init__(self) -> None:
        super().__init__(EARTHDATA_TOKEN, EARTHDATA_HOST)
