"""Names of downloaded files; standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from climate_indicators.core.addresses import as_list

# an address may hide a slash or a line end behind a percent sign; hidden files are those of the download itself
FILE_NAME = re.compile(r"[^/\\.\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*")


def download_name(download: Mapping[str, Any]) -> str:
    """Name by which the configuration refers to a downloaded file: its ``name``, or the last part of its ``url``."""
    return download["name"] or unquote(urlsplit(as_list(download["url"])[0]).path.rpartition("/")[2]) or "file"
