"""What an upstream answers: its secrets stay here, its errors are short, and it stops nobody else."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import pytest
from proxy import CLIENT, KEYS, Proxy
from raw import Answer
from services import SECRETS, USERINFO
from wires import MINTED, Wires

Ask = Callable[..., Answer]
KINDS = ("openai", "claude", "azure", "gemini", "ollama", "dify", "spark", "ark")
#: Those that are called over HTTP and answer with bytes of our choice.
OVER_HTTP = tuple(kind for kind in KINDS if kind != "spark")
ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "messages": ("/v1/messages", {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}),
    "responses": ("/v1/responses", {"input": "hi"}),
}
HIDDEN = [value for value in {**SECRETS, **KEYS}.values() if len(value) >= 8] + [MINTED]
#: Bytes that an error may come to, the route's own words around it included.
LONGEST = 30_000
#: Seconds for which another request may wait on a machine however busy. One error of a megabyte cost twenty.
PATIENCE = 10.0


def call(ask: Ask, kind: str, route: str = "chat", stream: bool = False, **more: Any) -> Answer:
    path, body = ROUTES[route]
    return ask("POST", path, {**body, "model": f"{kind}-hostile", "stream": stream}, **more)


def seen(answer: Answer) -> str:
    return f"{answer.headers} {answer.body.decode('utf-8', 'replace')}"


WATCH = """
import http.client, queue, sys, threading, time
told = queue.Queue()
threading.Thread(target=lambda: [*map(told.put, sys.stdin), told.put("")], daemon=True).start()
while port := told.get():
    worst, said = 0.0, False
    while told.empty():
        began = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        line.request("GET", "/healthz")
        line.getresponse().read()
        line.close()
        worst = max(worst, time.monotonic() - began)
        if not said:
            said = print("ready", flush=True) is None
        time.sleep(0.01)
    told.get()
    print(worst, flush=True)
