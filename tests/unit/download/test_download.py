"""Fetching over HTTP against a server that fails: what is tried again, what is refused, what is kept."""

import hashlib
import logging
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.download.http.http_errors import redact_url
from climate_indicators.download.http.logins import Bearer
from climate_indicators.download.http.resumable import CHUNK, Expected, download, download_cached
from climate_indicators.download.http.session import get
from servers.faulty import Fault
from servers.files import FileServer
from servers.sessions import quick_session

BODY = np.random.default_rng(1).bytes(300_000)
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server():
    with FileServer({"/a.bin": BODY}) as one:
        yield one


@pytest.fixture
def session():
    with quick_session(tries=4, read_s=0.3) as one:
        yield one


def fetch(session, server, path, expected=None, **more):
    return download(session, f"{server.url}/a.bin?key=secret", path, expected, **more)


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(status=500), Fault(status=503), Fault(status=502)],
        [Fault(status=429, headers={"Retry-After": "1"})],
        [Fault(silence_s=0.6)],
        [Fault(cut_after=100_000)],
        [Fault(cut_after=100_000), Fault(status=500), Fault(cut_after=0), Fault(cut_after=50_000)],
    ],
    ids=["faults of the server", "too many requests", "silence", "cut body", "cut again and again"],
)
def test_passing_faults_are_survived(server, session, tmp_path, faults):
    server.fail("/a.bin", *faults)
    assert fetch(session, server, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_server_is_obeyed_when_it_asks_to_wait(server, session, tmp_path):
    server.fail("/a.bin", Fault(status=429, headers={"Retry-After": "1"}))
    start = time.monotonic()
    fetch(session, server, tmp_path / "a.bin")
    assert time.monotonic() - start >= 1


def test_longer_wait_than_allowed_ends_the_run(server, session, tmp_path):
    server.fail("/a.bin", Fault(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(InputError, match=r"429.*asks to wait 60 min, longer than archives.longest_wait_s \(2\)"):
        fetch(session, server, tmp_path / "a.bin")
    assert len(server.requests) == 1


def test_body_that_broke_off_is_continued_not_fetched_again(server, session, tmp_path):
    server.fail("/a.bin", Fault(cut_after=200_000))
    fetch(session, server, tmp_path / "a.bin")
    begin = int(server.requests[1][2]["Range"].removeprefix("bytes=").removesuffix("-"))
    assert 200_000 - CHUNK < begin <= 200_000
    assert server.sent["/a.bin"] == 200_000 + len(BODY) - begin


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_file_that_changed_meanwhile_is_fetched_from_its_start(server, session, tmp_path, ranges):
    server.ranges = ranges
    server.fail("/a.bin", *[Fault(cut_after=200_000 if n == 0 else 0) for n in range(5)])
    with pytest.raises(InputError, match=r"broke off after \d+ bytes; 4 tries"):
        fetch(session, server, tmp_path / "a.bin")
    server.faults.clear()
    server.files["/a.bin"] = BODY[::-1]
    assert fetch(session, server, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]


def test_part_without_validator_is_continued_only_if_a_digest_tells(server, session, tmp_path):
    server.validators = False
    for number, (expected, continued) in enumerate(((None, False), (Expected(sha256=SHA256), True))):
        server.requests.clear()
        server.fail("/a.bin", Fault(cut_after=200_000))
        fetch(session, server, tmp_path / f"{number}.bin", expected)
        assert (tmp_path / f"{number}.bin").read_bytes() == BODY
        assert ("Range" in server.requests[1][2]) == continued


def test_part_of_another_version_is_found_by_the_digest_and_fetched_whole(server, session, tmp_path):
    server.validators = False
    server.files["/a.bin"] = BODY[::-1]
    server.fail("/a.bin", *[Fault(cut_after=200_000 if n == 0 else 0) for n in range(5)])
    with pytest.raises(InputError):
        fetch(session, server, tmp_path / "a.bin", Expected(sha256=SHA256))
    server.faults.clear()
    server.files["/a.bin"] = BODY
    fetch(session, server, tmp_path / "a.bin", Expected(sha256=SHA256))
    assert (tmp_path / "a.bin").read_bytes() == BODY


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (Expected(sha256="0" * 64), "SHA256 .* expected is 0000"),
        (Expected(md5="0" * 32), "MD5 .* expected is 0000"),
        (Expected(size=7), "has 300000 bytes, expected are 7"),
    ],
    ids=["sha256", "md5", "size"],
)
def test_file_that_is_not_the_expected_one_is_refused_and_removed(server, session, tmp_path, expected, message):
    with pytest.raises(InputError, match=message):
        fetch(session, server, tmp_path / "a.bin", expected)
    assert not list(tmp_path.iterdir())


def test_file_that_begins_anew_and_breaks_off_at_the_same_place_ends_the_run(server, session, tmp_path):
    server.validators = False
    server.fail("/a.bin", *[Fault(cut_after=100_000)] * 12)
    with pytest.raises(InputError, match="broke off after .* 4 tries"):
        fetch(session, server, tmp_path / "a.bin")
    assert len(server.requests) <= 6


def test_file_that_two_sites_fetch_at_once_is_fetched_once_and_whole(server, session, tmp_path):
    server.fail("/a.bin", Fault(slow_s=0.005))
    targets = [tmp_path / name / "a.bin" for name in "xy"]
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(download_cached, session, f"{server.url}/a.bin", tmp_path / "kept", target)
            for target in targets
        ]
        assert sorted(job.result() for job in jobs) == [False, True]
    assert len(server.requests) == 1 and all(target.read_bytes() == BODY for target in targets)


