"""Several addresses of one file, the digest of what came, and a login whose failure says what was set."""

import base64
import hashlib
import logging
from urllib.parse import parse_qs

import numpy as np
import pytest

from climate_indicators.core.addresses import as_list, in_folders
from climate_indicators.core.errors import InputError
from climate_indicators.download.http.logins import Bearer, Earthdata, login_of
from climate_indicators.download.http.mirrors import download_first, first_of, recorded_digest
from climate_indicators.download.http.resumable import Expected, download, kept_path
from climate_indicators.geo.vector_zips import check_zip
from inventory_files import rgi_zip
from servers.faulty import Fault
from servers.files import FileServer
from servers.sessions import quick_session

BODY = np.random.default_rng(1).bytes(50_000)


@pytest.fixture
def session():
    with quick_session(tries=2) as one:
        yield one


@pytest.fixture
def servers():
    with FileServer({"/a/x.zip": BODY}) as first, FileServer({"/b/x.zip": BODY}) as second:
        yield first, second


@pytest.fixture
def fetch(servers, session, tmp_path):
    def make(expected=None, **more):
        addresses = [f"{server.url}/{folder}/x.zip" for server, folder in zip(servers, "ab", strict=True)]
        return download_first(session, addresses, tmp_path / "kept", tmp_path / "out/x.zip", expected, **more)

    return make


