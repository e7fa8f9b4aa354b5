"""What the gateway itself changes of a client's body before an upstream gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.json_object import DROP
from one_adapter.runtime.upstream.quirks import GUARDS, flatten


def changes(fields: Mapping[str, Any], kind: str, policy: Policy) -> dict[str, Any]:
    """What of a client's body an OpenAI-shaped (or Anthropic's) upstream is to get in another form.

    >>> changes({"model": "mine", "user": None}, "embeddings", Policy(upstream_model="up"))
    {'model': 'up', 'user': DROP}
    """
    found: dict[str, Any] = {"model": policy.model_for(kind)}
    if kind == "embeddings":
        for name, value in fields.items():
            if value is None:
                found[name] = DROP
    if kind != "chat":
        return found
    messages = fields.get("messages")
    if "messages" not in fields:
        found["messages"] = None  # as the gateway sends it, for the upstream to refuse
    if policy.flatten_parts and isinstance(messages, list):
        flat = flatten(messages)
        if flat is not messages:
            found["messages"] = flat
    if policy.guards:
        guarded = dict(fields)
        for guard in policy.guards:
            GUARDS[guard](guarded, policy.upstream_model)
        found |= {
            name: guarded.get(name, DROP) for name in fields if guarded.get(name, DROP) is not fields[name]
        }
    return found
