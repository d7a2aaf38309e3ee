"""What keras-hub fetches presets with: a download that broke off is continued, never taken for whole, and checked."""

import base64
import hashlib

import kagglehub
import numpy as np
import pytest
from kagglehub.exceptions import DataCorruptionError
from kagglesdk import kaggle_env
from requests.exceptions import ChunkedEncodingError

from servers.faulty import Fault
from servers.files import FileServer

BODY = np.random.default_rng(1).bytes(3_000_000)
HANDLE, NAME = "keras/sam/keras/sam_base_sa1b/3", "model.weights.h5"


class Hub(FileServer):
    """Answers as Kaggle's hub does to whoever asks for a file of a model, whatever its address."""

    def answer(self, path, query, headers):
        digest = base64.b64encode(hashlib.md5(self.files["/file"]).digest()).decode()
        status, found, body = super().answer("/file", query, headers)
        return status, found | {"Accept-Ranges": "bytes", "X-Goog-Hash": f"md5={digest}"}, body


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with Hub({"/file": BODY}) as server:
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
        monkeypatch.setenv("KAGGLE_API_TOKEN", "none")
        monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server


def fetch():
    with open(kagglehub.model_download(HANDLE, NAME), "rb") as stream:
        return stream.read()


def test_preset_whose_download_broke_off_is_continued_and_never_taken_for_whole(hub, tmp_path):
    hub.fail("*", Fault(cut_after=2_000_000))
    with pytest.raises(ChunkedEncodingError):
        fetch()
    assert [path.stat().st_size < len(BODY) for path in tmp_path.rglob(NAME)] == [True]
    assert fetch() == BODY
    assert hub.requests[-1][2]["Range"].startswith("bytes=")
    asked = len(hub.requests)
    assert fetch() == BODY and len(hub.requests) == asked


def test_preset_that_was_replaced_between_two_tries_is_refused_then_fetched_anew(hub):
    hub.fail("*", Fault(cut_after=2_000_000))
    with pytest.raises(ChunkedEncodingError):
        fetch()
    hub.files["/file"] = BODY[::-1]
    with pytest.raises(DataCorruptionError):
        fetch()
    assert fetch() == BODY[::-1]
