"""The client's JSON body: read, checked, and cut down to what LiteLLM is to see of it.

LiteLLM takes many fields of a body as orders to itself (`api_base`, `mock_response`, `fallbacks`,
`metadata`, ...). None of them gets that far: `visible` keeps the fields of the protocol, and all
the rest goes to the upstream as plain JSON (see `host.shaping`) or nowhere.
"""

from __future__ import annotations

from typing import Any

from one_adapter.runtime.entry import shapes
from one_adapter.runtime.entry.reader import folded, read
from one_adapter.runtime.entry.shapes import NUMBER, Kinds, fits
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.json_object import JsonObject

#: Characters of a model's name; it comes back with every piece of an answer.
NAME_CHARACTERS = 1024

#: Fields LiteLLM acts upon by itself, route by route.
STRUCTURE: dict[str, frozenset[str]] = {
    "chat": frozenset(("model", "messages", "stream", "stream_options")),
    "embeddings": frozenset(("model", "input")),
    "messages": frozenset(("model", "messages", "stream")),
    "responses": frozenset(("model", "input", "stream")),
}
#: Optional fields of chat completions, with the types that LiteLLM can take.
CHAT_OPTIONS: dict[str, Kinds] = {
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
EMBEDDING_OPTIONS: dict[str, Kinds] = {
    "encoding_format": str,
    "dimensions": int,
    "user": str,
}
MESSAGES_OPTIONS: dict[str, Kinds] = {
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
RESPONSES_OPTIONS: dict[str, Kinds] = {
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
#: The names a route knows, which a client may write in any case, as the gateway's JSON reader takes them.
KNOWN = {kind: STRUCTURE[kind] | OPTIONS[kind].keys() for kind in OPTIONS}
KNOWN["responses"] |= {"previous_response_id"}
#: The same of a message.
MESSAGE = frozenset(
    ("role", "content", "name", "tool_calls", "tool_call_id", "function_call", "reasoning_content", "refusal")
)


def parse(raw: bytes, kind: str) -> JsonObject:
    """The JSON object in `raw`, its known fields by their names, checked as far as the key needs it.

    Text after the object is passed over, as the gateway does. Raises `Refusal` (400).

    >>> parse(b'{"Model": "m", "input": "x"} tail', "embeddings").fields["model"]
    'm'
    """
    body = read(raw, KNOWN[kind])
    model = body.fields.get("model")
    if not isinstance(model, str):
        raise Refusal(400, "The field 'model' must be a text.", "model_not_found", "model")
    if len(model) > NAME_CHARACTERS:
        raise Refusal(400, "No model has so long a name.", "model_not_found", "model")
    return body


def check(body: JsonObject, kind: str, raw: bool = False) -> None:
    """Raise `Refusal` (400) for what no upstream could take; put right in place what the gateway does.

    `raw`: it goes to an upstream that speaks the client's protocol, and whose business the rest is.
    """
    fields = body.fields
    if not isinstance(fields.get("stream"), (bool, type(None))):
        raise Refusal(400, "The field 'stream' must be true or false.", "invalid_type", "stream")
    messages = fields.get("messages")
    if kind == "chat" and isinstance(messages, list):
        put_right = rescue(messages)
        if put_right is not messages:
            body.put("messages", put_right)
    if kind == "responses" and with_known_effort(fields.get("reasoning")) != fields.get("reasoning"):
        body.put("reasoning", with_known_effort(fields["reasoning"]))
    if raw:
        return
    if kind == "responses" and fields.get("previous_response_id"):
        stateless = "Earlier responses are not stored here: send the whole conversation as input."
        raise Refusal(400, stateless, "unsupported_parameter", "previous_response_id")
    shapes.check(fields, kind, OPTIONS[kind])


def with_known_effort(reasoning: Any) -> Any:
    """The reasoning that a request asks for, with the effort `high` in the place of `max`.

    >>> with_known_effort({"effort": "max", "summary": "auto"}), with_known_effort(None)
    ({'effort': 'high', 'summary': 'auto'}, None)
    """
    if isinstance(reasoning, dict) and reasoning.get("effort") == "max":
        return {**reasoning, "effort": "high"}
    return reasoning


def rescue(messages: list[Any]) -> list[Any]:
    """Messages with their fields by their names, and a content given as one object as a list of one.

    Where there is nothing to put right, that is the very list.

    >>> rescue([{"role": "user", "content": {"type": "text", "text": "solo"}}])[0]["content"]
    [{'type': 'text', 'text': 'solo'}]
    """
    found = messages
    for place, given in enumerate(messages):
        if not isinstance(given, dict):
            continue
        message = given if given.keys() <= MESSAGE else folded(given, MESSAGE)
        if isinstance(message.get("content"), dict):
            message = {**message, "content": [message["content"]]}
        if message is not given:
            if found is messages:
                found = [*messages]
            found[place] = message
    return found


def visible(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """The part of a body that LiteLLM is to see; options of the wrong type are left out.

    >>> visible({"model": "m", "messages": [], "api_base": "x", "n": "2", "seed": 1}, "chat")
    {'model': 'm', 'messages': [], 'seed': 1}
    """
    structure, options = STRUCTURE[kind], OPTIONS[kind]
    seen: dict[str, Any] = {}
    for name, value in body.items():
        if name in structure or (name in options and fits(value, options[name])):
            seen[name] = value
    needed = REQUIRED.get(kind)
    if needed and seen.get(needed) is None:
        seen[needed] = " " if kind == "responses" else []
    if not isinstance(seen.get("stream_options", {}), dict):
        del seen["stream_options"]
    if "tools" in seen and shapes.strange_tool(seen["tools"], kind):
        seen["tools"] = [tool for tool in seen["tools"] if not shapes.strange_tool([tool], kind)]
        if not seen["tools"]:
            del seen["tools"]
            seen.pop("tool_choice", None)
    return seen