def test_expected_file_is_not_fetched_again(server, session, tmp_path):
    assert fetch(session, server, tmp_path / "a.bin", Expected(sha256=SHA256))
    assert not fetch(session, server, tmp_path / "a.bin", Expected(sha256=SHA256))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=404), "answered 404 Not Found. There is no such thing there"),
        (Fault(status=403), "answered 403 Forbidden. The archive refuses it"),
        (
            Fault(status=400, headers={"Content-Type": "application/json"}, body=b'{"reason": "no such day"}'),
            r"answered 400 Bad Request \(no such day\)",
        ),
        (Fault(status=200, headers={"Content-Type": "text/html; charset=x"}), "a web page in place of the file"),
    ],
    ids=["missing", "forbidden", "reason", "login page"],
)
def test_lasting_refusal_is_not_tried_again(server, session, tmp_path, fault, message):
    server.fail("/a.bin", fault)
    with pytest.raises(InputError, match=message):
        fetch(session, server, tmp_path / "a.bin")
    assert len(server.requests) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-host.invalid/a.bin?key=secret", "name does not resolve"),
        ("http://user:secret@127.0.0.1:9/a.bin", "the connection was refused"),
        ("ftp://127.0.0.1/a.bin?key=secret", "cannot be asked for"),
    ],
    ids=["no such name", "nobody there", "no HTTP"],
)
def test_dead_address_is_named_without_its_secrets(session, tmp_path, url, reason, caplog):
    logging.getLogger("climate_indicators").propagate = True
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError, match=reason) as told:
        download(session, url, tmp_path / "a.bin")
    assert "a.bin" in str(told.value)
    # a log has the tracebacks of what an error came from, unless that is suppressed
    assert told.value.__cause__ is None and (told.value.__context__ is None or told.value.__suppress_context__)
    ours = "".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    assert "secret" not in str(told.value) + ours


def test_body_that_is_not_streamed_is_asked_for_again_if_it_breaks_off(server, session):
    server.fail("/a.bin", Fault(cut_after=10), Fault(status=500), Fault(silence_s=0.6))
    assert get(session, f"{server.url}/a.bin").content == BODY


def test_token_comes_from_the_environment(server, session, tmp_path, monkeypatch):
    server.token = "Bearer marker"
    with pytest.raises(InputError, match="401.*No credential is set: EARTHDATA_TOKEN is empty"):
        fetch(session, server, tmp_path / "a.bin", auth=Bearer("EARTHDATA_TOKEN"))
    monkeypatch.setenv("EARTHDATA_TOKEN", "marker")
    assert fetch(session, server, tmp_path / "a.bin", auth=Bearer("EARTHDATA_TOKEN"))


@pytest.mark.parametrize("variable", ["EARTHDATA_TOKEN", "AWS_SECRET_ACCESS_KEY"])
def test_credential_that_a_server_repeats_is_not_shown(server, session, tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, "marker")
    said = Fault(status=400, headers={"Content-Type": "application/json"}, body=b'{"detail": "bad token marker"}')
    server.fail("/a.bin", said)
    with pytest.raises(InputError, match=r"bad token \.\.\.\)"):
        fetch(session, server, tmp_path / "a.bin", auth=Bearer("EARTHDATA_TOKEN"))


def test_kept_file_is_given_its_place_again_without_a_request(server, session, tmp_path):
    for number in range(2):
        target = tmp_path / "out" / "a.bin"
        fetched = download_cached(session, f"{server.url}/a.bin", tmp_path / "kept", target)
        assert fetched == (number == 0)
        assert target.read_bytes() == BODY
        target.unlink()
    assert len(server.requests) == 1


KILLED = """
import sys
from pathlib import Path
from climate_indicators.download.http.resumable import download
from climate_indicators.download.http.session import Session
session = Session()
session.trust_env = False
download(session, sys.argv[1], Path(sys.argv[2]))
"""


def test_killed_in_the_middle_goes_on_where_it_was(server, session, tmp_path, root):
    server.files["/a.bin"] = body = BODY * 8
    server.fail("/a.bin", Fault(slow_s=0.01))
    target = tmp_path / "a.bin"
    line = [sys.executable, "-c", KILLED, f"{server.url}/a.bin", str(target)]
    process = subprocess.Popen(line, env={"PYTHONPATH": str(root / "src")})
    partial = tmp_path / ".a.bin.partial"
    while not (partial.exists() and partial.stat().st_size):
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    have = partial.stat().st_size
    assert 0 < have < len(body) and not target.exists()
    assert fetch(session, server, target)
    assert target.read_bytes() == body
    assert [one[2].get("Range") for one in server.requests] == [None, f"bytes={have}-"]


def test_address_is_shown_without_user_and_query():
    assert redact_url("https://me:pw@host:8/a/b?sig=1#x") == "https://host:8/a/b"
