"""Fixtures of the tests of the library."""

import logging
import sys
import threading

import pytest


@pytest.fixture(autouse=True)
def logging_of_scripts_ends():
    """Undo what `logs.start_log` sets for a whole process, so that no test depends on those before it."""
    hooks = sys.excepthook, threading.excepthook
    yield
    logger = logging.getLogger("climate_indicators")
    if logger.handlers:
        for handler in logger.handlers:
            handler.close()
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
        logging.getLogger("py.warnings").handlers.clear()
        logging.captureWarnings(False)
        sys.excepthook, threading.excepthook = hooks


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
