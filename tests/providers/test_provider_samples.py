"""Every recorded answer of the three vendors has the outcome it must have, whole and streamed."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Outcome, ask, deployment
from mock_vendors import Vendors, samples

#: What differs for a client that gets the answer in one: nothing was given out that had to stay.
WHOLE = {
    "content_filter_after_text": {"exception": "ContentPolicyViolationError", "status": 400},
    "streaming_message_replace": {"content": "抱歉，无法回答", "finish_reason": "content_filter"},
}


def check(outcome: Outcome, expect: dict[str, Any]) -> None:
    if "exception" in expect:
        assert (outcome.error, outcome.status) == (expect["exception"], expect["status"]), outcome
        return
    assert not outcome.error, outcome
    assert outcome.finish == expect["finish_reason"]
    assert outcome.text == expect.get("content", "")
    assert outcome.tools == [
        {"name": tool["name"], "arguments": tool["arguments"]} for tool in expect.get("tool_calls", [])
    ]
    if "usage" in expect:
        assert outcome.usage == expect["usage"]
    if "response_id" in expect:
        assert outcome.id == expect["response_id"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", samples("xinghuo"))
async def test_a_spark_answer(vendors: Vendors, name: str, stream: bool) -> None:
    expect = (
        samples("xinghuo")[name]["expect"] if stream else WHOLE.get(name, samples("xinghuo")[name]["expect"])
    )
    check(await ask(stream, **deployment(vendors, "xinghuo", f"sample-{name}")), expect)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", samples("xinghuo", "http_samples"))
async def test_an_answer_of_sparks_http_api(vendors: Vendors, name: str, stream: bool) -> None:
    given = deployment(vendors, "xinghuo", "") | {"api_base": vendors.url("spark-http", name)}
    check(await ask(stream, **given), samples("xinghuo", "http_samples")[name]["expect"])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", samples("dify"))
async def test_a_dify_answer(vendors: Vendors, name: str, stream: bool) -> None:
    expect = samples("dify")[name]["expect"] if stream else WHOLE.get(name, samples("dify")[name]["expect"])
    check(await ask(stream, **deployment(vendors, "dify", f"sample-{name}")), expect)


@pytest.mark.parametrize("name", samples("huoshan"))
async def test_an_ark_answer(vendors: Vendors, name: str) -> None:
    sample = samples("huoshan")[name]
    model = "huoshan/bot-1" if "bot" in name else "huoshan/ep-1"
    for stream in (False, True):
        if sample["status"] == 200 and stream is not (sample["content_type"] == "text/event-stream"):
            continue
        given = deployment(vendors, "huoshan", f"sample-{name}", model=model)
        check(await ask(stream, **given), sample["expect"])


@pytest.mark.parametrize("name", [n for n in samples("huoshan", "mint_samples") if n != "getapikey_ok"])
async def test_an_ark_key_that_is_refused(vendors: Vendors, name: str) -> None:
    sample = samples("huoshan", "mint_samples")[name]
    for stream in (False, True):
        given = deployment(vendors, "huoshan", "fine", openapi_base=vendors.url("mint", name))
        check(await ask(stream, **given), sample["expect"])
