"""The client that repeats requests: what it sends and raises is what the SDK's does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
from vendor import Vendor

from one_adapter.runtime.host.lean import LeanOpenAI

HI: list[Any] = [{"role": "user", "content": "你好"}]
ASK: dict[str, Any] = {"model": "m", "messages": HI}
STREAM: dict[str, Any] = {**ASK, "stream": True}


@pytest.fixture
async def lean(vendor: Vendor) -> AsyncIterator[LeanOpenAI]:
    vendor.take()
    async with httpx.AsyncClient(follow_redirects=True) as http:
        yield LeanOpenAI(http, api_key="sk-up", base_url=f"{vendor.base}/a/v1", max_retries=0)


@pytest.fixture
async def own(vendor: Vendor) -> AsyncIterator[openai.AsyncOpenAI]:
    async with httpx.AsyncClient(follow_redirects=True) as http:
        yield openai.AsyncOpenAI(
            api_key="sk-up", base_url=f"{vendor.base}/a/v1", max_retries=0, http_client=http
        )


async def text(raw: Any, stream: bool) -> str:
    """What an answer says."""
    answer = raw.parse()
    if not stream:
        return str(answer.choices[0].message.content)
    parts = [chunk.choices[0].delta.content or "" async for chunk in answer]
    return "".join(parts)


def calls(vendor: Vendor) -> list[Any]:
    return [(one.method, one.path, one.query, one.body, one.headers) for one in vendor.take()]


@pytest.mark.parametrize("ask", [ASK, STREAM], ids=["whole", "stream"])
async def test_every_call_goes_out_as_the_sdk_sends_it(
    lean: LeanOpenAI, own: openai.AsyncOpenAI, vendor: Vendor, ask: dict[str, Any]
) -> None:
    said = []
    for extra in (None, {"top_k": 1, "model": "n"}, {"a": None}, {}):
        for client in (lean, own):
            fields = {**ask, "temperature": 0.5, "timeout": 5.0, "extra_body": extra}
            raw = await client.chat.completions.with_raw_response.create(**fields)
            said.append(await text(raw, ask is STREAM))
        first, second = calls(vendor)
        assert first == second
    assert said[0::2] == said[1::2]
    assert list(lean.chat.completions.with_raw_response._patterns) == [(ask is STREAM, 5.0)]


async def test_a_stream_and_another_timeout_have_patterns_of_their_own(
    lean: LeanOpenAI, own: openai.AsyncOpenAI, vendor: Vendor
) -> None:
    for ask, timeout in ((ASK, 5), (STREAM, 5), (ASK, 6), (STREAM, 6), (ASK, 5)):
        for client in (lean, own):
            await text(
                await client.chat.completions.with_raw_response.create(**ask, timeout=timeout), ask is STREAM
            )
        first, second = calls(vendor)
        assert first == second
    assert len(lean.chat.completions.with_raw_response._patterns) == 4


@pytest.mark.parametrize(
    "unusual",
    [
        {"extra_headers": {"x-a": "b"}},
        {"extra_query": {"a": "b"}},
        {"timeout": httpx.Timeout(5)},
        {"timeout": None},
    ],
    ids=str,
)
async def test_an_unusual_call_goes_the_sdks_way(
    lean: LeanOpenAI, own: openai.AsyncOpenAI, vendor: Vendor, unusual: dict[str, Any]
) -> None:
    for client in (lean, own):
        for _ in range(2):
            await client.chat.completions.with_raw_response.create(**{**ASK, "timeout": 5, **unusual})
    made = calls(vendor)
    assert made[0] == made[1] == made[2] == made[3]
    assert lean.chat.completions.with_raw_response._patterns == {}


async def test_what_only_the_sdk_can_write_goes_its_way(lean: LeanOpenAI, vendor: Vendor) -> None:
    for _ in range(2):
        await lean.chat.completions.with_raw_response.create(
            model="m", messages=iter(HI), timeout=5, user=openai.NOT_GIVEN
        )
    assert [one.body for one in vendor.take()] == [ASK, ASK]


@pytest.mark.parametrize(
    "kind", ["fail400", "fail404", "fail422", "fail429", "fail500", "fail304", "drop", "slow3"]
)
@pytest.mark.parametrize("ask", [ASK, STREAM], ids=["whole", "stream"])
async def test_an_error_is_the_sdks(
    lean: LeanOpenAI, own: openai.AsyncOpenAI, vendor: Vendor, kind: str, ask: dict[str, Any]
) -> None:
    raw = lean.chat.completions.with_raw_response
    await text(await raw.create(**ask, timeout=1), ask is STREAM)
    (pattern,) = raw._patterns.values()
    pattern._url = httpx.URL(f"{vendor.base}/{kind}/v1/chat/completions")
    own.base_url = httpx.URL(f"{vendor.base}/{kind}/v1")
    raised = []
    for client in (lean, own):
        with pytest.raises(openai.APIError) as error:
            await client.chat.completions.with_raw_response.create(**ask, timeout=1)
        one = error.value
        response = getattr(one, "response", None)
        raised.append((type(one), str(one), one.message, one.body, response and response.text))
    assert raised[0] == raised[1]


async def test_a_client_that_is_to_try_again_is_the_sdks(lean: LeanOpenAI, vendor: Vendor) -> None:
    lean.max_retries = 1
    for _ in range(2):
        await lean.chat.completions.with_raw_response.create(**ASK, timeout=5)
    assert lean.chat.completions.with_raw_response._patterns == {}
    assert len(vendor.take()) == 2


async def test_calls_side_by_side_do_not_mix(lean: LeanOpenAI) -> None:
    async def one(number: int) -> None:
        raw = await lean.chat.completions.with_raw_response.create(
            model=f"m{number}", messages=HI, stream=bool(number % 2), timeout=5
        )
        assert f"model=m{number} " in await text(raw, bool(number % 2))

    await one(0)
    await one(1)
    await asyncio.gather(*(one(number) for number in range(40)))


async def test_the_rest_of_the_client_is_the_sdks(lean: LeanOpenAI) -> None:
    answer = await lean.chat.completions.create(model="m", messages=HI)
    assert "model=m " in str(answer.choices[0].message.content)
    vectors = await lean.embeddings.create(model="m", input="a", encoding_format="float")
    assert vectors.data[0].embedding == [0.5, 0.25]
