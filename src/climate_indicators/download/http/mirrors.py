"""A file from the first of several addresses that has it, and the digest of what came, so that changes are noticed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import requests

from climate_indicators.core.atomic_files import atomic_path, sha256
from climate_indicators.core.errors import InputError
from climate_indicators.download.http.resumable import Expected, download_cached, kept_path
from climate_indicators.download.http.session import Session

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


def first_of(addresses: Sequence[str], fetch: Callable[[str], Result]) -> Result:
    """What the first address gives that gives anything.

    Parameters
    ----------
    addresses : tried in order, at least one.
    fetch : fetches from an address, and raises an `InputError` where it cannot.

    Raises
    ------
    InputError
        If none gives anything; the message lists each address with the reason.
    """
    failures: list[InputError] = []
    for number, address in enumerate(addresses, start=1):
        try:
            return fetch(address)
        except InputError as error:
            failures.append(error)
            if number < len(addresses):
                _log.info("%s; the next of %d addresses is tried", error, len(addresses))
    if len(failures) == 1:
        raise failures[0]
    listed = " ".join(f"({number}) {error}" for number, error in enumerate(failures, start=1))
    raise InputError(f"none of {len(addresses)} addresses gave it: {listed}") from failures[-1]


def download_first(
    session: Session,
    addresses: Sequence[str],
    kept: str | Path,
    path: str | Path,
    expected: Expected | None = None,
    *,
    auth_of: Callable[[str], requests.auth.AuthBase | None] = lambda address: None,
    check: Callable[[Path], None] | None = None,
) -> bool:
    """Fetch a file from the first of several addresses that has it; see `download_cached`.

    The SHA-256 of what was fetched is written next to it, as ``PATH.sha256`` in the form of ``sha256sum``. It stays
    when the file is made again: a kept file that was damaged since is fetched anew, and a file that differs from the
    one before is a warning.

    Parameters
    ----------
    addresses : tried in order.
    kept, path, expected, check : as in `download_cached`.
    auth_of : credential for an address; None for an address that needs none.

    Returns
    -------
    Whether anything was fetched.

    Raises
    ------
    InputError
        As `first_of`.
    """
    before = recorded_digest(path)
    for address in addresses:
        store = kept_path(kept, address)
        if before and store.exists() and sha256(store) != before:
            _log.warning("%s is not what was fetched (SHA-256 %s): it is fetched again", store, before)
            store.unlink()

    def fetch(address: str) -> bool:
        return download_cached(session, address, kept, path, expected, auth=auth_of(address), check=check)

    fetched = first_of(addresses, fetch)
    _record(Path(path), before)
    return fetched


def recorded_digest(path: str | Path) -> str:
    """SHA-256 that was noted when a file was fetched; "" where none was."""
    record = _record_path(Path(path))
    return record.read_text(encoding="utf-8").partition(" ")[0] if record.exists() else ""


def _record(path: Path, before: str) -> None:
    digest = sha256(path)
    if before and before != digest:
        _log.warning(
            "%s differs from the file of that name that was fetched before (SHA-256 %s, before %s): results made from "
            "the two do not compare. To refuse another file set its sha256 in the settings.",
            path.name, digest, before,
        )  # fmt: skip
    with atomic_path(_record_path(path)) as temporary:
        temporary.write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    _log.info("SHA-256 of %s: %s", path.name, digest)


def _record_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
