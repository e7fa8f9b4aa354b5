"""The client of the comparison: what it sends, what it refuses, and how it takes what servers do to it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from certificates import self_signed

from one_adapter.verify.credentials import calls
from one_adapter.verify.credentials.questions import Request
from one_adapter.verify.servers import client
from one_adapter.verify.servers.client import Answer, server_at

OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"
STREAM = OK + b"content-type: text/event-stream\r\n\r\n"


@contextmanager
def trickling(begin: bytes, again: bytes) -> Iterator[int]:
    """A server at a port that begins an answer and goes on with it as long as anybody listens."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.recv(65536)
                connection.sendall(begin)
                while not over.wait(0.01):
                    connection.sendall(again)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()


@contextmanager
def answering(*parts: bytes, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that sends these bytes to whoever comes, and closes; with what it was sent."""
    seen: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            try:
                with accepted, context.wrap_socket(accepted, True) if context else accepted as connection:
                    seen.append(connection.recv(65536))
                    for part in parts:
                        connection.sendall(part)
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], seen
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def ask(*parts: bytes, url: str = "http://127.0.0.1:{port}", key: str = "sk-a-key") -> tuple[Answer, bytes]:
    with answering(*parts) as (port, seen):
        answer = server_at(url.format(port=port), key).ask("/v1/models")
        return answer, seen[0]


def test_an_address_may_end_in_v1_and_hold_a_path() -> None:
    answer, sent = ask(OK + b"content-type: application/json\r\n\r\n{}", url="http://127.0.0.1:{port}/ai/v1/")
    assert answer.status == 200
    assert sent.startswith(b"GET /ai/v1/models HTTP/1.1\r\n")
    assert b"Authorization: Bearer sk-a-key\r\n" in sent
    assert server_at("http://[::1]:9/").address == "http://[::1]:9"


def test_user_info_is_sent_only_where_there_is_no_key() -> None:
    url = "http://me:pass%20word@127.0.0.1:{port}"
    _, sent = ask(OK + b"\r\n", url=url, key="")
    assert b"Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in sent
    _, sent = ask(OK + b"\r\n", url=url)
    assert b"Basic" not in sent


def test_a_redirect_is_an_answer_and_nobody_follows_it() -> None:
    with answering(OK + b"\r\n") as (port, seen):
        head = f"HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n"
        answer, _ = ask(head.encode())
        assert answer.status == 307
        assert not seen


@pytest.mark.parametrize(
    ("parts", "trouble"),
    [
        ([b""], "no answer"),
        ([b"not http\r\n\r\n"], "no answer"),
        ([OK + b"content-length: 100\r\n\r\nshort"], "its answer is cut"),
        ([OK + b"content-type: application/json\r\n\r\n", b"x" * 2000], "its answer is too large"),
        ([STREAM, b"data: x\n\n" * 500], "its stream does not end"),
        ([STREAM, b"data: " + b"x" * 2000], "its stream does not end"),
    ],
    ids=["nothing", "no-http", "cut", "large", "endless", "endless-line"],
)
def test_what_cannot_be_read_is_said_in_a_few_words(
    monkeypatch: pytest.MonkeyPatch, parts: list[bytes], trouble: str
) -> None:
    monkeypatch.setattr(client, "ANSWER_BYTES", 1000)
    answer, _ = ask(*parts)
    assert answer.trouble.startswith(trouble)
    assert answer.status == 0


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_an_answer_that_goes_on_and_on_ends_after_its_time(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.0)
    answer, _ = ask(OK + f"content-type: {kind}\r\n\r\n".encode(), b"data: 1\n\n" * 50)
    assert "does not end" in answer.trouble


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"x-head: ", b"x"),
        (STREAM + b"data: ", b"x"),
        (OK + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"x: y\r\n"),
    ],
    ids=["interim-answers", "head", "line", "trailers"],
)
def test_a_server_that_is_never_silent_is_not_listened_to_for_ever(
    monkeypatch: pytest.MonkeyPatch, begin: bytes, again: bytes
) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
    with trickling(begin, again) as port:
        assert "does not end" in server_at(f"http://127.0.0.1:{port}").ask("/v1/models").trouble


def test_a_vendor_that_is_never_silent_does_not_hold_up_the_check_of_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "CALL_SECONDS", 0.3)
    with trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n") as port:
        assert calls.call(Request(f"http://127.0.0.1:{port}/v1/models"))[0] == 0
        assert calls.call(Request("https://example.invalid/"), f"http://127.0.0.1:{port}")[0] == 0


def test_silence_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENCE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = server_at(f"http://127.0.0.1:{silent.getsockname()[1]}").ask("/v1/models")
    assert answer.trouble == "it did not answer in time"


def test_a_whole_answer_that_is_no_json_has_no_body() -> None:
    assert ask(OK + b"content-type: text/html\r\n\r\n<html>")[0].body is None
    assert ask(OK + b"content-type: application/json\r\n\r\n" + b"[" * 100_000)[0].body is None


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with answering(OK + b"\r\n", context=self_signed()[1]) as (port, seen):
        answer = server_at(f"https://127.0.0.1:{port}", "sk-a-key").ask("/v1/models")
        assert answer.trouble.startswith("TLS failed: ")
        assert not seen
