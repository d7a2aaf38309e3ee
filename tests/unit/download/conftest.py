"""Fixtures of the tests of downloads."""

import pytest

from servers.sessions import quick_session


@pytest.fixture
def session():
    with quick_session() as one:
        yield one
