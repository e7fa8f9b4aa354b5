"""The shapes that a body must have before LiteLLM gets to see it.

LiteLLM takes the types of what it reads for granted and answers 500 where they are others, as if the
upstream were at fault. A number, a text or a truth value of the wrong type is only kept from it on
chats, and goes to an OpenAI-shaped upstream as it was sent, as the gateway does; lists and objects
must be what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from one_adapter.runtime.gateway.refusal import Refusal

Kinds = type | tuple[type, ...]
NUMBER = (int, float)
#: Whole numbers beyond this are none that any reader of JSON shares.
LARGEST_NUMBER = 1 << 63
NAMES: Mapping[type, str] = {
    str: "a text",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
#: What a list must hold.
HOLDS: Mapping[str, type] = {
    "tools": dict,
    "functions": dict,
    "stop": str,
    "stop_sequences": str,
    "modalities": str,
    "include": str,
}
#: Objects that are looked into.
INSIDE = frozenset(("response_format", "thinking", "tool_choice"))
#: Routes on which a chat's scalars of the wrong type go upstream as they are.
LENIENT = ("chat", "embeddings")
#: Tools that LiteLLM hands on. Those it acts upon itself (`mcp`, `file_search`) are in none of these.
TOOLS: Mapping[str, frozenset[str | None]] = {
    "chat": frozenset(("function", "custom")),
    "messages": frozenset((None, "custom")),
    "responses": frozenset(
        (
            "function",
            "custom",
            "web_search",
            "web_search_preview",
            "code_interpreter",
            "image_generation",
            "local_shell",
            "shell",
            "apply_patch",
            "computer_use_preview",
        )
    ),
}
#: How Anthropic names the tools that run at its own side: `web_search_20250305`.
_DATED = re.compile(r"[a-z_]+_20\d{6}")


def fits(value: object, kinds: Kinds) -> bool:
    """Whether a value is of one of these types; true and false are no numbers, nor is 10**400.

    >>> fits(1, (int, float)), fits(True, int), fits(True, bool), fits(10**400, (int, float))
    (True, False, True, False)
    """
    if isinstance(value, bool):
        return kinds is bool
    if isinstance(value, int) and not -LARGEST_NUMBER <= value < LARGEST_NUMBER:
        return False
    return isinstance(value, kinds)


def check(body: Mapping[str, Any], kind: str, options: Mapping[str, Kinds]) -> None:
    """Raise `Refusal` (400) for a body whose lists and objects are others than the route has."""
    for name, value in body.items():
        if value is None or name not in options:
            continue
        if not fits(value, options[name]) and _matters(name, kind, options[name]):
            raise _wrong(name, options[name])
        if (
            name in HOLDS
            and isinstance(value, list)
            and not all(isinstance(one, HOLDS[name]) for one in value)
        ):
            raise Refusal(400, f"The field {name!r} must hold {_plural(HOLDS[name])}.", "invalid_type", name)
    if not isinstance(body.get("stream_options"), (dict, type(None))):
        raise _wrong("stream_options", dict)
    if not INSIDE.isdisjoint(body):
        _check_inside(body)
    if kind == "embeddings":
        _check_input(body.get("input"))
    elif kind == "responses":
        _check_items(body.get("input"))
    else:
        _check_messages(body.get("messages"), kind)


def _check_inside(body: Mapping[str, Any]) -> None:
    """Refuse objects whose own fields LiteLLM reads as if they could be nothing else."""
    wanted, thinking, choice = map(body.get, ("response_format", "thinking", "tool_choice"))
    if wanted is not None and not _is_format(wanted):
        raise _unknown("response_format")
    if thinking and not (_is(thinking, "type", str) and _is(thinking, "budget_tokens", int)):
        raise _unknown("thinking")
    if isinstance(choice, dict) and not isinstance(choice.get("type"), str):
        raise _unknown("tool_choice")


def _is_format(wanted: Mapping[str, Any]) -> bool:
    schema = wanted.get("json_schema") if wanted.get("type") == "json_schema" else {}
    return isinstance(wanted.get("type"), str) and isinstance(schema, dict) and _is(schema, "schema", dict)


def _unknown(name: str) -> Refusal:
    return Refusal(400, f"The field {name!r} has no form known here.", "invalid_type", name)


def _is(value: Mapping[str, Any], name: str, kind: type) -> bool:
    """Whether a field is of a type or not there at all."""
    return value.get(name) is None or fits(value[name], kind)


def _matters(name: str, kind: str, kinds: Kinds) -> bool:
    several = kinds if isinstance(kinds, tuple) else (kinds,)
    return name == "temperature" or kind not in LENIENT or list in several or dict in several


def _wrong(name: str, kinds: Kinds) -> Refusal:
    several = kinds if isinstance(kinds, tuple) else (kinds,)
    wanted = "a number" if several == NUMBER else " or ".join(NAMES[one] for one in several)
    return Refusal(400, f"The field {name!r} must be {wanted}.", "invalid_type", name)


def _plural(kind: type) -> str:
    return NAMES[kind].partition(" ")[2] + "s"


def _check_messages(messages: object, kind: str) -> None:
    if kind == "messages" and not (isinstance(messages, list) and messages):
        raise Refusal(400, "The field 'messages' must be a list of messages.", "invalid_type", "messages")
    if messages is None:
        return
    if not isinstance(messages, list):
        raise Refusal(400, "The field 'messages' must be a list.", "invalid_type", "messages")
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else 0
        if not isinstance(content, str) and not _is_content(content):
            raise Refusal(400, "A message's content must be text or a list.", "invalid_type", "messages")
        if not isinstance(message.get("role", "" if kind == "chat" else None), str):
            raise Refusal(400, "A message's role must be a text.", "invalid_type", "messages")
        if isinstance(content, list):
            _check_parts(content, kind)
        if message.get("tool_calls") is not None and not _holds(message["tool_calls"], dict):
            raise Refusal(
                400, "A message's tool_calls must be a list of objects.", "invalid_type", "messages"
            )


def _check_parts(content: list[Any], kind: str) -> None:
    for part in content:
        if not (isinstance(part, dict) and _is_part(part)) and not (kind == "chat" and isinstance(part, str)):
            raise Refusal(
                400, "A part of a message has not the form of its type.", "invalid_type", "messages"
            )


def _is_part(part: Mapping[str, Any]) -> bool:
    named = part.get("type", "text")
    given = part.get(named) if isinstance(named, str) else None
    if named in ("text", "thinking"):
        return isinstance(given, str)
    if named in ("image_url", "video_url", "audio_url"):
        return isinstance(given.get("url") if isinstance(given, dict) else given, str)
    if named in ("input_audio", "file"):
        return isinstance(given, dict)
    return isinstance(named, str)


def _is_content(content: object) -> bool:
    return content is None or isinstance(content, str) or _holds(content, (dict, str))


def _holds(value: object, kinds: Kinds) -> bool:
    return isinstance(value, list) and all(isinstance(one, kinds) for one in value)


def _check_items(given: object) -> None:
    if isinstance(given, (str, type(None))):
        return
    if not isinstance(given, list):
        raise Refusal(400, "The field 'input' must be text or a list.", "invalid_type", "input")
    for item in given:
        if not isinstance(item, dict) or not _is_content(item.get("content")):
            raise Refusal(400, "The field 'input' must hold messages.", "invalid_type", "input")


def _check_input(given: object) -> None:
    """Refuse what is no text, no tokens and no list of either."""
    if isinstance(given, str):
        return
    kinds = set(map(type, given)) if isinstance(given, list) else set()
    good = kinds in ({str}, {int})
    if isinstance(given, list) and kinds == {list}:
        good = all(set(map(type, one)) == {int} for one in given)
    if not good:
        raise Refusal(
            400, "The field 'input' must be text, tokens, or a list of them.", "invalid_type", "input"
        )


def check_tools(tools: Iterable[Mapping[str, Any]], kind: str) -> None:
    """Raise `Refusal` (400) for tools that nobody would run here, or that are not what they are called."""
    strange = strange_tool(tools, kind)
    if strange:
        raise Refusal(400, f"Tools of the type {strange} are not served here.", "invalid_value", "tools")
    for tool in tools:
        own = tool.get("function") if kind == "chat" else tool
        if kind == "chat" and tool.get("type") != "function" and own is None:
            continue
        if (
            not isinstance(own, dict)
            or not isinstance(own.get("name"), str)
            or not _is(own, "parameters", dict)
        ):
            raise Refusal(400, "A tool needs a name, and an object of parameters.", "invalid_type", "tools")


def strange_tool(tools: Iterable[Any], kind: str) -> str:
    """The type of the first tool that LiteLLM is not to see on such a route, "" for none.

    >>> strange_tool([{"type": "function"}, {"type": "mcp"}], "chat")
    'mcp'
    >>> strange_tool([{"name": "f"}, {"type": "web_search_20250305", "name": "web_search"}], "messages")
    ''
    """
    known = TOOLS.get(kind, frozenset())
    for tool in tools:
        named = tool.get("type")
        if isinstance(named, str) and _DATED.fullmatch(named):
            continue
        if not isinstance(named, (str, type(None))) or named not in known:
            return str(named)
    return ""
