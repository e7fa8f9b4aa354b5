"""The responses API from a client to an upstream that speaks it too: out and back as it came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
import responder
from aiohttp import web
from doorway import deployment as entry
from test_relay import Handler, Relayed, Vendor, stream, vendor, whole

from one_adapter.runtime.redaction import known

__all__ = ["vendor"]
PATH = "/v1/responses"
ASKED = {"model": "m", "input": "hi"}
BREAKER = {"failures": 1, "recovery_seconds": 60, "probes": 1}
FAILED = {"id": "resp_1", "model": "up-m", "status": "failed", "output": []}


def deployment(base: str, **ours: Any) -> dict[str, Any]:
    one = entry(**ours)
    del one["model_info"]["mode"]
    params = {"model": "openai/responses/up-m", "api_base": f"{base}/v1", "api_key": "sk-up"}
    return {**one, "litellm_params": params}


def written(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


def read(text: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for event in text.decode().split("\n\n")[:-1]:
        name, data = event.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def failed(code: str) -> dict[str, Any]:
    error = {"code": code, "message": f"no: {code}"}
    return {"type": "response.failed", "response": {**FAILED, "error": error}}


def speaking(tool: bool = False) -> Handler:
    """A vendor that answers as it is asked, whole or streamed."""

    async def handler(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        if body.get("stream"):
            return await stream(written(*responder.events(body["model"], "hello you", tool)))(request)
        return web.json_response(responder.response(body["model"], "hello you", tool))

    return handler


class TestWhatGoesOut:
    async def test_everything_as_it_came_but_the_model(self, vendor: Vendor) -> None:
        vendor.handler = speaking()
        raw = (
            b'{"model": "m", "input":[{"type":"item_reference","id":"x"},{"content":{"odd":1}}],'
            b'"previous_response_id":"resp_0","store":false,"n":12345678901234567890123,"f":1.0,'
            b'"tools":[{"type":"mcp","server_label":"s"},{"type":"file_search"}],"temperature":"warm"}'
        )
        async with Relayed(deployment(vendor.base)) as relayed:
            status, _, headers = await relayed(raw, PATH)
        assert (status, headers["x-one-adapter-way"]) == (200, "relay")
        (call,) = vendor.calls
        assert (call.url, call.headers["authorization"]) == ("/v1/responses", "Bearer sk-up")
        assert call.body == raw.replace(b'"model": "m", ', b'"model":"up-m",')

    @pytest.mark.parametrize(("effort", "sent"), [("max", "high"), ("xhigh", "xhigh"), ("low", "low")])
    async def test_the_effort_max_is_high_upstream(self, vendor: Vendor, effort: str, sent: str) -> None:
        vendor.handler = speaking()
        async with Relayed(deployment(vendor.base)) as relayed:
            await relayed({**ASKED, "reasoning": {"effort": effort, "summary": "auto"}}, PATH)
        assert vendor.calls[0].json["reasoning"] == {"effort": sent, "summary": "auto"}

    async def test_a_limit_of_tokens_counts_the_body_as_it_came(self, vendor: Vendor) -> None:
        vendor.handler = speaking()
        limits = {"service": {"tpm": 100}}
        async with Relayed(deployment(vendor.base, limits=limits, timeout=1)) as relayed:
            fits = await relayed(json.dumps({**ASKED, "x": "y" * 300}).encode(), PATH)
            refused = await relayed(json.dumps({**ASKED, "x": "y" * 400}).encode(), PATH)
        assert (fits[0], refused[0]) == (200, 429)

    async def test_a_model_of_another_protocol_still_needs_the_whole_conversation(
        self, vendor: Vendor
    ) -> None:
        async with Relayed(entry()) as relayed:
            status, text, _ = await relayed({**ASKED, "previous_response_id": "resp_0"}, PATH)
        assert (status, json.loads(text)["error"]["param"]) == (400, "previous_response_id")
        assert vendor.calls == []

    async def test_nothing_without_a_key_of_ours(self, vendor: Vendor) -> None:
        async with Relayed(deployment(vendor.base)) as relayed:
            status, _, _ = await relayed(ASKED, PATH, key="")
        assert (status, vendor.calls) == (401, [])

    @pytest.mark.parametrize("body", [{"input": "hi"}, {"model": 7}, {**ASKED, "stream": "yes"}])
    async def test_nothing_that_names_no_model_or_may_be_a_stream_or_not(
        self, vendor: Vendor, body: dict[str, Any]
    ) -> None:
        async with Relayed(deployment(vendor.base)) as relayed:
            status, _, _ = await relayed(body, PATH)
        assert (status, vendor.calls) == (400, [])


class TestWhatComesBack:
    async def test_a_whole_answer_as_it_came_under_the_clients_name(self, vendor: Vendor) -> None:
        raw = json.dumps({**responder.response("up-m", "hi"), "unknown": 1.0}).encode()
        vendor.handler = whole(raw)
        async with Relayed(deployment(vendor.base)) as relayed:
            status, text, _ = await relayed({**ASKED, "model": "nick"}, PATH)
        assert (status, json.loads(text)) == (200, {**json.loads(raw), "model": "nick"})
        assert b'"unknown":1.0' in text.replace(b" ", b"")

    async def test_a_streams_events_with_the_clients_name_in_the_response_alone(self, vendor: Vendor) -> None:
        vendor.handler = speaking()
        async with Relayed(deployment(vendor.base)) as relayed:
            status, text, headers = await relayed({**ASKED, "stream": True}, PATH)
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        events = list(read(text))
        assert [data for _, data in events] == list(responder.events("m", "hello you"))
        assert all(name == data["type"] for name, data in events)

    async def test_an_event_that_only_some_can_read_has_the_clients_name_all_the_same(
        self, vendor: Vendor
    ) -> None:
        done = {"type": "response.completed", "response": responder.response("up-m", "hi")}
        vendor.handler = stream(written(done).replace(b'"created_at": 1', b'"created_at": NaN'))
        async with Relayed(deployment(vendor.base)) as relayed:
            _, text, _ = await relayed({**ASKED, "stream": True}, PATH)
        ((_, data),) = read(text)
        assert (data["response"]["model"], data["response"]["tools"][0]["model"]) == ("m", "gpt-image-1")

    async def test_a_background_response_that_has_not_begun_is_an_answer(self, vendor: Vendor) -> None:
        vendor.handler = whole(b'{"id":"resp_1","status":"queued","model":"up-m","output":[]}')
        async with Relayed(deployment(vendor.base)) as relayed:
            status, text, _ = await relayed({**ASKED, "background": True}, PATH)
        assert (status, json.loads(text)["status"]) == (200, "queued")

    async def test_the_services_key_is_taken_out(self, vendor: Vendor) -> None:
        vendor.handler = whole(json.dumps(responder.response("up-m", "you sent sk-upstream-7")).encode())
        one = deployment(vendor.base)
        one["litellm_params"]["api_key"] = "sk-upstream-7"
        async with Relayed(one) as relayed:
            known.learn(["sk-upstream-7"])
            _, text, _ = await relayed(ASKED, PATH)
        assert b"sk-upstream-7" not in text


class TestFailures:
    @pytest.mark.parametrize(
        ("said", "words"),
        [
            (
                json.dumps({**FAILED, "error": {"code": "server_error", "message": "broken"}}).encode(),
                "broken",
            ),
            (b'{"id": "x", "choices": []}', "no answer"),
            (b"<html>", "no answer"),
        ],
    )
    async def test_a_whole_answer_that_is_none_is_an_error(
        self, vendor: Vendor, said: bytes, words: str
    ) -> None:
        vendor.handler = whole(said)
        async with Relayed(deployment(vendor.base)) as relayed:
            status, text, _ = await relayed(ASKED, PATH)
        assert status == 502
        assert words in json.loads(text)["error"]["message"]

    @pytest.mark.parametrize(
        "first",
        [
            written(failed("server_error")),
            b'event: error\ndata: {"type":"error","code":"x","message":"no: server_error"}\n\n',
            b'data: {"type":"error","code":"x","message":"no: server_error"}\n\n',
        ],
    )
    async def test_a_stream_that_begins_with_a_failure_is_none(self, vendor: Vendor, first: bytes) -> None:
        vendor.handler = stream(first)
        async with Relayed(deployment(vendor.base)) as relayed:
            status, text, _ = await relayed({**ASKED, "stream": True}, PATH)
        assert (status, json.loads(text)["error"]["message"]) == (502, "no: server_error")

    @pytest.mark.parametrize(
        ("code", "following"), [("server_error", 503), ("rate_limit_exceeded", 503), ("invalid_prompt", 200)]
    )
    async def test_a_failure_in_mid_stream_is_told_as_it_came_and_counts_where_the_upstream_is_at_fault(
        self, vendor: Vendor, code: str, following: int
    ) -> None:
        begun, *_ = responder.events("up-m", "hi")
        vendor.handler = stream(written(begun, failed(code)))
        async with Relayed(deployment(vendor.base, breaker=BREAKER)) as relayed:
            status, text, _ = await relayed({**ASKED, "stream": True}, PATH)
            vendor.handler = speaking()
            after, _, _ = await relayed(ASKED, PATH)
        named = failed(code)
        named["response"]["model"] = "m"
        assert (status, list(read(text))[-1]) == (200, ("response.failed", named))
        assert after == following

    @pytest.mark.parametrize("streams", [False, True])
    async def test_the_next_key_of_a_pool_is_asked_where_nothing_was_sent_yet(
        self, vendor: Vendor, streams: bool
    ) -> None:
        async def handler(request: web.Request) -> web.StreamResponse:
            if "first" not in request.path:
                return await speaking()(request)
            if streams:
                return await stream(written(failed("server_error")))(request)
            return web.json_response({"error": {"message": "down"}}, status=503)

        vendor.handler = handler
        pool = [
            deployment(f"{vendor.base}/{name}", key=name, places=[place], order="first")
            for place, name in enumerate(("first", "second"))
        ]
        for one in pool:
            one["model_info"]["id"] = one["model_info"]["one_adapter"]["key"]
        async with Relayed(*pool) as relayed:
            status, text, _ = await relayed({**ASKED, "stream": streams}, PATH)
        assert (status, b"hello" in text) == (200, True)
        assert [call.url for call in vendor.calls] == ["/first/v1/responses", "/second/v1/responses"]

    async def test_an_error_in_mid_stream_and_a_stream_that_breaks_off_end_in_an_error(
        self, vendor: Vendor
    ) -> None:
        begun, *_ = responder.events("up-m", "hi")
        async with Relayed(deployment(vendor.base)) as relayed:
            for last in (b'event: error\ndata: {"code":"x","message":"full"}\n\n', b""):
                vendor.handler = stream(written(begun), last)
                _, text, _ = await relayed({**ASKED, "stream": True}, PATH)
                name, data = list(read(text))[-1]
                assert (name, data["type"]) == ("error", "error")
                assert data["message"] == (
                    "full" if last else "The upstream's stream ended before the answer was complete."
                )

    async def test_the_upstreams_status_and_words(self, vendor: Vendor) -> None:
        vendor.handler = whole(b'{"error":{"message":"slow down","code":"x"}}', status=429)
        async with Relayed(deployment(vendor.base)) as relayed:
            status, text, _ = await relayed(ASKED, PATH)
        assert (status, json.loads(text)["error"]["message"]) == (429, "slow down")


class TestTheOfficialClient:
    """OpenAI's own, against the door."""

    @staticmethod
    def client(relayed: Relayed) -> openai.AsyncOpenAI:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=relayed.door))
        return openai.AsyncOpenAI(api_key="sk-client", base_url="http://door/v1", http_client=http)

    async def test_reads_a_whole_answer_and_goes_on_from_it(self, vendor: Vendor) -> None:
        vendor.handler = speaking()
        async with Relayed(deployment(vendor.base)) as relayed, self.client(relayed) as client:
            first = await client.responses.create(model="m", input="hi", store=True)
            await client.responses.create(model="m", input="and?", previous_response_id=first.id)
        assert (first.output_text, first.model) == ("hello you", "m")
        assert first.usage is not None
        assert first.usage.input_tokens_details.cached_tokens == 3
        assert vendor.calls[1].json["previous_response_id"] == "resp_1"

    async def test_reads_a_stream(self, vendor: Vendor) -> None:
        vendor.handler = speaking()
        async with Relayed(deployment(vendor.base)) as relayed, self.client(relayed) as client:
            events = [one async for one in await client.responses.create(model="m", input="hi", stream=True)]
        deltas = [one.delta for one in events if one.type == "response.output_text.delta"]
        assert "".join(deltas) == "hello you"
        assert events[-1].type == "response.completed"
        assert events[-1].response.model == "m"

    async def test_gets_tool_calls(self, vendor: Vendor) -> None:
        vendor.handler = speaking(tool=True)
        tool: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}
        async with Relayed(deployment(vendor.base)) as relayed, self.client(relayed) as client:
            found = await client.responses.create(model="m", input="hi", tools=[tool])
        (call,) = found.output
        assert call.type == "function_call"
        assert (call.call_id, call.arguments) == ("call_abc", '{"city": "Oslo"}')
        assert vendor.calls[0].json["tools"] == [tool]
