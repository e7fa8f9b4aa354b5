"""The wire formats in which the dry run's echo server answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
#: What every embedding is.
VECTOR = [0.5, 0.25]
GEMINI = re.compile(r"/models/([^/:]+):")
AZURE = re.compile(r"/deployments/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Tool:
    """A call of a client's tool, with its arguments."""

    name: str
    arguments: Mapping[str, Any]


def wire_of(url: str) -> str:
    """The format of the vendor at `url`.

    >>> wire_of("https://x/v1/messages"), wire_of("https://x/v1/chat/completions")
    ('anthropic', 'openai')
    """
    if url.endswith("/messages"):
        return "anthropic"
    if ":generateContent" in url or ":streamGenerateContent" in url:
        return "gemini"
    if url.endswith("/api/chat"):
        return "ollama"
    if url.endswith("/chat-messages"):
        return "dify"
    if url.endswith("/responses"):
        return "responses"
    return "embeddings" if url.endswith("/embeddings") else "openai"


def model_in(url: str) -> str:
    """The model that an address names, "" for none."""
    found = GEMINI.search(url) or AZURE.search(url)
    return found.group(1) if found else ""


def message_in(body: dict[str, Any]) -> str:
    """The last thing the client said, whatever the format.

    >>> message_in({"messages": [{"content": [{"text": "hi"}]}]}), message_in({"query": "hello"})
    ('hi', 'hello')
    """
    spark = ((body.get("payload") or {}).get("message") or {}).get("text")
    turns = body.get("messages") or body.get("contents") or spark or body.get("input")
    if isinstance(turns, list) and turns and isinstance(turns[-1], dict):
        content = turns[-1].get("content", turns[-1].get("parts", ""))
    else:
        content = body.get("query", body.get("input", ""))
    if isinstance(content, list):
        return " ".join(
            str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in content
        )
    return str(content)


def roles_in(body: dict[str, Any]) -> str:
    """The roles of a conversation in their order, "" for a lone message of a user's.

    >>> roles_in({"system": "be kind", "messages": [{"role": "user"}]}), roles_in({"messages": [{}]})
    ('system,user', '')
    """
    system = any(
        body.get(name) for name in ("system", "systemInstruction", "system_instruction", "instructions")
    )
    spark = ((body.get("payload") or {}).get("message") or {}).get("text")
    turns = body.get("messages") or body.get("contents") or spark or body.get("input")
    turns = turns if isinstance(turns, list) else [{}]
    roles = [str(turn.get("role") or "user") for turn in turns if isinstance(turn, dict)]
    roles = [*(["system"] if system else []), *("assistant" if role == "model" else role for role in roles)]
    return "" if roles in (["user"], []) else ",".join(roles)


def tools_in(body: dict[str, Any]) -> str:
    """The names of the tools that a request offers, "" for none.

    >>> tools_in({"tools": [{"function": {"name": "get_time"}}]}), tools_in({"tools": [{"name": "a"}]})
    ('get_time', 'a')
    """
    given = body.get("tools")
    names = []
    for tool in given if isinstance(given, list) else []:
        declared = tool.get("functionDeclarations") if isinstance(tool, dict) else []
        several = declared if isinstance(declared, list) else [tool.get("function") or tool]
        names += [str(each.get("name") or "") for each in several if isinstance(each, dict)]
    return ",".join(names)


def stream_type(wire: str) -> str:
    """The content type of a stream."""
    return "application/x-ndjson" if wire == "ollama" else "text/event-stream"


