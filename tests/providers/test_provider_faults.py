"""What goes wrong at a vendor reaches the caller as the right error class and status, without a secret."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, NamedTuple

import litellm
import pytest
from asking import Outcome, add, ask, deployment, failed
from mock_vendors import CREDENTIALS, Vendors

from one_adapter.providers import Huoshan, Xinghuo


class Fault(NamedTuple):
    """A fault by name: where it is made, and what must come of it."""

    name: str
    provider: str
    scenario: str
    error: str
    status: int
    more: Mapping[str, Any] = MappingProxyType({})


QUICK = {"idle_timeout": 0.3}
MINTING = "mint:"  # a scenario of the call that gives the key, instead of the chat call

FAULTS = [
    Fault("clock skew", "spark-skewed", "chat", "AuthenticationError", 401),
    Fault("clock skew", "ark-skewed", "chat", "AuthenticationError", 401),
    Fault("expired token", "huoshan", "401", "AuthenticationError", 401),
    Fault("refused token", "huoshan", f"{MINTING}refused", "AuthenticationError", 401),
    Fault("refused token", "xinghuo", "chat", "AuthenticationError", 401, {"credential_env": "WRONG"}),
    Fault("refused token", "dify", "chat", "AuthenticationError", 401, {"credential_env": "WRONG"}),
    Fault("401", "xinghuo", "http-401", "AuthenticationError", 401),
    Fault("401", "dify", "401", "AuthenticationError", 401),
    Fault("403", "dify", "403", "PermissionDeniedError", 403),
    Fault("429", "xinghuo", "http-429", "RateLimitError", 429),
    Fault("429", "xinghuo", "code-11202", "RateLimitError", 429),
    Fault("429", "dify", "429-too_many_requests", "RateLimitError", 429),
    Fault("429", "huoshan", "429-RateLimitExceeded.EndpointRPMExceeded", "RateLimitError", 429),
    Fault("quota", "xinghuo", "code-11201", "RateLimitError", 429),
    Fault("quota", "dify", "400-provider_quota_exceeded", "RateLimitError", 429),
    Fault("quota", "huoshan", "429-QuotaExceeded", "RateLimitError", 429),
    Fault("no licence", "xinghuo", "code-11200", "PermissionDeniedError", 403),
    Fault("overdue account", "huoshan", "403-AccountOverdueError", "PermissionDeniedError", 403),
    Fault("content filter", "xinghuo", "code-10013", "ContentPolicyViolationError", 400),
    Fault(
        "content filter",
        "huoshan",
        "400-InputTextSensitiveContentDetected",
        "ContentPolicyViolationError",
        400,
    ),
    Fault("context length", "xinghuo", "code-10907", "ContextWindowExceededError", 400),
    Fault("context length", "dify", "context", "ContextWindowExceededError", 400),
    Fault("context length", "huoshan", "context", "ContextWindowExceededError", 400),
    Fault("server error", "xinghuo", "code-10012", "InternalServerError", 500),
    Fault("server error", "dify", "500", "InternalServerError", 500),
    Fault("server error", "huoshan", "500-InternalServiceError", "InternalServerError", 500),
    Fault("overloaded", "xinghuo", "code-10110", "ServiceUnavailableError", 503),
    Fault("overloaded", "dify", "503", "ServiceUnavailableError", 503),
    Fault("overloaded", "huoshan", "503", "ServiceUnavailableError", 503),
    Fault("bad gateway", "dify", "502", "BadGatewayError", 502),
    Fault("half-open websocket", "xinghuo", "late-silence", "Timeout", 408, QUICK),
    Fault("60 s silence", "xinghuo", "silent", "Timeout", 408, QUICK),
    Fault("60 s silence", "dify", "silent", "Timeout", 408, QUICK),
    Fault("60 s silence", "dify", "late-silence", "Timeout", 408, QUICK),
    Fault("60 s silence", "huoshan", "silent", "Timeout", 408, QUICK | {"timeout": 0.6}),
    Fault("60 s silence", "huoshan", f"{MINTING}silent", "Timeout", 408, QUICK | {"timeout": 0.6}),
    Fault("whole time over", "xinghuo", "slow", "Timeout", 408, {"timeout": 0.4}),
    Fault("whole time over", "dify", "slow", "Timeout", 408, {"timeout": 0.4}),
    Fault("garbage frames", "xinghuo", "garbage", "BadGatewayError", 502),
    Fault("garbage frames", "xinghuo", "late-garbage", "BadGatewayError", 502),
    Fault("garbage frames", "dify", "garbage", "BadGatewayError", 502),
    Fault("garbage frames", "dify", "late-garbage", "BadGatewayError", 502),
    Fault("garbage frames", "huoshan", f"{MINTING}garbage", "BadGatewayError", 502),
    Fault("garbage frames", "huoshan", "garbage", "BadGatewayError", 502),
    Fault("broken off", "xinghuo", "late-drop", "APIConnectionError", 500),
    Fault("broken off", "dify", "late-drop", "APIConnectionError", 500),
    Fault("broken off", "dify", "early-drop", "APIConnectionError", 500),
    Fault("broken off", "dify", "early-end", "APIConnectionError", 500),
    Fault("late error", "dify", "late-error", "InternalServerError", 500),
    Fault("refused token", "spark-http", "x", "AuthenticationError", 401, {"credential_env": "WRONG"}),
    Fault("broken off", "spark-http", "late-end", "APIConnectionError", 500),
    Fault("bad request", "xinghuo", "chat", "BadRequestError", 400, {"temperature": "hot"}),
    Fault("bad request", "dify", "chat", "BadRequestError", 400, {"inputs": "text"}),
    Fault("needs a person", "dify", "person", "BadRequestError", 400),
    Fault("failed workflow", "dify", "failed", "InternalServerError", 500),
    Fault("upload without id", "dify", "no-id", "BadGatewayError", 502, {"messages": "picture"}),
]
STREAM_ONLY = [
    Fault("garbage frames", "huoshan", "late-garbage", "BadGatewayError", 502),
    Fault("60 s silence", "huoshan", "late-silence", "Timeout", 408, QUICK),
    Fault("broken off", "huoshan", "late-drop", "APIConnectionError", 500),
    Fault("broken off", "huoshan", "late-end", "APIConnectionError", 500),
]
SPECIAL: dict[str, tuple[str, dict[str, Any]]] = {
    "spark-skewed": ("xinghuo", {"model": "spark-skewed/generalv3.5"}),
    "ark-skewed": ("huoshan", {"model": "ark-skewed/ep-1"}),
    "spark-http": ("xinghuo", {}),
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}


def _params(vendors: Vendors, fault: Fault) -> dict[str, Any]:
    more = dict(fault.more)
    if fault.scenario.startswith(MINTING):
        more["openapi_base"] = vendors.url("mint", fault.scenario.removeprefix(MINTING))
    if more.get("messages") == "picture":
        more["messages"] = [{"role": "user", "content": [PICTURE]}]
    provider, special = SPECIAL.get(fault.provider, (fault.provider, {}))
    if fault.provider == "spark-http":
        special = {"api_base": vendors.url("spark-http", fault.scenario)}
    scenario = "chat" if fault.scenario.startswith(MINTING) else fault.scenario
    return deployment(vendors, provider, scenario, **more) | special


@pytest.fixture(autouse=True)
def _wrong_clocks_and_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two providers whose clock is an hour off, and credentials that no vendor knows."""
    late = Xinghuo(clock=lambda: datetime.now(timezone.utc) - timedelta(hours=1))
    wrong = [
        {"provider": "spark-skewed", "custom_handler": late},
        {"provider": "ark-skewed", "custom_handler": Huoshan(clock=lambda: time.time() - 3600)},
    ]
    monkeypatch.setattr(litellm, "custom_provider_map", [*litellm.custom_provider_map, *wrong])
    for name in ("APPID", "API_KEY", "API_SECRET"):
        monkeypatch.setenv(f"WRONG_{name}", f"canary-wrong-{name.lower()}")


