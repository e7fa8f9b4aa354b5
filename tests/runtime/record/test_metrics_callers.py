"""Who calls the metrics port and behaves badly there costs no more than a thread, for a while."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from one_adapter.runtime.record import metrics_port as ports
from one_adapter.runtime.record.metrics_port import CALLERS, LOOPBACK, MetricsServer

REQUEST = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n"
#: Seconds that a busy machine may take for what takes none.
LONG = 20.0


@pytest.fixture
def port() -> Iterator[int]:
    server = MetricsServer(0, lambda accept: (accept.encode() + b"x" * (4 << 20), "text/plain"))
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def caller(port: int, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection((LOOPBACK, port), timeout=LONG)
    made.sendall(sent)
    return made


def answering() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def all_gone() -> bool:
    end = time.monotonic() + LONG
    while answering() and time.monotonic() < end:
        time.sleep(0.01)
    return not answering()


@pytest.mark.slow
def test_callers_that_say_nothing_are_so_many_at_most(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports._Answer, "timeout", 10 * LONG)
    with ExitStack() as stack:
        silent = [stack.enter_context(caller(port)) for _ in range(CALLERS + 1)]
        assert silent[-1].recv(1) == b""
        assert answering() == CALLERS
    assert all_gone()
    with caller(port, REQUEST) as another:
        assert another.recv(15) == b"HTTP/1.0 200 OK"


def test_nothing_is_said_of_a_caller_that_leaves(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    leaver = caller(port, REQUEST)
    assert leaver.recv(8) == b"HTTP/1.0"
    leaver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    leaver.close()
    assert all_gone()
    assert capfd.readouterr() == ("", "")
