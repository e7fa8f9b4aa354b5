"""The chat that the gateway makes of a request, as far as it measures it: messages and tools.

Only the fields its data types know, and of those only what is not empty; values of another type count as
empty. Bodies are the client's, so nothing is taken for granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from one_adapter.runtime.gateway.go_json import go_json

Fields = Mapping[str, Any]
Chat = dict[str, Any]


def of_chat(fields: Fields) -> Chat:
    """Messages and tools of a chat."""
    messages = fields.get("messages")
    tools = [_tool(tool, tool.get("function")) for tool in _objects(fields.get("tools"))]
    return _chat(None if messages is None else [_message(one) for one in _objects(messages)], tools)


def of_responses(fields: Fields) -> Chat:
    """What a request for `/v1/responses` becomes: its instructions and its input, item by item."""
    given = fields.get("input")
    messages = None if given is None else [_plain("user", given)]
    if isinstance(given, list):
        messages = [_item(item) for item in _objects(given)]
    if instructions := _text(fields, "instructions"):
        messages = [_plain("system", instructions), *(messages or [])]
    tools = [tool for tool in _objects(fields.get("tools")) if tool.get("type") == "function"]
    return _chat(messages, [_tool({"type": "function"}, tool) for tool in tools])


def of_messages(fields: Fields) -> Chat:
    """What a request for `/v1/messages` becomes; of a system of several blocks nothing is left."""
    system = _content(fields.get("system"))
    messages = [_plain("system", system)] if system and isinstance(system, str) else []
    for message in _objects(fields.get("messages")):
        messages += _blocks(_text(message, "role"), message.get("content"))
    tools = [
        _tool({"type": "function"}, {**tool, "strict": False, "parameters": tool.get("input_schema")})
        for tool in _objects(fields.get("tools"))
    ]
    return _chat(messages, tools)


def _chat(messages: list[Chat] | None, tools: list[Chat]) -> Chat:
    return {"messages": messages, **({"tools": tools} if tools else {})}


def _message(given: Fields) -> Chat:
    """A message of a chat."""
    content = given.get("content")
    found: Chat = {"role": _text(given, "role")}
    if isinstance(content, list):
        found["content"] = [_part(part) for part in _objects(content)]
    for name in ("content", "refusal", "name", "reasoning_content", "tool_call_id"):
        found.setdefault(name, _text(given, name))
    if isinstance(given.get("function_call"), Mapping):
        found["function_call"] = _call(given["function_call"])
    found["tool_calls"] = [_tool_call(one) for one in _objects(given.get("tool_calls"))]
    return _filled(found, "role", "function_call")


def _part(given: Fields) -> Chat:
    image = given.get("image_url")
    found: Chat = {"type": _text(given, "type"), "text": _text(given, "text")}
    if isinstance(image, (str, Mapping)):
        address = {"url": image} if isinstance(image, str) else image
        found["image_url"] = _filled({"url": _text(address, "url"), "detail": _text(address, "detail")})
    return _filled(found, "image_url")


def _tool_call(given: Fields) -> Chat:
    function = _call(_fields(given.get("function")))
    found: Chat = {"id": _text(given, "id"), "type": _text(given, "type"), "function": function}
    if isinstance(given.get("index"), int):
        found["index"] = given["index"]
    return _filled(found, "type", "function", "index")


def _call(given: Fields) -> Chat:
    return _filled({"name": _text(given, "name"), "arguments": _text(given, "arguments")})


def _tool(given: Fields, function: Any) -> Chat:
    found: Chat = {"type": _text(given, "type")}
    if isinstance(function, Mapping):
        described = {
            "name": _text(function, "name"),
            "description": _text(function, "description"),
            "strict": function.get("strict") is True,
            "parameters": function.get("parameters"),
        }
        found["function"] = _filled(described, "name", "parameters")
    return found


def _item(given: Fields) -> Chat:
    """The message that an item of a response's input becomes."""
    kind = given.get("type") or "message"
    if kind == "function_call_output":
        output = _as_text(given.get("output"))
        return _message({"role": "tool", "content": output, "tool_call_id": given.get("call_id")})
    if kind == "function_call":
        call = {"id": given.get("call_id"), "type": "function", "function": given}
        return _message({"role": "assistant", "tool_calls": [call]})
    if kind == "message":
        return _message({"role": given.get("role"), "content": _content(given.get("content"))})
    return _plain("user", go_json(given))


def _content(given: Any) -> Any:
    """Content as a text, or as parts where there are several or pictures."""
    if not isinstance(given, list):
        return given
    parts = [_block(block) for block in _objects(given)]
    if not parts:
        return ""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _block(given: Fields) -> Chat:
    kind = given.get("type")
    if kind in ("input_text", "output_text", "text"):
        return {"type": "text", "text": _text(given, "text")}
    if kind in ("input_image", "image"):
        return {"type": "image_url", "image_url": {"url": _address(given)}}
    return {"type": "text", "text": go_json(given)}


def _address(block: Fields) -> str:
    source = _fields(block.get("source"))
    if address := _text(block, "image_url"):
        return address
    if source.get("type") == "base64":
        return f"data:{_text(source, 'media_type')};base64,{_text(source, 'data')}"
    return _text(source, "url")


def _blocks(role: str, content: Any) -> Iterable[Chat]:
    """The messages that one of Anthropic's becomes: results and pictures apart, then its words."""
    if not isinstance(content, list):
        return [_plain(role, content)]
    found, words, calls = [], "", []
    for block in _objects(content):
        kind = block.get("type")
        if kind == "tool_result":
            result = _as_text(block.get("content"))
            found.append(
                _message({"role": "tool", "content": result, "tool_call_id": block.get("tool_use_id")})
            )
        elif kind == "image":
            found.append(_message({"role": role, "content": [_block(block)]}))
        elif kind == "tool_use":
            given = {"name": block.get("name"), "arguments": go_json(block.get("input"))}
            calls.append({"id": block.get("id"), "type": "function", "function": given})
        else:
            words += _text(block, "text") if kind == "text" else go_json(block)
    if words or calls:
        found.append(_message({"role": role, "content": words, "tool_calls": calls}))
    return found


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else go_json(value)


def _plain(role: str, content: Any) -> Chat:
    return _message({"role": role, "content": content})


def _filled(found: Chat, *always: str) -> Chat:
    """Leave out what is empty, but for the fields that are always written."""
    return {name: value for name, value in found.items() if value or name in always}


def _text(given: Fields, name: str) -> str:
    found = given.get(name)
    return found if isinstance(found, str) else ""


def _fields(given: Any) -> Fields:
    return given if isinstance(given, Mapping) else {}


def _objects(given: Any) -> list[Fields]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
