"""Credentials: what no header can hold is refused by the variable's name, and no log or terminal shows a value."""

import json
import subprocess
import sys
from urllib.parse import quote

import pytest

from climate_indicators.core.credentials import CREDENTIALS, credential, without_credentials
from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.http.logins import Bearer
from climate_indicators.download.http.ranges import opened
from climate_indicators.download.http.session import get
from climate_indicators.download.http.signing import Signer
from climate_indicators.download.weather.open_meteo import WeatherRequest, fetch_weather
from servers.sessions import quick_session
from servers.stac import StacServer

BROKEN = "first-marker\nsecond-marker"


BAD = [BROKEN, "a-marker\0", "a-\u200bmarker", "a-marker-ключ", "a-\xa0marker", "a\tmarker"]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("variable", [*CREDENTIALS[:3], "AWS_ACCESS_KEY_ID"])
def test_credential_that_no_header_can_hold_is_refused_by_its_name(variable, value, monkeypatch, tmp_path):
    # the system allows no zero byte in an environment
    monkeypatch.setattr("os.environ", dict.fromkeys(CREDENTIALS, "sound") | {variable: value})
    request = WeatherRequest(28, 86.8, "2020-01-01", "2020-01-02", ("precipitation_sum",))
    with StacServer() as server, quick_session() as session, pytest.raises(InputError) as told:
        match variable:
            case "EARTHDATA_TOKEN":
                get(session, f"{server.url}/a.zip", auth=Bearer(variable))
            case "PC_SDK_SUBSCRIPTION_KEY":
                Signer(session, f"{server.url}/token", "sentinel").sign("https://a.org/a.tif")
            case "OPEN_METEO_KEY":
                fetch_weather(session, server.url, request, tmp_path, tmp_path / "weather.csv")
            case _:
                catalog = Catalog("cdse", server.url, "s2", s3_endpoint=server.url.removeprefix("http://"))
                with opened("s3://eodata/a.tif", session, str, catalog.s3_endpoint):
                    pass
    assert f"environment variable {variable}: character" in str(told.value)
    assert "marker" not in str(told.value) and not server.requests


def test_blanks_around_a_credential_and_latin_letters_are_no_fault(monkeypatch):
    monkeypatch.setenv("EARTHDATA_TOKEN", " clé-1 \r\n")
    assert credential("EARTHDATA_TOKEN") == "clé-1"
    assert credential("OPEN_METEO_KEY") == ""


@pytest.mark.parametrize("variable", CREDENTIALS)
@pytest.mark.parametrize("value", [BROKEN, 'it\'s a "marker"', "marker/+=%", "мой-marker"])
def test_value_is_blanked_however_a_text_writes_it(variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    forms = [value, repr(value), json.dumps(value), repr(f"Bearer {value}".encode()), quote(value), *value.splitlines()]
    text = without_credentials(" | ".join(forms))
    assert "marker" not in text and " | " in text


FAILING = """
import logging, sys, threading, warnings
from climate_indicators.core.errors import InputError
from climate_indicators.core.log import start_log
log = start_log(sys.argv[1], "fetch")
value = __import__("os").environ["EARTHDATA_TOKEN"]
log.warning("sent %s", value)
warnings.warn(f"sent {value}")
thread = threading.Thread(target=lambda: int(value))
thread.start()
thread.join()
try:
    raise KeyError(value)
except KeyError as error:
    log.exception("caught")
raise {kind}(f"Invalid header value {{b'Bearer ' + value.encode()!r}}")
"""


@pytest.mark.parametrize("kind", ["ValueError", "InputError"])
def test_neither_log_nor_terminal_shows_a_credential(kind, tmp_path, root):
    """Messages, warnings, tracebacks of this and another thread, and the error that ends the script."""
    line = [sys.executable, "-c", FAILING.replace("{kind}", kind).replace("{{", "{").replace("}}", "}"), "a.log"]
    environment = {"PYTHONPATH": str(root / "src"), "EARTHDATA_TOKEN": BROKEN}
    ended = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    texts = (tmp_path / "a.log").read_text(), ended.stdout + ended.stderr, (tmp_path / "a.warnings.csv").read_text()
    assert ended.returncode == 1 and "Invalid header value" in texts[0] and "Invalid header value" in texts[1]
    for text in texts:
        assert "marker" not in text
    assert texts[2] == "sent ...\n" and texts[0].count("...") >= 5 and "invalid literal for int" in texts[0]
