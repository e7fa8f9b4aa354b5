"""Ask a proxy as often as it answers, over plain sockets and epoll, so that the asking costs little.

Usage: python _load.py PORT KEY ROUTE CONNECTIONS REQUESTS [PIECES]

ROUTE is a key of `ROUTES`; with PIECES each request is a stream of so many. Prints one line
of JSON. Whole answers: requests a second, and the latencies' median and 99th percentile (milliseconds).
Streams: milliseconds from the request to the first piece, and from the vendor's sending of a piece to its
arrival here, medians.
"""

from __future__ import annotations

import json
import re
import select
import socket
import statistics
import sys
import time
from collections.abc import Callable

SAID = [{"role": "user", "content": "hello"}]
#: Route -> path and body.
ROUTES: dict[str, tuple[str, dict[str, object]]] = {
    "chat": ("/v1/chat/completions", {"model": "m", "messages": SAID}),
    "translated": ("/v1/chat/completions", {"model": "c", "max_tokens": 20, "messages": SAID}),
    "embeddings": ("/v1/embeddings", {"model": "e", "input": "hello"}),
    "messages": ("/v1/messages", {"model": "c", "max_tokens": 20, "messages": SAID}),
    "chat, a stream": ("/v1/chat/completions", {"model": "m-stream", "messages": SAID}),
    "messages, a stream": ("/v1/messages", {"model": "c-stream", "messages": SAID}),
}
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
#: The moment of sending that a piece carries as its text.
SENT = re.compile(rb'"(?:content|text)": ?"(\d+\.\d+) ?"')
#: The longest wait for an answer, in seconds.
PATIENCE = 30.0


def request(key: str, route: str, pieces: int = 0) -> bytes:
    """The bytes of one request."""
    path, body = ROUTES[route]
    more = {"max_tokens": pieces, "stream": True} if pieces else {}
    data = json.dumps({**body, **more}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


class Asker:
    """One connection: a request, its answer, the next request."""

    def __init__(self, port: int, ask: bytes, stream: bool) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ask, self._stream = ask, stream
        self._buffer, self._searched = b"", 0
        self._asked = 0.0
        self.spent: list[float] = []
        self.passing: list[float] = []

    def ask(self) -> None:
        """Send the request."""
        self._buffer, self._searched, self._piece = b"", 0, False
        self._asked = time.perf_counter()
        self.socket.sendall(self._ask)

    def read(self) -> bool:
        """Take what has come; True when it is the answer's end."""
        data = self.socket.recv(1 << 16)
        now, moment = time.perf_counter(), time.monotonic()
        if not data:
            raise SystemExit(f"the connection was closed after {self._buffer[:300]!r}")
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"answered {self._buffer[:400]!r}")
        if self._stream:
            return self._pieces(now, moment)
        length = LENGTH.search(self._buffer, 0, end)
        if length is None:
            whole = self._buffer.endswith(b"\r\n0\r\n\r\n")
        else:
            whole = len(self._buffer) >= end + 4 + int(length.group(1))
        if whole:
            self.spent.append(now - self._asked)
        return whole

    def _pieces(self, now: float, moment: float) -> bool:
        for found in SENT.finditer(self._buffer, self._searched):
            if not self._piece:
                self.spent.append(now - self._asked)
                self._piece = True
            self.passing.append(moment - float(found.group(1)))
            self._searched = found.end()
        return self._buffer.endswith(b"\r\n0\r\n\r\n")


def alone(asker: Asker, requests: int) -> None:
    """Make the requests one after another, waiting in `recv`."""
    for _ in range(requests):
        asker.ask()
        while not asker.read():
            pass


def together(askers: list[Asker], requests: int) -> None:
    """Make the requests on all connections at once."""
    poll = select.epoll()
    waiting: dict[int, Asker] = {}
    for asker in askers[:requests]:
        waiting[asker.socket.fileno()] = asker
        poll.register(asker.socket.fileno(), select.EPOLLIN)
        asker.ask()
    left = requests - len(waiting)
    while waiting:
        events = poll.poll(PATIENCE)
        if not events:
            raise SystemExit(f"no answer within {PATIENCE} s")
        for number, _ in events:
            if not waiting[number].read():
                continue
            if left:
                left -= 1
                waiting[number].ask()
            else:
                poll.unregister(number)
                del waiting[number]


def main(port: int, key: str, route: str, connections: int, requests: int, pieces: int) -> dict[str, float]:
    """Load it and reckon."""
    ask = request(key, route, pieces)
    askers = [Asker(port, ask, pieces > 0) for _ in range(connections)]
    run: Callable[[], None] = (
        (lambda: alone(askers[0], requests)) if connections == 1 else (lambda: together(askers, requests))
    )
    start = time.perf_counter()
    run()
    took = time.perf_counter() - start
    spent = sorted(1000 * one for asker in askers for one in asker.spent)
    if pieces:
        passing = [1000 * one for asker in askers for one in asker.passing]
        return {
            "first_ms": statistics.median(spent),
            "passing_ms": statistics.median(passing),
            "pieces": len(passing),
        }
    return {
        "answers": len(spent),
        "rps": len(spent) / took,
        "p50_ms": statistics.median(spent),
        "p99_ms": spent[int(len(spent) * 0.99)],
    }


if __name__ == "__main__":
    words = [*sys.argv[4:], "0"]
    print(
        json.dumps(
            main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(words[0]), int(words[1]), int(words[2]))
        )
    )