def _title(fault: Fault) -> str:
    return f"{fault.name}-{fault.provider}-{fault.scenario}".replace(" ", "_")


def _check(outcome: Outcome, fault: Fault) -> None:
    assert (outcome.error, outcome.status) == (fault.error, fault.status), outcome
    assert outcome.finish is None, "a broken answer must not look complete"
    for secret in [*CREDENTIALS.values(), "canary-wrong", "canary-minted", "authorization="]:
        assert secret not in outcome.message.replace("authorization=***", ""), outcome.message


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", FAULTS, ids=_title)
async def test_a_fault_is_the_right_error(vendors: Vendors, fault: Fault, stream: bool) -> None:
    _check(await ask(stream, **_params(vendors, fault)), fault)


@pytest.mark.parametrize("fault", STREAM_ONLY, ids=_title)
async def test_a_fault_in_the_middle_of_a_stream_is_an_error(vendors: Vendors, fault: Fault) -> None:
    _check(await ask(True, **_params(vendors, fault)), fault)


NETWORK = ["connection refused", "DNS failure", "TLS failure", "handshake never answered"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("provider", ["xinghuo", "dify", "huoshan"])
@pytest.mark.parametrize("name", NETWORK)
async def test_a_network_fault_is_the_right_error(
    vendors: Vendors, name: str, provider: str, stream: bool
) -> None:
    vendor = {"xinghuo": "spark", "dify": "dify", "huoshan": "ark"}[provider]
    scheme = "ws" if provider == "xinghuo" else "http"
    with socket.socket() as closed, socket.socket() as mute:
        closed.bind(("127.0.0.1", 0))
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        base = {
            "connection refused": f"{scheme}://127.0.0.1:{closed.getsockname()[1]}/x",
            "DNS failure": f"{scheme}://nowhere.invalid/x",
            "TLS failure": vendors.url(vendor, "chat", tls=True),
            "handshake never answered": f"{scheme}://127.0.0.1:{mute.getsockname()[1]}/x",
        }[name]
        limits = {"connect_timeout": 0.3, "idle_timeout": 0.6, "timeout": 0.9}
        outcome = await ask(stream, **deployment(vendors, provider, "chat", **limits) | {"api_base": base})
    late = name == "handshake never answered"
    assert (outcome.error, outcome.status) == (("Timeout", 408) if late else ("APIConnectionError", 500))
    words = {"connection refused": "refused", "DNS failure": "resolved", "TLS failure": "certificate"}
    assert words.get(name, "") in outcome.message
    assert "authorization=" not in outcome.message


LEAVING = [("xinghuo", "endless"), ("dify", "endless"), ("huoshan", "endless")]


@pytest.mark.parametrize(("provider", "scenario"), LEAVING)
async def test_the_upstream_is_cut_when_the_caller_leaves(
    vendors: Vendors, provider: str, scenario: str
) -> None:
    vendors.stopped.clear()
    before = vendors.cut
    answer = await litellm.acompletion(
        messages=[{"role": "user", "content": "hi"}],
        stream=True,
        user="somebody",
        allowed_openai_params=["user"],
        **deployment(vendors, provider, scenario),
    )
    taken = 0
    async for _ in answer:
        taken += 1
        if taken == 3:
            break
    await answer.aclose()
    await _eventually(lambda: vendors.cut > before and vendors.live == 0)
    if provider == "dify":
        await _eventually(lambda: vendors.stopped == ["task-1 somebody"])


async def test_the_upstream_is_cut_when_a_whole_answer_is_not_wanted_any_more(vendors: Vendors) -> None:
    for provider in ("xinghuo", "dify"):
        before = vendors.cut
        task = asyncio.create_task(ask(False, **deployment(vendors, provider, "endless")))
        await _eventually(lambda: vendors.live > 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _eventually(lambda was=before: vendors.cut > was and vendors.live == 0)


async def test_a_refused_key_is_renewed_once(vendors: Vendors) -> None:
    given = deployment(vendors, "huoshan", "chat", openapi_base=vendors.url("mint", "refused-once"))
    vendors.minted += vendors.minted % 2  # the next key is one that the service refuses
    outcome = await ask(False, **given)
    assert outcome.text == "你好"
    tried = [call["key"] for call in vendors.calls if call["vendor"] == "ark"][-2:]
    assert len(set(tried)) == 2


async def test_many_calls_share_one_key(vendors: Vendors) -> None:
    before = vendors.minted
    given = deployment(vendors, "huoshan", "chat", openapi_base=vendors.url("mint", "shared"))
    outcomes = await asyncio.gather(*(ask(number % 2 == 0, **given) for number in range(20)))
    assert {outcome.text for outcome in outcomes} == {"你好"}
    assert vendors.minted == before + 1


def test_an_error_of_a_stream_is_the_same_for_a_program_without_an_event_loop(vendors: Vendors) -> None:
    outcome = Outcome()
    try:
        for chunk in litellm.completion(
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            **deployment(vendors, "xinghuo", "code-10013"),
        ):
            add(chunk, outcome)
    except Exception as error:
        failed(error, outcome)
    assert outcome.error == "ContentPolicyViolationError"


async def _eventually(true: Any) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.02)
    assert true()
