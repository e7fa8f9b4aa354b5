"""Calls through LiteLLM and what comes of them, the same for whole and streamed answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import litellm
from mock_vendors import Vendors

HELLO = [{"role": "user", "content": "hello"}]


@dataclass
class Outcome:
    """An answer, or the name and status of the error; a stream's error may come after some text."""

    text: str = ""
    reasoning: str = ""
    finish: str | None = None
    usage: dict[str, int] | None = None
    tools: list[dict[str, str]] = field(default_factory=list)
    id: str = ""
    error: str = ""
    status: int = 0
    message: str = ""


def deployment(vendors: Vendors, provider: str, scenario: str, **more: Any) -> dict[str, Any]:
    """litellm_params for a scenario of a mock vendor."""
    if provider == "xinghuo":
        given = {"model": "xinghuo/generalv3.5", "api_base": vendors.url("spark", scenario)}
        return given | {"credential_env": "CANARY"} | more
    if provider == "dify":
        given = {"model": "dify/app", "api_base": vendors.url("dify", scenario)}
        return given | {"credential_env": "CANARY_DIFY"} | more
    given = {"model": "huoshan/ep-1", "api_base": vendors.url("ark", scenario)}
    return given | {"openapi_base": vendors.url("mint", "ok"), "credential_env": "CANARY_ARK"} | more


async def ask(stream: bool, messages: Any = None, **params: Any) -> Outcome:
    """One call; errors become part of the outcome."""
    outcome = Outcome()
    if stream:
        params = {"stream_options": {"include_usage": True}} | params
    try:
        answer = await litellm.acompletion(messages=messages or HELLO, stream=stream, **params)
        if not stream:
            return whole(answer, outcome)
        async for chunk in answer:
            add(chunk, outcome)
    except Exception as error:
        failed(error, outcome)
    return outcome


def failed(error: Exception, outcome: Outcome) -> None:
    inner = getattr(error, "original_exception", None) or error
    outcome.error, outcome.status = type(inner).__name__, inner.status_code
    outcome.message = f"{error} {error!r}"


def whole(answer: Any, outcome: Outcome) -> Outcome:
    choice = answer.choices[0]
    outcome.text, outcome.finish = choice.message.content or "", choice.finish_reason
    outcome.reasoning = getattr(choice.message, "reasoning_content", None) or ""
    outcome.usage = counts(answer.usage)
    outcome.id = answer.id
    outcome.tools = [
        {"name": call.function.name, "arguments": call.function.arguments}
        for call in choice.message.tool_calls or []
    ]
    return outcome


def add(chunk: Any, outcome: Outcome) -> None:
    outcome.id = chunk.id
    if getattr(chunk, "usage", None):
        outcome.usage = counts(chunk.usage)
    for choice in chunk.choices:
        outcome.text += choice.delta.content or ""
        outcome.reasoning += getattr(choice.delta, "reasoning_content", None) or ""
        outcome.finish = choice.finish_reason or outcome.finish
        for call in choice.delta.tool_calls or []:
            if call.function.name:
                outcome.tools.append({"name": call.function.name, "arguments": ""})
            outcome.tools[-1]["arguments"] += call.function.arguments or ""


def counts(usage: Any) -> dict[str, int]:
    return {name: usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
