"""An HTTP server of files with ranges, validators and faults."""

import hashlib
import re

from servers.faulty import Faulty


class FileServer(Faulty):
    """Serves ``files``, bytes by path such as ``/a.zip``.

    ``validators``: whether answers carry an ETag; ``ranges``: whether parts can be asked for; ``token``: what the
    header Authorization must be, if anything.
    """

    def __init__(self, files=None, validators=True, ranges=True, token=None):
        super().__init__()
        self.files = dict(files or {})
        self.validators, self.ranges, self.token = validators, ranges, token

    def answer(self, path, query, headers):
        if self.token and headers.get("Authorization") != self.token:
            return 401, {"Content-Type": "text/plain"}, b"log in"
        if path not in self.files:
            return 404, {}, b"not here"
        body = self.files[path]
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        common = {"Content-Type": "application/octet-stream"} | ({"ETag": tag} if self.validators else {})
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("Range", ""))
        if not (asked and self.ranges) or headers.get("If-Range", tag) != tag:
            return 200, common, body
        first = int(asked[1])
        if first >= len(body):
            return 416, common | {"Content-Range": f"bytes */{len(body)}"}, b""
        last = min(int(asked[2] or len(body) - 1), len(body) - 1)
        headers = common | {"Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return 206, headers, body[first : last + 1]
