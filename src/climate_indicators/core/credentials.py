"""Credentials of archives in environment variables: read and checked, and removed from every text that a person sees.

Standard library only: all scripts import it with their log.
"""

from __future__ import annotations

import json
import os
from urllib.parse import quote, quote_plus

from climate_indicators.core.errors import InputError

EARTHDATA_TOKEN = "EARTHDATA_TOKEN"  # login to the Randolph Glacier Inventory 7.0
PLANETARY_KEY = "PC_SDK_SUBSCRIPTION_KEY"
OPEN_METEO_KEY = "OPEN_METEO_KEY"
# read by GDAL itself
S3_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
CREDENTIALS = (EARTHDATA_TOKEN, PLANETARY_KEY, OPEN_METEO_KEY, *S3_VARIABLES)
BLANK = "..."
# shorter pieces of a credential also occur in ordinary words
_MIN_PIECE = 4


def credential(variable: str, strip: bool = True) -> str:
    """Value of a credential's environment variable, "" if it is not set.

    Parameters
    ----------
    variable : name of the variable.
    strip : ignore blanks and line breaks around the value, as `export TOKEN="$(cat file)"` may leave them.

    Raises
    ------
    InputError
        If the value has a control character, such as a line break, or one outside Latin-1: no header can hold it. The
        message names the variable and never the value.
    """
    value = os.environ.get(variable, "")
    value = value.strip() if strip else value
    for place, sign in enumerate(value, start=1):
        if not sign.isprintable() or ord(sign) > 0xFF:
            kind = "no printable character" if not sign.isprintable() else "outside the Latin alphabet"
            raise InputError(
                f"environment variable {variable}: character {place} of {len(value)} is U+{ord(sign):04X}, {kind}; "
                "expected a credential of printable Latin characters in one line. Set the variable again, without "
                "what was copied along with the credential."
            )
    return value


def without_credentials(text: str) -> str:
    """A text with every credential of the environment replaced by dots, in any encoding.

    Covered are the value itself, each of its lines, and its forms in Python's and JSON's quotation marks and in
    addresses.
    """
    for piece in sorted(_pieces(), key=len, reverse=True):
        text = text.replace(piece, BLANK)
    return text


def _pieces() -> set[str]:
    found: set[str] = set()
    for variable in CREDENTIALS:
        whole = os.environ.get(variable, "")
        value = whole.strip()
        if not value:
            continue
        found.add(value)
        parts = [part for part in (whole, *value.splitlines()) if len(part.strip()) >= _MIN_PIECE]
        for part in (value, *(part.strip("\r\n") for part in parts)):
            # the bytes of a header are Latin-1 or UTF-8
            raw = part.encode("utf-8", "surrogateescape")
            written = {part, repr(part)[1:-1], json.dumps(part)[1:-1], repr(raw)[2:-1], quote(raw), quote_plus(raw)}
            found |= {one for one in written if len(one) >= _MIN_PIECE}
    return found
