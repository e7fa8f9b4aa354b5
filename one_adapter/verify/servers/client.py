"""One server that speaks OpenAI's protocol, over the standard library: no redirect followed, TLS verified."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from one_adapter import __version__
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr
from one_adapter.verify.deadline import ends_after

#: Seconds for a connection, of silence, and of an answer as a whole.
CONNECT_SECONDS, SILENCE_SECONDS, ANSWER_SECONDS = 10.0, 60.0, 180.0
#: Bytes of an answer beyond which it is not read.
ANSWER_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `trouble` says why nothing did.

    `moments` are, for each `data:` event of a stream, the seconds since the request was begun.
    """

    status: int = 0
    content_type: str = ""
    headers: Mapping[str, str] | None = None
    body: Any = None
    """The JSON of a whole answer; None where it is none."""
    events: tuple[str, ...] = ()
    moments: tuple[float, ...] = ()
    trouble: str = ""

    @property
    def is_stream(self) -> bool:
        """Whether it came as server-sent events."""
        return self.content_type == "text/event-stream"


ENDLESS = Answer(trouble=tr("its answer does not end"))


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is, without user info, and how it is asked."""

    address: str
    key: str = ""
    basic: str = ""
    """What stood before the host of its address, for servers behind a password."""

    def with_key(self, key: str) -> Server:
        """The same server, asked with another key, or with none."""
        return Server(self.address, key, "")

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(filter(None, (self.key, self.basic, self.basic.partition(":")[2])))

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The answer to one request; a body makes it a POST."""
        began = time.monotonic()
        connection = self._connection()
        try:
            data = None if body is None else json.dumps(body).encode()
            prefix = urlsplit(self.address).path
            with ends_after(ANSWER_SECONDS, connection):
                connection.sock.settimeout(SILENCE_SECONDS)
                method = "GET" if data is None else "POST"
                connection.request(method, prefix + path, data, self._headers(data))
                answer = _read(connection.getresponse(), began)
            return ENDLESS if _is_late(began) and not answer.trouble else answer
        except TimeoutError:
            return Answer(trouble=tr("it did not answer in time"))
        except ssl.SSLError as problem:
            return Answer(trouble=tr("TLS failed: {reason}", reason=problem.reason or str(problem)))
        except (OSError, http.client.HTTPException, ValueError) as problem:
            if _is_late(began):
                return ENDLESS
            has_words = bool(getattr(problem, "strerror", None))
            reason = reason_of(problem) if has_words else type(problem).__name__
            return Answer(trouble=tr("no answer: {reason}", reason=reason))
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, parts.port, timeout=CONNECT_SECONDS, context=context)
        return http.client.HTTPConnection(host, parts.port, timeout=CONNECT_SECONDS)

    def _headers(self, data: bytes | None) -> dict[str, str]:
        headers = {"Accept": "*/*", "User-Agent": f"one-adapter-verify/{__version__}"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        elif self.basic:
            headers["Authorization"] = f"Basic {base64.b64encode(self.basic.encode()).decode()}"
        return headers


def server_at(url: str, key: str = "") -> Server:
    """The server at an address, with or without `/v1` at its end.

    Raises `OneAdapterError` for what is no such address, and for a key no header can hold.

    >>> server_at("http://me:secret@gateway.lan:9090/v1/").address
    'http://gateway.lan:9090'
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise OneAdapterError(tr("an address is no address of a server: write http://HOST:PORT")) from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        what = host or tr("an address")
        raise OneAdapterError(tr("{address}: write it as http://HOST:PORT, or https://", address=what))
    if not (key.isascii() and key.isprintable()):
        raise OneAdapterError(tr("a key holds characters that no header can hold"))
    user, _, _ = parts.netloc.rpartition("@")
    shown = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/").removesuffix("/v1")
    where = f"{shown}:{port}" if port else shown
    return Server(urlunsplit((parts.scheme, where, path, "", "")), key, unquote(user))


def _is_late(began: float) -> bool:
    return time.monotonic() - began >= ANSWER_SECONDS


def _read(response: http.client.HTTPResponse, began: float) -> Answer:
    content_type = (response.headers.get_content_type() or "").lower()
    headers = {name.lower(): value for name, value in response.getheaders()}
    if content_type != "text/event-stream":
        raw = b""
        while part := response.read1(1 << 16):
            raw += part
            if len(raw) > ANSWER_BYTES:
                return Answer(trouble=tr("its answer is too large"))
            if _is_late(began):
                return ENDLESS
        if response.length:
            return Answer(trouble=tr("its answer is cut"))
        return Answer(response.status, content_type if raw else "", headers, _json(raw))
    events: list[str] = []
    moments: list[float] = []
    size = 0
    while line := response.readline(ANSWER_BYTES):
        size += len(line)
        now = time.monotonic() - began
        if size >= ANSWER_BYTES or _is_late(began):
            return Answer(trouble=tr("its stream does not end"))
        if line.startswith(b"data:"):
            events.append(line[5:].strip().decode("utf-8", "replace"))
            moments.append(now)
    return Answer(response.status, content_type, headers, None, tuple(events), tuple(moments))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
