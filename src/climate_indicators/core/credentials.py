"""Names of the environment variables with credentials, whose values are blanked in every text that a person sees.

Standard library only: all scripts import it with their log.
"""

from __future__ import annotations

import json
import os
from urllib.parse import quote, quote_plus

EARTHDATA_TOKEN = "EARTHDATA_TOKEN"  # login to the Randolph Glacier Inventory 7.0
PLANETARY_KEY = "PC_SDK_SUBSCRIPTION_KEY"
OPEN_METEO_KEY = "OPEN_METEO_KEY"
# read by GDAL itself
S3_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
CREDENTIALS = (EARTHDATA_TOKEN, PLANETARY_KEY, OPEN_METEO_KEY, *S3_VARIABLES)
BLANK = "..."
# a shorter piece of a credential is found in ordinary words too, and reveals nothing
_MIN_PIECE = 4


def without_credentials(text: str) -> str:
    """A text with dots in place of every credential of the environment, however the text writes it.

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
