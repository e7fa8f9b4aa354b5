"""A port of loopback at which what was counted is told without a key, by a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Connection: TypeAlias = socket.socket | tuple[bytes, socket.socket]

LOOPBACK = "127.0.0.1"
#: The paths that are answered.
PATHS = ("/", "/metrics")
#: Seconds that a caller may be silent, and how many may call at once: each has a thread while it does.
SILENCE_SECONDS, CALLERS = 10.0, 16


class MetricsServer(ThreadingHTTPServer):
    """Tells what `tell` returns for an Accept header: a body and its content type. Raises `OSError`."""

    daemon_threads = True

    def __init__(self, port: int, tell: Callable[[str], tuple[bytes, str]]) -> None:
        """Listen from now on."""
        self.tell = tell
        self._free = threading.BoundedSemaphore(CALLERS)
        super().__init__((LOOPBACK, port), _Answer)
        threading.Thread(target=self.serve_forever, name="one-adapter metrics", daemon=True).start()

    def process_request(self, request: Connection, caller: Any) -> None:
        """Answer a caller in a thread, and hang up on one too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, caller)
        except RuntimeError:  # no thread is to be had
            self._free.release()
            raise

    def process_request_thread(self, request: Connection, caller: Any) -> None:
        """Answer a caller."""
        try:
            super().process_request_thread(request, caller)
        finally:
            self._free.release()

    def handle_error(self, request: Connection, caller: Any) -> None:
        """Say nothing of a caller that has left."""


class _Answer(BaseHTTPRequestHandler):
    """One request; only what calls this machine by its own name is answered, so that no web page's can."""

    timeout = SILENCE_SECONDS
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
