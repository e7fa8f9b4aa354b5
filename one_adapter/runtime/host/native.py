"""Messages for vendors with protocols of their own, put so that LiteLLM has nothing to invent for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

#: Providers whose protocol has no system messages among the others, and for which LiteLLM writes words of its
#: own: a note around a later system message, a dot for a missing user, a sentence for an empty turn.
APART = frozenset({"anthropic", "gemini", "vertex_ai"})


def plain_turns(messages: list[Any]) -> list[Any]:
    """Messages with the system's first, without empty turns, and with a user where there is none.

    >>> hi = {"role": "user", "content": "hi"}
    >>> plain_turns([hi, {"role": "assistant", "content": ""}, {"role": "system", "content": "s"}])
    [{'role': 'system', 'content': 's'}, {'role': 'user', 'content': 'hi'}]
    >>> plain_turns([{"role": "system", "content": "s"}])
    [{'role': 'user', 'content': 's'}]
    """
    if not all(isinstance(message, dict) for message in messages):
        return messages
    said = [message for message in messages if not _is_empty(message)] or messages
    system = [message for message in said if message.get("role") in ("system", "developer")]
    others = [message for message in said if message not in system]
    if system and not others:
        others = [{**system.pop(), "role": "user"}]
    return [*system, *others]


def _is_empty(message: dict[str, Any]) -> bool:
    """Whether a turn says nothing at all."""
    content = message.get("content")
    if message.get("tool_calls") or message.get("role") == "tool" or message.get("thinking_blocks"):
        return False
    if isinstance(content, list):
        texts = [
            part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"
        ]
        return len(texts) == len(content) and not any(
            isinstance(text, str) and text.strip() for text in texts
        )
    return content is None or (isinstance(content, str) and not content.strip())


async def with_images(messages: list[Any], fetch: Callable[[str], Awaitable[str]]) -> list[Any]:
    """Messages in which images given by an http address are there as data, fetched by `fetch`."""
    return [
        {**message, "content": [await _fetched(part, fetch) for part in message["content"]]}
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        else message
        for message in messages
    ]


async def _fetched(part: Any, fetch: Callable[[str], Awaitable[str]]) -> Any:
    image = part.get("image_url") if isinstance(part, dict) else None
    url = image.get("url") if isinstance(image, dict) else image
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return part
    return {**part, "image_url": {"url": await fetch(url)}}
