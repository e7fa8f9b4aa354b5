"""The relay behind the door, against a vendor on loopback: what goes out, what comes back, and every end."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from certificates import self_signed
from doorway import CHAT, Caller, loaded_of
from doorway import deployment as entry
from doorway import litellm as beyond
from forwarders import http_proxy, socks_proxy

from one_adapter.runtime.entry.door import Door, Loaded
from one_adapter.runtime.relay import way
from one_adapter.runtime.relay.client import Pools
from one_adapter.runtime.relay.way import Relay

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = tuple[int, bytes, dict[str, str]]
WHOLE = b'{"id":"c","model":"up-m","choices":[{"index":0,"message":{"content":"hi"}}],"n":1.0}'
CHUNK = b'data: {"model":"up-m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
FINISH = b'data: {"model":"up-m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
STREAM = {**CHAT, "stream": True}
#: Seconds: what would last for ever ends then.
PATIENCE = 60.0
ONE: dict[str, Any] = {"service": {"concurrency": 1, "wait_seconds": 1}}


@dataclass
class Call:
    """One call as the vendor saw it; `peer` is the connection's other end."""

    url: str
    headers: dict[str, str]
    body: bytes
    peer: object

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Vendor:
    """Answers as `handler` does and remembers; `left` counts the calls that ended before their answer did."""

    handler: Handler | None = None
    base: str = ""
    calls: list[Call] = field(default_factory=list)
    left: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(Call(request.raw_path, headers, await request.read(), peer))
        try:
            if self.handler is not None:
                return await self.handler(request)
            return web.Response(body=WHOLE, content_type="application/json")
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async for one in serving(None):
        yield one