def whole(wire: str, model: str, text: str, body: dict[str, Any], tool: Tool | None = None) -> dict[str, Any]:
    """A whole answer that says `text`, or calls a tool where the format has calls."""
    if tool is not None:
        called = _calling(wire, model, tool)
        if called is not None:
            return called
    if wire == "embeddings":
        given = body.get("input")
        many = given if isinstance(given, list) else [given]
        data = [{"object": "embedding", "index": at, "embedding": VECTOR} for at in range(len(many))]
        return {"object": "list", "model": model, "data": data, "usage": USAGE}
    if wire == "anthropic":
        return {**_anthropic(model), "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
    if wire == "gemini":
        return _gemini(text, "STOP")
    if wire == "ollama":
        return _ollama(model, text, True)
    if wire == "responses":
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {
            "type": "message",
            "id": "msg_echo",
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        return {**_response(model, "completed"), "output": [item]}
    if wire == "dify":
        return {
            "event": "message",
            "message_id": "echo",
            "id": "echo",
            "answer": text,
            "mode": "chat",
            **_dify(),
        }
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**_chat(model, "chat.completion"), "choices": [choice], "usage": USAGE}


def _calling(wire: str, model: str, tool: Tool) -> dict[str, Any] | None:
    """An answer that calls a tool; None for a format without such calls."""
    given = dict(tool.arguments)
    function = {"name": tool.name, "arguments": json.dumps(given)}
    if wire == "openai":
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_echo", "type": "function", "function": function}],
        }
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return {**_chat(model, "chat.completion"), "choices": [choice], "usage": USAGE}
    if wire == "anthropic":
        used = {"type": "tool_use", "id": "toolu_echo", "name": tool.name, "input": given}
        return {**_anthropic(model), "content": [used], "stop_reason": "tool_use"}
    if wire == "gemini":
        answer = _gemini("", "STOP")
        answer["candidates"][0]["content"]["parts"] = [{"functionCall": {"name": tool.name, "args": given}}]
        return answer
    if wire == "ollama":
        answer = _ollama(model, "", True)
        answer["message"]["tool_calls"] = [{"function": {"name": tool.name, "arguments": given}}]
        return answer
    if wire == "responses":
        called = {"type": "function_call", "id": "fc_echo", "call_id": "call_echo", "status": "completed"}
        return {**_response(model, "completed"), "output": [{**called, **function}]}
    return None


def stream(wire: str, model: str, text: str) -> Iterator[bytes]:
    """A streamed answer that says `text`, ready to be sent."""
    if wire == "ollama":
        yield json.dumps(_ollama(model, text, False)).encode() + b"\n"
        yield json.dumps(_ollama(model, "", True)).encode() + b"\n"
    elif wire == "gemini":
        yield _event(_gemini(text, "STOP"))
    elif wire == "dify":
        yield _event({"event": "message", "message_id": "echo", "answer": text, **_dify()})
        yield _event({"event": "message_end", "message_id": "echo", "metadata": {"usage": USAGE}, **_dify()})
    elif wire == "anthropic":
        for name, data in _anthropic_events(model, text):
            yield _event({"type": name, **data}, name)
    elif wire == "responses":
        started = {"type": "response.created", "response": {**_response(model, "in_progress"), "output": []}}
        yield _event(started, "response.created")
        place = {"item_id": "msg_echo", "output_index": 0, "content_index": 0}
        yield _event(
            {"type": "response.output_text.delta", **place, "delta": text}, "response.output_text.delta"
        )
        ended = {"type": "response.completed", "response": whole(wire, model, text, {})}
        yield _event(ended, "response.completed")
    else:
        for delta, finish in (
            ({"role": "assistant", "content": ""}, None),
            ({"content": text}, None),
            ({}, "stop"),
        ):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            yield _event({**_chat(model, "chat.completion.chunk"), "choices": [choice]})
        yield _event({**_chat(model, "chat.completion.chunk"), "choices": [], "usage": USAGE})
        yield b"data: [DONE]\n\n"


def spark_frames(text: str) -> list[dict[str, Any]]:
    """The two frames of iFlytek's websocket that say `text`."""
    frames: list[dict[str, Any]] = []
    for status, part in ((0, text), (2, "")):
        header = {"code": 0, "message": "Success", "sid": "echo", "status": status}
        said = {"content": part, "role": "assistant", "index": 0}
        payload: dict[str, Any] = {"choices": {"status": status, "seq": status, "text": [said]}}
        if status == 2:
            payload["usage"] = {"text": {"question_tokens": 1, **USAGE}}
        frames.append({"header": header, "payload": payload})
    return frames


def _event(data: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _chat(model: str, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-echo", "object": kind, "created": 0, "model": model}


def _response(model: str, status: str) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    head = {"id": "resp_echo", "object": "response", "created_at": 0, "status": status, "model": model}
    return {**head, "usage": usage, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}


def _dify() -> dict[str, Any]:
    return {"conversation_id": "echo", "task_id": "echo", "created_at": 0}


def _gemini(text: str, finish: str) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish, "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage}


def _ollama(model: str, text: str, done: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {"model": model, "created_at": "1970-01-01T00:00:00Z", "done": done}
    answer["message"] = {"role": "assistant", "content": text}
    if done:
        answer |= {"done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1}
    return answer


def _anthropic(model: str) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    head = {"id": "msg_echo", "type": "message", "role": "assistant", "model": model, "content": []}
    return {**head, "stop_reason": None, "stop_sequence": None, "usage": usage}


def _anthropic_events(model: str, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "message_start", {"message": _anthropic(model)}
    yield "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
    yield "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}}
    yield "content_block_stop", {"index": 0}
    yield (
        "message_delta",
        {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}},
    )
    yield "message_stop", {}
