"""A port of loopback at which what was counted is told without a key, by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOPBACK = "127.0.0.1"
#: The paths that are answered.
PATHS = ("/", "/metrics")
#: Seconds that a caller may take.
PATIENCE = 10.0


class MetricsServer(ThreadingHTTPServer):
    """Tells what `tell` returns for an Accept header: a body and its content type. Raises `OSError`."""

    daemon_threads = True

    def __init__(self, port: int, tell: Callable[[str], tuple[bytes, str]]) -> None:
        """Listen from now on."""
        self.tell = tell
        super().__init__((LOOPBACK, port), _Answer)
        threading.Thread(target=self.serve_forever, name="one-adapter metrics", daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    """One request; only what calls this machine by its own name is answered, so that no web page's can."""

    timeout = PATIENCE
    server: MetricsServer

    def do_GET(self) -> None:
        """Tell."""
        host = (self.headers.get("host") or "").rsplit(":", 1)[0]
        if self.path.partition("?")[0] not in PATHS or host not in ("localhost", LOOPBACK):
            self.send_error(404)
            return
        body, kind = self.server.tell(self.headers.get("accept") or "")
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing."""
