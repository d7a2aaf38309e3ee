"""Addresses of one thing in several places: one setting may be an address or a list; standard library only."""

from __future__ import annotations

from collections.abc import Sequence


def as_list(addresses: str | Sequence[str]) -> list[str]:
    """Addresses of a setting in the order in which they are tried."""
    return [addresses] if isinstance(addresses, str) else list(addresses)


def in_folders(folders: str | Sequence[str], name: str) -> list[str]:
    """Addresses of a file in each of several folders."""
    return [f"{folder.rstrip('/')}/{name}" for folder in as_list(folders)]