"""
Watched = Callable[[], AbstractContextManager[list[float]]]


@pytest.fixture(scope="module")
def watcher() -> Iterator[subprocess.Popen[str]]:
    """Another process, which checks the health of the proxy at a port from one line to the next."""
    command = [sys.executable, "-SE", "-c", WATCH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        yield running


@pytest.fixture
def watched(proxy: Proxy, watcher: subprocess.Popen[str]) -> Watched:
    """The longest time that a health check took, of all that were made in a block."""
    to, of = watcher.stdin, watcher.stdout
    assert to is not None
    assert of is not None

    @contextmanager
    def watch() -> Iterator[list[float]]:
        took: list[float] = []
        print(proxy.port, file=to, flush=True)
        assert of.readline() == "ready\n"
        try:
            yield took
        finally:
            print(file=to, flush=True)
            took.append(float(of.readline()))

    return watch


@pytest.mark.half_of_product
@pytest.mark.parametrize("manner", ["echo-401", "echo-500", "echo-header", "echo-late"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_an_upstream_repeats_stays_here(
    kind: str, route: str, stream: bool, manner: str, ask: Ask, upstream: Wires, proxy: Proxy
) -> None:
    with upstream.acting(manner):
        text = seen(call(ask, kind, route, stream))
    assert upstream.take(), text
    assert not [one for one in HIDDEN if one in text]
    assert not [one for one in HIDDEN if one in proxy.output()]


ENCODED = {
    "as it is": lambda key: key,
    "with a scheme": lambda key: f"Bearer {key}",
    "in an address": lambda key: f"https://x/?key={key.replace('-', '%2D')}&k={key}",
    "as base64": lambda key: base64.b64encode(key.encode()).decode(),
    "letter by letter": lambda key: "".join(f"\\u{ord(one):04x}" for one in key),
}


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_secret_in_a_good_answer_stays_here_in_every_encoding(
    encoding: str, stream: bool, ask: Ask, upstream: Wires
) -> None:
    key = KEYS["UP_1"]
    said = ENCODED[encoding](key)
    answer = _stream(f"look: {said}!") if stream else _whole(f"look: {said}!")
    upstream.script = [answer]
    with upstream.acting("raw"):
        got = call(ask, "openai", stream=stream)
    assert got.status == 200, got
    assert b"look: " in got.body
    assert key not in seen(got)
    assert base64.b64encode(key.encode()).decode().rstrip("=") not in seen(got)


@pytest.mark.parametrize("kind", ["openai", "claude"])
def test_a_secret_that_comes_in_two_parts_stays_here(kind: str, ask: Ask, upstream: Wires) -> None:
    key = {"openai": KEYS["UP_1"], "claude": SECRETS["UP_CLAUDE"]}[kind]
    event = f'event: ping\ndata: {{"type": "ping", "note": "{key}"}}\n\n'
    raw = event.encode() if kind == "claude" else _event(key)
    half = raw.index(key.encode()) + 5
    upstream.script = [_head("text/event-stream"), raw[:half], raw[half:], b"data: [DONE]\n\n"]
    with upstream.acting("raw"):
        answer = call(ask, kind, "messages" if kind == "claude" else "chat", stream=True)
    assert b"***" in answer.body
    assert key not in seen(answer)


def test_what_only_looks_like_a_secret_reaches_the_client(ask: Ask, upstream: Wires) -> None:
    said = "Use sk-your-own-key-here, never sk-upstream- alone, as in Bearer abcdefghijklmnop."
    upstream.script = [_whole(said)]
    with upstream.acting("raw"):
        assert said in seen(call(ask, "openai"))


@pytest.mark.half_of_product
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_is_not_followed(kind: str, stream: bool, status: int, ask: Ask, upstream: Wires) -> None:
    with upstream.acting(f"redirect-{status}"):
        answer = call(ask, kind, stream=stream)
    assert answer.status >= 500, answer
    assert "stolen" not in seen(answer)
    assert [one.port for one in upstream.take() if one.wire != "mint"] == [upstream.port]
    if kind != "spark":
        assert b"redirects are not followed" in answer.body


@pytest.mark.half_of_product
@pytest.mark.parametrize("manner", ["long-400", "longer-500"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_megabytes_is_short_and_stops_nobody(
    kind: str, route: str, stream: bool, manner: str, ask: Ask, upstream: Wires, watched: Watched
) -> None:
    with upstream.acting("fail-400"):
        call(ask, kind, route, stream)  # what a route needs for an error is loaded by the first of them
    with upstream.acting(manner), watched() as took:
        answer = call(ask, kind, route, stream)
    assert 0 < len(answer.body) < LONGEST
    assert took[0] < PATIENCE


def _head(kind: str, *more: str, status: int = 200) -> bytes:
    lines = (f"HTTP/1.1 {status} OK", f"content-type: {kind}", "connection: close", *more)
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _chat(text: str, **more: Any) -> bytes:
    message = {"role": "assistant", "content": "TEXT"}
    choice = {"index": 0, "message": message, "delta": message, "finish_reason": "stop"}
    whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **more}
    return json.dumps(whole).replace("TEXT", text).encode()


def _whole(text: str) -> bytes:
    return _head("application/json") + _chat(text)


def _event(text: str) -> bytes:
    return b"data: " + _chat(text, object="chat.completion.chunk") + b"\n\n"


def _stream(text: str) -> bytes:
    return _head("text/event-stream") + _event(text) + b"data: [DONE]\n\n"


def _error(text: str, status: int = 400, **more: Any) -> bytes:
    return (
        _head("application/json", status=status) + json.dumps({"error": {"message": text, **more}}).encode()
    )


@cache
def _bomb(
    first: bytes, last: bytes = b'"}', kind: str = "application/json", status: int = 200
) -> list[bytes]:
    zipped = gzip.compress(first + b"a" * (80 << 20) + last)
    return [_head(kind, "content-encoding: gzip", status=status) + zipped]


#: name → what the upstream sends, in parts; what takes long to make is made by the tests that send it.
HOSTILE: dict[str, list[bytes] | Callable[[], list[bytes]]] = {
    "keys without end": [_error("-----BEGIN PRIVATE KEY-----" * 300)],
    "hosts without end": [_error("a-" * 4000)],
    "addresses without end": [_error("://a:" * 1600)],
    "tokens without end": [_error("eyJaaaaaaaaaa-" * 580)],
    "a page": [_head("text/html") + b"<p>maintenance</p>" * 60_000],
    "half of an answer": [_head("application/json") + b'{"choices": ["' + b"z" * 1_000_000],
    "no answer in braces": [_head("application/json") + b"{" + b"z" * 1_000_000 + b"}"],
    "an error that says 200": [_error("ab12_" * 200_000, status=200, code=5)],
    "an error in a stream": [
        _head("text/event-stream")
        + b"data: "
        + json.dumps({"error": {"message": "ab12_" * 200_000, "code": 500}}).encode()
        + b"\n\n"
    ],
    "an error of many parts": [_error("x", parts=["y" * 90] * 20_000)],
    "an error of great depth": [_head("application/json", status=400) + b"[" * 500_000],
    "a bomb": lambda: _bomb(b'{"choices": "'),
    "a bomb with an error": lambda: _bomb(b'{"error": "', status=500),
    "a bomb in a stream": lambda: _bomb(b"data: ", b"", "text/event-stream"),
    "no gzip": [_head("application/json", "content-encoding: gzip") + b"plain"],
    "no gzip in an error": [_head("application/json", "content-encoding: gzip", status=503) + b"plain"],
    "many headers": [_head("application/json", *(f"x-h{n}: {'a' * 900}" for n in range(3000))) + _chat("ok")],
    "many rate limits": [
        _head("application/json", *(f"x-ratelimit-{n}: 1" for n in range(500))) + _chat("ok")
    ],
    "a header that is long": [_head("application/json", f"x-request-id: {'a' * 60_000}") + _chat("ok")],
    "beginnings without end": [b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5_000 + _whole("ok")],
    "a line without end": [_head("text/event-stream") + b"data: ", *([b"q" * (1 << 20)] * 30)],
    "events without number": [_head("text/event-stream") + b"data: {}\n\n" * 5_000],
    "comments without number": [_head("text/event-stream") + b": \n" * 100_000 + _event("ok")],
    "empty lines": [_head("text/event-stream") + b"\n" * 300_000],
    "nothing": [_head("application/json")],
    "no HTTP": [bytes(range(256)) * 20],
}


@pytest.mark.half_of_product
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", ["openai", "claude", "gemini", "dify"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_stops_nobody_and_takes_no_place(
    name: str, kind: str, stream: bool, ask: Ask, upstream: Wires, watched: Watched
) -> None:
    with upstream.acting("fail-400"):
        call(ask, kind, stream=stream)
    sent = HOSTILE[name]
    upstream.script = sent() if callable(sent) else sent
    with upstream.acting("raw"), watched() as took:
        answer = call(ask, kind, stream=stream)
    assert answer.status, "an answer of whatever kind"
    last = answer.body.rpartition(b"\n\ndata: ")[2]
    assert len(last) < LONGEST or b'"error"' not in last
    assert took[0] < PATIENCE
    assert call(ask, kind, stream=stream).status == 200


def test_only_known_headers_of_an_upstream_reach_a_client(ask: Ask, upstream: Wires) -> None:
    names = {"set-cookie": "a=b", "x-inner-host": "db.corp", "location": "http://inner/", "server": "x"}
    names |= {"x-request-id": "r-1", "x-ratelimit-remaining-requests": "7", "www-authenticate": "Bearer"}
    upstream.script = [_head("application/json", *(f"{n}: {v}" for n, v in names.items())) + _chat("ok")]
    with upstream.acting("raw"):
        headers = call(ask, "openai").headers
    assert headers["llm_provider-x-request-id"] == "r-1"
    assert headers["x-ratelimit-remaining-requests"] == "7"
    assert headers["x-litellm-model-group"] == "openai-hostile"
    assert not [name for name in headers if "cookie" in name or "inner" in name or "authenticate" in name]
    assert not [name for name in headers if name.endswith(("location", "api-base", "model-name"))]


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_a_cookie_is_not_kept(kind: str, ask: Ask, upstream: Wires) -> None:
    with upstream.acting("echo-header"):
        call(ask, kind)
    call(ask, kind)
    assert not [one for one in upstream.take() if "cookie" in one.headers]


def test_only_known_headers_of_a_client_reach_an_upstream(ask: Ask, upstream: Wires) -> None:
    sent = {"cookie": "a=b", "x-forwarded-for": "10.0.0.1", "x-anything": "y", "openai-organization": "o"}
    sent |= {"proxy-authorization": "Basic eA==", "langfuse_trace_id": "t", "helicone-auth": "h"}
    for kind in OVER_HTTP:
        call(ask, kind, headers=sent)
    assert not [one for one in upstream.take() if sent.keys() & one.headers.keys()]


@pytest.mark.parametrize(
    ("model", "expected"),
    [("openai-user", "Bearer"), ("keyless-user", "Basic"), ("claude-user", "Basic")],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_user_of_an_address_is_told_as_the_gateway_tells_it(
    model: str, expected: str, stream: bool, ask: Ask, upstream: Wires
) -> None:
    path, body = ROUTES["chat"]
    for _ in range(2):
        answer = ask("POST", path, {**body, "model": model, "stream": stream})
        assert answer.status == 200, answer
        scheme, _, value = upstream.take()[-1].headers["authorization"].partition(" ")
        assert scheme == expected
        known = {
            "Bearer": KEYS["UP_1"],
            "Basic": base64.b64encode(b"user-name:pass/word-of-the-address").decode(),
        }
        assert value == known[expected]


@pytest.mark.half_of_product
@pytest.mark.parametrize("manner", ["echo-401", "cut", "fail-500"])
def test_the_password_of_an_address_stays_here(manner: str, ask: Ask, upstream: Wires, proxy: Proxy) -> None:
    path, body = ROUTES["chat"]
    for model in ("keyless-user", "openai-user", "claude-user"):
        with upstream.acting(manner):
            text = seen(ask("POST", path, {**body, "model": model})) + proxy.output()
        pair = base64.b64encode(b"user-name:pass/word-of-the-address").decode()
        assert not [one for one in (USERINFO, "word-of-the-address", pair) if one in text]


def leave(proxy: Proxy, upstream: Wires, kind: str, route: str, stream: bool) -> None:
    """Make a call and go as soon as the upstream has it."""
    path, body = ROUTES[route]
    raw = json.dumps({**body, "model": f"{kind}-hostile", "stream": stream}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {CLIENT}\r\n"
    head += f"Content-Length: {len(raw)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        connection.sendall(head.encode() + raw)
        limit = time.monotonic() + 60
        while not [one for one in upstream.calls if one.wire != "mint"] and time.monotonic() < limit:
            time.sleep(0.02)


@pytest.mark.parametrize("manner", ["silent", "endless"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_upstreams_call_ends_with_its_client(
    kind: str, stream: bool, manner: str, ask: Ask, upstream: Wires, proxy: Proxy
) -> None:
    route = "messages" if kind == "claude" and not stream else "chat"
    with upstream.acting(manner):
        leave(proxy, upstream, kind, route, stream)
        began = [one for one in upstream.until_over(60) if one.wire != "mint" and "/stop" not in one.path]
    assert len(began) == 1
    assert began[0].over, "the upstream still answers a client that left"
    assert call(ask, kind, route, stream).status == 200, "the place is free again"
