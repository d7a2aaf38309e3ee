"""Credentials of archives, read from the environment and checked."""

from __future__ import annotations

import os

from climate_indicators.core.errors import InputError


def credential(variable: str, strip: bool = True) -> str:
    """Value of a credential's environment variable, "" where it is not set.

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
