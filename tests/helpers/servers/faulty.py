"""A server on the loopback interface that fails as it is told to, and counts what is asked of it."""

import socket
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Fault:
    """What happens to one request: a status, silence for some seconds, or a body that breaks off.

    ``slow_s``: pause after each 4096 bytes of the body, for tests that stop a client in the middle.
    """

    status: int = 0
    headers: dict = field(default_factory=dict)
    silence_s: float = 0.0
    cut_after: int | None = None
    slow_s: float = 0.0
    body: bytes = b"fault"


class Faulty(ThreadingHTTPServer):
    """Server whose answers a subclass gives in `answer`; faults wait in a queue for each path ("*": any path).

    ``requests``: (path, query, headers) of every request in order; ``counts``: requests by path and status;
    ``sent``: bytes of bodies by path.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults = defaultdict(list)
        self.requests, self.counts, self.sent = [], Counter(), Counter()
        self.lock = threading.Lock()
        # `asked.body`: what the request of this thread sent
        self.asked = threading.local()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fail(self, path, *faults):
        """Queue faults, one a request to a path."""
        self.faults[path] += faults

    def take_fault(self, path):
        with self.lock:
            for key in (path, "*"):
                if self.faults[key]:
                    return self.faults[key].pop(0)
        return Fault()

    def answer(self, path, query, headers):
        """Status, headers and body of an answer."""
        raise NotImplementedError

    def handle_error(self, request, client_address):
        """A client that went away is no news."""

    def __enter__(self):
        """Serve; a server that was closed before opens again at the same address."""
        if self.fileno() < 0:
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
            self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server, parts = self.server, urlsplit(self.path)
        server.asked.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with server.lock:
            server.requests.append((parts.path, parts.query, dict(self.headers)))
        fault = server.take_fault(parts.path)
        if fault.silence_s:
            time.sleep(fault.silence_s)
            self.close_connection = True
            return
        if fault.status:
            status, headers, body = fault.status, fault.headers, fault.body
        else:
            status, headers, body = server.answer(parts.path, parts.query, self.headers)
        server.counts[parts.path, status] += 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.send_body(parts.path, body if fault.cut_after is None else body[: fault.cut_after], fault.slow_s)
        self.close_connection = self.close_connection or fault.cut_after is not None

    do_POST = do_GET

    def send_body(self, path, body, slow_s):
        for start in range(0, len(body), 4096 if slow_s else max(1, len(body))):
            piece = body[start : start + 4096] if slow_s else body
            # counted first: whoever has the answer may look at the number
            with self.server.lock:
                self.server.sent[path] += len(piece)
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(slow_s)

    def log_message(self, *text):
        pass
