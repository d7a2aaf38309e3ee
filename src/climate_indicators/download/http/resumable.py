"""One file from a server: resumed where it broke off, checked for length and digest, there whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from climate_indicators.core.atomic_files import atomic_path, read_json, write_json
from climate_indicators.core.errors import InputError
from climate_indicators.core.log import Progress
from climate_indicators.download.http.http_errors import TransferTimeout, TransientError, is_transient, redact_url
from climate_indicators.download.http.session import Session, failure_of, get, refused_login, retry
from climate_indicators.download.http.timeouts import iter_chunks

CHUNK = 1 << 15  # bytes; what is read at once, and what a try must bring at least to be no failure
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_log = logging.getLogger("climate_indicators")


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is fetched: size in bytes and digests in hexadecimal, None where unknown."""

    size: int | None = None
    sha256: str | None = None
    md5: str | None = None

    @property
    def digest(self) -> tuple[str, str] | None:
        """Name and value of the digest to check, the strongest one."""
        return next(((name, value.lower()) for name in ("sha256", "md5") if (value := getattr(self, name))), None)


def download(
    session: Session,
    url: str,
    path: str | Path,
    expected: Expected | None = None,
    *,
    auth: requests.auth.AuthBase | None = None,
) -> bool:
    """Fetch a file unless it is there, going on from what an earlier try left.

    The file grows as ``.NAME.partial`` beside ``path`` and gets its name when its length and digest are right. A part
    is continued only if the server still has the same file (by its ``ETag`` or ``Last-Modified``) or a digest tells.

    Parameters
    ----------
    url : address of the file; a query in it appears in no message.
    path : file to write.
    expected : size and digest, where they are known.
    auth : credential of the request.

    Returns
    -------
    Whether anything was fetched: False where ``path`` was there and is as expected.

    Raises
    ------
    InputError
        If the file cannot be fetched, or is not the expected one, or nothing tells whether it is whole.
    """
    path, expected = Path(path), expected or Expected()
    if path.exists() and fault_of(path, expected) is None:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    for last in (False, True):
        resumed = _fill(session, url, partial, expected, auth)
        fault = fault_of(partial, expected)
        if fault is None:
            break
        _forget(partial)
        # a part of another version of the file may have been continued: once more, from the start
        if last or not resumed:
            raise InputError(f"{redact_url(url)}: the file {fault}. {_way_out(expected)}")
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(partial, path)
    _forget(partial)
    return True


def download_cached(
    session: Session,
    url: str,
    kept: str | Path,
    path: str | Path,
    expected: Expected | None = None,
    *,
    auth: requests.auth.AuthBase | None = None,
    check: Callable[[Path], None] | None = None,
) -> bool:
    """Fetch a file into a folder that keeps what was fetched, and give it its place; see `download`.

    What is kept outlives the file at ``path``, which Snakemake removes before it makes it again.

    Parameters
    ----------
    kept : folder of files by address, shared by all that fetch.
    path : file to write, a hard link where the file system has them.
    check : raises an `InputError` for a file that is not what it should be; the file is then kept no longer.

    Returns
    -------
    Whether anything was fetched.
    """
    store = kept_path(kept, url)
    with _alone_at(store):
        fetched = download(session, url, store, expected, auth=auth)
        if check is not None:
            try:
                check(store)
            except InputError:
                store.unlink()
                raise
    with atomic_path(path) as temporary:
        try:
            os.link(store, temporary)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(store, temporary)
    return fetched


def kept_path(kept: str | Path, url: str) -> Path:
    """Where a file of an address is kept."""
    name = Path(urlsplit(url).path).name or "file"
    return Path(kept) / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}_{name}"


@contextmanager
def _alone_at(store: Path) -> Iterator[None]:
    """Wait while another process fetches the same file: two of them would write into one partial file."""
    store.parent.mkdir(parents=True, exist_ok=True)
    with store.with_name(f".{store.name}.lock").open("a") as lock:
        # file systems without locks are left as they are
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fault_of(path: str | Path, expected: Expected) -> str | None:
    """What of a file is not as expected, in words that follow its name; None if nothing is."""
    size = Path(path).stat().st_size
    if expected.size is not None and size != expected.size:
        return f"has {size} bytes, expected are {expected.size}"
    if expected.digest is None:
        return None
    name, value = expected.digest
    with open(path, "rb") as stream:
        found = hashlib.file_digest(stream, name).hexdigest()
    return None if found == value else f"has the {name.upper()} {found}, expected is {value}"


