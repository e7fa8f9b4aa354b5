"""The providers in a program of one's own: `litellm.completion(model="xinghuo/…")`, without a proxy."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import litellm
import pytest
from asking import HELLO, ask, deployment
from mock_vendors import DIFY_KEY, SPARK_ID, SPARK_KEY, SPARK_SECRET, Vendors

from one_adapter.providers import Xinghuo

ANSWERS = {"xinghuo": "你好，世界", "dify": "你好，\u2028世界", "huoshan": "你好"}
EACH = pytest.mark.parametrize("provider", ANSWERS)


@EACH
def test_without_an_event_loop(vendors: Vendors, provider: str) -> None:
    given = deployment(vendors, provider, "chat")
    answer = litellm.completion(messages=HELLO, **given)
    assert answer.choices[0].message.content == ANSWERS[provider]
    chunks = litellm.completion(messages=HELLO, stream=True, **given)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWERS[provider]


@EACH
def test_leaving_a_stream_without_an_event_loop(vendors: Vendors, provider: str) -> None:
    before = vendors.cut
    stream = litellm.completion(messages=HELLO, stream=True, **deployment(vendors, provider, "endless"))
    chunks = stream.completion_stream
    next(chunks)
    chunks.close()
    for _ in range(200):
        if vendors.cut > before:
            break
        time.sleep(0.02)
    assert vendors.cut > before


@EACH
async def test_from_two_event_loops_at_once(vendors: Vendors, provider: str) -> None:
    given = deployment(vendors, provider, "chat")
    blocking = asyncio.to_thread(litellm.completion, messages=HELLO, **given)
    one, two = await asyncio.gather(blocking, litellm.acompletion(messages=HELLO, **given))
    assert one.choices[0].message.content == two.choices[0].message.content == ANSWERS[provider]


async def test_the_usual_variables_are_used_by_default(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {"XINGHUO_APPID": SPARK_ID, "XINGHUO_API_KEY": SPARK_KEY, "XINGHUO_API_SECRET": SPARK_SECRET}
    for name, value in (usual | {"DIFY_API_KEY": DIFY_KEY}).items():
        monkeypatch.setenv(name, value)
    for provider in ("xinghuo", "dify"):
        given = deployment(vendors, provider, "chat")
        del given["credential_env"]
        assert (await ask(False, **given)).text == ANSWERS[provider]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@EACH
async def test_a_missing_credential_is_said_before_anything_is_sent(
    vendors: Vendors, provider: str, stream: bool
) -> None:
    before = len(vendors.calls)
    outcome = await ask(stream, **deployment(vendors, provider, "chat", credential_env="NOT_THERE"))
    assert (outcome.error, outcome.status) == ("AuthenticationError", 401)
    assert "the environment variable NOT_THERE_" in outcome.message
    assert len(vendors.calls) == before


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("stop", ["世", ["x", "，世"], []])
@pytest.mark.parametrize("provider", ["xinghuo", "dify"])
async def test_an_answer_ends_at_a_stop_sequence(
    vendors: Vendors, provider: str, stop: Any, stream: bool
) -> None:
    before = vendors.cut
    outcome = await ask(stream, **deployment(vendors, provider, "chat"), stop=stop)
    expected = ANSWERS[provider]
    for one in [stop] if isinstance(stop, str) else stop:
        expected = expected.partition(one)[0]
    assert (outcome.text, outcome.finish) == (expected, "stop")
    assert vendors.cut >= before


async def test_a_timeout_may_be_an_object(vendors: Vendors) -> None:
    given = deployment(vendors, "xinghuo", "slow", timeout=httpx.Timeout(0.4))
    assert (await ask(False, **given)).status == 408
    assert (await ask(False, **deployment(vendors, "xinghuo", "chat", timeout=httpx.Timeout(None)))).text
    direct = {"model": "generalv3.5", "messages": HELLO, "api_base": vendors.url("spark", "slow")}
    options = {"credential_env": "CANARY"}
    with pytest.raises(litellm.Timeout):
        await Xinghuo().acompletion(
            **direct, optional_params=options, timeout=httpx.Timeout(0.4), model_response=None
        )


async def test_what_a_model_cannot_do_is_left_out_when_that_is_wanted(vendors: Vendors) -> None:
    given = deployment(vendors, "xinghuo", "echo", drop_params=True) | {"model": "xinghuo/spark-lite"}
    tools = [{"type": "function", "function": {"name": "f"}}]
    outcome = await ask(False, **given, tools=tools, n=2)
    assert "functions" not in json.loads(outcome.text)["payload"]


async def test_dify_can_be_asked_to_block(vendors: Vendors) -> None:
    given = deployment(vendors, "dify", "chat", response_mode="blocking")
    outcome = await ask(False, **given)
    assert (outcome.text, outcome.finish) == ("你好", "stop")
    assert vendors.calls[-1]["body"]["response_mode"] == "blocking"


async def test_dify_gets_pictures(vendors: Vendors) -> None:
    parts = [
        {"type": "text", "text": "what is this"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "image_url", "image_url": {"url": "http://h/a.png"}},
    ]
    given = deployment(vendors, "dify", "chat", default_user="me")
    more = {"type": "document", "transfer_method": "remote_url", "url": "u"}
    outcome = await ask(False, [{"role": "user", "content": parts}], **given, files=[more])
    assert outcome.finish == "stop"
    upload, chat = vendors.calls[-2:]
    assert (upload["user"], upload["data"]) == ("me", b"hi")
    assert (chat["body"]["query"], chat["body"]["user"]) == ("what is this", "me")
    assert chat["body"]["files"] == [
        more,
        {"type": "image", "transfer_method": "local_file", "upload_file_id": "file-1"},
        {"type": "image", "transfer_method": "remote_url", "url": "http://h/a.png"},
    ]


async def test_a_session_token_is_sent_with_a_temporary_pair(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_ARK_SESSION_TOKEN", "canary-session")
    given = deployment(vendors, "huoshan", "chat", openapi_base=vendors.url("mint", "with-token"))
    assert (await ask(False, **given)).text == "你好"
    assert vendors.calls[-2]["token"] == "canary-session"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_an_answer_that_fills_its_limit_was_cut(vendors: Vendors, stream: bool) -> None:
    for limit, finish in ((5, "length"), (6, "stop")):
        outcome = await ask(stream, **deployment(vendors, "xinghuo", "chat"), max_tokens=limit)
        assert outcome.finish == finish


async def test_the_address_of_ark_in_every_form(vendors: Vendors) -> None:
    base = vendors.url("ark", "chat")
    for given, model in (
        (f"{base}/", "ep-1"),
        (f"{base}/chat/completions", "ep-1"),
        (f"{base}/bots", "bot-1"),
    ):
        params = deployment(vendors, "huoshan", "chat") | {"api_base": given, "model": f"huoshan/{model}"}
        assert (await ask(False, **params)).text == "你好"


async def test_a_model_id_is_refused_for_an_access_key(vendors: Vendors) -> None:
    outcome = await ask(True, **deployment(vendors, "huoshan", "chat") | {"model": "huoshan/doubao"})
    assert (outcome.error, outcome.status) == ("BadRequestError", 400)


async def test_a_key_that_cannot_be_fetched_is_a_connection_error(vendors: Vendors) -> None:
    outcome = await ask(False, **deployment(vendors, "huoshan", "chat", openapi_base="http://127.0.0.1:9"))
    assert (outcome.error, outcome.status) == ("APIConnectionError", 500)
