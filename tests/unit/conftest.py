"""Fixtures of the tests of the library."""

import logging

import pytest


@pytest.fixture
def lines(caplog):
    """Messages of the library at WARNING, as a function."""
    logger = logging.getLogger("climate_indicators")
    propagate, logger.propagate = logger.propagate, True
    caplog.set_level(logging.INFO)

    def is_ours(record):
        return record.name.startswith(logger.name)

    yield lambda: [
        record.getMessage() for record in caplog.records if is_ours(record) and record.levelno >= logging.WARNING
    ]
    logger.propagate = propagate
