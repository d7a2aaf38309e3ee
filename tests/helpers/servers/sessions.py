"""Sessions that do not wait long for the servers of tests, and take nothing from the environment."""

from climate_indicators.download.http.session import RetryPolicy, Session

QUICK = {"tries": 3, "backoff_s": 0.01, "longest_wait_s": 2, "connect_s": 2, "read_s": 0.4}


def quick_session(**policy):
    session = Session(RetryPolicy(**(QUICK | policy)))
    session.trust_env = False
    return session
