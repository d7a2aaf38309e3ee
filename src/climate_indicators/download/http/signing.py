"""Addresses of files made usable with a token for a while; what is signed is never written anywhere."""

from __future__ import annotations

import datetime

from climate_indicators.core.credentials import PLANETARY_KEY, credential
from climate_indicators.core.errors import InputError
from climate_indicators.download.http.http_errors import redact_url
from climate_indicators.download.http.session import Session, get

_KEY_HEADER = "Ocp-Apim-Subscription-Key"
# a token that ends so soon is asked for anew, so that it does not end amid a file
_SPARE = datetime.timedelta(minutes=2)


class Signer:
    """Puts an archive's token behind addresses of its files.

    Parameters
    ----------
    tokens : address that gives tokens; None where files are open: addresses stay as they are.
    collection : what the token is for.
    """

    def __init__(self, session: Session, tokens: str | None, collection: str) -> None:
        self._session, self._collection = session, collection
        self._address = f"{tokens.rstrip('/')}/{collection}" if tokens else None
        self._token = ""
        self._ends = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    def sign(self, href: str) -> str:
        """Address with a token that still holds.

        The key, if there is one, comes from the environment variable ``PC_SDK_SUBSCRIPTION_KEY``.

        Raises
        ------
        InputError
            If no token was given.
        """
        if self._address is None:
            return href
        if datetime.datetime.now(datetime.UTC) + _SPARE >= self._ends:
            self._renew(self._address)
        return f"{href}{'&' if '?' in href else '?'}{self._token}"

    def _renew(self, address: str) -> None:
        key = credential(PLANETARY_KEY)
        answer = get(self._session, address, headers={_KEY_HEADER: key} if key else None)
        try:
            content = answer.json()
            self._token = str(content["token"])
            self._ends = datetime.datetime.fromisoformat(content["msft:expiry"]).astimezone(datetime.UTC)
        except (ValueError, KeyError, TypeError):
            # the answer's own text may hold a token
            raise InputError(
                f"{redact_url(address)}: found an answer that is no token; expected JSON with token and msft:expiry."
            ) from None
