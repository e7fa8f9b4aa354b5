"""Whether a Redis answers, asked without a package for it."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

from one_adapter.doctor.check import Check
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr
from one_adapter.runtime.gateway.sharing import check_url

#: Where Redis listens if an address does not say.
PORT = 6379
#: Seconds that it may take to answer.
ANSWER_SECONDS = 3.0
#: Bytes of an answer that are looked at.
ANSWER_BYTES = 512


def redis(url: str, seconds: float = ANSWER_SECONDS) -> Check:
    """Ask the Redis at a URL whether it answers; the URL may hold a password, and is not told."""
    try:
        check_url(url, "--redis")
    except OneAdapterError as problem:
        return Check("wrong", problem.message)
    parts = urlsplit(url)
    where = parts.path if parts.scheme == "unix" else f"{parts.hostname or ''}:{parts.port or PORT}"
    try:
        answer = _asked(parts, seconds)
    except (OSError, UnicodeError) as problem:
        why = reason_of(problem)
        return Check(
            "wrong", tr("the Redis at {where} cannot be reached ({why}): start it", where=where, why=why)
        )
    if b"+PONG" in answer:
        return Check("ok", tr("the Redis at {where} answers", where=where))
    if any(word in answer for word in (b"NOAUTH", b"WRONGPASS", b"ERR AUTH", b"invalid username")):
        return Check(
            "wrong",
            tr(
                "the Redis at {where} wants another password than the URL has: redis://:PASSWORD@…",
                where=where,
            ),
        )
    return Check("wrong", tr("what answers at {where} is no Redis: look at the URL", where=where))


def _asked(parts: SplitResult, seconds: float) -> bytes:
    """What the server says to a password, where there is one, and to PING."""
    words = [[b"PING"]]
    if parts.password:
        user = [unquote(parts.username).encode()] if parts.username else []
        words.insert(0, [b"AUTH", *user, unquote(parts.password).encode()])
    with _connected(parts, seconds) as connection:
        connection.sendall(b"".join(map(_command, words)))
        answer = b""
        while answer.count(b"\r\n") < len(words) and len(answer) < ANSWER_BYTES:
            piece = connection.recv(ANSWER_BYTES)
            if not piece:
                break
            answer += piece
        return answer


def _connected(parts: SplitResult, seconds: float) -> socket.socket:
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(seconds)
        try:
            connection.connect(unquote(parts.path))
        except OSError:
            connection.close()
            raise
        return connection
    host = parts.hostname or "127.0.0.1"
    plain = socket.create_connection((host, parts.port or PORT), timeout=seconds)
    if parts.scheme != "rediss":
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def _command(words: list[bytes]) -> bytes:
    """A command in Redis's protocol."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