async def serving(tls: Any) -> AsyncIterator[Vendor]:
    vendor = Vendor()
    app = web.Application(client_max_size=16 << 20)
    app.router.add_route("*", "/{path:.*}", vendor.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    vendor.base = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    yield vendor
    await runner.cleanup()


def deployment(base: str, name: str = "m", provider: str = "openai", **ours: Any) -> dict[str, Any]:
    one = entry(name, **ours)
    params = {**one["litellm_params"], "model": f"{provider}/up-{name}", "api_base": base, "api_key": "sk-up"}
    return {**one, "litellm_params": params}


class Relayed:
    """A door with the relay in it, for these deployments."""

    def __init__(self, *deployments: dict[str, Any], **environment: str) -> None:
        self.loaded: Loaded = loaded_of(*deployments)
        self.pools = Pools(environment)
        self.door = Door(beyond, lambda: self.loaded, [Relay(self.pools, lambda *_: "")])

    async def __call__(self, body: Any = CHAT, path: str = "/v1/chat/completions", **more: Any) -> Answer:
        return await Caller(self.door)("POST", path, body, **more)

    async def __aenter__(self) -> Relayed:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pools.close()

    @property
    def held(self) -> dict[str, tuple[int, int]]:
        return self.loaded.memory.limits.held()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for far longer than a busy machine needs."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never holds"
        await asyncio.sleep(0.005)


async def sse(request: web.Request, *events: bytes, **headers: str) -> web.StreamResponse:
    """Begin a stream and send these events."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream", **headers})
    await response.prepare(request)
    for event in events:
        await response.write(event)
    return response


def whole(body: bytes, **more: Any) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json", **more)

    return handler


def stream(*events: bytes, **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await sse(request, *events, **headers)

    return handler


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError


async def hang_in_a_stream(request: web.Request) -> web.StreamResponse:
    await sse(request, CHUNK)
    await asyncio.sleep(60)
    raise AssertionError


async def drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    return await drop(request)


async def cut_a_stream(request: web.Request) -> web.StreamResponse:
    await sse(request, CHUNK)
    return await drop(request)


class TestWhatGoesOut:
    async def test_the_clients_body_as_it_came_with_the_upstreams_model(self, vendor: Vendor) -> None:
        raw = b'{"model": "m", "n":"2", "x": 1.0,"messages":[{"role":"developer","content":"hi"}],"y":null}'
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            await relayed(raw)
        (call,) = vendor.calls
        assert call.url == "/v1/chat/completions"
        assert call.body == (
            b'{"model":"up-m","n":"2","x":1.0,"messages":[{"role":"developer","content":"hi"}],"y":null}'
        )

    async def test_the_deployments_key_and_nothing_of_the_clients_headers(self, vendor: Vendor) -> None:
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            await relayed(cookie="a=b", x_forwarded_for="10.0.0.1", user_agent="mine", anthropic_beta="x")
        headers = vendor.calls[0].headers
        assert headers.pop("host") in vendor.base
        assert headers.pop("user-agent").startswith("one-adapter/")
        assert headers == {
            "authorization": "Bearer sk-up",
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "content-length": str(len(vendor.calls[0].body)),
        }

    async def test_azures_address_and_header(self, vendor: Vendor) -> None:
        async with Relayed(deployment(vendor.base, provider="azure")) as relayed:
            await relayed()
        assert vendor.calls[0].url == "/openai/deployments/up-m/chat/completions?api-version=2024-10-21"
        assert vendor.calls[0].headers["api-key"] == "sk-up"

    async def test_a_query_of_the_service(self, vendor: Vendor) -> None:
        async with Relayed(deployment(f"{vendor.base}/v1", query={"tenant": "7 & 8"})) as relayed:
            await relayed()
        assert vendor.calls[0].url == "/v1/chat/completions?tenant=7+%26+8"

    async def test_a_message_for_anthropic_with_its_version_and_betas(self, vendor: Vendor) -> None:
        vendor.handler = whole(b'{"type":"message","model":"up-m","content":[]}')
        body = {**CHAT, "max_tokens": 9, "thinking": {"type": "enabled", "budget_tokens": 1024}}
        async with Relayed(deployment(vendor.base, provider="anthropic")) as relayed:
            status, text, _ = await relayed(
                body, "/v1/messages", anthropic_version="2024-01-01", anthropic_beta="a,b"
            )
            await relayed(body, "/v1/messages")
        first, second = vendor.calls
        assert (status, json.loads(text)["model"]) == (200, "m")
        assert (first.url, first.json) == ("/v1/messages", {**body, "model": "up-m"})
        assert (first.headers["anthropic-version"], first.headers["anthropic-beta"]) == ("2024-01-01", "a,b")
        assert second.headers["anthropic-version"] == "2023-06-01"
        assert first.headers["x-api-key"] == "sk-up"
        assert "authorization" not in first.headers

    async def test_each_call_by_the_configuration_its_request_came_in_under(self, vendor: Vendor) -> None:
        async with Relayed(deployment(f"{vendor.base}/old")) as relayed:
            await relayed()
            relayed.loaded = loaded_of(deployment(f"{vendor.base}/new"))
            await relayed()
        assert [call.url for call in vendor.calls] == ["/old/chat/completions", "/new/chat/completions"]

    async def test_the_same_connection_for_the_next_call(self, vendor: Vendor) -> None:
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            for _ in range(3):
                await relayed()
        assert len({call.peer for call in vendor.calls}) == 1

    async def test_the_same_connection_after_a_stream_whose_end_comes_later_than_its_last_event(
        self, vendor: Vendor
    ) -> None:
        async def handler(request: web.Request) -> web.StreamResponse:
            response = await sse(request, CHUNK, FINISH, b"data: [DONE]\n\n")
            await asyncio.sleep(0.01)
            return response

        vendor.handler = handler
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            for _ in range(3):
                await relayed(STREAM)
        assert len({call.peer for call in vendor.calls}) == 1

    async def test_an_upstream_that_does_not_end_after_the_last_event_holds_nothing(
        self, vendor: Vendor
    ) -> None:
        async def handler(request: web.Request) -> web.StreamResponse:
            await sse(request, FINISH, b"data: [DONE]\n\n")
            return await hang(request)

        vendor.handler = handler
        async with Relayed(deployment(f"{vendor.base}/v1", limits=ONE)) as relayed:
            answer = await asyncio.wait_for(relayed(STREAM), PATIENCE)
            assert answer[1].endswith(b"data: [DONE]\n\n")
            assert relayed.held == {}
        await until(lambda: vendor.left == 1)


class TestWhatComesBack:
    async def test_a_whole_answer_with_the_clients_model(self, vendor: Vendor) -> None:
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            status, text, headers = await relayed({**CHAT, "model": "nick"})
        assert (status, text) == (200, WHOLE.replace(b"up-m", b"nick"))
        assert headers["content-type"] == "application/json"
        assert headers["content-length"] == str(len(text))

    async def test_a_stream_event_by_event(self, vendor: Vendor) -> None:
        vendor.handler = stream(b": ping\r\n\r\n", CHUNK, FINISH, b"data: [DONE]\n\n")
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            status, text, headers = await relayed(STREAM)
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        expected = b": ping\n\n" + (CHUNK + FINISH).replace(b'"model":"up-m"', b'"model":"m"')
        assert text == expected + b"data: [DONE]\n\n"

    async def test_a_piece_of_a_stream_is_passed_on_while_the_next_is_not_there_yet(
        self, vendor: Vendor
    ) -> None:
        vendor.handler = hang_in_a_stream
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            task = asyncio.ensure_future(raw_call(relayed, STREAM, send))
            await until(lambda: len(sent) == 2)
            assert sent[1]["more_body"]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def test_embeddings_name_the_upstreams_model(self, vendor: Vendor) -> None:
        vendor.handler = whole(b'{"object":"list","model":"whatever","data":[{"embedding":[0.50]}]}')
        async with Relayed(deployment(f"{vendor.base}/v1", mode="embedding")) as relayed:
            status, text, _ = await relayed({"model": "m", "input": "x", "user": None}, "/v1/embeddings")
        assert (status, text) == (200, b'{"object":"list","model":"up-m","data":[{"embedding":[0.50]}]}')
        assert vendor.calls[0].body == b'{"model":"up-m","input":"x"}'

    @pytest.mark.parametrize("streams", [False, True])
    async def test_of_its_headers_those_that_concern_the_client(self, vendor: Vendor, streams: bool) -> None:
        headers = {
            "x-ratelimit-remaining-requests": "7",
            "x-request-id": "r-1",
            "set-cookie": "a=b",
            "x-internal-host": "10.0.0.1",
            "www-authenticate": "Basic",
        }
        vendor.handler = stream(CHUNK, FINISH, **headers) if streams else whole(WHOLE, headers=headers)
        async with Relayed(deployment(f"{vendor.base}/v1", name="通")) as relayed:
            _, _, told = await relayed({**CHAT, "model": "通", "stream": streams})
        assert {name for name in told if name.startswith(("content-", "cache-", "access-"))} <= {
            *("content-type", "content-length", "cache-control"),
            *("access-control-allow-origin", "access-control-expose-headers"),
        }
        del told["x-request-id"]  # the gateway's own
        own = {name: value for name, value in told.items() if name.startswith(("x-", "llm_"))}
        assert own == {
            "x-ratelimit-remaining-requests": "7",
            "llm_provider-x-request-id": "r-1",
            "x-litellm-model-id": "%E9%80%9A-s",
            "x-litellm-model-group": "%E9%80%9A",
            "x-one-adapter-way": "relay",
        }
        assert not {"set-cookie", "www-authenticate", "server", "date"} & told.keys()

    async def test_a_cookie_is_not_kept(self, vendor: Vendor) -> None:
        vendor.handler = whole(WHOLE, headers={"set-cookie": "session=1; Path=/"})
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            for _ in range(2):
                await relayed()
        assert all("cookie" not in call.headers for call in vendor.calls)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "stream"])
    async def test_a_redirect_is_not_followed_with_the_key(
        self, vendor: Vendor, status: int, body: Any
    ) -> None:
        vendor.handler = whole(b"", status=status, headers={"location": f"{vendor.base}/elsewhere"})
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            found, text, _ = await relayed(body)
        assert (found, len(vendor.calls)) == (502, 1)
        assert b"elsewhere" not in text


class TestFailures:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422, 429, 500, 503, 529])
    @pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "stream"])
    async def test_a_status_is_kept_with_the_upstreams_words(
        self, vendor: Vendor, status: int, body: Any
    ) -> None:
        error = {"message": "in its own words", "type": "its_type", "code": 1301, "more": [1]}
        vendor.handler = whole(
            json.dumps({"error": error}).encode(), status=status, headers={"retry-after": "9"}
        )
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            found, text, headers = await relayed(body)
        assert (found, json.loads(text)["error"]) == (status, {**error, "param": None})
        assert (headers["retry-after"], headers["x-one-adapter-way"]) == ("9", "relay")
        assert len(vendor.calls) == 1

    async def test_a_message_that_fails_has_anthropics_form(self, vendor: Vendor) -> None:
        error = {"type": "overloaded_error", "message": "Overloaded"}
        vendor.handler = whole(json.dumps({"type": "error", "error": error}).encode(), status=529)
        async with Relayed(deployment(vendor.base, provider="anthropic")) as relayed:
            found, text, _ = await relayed({**CHAT, "max_tokens": 9}, "/v1/messages")
        assert (found, json.loads(text)) == (529, {"type": "error", "error": error})

    @pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "stream"])
    async def test_a_large_error_is_not_read_to_its_end(self, vendor: Vendor, body: Any) -> None:
        vendor.handler = whole(b"<p>" * (10 << 20), status=500)
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            found, text, _ = await relayed(body)
        assert found == 500
        assert len(text) < 20_000

    @pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "stream"])
    @pytest.mark.parametrize("handler", [drop, cut], ids=["at once", "half-way"])
    async def test_a_connection_that_breaks_is_502_and_names_no_address(
        self, vendor: Vendor, handler: Handler, body: Any
    ) -> None:
        vendor.handler = handler
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            status, text, _ = await relayed(body)
        assert status == 502
        assert b"127.0.0.1" not in text

    async def test_a_stream_that_breaks_ends_with_an_error_event(self, vendor: Vendor) -> None:
        vendor.handler = cut_a_stream
        rule = {"failures": 1, "recovery_seconds": 60, "probes": 1}
        async with Relayed(deployment(f"{vendor.base}/v1", breaker=rule)) as relayed:
            status, text, _ = await relayed(STREAM)
            assert status == 200
            assert json.loads(text.split(b"data: ")[-1])["error"]["message"]
            assert b"[DONE]" not in text
            refused, _, headers = await relayed(STREAM)
        assert (refused, headers["retry-after"]) == (503, "1")  # it counted as the upstream's failure

    async def test_nobody_there_is_502(self) -> None:
        async with Relayed(
            deployment("http://127.0.0.1:9/v1"), deployment("http://no.invalid/v1", "b")
        ) as relayed:
            for name in ("m", "b"):
                status, text, _ = await relayed({**CHAT, "model": name})
                assert (status, json.loads(text)["error"]["message"]) == (
                    502,
                    "The upstream cannot be reached.",
                )

    async def test_a_key_that_no_header_can_hold_is_an_error_that_does_not_tell_it(
        self, vendor: Vendor
    ) -> None:
        one = deployment(f"{vendor.base}/v1")
        one["litellm_params"]["api_key"] = "sk-secret\r\nx: y"
        async with Relayed(one) as relayed:
            status, text, _ = await relayed()
        assert status == 502
        assert b"sk-secret" not in text
        assert vendor.calls == []

    @pytest.mark.parametrize("form", ["length", "chunks", "packed"])
    async def test_a_whole_answer_beyond_the_limit_is_an_error(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, form: str
    ) -> None:
        monkeypatch.setattr(way, "ANSWER_BYTES", 1 << 20)
        body = b'{"choices": ["' + b"x" * (4 << 20) + b'"]}'

        async def large(request: web.Request) -> web.StreamResponse:
            if form == "length":
                return web.Response(body=body, content_type="application/json")
            if form == "packed":
                return web.Response(body=gzip.compress(body), headers={"content-encoding": "gzip"})
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(body)
            return response

        vendor.handler = large
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            status, text, _ = await relayed()
        assert (status, b"larger than" in text) == (502, True)

    async def test_a_packed_answer_is_read_no_further_than_the_limit(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(way, "ANSWER_BYTES", 1 << 20)
        raw = gzip.compress(b"x" * (64 << 20))

        async def half(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(
                headers={"content-encoding": "gzip", "content-length": str(len(raw))}
            )
            await response.prepare(request)
            await response.write(raw[: len(raw) // 2])
            return await hang(request)

        vendor.handler = half
        async with Relayed(deployment(f"{vendor.base}/v1", timeout=5)) as relayed:
            status, text, _ = await relayed()
        assert (status, b"larger than" in text) == (502, True)

    async def test_a_stream_has_no_such_limit(self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(way, "ANSWER_BYTES", 1000)
        vendor.handler = stream(*[CHUNK] * 100, FINISH)
        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            _, text, _ = await relayed(STREAM)
        assert text.count(b"data: ") == 102


async def raw_call(relayed: Relayed, body: Any, send: Any, left: asyncio.Event | None = None) -> None:
    """One chat by hand: `send` gets what a server would, and the client leaves when `left` is set."""
    parts = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> Any:
        if parts:
            return parts.pop()
        await (left or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    headers = [(b"authorization", b"Bearer sk-client")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}
    await relayed.door(scope, receive, send)


class TestTimeAndPlace:
    async def test_an_upstream_that_hangs_is_ended_by_the_services_timeout(self, vendor: Vendor) -> None:
        vendor.handler = hang
        async with Relayed(deployment(f"{vendor.base}/v1", timeout=0.3, limits=ONE)) as relayed:
            status, text, _ = await relayed()
            assert (status, json.loads(text)["error"]["code"]) == (504, "timeout")
            assert relayed.held == {}
            await until(lambda: vendor.left == 1)

    async def test_a_stream_that_hangs_ends_with_an_error_event(self, vendor: Vendor) -> None:
        vendor.handler = hang_in_a_stream
        async with Relayed(deployment(f"{vendor.base}/v1", timeout=0.3, limits=ONE)) as relayed:
            status, text, _ = await relayed(STREAM)
            assert status == 200
            assert json.loads(text.split(b"data: ")[-1])["error"]["code"] == "timeout"
            assert relayed.held == {}
            await until(lambda: vendor.left == 1)

    @pytest.mark.parametrize(
        ("handler", "body"),
        [(hang, CHAT), (hang, STREAM), (hang_in_a_stream, STREAM)],
        ids=["whole", "before", "in"],
    )
    async def test_a_client_that_leaves_ends_the_call_and_frees_the_place(
        self, vendor: Vendor, handler: Handler, body: Any
    ) -> None:
        vendor.handler = handler
        left = asyncio.Event()

        async def send(_: Any) -> None:
            pass

        async with Relayed(deployment(f"{vendor.base}/v1", limits=ONE)) as relayed:
            task = asyncio.ensure_future(raw_call(relayed, body, send, left))
            await until(lambda: len(vendor.calls) == 1)
            await asyncio.sleep(0.1)
            assert relayed.held == {"s:service": (1, 0)}
            left.set()
            await until(lambda: vendor.left == 1 and relayed.held == {})
            await task

    async def test_a_client_that_leaves_a_broken_stream_loses_no_place(self, vendor: Vendor) -> None:
        vendor.handler = cut_a_stream

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body" and b"error" in message["body"]:
                raise ConnectionResetError  # it is gone before it can be told

        rule = {"failures": 1, "recovery_seconds": 60, "probes": 1}
        async with Relayed(deployment(f"{vendor.base}/v1", limits=ONE, breaker=rule)) as relayed:
            with pytest.raises(ConnectionResetError):
                await raw_call(relayed, STREAM, send)
            assert relayed.held == {}
            assert (await relayed())[0] == 503  # the upstream broke it, whoever left

    async def test_a_client_that_leaves_says_nothing_of_the_upstream(self, vendor: Vendor) -> None:
        vendor.handler = hang
        rule = {"failures": 1, "recovery_seconds": 60, "probes": 1}
        async with Relayed(deployment(f"{vendor.base}/v1", breaker=rule)) as relayed:
            for _ in range(2):
                await relayed(leave=0.1)
            vendor.handler = None
            assert (await relayed())[0] == 200

    async def test_a_client_that_reads_slowly_does_not_fill_the_memory(self, vendor: Vendor) -> None:
        written = 0

        async def pour(request: web.Request) -> web.StreamResponse:
            nonlocal written
            event = CHUNK.replace(b"hi", b"x" * 100_000)
            response = await sse(request)
            while written < 200 << 20:
                await response.write(event)
                written += len(event)
            return response

        vendor.handler = pour
        stuck, gone = asyncio.Event(), asyncio.Event()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                stuck.set()
                await gone.wait()

        async with Relayed(deployment(f"{vendor.base}/v1")) as relayed:
            task = asyncio.ensure_future(raw_call(relayed, STREAM, send))
            await stuck.wait()
            before = -1
            while written != before:
                before = written
                await asyncio.sleep(0.3)
            assert written < 16 << 20  # what the machine's sockets hold
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class TestWaysOut:
    async def test_each_service_leaves_by_its_own_proxy_and_others_by_none(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        base = f"{vendor.base}/v1"
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        async with http_proxy() as (http, by_http), socks_proxy() as (socks, by_socks):
            models = [
                deployment(base, "a", service="a", proxy={"http_env": "HTTP"}),
                deployment(base, "b", service="b", proxy={"socks5_env": "SOCKS"}),
                deployment(base, "c", service="c"),
                deployment(base, "d", service="d", proxy={"http_env": "UNSET"}),
            ]
            async with Relayed(*models, HTTP=http, SOCKS=socks) as relayed:
                for name in "abcd":
                    for body in (CHAT, STREAM):
                        vendor.handler = stream(CHUNK, FINISH) if body is STREAM else None
                        assert (await relayed({**body, "model": name}))[0] == 200
        host = vendor.base.removeprefix("http://")
        assert by_http == [f"POST {host}/v1/chat/completions"] * len(by_http)
        assert by_http
        assert by_socks == [f"SOCKS {host}"] * len(by_socks)
        assert by_socks
        assert len(vendor.calls) == 8

    async def test_a_socks_proxy_is_asked_by_name(self, vendor: Vendor) -> None:
        port = vendor.base.rpartition(":")[2]
        one = deployment(f"http://upstream.invalid:{port}/v1", proxy={"socks5_env": "SOCKS"})
        async with socks_proxy() as (socks, seen):
            for scheme in ("socks5://", "socks5h://", ""):
                async with Relayed(one, SOCKS=socks.replace("socks5://", scheme)) as relayed:
                    assert (await relayed())[0] == 200
        assert seen == [f"SOCKS upstream.invalid:{port}"] * 3

    @pytest.mark.parametrize(
        "answer", [b"", b"\x05\xff", b"\x05\x00\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00", b"HTTP/1.1 400"]
    )
    async def test_a_socks_proxy_that_refuses_is_502(self, answer: bytes) -> None:
        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        one = deployment("http://upstream.invalid/v1", proxy={"socks5_env": "SOCKS"})
        async with server, Relayed(one, SOCKS=f"socks5://127.0.0.1:{port}") as relayed:
            status, text, headers = await relayed()
        assert (status, headers["x-one-adapter-way"]) == (502, "relay")
        assert b"127.0.0.1" not in text

    @pytest.mark.parametrize("name", ["HTTP", "SOCKS"])
    async def test_a_proxy_that_is_not_there_is_502(self, name: str) -> None:
        rule = {"http_env": "HTTP"} if name == "HTTP" else {"socks5_env": "SOCKS"}
        scheme = "http" if name == "HTTP" else "socks5"
        one = deployment("http://upstream.invalid/v1", proxy=rule)
        async with Relayed(one, **{name: f"{scheme}://user:sk-secret@127.0.0.1:9"}) as relayed:
            status, text, _ = await relayed()
        assert status == 502
        assert b"sk-secret" not in text

    async def test_tls_trusts_the_certificate_that_the_environment_names_and_no_other(
        self, tmp_path: Any
    ) -> None:
        certificate, tls = self_signed()
        file = tmp_path / "ca.pem"
        file.write_text(certificate)
        async for vendor in serving(tls):
            one = deployment(f"{vendor.base}/v1", proxy=None)
            async with Relayed(one, SSL_CERT_FILE=str(file)) as relayed:
                assert (await relayed())[0] == 200
            async with Relayed(one) as relayed:
                status, text, _ = await relayed()
            assert (status, len(vendor.calls)) == (502, 1)
            assert b"127.0.0.1" not in text

    @pytest.mark.parametrize("name", ["HTTP", "SOCKS"])
    async def test_tls_goes_through_a_proxy_unopened(self, tmp_path: Any, name: str) -> None:
        certificate, tls = self_signed()
        file = tmp_path / "ca.pem"
        file.write_text(certificate)
        rule = {"https_env": "HTTP"} if name == "HTTP" else {"socks5_env": "SOCKS"}
        async for vendor in serving(tls):
            host = vendor.base.removeprefix("https://")
            async with http_proxy() if name == "HTTP" else socks_proxy() as (url, seen):
                one = deployment(f"{vendor.base}/v1", proxy=rule)
                async with Relayed(one, SSL_CERT_FILE=str(file), **{name: url}) as relayed:
                    assert (await relayed())[0] == 200
            assert seen == [f"{'CONNECT' if name == 'HTTP' else 'SOCKS'} {host}"]


class TestStandingAside:
    async def test_what_is_not_for_it_goes_on_untouched(self, vendor: Vendor) -> None:
        class Behind:
            async def serve(self, request: Any, _scope: Any, _receive: Any, send: Any) -> bool:
                assert not request.attempt.reached
                assert not request.began
                await beyond({}, None, send)
                return True

        loaded = loaded_of(deployment(f"{vendor.base}/v1", "m"), deployment("", "nowhere"))
        pools = Pools({})
        for name, reason in (("m", "a database is connected"), ("nowhere", "")):
            door = Door(beyond, lambda: loaded, [Relay(pools, lambda *_, why=reason: why), Behind()])
            assert (await Caller(door)("POST", "/v1/chat/completions", {**CHAT, "model": name}))[0] == 299
        assert vendor.calls == []
        await pools.close()
