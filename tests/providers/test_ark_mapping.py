"""Volcengine's signature, its temporary keys and their cache, its error codes."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from mock_vendors import VECTORS

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.huoshan.errors import CODES, chat_failure, kind_of, mint_failure
from one_adapter.providers.huoshan.keys import KeyCache, TemporaryKey, read_key, request_body, resource
from one_adapter.providers.huoshan.signing import AccessKey, canonical_query, host, signed_headers
from one_adapter.providers.huoshan.stream import bot_tokens
from one_adapter.providers.piece import Tokens

SIGNING = json.loads((VECTORS / "huoshan.json").read_text())["signing"]
BY_NAME = pytest.mark.parametrize("vector", SIGNING, ids=lambda vector: vector["name"])


@BY_NAME
def test_the_signature_of_a_vector(vector: dict[str, Any]) -> None:
    headers = signed_headers(
        f"https://{vector['host']}/?Action=GetApiKey&Version=2024-01-01",
        vector["body"].encode(),
        AccessKey(vector["access_key"], vector["secret_key"], vector["session_token"]),
        vector["region"],
        datetime.fromtimestamp(vector["unix"], timezone.utc),
        vector["more"],
    )
    token = {"X-Security-Token": vector["session_token"]} if vector["session_token"] else {}
    assert headers == {
        "Content-Type": "application/json",
        "Host": vector["host"],
        "X-Date": vector["date"],
        "X-Content-Sha256": vector["content_sha256"],
        "Authorization": vector["authorization"],
        **vector["more"],
        **token,
    }


@pytest.mark.parametrize("vector", [v for v in SIGNING if "@sdk" not in v["name"]], ids=lambda v: v["name"])
def test_the_body_of_a_vector(vector: dict[str, Any]) -> None:
    if len(vector["ids"]) == 1 and vector["seconds"] == 604800:
        assert request_body(vector["ids"][0], vector["project"]).decode() == vector["body"]
    assert {resource(one) for one in vector["ids"]} == {vector["resource_type"]}


def test_the_query_is_sorted_and_encoded() -> None:
    assert canonical_query("") == ""
    assert canonical_query("b=2&a=1&a=&c=x%20y%2Fz~-_.") == "a=&a=1&b=2&c=x%20y%2Fz~-_."
    assert canonical_query("k%20y=1+2") == "k%20y=1%202"


def test_the_host_has_no_port_of_its_own_scheme() -> None:
    assert host("https://h:443/x") == host("https://h/x") == host("http://h:80/") == "h"
    assert host("https://h:80/") == "h:80"
    assert host("http://user:word@h:8080/") == "h:8080"


def test_another_path_and_region_are_signed() -> None:
    def sign(url: str, region: str = "cn-beijing") -> str:
        moment = datetime(2025, 1, 1, tzinfo=timezone.utc)
        return signed_headers(url, b"", AccessKey("a", "s"), region, moment)["Authorization"]

    assert sign("https://h") == sign("https://h/")
    assert (
        len({sign("https://h/"), sign("https://h/x"), sign("https://h/?a=1"), sign("https://h/", "r2")}) == 4
    )
    assert "/20250101/r2/ark/request," in sign("https://h/", "r2")


def test_a_model_id_is_no_resource() -> None:
    with pytest.raises(
        VendorError, match=r"^access_key and secret_key open endpoints .* only, not 'doubao'$"
    ) as raised:
        resource("doubao")
    assert raised.value.kind is Kind.BAD_REQUEST


def test_a_key_and_its_end() -> None:
    def read(end: Any, status: int = 200) -> TemporaryKey:
        return read_key(status, json.dumps({"Result": {"ApiKey": "k", "ExpiredTime": end}}).encode())

    assert read(1736925816) == read("1736925816") == TemporaryKey("k", 1736925816.0)
    assert (
        read("2025-01-15T07:23:36Z") == read("2025-01-15T15:23:36+08:00") == TemporaryKey("k", 1736925816.0)
    )
    assert "'k'" not in repr(read(1))
    assert read(1, 399).value == "k"
    for content, status in (
        (b"<html>", 200),
        (b"[]", 200),
        (b"{}", 200),
        (b'{"Result": {"ApiKey": "k"}}', 200),
    ):
        with pytest.raises(VendorError) as raised:
            read_key(status, content)
        assert raised.value.kind is Kind.GARBAGE
    with pytest.raises(VendorError, match=r"^GetApiKey gave neither a key nor an error$") as raised:
        read(1, 400)
    assert (raised.value.kind, raised.value.code) == (Kind.BAD_REQUEST, 400)


def test_the_sample_of_a_key() -> None:
    vector = json.loads((VECTORS / "huoshan.json").read_text())["mint_samples"][0]
    key = read_key(vector["status"], vector["body"].encode())
    assert (key.value, key.expires) == (vector["expect"]["api_key"], vector["expect"]["expires_unix"])


# --- errors


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_a_code_has_its_kind(code: str, kind: Kind) -> None:
    for status in (400, 500):
        assert kind_of(code, status, "") is kind
        assert kind_of(f"{code}.More", status, "") is kind


def test_a_code_by_its_end() -> None:
    for code in (
        "InputTextSensitiveContentDetected",
        "OutputTextRiskDetection",
        "InputImageSensitiveContentDetected",
    ):
        assert kind_of(code, 400, "") is Kind.POLICY
    assert kind_of("ModelAccountRpmRateLimitExceeded", 429, "") is Kind.RATE
    assert kind_of("ModelAccountTpmRateLimitExceeded", 400, "") is Kind.RATE


def test_an_unknown_code_goes_by_text_and_status() -> None:
    assert kind_of("InvalidParameter", 400, "maximum context length") is Kind.CONTEXT
    assert kind_of("InvalidParameter", 400, "") is Kind.BAD_REQUEST
    assert kind_of("", 404, "maximum context length") is Kind.NOT_FOUND
    assert kind_of("", 503, "") is Kind.UNAVAILABLE


def test_a_refused_chat() -> None:
    error = chat_failure(403, "AccessDenied", "why")
    assert (error.kind, error.text, error.code) == (Kind.PERMISSION, "why", "AccessDenied")
    assert chat_failure(500, "", "why").code == 500


def test_a_refused_key() -> None:
    def of(code: Any, status: int = 400) -> VendorError:
        return mint_failure(status, {"ResponseMetadata": {"Error": {"Code": code, "Message": "why"}}})

    assert (of("AccessDenied").kind, of("AccessDenied").text) == (Kind.PERMISSION, "no temporary key: why")
    assert of("AccessDenied").code == "AccessDenied"
    clock = "no temporary key: why: check this machine's clock: it must be right within 15 minutes"
    assert of("InvalidTimestamp").text == clock
    assert of("SignatureDoesNotMatch").text == "no temporary key: why: check the secret key"
    assert (of(None, 429).kind, of(None, 429).code) == (Kind.RATE, 429)
    for answer in (
        None,
        {},
        {"ResponseMetadata": {}},
        {"ResponseMetadata": 1},
        {"ResponseMetadata": {"Error": 1}},
    ):
        assert mint_failure(200, answer).kind is Kind.GARBAGE
        assert mint_failure(399, answer).kind is Kind.GARBAGE
        assert mint_failure(400, answer).kind is Kind.BAD_REQUEST
        assert mint_failure(503, answer).kind is Kind.UNAVAILABLE
        assert mint_failure(503, answer).text == "GetApiKey gave neither a key nor an error"
        assert mint_failure(503, answer).code == 503


# --- the cache

END = 1_000_000.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Minter:
    """Gives key-1, key-2, … that end at END, or an error."""

    def __init__(self) -> None:
        self.count = 0
        self.error: VendorError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> TemporaryKey:
        self.count += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return TemporaryKey(f"key-{self.count}", END)


async def test_a_key_is_kept_until_half_an_hour_before_its_end() -> None:
    clock, mint = Clock(), Minter()
    cache = KeyCache(clock)
    for now, key in ((0, "key-1"), (END - 1801, "key-1"), (END - 1800, "key-2")):
        clock.now = now
        assert await cache.get("one", mint) == key
    assert await cache.get("other", mint) == "key-3"


async def test_an_old_key_goes_on_while_it_can_when_no_new_one_is_given() -> None:
    clock, mint = Clock(), Minter()
    cache = KeyCache(clock)
    await cache.get("one", mint)
    mint.error = VendorError(Kind.UNAVAILABLE, "down")
    for now in (END - 1800, END - 601):
        clock.now = now
        assert await cache.get("one", mint) == "key-1"
    clock.now = END - 600
    with pytest.raises(VendorError, match="down"):
        await cache.get("one", mint)


async def test_there_is_one_renewal_at_a_time() -> None:
    mint = Minter()
    mint.gate.clear()
    cache = KeyCache(Clock())
    waiting = [asyncio.create_task(cache.get("one", mint)) for _ in range(50)]
    await asyncio.sleep(0)
    mint.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"key-1"}
    assert mint.count == 1


async def test_a_caller_that_leaves_does_not_hold_up_the_others() -> None:
    mint = Minter()
    mint.gate.clear()
    cache = KeyCache(Clock())
    first, second = (asyncio.create_task(cache.get("one", mint)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    mint.gate.set()
    assert await second == "key-2"


async def test_a_refused_key_is_forgotten_but_not_its_successor() -> None:
    mint = Minter()
    cache = KeyCache(Clock())
    cache.drop("one", "key-1")
    await cache.get("one", mint)
    cache.drop("one", "another")
    assert await cache.get("one", mint) == "key-1"
    cache.drop("one", "key-1")
    assert await cache.get("one", mint) == "key-2"


def test_each_event_loop_has_its_own_keys() -> None:
    cache = KeyCache(Clock())

    async def get() -> str:
        return await cache.get("one", Minter())

    assert asyncio.run(get()) == asyncio.run(get()) == "key-1"


def test_tokens_of_all_models_of_a_bot() -> None:
    one = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert bot_tokens({"model_usage": [one, {"prompt_tokens": None, "total_tokens": 4}]}) == Tokens(1, 2, 7)
    for nothing in (None, [], {}, {"model_usage": []}, {"model_usage": None}):
        assert bot_tokens(nothing) is None
