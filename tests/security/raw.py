"""Requests as bytes, for what no HTTP library would send."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any

#: A key that opens the model `cheap` alone.
CHEAP = "sk-only-the-cheap-model"


class Answer:
    """What came back: the status (0 for none), the headers by their lower-case names, the body."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        words = lines[0].split(b" ", 2)
        self.status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        pairs = [line.decode("latin-1").partition(":") for line in lines[1:]]
        self.headers = {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:200]!r}"


def send(port: int, data: bytes, seconds: float = 60) -> Answer:
    """Send bytes over a connection of their own and read until the other side has said all."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        with contextlib.suppress(OSError):  # the other side may have had enough
            connection.sendall(data)
        return Answer(_read(connection))


def _read(connection: socket.socket) -> bytes:
    found = b""
    while True:
        try:
            part = connection.recv(65536)
        except OSError:
            return found
        if not part:
            return found
        found += part
        head, end, body = found.partition(b"\r\n\r\n")
        if end and _is_whole(head.lower(), body):
            return found


def _is_whole(head: bytes, body: bytes) -> bool:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding" and value.strip() == b"chunked":
            return body.endswith(b"0\r\n\r\n")
    return False


def request(
    port: int,
    method: str,
    path: str,
    key: str = "",
    body: bytes | dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    seconds: float = 60,
) -> Answer:
    """Send one request; nothing of the method, the path or the headers is changed on the way."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    given = {"Host": "127.0.0.1", "Connection": "close"}
    if key:
        given["Authorization"] = f"Bearer {key}"
    if content is not None:
        given |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    given |= headers or {}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return send(port, "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + (content or b""), seconds)
