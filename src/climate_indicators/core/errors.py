"""Errors in user input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Invalid user input; the message has the object, what was found, what was expected and how to correct it.

    A script ended by it prints the message alone; the traceback goes to the log only.
    """


@contextmanager
def error_context(place: str) -> Iterator[None]:
    """Put a place, such as ``glacier site 'demo'``, before the message of an `InputError` raised inside."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
