"""Calls of vendors with the standard library: certificates checked, nothing followed, proxies used."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import os
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from one_adapter.export.secrets.variables import Secrets
from one_adapter.plan.types import ServicePolicy
from one_adapter.verify.credentials.questions import Request
from one_adapter.verify.deadline import ends_after

#: Seconds for a connection and of silence, those for an exchange as a whole, and the bytes read of an answer.
WAIT_SECONDS, CALL_SECONDS, ANSWER_BYTES = 20.0, 60.0, 256 << 10
PORTS = {"http": 80, "https": 443}
SOCKS_PORT = 1080


def proxy_for(policy: ServicePolicy, url: str, secrets: Secrets) -> str:
    """The address of the proxy that a service's calls of `url` go through, as `run` has it; "" for none."""
    if policy.proxy is None:
        return ""
    given = {kind: secrets.values[name] for kind, name in secrets.proxies.items()}
    if policy.proxy.socks5 and given.get("socks5"):
        return _with_scheme(given["socks5"], "socks5")
    plain = given.get("http", "") if policy.proxy.http else ""
    secure = given.get("https", "") if policy.proxy.https else ""
    chosen = secure if url.startswith("https:") else plain
    return _with_scheme(chosen or plain or secure, "http")


def _with_scheme(address: str, scheme: str) -> str:
    return address if not address or "://" in address else f"{scheme}://{address}"


def call(request: Request, proxy: str = "") -> tuple[int, str]:
    """The status and the text of an answer; status 0 where there is none, and then the text says why."""
    parts = urlsplit(request.url)
    headers = {"accept": "application/json", "user-agent": "one-adapter", **request.headers}
    if "@" in parts.netloc and "authorization" not in headers:
        headers["authorization"] = _basic(parts.username, parts.password)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection: http.client.HTTPConnection | None = None
    try:
        connection, begins = _connected(parts.scheme, parts.hostname or "", parts.port, proxy, headers)
        raw = None
        if request.body is not None:
            raw, headers["content-type"] = json.dumps(request.body).encode(), "application/json"
        with ends_after(CALL_SECONDS, connection):
            connection.request("GET" if raw is None else "POST", begins + path, raw, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return 0, type(problem).__name__
    finally:
        if connection is not None:
            connection.close()


def _connected(
    scheme: str, host: str, port: int | None, proxy: str, headers: dict[str, str]
) -> tuple[http.client.HTTPConnection, str]:
    """A connection for calls of a host, and what a path begins with there."""
    port = port or PORTS[scheme] if scheme in PORTS else port or 0
    secure = scheme == "https"
    if not proxy:
        return _connection(secure, host, port), ""
    via = urlsplit(proxy)
    name, near = via.hostname or "", via.port
    if via.scheme.startswith("socks"):
        connection = _connection(secure, host, port)
        plain = _through_socks((name, near or SOCKS_PORT), host, port, via.username, via.password)
        connection.sock = _trusting().wrap_socket(plain, server_hostname=host) if secure else plain
        return connection, ""
    pass_on = {"proxy-authorization": _basic(via.username, via.password)} if via.username else {}
    if secure:
        tunnel = _connection(True, name, near or PORTS["http"])
        tunnel.set_tunnel(host, port, pass_on)
        return tunnel, ""
    headers.update(pass_on)
    return _connection(False, name, near or PORTS["http"]), f"http://{host}:{port}"


def _connection(secure: bool, host: str, port: int) -> http.client.HTTPConnection:
    if secure:
        return http.client.HTTPSConnection(host, port, timeout=WAIT_SECONDS, context=_trusting())
    return http.client.HTTPConnection(host, port, timeout=WAIT_SECONDS)


def _trusting(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """The certificates that `run` trusts, or the system's."""
    file = environment.get("SSL_CERT_FILE") or environment.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=file or None)


def _basic(user: str | None, password: str | None) -> str:
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _through_socks(
    proxy: tuple[str, int], host: str, port: int, user: str | None, password: str | None
) -> socket.socket:
    """A connection to a host through a SOCKS5 proxy, which looks the host's name up. Raises OSError."""
    made = socket.create_connection(proxy, timeout=WAIT_SECONDS)
    try:
        made.sendall(b"\x05\x01" + (b"\x02" if user else b"\x00"))
        _, method = _exactly(made, 2)
        if method == 2:
            name, word = unquote(user or "").encode(), unquote(password or "").encode()
            made.sendall(b"\x01" + bytes([len(name)]) + name + bytes([len(word)]) + word)
            if _exactly(made, 2)[1]:
                raise OSError("the proxy refuses")
        elif method:
            raise OSError("the proxy refuses")
        made.sendall(b"\x05\x01\x00" + _address(host) + port.to_bytes(2, "big"))
        _, refused, _, kind = _exactly(made, 4)
        if refused:
            raise OSError("the proxy cannot connect")
        length = {1: 4, 4: 16}.get(kind) or _exactly(made, 1)[0]
        _exactly(made, length + 2)
    except BaseException:
        made.close()
        raise
    return made


def _address(host: str) -> bytes:
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return b"\x03" + bytes([len(name)]) + name
    return (b"\x01" if number.version == 4 else b"\x04") + number.packed


def _exactly(made: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = made.recv(size - len(found))
        if not piece:
            raise OSError("the proxy hangs up")
        found += piece
    return found
