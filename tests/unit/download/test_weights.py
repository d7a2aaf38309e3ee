"""The encoder's published weights: resumed, checked, there whole or not at all."""

import hashlib

import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.download.imagenet_weights import fetch_weights
from servers.faulty import Fault
from servers.files import FileServer
from servers.sessions import quick_session

BODY = np.random.default_rng(1).bytes(200_000)
DIGEST = hashlib.md5(BODY).hexdigest()


def test_weights_are_resumed_and_checked(tmp_path):
    target, kept = tmp_path / "models" / "resnet.h5", tmp_path / "kept"
    with FileServer({"/w.h5": BODY}) as server, quick_session(tries=2) as session:

        def fetch(md5=DIGEST, path="/w.h5"):
            return fetch_weights(session, kept, target, f"{server.url}{path}", md5)

        server.fail("/w.h5", Fault(cut_after=150_000), Fault(status=503), Fault(status=503))
        with pytest.raises(InputError, match="503.*put that file .MD5 .* at .*resnet.h5 yourself"):
            fetch()
        assert not target.exists()
        assert fetch() and target.read_bytes() == BODY
        assert server.sent["/w.h5"] < len(BODY) + 50_000
        target.unlink()
        assert not fetch() and target.read_bytes() == BODY
        target.unlink()
        for md5, path, said in (("0" * 32, "/w.h5", "has the MD5"), (DIGEST, "/none.h5", "404")):
            with pytest.raises(InputError, match=f"ImageNet weights could not be fetched: .*{said}"):
                fetch(md5, path)
            assert not target.exists()
