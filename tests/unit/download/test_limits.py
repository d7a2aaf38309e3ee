"""Servers that would keep one for ever, lead to another host, or exchange a file: each ends in one message."""

import itertools
import json
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.http import timeouts
from climate_indicators.download.http.logins import Bearer
from climate_indicators.download.http.ranges import RemoteFile
from climate_indicators.download.http.resumable import download
from climate_indicators.download.http.session import get
from climate_indicators.download.http.signing import Signer
from climate_indicators.download.outlines.glims import fetch_glims
from climate_indicators.download.stac.search import search
from servers.faulty import Fault
from servers.files import FileServer
from servers.glims import GlimsServer
from servers.sessions import quick_session
from servers.stac import StacServer

HASTY = {"tries": 2, "read_s": 0.5, "request_s": 0.8, "search_s": 5}
# for servers that are not slow themselves, though the machine may be
CALM = {"tries": 2, "connect_s": 60, "read_s": 60, "request_s": 60, "search_s": 600}
BODY = np.random.default_rng(1).bytes(300_000)
AREA, DAYS = box(0, 0, 1, 1), ("2020-09-01", "2020-09-30")


@pytest.fixture
def session(request):
    with quick_session(**getattr(request, "param", CALM)) as one:
        yield one


class Trickle:
    """A server that sends what comes after the first bytes of its answer byte by byte, never silent for long."""

    def __init__(self, answer, quick):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/a.bin"
        threading.Thread(target=self._serve, args=(answer, quick), daemon=True).start()

    def _serve(self, answer, quick):
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._send, args=(connection, answer, quick), daemon=True).start()

    def _send(self, connection, answer, quick):
        with suppress(OSError), connection:
            connection.recv(65536)
            connection.sendall(answer[:quick])
            for byte in answer[quick:]:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)

    def close(self):
        self._socket.close()


def answer_of(status, length=100_000, kind="application/octet-stream"):
    """An answer, and where its body begins."""
    head = f'HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: "x"\r\nContent-Type: {kind}\r\n\r\n'.encode()
    return head + bytes(length), len(head)


@pytest.mark.parametrize("session", [HASTY], indirect=True, ids=["quick"])
@pytest.mark.parametrize("way", [get, download], ids=["whole answer", "download"])
@pytest.mark.parametrize(
    ("status", "kind", "head_too", "said"),
    [
        ("200 OK", "application/octet-stream", False, "the answer came too slowly"),
        ("200 OK", "application/octet-stream", True, "the answer came too slowly"),
        ("503 Busy", "application/json", False, "the answer came too slowly"),
    ],
    ids=["body", "head", "words of a fault"],
)
def test_server_that_trickles_ends_in_one_message(session, tmp_path, way, status, kind, head_too, said):
    answer, body = answer_of(status, kind=kind)
    server = Trickle(answer, 20 if head_too else body + 10)
    start = time.monotonic()
    with pytest.raises(InputError, match=rf"a\.bin: {said}.*; 2 tries in .* failed"):
        way(session, server.url, *([tmp_path / "a.bin"] if way is download else []))
    server.close()
    assert time.monotonic() - start < 20
    assert not (tmp_path / "a.bin").exists()


def test_error_of_a_call_is_its_own():
    def call():
        raise TimeoutError("of a socket")

    with pytest.raises(TimeoutError, match="of a socket"):
        timeouts.call_with_timeout(5, call)


