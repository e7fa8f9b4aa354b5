"""The responses API as the vendor of the tests speaks it: whole answers and events, text or a tool call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 3},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 12,
}
CALL = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_abc",
    "name": "weather",
    "arguments": '{"city": "Oslo"}',
}


def response(model: str, text: str, tool: bool = False) -> dict[str, Any]:
    """A whole answer."""
    part = {"type": "output_text", "text": text, "annotations": []}
    said = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    return {**_head(model, "completed"), "output": [CALL if tool else said], "usage": USAGE}


def events(model: str, text: str, tool: bool = False) -> Iterator[dict[str, Any]]:
    """The same as a stream."""
    yield {"type": "response.created", "response": {**_head(model, "in_progress"), "output": []}}
    yield {"type": "response.in_progress", "response": {**_head(model, "in_progress"), "output": []}}
    done = response(model, text, tool)
    item = done["output"][0]
    begun = {**item, "status": "in_progress"} | ({"arguments": ""} if tool else {"content": []})
    yield {"type": "response.output_item.added", "output_index": 0, "item": begun}
    at = {"item_id": item["id"], "output_index": 0}
    if tool:
        yield {"type": "response.function_call_arguments.delta", **at, "delta": item["arguments"]}
        yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
    else:
        at["content_index"] = 0
        part = item["content"][0]
        yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
        half = len(text) // 2
        yield {"type": "response.output_text.delta", **at, "delta": text[:half]}
        yield {"type": "response.output_text.delta", **at, "delta": text[half:]}
        yield {"type": "response.output_text.done", **at, "text": text}
        yield {"type": "response.content_part.done", **at, "part": part}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": done}


def _head(model: str, status: str) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": model,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [{"type": "image_generation", "model": "gpt-image-1"}],
        "usage": None,
    }
