"""OpenAI messages as Spark takes them: text only, system first if at all, roles in turn, user last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from one_adapter.providers.failure import Kind, VendorError

Message = Mapping[str, Any]
_JOINT = "\n\n"
_BLANK = " "  # the service refuses empty content


def spark_messages(messages: Iterable[Message], system: bool) -> list[dict[str, str]]:
    """The messages for the frame. `system`: the model knows the system role; else it opens the first turn.

    Neighbours of one role become one message, so nothing a client said is lost. Raises VendorError when
    there is nothing to answer or a part is not text.

    >>> spark_messages([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}], system=False)
    [{'role': 'user', 'content': 'S\\n\\nU'}]
    """
    names: dict[str, str] = {}
    rules: list[str] = []
    turns: list[tuple[str, str]] = []
    for message in messages:
        role, text = _turn(message, names)
        if role == "system":
            rules.append(text)
        elif turns and turns[-1][0] == role:
            turns[-1] = (role, _join(turns[-1][1], text))
        else:
            turns.append((role, text))
    rule = _join(*rules)
    if not turns and rule:
        turns, rule = [("user", rule)], ""
    if not turns or turns[-1][0] != "user":
        raise VendorError(Kind.BAD_REQUEST, "the last message must be the user's")
    if rule and system:
        turns.insert(0, ("system", rule))
    elif rule:
        first = next(place for place, (role, _) in enumerate(turns) if role == "user")
        turns[first] = ("user", _join(rule, turns[first][1]))
    return [{"role": role, "content": text or _BLANK} for role, text in turns]


def _join(*texts: str) -> str:
    return _JOINT.join(text for text in texts if text.strip())


def _turn(message: Message, names: dict[str, str]) -> tuple[str, str]:
    """(role, text); learns the names of called functions for the results that follow."""
    role, text = str(message.get("role")), content_text(message.get("content"))
    if role in ("system", "developer"):
        return "system", text
    if role in ("tool", "function"):
        name = message.get("name") or names.get(str(message.get("tool_call_id")), "function")
        return "user", f"Result of {name}: {text}"
    if role == "assistant":
        return role, _join(text, *_calls(message, names))
    return "user", text


def _calls(message: Message, names: dict[str, str]) -> Iterable[str]:
    calls = [(call.get("id"), call.get("function")) for call in message.get("tool_calls") or []]
    calls.append((None, message.get("function_call")))
    for identity, function in calls:
        if function:
            names[str(identity)] = str(function.get("name"))
            yield f"Call of {function.get('name')}: {function.get('arguments')}"


def content_text(content: Any) -> str:
    """The text of a message's content, a string or a list of parts. Raises VendorError for an image."""
    if content is None or isinstance(content, str):
        return content or ""
    texts = []
    for part in content:
        kind = part.get("type", "text") if isinstance(part, Mapping) else "text"
        if kind not in ("text", "input_text", "output_text", "refusal"):
            raise VendorError(Kind.BAD_REQUEST, f"Spark takes text only, not {kind}")
        texts.append(
            str(part.get("text") or part.get("refusal") or "") if isinstance(part, Mapping) else str(part)
        )
    return "\n".join(texts)
