"""The client's JSON body: read, checked, and cut down to what LiteLLM is to see of it.

LiteLLM takes many fields of a body as orders to itself (`api_base`, `mock_response`, `fallbacks`,
`metadata`, ...). None of them gets that far: `visible` keeps the fields of the protocol, and all
the rest goes to the upstream as plain JSON (see `callback.py`) or nowhere.
"""

from __future__ import annotations

from typing import Any

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.json_object import JsonObject

NUMBER = (int, float)

#: Fields LiteLLM acts upon by itself, on every route.
STRUCTURE = ("model", "messages", "stream", "stream_options", "input")
#: Optional fields of chat completions, with the types that LiteLLM can take.
CHAT_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "temperature": NUMBER,
    "top_p": NUMBER,
    "top_k": NUMBER,
    "n": int,
    "max_tokens": int,
    "max_completion_tokens": int,
    "stop": (str, list),
    "presence_penalty": NUMBER,
    "frequency_penalty": NUMBER,
    "logit_bias": dict,
    "logprobs": bool,
    "top_logprobs": int,
    "seed": int,
    "response_format": dict,
    "tools": list,
    "tool_choice": (str, dict),
    "parallel_tool_calls": bool,
    "functions": list,
    "function_call": (str, dict),
    "reasoning_effort": str,
    "thinking": dict,
    "modalities": list,
    "audio": dict,
    "prediction": dict,
    "web_search_options": dict,
    "user": str,
}
EMBEDDING_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "encoding_format": str,
    "dimensions": int,
    "user": str,
}
MESSAGES_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "system": (str, list),
    "max_tokens": int,
    "stop_sequences": list,
    "temperature": NUMBER,
    "top_p": NUMBER,
    "top_k": NUMBER,
    "tools": list,
    "tool_choice": dict,
    "thinking": dict,
    "output_config": dict,
    "output_format": dict,
}
RESPONSES_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "instructions": str,
    "max_output_tokens": int,
    "temperature": NUMBER,
    "top_p": NUMBER,
    "tools": list,
    "tool_choice": (str, dict),
    "parallel_tool_calls": bool,
    "reasoning": dict,
    "text": dict,
    "truncation": str,
    "include": list,
    "user": str,
}
OPTIONS = {
    "chat": CHAT_OPTIONS,
    "embeddings": EMBEDDING_OPTIONS,
    "messages": MESSAGES_OPTIONS,
    "responses": RESPONSES_OPTIONS,
}
REQUIRED: dict[str, str] = {"chat": "messages", "messages": "messages", "responses": "input"}


def parse(raw: bytes, kind: str) -> JsonObject:
    """Return the JSON object in `raw`, checked as far as routing needs it.

    Text after the object is passed over, as the gateway does. Raises `Refusal` (400).

    >>> parse(b'{"model": "m", "input": "x"} tail', "embeddings").fields["model"]
    'm'
    """
    try:
        read = JsonObject.read(raw)
    except ValueError as problem:
        raise Refusal(400, f"The body is no JSON object: {problem}.", "invalid_json") from None
    body = read.fields
    model = body.get("model")
    if not isinstance(model, str):
        raise Refusal(400, "The field 'model' must be a text.", "model_not_found", "model")
    if not isinstance(body.get("stream", False), (bool, type(None))):
        raise Refusal(400, "The field 'stream' must be true or false.", "invalid_type", "stream")
    if kind == "chat":
        _check_chat(body)
    if kind == "messages" and not (isinstance(body.get("messages"), list) and body["messages"]):
        raise Refusal(400, "The field 'messages' must be a list of messages.", "invalid_type", "messages")
    if kind == "responses" and not isinstance(body.get("input", ""), (str, list, type(None))):
        raise Refusal(400, "The field 'input' must be text or a list.", "invalid_type", "input")
    if kind == "responses" and body.get("previous_response_id"):
        stateless = "Earlier responses are not stored here: send the whole conversation as input."
        raise Refusal(400, stateless, "unsupported_parameter", "previous_response_id")
    return read


def _check_chat(body: dict[str, Any]) -> None:
    messages = body.get("messages")
    if messages is not None and not isinstance(messages, list):
        raise Refusal(400, "The field 'messages' must be a list.", "invalid_type", "messages")
    if not isinstance(body.get("temperature", 0), (*NUMBER, type(None))):
        raise Refusal(400, "The field 'temperature' must be a number.", "invalid_type", "temperature")
    for message in messages or ():
        content = message.get("content") if isinstance(message, dict) else message
        if not isinstance(message, dict) or not isinstance(content, (str, list, dict, type(None))):
            raise Refusal(400, "A message's content must be text or a list.", "invalid_type", "messages")


def visible(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the part of a body that LiteLLM is to see, options of the wrong type left out.

    >>> visible({"model": "m", "messages": [], "api_base": "x", "n": "2", "seed": 1}, "chat")
    {'model': 'm', 'messages': [], 'seed': 1}
    """
    options = OPTIONS[kind]
    seen: dict[str, Any] = {}
    for name, value in body.items():
        if name in STRUCTURE or (name in options and isinstance(value, options[name])):
            seen[name] = value
    needed = REQUIRED.get(kind)
    if needed and seen.get(needed) is None:
        seen[needed] = " " if kind == "responses" else []
    if not isinstance(seen.get("stream_options", {}), dict):
        del seen["stream_options"]
    return seen


def hidden(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the fields of a body that `visible` leaves out."""
    options = OPTIONS[kind]
    return {
        name: value
        for name, value in body.items()
        if name not in STRUCTURE and not (name in options and isinstance(value, options[name]))
    }
