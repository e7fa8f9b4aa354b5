"""What a request costs of a limit of tokens a minute, by the gateway's own estimate.

Nobody counts tokens: it takes a quarter of the bytes of the chat's messages and tools, written as JSON the
way Go writes it, and the longest answer that was asked for. Requests in other protocols are measured as the
chat they become; what the gateway would not take counts as the text of its JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from one_adapter.runtime.gateway import chats
from one_adapter.runtime.gateway.go_json import go_json


def estimate(fields: Mapping[str, Any], kind: str, raw_length: int = 0) -> int:
    """Estimate the tokens of a request of `kind`, at least 1.

    `raw_length`: the bytes of the body where it is passed on as it came (`/v1/responses`), 0 otherwise.

    >>> estimate({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 80}, "chat")
    92
    """
    if kind == "embeddings":
        size, answer = _size(fields.get("input")), 0
    elif kind == "responses" and raw_length:
        size, answer = raw_length, max(0, _count(fields, "max_output_tokens"))
    elif kind == "responses":
        size, answer = _size(chats.of_responses(fields)), max(0, _count(fields, "max_output_tokens"))
    elif kind == "messages":
        size, answer = _size(chats.of_messages(fields)), _count(fields, "max_tokens")
    else:
        size = _size(chats.of_chat(fields))
        answer = _count(fields, "max_completion_tokens")
        if answer <= 0:
            answer = _count(fields, "max_tokens")
    return max(1, (size + 3) // 4 + answer)


def _size(value: Any) -> int:
    # Half of a pair of code units becomes a replacement character, which takes as many bytes.
    return len(go_json(value).encode("utf-8", "surrogatepass"))


def _count(fields: Mapping[str, Any], name: str) -> int:
    found = fields.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
