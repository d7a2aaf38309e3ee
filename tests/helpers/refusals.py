"""Errors by their type and by what they name, so that a sentence can be worded anew without a test that fails."""

from contextlib import contextmanager

import pytest


@contextmanager
def raises_naming(error, *names):
    """Expect an error whose message has each of some names: keys, files, columns or values, in any order."""
    with pytest.raises(error) as caught:
        yield caught
    message = str(caught.value)
    missing = [str(name) for name in names if str(name) not in message]
    assert not missing, f"the message lacks {missing}: {message}"