def test_body_that_brings_a_few_bytes_a_try_ends(session, tmp_path):
    with FileServer({"/a.bin": BODY}) as server:
        server.fail("/a.bin", *[Fault(cut_after=100)] * 50)
        with pytest.raises(InputError, match="broke off after .* bytes; 2 tries"):
            download(session, f"{server.url}/a.bin", tmp_path / "a.bin")
        assert len(server.requests) <= 3
        server.faults.clear()
        download(session, f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY


class Endless(StacServer):
    """Every page has a link to a next one; ``names`` gives the page's item."""

    def __init__(self, names):
        super().__init__()
        self._names = names

    def search(self, asked):
        link = {
            "rel": "next",
            "href": f"{self.url}/stac/search",
            "method": "POST",
            "body": {"token": "1"},
            "merge": True,
        }
        return {"type": "FeatureCollection", "features": [{"id": next(self._names)}], "links": [link | {"merge": True}]}


@pytest.mark.parametrize(
    ("session", "names", "pages", "said"),
    [
        (CALM, itertools.repeat("a"), 2, "page 2 of the answer holds nothing that earlier pages did not"),
        (CALM, itertools.cycle("abc"), 4, "page 4 of the answer .* lead in a circle"),
        (CALM, map(str, itertools.count()), 8, "8 pages with 8 entries .* no end; allowed are 7 pages"),
        (CALM | {"search_s": 1e-9}, map(str, itertools.count()), 1, "archives.search_s"),
    ],
    ids=["same page", "circle", "ever new", "time"],
    indirect=["session"],
)
def test_catalog_whose_pages_have_no_end_is_one_message(session, monkeypatch, names, pages, said):
    monkeypatch.setattr(timeouts, "MAX_PAGES", 7)
    with Endless(names) as server:
        catalog = Catalog("other", f"{server.url}/stac", "sentinel-2-l2a", {})
        with pytest.raises(InputError, match=said) as told:
            search(catalog, session, AREA, DAYS)
        assert sum(path == "/stac/search" for path, _, _ in server.requests) == pages
    assert server.url in str(told.value)


def test_outlines_whose_pages_lead_in_a_circle_are_one_message(session, tmp_path):
    with GlimsServer([]) as server:
        pages = itertools.cycle("ab")
        server.answer = lambda *asked: server_page(next(pages))
        with pytest.raises(InputError, match="page 3 of the answer .* lead in a circle"):
            fetch_glims(session, server.url, tmp_path / "a.geojson", ["G079064E30878N"], page=1)
    assert not list(tmp_path.iterdir())


def server_page(name):
    content = {"type": "FeatureCollection", "features": [{"type": "Feature", "id": name}]}
    return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()


@pytest.mark.parametrize("elsewhere", [True, False], ids=["another port", "same host"])
def test_credentials_go_to_no_host_that_one_is_led_to(session, monkeypatch, elsewhere):
    monkeypatch.setenv("PC_SDK_SUBSCRIPTION_KEY", "key-marker")
    monkeypatch.setenv("EARTHDATA_TOKEN", "token-marker")
    with StacServer(token="signature") as first, StacServer(token="signature") as second:
        led = second if elsewhere else first
        first.fail("/token/old", Fault(status=302, headers={"Location": f"{led.url}/token/new"}))
        Signer(session, f"{first.url}/token", "old").sign("https://a.org/a.tif")
        first.fail("/a.bin", Fault(status=302, headers={"Location": f"{led.url}/token/b"}))
        get(session, f"{first.url}/a.bin", auth=Bearer("EARTHDATA_TOKEN"), headers={"X-Api-Key": "other-marker"})
        asked = [{path: json.dumps(headers) for path, _, headers in one.requests} for one in (first, led)]
    assert "key-marker" in asked[0]["/token/old"]
    assert "token-marker" in asked[0]["/a.bin"] and "other-marker" in asked[0]["/a.bin"]
    for path in ("/token/new", "/token/b"):
        assert ("marker" in asked[1][path]) != elsewhere, asked[1][path]
        assert "climate-indicators" in asked[1][path]


@pytest.mark.parametrize("validators", [True, False], ids=["by its tag", "by its length"])
def test_file_replaced_while_it_is_read_in_parts_is_noticed(session, validators):
    with FileServer({"/a.tif": BODY}, validators=validators) as server:
        file = RemoteFile(lambda: f"{server.url}/a.tif", session)
        assert file.span(0, 50_000) == BODY[:50_000] and file.error is None
        # with a tag, the new file may be as long as the old one
        server.files["/a.tif"] = BODY[::-1] if validators else BODY[:-1]
        assert file.span(100_000, 150_000) == b"" and file.size() == len(BODY)
        assert "the file changed while it was read; run the same command again" in str(file.error)
        assert server.sent["/a.tif"] == 100_000, "the whole file was sent"


def test_file_whose_server_tells_its_day_alone_is_watched_by_it(session, monkeypatch):
    with FileServer({"/a.tif": BODY}, validators=False) as server:
        days, plain = iter(["Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT"]), server.answer

        def dated(*asked):
            status, headers, body = plain(*asked)
            return status, headers | {"Last-Modified": next(days)}, body

        monkeypatch.setattr(server, "answer", dated)
        file = RemoteFile(lambda: f"{server.url}/a.tif", session)
        file.spans([(0, 50_000), (100_000, 150_000)])
        assert "the file changed while it was read" in str(file.error)