def _fill(session: Session, url: str, partial: Path, expected: Expected, auth: requests.auth.AuthBase | None) -> bool:
    """Bring the partial file to its full length; whether an earlier part was continued."""
    resumed, furthest = False, 0

    def attempt() -> bool:
        """Whether the file is whole; False if its body broke off later than any before."""
        nonlocal resumed, furthest
        have = _usable(partial, url, expected)
        resumed, furthest = resumed or have > 0, max(furthest, have)
        with get(session, url, headers=_headers(partial, have), auth=auth, stream=True, accept=(200, 206, 416)) as part:
            _refuse_page(part, url, partial, auth, session)
            if part.status_code == 416:
                if have and have == _total(part):
                    return True
                _forget(partial)
                raise TransientError("the server has no such part of the file")
            begin = _begin(part, have, url)
            length = _remember(partial, url, part, begin, expected)
            try:
                _append(partial, part, begin, length, session.policy.read_s)
            except requests.RequestException as error:
                came = partial.stat().st_size
                # a few bytes a try would be endless; of a file that begins anew each time what goes further counts
                if is_transient(error) and came >= furthest + CHUNK and not isinstance(error, TransferTimeout):
                    furthest = came
                    return False
                raise failure_of(url, error, f" after {came} bytes") from None
        if length is not None and partial.stat().st_size != length:
            _forget(partial)
            raise TransientError(f"{length} bytes were announced, another number came")
        return True

    # tries that brought something do not count
    while not retry(url, session.policy, attempt):
        _log.info("%s: the answer broke off after %d bytes and is continued", redact_url(url), furthest)
        time.sleep(session.policy.backoff_s)
    return resumed


def _headers(partial: Path, have: int) -> dict[str, str]:
    """Headers of a request for the rest of a file; no compression, whose lengths are others."""
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if (validator := _read_state(partial).get("validator")) is not None:
            headers["If-Range"] = validator
    return headers


def _usable(partial: Path, url: str, expected: Expected) -> int:
    """Bytes of an earlier try that can be continued; what cannot be is removed."""
    state = _read_state(partial)
    known = state.get("address") == _address(url)
    if partial.exists() and known and (state.get("validator") is not None or expected.digest is not None):
        return partial.stat().st_size
    _forget(partial)
    return 0


def _begin(response: requests.Response, have: int, url: str) -> int:
    """Place in the file where the body begins: 0 for the whole file."""
    if response.status_code == 200:
        return 0
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != have:
        raise InputError(
            f"{redact_url(url)}: asked for the bytes from {have} on, the server gave "
            f"{response.headers.get('Content-Range', 'no range')}. Remove the partial file and run the command again."
        )
    return have


def _refuse_page(
    response: requests.Response,
    url: str,
    partial: Path,
    auth: requests.auth.AuthBase | None,
    session: Session,
) -> None:
    """Refuse a web page in place of a file: archives send one if a login is missing."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "text/html" and ".htm" not in partial.name:
        way_out = refused_login(response, auth, session) or (
            "Set the archive's credential in the environment, or fetch the file by hand and name it in the settings."
        )
        raise InputError(
            f"{redact_url(url)}: the server sent a web page in place of the file, as archives do that ask for a login. "
            f"{way_out}"
        )


def _remember(partial: Path, url: str, response: requests.Response, begin: int, expected: Expected) -> int | None:
    """Length of the whole file; what the partial file is a part of is written next to it before its first byte."""
    etag = response.headers.get("ETag", "")
    # a weak tag does not promise equal bytes
    validator = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")
    length = _total(response)
    if response.status_code == 200 and "Content-Encoding" not in response.headers:
        text = response.headers.get("Content-Length", "")
        length = int(text) if text.isdigit() else None
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    if length is None and not chunked and expected.size is None and expected.digest is None:
        raise InputError(
            f"{redact_url(url)}: the server does not say how long the file is, so that nothing tells whether it is "
            "whole. Give its sha256 in the settings."
        )
    if begin == 0:
        partial.unlink(missing_ok=True)
        write_json({"address": _address(url), "validator": validator, "length": length}, _state_path(partial))
    return length


def _append(partial: Path, response: requests.Response, begin: int, length: int | None, over_s: float) -> None:
    """Write the body to the partial file from ``begin`` on."""
    progress = Progress(_log, length, "byte") if length else None
    if progress and begin:
        progress.step(begin, "already there")
    with partial.open("ab") as stream:
        stream.truncate(begin)
        for chunk in iter_chunks(response, CHUNK, over_s):
            stream.write(chunk)
            if progress:
                progress.step(len(chunk))


def _total(response: requests.Response) -> int | None:
    """Length of the whole file by ``Content-Range``."""
    text = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(text) if text.isdigit() else None


def _address(url: str) -> str:
    """Digest that tells addresses apart without their query, which may be a signature that changes."""
    return hashlib.sha256(redact_url(url).encode()).hexdigest()


def _state_path(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _read_state(partial: Path) -> dict[str, Any]:
    """What a partial file is a part of: ``address`` (digest), ``validator`` and ``length``; empty where unknown."""
    try:
        state = read_json(_state_path(partial))
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _forget(partial: Path) -> None:
    partial.unlink(missing_ok=True)
    _state_path(partial).unlink(missing_ok=True)


def _way_out(expected: Expected) -> str:
    if expected.digest is None:
        return "Run the command again."
    return (
        "It was damaged on the way, or the archive has a new version of it: look there, and set the new address and "
        "digest in the settings, or fetch it by hand and name it as a file."
    )
