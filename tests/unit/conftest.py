"""Fixtures of the tests of the library."""

import logging

import pytest


@pytest.fixture
def lines(caplog):
    """Messages of the library at WARNING, as a function."""
    logger = logging.getLogger("climate_indicators")
    propagate, logger.propagate = logger.propagate, True
    caplog.set_level(logging.INFO)
    yield lambda: [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    logger.propagate = propagate