def warnings_of(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_one_address_stays_valid_and_folders_get_the_file_name():
    assert as_list("https://a.org") == ["https://a.org"] and as_list(["b", "a"]) == ["b", "a"]
    assert in_folders(["https://a.org/x/", "https://b.org"], "c.zip") == [
        "https://a.org/x/c.zip",
        "https://b.org/c.zip",
    ]


def test_first_address_that_has_the_file_is_taken(servers, fetch, tmp_path):
    assert fetch()
    assert [len(server.requests) for server in servers] == [1, 0]
    assert (tmp_path / "out/x.zip").read_bytes() == BODY


@pytest.mark.parametrize(
    "faults",
    [[Fault(status=404)], [Fault(status=503)] * 2, [Fault(status=200, headers={"Content-Type": "text/html"})]],
    ids=["moved", "down", "login page"],
)
def test_next_address_is_asked_where_one_fails(servers, fetch, tmp_path, faults):
    servers[0].fail("/a/x.zip", *faults)
    assert fetch()
    assert len(servers[1].requests) == 1 and (tmp_path / "out/x.zip").read_bytes() == BODY


def test_file_with_another_digest_or_damage_is_sought_at_the_next_address(servers, fetch, tmp_path):
    servers[0].files["/a/x.zip"] = BODY[::-1]
    assert fetch(Expected(sha256=hashlib.sha256(BODY).hexdigest()))
    assert (tmp_path / "out/x.zip").read_bytes() == BODY
    whole = rgi_zip(tmp_path).read_bytes()
    servers[0].files["/a/x.zip"], servers[1].files["/b/x.zip"] = whole[: len(whole) // 2], whole
    for path in (tmp_path / "kept").iterdir():
        path.unlink()
    assert fetch(check=check_zip)
    assert (tmp_path / "out/x.zip").read_bytes() == whole


def test_message_lists_each_address_and_why_it_failed(servers, fetch, tmp_path):
    servers[0].files.clear()
    servers[1].fail("/b/x.zip", *[Fault(status=503)] * 2)
    with pytest.raises(InputError) as told:
        fetch()
    text = str(told.value)
    assert f"(1) {servers[0].url}/a/x.zip: the server answered 404" in text
    assert f"(2) {servers[1].url}/b/x.zip: the server answered 503" in text
    assert not (tmp_path / "out").exists()


def test_single_address_fails_with_its_own_message():
    def fail(address):
        raise InputError(f"{address}: gone")

    with pytest.raises(InputError, match="^a: gone$"):
        first_of(["a"], fail)


def test_digest_of_what_was_fetched_is_written_next_to_it(fetch, tmp_path):
    fetch()
    digest = hashlib.sha256(BODY).hexdigest()
    assert (tmp_path / "out/x.zip.sha256").read_text() == f"{digest}  x.zip\n"
    assert recorded_digest(tmp_path / "out/x.zip") == digest and recorded_digest(tmp_path / "y.zip") == ""


def test_file_that_the_archive_replaced_is_a_warning(servers, fetch, tmp_path, caplog):
    fetch()
    logging.getLogger("climate_indicators").propagate = True
    for path in (tmp_path / "kept").iterdir():
        path.unlink()
    servers[0].files["/a/x.zip"] = BODY[::-1]
    fetch()
    (warning,) = warnings_of(caplog)
    digests = [hashlib.sha256(body).hexdigest() for body in (BODY, BODY[::-1])]
    assert "x.zip differs" in warning and all(digest in warning for digest in digests)
    assert recorded_digest(tmp_path / "out/x.zip") == digests[1]


def test_kept_file_that_was_damaged_is_fetched_again(servers, fetch, tmp_path, caplog):
    fetch()
    logging.getLogger("climate_indicators").propagate = True
    (tmp_path / "out/x.zip").unlink()
    kept_path(tmp_path / "kept", f"{servers[0].url}/a/x.zip").write_bytes(BODY[:-1] + b"x")
    assert fetch() and (tmp_path / "out/x.zip").read_bytes() == BODY
    assert len(warnings_of(caplog)) == 1 and len(servers[0].requests) == 2


class Protected(FileServer):
    """A server as NSIDC's: without its cookie it leads to a login elsewhere, which wants name and password."""

    login = ""

    def answer(self, path, query, headers):
        if path == "/back":
            cookie = {"Set-Cookie": f"session={parse_qs(query)['code'][0]}; Path=/", "Location": f"{self.url}/a.zip"}
            return 302, cookie, b""
        if "session=granted" not in headers.get("Cookie", ""):
            return 302, {"Location": f"{self.login}/oauth/authorize?back={self.url}/back"}, b""
        return super().answer(path, query, headers)


class Login(FileServer):
    """The login: who has no name gets the page, who has a wrong one is refused."""

    def answer(self, path, query, headers):
        told = headers.get("Authorization", "")
        if not told.startswith("Basic "):
            return 200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>log in</html>"
        if base64.b64decode(told.removeprefix("Basic ")) != b"me:pass-marker":
            return 401, {"Content-Type": "text/plain"}, b"no"
        return 302, {"Location": f"{parse_qs(query)['back'][0]}?code=granted"}, b""


@pytest.fixture
def protected(tmp_path, monkeypatch):
    """Both servers under two names of this machine, and a function that writes ~/.netrc."""
    with Protected({"/a.zip": BODY}) as server, Login() as login:
        server.login = login.url.replace("127.0.0.1", "localhost")

        def netrc(*lines):
            path = tmp_path / "netrc"
            path.write_text("\n".join(lines))
            path.chmod(0o600)
            monkeypatch.setenv("NETRC", str(path))

        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "EARTHDATA_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        netrc("machine other.example login x password y")
        yield server, login, netrc


def fetch_protected(server, path):
    with quick_session(tries=2) as session:
        session.trust_env = True
        return download(session, f"{server.url}/a.zip", path, auth=Earthdata())


@pytest.mark.parametrize("token", ["", "token-marker"])
def test_name_and_password_of_netrc_log_in(protected, tmp_path, monkeypatch, token):
    """The token, which the server does not take, goes to no login page and does no harm."""
    server, login, netrc = protected
    monkeypatch.setenv("EARTHDATA_TOKEN", token)
    netrc("machine localhost login me password pass-marker")
    assert fetch_protected(server, tmp_path / "a.zip") and (tmp_path / "a.zip").read_bytes() == BODY
    assert "token-marker" not in str(login.requests) and "Basic" not in str(server.requests)


@pytest.mark.parametrize(
    ("lines", "token", "said", "unsaid"),
    [
        ((), "", ("No credential is set", "EARTHDATA_TOKEN", "~/.netrc"), "Not accepted"),
        ((), "token-marker", ("Not accepted: the token of EARTHDATA_TOKEN.", "~/.netrc"), "No credential"),
        (("machine localhost login me password wrong-marker",), "",
         ("Not accepted: the login of ~/.netrc for localhost.", "NSIDC_DATAPOOL_OPS"), "No credential"),
        (("machine localhost login me password wrong-marker",), "token-marker",
         ("the token of EARTHDATA_TOKEN and the login of ~/.netrc for localhost",), "No credential"),
    ],
    ids=["nothing", "token", "netrc", "both"],
)  # fmt: skip
def test_credential_that_is_not_set_differs_from_one_that_is_not_accepted(
    protected, tmp_path, monkeypatch, lines, token, said, unsaid
):
    server, _, netrc = protected
    netrc(*lines)
    monkeypatch.setenv("EARTHDATA_TOKEN", token)
    with pytest.raises(InputError) as told:
        fetch_protected(server, tmp_path / "a.zip")
    text = str(told.value)
    assert all(words in text for words in said) and unsaid not in text and "marker" not in text
    assert "outlines.file" in text and not (tmp_path / "a.zip").exists()


def test_token_that_a_server_takes_itself_or_refuses(session, tmp_path, monkeypatch):
    monkeypatch.setenv("EARTHDATA_TOKEN", "token-marker")
    with FileServer({"/a.zip": BODY}, token="Bearer token-marker") as server:
        assert download(session, f"{server.url}/a.zip", tmp_path / "a.zip", auth=Earthdata())
        monkeypatch.setenv("EARTHDATA_TOKEN", "old-marker")
        with pytest.raises(InputError, match="401.*Not accepted: the token of EARTHDATA_TOKEN"):
            download(session, f"{server.url}/a.zip", tmp_path / "b.zip", auth=Earthdata())
        monkeypatch.delenv("EARTHDATA_TOKEN")
        with pytest.raises(InputError, match="401.*No credential is set"):
            download(session, f"{server.url}/a.zip", tmp_path / "b.zip", auth=Earthdata())


def test_token_goes_to_no_mirror():
    nsidc, mirror = "https://daacdata.apps.nsidc.org/x.zip", "https://nsidc.org.example/x.zip"
    login = login_of("rgi7", [mirror, nsidc])
    assert login(mirror) is None and isinstance(login(nsidc), Bearer)
    assert isinstance(login_of("rgi7", [mirror])(mirror), Bearer) and login_of("rgi6", [nsidc])(nsidc) is None
